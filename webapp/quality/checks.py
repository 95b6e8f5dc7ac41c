"""Planning, holding and closing periodic quality checks, and what is corrected after them (clause 28)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.identity.models import Contract, Membership
from webapp.identity.rules import ROLE_RIGHTS, Access
from webapp.quality.measuring import NOTHING, measure
from webapp.quality.models import QualityAction, QualityCheck
from webapp.quality.rules import (
    TARGETS,
    Finding,
    check_state,
    findings_problems,
    next_day,
    thresholds_of,
)
from webapp.quality.targets import KEY
from webapp.rounds.rules import today_in

# What the next of a series is called by, so that it is planned once.
_SERIES = uuid.UUID("9f2cc2f5-3f0a-4d6f-8a35-2f6b0c1d7e44")


@dataclass(frozen=True, slots=True)
class Planning:
    """A check to come: for which day, held by whom, again after how many months (0: once)."""

    title: str
    planned_on: date
    holder_id: int
    every_months: int = 0


@dataclass(frozen=True, slots=True)
class Acting:
    """What is to be corrected, by whom, until when; ``uid`` keeps it from being written twice."""

    uid: str
    text: str
    owner_id: int
    due_on: date
    target: str = ""


@dataclass(frozen=True, slots=True)
class Holding:
    """What a check found, in the figures of which month, and what follows from it."""

    held_on: date
    month: str
    findings: Sequence[Finding] = ()
    conclusion: str = ""
    actions: Sequence[Acting] = ()


def plan_check(
    session: Session, access: Access, uid: str, planning: Planning, now: datetime
) -> QualityCheck:
    """Plan a check; the same ``uid`` again plans nothing more.

    :raise AppError: ``invalid``; ``person_unknown`` where the holder is nobody of the provider's
    """
    take_sequence(session, access.contract_id)
    known = session.scalar(
        sa.select(QualityCheck).where(
            QualityCheck.contract_id == access.contract_id, QualityCheck.uid == uid
        )
    )
    if known is not None:
        return known
    _check_person(session, access, planning.holder_id)
    return _planned(session, access, uid, planning, now)


def _planned(
    session: Session, access: Access, uid: str, planning: Planning, now: datetime
) -> QualityCheck:
    title = _one_line(planning.title, "title")
    row = QualityCheck(
        contract_id=access.contract_id,
        uid=uid,
        number=_next_number(session, access.contract_id),
        title=title,
        planned_on=planning.planned_on,
        every_months=planning.every_months,
        holder_id=planning.holder_id,
        planned_by_id=access.user_id,
        planned_at=now,
    )
    session.add(row)
    session.flush()  # the audit row names its id
    _note(session, access, "plan", row, audit.first_values(_plan_of(row)), now)
    return row


def change_check(
    session: Session, access: Access, check_id: int, planning: Planning, now: datetime
) -> QualityCheck:
    """Change a check that is still to come.

    :raise AppError: ``not_found``; ``check_not_planned``; ``invalid``; ``person_unknown``
    """
    row = _to_come(session, access, check_id)
    title = _one_line(planning.title, "title")
    if planning.holder_id != row.holder_id:
        _check_person(session, access, planning.holder_id)
    before = _plan_of(row)
    row.title, row.planned_on = title, planning.planned_on
    row.every_months, row.holder_id = planning.every_months, planning.holder_id
    diff = audit.differences(before, _plan_of(row))
    if diff:
        _note(session, access, "change", row, diff, now)
    return row


def cancel_check(session: Session, access: Access, check_id: int, now: datetime) -> QualityCheck:
    """Cancel a check that is not to be held; its series ends with it.

    :raise AppError: ``not_found``; ``check_not_planned``
    """
    row = _to_come(session, access, check_id)
    row.state = check_state(held=False, cancelled=True, open_actions=0)
    _note(session, access, "cancel", row, {"state": ["planned", row.state]}, now)
    return row


def hold_check(
    session: Session, access: Access, check_id: int, holding: Holding, now: datetime
) -> QualityCheck:
    """Write down what a check found, with the figures as they are measured now; plan the next one.

    Its holder holds it, or who accepts rounds.

    :raise AppError: ``not_found``; ``forbidden``; ``check_not_planned``; ``invalid``; ``person_unknown``
    """
    row = _to_come(session, access, check_id)
    if row.holder_id != access.user_id and not access.may("accept"):
        raise AppError("forbidden", right="accept")
    contract = session.get_one(Contract, access.contract_id)
    wrong = findings_problems(holding.findings)
    if holding.held_on > today_in(contract.time_zone, now):
        wrong["held_on"] = ["to_come"]
    if wrong:
        raise AppError("invalid", fields=wrong)
    row.held_on, row.held_by_id, row.held_at = holding.held_on, access.user_id, now
    row.month, row.conclusion = holding.month, holding.conclusion.strip()
    row.findings = _measured(session, contract, holding)
    for acting in holding.actions:
        _add(session, access, row, acting, now)
    row.state = check_state(held=True, cancelled=False, open_actions=len(holding.actions))
    given = {"held_on": row.held_on.isoformat(), "month": row.month, "conclusion": row.conclusion}
    diff = {"state": ["planned", row.state], **audit.first_values(given)}
    _note(session, access, "hold", row, diff, now)
    if row.every_months:
        _plan_next(session, access, row, now)
    return row


def add_action(
    session: Session, access: Access, check_id: int, acting: Acting, now: datetime
) -> QualityAction:
    """Write down one more thing to be corrected after a check; the same ``uid`` again adds nothing.

    :raise AppError: ``not_found``; ``check_not_held``; ``invalid``; ``person_unknown``
    """
    take_sequence(session, access.contract_id)
    row = check_of(session, access.contract_id, check_id)
    known = session.scalar(
        sa.select(QualityAction).where(
            QualityAction.contract_id == access.contract_id, QualityAction.uid == acting.uid
        )
    )
    if known is not None:
        return known
    if row.held_at is None:
        raise AppError("check_not_held")
    action = _add(session, access, row, acting, now)
    row.state = "acting"
    return action


def close_action(
    session: Session, access: Access, action_id: int, result: str, now: datetime
) -> QualityAction:
    """Say what was done; the last one of a check closes it. Again changes nothing.

    Its owner closes it, or who accepts rounds.

    :raise AppError: ``not_found``; ``forbidden``; ``invalid``
    """
    take_sequence(session, access.contract_id)
    action = session.get(QualityAction, action_id)
    if action is None or action.contract_id != access.contract_id:
        raise AppError("not_found")
    if action.owner_id != access.user_id and not access.may("accept"):
        raise AppError("forbidden", right="accept")
    if action.closed_at is not None:
        return action
    action.result = result.strip()
    if not action.result:
        raise AppError("invalid", fields={"result": ["missing"]})
    action.closed_at, action.closed_by_id = now, access.user_id
    session.flush()  # what is still open is counted without it
    row = session.get_one(QualityCheck, action.check_id)
    row.state = check_state(held=True, cancelled=False, open_actions=_open(session, row.id))
    diff = {"result": [None, action.result], "closed_at": [None, now.isoformat()]}
    _note_action(session, access, "close", action, diff, now)
    return action


def check_of(session: Session, contract_id: int, check_id: int) -> QualityCheck:
    """A check of the contract. :raise AppError: ``not_found``"""
    row = session.get(QualityCheck, check_id)
    if row is None or row.contract_id != contract_id:
        raise AppError("not_found")
    return row


def _to_come(session: Session, access: Access, check_id: int) -> QualityCheck:
    take_sequence(session, access.contract_id)
    row = check_of(session, access.contract_id, check_id)
    if row.state != "planned":
        raise AppError("check_not_planned")
    return row


def _measured(session: Session, contract: Contract, holding: Holding) -> list[Any]:
    """The findings with what each target came to, and every target that has none as it stands."""
    shares = measure(session, contract, holding.month, 1)[holding.month]
    thresholds = thresholds_of(contract.settings.get(KEY, {}))
    words = {one.target: one.text.strip() for one in holding.findings}
    return [
        {
            "target": key,
            "text": words.get(key, ""),
            "threshold": thresholds[key],
            "part": (share := shares.get(key, NOTHING)).part,
            "whole": share.whole,
            "percent": share.percent,
        }
        for key in TARGETS
        if thresholds[key] is not None or key in words
    ]


def _plan_next(session: Session, access: Access, row: QualityCheck, now: datetime) -> None:
    """The next of the series: counted from the day that was planned, held by the same person.

    Where he has left the contract meanwhile, by whoever stood in for him now.
    """
    uid = str(uuid.uuid5(_SERIES, row.uid))
    on = next_day(row.planned_on, row.every_months)
    while row.held_on is not None and on <= row.held_on:
        on = next_day(on, row.every_months)
    session.flush()  # the next number is counted with it
    holder = row.holder_id if _handles(session, access, row.holder_id) else access.user_id
    _planned(session, access, uid, Planning(row.title, on, holder, row.every_months), now)


def _add(
    session: Session, access: Access, row: QualityCheck, acting: Acting, now: datetime
) -> QualityAction:
    if acting.target not in ("", *TARGETS):
        raise AppError("invalid", fields={"target": ["invalid"]})
    _check_person(session, access, acting.owner_id)
    action = QualityAction(
        contract_id=access.contract_id,
        uid=acting.uid,
        check_id=row.id,
        target=acting.target,
        text=_one_line(acting.text, "text"),
        owner_id=acting.owner_id,
        due_on=acting.due_on,
        made_by_id=access.user_id,
        made_at=now,
    )
    session.add(action)
    session.flush()  # the audit row names its id
    given = {
        "text": action.text,
        "target": action.target,
        "owner_id": action.owner_id,
        "due_on": action.due_on.isoformat(),
        "check": row.number,
    }
    _note_action(session, access, "open", action, audit.first_values(given), now)
    return action


def _open(session: Session, check_id: int) -> int:
    waiting = sa.select(sa.func.count()).where(
        QualityAction.check_id == check_id, QualityAction.closed_at.is_(None)
    )
    return session.scalar(waiting) or 0


def _next_number(session: Session, contract_id: int) -> int:
    """The next free number; the contract's row is locked by its sequence."""
    last = session.scalar(
        sa.select(sa.func.max(QualityCheck.number)).where(QualityCheck.contract_id == contract_id)
    )
    return (last or 0) + 1


def _check_person(session: Session, access: Access, user_id: int) -> None:
    if not _handles(session, access, user_id):
        raise AppError("person_unknown", user_id=user_id)


def _handles(session: Session, access: Access, user_id: int) -> bool:
    role = session.scalar(
        sa.select(Membership.role).where(
            Membership.contract_id == access.contract_id,
            Membership.user_id == user_id,
            Membership.left_at.is_(None),
        )
    )
    return "handle" in ROLE_RIGHTS.get(role or "", frozenset())


def _one_line(text: str, field: str) -> str:
    line = " ".join(text.split())
    if not line:
        raise AppError("invalid", fields={field: ["missing"]})
    return line


def _plan_of(row: QualityCheck) -> dict[str, Any]:
    return {
        "title": row.title,
        "planned_on": row.planned_on.isoformat(),
        "every_months": row.every_months,
        "holder_id": row.holder_id,
    }


def _note(
    session: Session,
    access: Access,
    action: str,
    row: QualityCheck,
    diff: dict[str, Any],
    now: datetime,
) -> None:
    audit.record(
        session,
        at=now,
        user_id=access.user_id,
        contract_id=access.contract_id,
        action=f"quality_check_{action}",
        entity="quality_check",
        entity_id=row.number,
        diff=diff,
    )


def _note_action(
    session: Session,
    access: Access,
    action: str,
    row: QualityAction,
    diff: dict[str, Any],
    now: datetime,
) -> None:
    audit.record(
        session,
        at=now,
        user_id=access.user_id,
        contract_id=access.contract_id,
        action=f"quality_action_{action}",
        entity="quality_action",
        entity_id=row.id,
        diff=diff,
    )
