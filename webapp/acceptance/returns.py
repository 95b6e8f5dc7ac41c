"""Sending one answer back to its author, with words; the answer is an amendment (feature 5).

What was sent back is answered by any later revision of its inspection: nobody notes that, it is seen
by the revisions' numbers. Then it waits for whoever sent it back to close it, or to send it back again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.acceptance.models import ReturnedAnswer
from webapp.acceptance.return_rules import state_of
from webapp.audit import services as audit
from webapp.checklists.content import ROOM_TYPE, item_of
from webapp.checklists.models import ChecklistVersion
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.estate.models import Device
from webapp.identity.rules import Access
from webapp.rounds import queries as rounds
from webapp.rounds.models import Inspection, Round, RoundTask
from webapp.rounds.rules import TAKING, stands

Step = Literal["close", "withdraw", "reopen"]
# From which shown states a step leads to which stored one.
_STEPS: dict[Step, tuple[frozenset[str], str]] = {
    "close": (frozenset({"answered"}), "closed"),
    "withdraw": (frozenset({"open"}), "withdrawn"),
    "reopen": (frozenset({"closed", "withdrawn"}), "open"),
}


def return_answer(
    session: Session,
    access: Access,
    inspection_id: int,
    item: str | None,
    remark: str,
    now: datetime,
    *,
    add: bool = False,
) -> ReturnedAnswer:
    """Send an item's answer, or with None the whole inspection, back to its author (clause 45).

    The caller has made sure that the actor may: by the right to review, or as a peer who checks the
    work again. One that was answered in the meantime is closed by being sent back again.

    :param remark: what is wrong, never empty
    :param add: where the same is open already, add the words to it; without this it is refused
    :raise AppError: ``not_found``; ``invalid`` (no words, or no such item); ``round_not_open``;
        ``inspection_set_aside``; ``already_returned``
    """
    take_sequence(session, access.contract_id)
    inspection = rounds.inspection_of(session, access.contract_id, inspection_id)
    words = _checked_words(remark)
    _check_item(session, inspection, item)
    _check_taking(session, inspection)
    before = _open_one(session, inspection.id, item)
    if before is not None and before.revision == inspection.revision:
        if not add:
            raise AppError("already_returned", returned_id=before.id)
        return _add_words(session, access, before, words, now)
    if before is not None:
        _set_state(session, access, before, "close", now)
    row = ReturnedAnswer(
        contract_id=access.contract_id,
        inspection_id=inspection.id,
        item=item,
        revision=inspection.revision,
        remark=words,
        returned_by_id=access.user_id,
        returned_at=now,
    )
    session.add(row)
    session.flush()  # the audit row names its id
    said = {"inspection": inspection.uid, "item": item, "remark": words}
    _audit(session, access, "return", row, audit.first_values(said), now)
    return row


def act_on_return(
    session: Session, access: Access, returned_id: int, step: Step, now: datetime
) -> ReturnedAnswer:
    """Close what was answered, withdraw what is open, or take either back.

    By the right to review, or by whoever sent it back.

    :raise AppError: ``not_found``, ``forbidden``, ``round_not_open``, ``inspection_set_aside``;
        ``return_changed`` when it is in no state for that; ``already_returned`` when the same was sent
        back again meanwhile
    """
    row, inspection = _own(session, access, returned_id)
    shown = state_of(row.state, row.revision, inspection.revision, stands=True)
    if shown not in _STEPS[step][0]:
        raise AppError("return_changed", state=shown)
    if step == "reopen":
        other = _open_one(session, inspection.id, row.item)
        if other is not None:
            raise AppError("already_returned", returned_id=other.id)
    _set_state(session, access, row, step, now)
    return row


def change_words(
    session: Session, access: Access, returned_id: int, remark: str, now: datetime
) -> ReturnedAnswer:
    """Say it in other words, as long as it is open; the phone gets them with its next pull.

    :raise AppError: as :func:`act_on_return`; ``invalid`` without words
    """
    row, inspection = _own(session, access, returned_id)
    words = _checked_words(remark)
    shown = state_of(row.state, row.revision, inspection.revision, stands=True)
    if shown != "open":
        raise AppError("return_changed", state=shown)
    diff = audit.differences({"remark": row.remark}, {"remark": words})
    row.remark = words
    _audit(session, access, "change", row, diff, now)
    return row


def _own(session: Session, access: Access, returned_id: int) -> tuple[ReturnedAnswer, Inspection]:
    """One that the actor may act on, with its inspection, which stands."""
    take_sequence(session, access.contract_id)
    row = session.get(ReturnedAnswer, returned_id)
    if row is None or row.contract_id != access.contract_id:
        raise AppError("not_found")
    if not access.may("review") and row.returned_by_id != access.user_id:
        raise AppError("forbidden", right="review")
    inspection = session.get_one(Inspection, row.inspection_id)
    _check_taking(session, inspection)
    return row, inspection


def _check_taking(session: Session, inspection: Inspection) -> None:
    state, counting_id = session.execute(
        sa.select(Round.state, RoundTask.inspection_id)
        .join(RoundTask, RoundTask.round_id == Round.id)
        .where(RoundTask.id == inspection.task_id)
    ).one()
    if state not in TAKING:
        raise AppError("round_not_open", state=state)
    if not stands(inspection.verdict, inspection.choice, counts=counting_id == inspection.id):
        raise AppError("inspection_set_aside")


def _checked_words(remark: str) -> str:
    words = remark.strip()
    if not words:
        raise AppError("invalid", fields={"remark": ["missing"]})
    return words


def _check_item(session: Session, inspection: Inspection, item: str | None) -> None:
    if item is None:
        return
    content = session.scalar(
        sa.select(ChecklistVersion.content).where(
            ChecklistVersion.contract_id == inspection.contract_id,
            ChecklistVersion.number == inspection.checklist_number,
        )
    )
    device = session.get(Device, inspection.device_id) if inspection.device_id else None
    kind = device.type if device else ROOM_TYPE
    if item_of(content or {"types": []}, kind, item) is None:
        raise AppError("invalid", fields={"item": ["unknown"]})


def _open_one(session: Session, inspection_id: int, item: str | None) -> ReturnedAnswer | None:
    return session.scalar(
        sa.select(ReturnedAnswer).where(
            ReturnedAnswer.inspection_id == inspection_id,
            ReturnedAnswer.item.is_not_distinct_from(item),
            ReturnedAnswer.state == "open",
        )
    )


def _add_words(
    session: Session, access: Access, row: ReturnedAnswer, words: str, now: datetime
) -> ReturnedAnswer:
    if words not in row.remark:
        before, row.remark = row.remark, f"{row.remark}\n{words}"
        _audit(session, access, "change", row, {"remark": [before, row.remark]}, now)
    return row


def _set_state(
    session: Session, access: Access, row: ReturnedAnswer, step: Step, now: datetime
) -> None:
    before, row.state = row.state, _STEPS[step][1]
    row.closed_by_id = None if step == "reopen" else access.user_id
    row.closed_at = None if step == "reopen" else now
    session.flush()  # only one of an item may be open: this one goes before the next comes
    _audit(session, access, step, row, {"state": [before, row.state]}, now)


def _audit(
    session: Session,
    access: Access,
    action: str,
    row: ReturnedAnswer,
    diff: dict[str, Any],
    now: datetime,
) -> None:
    audit.record(
        session,
        at=now,
        user_id=access.user_id,
        contract_id=access.contract_id,
        action=action,
        entity="returned_answer",
        entity_id=row.id,
        diff=diff,
    )
