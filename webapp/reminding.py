"""Reminders before the due day and escalation after it: who is told what still blocks the report.

Once a minute, and idempotent: what was told is a row, unique to person and step, so two workers at
once, or one that is killed in the middle, tell nobody twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.db import db, unit_of_work
from webapp.desk.rules import GROUP_RIGHTS, Blocker
from webapp.identity.contract_settings import ContractSettings, contract_settings
from webapp.identity.models import Contract
from webapp.identity.queries import Reachable, reachable
from webapp.identity.rules import ROLE_RIGHTS
from webapp.notifications import queries, services
from webapp.notifications.rules import (
    Person,
    Telling,
    Waiting,
    is_time_to_tell,
    steps_reached,
    what_to_tell,
)
from webapp.notifications.words import Line, Occasion, reminder
from webapp.quality import telling as quality_telling
from webapp.readiness import Readiness, beyond_of, readiness_of
from webapp.reports.models import Report
from webapp.rounds.models import Round

# No reminder is further from the due day than the settings allow (27 days), either way.
_WINDOW = timedelta(days=40)
# A reminder that a mail server held up for longer helps nobody any more.
USEFUL_FOR = timedelta(days=2)
_DESK = ("review", "manage_round", "accept")


@dataclass(frozen=True)
class Due:
    """A round whose report is not issued, with the steps whose day has come, of which some were told."""

    row: Round
    contract: Contract
    steps: list[str]
    told: frozenset[str]


def remind_and_escalate(now: datetime) -> None:
    """Tell the people in charge what blocks the reports that are due (clauses 21 and 28)."""
    for due in due_rounds(db.session(), now):
        # What blocks is read before the write lock is taken; what others told meanwhile isn't told again.
        ready = readiness_now(db.session(), due.row, now)
        with unit_of_work() as session:
            tell_of(session, due, ready, now)


def remind_of_quality(now: datetime) -> None:
    """Remind of quality checks to be held and of corrective actions to be closed (clause 28)."""
    # Looked at first without the write lock: most minutes have nothing to tell.
    for contract_id, due in quality_telling.contracts_to_remind(db.session(), now).items():
        with unit_of_work() as session:
            quality_telling.remind(session, contract_id, due, now)


def tell_of(session: Session, due: Due, ready: Readiness, now: datetime) -> None:
    """Tell who is to be told of a round, in the steps whose day has come; the same once for ever."""
    people = reachable(session, due.contract.id)
    waiting = [_waiting(row) for row in ready.blockers]
    tellings = what_to_tell(due.steps, waiting, map(_person, people), due.told)
    _tell(session, due, ready, {one.recipient.user_id: one for one in people}, tellings, now)


def due_rounds(session: Session, now: datetime) -> list[Due]:
    """The rounds of which somebody is to be told something now."""
    found = []
    for row, contract in session.execute(_open_statement(now)).all():
        steps = steps_now(row, contract, now)
        keys = queries.told_of(session, contract.id, [_key(row, step) for step in steps])
        told = frozenset(step for step in steps if _key(row, step) in keys)
        if told != set(steps):
            found.append(Due(row, contract, steps, told))
    return found


def _open_statement(now: datetime) -> sa.Select[Round, Contract]:
    issued = sa.exists().where(Report.round_id == Round.id, Report.sequence == 0)
    return (
        sa.select(Round, Contract)
        .join(Contract, Contract.id == Round.contract_id)
        .where(Round.due_on.between((now - _WINDOW).date(), (now + _WINDOW).date()), ~issued)
        .order_by(Round.id)
    )


def steps_now(row: Round, contract: Contract, now: datetime) -> list[str]:
    """The steps whose day, and hour, has come at the contract's place."""
    settings: ContractSettings = contract_settings(contract.settings)
    there = now.astimezone(ZoneInfo(contract.time_zone))
    if not is_time_to_tell(there.hour):
        return []
    return steps_reached(
        there.date(), row.due_on, settings.remind_days_before, settings.escalate_days_after
    )


def _key(row: Round, step: str) -> str:
    return f"{step}:{row.month}"


def readiness_now(session: Session, row: Round, now: datetime) -> Readiness:
    """What blocks a round of which no report is issued."""
    return readiness_of(session, row, None, beyond_of(session, row, None, now), now)


def _waiting(row: Blocker) -> Waiting:
    needs = "" if row.group == "person" else GROUP_RIGHTS[row.group]
    return Waiting(row.kind, row.owner_id, needs, row.count)


def _person(one: Reachable) -> Person:
    rights = frozenset[str](one.rights)
    return Person(one.recipient.user_id, rights, one.role in ROLE_RIGHTS, one.is_admin)


def _tell(
    session: Session,
    due: Due,
    ready: Readiness,
    people: Mapping[int, Reachable],
    tellings: Iterable[Telling],
    now: datetime,
) -> None:
    groups = {(row.kind, row.owner_id): row.group for row in ready.blockers}
    today = now.astimezone(ZoneInfo(due.contract.time_zone)).date()
    occasion = Occasion(
        contract_zh=due.contract.name_zh,
        contract_en=due.contract.name_en,
        month=due.row.month,
        due_on=due.row.due_on,
        days_left=(due.row.due_on - today).days,
    )
    for telling in tellings:
        one = people[telling.user_id]
        by_owner = telling.escalated or "accept" in one.rights
        lines = [
            _line(row, groups[row.kind, row.owner_id], ready, named=by_owner)  # type: ignore[index]
            for row in telling.waiting
        ]
        path = _path(one, due.row.month, due.contract.code, by_owner=by_owner)
        services.tell(
            session,
            one.recipient,
            contract_id=due.contract.id,
            kind=telling.step.partition(":")[0],
            details=details_of(
                occasion.month, occasion.due_on, occasion.days_left, lines, by_owner=by_owner
            ),
            path=path,
            key=_key(due.row, telling.step),
            now=now,
            escalated=telling.escalated,
            message=reminder(
                occasion,
                lines,
                name=one.recipient.name,
                path=path,
                by_owner=by_owner,
                language=one.recipient.reads,
            ),
            useful_for=USEFUL_FOR,
        )


def _line(row: Waiting, group: str, ready: Readiness, *, named: bool) -> Line:
    owner: Mapping[str, Any] = ready.people.get(row.owner_id or 0, {}) if named else {}
    return Line(row.kind, row.count, group, owner.get("name", ""), owner.get("name_en", ""))


def _path(one: Reachable, month: str, code: str, *, by_owner: bool) -> str:
    """An engineer is led to his phone's home, who supervises to what blocks; in this contract."""
    if not by_owner and not one.rights & set(_DESK):
        return f"/?{urlencode({'phone': 1, 'contract': code})}"
    query = {"contract": code} if by_owner else {"whose": "mine", "contract": code}
    return f"/desk/ready/{month}?{urlencode(query)}"


def details_of(
    month: str, due_on: date, days_left: int, lines: Iterable[Line], *, by_owner: bool
) -> dict[str, Any]:
    """What the app shows of a reminder: plain data, which the client puts into the reader's words."""
    rows = list(lines)
    return {
        "month": month,
        "due_on": due_on.isoformat(),
        "days_left": days_left,
        "count": sum(line.count for line in rows),
        "by_owner": by_owner,
        "lines": [asdict(line) for line in rows],
    }
