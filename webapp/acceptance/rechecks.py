"""A colleague's second look at others' work (clause 45: work is checked and re-checked)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.acceptance.facts import RoundState, TaskFacts, round_state, signer_of
from webapp.acceptance.models import Recheck, ReturnedAnswer
from webapp.acceptance.return_queries import state_column
from webapp.acceptance.returns import act_on_return, return_answer
from webapp.acceptance.rules import why_not_recheck
from webapp.audit import services as audit
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.identity.rules import Access
from webapp.rounds import queries as rounds
from webapp.rounds.models import Inspection, Round, RoundTask
from webapp.rounds.rules import TAKING


@dataclass(frozen=True, slots=True)
class Check:
    """A peer's word on the revision of an inspection that he saw; ``item`` is what he sends back."""

    inspection_id: int
    revision: int
    result: Literal["confirmed", "returned"]
    item: str | None = None
    remark: str = ""


def recheck(
    session: Session, access: Access, month: str, checks: Sequence[Check], now: datetime
) -> list[Recheck]:
    """Confirm others' work, or send an answer back with words; all of the checks or none.

    What is sent back lies on top of its author's list. Who says something else of the same revision
    takes his first word back; what he had sent back and now confirms is settled by it.

    :raise AppError: ``not_found``; ``round_not_open``; ``forbidden``; ``recheck_refused`` with the
        reason (his own work); ``inspection_changed`` when it isn't the revision that counts now;
        ``invalid`` when something is sent back without words
    """
    take_sequence(session, access.contract_id)
    of_round = rounds.round_of(session, access.contract_id, month)
    if of_round.state not in TAKING:
        raise AppError("round_not_open", state=of_round.state)
    rooms = _rooms_of(session, of_round, {check.inspection_id for check in checks})
    state = round_state(session, of_round, set(rooms.values()))
    tasks = [_task_of(state, access, rooms[check.inspection_id], check) for check in checks]
    return [
        _recheck(session, access, of_round, task, check, now)
        for task, check in zip(tasks, checks, strict=True)
    ]


def _rooms_of(session: Session, of_round: Round, inspection_ids: Collection[int]) -> dict[int, int]:
    rows = session.execute(
        sa.select(Inspection.id, RoundTask.room_id)
        .join(RoundTask, RoundTask.id == Inspection.task_id)
        .where(Inspection.round_id == of_round.id, Inspection.id.in_(inspection_ids))
    )
    found = dict(rows.all())
    if set(inspection_ids) - found.keys():
        raise AppError("not_found")
    return found


def _task_of(state: RoundState, access: Access, room_id: int, check: Check) -> TaskFacts:
    """The task whose inspection is looked at; it must be what counts, in the revision that was seen."""
    room = state.rooms[room_id]
    why = why_not_recheck(room.facts, signer_of(access, state.settings))
    if why == "no_right":
        raise AppError("forbidden")
    if why:
        raise AppError("recheck_refused", reason=why)
    for task in room.tasks:
        if (task.inspection_id, task.revision) == (check.inspection_id, check.revision):
            return task
    raise AppError("inspection_changed")


def _recheck(
    session: Session,
    access: Access,
    of_round: Round,
    task: TaskFacts,
    check: Check,
    now: datetime,
) -> Recheck:
    row = session.scalar(
        sa.select(Recheck).where(
            Recheck.inspection_id == check.inspection_id,
            Recheck.revision == check.revision,
            Recheck.reviewer_id == access.user_id,
        )
    )
    before = row.result if row is not None else None
    if row is None:
        row = Recheck(
            contract_id=access.contract_id,
            round_id=of_round.id,
            task_id=task.id,
            inspection_id=check.inspection_id,
            revision=check.revision,
            reviewer_id=access.user_id,
            checked_at=now,
            result=check.result,
        )
        session.add(row)
    row.result, row.remark, row.checked_at = check.result, check.remark.strip(), now
    _see_to_returned(session, access, check, now)
    _audit(session, access, task, row, before)
    return row


def _see_to_returned(session: Session, access: Access, check: Check, now: datetime) -> None:
    """Send the answer back; or settle what the reviewer had sent back and now finds right."""
    if check.result == "returned":
        return_answer(session, access, check.inspection_id, check.item, check.remark, now, add=True)
        return
    rows = session.execute(
        sa.select(ReturnedAnswer.id, state_column())
        .join(Inspection, Inspection.id == ReturnedAnswer.inspection_id)
        .where(
            ReturnedAnswer.inspection_id == check.inspection_id,
            ReturnedAnswer.returned_by_id == access.user_id,
            ReturnedAnswer.state == "open",
        )
    ).all()
    for returned_id, shown in rows:
        act_on_return(
            session, access, returned_id, "close" if shown == "answered" else "withdraw", now
        )


def _audit(
    session: Session, access: Access, task: TaskFacts, row: Recheck, before: str | None
) -> None:
    audit.record(
        session,
        at=row.checked_at,
        user_id=access.user_id,
        contract_id=access.contract_id,
        action="recheck",
        entity="inspection",
        entity_id=task.uid,
        diff={"result": [before, row.result], "revision": [None, row.revision]},
    )
