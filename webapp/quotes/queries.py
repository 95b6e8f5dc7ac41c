"""Reading quotes: one with its lines, and those of a case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.models import Case
from webapp.cases.opening import case_named
from webapp.identity.models import Contract
from webapp.identity.rules import Access
from webapp.listing import Rows
from webapp.openings import openings_of
from webapp.quotes.content import line_content
from webapp.quotes.lists import QUOTES
from webapp.quotes.models import Quote, QuoteLine
from webapp.quotes.rules import REPLACEABLE, Line, document_kind, is_over
from webapp.quotes.services import line_of, quote_named, today_of

Plain = dict[str, Any]


def quote_detail(session: Session, access: Access, name: str, now: datetime) -> Plain:
    """A version with its lines, and what the reader may do with it. :raise AppError: ``not_found``"""
    quote = quote_named(session, access, name)
    [detail] = _details(session, access, [quote.id], now)
    return detail


def quotes_of_case(session: Session, access: Access, case_name: str, now: datetime) -> Plain:
    """The quotes of a case, the latest first, and whether one can be written here.

    A draft is the provider's own. Five statements, however many there are.

    :raise AppError: ``not_found``
    """
    case = case_named(session, access.contract_id, case_name)
    wanted = sa.select(Quote.id).where(Quote.case_id == case.id)
    if not access.may("handle"):
        wanted = wanted.where(Quote.state != "draft")
    ids = list(session.scalars(wanted))
    kind = document_kind(case.kind, case.facts)
    return {
        "kind": kind,
        "may_write": kind is not None and case.live and access.may("handle"),
        "quotes": _details(session, access, ids, now),
    }


def _details(session: Session, access: Access, ids: list[int], now: datetime) -> list[Plain]:
    if not ids:
        return []
    statement = QUOTES.select.where(Quote.id.in_(ids))
    rows: Rows = session.execute(
        statement.order_by(Quote.number.desc(), Quote.version.desc())
    ).all()
    contract = session.get_one(Contract, access.contract_id)
    lines = _lines(session, ids)
    dressed = QUOTES.dress(session, access.contract_id, rows, now)
    today = today_of(contract, now)
    return [
        plain
        | _more(row.Quote, lines[row.Quote.id])
        | {"openings": openings_of(row.Quote) if access.may("handle") else None}
        | _may(access, row.Quote, row.Case, open_=not is_over(row.Quote.valid_until, today))
        for plain, row in zip(dressed, rows, strict=True)
    ]


def _lines(session: Session, ids: Iterable[int]) -> Mapping[int, list[Line]]:
    found: dict[int, list[Line]] = defaultdict(list)
    statement = (
        sa.select(QuoteLine)
        .where(QuoteLine.quote_id.in_(list(ids)))
        .order_by(QuoteLine.quote_id, QuoteLine.position)
    )
    for row in session.scalars(statement):
        found[row.quote_id].append(line_of(row))
    return found


def _more(quote: Quote, lines: list[Line]) -> Plain:
    told = line_content(lines)
    return {
        "lines": told["lines"],
        "remark": quote.remark,
        "language": quote.language,
        "revision": quote.revision,
        "sent_to": [one for one in quote.sent_to.split(", ") if one],
        "content_sha256": quote.content_sha256,
        "answer_text": quote.answer_text,
        "answer_via": quote.answer_via,
        "wants_another": quote.wants_another,
    }


def _may(access: Access, quote: Quote, case: Case, *, open_: bool) -> Plain:
    """What the reader can do with it now; the services refuse the rest all the same."""
    handles = access.may("handle") and case.live
    return {
        "may_write": handles and quote.state == "draft",
        "may_replace": handles and quote.state in REPLACEABLE,
        "may_answer": access.may("confirm") and case.live and quote.state == "sent" and open_,
    }
