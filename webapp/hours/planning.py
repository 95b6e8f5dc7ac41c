"""Planning people for a case after hours, and taking it back: by hand, or because the case is cancelled (clause 23)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.cases.following import follows
from webapp.cases.models import Case, CaseEvent
from webapp.cases.opening import called, case_named
from webapp.cases.services import Author
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.hours import rules
from webapp.hours.models import PlannedWork
from webapp.hours.services import KIND, known_by, on_the_minute, tell_phones
from webapp.hours.words import planned_message
from webapp.identity.models import Contract, Membership
from webapp.identity.queries import reachable
from webapp.identity.rules import ROLE_RIGHTS, Access
from webapp.notifications import services as notifications

# What a mail server held up for longer is of no use any more.
USEFUL_FOR = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Planning:
    """Who is to work on a case, from when to when, for what; ``uid`` keeps it from being planned twice."""

    uid: str
    user_id: int
    from_at: datetime
    to_at: datetime
    task: str = ""


def plan_work(
    session: Session, access: Access, name: str, planning: Planning, now: datetime
) -> PlannedWork:
    """Plan somebody for a case after hours and tell him; the same ``uid`` again plans nothing more.

    :raise AppError: ``not_found``; ``hours_not_here`` where the case is no such one or is over;
        ``person_unknown``; ``invalid``, by field; ``plan_overlaps`` where he is planned then already
    """
    take_sequence(session, access.contract_id)
    known = known_by(session, access, PlannedWork, planning.uid)
    if known is not None:
        return known
    case = case_named(session, access.contract_id, name)
    if case.kind != KIND or not case.live:
        raise AppError("hours_not_here", name=name)
    _check_handles(session, access, planning.user_id)
    from_at, to_at = on_the_minute(planning.from_at), on_the_minute(planning.to_at)
    wrong = rules.span_problems(from_at, to_at)
    if wrong:
        raise AppError("invalid", fields=wrong)
    _check_is_free(session, planning.user_id, from_at, to_at)
    row = PlannedWork(
        contract_id=access.contract_id,
        uid=planning.uid,
        case_id=case.id,
        user_id=planning.user_id,
        from_at=from_at,
        to_at=to_at,
        task=" ".join(planning.task.split()),
        planned_by_id=access.user_id,
        planned_at=now,
    )
    session.add(row)
    session.flush()  # what tells of it names its id
    given = {"user_id": row.user_id, "from_at": from_at.isoformat(), "to_at": to_at.isoformat()}
    _audit(session, case, access.user_id, "plan_hours", audit.first_values(given), now)
    tell_phones(session, access.contract_id)
    _tell(session, case, row, "hours_planned", access.user_id, now)
    return row


def withdraw_plan(session: Session, access: Access, planned_id: int, now: datetime) -> PlannedWork:
    """Take back that somebody is planned, and tell him; twice is once.

    :raise AppError: ``not_found``
    """
    take_sequence(session, access.contract_id)
    row = session.get(PlannedWork, planned_id)
    if row is None or row.contract_id != access.contract_id:
        raise AppError("not_found")
    if row.withdrawn_at is None:
        _withdraw(session, session.get_one(Case, row.case_id), row, access.user_id, now)
        tell_phones(session, access.contract_id)
    return row


@follows("cancel")
def withdraw_all(
    session: Session, case: Case, _event: CaseEvent, author: Author, now: datetime
) -> None:
    """A case that is cancelled needs nobody: whoever was planned is free again, and told so."""
    if case.kind != KIND:
        return
    standing = sa.select(PlannedWork).where(
        PlannedWork.case_id == case.id, PlannedWork.withdrawn_at.is_(None)
    )
    for row in session.scalars(standing.order_by(PlannedWork.id)).all():
        _withdraw(session, case, row, author.user_id, now)
    tell_phones(session, case.contract_id)


def _withdraw(
    session: Session, case: Case, row: PlannedWork, by: int | None, now: datetime
) -> None:
    row.withdrawn_at, row.withdrawn_by_id = now, by
    _audit(session, case, by, "withdraw_hours_plan", {"user_id": [row.user_id, None]}, now)
    if row.to_at > now:
        _tell(session, case, row, "hours_withdrawn", by, now)


def _check_handles(session: Session, access: Access, user_id: int) -> None:
    role = session.scalar(
        sa.select(Membership.role).where(
            Membership.contract_id == access.contract_id,
            Membership.user_id == user_id,
            Membership.left_at.is_(None),
        )
    )
    if role is None or "handle" not in ROLE_RIGHTS.get(role, frozenset()):
        raise AppError("person_unknown", user_id=user_id)


def _check_is_free(session: Session, user_id: int, from_at: datetime, to_at: datetime) -> None:
    """Nobody is at two places at once, in whatever contract."""
    statement = sa.select(PlannedWork.id).where(
        PlannedWork.user_id == user_id,
        PlannedWork.withdrawn_at.is_(None),
        PlannedWork.from_at < to_at,
        PlannedWork.to_at > from_at,
    )
    if session.scalar(statement.limit(1)) is not None:
        raise AppError("plan_overlaps")


def _tell(
    session: Session, case: Case, row: PlannedWork, kind: str, by: int | None, now: datetime
) -> None:
    """Tell him that he is planned, or is not any more, unless he has done it himself."""
    contract = session.get_one(Contract, case.contract_id)
    zone = ZoneInfo(contract.time_zone)
    path = f"/desk/cases/{called(case)}?contract={contract.code}"
    details = {
        "case": called(case),
        "title": case.title,
        "from_at": row.from_at.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
        "to_at": row.to_at.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
    }
    for one in reachable(session, contract.id):
        to = one.recipient
        if to.user_id != row.user_id or to.user_id == by:
            continue
        words = {**details, "task": row.task, "contract": to.contract}
        notifications.tell(
            session,
            to,
            contract_id=contract.id,
            kind=kind,
            details=details,
            path=path,
            key=f"{kind}:{row.id}",
            now=now,
            message=planned_message(words, name=to.name, path=path, language=to.reads)
            if kind == "hours_planned"
            else None,
            useful_for=USEFUL_FOR,
        )


def _audit(
    session: Session,
    case: Case,
    by: int | None,
    action: str,
    diff: dict[str, Any],
    now: datetime,
) -> None:
    audit.record(
        session,
        at=now,
        user_id=by,
        contract_id=case.contract_id,
        action=action,
        entity="case",
        entity_id=called(case),
        diff=diff,
    )
