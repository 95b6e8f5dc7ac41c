"""Logging what was worked after hours, and voiding what was logged wrong (clauses 24, 31)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.cases.models import Case
from webapp.cases.opening import case_named
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.hours import rules
from webapp.hours.after_confirming import tell_who_confirmed
from webapp.hours.models import HoursEntry, PlannedWork
from webapp.hours.running_out import tell_of_free_hours
from webapp.hours.settings import starts_of, terms_of
from webapp.identity.models import Contract, Membership
from webapp.identity.rules import ROLE_RIGHTS, Access

KIND = "after_hours"
_Row = TypeVar("_Row", PlannedWork, HoursEntry)


@dataclass(frozen=True, slots=True)
class Logging:
    """What somebody has worked on a case; ``uid`` keeps it from being logged twice."""

    uid: str
    user_id: int
    began_at: datetime
    ended_at: datetime
    break_minutes: int = 0
    note: str = ""


def log_hours(
    session: Session, access: Access, name: str, logging: Logging, now: datetime
) -> HoursEntry:
    """Write into the ledger what somebody has worked; the same ``uid`` again writes nothing more.

    Each logs his own; for another does who manages rounds. What was worked is logged though the client has
    confirmed the case meanwhile: he is told. Seconds are left out.

    :raise AppError: ``not_found``; ``hours_not_here`` where the case is no such one or was cancelled;
        ``person_unknown`` where he had left the contract by then; ``forbidden``; ``invalid``, by field;
        ``hours_overlap`` with the line's number where he has worked then already, ``hours_elsewhere`` where
        he has in another contract
    """
    take_sequence(session, access.contract_id)
    known = known_by(session, access, HoursEntry, logging.uid)
    if known is not None:
        return known
    case = _case_worked_on(session, access, name)
    _check_may_log_for(access, logging.user_id)
    _check_worker(session, access, logging.user_id, logging.began_at)
    began_at, ended_at = on_the_minute(logging.began_at), on_the_minute(logging.ended_at)
    wrong = rules.entry_problems(began_at, ended_at, logging.break_minutes, now)
    if wrong:
        raise AppError("invalid", fields=wrong)
    _check_not_worked(session, access, logging.user_id, began_at, ended_at)
    row = _new_entry(session, access, case, logging, (began_at, ended_at), now)
    _added(session, access, row, "log_hours", now)
    tell_of_free_hours(session, access.contract_id, row.year, now)
    tell_who_confirmed(session, case, row, now)
    return row


def _new_entry(
    session: Session,
    access: Access,
    case: Case,
    logging: Logging,
    span: tuple[datetime, datetime],
    now: datetime,
) -> HoursEntry:
    """The line, counted by the terms that hold now."""
    contract, (began_at, ended_at) = session.get_one(Contract, access.contract_id), span
    worked_on = began_at.astimezone(ZoneInfo(contract.time_zone)).date()
    rounding = terms_of(contract).rounding
    return HoursEntry(
        contract_id=contract.id,
        uid=logging.uid,
        number=_next_number(session, contract.id),
        case_id=case.id,
        user_id=logging.user_id,
        began_at=began_at,
        ended_at=ended_at,
        break_minutes=logging.break_minutes,
        half_hours=rules.counted_half_hours(began_at, ended_at, logging.break_minutes, rounding),
        worked_on=worked_on,
        year=rules.contract_year(worked_on, starts_of(contract)).year,
        note=logging.note.strip(),
        logged_by_id=access.user_id,
        logged_at=now,
    )


def void_hours(
    session: Session, access: Access, number: int, uid: str, reason: str, now: datetime
) -> HoursEntry:
    """Void a line of the ledger by a second one that counts its hours back, with the reason.

    Each voids his own; another's does who manages rounds. The same ``uid`` again voids nothing more.

    :returns: the second line
    :raise AppError: ``not_found``; ``forbidden``; ``hours_voided`` where it is voided, or voids another;
        ``invalid`` without a reason
    """
    take_sequence(session, access.contract_id)
    known = known_by(session, access, HoursEntry, uid)
    if known is not None:
        return known
    row = entry_of(session, access.contract_id, number)
    _check_may_log_for(access, row.user_id)
    voided = session.scalar(sa.select(HoursEntry.id).where(HoursEntry.voids_id == row.id))
    if row.voids_id is not None or voided is not None:
        raise AppError("hours_voided", number=number)
    if not reason.strip():
        raise AppError("invalid", fields={"reason": ["missing"]})
    line = HoursEntry(
        contract_id=row.contract_id,
        uid=uid,
        number=_next_number(session, row.contract_id),
        case_id=row.case_id,
        user_id=row.user_id,
        began_at=row.began_at,
        ended_at=row.ended_at,
        break_minutes=row.break_minutes,
        half_hours=-row.half_hours,
        worked_on=row.worked_on,
        year=row.year,
        note=reason.strip(),
        voids_id=row.id,
        logged_by_id=access.user_id,
        logged_at=now,
    )
    return _added(session, access, line, "void_hours", now)


def entry_of(session: Session, contract_id: int, number: int) -> HoursEntry:
    """The ledger's line of that number. :raise AppError: ``not_found``"""
    row = session.scalar(
        sa.select(HoursEntry).where(
            HoursEntry.contract_id == contract_id, HoursEntry.number == number
        )
    )
    if row is None:
        raise AppError("not_found")
    return row


def _added(
    session: Session, access: Access, row: HoursEntry, action: str, now: datetime
) -> HoursEntry:
    session.add(row)
    session.flush()  # the database has its say on it before it is told of
    given = {
        "user_id": row.user_id,
        "began_at": row.began_at.isoformat(),
        "ended_at": row.ended_at.isoformat(),
        "break_minutes": row.break_minutes,
        "half_hours": row.half_hours,
        "note": row.note,
    }
    diff = audit.first_values(given)
    _audit(session, access, action, "hours_entry", row.number, diff, now)
    tell_phones(session, access.contract_id)
    return row


def known_by(session: Session, access: Access, model: type[_Row], uid: str) -> _Row | None:
    """What the same request had become before."""
    return session.scalar(
        sa.select(model).where(model.contract_id == access.contract_id, model.uid == uid)
    )


def on_the_minute(at: datetime) -> datetime:
    """Seconds are left out."""
    return at.replace(second=0, microsecond=0)


def tell_phones(session: Session, contract_id: int) -> None:
    """What is left changes with every line: phones hear of it with the cases that are worked on."""
    session.execute(
        sa.update(Case)
        .where(Case.contract_id == contract_id, Case.kind == KIND, Case.live)
        .values(seq=take_sequence(session, contract_id))
        .execution_options(synchronize_session=False)
    )


def _case_worked_on(session: Session, access: Access, name: str) -> Case:
    """A case after hours that was not cancelled: what was worked was worked, confirmed or not."""
    case = case_named(session, access.contract_id, name)
    if not takes_hours(case):
        raise AppError("hours_not_here", name=name)
    return case


def takes_hours(case: Case) -> bool:
    """Whether what was worked on it can be logged."""
    return case.kind == KIND and case.state != "cancelled"


def _check_worker(session: Session, access: Access, user_id: int, began_at: datetime) -> None:
    """He handles the contract's cases, or did on that day and has left since."""
    contract = session.get_one(Contract, access.contract_id)
    local = began_at.astimezone(ZoneInfo(contract.time_zone))
    day = datetime.combine(local.date(), time(), local.tzinfo)
    role = session.scalar(
        sa.select(Membership.role).where(
            Membership.contract_id == contract.id,
            Membership.user_id == user_id,
            sa.or_(Membership.left_at.is_(None), Membership.left_at >= day),
        )
    )
    if role is None or "handle" not in ROLE_RIGHTS.get(role, frozenset()):
        raise AppError("person_unknown", user_id=user_id)


def _check_may_log_for(access: Access, user_id: int) -> None:
    if user_id != access.user_id and not access.may("manage_round"):
        raise AppError("forbidden", right="manage_round")


def _check_not_worked(
    session: Session, access: Access, user_id: int, began_at: datetime, ended_at: datetime
) -> None:
    """Nobody works twice at once; what is voided was not worked.

    Another contract's line is refused too, and not named: who asks may not know of it.
    """
    voids = sa.select(HoursEntry.voids_id).where(HoursEntry.voids_id.is_not(None))
    other = session.scalars(
        sa.select(HoursEntry)
        .where(
            HoursEntry.user_id == user_id,
            HoursEntry.voids_id.is_(None),
            HoursEntry.id.not_in(voids),
            HoursEntry.began_at < ended_at,
            HoursEntry.ended_at > began_at,
        )
        .order_by(HoursEntry.contract_id != access.contract_id, HoursEntry.id)
        .limit(1)
    ).one_or_none()
    if other is not None:
        if other.contract_id != access.contract_id:
            raise AppError("hours_elsewhere")
        raise AppError("hours_overlap", number=other.number)


def _next_number(session: Session, contract_id: int) -> int:
    """The next free number; the contract's row is locked by its sequence."""
    last = session.scalar(
        sa.select(sa.func.max(HoursEntry.number)).where(HoursEntry.contract_id == contract_id)
    )
    return (last or 0) + 1


def _audit(
    session: Session,
    access: Access,
    action: str,
    entity: str,
    entity_id: object,
    diff: dict[str, Any],
    now: datetime,
) -> None:
    audit.record(
        session,
        at=now,
        user_id=access.user_id,
        contract_id=access.contract_id,
        action=action,
        entity=entity,
        entity_id=entity_id,
        diff=diff,
    )
