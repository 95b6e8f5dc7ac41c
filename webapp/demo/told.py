"""What the demo's people were told, how each wants to hear of it, and a digest that gathers some of it.

Last month's reminder was read long ago; this month's is there when it is due.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.acceptance.telling import tell_of_acceptance
from webapp.cases.telling import tell_of_clocks
from webapp.digesting import gather, people_due
from webapp.identity.models import Contract
from webapp.identity.queries import reachable
from webapp.notifications import services
from webapp.notifications.choices import choose, plain
from webapp.notifications.choosing import GROUPS, STANDARD
from webapp.notifications.models import Mail, Notification
from webapp.notifications.words import Line
from webapp.reminding import Due, details_of, readiness_now, steps_now, tell_of
from webapp.rounds.models import Round
from webapp.spares.overdue import tell_of_loaners
from webapp.team.telling import tell_of_team

# What was left three days before the end of last month, when half of the photos had not been looked at.
_LAST_MONTH = (
    Line("todo", 21, "person", "张伟", "Zhang Wei"),
    Line("todo", 9, "person", "刘洋", "Liu Yang"),
    Line("unsent", 14, "person", "张伟", "Zhang Wei"),
    Line("photos_unreviewed", 46, "reviewers"),
    Line("acceptance", 1, "acceptors"),
)
_CHOICES: dict[str, dict[str, Any]] = {
    "wang": {"quiet_from": "22:00", "quiet_to": "07:00"},
    "zhao": {"mail": dict.fromkeys(GROUPS, "digest"), "digest_hour": 9},
    "zhou": {
        "mail": {**dict.fromkeys(GROUPS, "digest"), "money": "now", "clocks": "now"},
        "digest_every": "week",
        "digest_weekday": 0,
    },
    "liu": {
        "mail": {**dict.fromkeys(GROUPS, "off"), "round": "now"},
        "push": {**dict.fromkeys(GROUPS, True), "money": False},
        "quiet_from": "20:00",
        "quiet_to": "08:30",
        "urgent_through": False,
    },
}


def tell_the_demo(
    session: Session, contract: Contract, past: Round, current: Round, now: datetime
) -> None:
    """Tell what the server would have told by ``now``, had it run all the time."""
    nine = _last_nine_o_clock(contract, now)
    tell_of_loaners(session, contract.id, nine)
    tell_of_team(session, contract.id, nine)
    # What is overdue by now was told by now: nothing arrives by itself in the first minute.
    tell_of_clocks(session, contract.id, now)
    tell_of_acceptance(session, contract.id, now)
    _of_last_month(session, contract, past)
    for user_id in people_due(session, now):
        gather(session, user_id, now)
    _note_old_mails(session, now)
    steps = steps_now(current, contract, nine)
    if steps:
        due = Due(current, contract, steps, frozenset())
        tell_of(session, due, readiness_now(session, current, nine), nine)
    _number_by_time(session)


def _number_by_time(session: Session) -> None:
    """Told one after the other, the later has the higher number: the list goes by it."""
    session.flush()
    by_time = sa.select(Notification.id).order_by(Notification.created_at, Notification.id)
    ids = session.scalars(by_time).all()
    renumber = sa.update(Notification).execution_options(synchronize_session=False)
    # By way of negative ones, as no two may be the same in between.
    for old, new in zip(ids, sorted(ids), strict=True):
        session.execute(renumber.where(Notification.id == old).values(id=-new))
    session.execute(renumber.where(Notification.id < 0).values(id=-Notification.id))
    session.expire_all()


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
    # What waits for a digest is what its reader has not seen yet.
    session.execute(
        sa.update(Notification)
        .where(~Notification.for_digest)
        .values(read_at=Notification.created_at)
    )


def choose_for_the_demo(session: Session, people: Mapping[str, int], now: datetime) -> None:
    """People who choose differently: quiet nights, a digest a day, one a week, as little as can be."""
    for login, chosen in _CHOICES.items():
        choose(session, people[login], {**plain(STANDARD), **chosen}, now)


def _note_old_mails(session: Session, now: datetime) -> None:
    """What was told days ago was mailed then: a demo of today sends no such mail."""
    session.execute(
        sa.update(Mail)
        .where(Mail.unique_key.startswith("tell:"), Mail.created_at < now - timedelta(days=1))
        .values(state="sent", attempts=1, sent_at=Mail.created_at)
    )
