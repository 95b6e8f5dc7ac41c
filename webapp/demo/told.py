"""What the demo's people were told: last month's reminder, read long ago, and this month's when it is due."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.identity.models import Contract
from webapp.identity.queries import reachable
from webapp.notifications import services
from webapp.notifications.models import Notification
from webapp.notifications.words import Line
from webapp.reminding import Due, details_of, readiness_now, steps_now, tell_of
from webapp.rounds.models import Round

# What was left three days before the end of last month, when half of the photos had not been looked at.
_LAST_MONTH = (
    Line("todo", 21, "person", "张伟", "Zhang Wei"),
    Line("todo", 9, "person", "刘洋", "Liu Yang"),
    Line("unsent", 14, "person", "张伟", "Zhang Wei"),
    Line("photos_unreviewed", 46, "reviewers"),
    Line("acceptance", 1, "acceptors"),
)


def tell_the_demo(
    session: Session, contract: Contract, past: Round, current: Round, now: datetime
) -> None:
    """Tell what the server would have told by ``now``, had it run all the time."""
    _of_last_month(session, contract, past)
    nine = _last_nine_o_clock(contract, now)
    steps = steps_now(current, contract, nine)
    if steps:
        due = Due(current, contract, steps)
        tell_of(session, due, readiness_now(session, current, nine), nine)


def _last_nine_o_clock(contract: Contract, now: datetime) -> datetime:
    there = now.astimezone(ZoneInfo(contract.time_zone))
    nine = datetime.combine(there.date(), time(9), there.tzinfo)
    return nine if nine <= there else nine - timedelta(days=1)


def _of_last_month(session: Session, contract: Contract, past: Round) -> None:
    zone = ZoneInfo(contract.time_zone)
    at = datetime.combine(past.due_on - timedelta(days=3), time(9), zone)
    details: dict[str, Any] = details_of(past.month, past.due_on, 3, _LAST_MONTH, by_owner=True)
    for one in reachable(session, contract.id):
        if "accept" not in one.rights:
            continue
        services.tell(
            session,
            one.recipient,
            contract_id=contract.id,
            kind="remind",
            details=details,
            path=f"/desk/ready/{past.month}",
            key=f"remind:3:{past.month}",
            now=at,
        )
    session.execute(sa.update(Notification).values(read_at=at + timedelta(minutes=25)))
