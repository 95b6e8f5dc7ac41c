"""The one list of quotes and expense requests: filtered, counted, saved as a file."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from webapp.cases.kinds import name_of as case_name_of
from webapp.cases.models import Case
from webapp.cases.words import KIND_WORDS as CASE_WORDS
from webapp.identity.models import User
from webapp.listing import Column, Listing, Rows, containing
from webapp.quotes.models import Quote
from webapp.quotes.money import MONEY_PLACES, text_of
from webapp.quotes.rules import STATES, name_of
from webapp.quotes.words import KIND_WORDS, STATE_WORDS

_writer = aliased(User)
_sender = aliased(User)
_in_words = containing(Case.title, Quote.remark, Quote.answer_name)


def _mentioning(text: str) -> sa.ColumnElement[bool]:
    return sa.and_(sa.true(), *(_mentions(word) for word in text.split()))


def _mentions(word: str) -> sa.ColumnElement[bool]:
    """In its words, or by its number: Q7, Q7-2."""
    number = word[1:].partition("-")[0] if word[:1] in "Qq" else word
    if number.isascii() and number.isdigit() and len(number) < 9:
        return sa.or_(_in_words(word), Quote.number == int(number))
    return _in_words(word)


def _shown_to_client(wanted: bool) -> sa.ColumnElement[bool]:
    """What was never sent is the provider's own."""
    return Quote.state != "draft" if wanted else sa.true()


def dress_quotes(
    _session: Session, _contract_id: int, rows: Rows, _now: datetime
) -> list[dict[str, Any]]:
    """The rows of :data:`QUOTES` as plain data; money as decimals: an answer's texts, a sheet's numbers."""
    return [_dressed(row) for row in rows]


def _dressed(row: sa.Row[*tuple[Any, ...]]) -> dict[str, Any]:
    quote, case = row.Quote, row.Case
    sums = {"net": quote.net, "tax": quote.tax, "gross": quote.net + quote.tax}
    return {
        "name": name_of(quote.number, quote.version),
        "kind": quote.kind,
        "version": quote.version,
        "state": quote.state,
        "case": case_name_of(case.kind, case.number),
        "case_kind": case.kind,
        "title": case.title,
        "currency": quote.currency,
        **{key: Decimal(text_of(value, MONEY_PLACES)) for key, value in sums.items()},
        "valid_until": quote.valid_until,
        "written_by_zh": row.writer,
        "written_by_en": row.writer_en,
        "written_at": quote.written_at,
        "changed_at": quote.changed_at,
        "sent_by_zh": row.sender or "",
        "sent_by_en": row.sender_en or "",
        "sent_at": quote.sent_at,
        "answered_at": quote.answered_at,
        "answer_name": quote.answer_name,
    }


QUOTES = Listing(
    name="quotes",
    title=("报价与费用申请", "Quotes and expense requests"),
    select=sa.select(
        Quote,
        Case,
        _writer.name.label("writer"),
        _writer.name_en.label("writer_en"),
        _sender.name.label("sender"),
        _sender.name_en.label("sender_en"),
    )
    .join(Case, Case.id == Quote.case_id)
    .join(_writer, _writer.id == Quote.written_by_id)
    .outerjoin(_sender, _sender.id == Quote.sent_by_id),
    contract=Quote.contract_id,
    filters={
        "state": Quote.state,
        "kind": Quote.kind,
        "case_kind": Case.kind,
        "issued": _shown_to_client,
        "q": _mentioning,
    },
    sorts={
        "number": (Quote.number, Quote.version),
        "gross": (Quote.net + Quote.tax,),
        "valid_until": (Quote.valid_until,),
        "sent_at": (Quote.sent_at,),
        "changed_at": (Quote.changed_at,),
        "case": (Case.kind, Case.number),
    },
    backwards=frozenset({"number", "sent_at", "changed_at"}),
    sort="number",
    tie=Quote.id,
    tab="state",
    states=STATES,
    dress=dress_quotes,
    columns=(
        Column("name", "编号", "Number"),
        Column("kind", "类别", "Kind", KIND_WORDS),
        Column("state", "状态", "State", STATE_WORDS),
        Column("case", "服务单", "Case"),
        Column("case_kind", "服务单类别", "Kind of case", CASE_WORDS),
        Column("title", "内容", "Subject"),
        Column("currency", "币种", "Currency"),
        Column("net", "未税金额", "Without tax"),
        Column("tax", "税额", "Tax"),
        Column("gross", "含税合计", "With tax"),
        Column("valid_until", "有效期至", "Valid until"),
        Column("written_by", "编制", "Written by"),
        Column("sent_by", "发出人", "Sent by"),
        Column("sent_at", "发出时间", "Sent"),
        Column("answer_name", "答复人", "Answered by"),
        Column("answered_at", "答复时间", "Answered"),
    ),
)
