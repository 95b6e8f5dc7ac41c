"""Writing quotes: a draft of a case, its lines, and a new version of one that was issued."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.cases.models import Case
from webapp.cases.opening import case_named
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.identity.contract_settings import contract_settings
from webapp.identity.models import Contract
from webapp.identity.rules import Access
from webapp.quotes.models import Quote, QuoteLine
from webapp.quotes.money import MONEY_PLACES, text_of, total
from webapp.quotes.rates import QuoteSettings, quote_settings
from webapp.quotes.rules import (
    REPLACEABLE,
    Line,
    checked_lines,
    document_kind,
    name_of,
    parsed_name,
)

MOST_DAYS_AHEAD = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Writing:
    """What a draft is made to say; ``revision`` is the one that its writer had before him."""

    revision: int
    lines: Sequence[Mapping[str, Any]]
    language: str
    valid_until: date
    remark: str = ""


def called(quote: Quote) -> str:
    """What people call a version of a quote: Q7-2."""
    return name_of(quote.number, quote.version)


def quote_named(session: Session, access: Access, name: str) -> Quote:
    """The version of a name like Q7-2; a draft is the provider's own.

    :raise AppError: ``not_found``
    """
    number, version = parsed_name(name)
    quote = session.scalar(
        sa.select(Quote).where(
            Quote.contract_id == access.contract_id,
            Quote.number == number,
            Quote.version == version,
        )
    )
    if quote is None or (quote.state == "draft" and not access.may("handle")):
        raise AppError("not_found")
    return quote


def lines_of(session: Session, quote: Quote) -> list[Line]:
    """Its lines, in order."""
    rows = session.scalars(
        sa.select(QuoteLine).where(QuoteLine.quote_id == quote.id).order_by(QuoteLine.position)
    )
    return [line_of(row) for row in rows]


def line_of(row: QuoteLine) -> Line:
    """A stored line as the rules know one."""
    return Line(
        kind=row.kind,  # type: ignore[arg-type]
        text=row.text,
        detail=row.detail,
        rate=row.rate,
        quantity=row.quantity,
        unit=row.unit,
        unit_price=row.unit_price,
        tax_rate=row.tax_rate,
    )


def today_of(contract: Contract, now: datetime) -> date:
    """The day that it is where the contract is."""
    return now.astimezone(ZoneInfo(contract.time_zone)).date()


def begin_quote(session: Session, access: Access, case_name: str, uid: str, now: datetime) -> Quote:
    """Begin a quote of a case; the same ``uid`` again gives what it had become.

    :raise AppError: ``not_found``; ``quote_not_here`` where the case costs the client nothing;
        ``quote_case_over``
    """
    take_sequence(session, access.contract_id)
    known = _of_uid(session, access, uid)
    if known is not None:
        return known
    case = case_named(session, access.contract_id, case_name)
    contract = session.get_one(Contract, access.contract_id)
    settings = quote_settings(contract.settings)
    kind = document_kind(case.kind, case.facts)
    if kind is None:
        raise AppError("quote_not_here", kind=case.kind)
    _check_live(case)
    last = session.scalar(
        sa.select(sa.func.max(Quote.number)).where(Quote.contract_id == contract.id)
    )
    quote = Quote(
        contract_id=contract.id,
        case_id=case.id,
        uid=uid,
        kind=kind,
        number=(last or 0) + 1,
        language=contract_settings(contract.settings).report_language,
        currency=settings.currency,
        valid_until=_holds_until(contract, settings, now),
        written_by_id=access.user_id,
        written_at=now,
        changed_at=now,
    )
    session.add(quote)
    session.flush()  # its lines name its id
    note(session, quote, access.user_id, "write", {"case": [None, case_name]}, now)
    return quote


def begin_version(session: Session, access: Access, name: str, uid: str, now: datetime) -> Quote:
    """Begin a new version of an issued quote, with its lines; the one that is begun already, if any.

    :raise AppError: ``not_found``; ``quote_not_replaceable`` for a draft and for what is approved or
        superseded; ``quote_case_over``
    """
    take_sequence(session, access.contract_id)
    known = _of_uid(session, access, uid)
    if known is not None:
        return known
    old = quote_named(session, access, name)
    if old.state not in REPLACEABLE:
        raise AppError("quote_not_replaceable", state=old.state)
    _check_live(session.get_one(Case, old.case_id))
    family = versions_of(session, old)
    if family[-1].state == "draft":
        return family[-1]
    contract = session.get_one(Contract, access.contract_id)
    quote = Quote(
        contract_id=old.contract_id,
        case_id=old.case_id,
        uid=uid,
        kind=old.kind,
        number=old.number,
        version=family[-1].version + 1,
        language=old.language,
        currency=old.currency,
        valid_until=_holds_until(contract, quote_settings(contract.settings), now),
        remark=old.remark,
        written_by_id=access.user_id,
        written_at=now,
        changed_at=now,
    )
    session.add(quote)
    session.flush()  # its lines name its id
    _put_lines(session, quote, lines_of(session, old))
    note(session, quote, access.user_id, "write", {"version_of": [None, called(old)]}, now)
    return quote


def versions_of(session: Session, quote: Quote) -> list[Quote]:
    """All versions that share its number, the oldest first."""
    statement = (
        sa.select(Quote)
        .where(Quote.contract_id == quote.contract_id, Quote.number == quote.number)
        .order_by(Quote.version)
    )
    return list(session.scalars(statement))


def write_quote(
    session: Session, access: Access, name: str, writing: Writing, now: datetime
) -> Quote:
    """Put a draft's lines and terms in place of those that it had.

    :raise AppError: ``not_found``; ``quote_issued``; ``conflict`` when somebody saved it meanwhile;
        ``invalid`` by field
    """
    take_sequence(session, access.contract_id)
    quote = quote_named(session, access, name)
    session.refresh(quote, with_for_update=True)
    if quote.state != "draft":
        raise AppError("quote_issued", state=quote.state)
    if quote.revision != writing.revision:
        raise AppError("conflict", revision=quote.revision)
    contract = session.get_one(Contract, access.contract_id)
    today = today_of(contract, now)
    if not today <= writing.valid_until <= today + MOST_DAYS_AHEAD:
        raise AppError("invalid", fields={"valid_until": ["invalid"]})
    lines = checked_lines(writing.lines, quote_settings(contract.settings).by_key)
    before = _told(quote)
    quote.language = writing.language
    quote.valid_until = writing.valid_until
    quote.remark = writing.remark.strip()
    quote.revision += 1
    quote.changed_at = now
    _put_lines(session, quote, lines)
    diff = audit.differences(before, _told(quote) | {"lines": len(lines)})
    note(session, quote, access.user_id, "write", diff, now)
    return quote


def drop_draft(session: Session, access: Access, name: str, now: datetime) -> None:
    """Drop a draft with its lines; the trail keeps what it said. What was issued stays for ever.

    :raise AppError: ``not_found``; ``quote_issued``
    """
    take_sequence(session, access.contract_id)
    quote = quote_named(session, access, name)
    session.refresh(quote, with_for_update=True)
    if quote.state != "draft":
        raise AppError("quote_issued", state=quote.state)
    lines = [
        f"{line.text} {text_of(line.amounts.net, MONEY_PLACES)}"
        for line in lines_of(session, quote)
    ]
    said = _told(quote) | {"lines": lines}
    note(session, quote, access.user_id, "drop", audit.differences(said, dict.fromkeys(said)), now)
    session.execute(sa.delete(QuoteLine).where(QuoteLine.quote_id == quote.id))
    session.delete(quote)


def _put_lines(session: Session, quote: Quote, lines: Sequence[Line]) -> None:
    session.execute(sa.delete(QuoteLine).where(QuoteLine.quote_id == quote.id))
    session.add_all(
        QuoteLine(
            quote_id=quote.id,
            position=at,
            kind=line.kind,
            text=line.text,
            detail=line.detail,
            rate=line.rate,
            quantity=line.quantity,
            unit=line.unit,
            unit_price=line.unit_price,
            tax_rate=line.tax_rate,
        )
        for at, line in enumerate(lines, start=1)
    )
    sums = total(line.amounts for line in lines)
    quote.net, quote.tax = sums.net, sums.tax


def _of_uid(session: Session, access: Access, uid: str) -> Quote | None:
    return session.scalar(
        sa.select(Quote).where(Quote.contract_id == access.contract_id, Quote.uid == uid)
    )


def _check_live(case: Case) -> None:
    if not case.live:
        raise AppError("quote_case_over")


def _holds_until(contract: Contract, settings: QuoteSettings, now: datetime) -> date:
    return today_of(contract, now) + timedelta(days=settings.valid_days)


def _told(quote: Quote) -> dict[str, Any]:
    """What saving can change of it, for the audit trail."""
    return {
        "language": quote.language,
        "valid_until": quote.valid_until.isoformat(),
        "remark": quote.remark,
        "total": f"{quote.currency} {text_of(quote.net + quote.tax, MONEY_PLACES)}",
    }


def note(
    session: Session,
    quote: Quote,
    user_id: int | None,
    action: str,
    diff: dict[str, Any],
    now: datetime,
) -> None:
    """One line of the audit trail."""
    audit.record(
        session,
        at=now,
        user_id=user_id,
        contract_id=quote.contract_id,
        action=f"quote_{action}",
        entity="quote",
        entity_id=called(quote),
        diff=diff,
    )
