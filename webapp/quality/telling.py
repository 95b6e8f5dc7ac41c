"""Who is reminded of a quality check to be held, and of an action to be closed (clause 28).

Each step is told once by what it is about, its day and the step; of those that came while nobody was
looking only the latest. When the day is over, who accepts rounds is told too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.identity.models import Contract
from webapp.identity.queries import Reachable, reachable
from webapp.notifications import queries
from webapp.notifications import services as notifications
from webapp.notifications.rules import is_time_to_tell
from webapp.quality.models import QualityAction, QualityCheck
from webapp.quality.rules import ACTION_SOON, CHECK_SOON, Step, step_reached
from webapp.quality.words import reminder

# A reminder that a mail server held up for longer helps nobody any more.
USEFUL_FOR = timedelta(days=2)
# No clock of the world is further ahead of UTC.
_FURTHEST = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Due:
    """Something of which somebody is to be told now: ``what`` is ``check`` or ``action``."""

    what: str
    id: int
    check_id: int
    title: str
    day: date
    user_id: int
    step: Step

    @property
    def kind(self) -> str:
        """What the app calls the reminder."""
        return f"quality_{self.what}_{self.step}"

    @property
    def key(self) -> str:
        """What it is told once by: put off, it is told of anew."""
        return f"{self.kind}:{self.id}:{self.day}"


def contracts_to_remind(session: Session, now: datetime) -> dict[int, list[Due]]:
    """What is to be told now, by contract; nothing at night, nor what was told already."""
    found: dict[int, list[Due]] = {}
    for contract in session.scalars(_contracts(now)):
        there = now.astimezone(ZoneInfo(contract.time_zone))
        if not is_time_to_tell(there.hour):
            continue
        due = list(_due(session, contract.id, there.date()))
        told = queries.told_of(session, contract.id, [one.key for one in due])
        left = [one for one in due if one.key not in told]
        if left:
            found[contract.id] = left
    return found


def _contracts(now: datetime) -> sa.Select[Contract]:
    latest = (now + _FURTHEST).date()
    checks = sa.exists().where(
        QualityCheck.contract_id == Contract.id,
        QualityCheck.state == "planned",
        QualityCheck.planned_on <= latest + timedelta(days=CHECK_SOON),
    )
    actions = sa.exists().where(
        QualityAction.contract_id == Contract.id,
        QualityAction.closed_at.is_(None),
        QualityAction.due_on <= latest + timedelta(days=ACTION_SOON),
    )
    return sa.select(Contract).where(sa.or_(checks, actions)).order_by(Contract.id)


def _due(session: Session, contract_id: int, today: date) -> Iterable[Due]:
    checks = session.scalars(
        sa.select(QualityCheck)
        .where(
            QualityCheck.contract_id == contract_id,
            QualityCheck.state == "planned",
            QualityCheck.planned_on <= today + timedelta(days=CHECK_SOON),
        )
        .order_by(QualityCheck.id)
    )
    for row in checks:
        if step := step_reached(row.planned_on, today, CHECK_SOON):
            yield Due("check", row.id, row.id, row.title, row.planned_on, row.holder_id, step)
    actions = session.scalars(
        sa.select(QualityAction)
        .where(
            QualityAction.contract_id == contract_id,
            QualityAction.closed_at.is_(None),
            QualityAction.due_on <= today + timedelta(days=ACTION_SOON),
        )
        .order_by(QualityAction.id)
    )
    for act in actions:
        if step := step_reached(act.due_on, today, ACTION_SOON):
            yield Due("action", act.id, act.check_id, act.text, act.due_on, act.owner_id, step)


def remind(session: Session, contract_id: int, due: Iterable[Due], now: datetime) -> None:
    """Tell each whose it is, and who accepts rounds of what is overdue; the same once for ever."""
    contract = session.get_one(Contract, contract_id)
    people = reachable(session, contract_id)
    for one in due:
        for to in people:
            own = to.recipient.user_id == one.user_id
            if own or (one.step == "overdue" and "accept" in to.rights):
                _tell(session, contract, one, to, now, escalated=not own)


def _tell(
    session: Session, contract: Contract, one: Due, to: Reachable, now: datetime, *, escalated: bool
) -> None:
    path = f"/desk/quality/checks?check={one.check_id}&contract={contract.code}"
    words = {
        "title": one.title,
        "day": one.day.isoformat(),
        "contract_zh": contract.name_zh,
        "contract_en": contract.name_en or contract.name_zh,
    }
    person = to.recipient
    notifications.tell(
        session,
        person,
        contract_id=contract.id,
        kind=one.kind,
        details={name: words[name] for name in ("title", "day")},
        path=path,
        key=one.key,
        now=now,
        escalated=escalated,
        message=reminder(one.kind, words, name=person.name, path=path, language=person.reads),
        useful_for=USEFUL_FOR,
    )
