"""Bringing a register in: all of its good rows in the caller's transaction, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.estate import labels, queries
from webapp.estate.cells import text_of
from webapp.estate.english_names import english_building, english_room
from webapp.estate.import_plan import ImportPlan, NewDevice, Place, Update, plan_import
from webapp.estate.models import Building, Device, Room
from webapp.estate.register_line import (
    UNKNOWN_BUILDING,
    UNKNOWN_BUILDING_EN,
    Problem,
    RegisterRow,
)
from webapp.estate.register_rows import ParsedRegister
from webapp.estate.services import lock_contract, plain


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or would do: counts, and a line for each problem in the file's order.

    ``created`` are devices; ``updated`` are devices, and rooms whose English names change.
    """

    rooms: int
    devices: int
    created: int
    updated: int
    unchanged: int
    problems: tuple[Problem, ...]


def preview_register(parsed: ParsedRegister) -> ImportReport:
    """What an import into an empty contract would do; needs no database."""
    return _report(parsed, plan_import(parsed.rows, [], {}))


def preview_import(session: Session, contract_id: int, parsed: ParsedRegister) -> ImportReport:
    """What :func:`import_register` would do; changes nothing."""
    devices, places = queries.existing_devices(session, contract_id)
    return _report(parsed, plan_import(parsed.rows, devices, places))


def import_register(
    session: Session,
    parsed: ParsedRegister,
    *,
    contract_id: int,
    actor_id: int | None,
    now: datetime,
) -> ImportReport:
    """Make and change what the register says; each new device gets a label.

    Rooms and buildings are made as they appear, with an English name where it is plain. Devices
    that the register doesn't name stay as they are: a part of a register is as good as the whole.
    Importing the same file again changes nothing.
    """
    lock_contract(session, contract_id)
    devices, places = queries.existing_devices(session, contract_id)
    plan = plan_import(parsed.rows, devices, places)
    importer = _Importer(session, contract_id, actor_id, now)
    room_ids = importer.rooms_of(plan)
    importer.create(plan, room_ids)
    importer.update(plan, room_ids)
    importer.name(plan)
    report = _report(parsed, plan)
    if report.created or report.updated:
        counts = {"created": report.created, "updated": report.updated}
        importer.record("import", "estate", contract_id, counts)
    return report


def _report(parsed: ParsedRegister, plan: ImportPlan) -> ImportReport:
    problems = sorted((*parsed.problems, *plan.problems), key=lambda item: (item.sheet, item.row))
    return ImportReport(
        rooms=parsed.rooms,
        devices=parsed.devices,
        created=len(plan.creates),
        updated=len(plan.updates) + len(plan.names),
        unchanged=plan.unchanged,
        problems=tuple(problems),
    )


class _Importer:
    """One import in its transaction."""

    def __init__(
        self, session: Session, contract_id: int, actor_id: int | None, now: datetime
    ) -> None:
        self._session = session
        self._contract_id = contract_id
        self._actor_id = actor_id
        self._now = now

    def record(self, action: str, entity: str, entity_id: int, diff: dict[str, Any]) -> None:
        """The audit row beside a change."""
        audit.record(
            self._session,
            at=self._now,
            user_id=self._actor_id,
            contract_id=self._contract_id,
            action=action,
            entity=entity,
            entity_id=entity_id,
            diff=diff,
        )

    def rooms_of(self, plan: ImportPlan) -> dict[Place, int]:
        """The id of every room that the plan needs; those that are missing are made."""
        known = queries.places_of(self._session, self._contract_id)
        needed: dict[Place, RegisterRow] = {}
        changes: list[NewDevice | Update] = [*plan.creates, *plan.updates]
        for change in changes:
            if change.place is not None and change.place not in known:
                needed.setdefault(change.place, change.row)
        buildings = self._buildings_of(needed)
        made = {
            place: Room(
                contract_id=self._contract_id,
                building_id=buildings[place[0]].id,
                floor=place[1],
                name_zh=place[2],
                name_en=row.room_en or english_room(place[2]),
            )
            for place, row in needed.items()
        }
        self._session.add_all(made.values())
        self._session.flush()  # devices need the rooms' ids
        for room in made.values():
            self.record("create", "room", room.id, _first_values(room))
        ids = {place: room.id for place, (room, _) in known.items()}
        return {**ids, **{place: room.id for place, room in made.items()}}

    def _buildings_of(self, needed: dict[Place, RegisterRow]) -> dict[str, Building]:
        buildings = queries.buildings_of(self._session, self._contract_id)
        found = {text_of(row.name_zh): row for row in buildings}
        position = max((row.position for row in found.values()), default=0)
        for place, row in needed.items():
            if place[0] in found:
                continue
            position += 1
            unknown = place[0] == UNKNOWN_BUILDING
            english = row.building_en or english_building(place[0])
            found[place[0]] = building = Building(
                contract_id=self._contract_id,
                name_zh=place[0],
                name_en=UNKNOWN_BUILDING_EN if unknown else english,
                position=position,
            )
            self._session.add(building)
            self._session.flush()  # rooms need the building's id; there are few of them
            self.record("create", "building", building.id, _first_values(building))
        return found

    def create(self, plan: ImportPlan, room_ids: dict[Place, int]) -> None:
        """Make the new devices, with their labels."""
        made = [
            Device(
                contract_id=self._contract_id,
                room_id=room_ids[new.place],
                **new.values,
            )
            for new in plan.creates
        ]
        self._session.add_all(made)
        self._session.flush()  # labels and audit rows need the ids
        for device in made:
            self.record("create", "device", device.id, _first_values(device))
        labels.issue_labels(
            self._session,
            [device.id for device in made],
            contract_id=self._contract_id,
            actor_id=self._actor_id,
            now=self._now,
        )

    def update(self, plan: ImportPlan, room_ids: dict[Place, int]) -> None:
        """Change the devices that differ, with the difference in the audit trail."""
        ids = [change.device_id for change in plan.updates]
        statement = sa.select(Device).where(Device.id.in_(ids))
        devices = {device.id: device for device in self._session.scalars(statement)}
        for change in plan.updates:
            device = devices[change.device_id]
            values = dict(change.values)
            if change.place is not None:
                values["room_id"] = room_ids[change.place]
            before = {name: getattr(device, name) for name in values}
            for name, value in values.items():
                setattr(device, name, value)
            diff = audit.differences(plain(before), plain(values))
            self.record("change", "device", device.id, diff)

    def name(self, plan: ImportPlan) -> None:
        """Give rooms and buildings that are there the English names that the register states."""
        known = queries.places_of(self._session, self._contract_id) if plan.names else {}
        for place, names in plan.names.items():
            room, building = known[place]
            self._rename("room", room, names.room_en)
            self._rename("building", building, names.building_en)

    def _rename(self, entity: str, row: Room | Building, name: str) -> None:
        if not name or row.name_en == name:
            return
        diff = audit.differences({"name_en": row.name_en}, {"name_en": name})
        row.name_en = name
        self.record("change", entity, row.id, diff)


_OWN = {"id", "contract_id", "seq"}


def _first_values(row: Building | Room | Device) -> dict[str, Any]:
    names = [column.key for column in row.__table__.columns if column.key not in _OWN]
    return audit.first_values(plain({name: getattr(row, name) for name in names}))
