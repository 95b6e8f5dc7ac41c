"""Running a round: who inspects what, its states, and the supervisor's choices (clauses 21 and 30)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.identity.models import Membership, User
from webapp.identity.rules import ROLE_RIGHTS, Access
from webapp.rounds import queries
from webapp.rounds.changes import Change, tell
from webapp.rounds.falling_due import told_of
from webapp.rounds.models import (
    Inspection,
    OpenItem,
    OpenItemAnswer,
    Round,
    RoundRoom,
    RoundTask,
)
from webapp.rounds.open_items import settle_rows
from webapp.rounds.rules import PICKED, SET_ASIDE, TAKING, Visit, check_transition, settle
from webapp.webhooks.services import emit

OPEN_ITEM_FIELDS = ("owner_id", "due_on", "remark")


def assign_rooms(
    session: Session, access: Access, month: str, assignees: Mapping[int, int | None], now: datetime
) -> None:
    """Give rooms to engineers, backups included (clause 26); None takes a room from whoever has it.

    :param assignees: user id by room id
    :raise AppError: ``not_found`` (round or room), ``round_not_open``, ``not_a_member``
    """
    seq = take_sequence(session, access.contract_id)
    row = queries.round_of(session, access.contract_id, month)
    if row.state not in TAKING:
        raise AppError("round_not_open", state=row.state)
    _check_inspectors(session, access, {user for user in assignees.values() if user is not None})
    rooms = {
        room.room_id: room
        for room in session.scalars(
            sa.select(RoundRoom).where(
                RoundRoom.round_id == row.id, RoundRoom.room_id.in_(assignees)
            )
        )
    }
    if len(rooms) != len(assignees):
        raise AppError("not_found", rooms=sorted(set(assignees) - set(rooms)))
    diff: dict[str, Any] = {}
    by_user: dict[int | None, list[int]] = {}
    for room_id, user_id in assignees.items():
        if rooms[room_id].assignee_id != user_id:
            diff[str(room_id)] = [rooms[room_id].assignee_id, user_id]
            rooms[room_id].assignee_id = user_id
            by_user.setdefault(user_id, []).append(room_id)
    for user_id, room_ids in by_user.items():
        session.execute(
            sa.update(RoundTask)
            .where(RoundTask.round_id == row.id, RoundTask.room_id.in_(room_ids))
            .values(assignee_id=user_id, seq=seq)
        )
    _audit(session, access, "assign", "round", row.id, diff, now)


def act(session: Session, access: Access, month: str, action: str, now: datetime) -> Round:
    """Finish, accept or reopen a round.

    Finishing asks for an outcome of every task; accepting asks too that no pair waits for a choice
    and no photo is sent back. That it was signed at three levels is :mod:`webapp.acceptance`'s to see
    to, whose services everybody calls who accepts or reopens a round.

    :raise AppError: ``not_found``, ``round_transition_refused``, ``forbidden``, ``round_not_complete``
    """
    take_sequence(session, access.contract_id)
    row = queries.round_of(session, access.contract_id, month)
    new_state = check_transition(row.state, action, access.rights)
    if action != "reopen":
        missing = queries.what_is_missing(session, row.id)
        if action == "finish":
            missing = {"todo": missing["todo"]}
        if any(missing.values()):
            raise AppError("round_not_complete", missing=missing)
    before, row.state = row.state, new_state
    row.finished_at = {"finish": now, "accept": row.finished_at}.get(action)
    row.accepted_at = now if action == "accept" else None
    _audit(session, access, action, "round", row.id, {"state": [before, new_state]}, now)
    if action == "accept":
        emit(session, row.contract_id, "round.accepted", told_of(row), now)
    return row


def pick(session: Session, access: Access, inspection_id: int, now: datetime) -> Inspection:
    """Let this inspection of a pair count, and set the others aside; they stay, word for word.

    What only they had found is withdrawn from the open items, what they had called solved is open
    again, and what this one says holds. Picking another later turns all of it round.

    :raise AppError: ``not_found``; ``pair_required`` when no other tested inspection stands beside it;
        ``round_not_open`` once the round is accepted
    """
    take_sequence(session, access.contract_id)
    row = queries.inspection_of(session, access.contract_id, inspection_id)
    siblings = session.scalars(
        sa.select(Inspection).where(Inspection.task_id == row.task_id).order_by(Inspection.id)
    ).all()
    tested = [one for one in siblings if one.verdict != "not_tested"]
    if row not in tested or len(tested) < 2:
        raise AppError("pair_required")
    state = session.scalar(sa.select(Round.state).where(Round.id == row.round_id))
    if state not in TAKING:
        raise AppError("round_not_open", state=state)
    task = session.get_one(RoundTask, row.task_id)
    before = task.inspection_id
    for one in tested:
        one.choice = PICKED if one is row else SET_ASIDE
    settled = settle([Visit(one.id, one.verdict, one.choice) for one in siblings], row.id)
    task.inspection_id, task.outcome = settled.inspection, settled.outcome
    task.pair_open = settled.pair_open
    session.flush()  # the open items are settled by who was picked
    _audit(session, access, "pick", "inspection", row.uid, {"counts": [before, row.id]}, now)
    for number, was, is_now in settle_rows(session, _spoken_of(session, siblings)):
        diff = {"state": [was, is_now], "why": ["", "picked"], "inspection": ["", row.uid]}
        _audit(session, access, "change", "open_item", number, diff, now)
    tell(
        session,
        Change(
            contract_id=access.contract_id,
            round_ids=frozenset({row.round_id}),
            room_ids=frozenset({task.room_id}),
            why="picked",
            at=now,
            who={task.id: access.user_id},
        ),
    )
    return row


def _spoken_of(session: Session, inspections: Sequence[Inspection]) -> Sequence[OpenItem]:
    """The open items that these inspections said something of."""
    spoken_of = sa.select(OpenItemAnswer.open_item_id).where(
        OpenItemAnswer.inspection_id.in_([one.id for one in inspections])
    )
    return session.scalars(
        sa.select(OpenItem).where(OpenItem.id.in_(spoken_of)).order_by(OpenItem.number)
    ).all()


def change_open_item(
    session: Session, access: Access, number: int, changes: Mapping[str, Any], now: datetime
) -> OpenItem:
    """Change who sees to an open item, until when, and the remark.

    Whether it is solved is what inspections say. But one whose device left the estate, or that was
    entered by mistake, will never be inspected again: ``state`` withdrawn takes it off the list, and
    open puts it back.

    :raise AppError: ``not_found``, ``not_a_member``; ``conflict`` when it isn't in a state for that
    """
    take_sequence(session, access.contract_id)
    row = queries.open_item_of(session, access.contract_id, number)
    if changes.get("owner_id") is not None:
        _check_members(session, access, {changes["owner_id"]})
    fields = [name for name in (*OPEN_ITEM_FIELDS, "state") if name in changes]
    before = {name: _plain(getattr(row, name)) for name in fields}
    if changes.get("state", row.state) != row.state:
        _withdraw_or_put_back(session, row, changes["state"], now)
    for name in OPEN_ITEM_FIELDS:
        if name in changes:
            setattr(row, name, changes[name])
    diff = audit.differences(before, {name: _plain(changes[name]) for name in before})
    _audit(session, access, "change", "open_item", number, diff, now)
    return row


def _withdraw_or_put_back(session: Session, row: OpenItem, state: str, now: datetime) -> None:
    before = row.state
    if (before, state) not in (("open", "withdrawn"), ("withdrawn", "open")):
        raise AppError("conflict", state=before)
    row.withdrawn_at = now if state == "withdrawn" else None
    settle_rows(session, [row])
    if row.state != state:
        raise AppError("conflict", state=before)


def _check_inspectors(session: Session, access: Access, user_ids: set[int]) -> None:
    roles = _roles(session, access, user_ids)
    wrong = sorted(
        user_id
        for user_id in user_ids
        if "inspect" not in ROLE_RIGHTS.get(roles.get(user_id, ""), frozenset())
    )
    if wrong:
        raise AppError("not_a_member", users=wrong)


def _check_members(session: Session, access: Access, user_ids: set[int]) -> None:
    strangers = sorted(user_ids - set(_roles(session, access, user_ids)))
    if strangers:
        raise AppError("not_a_member", users=strangers)


def _roles(session: Session, access: Access, user_ids: set[int]) -> dict[int, str]:
    rows = session.execute(
        sa.select(Membership.user_id, Membership.role)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.contract_id == access.contract_id,
            Membership.left_at.is_(None),
            User.disabled_at.is_(None),
            Membership.user_id.in_(user_ids),
        )
    )
    return dict(rows.all())


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


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
