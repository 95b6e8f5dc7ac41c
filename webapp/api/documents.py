"""Documents over HTTP: asked for, followed while they are made, fetched, looked at page by page."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
import sqlalchemy as sa
from flask import Response
from marshmallow import fields, validate

from webapp.api.files import sent_file
from webapp.api.http import CONTRACT, Schema, blueprint, require
from webapp.api.rounds import ID, MONTH
from webapp.api.throttle import at_most
from webapp.db import db, now_utc, unit_of_work
from webapp.errors import AppError
from webapp.estate.models import Device, Room
from webapp.identity.models import User
from webapp.identity.rules import Access
from webapp.quotes.models import Quote
from webapp.quotes.services import called
from webapp.quotes.words import KIND_WORDS
from webapp.reports import documents
from webapp.reports.models import Document, Report
from webapp.reports.pages import page_picture
from webapp.rounds.models import Round
from webapp.servicelog.models import LogArchive
from webapp.storage import object_store

bp = blueprint("documents", "Check sheets, device records and reports as files")
DOCUMENT = f"{CONTRACT}/documents/<int:document_id>"
BINARY = {"type": "string", "format": "binary"}
# A file of any of the formats, as the API's document tells it.
ANY_FORMAT = {
    "responses": {
        "200": {
            "description": "OK",
            "content": {
                content_type: {"schema": BINARY}
                for content_type in documents.CONTENT_TYPES.values()
            },
        }
    }
}


class DocumentSchema(ma.Schema):
    """A document: ``done`` of ``total`` tells its progress, ``pages`` is 0 where it has none."""

    id = fields.Integer(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(documents.KINDS))
    format = fields.String(required=True, validate=validate.OneOf(documents.FORMATS))
    language = fields.String(required=True, validate=validate.OneOf(documents.LANGUAGES))
    state = fields.String(
        required=True, validate=validate.OneOf(["queued", "making", "ready", "failed"])
    )
    step = fields.String(required=True)
    done = fields.Integer(required=True)
    total = fields.Integer(required=True)
    bytes = fields.Integer(required=True)
    pages = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    asked_at = fields.AwareDateTime(required=True)
    made_at = fields.AwareDateTime(required=True, allow_none=True)


class DocumentAskSchema(Schema):
    """What is wanted: a month's report, its check sheets (of one room or all), a device's record, or a
    month's service log (of one person or all, or as it was archived).
    """

    kind = fields.String(required=True, validate=validate.OneOf(documents.ASKED_KINDS))
    format = fields.String(required=True, validate=validate.OneOf(documents.FORMATS))
    language = fields.String(load_default="zh", validate=validate.OneOf(documents.LANGUAGES))
    month = fields.String(load_default=None, allow_none=True, validate=MONTH)
    room_id = fields.Integer(load_default=None, allow_none=True, validate=ID)
    device_id = fields.Integer(load_default=None, allow_none=True, validate=ID)
    user_id = fields.Integer(load_default=None, allow_none=True, validate=ID)
    archive_id = fields.Integer(load_default=None, allow_none=True, validate=ID)


@bp.post(f"{CONTRACT}/documents")
@at_most(30)
@bp.arguments(DocumentAskSchema)
@bp.response(202, DocumentSchema)
def ask_for_document(body: dict[str, Any], contract_code: str) -> Document:
    """Have a document made in the background; what is there already, unchanged, is given at once."""
    access = require("view", contract_code)
    with unit_of_work() as session:
        return documents.ask_for_document(
            session, access.contract_id, access.user_id, documents.Wanted(**body), now_utc()
        )


@bp.get(DOCUMENT)
@bp.response(200, DocumentSchema)
def show_document(contract_code: str, document_id: int) -> Document:
    """How far it is."""
    return _document(require("view", contract_code), document_id)


@bp.get(f"{DOCUMENT}/file")
@bp.doc(**ANY_FORMAT)
@bp.response(200, BINARY, content_type=documents.CONTENT_TYPES["pdf"])
def show_file(contract_code: str, document_id: int) -> Response:
    """The file. :raise AppError: ``report_not_ready``"""
    access = require("view", contract_code)
    row = _document(access, document_id)
    name = file_name(row, access.contract_code)
    data = documents.file_of(object_store(), row)
    return sent_file(data, documents.CONTENT_TYPES[row.format], name)


@bp.get(f"{DOCUMENT}/pages/<int:page>.png")
@bp.response(200, BINARY, content_type="image/png")
def show_page(contract_code: str, document_id: int, page: int) -> Response:
    """A page as a picture, from the very bytes of the file; the first is 1."""
    return page_answer(_document(require("view", contract_code), document_id), page)


def _document(access: Access, document_id: int) -> Document:
    """A document of the contract; one of a draft quote is the provider's own.

    :raise AppError: ``not_found``
    """
    row = documents.document_of(db.session(), access.contract_id, document_id)
    if row.quote_id is not None and not access.may("handle"):
        quote = db.session.get_one(Quote, row.quote_id)
        if quote.sent_at is None or row.asked_at < quote.sent_at:
            raise AppError("not_found")
    return row


def page_answer(row: Document, page: int) -> Response:
    """A page of a PDF as an answer. :raise AppError: ``page_unknown``, ``report_not_ready``"""
    data = documents.file_of(object_store(), row)
    if row.format != "pdf":
        raise documents.no_such_page()
    return sent_file(page_picture(data, page), "image/png", f"{page}.png", download=False)


_NAMES = {
    "report": ("月度巡检报告", "monthly-report"),
    "check_sheets": ("运维检查表", "check-sheets"),
    "device_record": ("设备记录表", "device-record"),
    "service_log": ("运维日志", "service-log"),
    "quote": ("报价单", "quote"),
}


def file_name(row: Document, contract_code: str) -> str:
    """What the file is saved as: contract, what it is, of which month, room or device."""
    zh, en = _NAMES[row.kind]
    of_report = sa.select(Report.number).where(Report.id == row.report_id)
    number = db.session.scalar(of_report) if row.report_id else None
    parts = [number or contract_code, en if row.language == "en" else zh]
    if row.quote_id:
        quote = db.session.get_one(Quote, row.quote_id)
        words = KIND_WORDS[quote.kind][row.language == "en"]
        parts = [contract_code, words.replace(" ", "-"), called(quote)]
    if row.round_id and not number:
        parts.append(
            db.session.scalar(sa.select(Round.month).where(Round.id == row.round_id)) or ""
        )
    if row.kind == "service_log":
        parts += _parts_of_log(row)
    if row.room_id:
        parts.append(db.session.scalar(sa.select(Room.name_zh).where(Room.id == row.room_id)) or "")
    if row.device_id:
        device = db.session.get(Device, row.device_id)
        parts.append((device.asset_number or device.name) if device else "")
    return "-".join(part for part in parts if part) + f".{row.format}"


def _parts_of_log(row: Document) -> list[str]:
    """A log's month, and whose it is, or the number that it was archived under."""
    if row.archive_id:
        archive = db.session.get_one(LogArchive, row.archive_id)
        return [archive.month, str(archive.sequence)]
    name = db.session.scalar(sa.select(User.name).where(User.id == row.user_id))
    return [row.month or "", name or ""]
