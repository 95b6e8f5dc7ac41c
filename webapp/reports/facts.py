"""What a month's documents are made of, read once: a fixed number of statements whatever the size.

The sections ask these facts, and nothing else of the database; so they count the same rows as the
screens do (``webapp.desk``): the inspection that counts for its task, open items as they stand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.checklists.content import ROOM_TYPE, Item, items_of
from webapp.checklists.models import ChecklistVersion
from webapp.checklists.queries import current_version
from webapp.estate import words as estate_words
from webapp.estate.models import Building, Device, Label, Room
from webapp.estate.queries import floor_order
from webapp.identity.models import Contract, Membership, User
from webapp.reports.shape import DeviceRef, Person, PhotoRef, Place, Words
from webapp.rounds.judging import worked_at
from webapp.rounds.models import (
    ConsumableUse,
    Finding,
    Inspection,
    Photo,
    Reading,
    Round,
    RoundRoom,
    RoundTask,
)
from webapp.rounds.queries import round_of
from webapp.rounds.rules import today_in

Content = Mapping[str, Any]
NO_WORDS: Words = {"zh": "", "en": ""}
_NO_CONTENT: Content = {"types": [], "causes": {}, "actions": {}, "exceptions": []}


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """A task with its place, and the inspection that counts for it, if one does."""

    task: RoundTask
    device: Device | None
    room: Room
    building: Building
    inspection: Inspection | None

    @property
    def type(self) -> str:
        """The device's type, or the room's own."""
        return self.device.type if self.device else ROOM_TYPE


@dataclass(frozen=True)
class ContractFacts:
    """What is told of a contract whatever the month.

    ``contents`` are checklists by number, the one that names are taken from under 0 too; ``people``
    holds everybody who was ever of the contract.
    """

    session: Session
    contract: Contract
    now: datetime
    contents: dict[int, Content]
    people: Mapping[int, Person]
    labels: Mapping[int, str]

    @cached_property
    def zone(self) -> ZoneInfo:
        """The contract's place on the clock."""
        return ZoneInfo(self.contract.time_zone)

    @property
    def today(self) -> date:
        """The day that it is at the contract's place."""
        return today_in(self.contract.time_zone, self.now)

    @property
    def content(self) -> Content:
        """The checklist that names are taken from."""
        return self.content_numbered(None)

    def content_numbered(self, number: int | None) -> Content:
        """The checklist that an inspection was made by."""
        return self.contents.get(number or 0) or self.contents.get(0) or _NO_CONTENT

    def need_contents(self, numbers: Iterable[int]) -> None:
        """Read the checklists of these numbers that are not there yet, in one statement."""
        missing = set(numbers) - self.contents.keys()
        if missing:
            statement = sa.select(ChecklistVersion.number, ChecklistVersion.content).where(
                ChecklistVersion.contract_id == self.contract.id,
                ChecklistVersion.number.in_(missing),
            )
            self.contents.update(self.session.execute(statement).all())

    def name_of(self, user_id: int | None) -> Words:
        """How a person is called; empty for nobody."""
        person = self.people.get(user_id or 0)
        return person["name"] if person else NO_WORDS

    def day_of(self, at: datetime | None) -> str | None:
        """The day of a moment at the contract's place."""
        return at.astimezone(self.zone).date().isoformat() if at else None

    def clock_of(self, at: datetime | None) -> str:
        """A moment as clocks at the contract's place show it."""
        return at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M") if at else ""

    def type_name(self, kind: str) -> Words:
        """A device type's names: the checklist's, or the asset register's."""
        for row in self.content["types"]:
            if row["key"] == kind:
                return {"zh": row["zh"], "en": row["en"]}
        return {
            "zh": estate_words.type_title(kind, "zh"),
            "en": estate_words.type_title(kind, "en"),
        }

    def device_ref(self, device: Device) -> DeviceRef:
        """A device as rows name it."""
        return {
            "id": device.id,
            "type": device.type,
            "type_name": self.type_name(device.type),
            "name": device.name,
            "asset_number": device.asset_number,
            "label": self.labels.get(device.id, ""),
            "maker": device.maker,
            "model": device.model,
        }


@dataclass(frozen=True, kw_only=True)
class MonthFacts(ContractFacts):
    """One month's round of a contract, whole or of one room; lists stand under inspections' ids."""

    round: Round
    tasks: Sequence[TaskFacts]
    readings: Mapping[int, Sequence[Any]]
    findings: Mapping[int, Sequence[Finding]]
    uses: Mapping[int, Sequence[ConsumableUse]]
    photos: Mapping[int, Sequence[Any]]
    assignees: Mapping[int, int | None]

    @property
    def month(self) -> str:
        """The month, ``YYYY-MM``."""
        return self.round.month

    @cached_property
    def rooms(self) -> Mapping[int, list[TaskFacts]]:
        """The tasks by room, rooms in the estate's order, the room's own checklist last."""
        rooms: dict[int, list[TaskFacts]] = defaultdict(list)
        for row in self.tasks:
            rooms[row.room.id].append(row)
        return rooms

    @cached_property
    def inspected(self) -> Mapping[int, TaskFacts]:
        """The tasks by the id of the inspection that counts."""
        return {row.inspection.id: row for row in self.tasks if row.inspection}

    @cached_property
    def devices(self) -> Mapping[int, Device]:
        """The round's devices by id."""
        return {row.device.id: row.device for row in self.tasks if row.device}

    def uses_of(self, inspection_ids: Collection[int]) -> list[ConsumableUse]:
        """What was replaced in these inspections."""
        return [use for key in inspection_ids for use in self.uses.get(key, ())]

    def worked_at(self, row: Inspection, at: datetime | None) -> datetime:
        """A phone's time of an inspection, its clock set right (see :func:`worked_at`)."""
        return worked_at(
            at,
            row.clock_offset_seconds,
            opened_at=self.round.opened_at,
            received_at=row.received_at,
        )

    def items_of(self, row: TaskFacts) -> list[Item]:
        """The checklist's items for a task, by the version that its inspection was made by."""
        number = row.inspection.checklist_number if row.inspection else None
        return items_of(self.content_numbered(number), row.type)


def both(zh: str, en: str = "") -> Words:
    """A thing's names; one that has only one name has it in both languages."""
    return {"zh": zh or en, "en": en or zh}


def place_of(room: Room, building: Building) -> Place:
    """Where something is, as documents tell it."""
    return {
        "room_id": room.id,
        "room": both(room.name_zh, room.name_en),
        "building": both(building.name_zh, building.name_en),
        "floor": room.floor,
    }


def photo_ref(row: Any) -> PhotoRef:
    """A photo as documents name it."""
    return {
        "uid": row.uid,
        "sha256": row.sha256,
        "width": row.width,
        "height": row.height,
    }


def read_month(
    session: Session, contract_id: int, month: str, now: datetime, *, room_id: int | None = None
) -> MonthFacts:
    """Read a month's round, whole or of one room. :raise AppError: ``not_found``"""
    found = round_of(session, contract_id, month)
    contract = session.get_one(Contract, contract_id)
    tasks = _tasks(session, found, room_id)
    counted = _counted(found, room_id)
    return MonthFacts(
        session=session,
        contract=contract,
        round=found,
        now=now,
        contents=_contents(session, found, tasks),
        tasks=tasks,
        readings=_grouped(session.execute(_readings(counted))),
        findings=_grouped(session.scalars(_of_counted(Finding, counted))),
        uses=_grouped(session.scalars(_of_counted(ConsumableUse, counted))),
        photos=_grouped(session.execute(_photos(counted))),
        people=people_of(session, contract_id),
        labels=labels_of(session, contract_id),
        assignees=_assignees(session, found),
    )


def read_contract(session: Session, contract_id: int, now: datetime) -> ContractFacts:
    """What is told of a contract outside any month's round."""
    version = current_version(session, contract_id)
    return ContractFacts(
        session=session,
        contract=session.get_one(Contract, contract_id),
        now=now,
        contents={0: version.content, version.number: version.content} if version else {},
        people=people_of(session, contract_id),
        labels=labels_of(session, contract_id),
    )


def _tasks(session: Session, found: Round, room_id: int | None) -> list[TaskFacts]:
    statement = (
        sa.select(RoundTask, Device, Room, Building, Inspection)
        .join(Room, Room.id == RoundTask.room_id)
        .join(Building, Building.id == Room.building_id)
        .outerjoin(Device, Device.id == RoundTask.device_id)
        .outerjoin(Inspection, Inspection.id == RoundTask.inspection_id)
        .where(RoundTask.round_id == found.id, RoundTask.removed.is_(False))
        .order_by(
            Building.position,
            Building.id,
            floor_order(),
            Room.floor,
            Room.id,
            RoundTask.device_id.is_(None),
            RoundTask.device_id,
        )
    )
    if room_id is not None:
        statement = statement.where(RoundTask.room_id == room_id)
    return [TaskFacts(*row) for row in session.execute(statement)]


def _counted(found: Round, room_id: int | None) -> Any:
    """The ids of the inspections that count, as a subquery."""
    statement = sa.select(RoundTask.inspection_id).where(
        RoundTask.round_id == found.id,
        RoundTask.removed.is_(False),
        RoundTask.inspection_id.is_not(None),
    )
    if room_id is not None:
        statement = statement.where(RoundTask.room_id == room_id)
    return statement


def _readings(counted: Any) -> Any:
    return (
        sa.select(
            Reading.inspection_id,
            Reading.item,
            Reading.value_number,
            Reading.value_text,
            Reading.verdict,
            Reading.severity,
            Reading.cause,
            Reading.action,
            Reading.remark,
            Reading.fixed,
        )
        .where(Reading.inspection_id.in_(counted))
        .order_by(Reading.id)
    )


def _of_counted(model: type[Any], counted: Any) -> Any:
    return sa.select(model).where(model.inspection_id.in_(counted)).order_by(model.id)


def _photos(counted: Any) -> Any:
    """What can be shown: photos that have come, and that nobody took back or sent back."""
    return (
        sa.select(
            Photo.inspection_id,
            Photo.uid,
            Photo.sha256,
            Photo.width,
            Photo.height,
            Photo.item,
            Photo.finding_uid,
            Photo.open_item_number,
        )
        .where(
            Photo.inspection_id.in_(counted),
            Photo.received_at.is_not(None),
            Photo.withdrawn.is_(False),
            Photo.unreadable.is_(False),
            Photo.review != "returned",
        )
        .order_by(Photo.inspection_id, Photo.position, Photo.id)
    )


def _grouped(rows: Any) -> dict[int, list[Any]]:
    grouped: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.inspection_id].append(row)
    return grouped


def _contents(session: Session, found: Round, tasks: Sequence[TaskFacts]) -> dict[int, Content]:
    """The checklists by number; the round's own stands under 0 too."""
    numbers = {row.inspection.checklist_number for row in tasks if row.inspection}
    rows = session.execute(
        sa.select(ChecklistVersion.id, ChecklistVersion.number, ChecklistVersion.content).where(
            ChecklistVersion.contract_id == found.contract_id,
            sa.or_(ChecklistVersion.id == found.checklist_id, ChecklistVersion.number.in_(numbers)),
        )
    ).all()
    contents: dict[int, Content] = {row.number: row.content for row in rows}
    own = (row.content for row in rows if row.id == found.checklist_id)
    return {**contents, 0: next(own, _NO_CONTENT)}


def people_of(session: Session, contract_id: int) -> dict[int, Person]:
    """Everybody who was ever of the contract, by name: a record's author may have left."""
    rows = session.execute(
        sa.select(User.id, User.name, User.name_en, Membership.role, Membership.left_at)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.contract_id == contract_id)
        .order_by(Membership.id)
    )
    return {
        row.id: {
            "id": row.id,
            "name": both(row.name, row.name_en),
            "role": "" if row.left_at else row.role,
        }
        for row in rows
    }


def labels_of(session: Session, contract_id: int) -> dict[int, str]:
    """The codes of the labels in use, by device."""
    rows = session.execute(
        sa.select(Label.device_id, Label.code).where(
            Label.contract_id == contract_id,
            Label.revoked_at.is_(None),
            Label.device_id.is_not(None),
        )
    )
    return {row.device_id or 0: row.code for row in rows}


def _assignees(session: Session, found: Round) -> dict[int, int | None]:
    rows = session.execute(
        sa.select(RoundRoom.room_id, RoundRoom.assignee_id).where(RoundRoom.round_id == found.id)
    )
    return {row.room_id: row.assignee_id for row in rows}
