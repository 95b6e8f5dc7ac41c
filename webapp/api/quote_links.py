"""What the link in a quote's mail opens, without an account: read it, approve or decline it (clause 34)."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response, request
from marshmallow import fields, validate

from webapp import links
from webapp.api.documents import BINARY, page_answer
from webapp.api.files import sent_file
from webapp.api.http import blueprint, settings
from webapp.api.links import READS, WRITES
from webapp.api.openings import note_opened
from webapp.api.quote_schemas import KIND, LANGUAGE, AnswerQuoteSchema, QuoteLineSchema
from webapp.db import db, now_utc, unit_of_work
from webapp.errors import AppError
from webapp.extensions import limiter
from webapp.quotes import answering
from webapp.quotes.linked import linked_quote
from webapp.quotes.models import Quote
from webapp.quotes.rules import STATES
from webapp.quotes.services import called
from webapp.reports.documents import CONTENT_TYPES, file_of, quote_file
from webapp.reports.models import Document
from webapp.storage import object_store

bp = blueprint("quote_links", "A quote by the link in its mail, for who has no account")
LINK = "/api/links/quote/<string:quote_token>"


class NamesSchema(ma.Schema):
    """A name in both languages."""

    zh = fields.String(required=True)
    en = fields.String(required=True)


class LinkedQuoteSchema(ma.Schema):
    """A quote as its link shows it; ``replaced_by`` is the version that took its place.

    ``open`` is whether it can be answered now, ``case_over`` whether its case waits for nobody any more;
    ``pages`` of its PDF are 0 until that is made.
    """

    name = fields.String(required=True)
    kind = fields.String(required=True, validate=KIND)
    version = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    language = fields.String(required=True, validate=LANGUAGE)
    client = fields.Nested(NamesSchema, required=True)
    contract = fields.Nested(NamesSchema, required=True)
    written_by = fields.Nested(NamesSchema, required=True)
    place = fields.Nested(NamesSchema, required=True)
    device = fields.String(required=True)
    time_zone = fields.String(required=True)
    case = fields.String(required=True)
    title = fields.String(required=True)
    currency = fields.String(required=True)
    net = fields.String(required=True)
    tax = fields.String(required=True)
    gross = fields.String(required=True)
    lines = fields.List(fields.Nested(QuoteLineSchema), required=True)
    remark = fields.String(required=True)
    valid_until = fields.Date(required=True)
    sent_at = fields.AwareDateTime(required=True)
    content_sha256 = fields.String(required=True)
    replaced_by = fields.String(required=True)
    open = fields.Boolean(required=True)
    case_over = fields.Boolean(required=True)
    answered_at = fields.AwareDateTime(required=True, allow_none=True)
    answer_name = fields.String(required=True)
    answer_text = fields.String(required=True)
    pages = fields.Integer(required=True)
    bytes = fields.Integer(required=True)


class AnswerLinkedQuoteSchema(AnswerQuoteSchema):
    """The same, with the name of who answers, in his own words."""

    name = fields.String(required=True, validate=validate.Length(1, 80))

    @ma.validates_schema
    def _named(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if not data.get("name", "").strip():
            raise ma.ValidationError("required", "name")


def _quote(token: str) -> Quote:
    """:raise AppError: ``link_invalid``, ``link_expired``"""
    quote_id = links.subject_of(settings().secret_key, "quote", token)
    quote = db.session.get(Quote, quote_id)
    if quote is None or quote.state == "draft":
        raise AppError("link_invalid")
    return quote


@bp.get(LINK)
@limiter.limit(READS)
@bp.response(200, LinkedQuoteSchema)
def show_linked_quote(quote_token: str) -> dict[str, Any]:
    """The quote that a link leads to, as it was sent; that it was opened is told to who sent it."""
    quote = _quote(quote_token)
    note_opened(quote, quote.contract_id)
    file = quote_file(db.session(), quote)
    ready = file is not None and file.state == "ready"
    return linked_quote(db.session(), quote, now_utc()) | {
        "pages": file.pages if file is not None and ready else 0,
        "bytes": file.bytes if file is not None and ready else 0,
    }


@bp.get(f"{LINK}/file.pdf")
@limiter.limit(READS)
@bp.response(200, BINARY, content_type=CONTENT_TYPES["pdf"])
def show_linked_quote_file(quote_token: str) -> Response:
    """Its PDF. :raise AppError: ``report_not_ready``"""
    quote = _quote(quote_token)
    data = file_of(object_store(), _file(quote))
    return sent_file(data, CONTENT_TYPES["pdf"], f"{called(quote)}.pdf")


@bp.get(f"{LINK}/pages/<int:page>.png")
@limiter.limit(READS)
@bp.response(200, BINARY, content_type="image/png")
def show_linked_quote_page(quote_token: str, page: int) -> Response:
    """A page of its PDF as a picture; the first is 1."""
    return page_answer(_file(_quote(quote_token)), page)


def _file(quote: Quote) -> Document:
    file = quote_file(db.session(), quote)
    if file is None:
        raise AppError("report_not_ready")
    return file


@bp.post(f"{LINK}/answers")
@limiter.limit(WRITES)
@bp.arguments(AnswerLinkedQuoteSchema)
@bp.response(204)
def answer_linked_quote(body: dict[str, Any], quote_token: str) -> None:
    """Approve the quote, or decline it with a reason; the case's own step is taken with it."""
    said = answering.Answer(
        decision=body["decision"],
        name=body["name"].strip(),
        text=body["text"].strip(),
        via="link",
        address=request.remote_addr or "",
        wants_another=body["wants_another"],
    )
    with unit_of_work() as session:
        answering.answer_quote(session, _quote(quote_token), said, now_utc())
