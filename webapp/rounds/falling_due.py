"""Telling other programs that a round's last day has come and it is not accepted (clause 21)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.identity.models import Contract
from webapp.notifications.rules import is_time_to_tell
from webapp.rounds.models import Round
from webapp.webhooks.services import emit


def told_of(row: Round) -> dict[str, Any]:
    """What is told of a round."""
    return {"round": row.month, "due_on": row.due_on.isoformat(), "state": row.state}


def rounds_due(session: Session, now: datetime) -> list[Round]:
    """The rounds whose last day it is at their place, that are not accepted, at an hour to tell of it."""
    # Around the world "today" is one of three dates.
    days = [(now + timedelta(days=more)).date() for more in (-1, 0, 1)]
    rows = session.execute(
        sa.select(Round, Contract.time_zone)
        .join(Contract, Contract.id == Round.contract_id)
        .where(Round.state != "accepted", Round.due_on.in_(days))
        .order_by(Round.id)
    )
    return [row for row, zone in rows if _is_now(row, now.astimezone(ZoneInfo(zone)))]


def _is_now(row: Round, there: datetime) -> bool:
    return there.date() == row.due_on and is_time_to_tell(there.hour)


def emit_due(session: Session, row: Round, now: datetime) -> None:
    """Tell the contract's webhooks once that the round is due."""
    emit(session, row.contract_id, "round.due", told_of(row), now, key=f"round.due:{row.id}")
