"""What a phone pulls: the rows that changed after its cursor, and the ids that it shall drop.

The cursor is the contract's sequence, never a time. A number is taken under a lock that is held to
the commit, so a row that commits late has the higher number: the cursor can't skip it. The phone
holds the rounds that still take something, open or finished, with their tasks: so a photo can be
sent back after the round was finished. What belongs to an accepted round is gone from it.
"""

from __future__ import annotations

import sys
from datetime import date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.checklists.models import ChecklistVersion
from webapp.estate.models import Building, Device, Label, Room
from webapp.identity.models import Contract, Membership, User
from webapp.identity.rules import Access
from webapp.rounds.models import Inspection, OpenItem, Photo, Round, RoundTask
from webapp.rounds.rules import TAKING
from webapp.sync import wire
from webapp.sync.pull_ask import Ask, moment
from webapp.sync.pull_cases import cases
from webapp.sync.pull_returns import returned_answers, returned_photos
from webapp.sync.pull_signs import sign_offs
from webapp.sync.queries import Head

OPEN = "open"


def pull(
    session: Session, access: Access, head: Head, *, cursor: int, epoch: str, now: datetime
) -> wire.PullOut:
    """Everything after ``cursor``, or everything when the cursor is of another life of the database.

    :param head: read in the same snapshot as what follows
    """
    full = cursor <= 0 or cursor > head.seq or epoch != head.epoch
    rows, gone = wire.PullRows(), wire.Gone()
    if full or cursor < head.seq:
        since = 0 if full else cursor
        ask = Ask(session, access.contract_id, access.user_id, since, access.may("handle"))
        for read in _KINDS:
            read(ask, rows, gone)
    return wire.PullOut(
        epoch=head.epoch,
        head=head.seq,
        server_time=now.isoformat().replace("+00:00", "Z"),
        full=full,
        rows=rows,
        gone=wire.Gone() if full else gone,
    )


def _contract(ask: Ask, rows: wire.PullRows, _gone: wire.Gone) -> None:
    names = wire.ContractRow.__struct_fields__
    statement = sa.select(*(getattr(Contract, name) for name in names)).where(
        Contract.id == ask.contract_id, ask.changed(Contract.seq)
    )
    rows.contract = [wire.ContractRow(*row) for row in ask.rows(statement)]


def _people(ask: Ask, rows: wire.PullRows, _gone: wire.Gone) -> None:
    statement = (
        sa.select(User.id, User.name, User.name_en, Membership.role, Membership.left_at)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.contract_id == ask.contract_id, ask.changed(Membership.seq))
    )
    rows.people = [
        wire.PersonRow(who, name, name_en, None if left_at else role)
        for who, name, name_en, role, left_at in ask.rows(statement)
    ]


def _buildings(ask: Ask, rows: wire.PullRows, _gone: wire.Gone) -> None:
    statement = sa.select(Building.id, Building.name_zh, Building.name_en, Building.position).where(
        Building.contract_id == ask.contract_id, ask.changed(Building.seq)
    )
    rows.buildings = [wire.BuildingRow(*row) for row in ask.rows(statement)]


def _rooms(ask: Ask, rows: wire.PullRows, gone: wire.Gone) -> None:
    statement = sa.select(
        Room.id, Room.building_id, Room.floor, Room.name_zh, Room.name_en, Room.retired_at
    ).where(Room.contract_id == ask.contract_id, ask.changed(Room.seq))
    for *fields, retired_at in ask.rows(statement):
        if retired_at:
            gone.rooms.append(fields[0])
        else:
            rows.rooms.append(wire.RoomRow(*fields))


def _devices(ask: Ask, rows: wire.PullRows, gone: wire.Gone) -> None:
    """Those in use; and one that was retired after it was inspected, while its round takes something.

    What was said of it may be sent back, and its task stands in the room's list.
    """
    names = [name for name in wire.DeviceRow.__struct_fields__ if name != "retired"]
    statement = sa.select(*(getattr(Device, name) for name in names), Device.retired_at).where(
        Device.contract_id == ask.contract_id
    )
    inspected = (
        sa.select(RoundTask.device_id)
        .join(Round, Round.id == RoundTask.round_id)
        .join(Device, Device.id == RoundTask.device_id)
        .where(
            Round.contract_id == ask.contract_id,
            Device.retired_at.is_not(None),
            RoundTask.outcome != "todo",
        )
    )
    needed = set(ask.session.scalars(inspected.where(Round.state.in_(TAKING))))
    if ask.since:
        # A round that was finished, reopened or accepted since may have let go of some, or wants them back.
        turned = Device.id.in_(inspected.where(Round.seq > ask.since))
        statement = statement.where(sa.or_(ask.changed(Device.seq), turned))
    else:
        statement = statement.where(sa.or_(Device.retired_at.is_(None), Device.id.in_(needed)))
    for *fields, retired_at in ask.rows(statement):
        if retired_at and fields[0] not in needed:
            gone.devices.append(fields[0])
        else:
            row = wire.DeviceRow(*map(_plain, fields))
            row.retired = retired_at is not None
            rows.devices.append(row)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _labels(ask: Ask, rows: wire.PullRows, _gone: wire.Gone) -> None:
    statement = sa.select(
        Label.id, Label.code, Label.device_id, Label.revoked_at.is_not(None)
    ).where(Label.contract_id == ask.contract_id, ask.changed(Label.seq))
    rows.labels = [wire.LabelRow(*row) for row in ask.rows(statement)]


def _checklists(ask: Ask, rows: wire.PullRows, gone: wire.Gone) -> None:
    """The published version, and those of the phone's rounds; a draft is nobody's business."""
    of_rounds = sa.select(Round.checklist_id).where(Round.contract_id == ask.contract_id)
    used = ChecklistVersion.id.in_(of_rounds.where(Round.state.in_(TAKING)))
    changed = ask.changed(ChecklistVersion.seq)
    if ask.since:
        changed = sa.or_(changed, ChecklistVersion.id.in_(of_rounds.where(Round.seq > ask.since)))
    wanted = sa.or_(ChecklistVersion.state == "published", used)
    mine = sa.and_(ChecklistVersion.contract_id == ask.contract_id, changed)
    statement = sa.select(ChecklistVersion.id, ChecklistVersion.number, ChecklistVersion.content)
    rows.checklists = [wire.ChecklistRow(*row) for row in ask.rows(statement.where(mine, wanted))]
    if ask.since:
        retired = sa.select(ChecklistVersion.id).where(
            mine, sa.not_(wanted), ChecklistVersion.state == "retired"
        )
        gone.checklists = [row.id for row in ask.rows(retired)]


def _rounds(ask: Ask, rows: wire.PullRows, gone: wire.Gone) -> None:
    statement = (
        sa.select(Round.id, Round.month, Round.state, Round.due_on, ChecklistVersion.number)
        .join(ChecklistVersion, ChecklistVersion.id == Round.checklist_id)
        .where(Round.contract_id == ask.contract_id, ask.changed(Round.seq))
    )
    for row_id, month, state, due_on, number in ask.rows(statement):
        if state in TAKING:
            rows.rounds.append(wire.RoundRow(row_id, month, state, due_on.isoformat(), number))
        else:
            gone.rounds.append(row_id)


def _tasks(ask: Ask, rows: wire.PullRows, gone: wire.Gone) -> None:
    """The rounds' tasks; one whose device was retired before it was inspected is gone."""
    statement = (
        sa.select(
            Round.state,
            RoundTask.removed,
            RoundTask.id,
            RoundTask.round_id,
            RoundTask.room_id,
            RoundTask.device_id,
            RoundTask.outcome,
            RoundTask.assignee_id,
            Inspection.uid,
            RoundTask.pair_open,
            RoundTask.not_due,
            RoundTask.previous,
            RoundTask.repeat,
        )
        .join(Round, Round.id == RoundTask.round_id)
        .outerjoin(Inspection, Inspection.id == RoundTask.inspection_id)
        .where(ask.of_rounds(RoundTask.seq))
    )
    if not ask.since:
        statement = statement.where(RoundTask.removed.is_(False))
    for (
        state,
        removed,
        *fields,
        outcome,
        assignee,
        uid,
        pair,
        not_due,
        previous,
        repeat,
    ) in ask.rows(statement):
        if state in TAKING and not removed:
            before = msgspec.convert(previous, wire.PreviousMonth) if previous else None
            # Interned, because a default is left out of the wire only when it is the same object.
            parts = (*fields, sys.intern(outcome), assignee, uid, pair, not_due, before, repeat)
            rows.tasks.append(wire.TaskRow(*parts))
        else:
            gone.tasks.append(fields[0])


def _inspections(ask: Ask, rows: wire.PullRows, gone: wire.Gone) -> None:
    changed = ask.of_rounds(Inspection.seq)
    if ask.since:
        of_photos = sa.select(Photo.inspection_id).where(
            Photo.contract_id == ask.contract_id, Photo.seq > ask.since
        )
        mine = Round.contract_id == ask.contract_id
        changed = sa.or_(changed, sa.and_(mine, Inspection.id.in_(of_photos)))
    statement = (
        sa.select(
            Round.state,
            Inspection.id,
            Inspection.uid,
            Inspection.task_id,
            Inspection.author_id,
            Inspection.revision,
            Inspection.verdict,
            Inspection.received_at,
            Inspection.revisit_on,
        )
        .join(Round, Round.id == Inspection.round_id)
        .where(changed)
    )
    found = list(ask.rows(statement))
    photos = _photo_counts(ask) if found else {}
    for state, row_id, uid, *fields, received_at, revisit_on in found:
        if state in TAKING:
            at = moment(received_at)
            parts = (uid, *fields, at, *photos.get(row_id, (0, 0)), _plain(revisit_on))
            rows.inspections.append(wire.InspectionRow(*parts))
        else:
            gone.inspections.append(uid)


def _photo_counts(ask: Ask) -> dict[int, tuple[int, int]]:
    """How many photos each inspection of the phone's rounds expects, and how many have come."""
    statement = (
        sa.select(Photo.inspection_id, sa.func.count(), sa.func.count(Photo.received_at))
        .join(Inspection, Inspection.id == Photo.inspection_id)
        .join(Round, Round.id == Inspection.round_id)
        .where(
            Round.contract_id == ask.contract_id,
            Round.state.in_(TAKING),
            Photo.withdrawn.is_(False),
        )
        .group_by(Photo.inspection_id)
    )
    return {row_id: (expected, received) for row_id, expected, received in ask.rows(statement)}


def _open_items(ask: Ask, rows: wire.PullRows, gone: wire.Gone) -> None:
    names = [name for name in wire.OpenItemRow.__struct_fields__ if name != "opened_uid"]
    columns = (getattr(OpenItem, name) for name in names)
    # Who may still correct it is told of his own record; ids of everybody's would be most of the answer.
    his = sa.and_(Inspection.author_id == ask.user_id, Round.state.in_(TAKING))
    statement = (
        sa.select(OpenItem.state, *columns, sa.case((his, Inspection.uid), else_=""))
        .join(Inspection, Inspection.id == OpenItem.opened_inspection_id)
        .join(Round, Round.id == Inspection.round_id)
        .where(OpenItem.contract_id == ask.contract_id, ask.changed(OpenItem.seq))
    )
    if not ask.since:
        statement = statement.where(OpenItem.state == OPEN)
    for state, *fields in ask.rows(statement):
        if state == OPEN:
            rows.open_items.append(wire.OpenItemRow(*map(_plain, fields)))
        else:
            gone.open_items.append(fields[0])


_KINDS = (
    _contract,
    _people,
    _buildings,
    _rooms,
    _devices,
    _labels,
    _checklists,
    _rounds,
    _tasks,
    _inspections,
    _open_items,
    returned_photos,
    returned_answers,
    sign_offs,
    cases,
)
