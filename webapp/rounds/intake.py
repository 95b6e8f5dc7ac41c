"""What a batch of inspections needs to know, read with one statement per table."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.checklists.models import ChecklistVersion
from webapp.checklists.rules import device_register
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract
from webapp.rounds.judging import LARGEST_ID, Checklist, ready_checklist
from webapp.rounds.models import (
    Inspection,
    OpenItem,
    OpenItemAnswer,
    Photo,
    Round,
    RoundTask,
)
from webapp.rounds.open_items import AFRESH, Ledger, LedgerItem, Place, with_sayings
from webapp.rounds.payloads import InspectionIn
from webapp.rounds.rules import Visit, place_key

_CHECKLISTS_KEPT = 64
_checklists: OrderedDict[str, Checklist] = OrderedDict()
_checklists_lock = Lock()


@dataclass(frozen=True, slots=True)
class RoundFacts:
    """A round of the contract."""

    id: int
    month: str
    state: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """A device of the contract, with the register that its readings are compared with."""

    id: int
    room_id: int
    type: str
    register: dict[str, Any]
    retired: bool


@dataclass(eq=False, slots=True)
class TaskFacts:
    """A task, and its inspections in the order received; ``assignee_id`` is who has the room now.

    ``released`` are those that a void choice had set aside, or picked.
    """

    id: int
    round_id: int
    room_id: int
    device_id: int | None
    assignee_id: int | None
    not_due: frozenset[str]
    previous: dict[str, Any]
    outcome: str
    counting: Any
    pair_open: bool
    visits: list[Visit] = field(default_factory=list)
    released: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class InspectionFacts:
    """An inspection that is already recorded."""

    id: int
    uid: str
    task_id: int
    round_id: int
    room_id: int
    device_id: int | None
    author_id: int
    revision: int
    verdict: str
    choice: str
    received_at: datetime
    device_started_at: datetime | None
    device_finished_at: datetime | None
    clock_offset_seconds: int
    dwell_seconds: int
    bulk_ok: bool
    bulk_seconds: int | None


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """A photo slot that is already there."""

    id: int
    uid: str
    inspection_id: int
    sha256: str
    withdrawn: bool


@dataclass(slots=True)
class Known:
    """All that the batch needs; what is not here does not exist in this contract."""

    contract_id: int
    zone: ZoneInfo
    ledger: Ledger
    rounds: dict[int, RoundFacts] = field(default_factory=dict)
    rooms: set[int] = field(default_factory=set)
    devices: dict[int, DeviceFacts] = field(default_factory=dict)
    checklists: dict[int, Checklist] = field(default_factory=dict)
    tasks: dict[tuple[int, Place], TaskFacts] = field(default_factory=dict)
    inspections: dict[str, InspectionFacts] = field(default_factory=dict)
    photos: dict[str, PhotoFacts] = field(default_factory=dict)


def read_known(session: Session, contract_id: int, payloads: Sequence[InspectionIn]) -> Known:
    """Read what judging and writing these payloads takes.

    The caller holds the contract's sequence, so nobody else changes what is read here.
    """
    contract = session.execute(
        sa.select(Contract.time_zone, Contract.next_open_item_number).where(
            Contract.id == contract_id
        )
    ).one()
    rounds = _rounds(session, contract_id, {p.round_id for p in payloads})
    devices = _devices(session, contract_id, {p.device_id for p in payloads})
    rooms = _rooms(session, contract_id, {p.room_id for p in payloads})
    tasks = _tasks(session, contract_id, rounds, devices, rooms)
    inspections = _inspections(session, contract_id, payloads, tasks)
    amended = [
        inspections[p.uid].id for p in payloads if p.amends is not None and p.uid in inspections
    ]
    # An amendment may make a choice void, and so let the others of its task be heard again.
    beside = [v.key for t in tasks for v in t.visits if any(v.key in amended for v in t.visits)]
    items = _open_items(session, contract_id, payloads, rounds, beside)
    return Known(
        contract_id=contract_id,
        zone=ZoneInfo(contract.time_zone),
        ledger=Ledger(items, contract.next_open_item_number),
        rounds=rounds,
        rooms=rooms,
        devices=devices,
        checklists=_read_checklists(session, contract_id, {p.checklist for p in payloads}),
        tasks={(t.round_id, place_key(t.room_id, t.device_id)): t for t in tasks},
        inspections=inspections,
        photos=_photos(session, contract_id, payloads, amended),
    )


def reread_tasks(session: Session, known: Known) -> None:
    """Take up the tasks that were made since, for devices that joined the estate."""
    rows = _tasks(session, known.contract_id, known.rounds, known.devices, known.rooms)
    for task in rows:
        known.tasks.setdefault((task.round_id, place_key(task.room_id, task.device_id)), task)


def _ids(values: Iterable[int | None]) -> list[int]:
    """Ids that a database can hold: a phone may send any number."""
    return [value for value in values if value is not None and 0 < value <= LARGEST_ID]


def _rounds(session: Session, contract_id: int, ids: set[int]) -> dict[int, RoundFacts]:
    rows = session.execute(
        sa.select(Round.id, Round.month, Round.state, Round.opened_at).where(
            Round.contract_id == contract_id, Round.id.in_(_ids(ids))
        )
    )
    return {row[0]: RoundFacts(*row) for row in rows}


def _devices(session: Session, contract_id: int, ids: set[int | None]) -> dict[int, DeviceFacts]:
    rows = session.execute(
        sa.select(
            Device.id,
            Device.room_id,
            Device.type,
            Device.register,
            Device.firmware,
            Device.retired_at,
        ).where(Device.contract_id == contract_id, Device.id.in_(_ids(ids)))
    )
    return {
        device_id: DeviceFacts(
            device_id, room_id, kind, device_register(register, firmware), retired_at is not None
        )
        for device_id, room_id, kind, register, firmware, retired_at in rows
    }


def _rooms(session: Session, contract_id: int, ids: set[int]) -> set[int]:
    return set(
        session.scalars(
            sa.select(Room.id).where(Room.contract_id == contract_id, Room.id.in_(_ids(ids)))
        )
    )


def _tasks(
    session: Session,
    contract_id: int,
    rounds: Collection[int],
    devices: Collection[int],
    rooms: Collection[int],
) -> list[TaskFacts]:
    of_room = sa.and_(RoundTask.device_id.is_(None), RoundTask.room_id.in_(rooms))
    rows = session.execute(
        sa.select(
            RoundTask.id,
            RoundTask.round_id,
            RoundTask.room_id,
            RoundTask.device_id,
            RoundTask.assignee_id,
            RoundTask.not_due,
            RoundTask.previous,
            RoundTask.outcome,
            RoundTask.inspection_id,
            RoundTask.pair_open,
        ).where(
            RoundTask.contract_id == contract_id,
            RoundTask.round_id.in_(rounds),
            sa.or_(RoundTask.device_id.in_(devices), of_room),
        )
    )
    return [
        TaskFacts(
            id=row.id,
            round_id=row.round_id,
            room_id=row.room_id,
            device_id=row.device_id,
            assignee_id=row.assignee_id,
            not_due=frozenset(row.not_due),
            previous=row.previous or {},
            outcome=row.outcome,
            counting=row.inspection_id,
            pair_open=row.pair_open,
        )
        for row in rows
    ]


def _inspections(
    session: Session,
    contract_id: int,
    payloads: Sequence[InspectionIn],
    tasks: Sequence[TaskFacts],
) -> dict[str, InspectionFacts]:
    by_id = {task.id: task for task in tasks}
    visited = [task.id for task in tasks if task.outcome != "todo"]
    rows = session.execute(
        sa.select(
            Inspection.id,
            Inspection.uid,
            Inspection.task_id,
            Inspection.round_id,
            Inspection.room_id,
            Inspection.device_id,
            Inspection.author_id,
            Inspection.revision,
            Inspection.verdict,
            Inspection.choice,
            Inspection.received_at,
            Inspection.device_started_at,
            Inspection.device_finished_at,
            Inspection.clock_offset_seconds,
            Inspection.dwell_seconds,
            Inspection.bulk_ok,
            Inspection.bulk_seconds,
        )
        .where(
            Inspection.contract_id == contract_id,
            sa.or_(
                Inspection.uid.in_([payload.uid for payload in payloads]),
                Inspection.task_id.in_(visited),
            ),
        )
        .order_by(Inspection.id)
    )
    found = {}
    for row in rows:
        facts = found[row.uid] = InspectionFacts(**row._asdict())
        if facts.task_id in by_id:
            by_id[facts.task_id].visits.append(Visit(facts.id, facts.verdict, facts.choice))
    return found


def _photos(
    session: Session, contract_id: int, payloads: Sequence[InspectionIn], amended: list[int]
) -> dict[str, PhotoFacts]:
    uids = [photo.id for payload in payloads for photo in payload.photos]
    if not uids and not amended:
        return {}
    rows = session.execute(
        sa.select(Photo.id, Photo.uid, Photo.inspection_id, Photo.sha256, Photo.withdrawn).where(
            Photo.contract_id == contract_id,
            sa.or_(Photo.uid.in_(uids), Photo.inspection_id.in_(amended)),
        )
    )
    return {row.uid: PhotoFacts(*row) for row in rows}


def _open_items(
    session: Session,
    contract_id: int,
    payloads: Sequence[InspectionIn],
    rounds: dict[int, RoundFacts],
    spoke: list[int],
) -> list[LedgerItem]:
    """The items of the batch's places that are open, or were in the earliest month of the batch.

    And those that the inspections ``spoke`` of or opened, withdrawn as they may be.
    """
    devices = _ids({p.device_id for p in payloads})
    rooms = _ids({p.room_id for p in payloads if p.device_id is None})
    numbers = _ids({answer.number for p in payloads for answer in p.open_items})
    first_month = min((row.month for row in rounds.values()), default="9999-99")
    at_place = sa.or_(
        OpenItem.device_id.in_(devices),
        sa.and_(OpenItem.device_id.is_(None), OpenItem.room_id.in_(rooms)),
    )
    lasted = sa.or_(OpenItem.state == "open", OpenItem.closed_month >= first_month)
    wanted = [sa.and_(at_place, lasted), OpenItem.number.in_(numbers)]
    if spoke:
        said = sa.select(OpenItemAnswer.open_item_id).where(OpenItemAnswer.inspection_id.in_(spoke))
        wanted += [OpenItem.opened_inspection_id.in_(spoke), OpenItem.id.in_(said)]
    rows = session.scalars(
        sa.select(OpenItem).where(OpenItem.contract_id == contract_id, sa.or_(*wanted)),
        execution_options=AFRESH,
    ).all()
    return with_sayings(session, rows)


def _read_checklists(session: Session, contract_id: int, numbers: set[int]) -> dict[int, Checklist]:
    """Published and retired versions; made ready once per process, for they never change (clause 45)."""
    rows = session.execute(
        sa.select(
            ChecklistVersion.id, ChecklistVersion.number, ChecklistVersion.content_hash
        ).where(
            ChecklistVersion.contract_id == contract_id,
            ChecklistVersion.number.in_(_ids(numbers)),
            ChecklistVersion.state != "draft",
        )
    )
    found = {}
    for version_id, number, content_hash in rows.all():
        found[number] = _kept(content_hash) or _keep(session, version_id, content_hash)
    return found


def _kept(content_hash: str) -> Checklist | None:
    with _checklists_lock:
        return _checklists.get(content_hash)


def _keep(session: Session, version_id: int, content_hash: str) -> Checklist:
    content = session.execute(
        sa.select(ChecklistVersion.content).where(ChecklistVersion.id == version_id)
    ).scalar_one()
    ready = ready_checklist(content)
    with _checklists_lock:
        _checklists[content_hash] = ready
        while len(_checklists) > _CHECKLISTS_KEPT:
            _checklists.popitem(last=False)
    return ready
