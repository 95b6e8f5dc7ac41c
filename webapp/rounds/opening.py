"""Opening a month's round, and keeping its tasks in step with the estate (clauses 15 and 21)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from webapp.audit import services as audit
from webapp.checklists.content import ROOM_TYPE, items_of
from webapp.checklists.due import is_due
from webapp.checklists.models import ChecklistVersion
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract, Membership
from webapp.identity.rules import Access
from webapp.rounds.changes import Change, tell
from webapp.rounds.history import Past, read_past
from webapp.rounds.models import OpenItem, Round, RoundRoom, RoundTask
from webapp.rounds.rules import TAKING, due_on, is_to_open, month_of, place_key, today_in


@dataclass(frozen=True, slots=True)
class _Place:
    """Something to inspect: a living device, or (``device_id`` null) a room's own checklist."""

    room_id: int
    device_id: int | None
    type: str


def open_round(
    session: Session, access: Access | None, contract_id: int, month: str, now: datetime
) -> Round:
    """Open the round of ``month`` (``YYYY-MM``) for every living device and room (clause 15).

    Rooms keep the engineer of the last round while he is a member. ``access`` is None when the
    calendar opens it.

    :raise AppError: ``round_exists``; ``checklist_missing`` when no checklist is published
    """
    take_sequence(session, contract_id)
    contract = session.get_one(Contract, contract_id)
    if session.scalar(_rounds_of(contract_id).where(Round.month == month)) is not None:
        raise AppError("round_exists", month=month)
    checklist = _checklist_in_force(session, contract_id)
    last = session.scalar(
        _rounds_of(contract_id).where(Round.month < month).order_by(Round.month.desc()).limit(1)
    )
    opened = Round(
        contract_id=contract_id,
        month=month,
        due_on=due_on(month, contract.due_day),
        checklist_id=checklist.id,
        opened_at=now,
        opened_by_id=access.user_id if access else None,
    )
    session.add(opened)
    session.flush()  # the tasks name its id
    places = _places(session, contract_id)
    _assign_rooms(session, opened, {place.room_id for place in places}, last)
    _add_tasks(session, contract, opened, checklist.content, places)
    audit.record(
        session,
        at=now,
        user_id=opened.opened_by_id,
        contract_id=contract_id,
        action="open",
        entity="round",
        entity_id=opened.id,
        diff={"month": [None, month], "tasks": [0, len(places)]},
    )
    return opened


def sync_tasks_with_estate(session: Session, contract_id: int, now: datetime) -> int:
    """Bring the tasks of the rounds under way in step with the estate; how many tasks changed.

    A new device or room gets its task; one that was retired loses it unless it was inspected already;
    a device that moved takes its task and its open items along. Called whenever the estate changes.
    """
    _move_open_items(session, contract_id)
    rounds = session.scalars(
        _rounds_of(contract_id).where(Round.state.in_(TAKING)).order_by(Round.month)
    ).all()
    if not rounds:
        return 0
    take_sequence(session, contract_id)
    contract = session.get_one(Contract, contract_id)
    places = _places(session, contract_id)
    rooms: set[int] = set()
    changed = sum(_sync_round(session, contract, row, places, rooms) for row in rounds)
    if changed:
        # What is told of reads the tasks anew.
        session.flush()
        round_ids = frozenset(row.id for row in rounds)
        tell(session, Change(contract_id, round_ids, frozenset(rooms), "estate", now))
        audit.record(
            session,
            at=now,
            user_id=None,
            contract_id=contract_id,
            action="follow_estate",
            entity="round",
            entity_id=rounds[-1].id,
            diff={"tasks": [0, changed]},
        )
    return changed


def _move_open_items(session: Session, contract_id: int) -> None:
    """What is open stays with its device where that moves, and with its place where that is replaced."""
    new = aliased(Device)
    replaced = session.execute(
        _open_items(contract_id)
        .add_columns(new.id)
        .join(new, new.replaces_id == Device.id)
        .where(Device.retired_at.is_not(None), new.retired_at.is_(None))
        .order_by(new.id)
    ).all()
    for item, device_id in replaced:
        item.device_id = device_id
    if replaced:
        session.flush()  # read below with its new device's room
    moved = session.execute(
        _open_items(contract_id)
        .add_columns(Device.room_id)
        .where(OpenItem.room_id != Device.room_id)
    ).all()
    for item, room_id in moved:
        item.room_id = room_id


def _open_items(contract_id: int) -> sa.Select[OpenItem]:
    return (
        sa.select(OpenItem)
        .join(Device, Device.id == OpenItem.device_id)
        .where(OpenItem.contract_id == contract_id, OpenItem.state == "open")
    )


def open_due_rounds(session: Session, now: datetime) -> list[Round]:
    """Open the current month's round of every contract whose calendar says so; safe to call again."""
    return [
        opened
        for contract_id, month in _due(session, now)
        for opened in _open_if_possible(session, contract_id, month, now)
    ]


def has_due_rounds(session: Session, now: datetime) -> bool:
    """Whether :func:`open_due_rounds` has anything to do: a read, so that an idle minute writes nothing."""
    return any(_can_open(session, contract_id, month) for contract_id, month in _due(session, now))


def _due(session: Session, now: datetime) -> list[tuple[int, str]]:
    """The contracts whose calendar opens the round of this month, and which month that is there."""
    found = []
    for contract in session.scalars(sa.select(Contract).where(Contract.opens_day.is_not(None))):
        today = today_in(contract.time_zone, now)
        made_on = today_in(contract.time_zone, contract.created_at)
        running = contract.ends_on is None or today <= contract.ends_on
        if running and is_to_open(contract.opens_day, contract.due_day, today, made_on):
            found.append((contract.id, month_of(today)))
    return found


def _open_if_possible(session: Session, contract_id: int, month: str, now: datetime) -> list[Round]:
    take_sequence(session, contract_id)  # before the look: another worker's tick may be at it
    if not _can_open(session, contract_id, month):
        return []
    return [open_round(session, None, contract_id, month, now)]


def _can_open(session: Session, contract_id: int, month: str) -> bool:
    """Whether it isn't open yet, and has a checklist and somewhere to go: a register comes in first."""
    if session.scalar(_rounds_of(contract_id).where(Round.month == month)) is not None:
        return False
    published = session.scalar(_published(contract_id).with_only_columns(ChecklistVersion.id))
    return published is not None and _has_rooms(session, contract_id)


def _rounds_of(contract_id: int) -> sa.Select[Round]:
    return sa.select(Round).where(Round.contract_id == contract_id)


def _published(contract_id: int) -> sa.Select[ChecklistVersion]:
    return (
        sa.select(ChecklistVersion)
        .where(ChecklistVersion.contract_id == contract_id, ChecklistVersion.state == "published")
        .order_by(ChecklistVersion.published_at.desc().nulls_last(), ChecklistVersion.number.desc())
        .limit(1)
    )


def _checklist_in_force(session: Session, contract_id: int) -> ChecklistVersion:
    checklist = session.scalar(_published(contract_id))
    if checklist is None:
        raise AppError("checklist_missing")
    return checklist


def _places(session: Session, contract_id: int) -> list[_Place]:
    rooms = session.scalars(
        sa.select(Room.id)
        .where(Room.contract_id == contract_id, Room.retired_at.is_(None))
        .order_by(Room.id)
    )
    devices = session.execute(
        sa.select(Device.room_id, Device.id, Device.type)
        .join(Room, Room.id == Device.room_id)
        .where(
            Device.contract_id == contract_id,
            Device.retired_at.is_(None),
            Room.retired_at.is_(None),
        )
        .order_by(Device.id)
    )
    of_rooms = [_Place(room_id, None, ROOM_TYPE) for room_id in rooms]
    return of_rooms + [_Place(room_id, device_id, kind) for room_id, device_id, kind in devices]


def _has_rooms(session: Session, contract_id: int) -> bool:
    """Whether there is anything that :func:`_places` would find: a device stands in a room."""
    living = sa.select(Room.id).where(Room.contract_id == contract_id, Room.retired_at.is_(None))
    return session.scalar(living.limit(1)) is not None


def _assign_rooms(session: Session, opened: Round, room_ids: set[int], last: Round | None) -> None:
    assignees: dict[int, int | None] = {}
    if last is not None:
        rows = session.execute(
            sa.select(RoundRoom.room_id, Membership.user_id)
            .join(
                Membership,
                sa.and_(
                    Membership.user_id == RoundRoom.assignee_id,
                    Membership.contract_id == opened.contract_id,
                    Membership.left_at.is_(None),
                ),
            )
            .where(RoundRoom.round_id == last.id)
        )
        assignees = dict(rows.all())
    rows_in = [
        {"round_id": opened.id, "room_id": room_id, "assignee_id": assignees.get(room_id)}
        for room_id in sorted(room_ids)
    ]
    if rows_in:
        session.execute(sa.insert(RoundRoom), rows_in)


def _assignees(session: Session, round_id: int) -> dict[int, int | None]:
    rows = session.execute(
        sa.select(RoundRoom.room_id, RoundRoom.assignee_id).where(RoundRoom.round_id == round_id)
    )
    return dict(rows.all())


def _add_tasks(
    session: Session,
    contract: Contract,
    opened: Round,
    content: Mapping[str, Any],
    places: list[_Place],
) -> None:
    if not places:
        return
    periodic = {
        item["key"]
        for device_type in content["types"]
        for item in device_type["items"]
        if item.get("every", "month") != "month"
    }
    past = read_past(session, contract.id, opened.month, periodic)
    assignees = _assignees(session, opened.id)
    seq = take_sequence(session, contract.id)
    session.execute(
        sa.insert(RoundTask),
        [
            {
                "seq": seq,
                "contract_id": contract.id,
                "round_id": opened.id,
                "room_id": place.room_id,
                "device_id": place.device_id,
                "assignee_id": assignees.get(place.room_id),
                "outcome": "todo",
                "pair_open": False,
                "removed": False,
                **_carried(place, past, content, opened.month, contract.anchor_month),
            }
            for place in places
        ],
    )


def _carried(
    place: _Place, past: Past, content: Mapping[str, Any], month: str, anchor_month: str
) -> dict[str, Any]:
    key = place_key(place.room_id, place.device_id)
    last_read = past.last_read.get(key, {})
    not_due = [
        item["key"]
        for item in items_of(content, place.type)
        if not is_due(item, month, anchor_month, last_read.get(item["key"]))
    ]
    return {
        "not_due": not_due,
        "previous": past.previous.get(key),
        "repeat": past.repeat.get(key, {}),
    }


def _sync_round(
    session: Session, contract: Contract, row: Round, places: list[_Place], rooms: set[int]
) -> int:
    """How many tasks of a round changed; the rooms in which they are, or were, join ``rooms``."""
    tasks = {
        place_key(task.room_id, task.device_id): task
        for task in session.scalars(sa.select(RoundTask).where(RoundTask.round_id == row.id))
    }
    wanted = {place_key(place.room_id, place.device_id): place for place in places}
    missing_rooms = {p.room_id for p in places} - set(_assignees(session, row.id))
    _assign_rooms(session, row, missing_rooms, None)
    new = [place for key, place in wanted.items() if key not in tasks]
    if new:
        checklist = session.get_one(ChecklistVersion, row.checklist_id)
        _add_tasks(session, contract, row, checklist.content, new)
    assignees = _assignees(session, row.id)
    rooms.update(place.room_id for place in new)
    changed = 0
    for key, task in tasks.items():
        before = task.room_id
        if _adjust(task, wanted.get(key), assignees):
            rooms.update((before, task.room_id))
            changed += 1
    return len(new) + changed


def _adjust(task: RoundTask, place: _Place | None, assignees: Mapping[int, int | None]) -> bool:
    """Let a task follow its device; one that was inspected stays as and where it was."""
    if task.outcome != "todo":
        return False
    if place is None:
        changed, task.removed = not task.removed, True
        return changed
    if not task.removed and task.room_id == place.room_id:
        return False
    task.removed, task.room_id = False, place.room_id
    task.assignee_id = assignees.get(place.room_id)
    return True
