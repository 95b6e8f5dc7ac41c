"""What a link in a mail opens, without an account: signed, for one purpose, expiring (screens.md 18)."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response, request
from marshmallow import fields, validate

from webapp import links
from webapp.api.documents import ANY_FORMAT, BINARY, page_answer
from webapp.api.files import sent_file
from webapp.api.http import Schema, blueprint, settings
from webapp.api.openings import note_opened
from webapp.api.reports import ReportAnswerSchema, ReportChangeSchema, ReportFileSchema
from webapp.db import db, now_utc, unit_of_work
from webapp.errors import AppError
from webapp.extensions import limiter
from webapp.identity.contract_settings import REPORT_LANGUAGES
from webapp.reports import issuing
from webapp.reports.documents import CONTENT_TYPES, FORMATS, file_of
from webapp.reports.issued_list import files_of, report_out
from webapp.reports.models import Document, Report
from webapp.storage import object_store

bp = blueprint("links", "Links in mails, for who has no account")
LINK = "/api/links/report/<string:token>"
# By address: a client's whole office may come through one.
READS, WRITES = "240 per minute", "20 per minute"


class LinkFiguresSchema(ma.Schema):
    """The report in a handful of figures; rates are per cent, null where there was nothing."""

    rooms_done = fields.Integer(required=True)
    rooms_planned = fields.Integer(required=True)
    normal = fields.Integer(required=True)
    abnormal = fields.Integer(required=True)
    not_tested = fields.Integer(required=True)
    pass_rate = fields.Float(required=True, allow_none=True)
    availability = fields.Float(required=True, allow_none=True)
    open_items = fields.Integer(required=True)


class LinkedReportSchema(ma.Schema):
    """An issued report as its link shows it; ``corrected_by`` is the number that took its place."""

    contract_zh = fields.String(required=True)
    contract_en = fields.String(required=True)
    client_zh = fields.String(required=True)
    client_en = fields.String(required=True)
    time_zone = fields.String(required=True)
    month = fields.String(required=True)
    number = fields.String(required=True)
    sequence = fields.Integer(required=True)
    language = fields.String(required=True, validate=validate.OneOf(REPORT_LANGUAGES))
    issued_at = fields.AwareDateTime(required=True)
    issued_by = fields.String(required=True)
    issued_by_en = fields.String(required=True)
    data_sha256 = fields.String(required=True)
    corrected_by = fields.String(required=True)
    confirmed_at = fields.AwareDateTime(required=True, allow_none=True)
    figures = fields.Nested(LinkFiguresSchema, required=True)
    changes = fields.List(fields.Nested(ReportChangeSchema), required=True)
    files = fields.List(fields.Nested(ReportFileSchema), required=True)
    answers = fields.List(fields.Nested(ReportAnswerSchema), required=True)


class LinkAnswerSchema(Schema):
    """Who confirms or comments, in his own words; a comment needs some."""

    kind = fields.String(required=True, validate=validate.OneOf(["confirmed", "comment"]))
    name = fields.String(required=True, validate=validate.Length(1, 80))
    text = fields.String(load_default="", validate=validate.Length(max=4000))

    @ma.validates_schema
    def _words(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if not data.get("name", "").strip():
            raise ma.ValidationError("required", "name")
        if data["kind"] == "comment" and not data["text"].strip():
            raise ma.ValidationError("required", "text")


def _report(token: str) -> Report:
    """:raise AppError: ``link_invalid``, ``link_expired``"""
    report_id = links.subject_of(settings().secret_key, "report", token)
    report = db.session.get(Report, report_id)
    if report is None:
        raise AppError("link_invalid")
    return report


@bp.get(LINK)
@limiter.limit(READS)
@bp.response(200, LinkedReportSchema)
def show_linked_report(token: str) -> dict[str, Any]:
    """The report that a link leads to; that it was opened is told to who sent it."""
    report = _report(token)
    note_opened(report, report.contract_id)
    content = issuing.data_of(object_store(), report)
    shown = report_out(db.session(), report)
    latest = issuing.issued_of(db.session(), report.round_id)[-1]
    cover, status = content["cover"], content["status"]
    rooms = content["overview"]["rooms"]
    return {
        **shown,
        "contract_zh": cover["contract"]["zh"],
        "contract_en": cover["contract"]["en"],
        "client_zh": cover["client"]["zh"],
        "client_en": cover["client"]["en"],
        "time_zone": cover["time_zone"],
        "corrected_by": "" if latest.id == report.id else latest.number,
        "figures": {
            "rooms_done": rooms["done"],
            "rooms_planned": rooms["planned"],
            "normal": status["total"]["normal"],
            "abnormal": status["total"]["abnormal"],
            "not_tested": status["total"]["not_tested"],
            "pass_rate": status["pass_rate"]["percent"],
            "availability": status["availability"]["percent"],
            "open_items": content["open_items"]["counts"]["open"],
        },
    }


@bp.get(f"{LINK}/file.<any({', '.join(FORMATS)}):format>")
@limiter.limit(READS)
@bp.doc(**ANY_FORMAT)
@bp.response(200, BINARY, content_type=CONTENT_TYPES["pdf"])
def show_linked_file(token: str, format: str) -> Response:
    """A file of the report. :raise AppError: ``report_not_ready``"""
    report = _report(token)
    document = _file(report, format)
    data = file_of(object_store(), document)
    return sent_file(data, CONTENT_TYPES[format], f"{report.number}.{format}")


@bp.get(f"{LINK}/pages/<int:page>.png")
@limiter.limit(READS)
@bp.response(200, BINARY, content_type="image/png")
def show_linked_page(token: str, page: int) -> Response:
    """A page of its PDF as a picture, from the very bytes of the file; the first is 1."""
    return page_answer(_file(_report(token), "pdf"), page)


def _file(report: Report, format: str) -> Document:
    for document in files_of(db.session(), [report.id])[report.id]:
        wanted = (document.format, document.language) == (format, report.language)
        if wanted and document.state == "ready":
            return document
    raise AppError("report_not_ready")


@bp.post(f"{LINK}/answers")
@limiter.limit(WRITES)
@bp.arguments(LinkAnswerSchema)
@bp.response(204)
def answer_linked_report(body: dict[str, Any], token: str) -> None:
    """Confirm the report 客户确认, or comment on it."""
    said = issuing.Answer(
        body["kind"],
        body["name"].strip(),
        body["text"].strip(),
        "link",
        address=request.remote_addr or "",
    )
    with unit_of_work() as session:
        issuing.answer(session, _report(token), said, now_utc())
