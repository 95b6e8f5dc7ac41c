"""Entering, changing and cancelling absences (clause 26)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.cases.answering import tells_who_is_away
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.identity.models import Membership
from webapp.identity.rules import ROLE_RIGHTS, Access
from webapp.team.models import Absence, HandedOver
from webapp.team.rules import check_days, overlap


@dataclass(frozen=True, slots=True)
class Away:
    """Who is away, from when to when (both included; None: open), why, and who stands in."""

    user_id: int
    from_on: date
    to_on: date | None
    reason: str
    stand_in_id: int
    text: str = ""


def enter_absence(session: Session, access: Access, uid: str, away: Away, now: datetime) -> Absence:
    """Enter an absence, one's own or anybody's as who manages people; the same ``uid`` again is the same.

    :raise AppError: ``forbidden``; ``invalid``; ``person_unknown``; ``absence_overlaps``,
        ``stand_in_absent``
    """
    take_sequence(session, access.contract_id)
    known = session.scalar(
        sa.select(Absence).where(Absence.contract_id == access.contract_id, Absence.uid == uid)
    )
    if known is not None:
        return known
    _check(session, access, away, None)
    row = Absence(
        contract_id=access.contract_id,
        uid=uid,
        user_id=away.user_id,
        from_on=away.from_on,
        to_on=away.to_on,
        reason=away.reason,
        text=away.text.strip(),
        stand_in_id=away.stand_in_id,
        entered_by_id=access.user_id,
        entered_at=now,
    )
    session.add(row)
    session.flush()  # the audit row names its id
    note(session, access, "enter", row, audit.first_values(_told(row)), now)
    return row


def change_absence(
    session: Session, access: Access, absence_id: int, away: Away, now: datetime
) -> Absence:
    """Change an absence's days, reason or stand-in; whose it is stays.

    :raise AppError: ``not_found``, ``forbidden``; ``absence_handed_over`` where the stand-in has been
        given something; and what :func:`enter_absence` refuses
    """
    take_sequence(session, access.contract_id)
    row = absence_of(session, access.contract_id, absence_id)
    if away.user_id != row.user_id:
        raise AppError("invalid", fields={"user_id": ["invalid"]})
    _check(session, access, away, row.id)
    if away.stand_in_id != row.stand_in_id and handed(session, row.id):
        raise AppError("absence_handed_over")
    before = _told(row)
    row.from_on, row.to_on, row.reason = away.from_on, away.to_on, away.reason
    row.stand_in_id, row.text = away.stand_in_id, away.text.strip()
    diff = audit.differences(before, _told(row))
    if diff:
        note(session, access, "change", row, diff, now)
    return row


def cancel_absence(session: Session, access: Access, absence_id: int, now: datetime) -> Absence:
    """Cancel an absence that doesn't take place.

    :raise AppError: ``not_found``, ``forbidden``; ``absence_handed_over``: give back first
    """
    take_sequence(session, access.contract_id)
    row = absence_of(session, access.contract_id, absence_id)
    _check_whose(access, row.user_id)
    if handed(session, row.id):
        raise AppError("absence_handed_over")
    if row.cancelled_at is None:
        row.cancelled_at = now
        note(session, access, "cancel", row, {"cancelled_at": [None, now.isoformat()]}, now)
    return row


@tells_who_is_away
def stand_ins(session: Session, contract_id: int, today: date) -> dict[int, int]:
    """Who stands in for those who are away today, by user id."""
    rows = session.execute(
        sa.select(Absence.user_id, Absence.stand_in_id).where(
            Absence.contract_id == contract_id,
            Absence.cancelled_at.is_(None),
            Absence.from_on <= today,
            sa.or_(Absence.to_on.is_(None), Absence.to_on >= today),
        )
    )
    return dict(rows.all())


def absence_of(session: Session, contract_id: int, absence_id: int) -> Absence:
    """An absence of the contract. :raise AppError: ``not_found``"""
    row = session.get(Absence, absence_id)
    if row is None or row.contract_id != contract_id:
        raise AppError("not_found")
    return row


def handed(session: Session, absence_id: int) -> list[HandedOver]:
    """What the stand-in has been given and not given back."""
    statement = (
        sa.select(HandedOver)
        .where(HandedOver.absence_id == absence_id, HandedOver.returned_at.is_(None))
        .order_by(HandedOver.id)
    )
    return list(session.scalars(statement))


def note(
    session: Session,
    access: Access,
    action: str,
    row: Absence,
    diff: dict[str, Any],
    now: datetime,
) -> None:
    """Write down what was done with an absence."""
    audit.record(
        session,
        at=now,
        user_id=access.user_id,
        contract_id=access.contract_id,
        action=f"absence_{action}",
        entity="absence",
        entity_id=row.id,
        diff=diff,
    )


def _check(session: Session, access: Access, away: Away, but: int | None) -> None:
    _check_whose(access, away.user_id)
    check_days(away.from_on, away.to_on)
    if away.stand_in_id == away.user_id:
        raise AppError("invalid", fields={"stand_in_id": ["invalid"]})
    handlers = _handlers(session, access.contract_id)
    for user_id in (away.user_id, away.stand_in_id):
        if user_id not in handlers:
            raise AppError("person_unknown", user_id=user_id)
    others = session.scalars(
        sa.select(Absence).where(
            Absence.contract_id == access.contract_id,
            Absence.cancelled_at.is_(None),
            Absence.user_id.in_((away.user_id, away.stand_in_id)),
            Absence.id != (but or 0),
        )
    )
    for other in others:
        if overlap((away.from_on, away.to_on), (other.from_on, other.to_on)):
            own = other.user_id == away.user_id
            raise AppError("absence_overlaps" if own else "stand_in_absent")


def _check_whose(access: Access, user_id: int) -> None:
    if user_id != access.user_id and not access.may("manage_people"):
        raise AppError("forbidden", right="manage_people")


def _handlers(session: Session, contract_id: int) -> set[int]:
    roles = [role for role, rights in ROLE_RIGHTS.items() if "handle" in rights]
    statement = sa.select(Membership.user_id).where(
        Membership.contract_id == contract_id,
        Membership.left_at.is_(None),
        Membership.role.in_(roles),
    )
    return set(session.scalars(statement))


def _told(row: Absence) -> dict[str, Any]:
    return {
        "user_id": row.user_id,
        "from_on": row.from_on.isoformat(),
        "to_on": row.to_on.isoformat() if row.to_on else None,
        "reason": row.reason,
        "stand_in_id": row.stand_in_id,
        "text": row.text,
    }
