"""Quotes and expense requests over HTTP: written beside a case, sent, approved or declined (clauses 22, 34)."""

from __future__ import annotations

from typing import Any

from flask import request

from webapp import links
from webapp.api.documents import DocumentSchema
from webapp.api.http import CONTRACT, blueprint, require, settings
from webapp.api.listing import list_views
from webapp.api.quote_schemas import (
    AnswerQuoteSchema,
    BeginQuoteSchema,
    CaseQuotesSchema,
    QuoteArgs,
    QuoteDetailSchema,
    QuoteFileSchema,
    QuoteSchema,
    WriteQuoteSchema,
)
from webapp.api.reports import SendSchema
from webapp.api.throttle import at_most
from webapp.db import db, now_utc, unit_of_work
from webapp.identity.rules import Access
from webapp.quotes import answering, sending, services
from webapp.quotes.lists import QUOTES
from webapp.quotes.queries import quote_detail, quotes_of_case
from webapp.reports.documents import ask_for_quote, drop_quote_files
from webapp.reports.models import Document
from webapp.storage import object_store

bp = blueprint("quotes", "Quotes and expense requests, in versions, and the client's word on them")
QUOTE = f"{CONTRACT}/quotes/<string(maxlength=16):quote>"
OF_CASE = f"{CONTRACT}/cases/<string(maxlength=10):name>/quotes"


def _narrowed(access: Access) -> dict[str, Any]:
    return {"issued": not access.may("handle")}


list_views(bp, "quotes", QUOTES, QuoteArgs, QuoteSchema, narrowed=_narrowed)


@bp.get(OF_CASE)
@bp.response(200, CaseQuotesSchema)
def show_quotes_of_case(contract_code: str, name: str) -> dict[str, Any]:
    """The quotes of a case with their lines, the latest first; drafts for who handles cases alone."""
    access = require("view", contract_code)
    return quotes_of_case(db.session(), access, name, now_utc())


@bp.post(OF_CASE)
@bp.arguments(BeginQuoteSchema)
@bp.response(201, QuoteDetailSchema)
def begin_quote(body: dict[str, Any], contract_code: str, name: str) -> dict[str, Any]:
    """Begin a quote of a case, or an expense request; the same ``uid`` again gives what it had become."""
    access = require("handle", contract_code)
    now = now_utc()
    with unit_of_work() as session:
        quote = services.called(services.begin_quote(session, access, name, body["uid"], now))
    return quote_detail(db.session(), access, quote, now)


@bp.get(QUOTE)
@bp.response(200, QuoteDetailSchema)
def show_quote(contract_code: str, quote: str) -> dict[str, Any]:
    """One version with its lines."""
    access = require("view", contract_code)
    return quote_detail(db.session(), access, quote, now_utc())


@bp.patch(QUOTE)
@bp.arguments(WriteQuoteSchema)
@bp.response(200, QuoteDetailSchema)
def write_quote(body: dict[str, Any], contract_code: str, quote: str) -> dict[str, Any]:
    """Put a draft's lines and terms in place of those that it had."""
    access = require("handle", contract_code)
    now = now_utc()
    with unit_of_work() as session:
        services.write_quote(session, access, quote, services.Writing(**body), now)
    return quote_detail(db.session(), access, quote, now)


@bp.delete(QUOTE)
@bp.response(204)
def drop_quote(contract_code: str, quote: str) -> None:
    """Drop a draft; what was sent stays."""
    access = require("handle", contract_code)
    with unit_of_work() as session:
        row = services.quote_named(session, access, quote)
        keys = drop_quote_files(session, row) if row.state == "draft" else []
        services.drop_draft(session, access, quote, now_utc())
    for key in keys:
        object_store().delete(key)


@bp.post(f"{QUOTE}/versions")
@bp.arguments(BeginQuoteSchema)
@bp.response(201, QuoteDetailSchema)
def begin_version(body: dict[str, Any], contract_code: str, quote: str) -> dict[str, Any]:
    """Begin a new version of an issued quote, with its lines; sent, it takes its place."""
    access = require("handle", contract_code)
    now = now_utc()
    with unit_of_work() as session:
        made = services.called(services.begin_version(session, access, quote, body["uid"], now))
    return quote_detail(db.session(), access, made, now)


@bp.post(f"{QUOTE}/send")
@bp.arguments(SendSchema)
@bp.response(200, QuoteDetailSchema)
def send_quote(body: dict[str, Any], contract_code: str, quote: str) -> dict[str, Any]:
    """Issue a draft and mail the client a link by which it is answered without an account."""
    access = require("handle", contract_code)
    now = now_utc()
    with unit_of_work() as session:
        row = services.quote_named(session, access, quote)
        token = links.token_for(settings().secret_key, "quote", row.id)
        link = f"{settings().base_url}/l/quote/{token}"
        sending.send_quote(session, access, quote, link, body["to"], body["message"], now)
        session.flush()  # its file is made of what was frozen
        ask_for_quote(session, row, row.language, access.user_id, now)
    return quote_detail(db.session(), access, quote, now)


@bp.post(f"{QUOTE}/answers")
@bp.arguments(AnswerQuoteSchema)
@bp.response(200, QuoteDetailSchema)
def answer_quote(body: dict[str, Any], contract_code: str, quote: str) -> dict[str, Any]:
    """The client's IT lead approves or declines, signed in; the case's own step is taken with it."""
    access = require("confirm", contract_code)
    now = now_utc()
    said = answering.Answer(
        decision=body["decision"],
        name=access.user_name,
        text=body["text"].strip(),
        via="account",
        access=access,
        address=request.remote_addr or "",
        wants_another=body["wants_another"],
    )
    with unit_of_work() as session:
        row = services.quote_named(session, access, quote)
        answering.answer_quote(session, row, said, now)
    return quote_detail(db.session(), access, quote, now)


@bp.post(f"{QUOTE}/document")
@at_most(30)
@bp.arguments(QuoteFileSchema)
@bp.response(202, DocumentSchema)
def ask_for_quote_file(body: dict[str, Any], contract_code: str, quote: str) -> Document:
    """Have its PDF made in the background; what is there already, unchanged, is given at once."""
    access = require("view", contract_code)
    with unit_of_work() as session:
        row = services.quote_named(session, access, quote)
        return ask_for_quote(session, row, body["language"], access.user_id, now_utc())
