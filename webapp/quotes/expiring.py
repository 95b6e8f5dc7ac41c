"""Quotes that nobody answered: a word before their last day is over, and the end after it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.models import Case
from webapp.db import take_sequence
from webapp.identity.models import Contract
from webapp.identity.queries import Reachable, reachable
from webapp.notifications import services as notifications
from webapp.quotes.models import Quote
from webapp.quotes.rules import is_over
from webapp.quotes.services import called, note, today_of

# So many days before its last one the client is asked for his word, and the project manager told.
WARN_BEFORE = timedelta(days=3)
# No clock of the world is further ahead of UTC.
_FURTHEST = timedelta(hours=14)


def contracts_to_look_at(session: Session, now: datetime) -> list[int]:
    """The contracts with a quote to be warned of, or whose last day is over."""
    near = (now + _FURTHEST).date() + WARN_BEFORE
    rows = session.execute(
        sa.select(Contract, Quote.valid_until, Quote.warned_at)
        .join(Contract, Contract.id == Quote.contract_id)
        .where(Quote.state == "sent", Quote.valid_until <= near)
    )
    return sorted(
        {
            contract.id
            for contract, valid_until, warned_at in rows
            if is_over(valid_until, today := today_of(contract, now))
            or (warned_at is None and valid_until <= today + WARN_BEFORE)
        }
    )


def look_at_quotes(session: Session, contract_id: int, now: datetime) -> int:
    """Warn of those whose end is near, end those whose end has come; how many ended."""
    take_sequence(session, contract_id)
    contract = session.get_one(Contract, contract_id)
    today = today_of(contract, now)
    waiting = session.execute(
        sa.select(Quote, Case)
        .join(Case, Case.id == Quote.case_id)
        .where(
            Quote.contract_id == contract_id,
            Quote.state == "sent",
            Quote.valid_until <= today + WARN_BEFORE,
        )
        .order_by(Quote.id)
        .execution_options(populate_existing=True)
    ).all()
    people = reachable(session, contract_id) if waiting else []
    ended = 0
    for quote, case in waiting:
        if is_over(quote.valid_until, today):
            quote.state = "expired"
            note(session, quote, None, "expire", {"state": ["sent", "expired"]}, now)
            ended += 1
        elif quote.warned_at is None:
            quote.warned_at = now
        else:
            continue
        if case.live:
            kind = "quote_expired" if quote.state == "expired" else "quote_ends_soon"
            _tell(session, contract, quote, case, people, kind, now)
    return ended


def _tell(
    session: Session,
    contract: Contract,
    quote: Quote,
    case: Case,
    people: Iterable[Reachable],
    kind: str,
    now: datetime,
) -> None:
    roles = ("project_manager", "client_it_lead")
    for one in people:
        if one.role in roles or one.recipient.user_id == quote.sent_by_id:
            notifications.tell(
                session,
                one.recipient,
                contract_id=contract.id,
                kind=kind,
                details={
                    "number": called(quote),
                    "title": case.title,
                    "day": quote.valid_until.isoformat(),
                },
                path=f"/desk/quotes/{called(quote)}?contract={contract.code}",
                key=f"{kind}:{quote.id}",
                now=now,
            )
