"""Issued reports over HTTP: issue, list, send, and the client's confirmation (clauses 21 and 30 ∆)."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response, request
from marshmallow import fields, validate

from webapp import links
from webapp.api.files import sent_file
from webapp.api.http import CONTRACT, Schema, blueprint, require, settings
from webapp.api.listing import file_views
from webapp.api.openings import openings_field
from webapp.db import db, now_utc, unit_of_work
from webapp.errors import AppError
from webapp.identity.contract_settings import REPORT_LANGUAGES
from webapp.identity.rules import Access
from webapp.reports import issuing, sending
from webapp.reports.documents import FORMATS, ask_for_report_files
from webapp.reports.issued_list import REPORTS, issued_reports, report_out
from webapp.reports.models import Report
from webapp.storage import object_store

bp = blueprint("reports", "Monthly reports: issued, corrected, sent, confirmed")
REPORT = f"{CONTRACT}/reports/<int:report_id>"
# Something else in the contract may change while a report's data is read: then it is read again.
_TRIES = 5


class WordsSchema(ma.Schema):
    """A text in both languages."""

    zh = fields.String(required=True)
    en = fields.String(required=True)


class ReportChangeSchema(ma.Schema):
    """What a correction changed."""

    what = fields.Nested(WordsSchema, required=True)
    before = fields.Nested(WordsSchema, required=True)
    after = fields.Nested(WordsSchema, required=True)


class ReportAnswerSchema(ma.Schema):
    """The client's word; ``via`` is the link of the mail, or his account."""

    kind = fields.String(required=True, validate=validate.OneOf(["confirmed", "comment"]))
    name = fields.String(required=True)
    text = fields.String(required=True)
    via = fields.String(required=True, validate=validate.OneOf(["link", "account"]))
    answered_at = fields.AwareDateTime(required=True)


class ReportFileSchema(ma.Schema):
    """A file of the report: ``queued``, ``making``, ``ready`` or ``failed``; its bytes' SHA-256."""

    document_id = fields.Integer(required=True)
    format = fields.String(required=True, validate=validate.OneOf(FORMATS))
    state = fields.String(required=True)
    done = fields.Integer(required=True)
    total = fields.Integer(required=True)
    bytes = fields.Integer(required=True)
    pages = fields.Integer(required=True)
    sha256 = fields.String(required=True)


class ReportSchema(ma.Schema):
    """An issued report, or a correction (``sequence`` from 1); the hash is of its frozen data."""

    id = fields.Integer(required=True)
    month = fields.String(required=True)
    number = fields.String(required=True)
    sequence = fields.Integer(required=True)
    language = fields.String(required=True, validate=validate.OneOf(REPORT_LANGUAGES))
    data_sha256 = fields.String(required=True)
    changes = fields.List(fields.Nested(ReportChangeSchema), required=True)
    remark = fields.String(required=True)
    issued_by = fields.String(required=True)
    issued_by_en = fields.String(required=True)
    issued_at = fields.AwareDateTime(required=True)
    sent_at = fields.AwareDateTime(required=True, allow_none=True)
    confirmed_at = fields.AwareDateTime(required=True, allow_none=True)
    openings = openings_field()
    latest = fields.Boolean(required=True)
    files = fields.List(fields.Nested(ReportFileSchema), required=True)
    answers = fields.List(fields.Nested(ReportAnswerSchema), required=True)


class ReportsArgs(Schema):
    """Of one month, or the latest of all."""

    month = fields.String(validate=validate.Regexp(r"^20\d{2}-(0[1-9]|1[0-2])$"))


class IssueSchema(Schema):
    """The language that the client reads, and what the issuer adds in his own words."""

    language = fields.String(required=True, validate=validate.OneOf(REPORT_LANGUAGES))
    remark = fields.String(load_default="", validate=validate.Length(max=4000))


class SendSchema(Schema):
    """To whom; empty for the contract's IT leads who have an address."""

    to = fields.List(fields.Email(), load_default=list, validate=validate.Length(max=10))
    message = fields.String(load_default="", validate=validate.Length(max=2000))


class SentSchema(ma.Schema):
    """The addresses that the mail is on its way to."""

    to = fields.List(fields.String(), required=True)


class AnswerSchema(Schema):
    """A confirmation, or a comment, which needs words."""

    kind = fields.String(required=True, validate=validate.OneOf(["confirmed", "comment"]))
    text = fields.String(load_default="", validate=validate.Length(max=4000))

    @ma.validates_schema
    def _words(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data["kind"] == "comment" and not data["text"].strip():
            raise ma.ValidationError("required", "text")


@bp.get(f"{CONTRACT}/reports")
@bp.arguments(ReportsArgs, location="query")
@bp.response(200, ReportSchema(many=True))
def list_reports(args: dict[str, Any], contract_code: str) -> list[dict[str, Any]]:
    """The issued reports with their files and the client's answers, the latest first."""
    access = require("view", contract_code)
    return _reports(access, **args)


def _reports(access: Access, month: str | None = None) -> list[dict[str, Any]]:
    return issued_reports(db.session(), access, month)


file_views(bp, "reports", REPORTS, ReportsArgs, _reports)


@bp.get(REPORT)
@bp.response(200, ReportSchema)
def show_report(contract_code: str, report_id: int) -> dict[str, Any]:
    """One issued report."""
    access = require("view", contract_code)
    report = issuing.report_of(db.session(), access.contract_id, report_id)
    return report_out(db.session(), report, access)


@bp.get(f"{REPORT}/data.json")
@bp.response(200, {"type": "object"}, content_type="application/json")
def show_data(contract_code: str, report_id: int) -> Response:
    """The frozen data that its hash is of, byte for byte."""
    access = require("view", contract_code)
    report = issuing.report_of(db.session(), access.contract_id, report_id)
    data = issuing.bytes_of(object_store(), report)
    return sent_file(data, "application/json", f"{report.number}.json")


@bp.post(f"{CONTRACT}/rounds/<string:month>/report")
@bp.arguments(IssueSchema)
@bp.response(201, ReportSchema)
def issue_report(body: dict[str, Any], contract_code: str, month: str) -> dict[str, Any]:
    """Issue the month's report, or a correction of it: numbered and frozen; files follow."""
    access = require("accept", contract_code)
    return report_out(db.session(), _issued(access, month, body), access)


def _issued(access: Access, month: str, body: dict[str, Any]) -> Report:
    """The report, issued from data that nobody has changed while it was read."""
    for attempt in range(_TRIES):
        now = now_utc()
        data = issuing.frozen(
            db.session(), object_store(), access, month, now, body["remark"].strip()
        )
        try:
            with unit_of_work() as session:
                report = issuing.issue(session, access, data, body["language"], now)
                ask_for_report_files(session, report, access.user_id, now)
        except AppError as error:
            if error.code != "conflict" or attempt == _TRIES - 1:
                raise
        else:
            return report
    raise AppError("conflict")


@bp.post(f"{REPORT}/send")
@bp.arguments(SendSchema)
@bp.response(200, SentSchema)
def send_report(body: dict[str, Any], contract_code: str, report_id: int) -> dict[str, Any]:
    """Mail the client's IT leads a link by which they read and confirm it without an account."""
    access = require("accept", contract_code)
    token = links.token_for(settings().secret_key, "report", report_id)
    with unit_of_work() as session:
        report = issuing.report_of(session, access.contract_id, report_id)
        link = f"{settings().base_url}/l/report/{token}"
        to = sending.send_report(
            session, access, report, link, body["to"], body["message"], now_utc()
        )
    return {"to": to}


@bp.post(f"{REPORT}/answers")
@bp.arguments(AnswerSchema)
@bp.response(200, ReportSchema)
def answer_report(body: dict[str, Any], contract_code: str, report_id: int) -> dict[str, Any]:
    """The client's IT lead confirms the report, or comments on it, signed in."""
    access = require("confirm", contract_code)
    said = issuing.Answer(
        body["kind"],
        access.user_name,
        body["text"].strip(),
        "account",
        access.user_id,
        request.remote_addr or "",
    )
    with unit_of_work() as session:
        report = issuing.report_of(session, access.contract_id, report_id)
        issuing.answer(session, report, said, now_utc())
    return report_out(db.session(), report, access)
