"""Reading the estate: the tree of places, devices by page, labels."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.errors import AppError
from webapp.estate.cells import text_of
from webapp.estate.import_plan import ExistingDevice, ExistingPlace, Place
from webapp.estate.models import Building, Device, Label, Room
from webapp.estate.rules import parse_label
from webapp.listing import Column, Listing, Rows

_Row = TypeVar("_Row", Building, Room, Device)

_DESCENDING = "-"


@dataclass(frozen=True)
class DeviceFilter:
    """Which devices; an empty field filters nothing. ``q`` is looked for in every shown text."""

    q: str = ""
    building_id: int | None = None
    room_id: int | None = None
    type: str = ""
    retired: bool | None = False
    unlabelled: bool = False


def belonging(session: Session, kind: type[_Row], contract_id: int, row_id: int) -> _Row:
    """A building, room or device of the contract. :raise AppError: ``not_found``, also when foreign"""
    row = session.get(kind, row_id)
    if row is None or row.contract_id != contract_id:
        raise AppError("not_found", kind=kind.__tablename__, id=row_id)
    return row


def estate_tree(session: Session, contract_id: int) -> list[dict[str, Any]]:
    """Buildings with their floors and rooms, each with how many devices are in use there.

    Two queries, whatever the size. Retired rooms are listed, with ``retired`` set.
    """
    buildings = session.scalars(
        sa.select(Building)
        .where(Building.contract_id == contract_id)
        .order_by(Building.position, Building.id)
    ).all()
    tree = {row.id: {**building_row(row), "device_count": 0, "floors": []} for row in buildings}
    for room, count in session.execute(_rooms_with_counts(contract_id)):
        node = tree[room.building_id]
        node["device_count"] += count
        if not node["floors"] or node["floors"][-1]["floor"] != room.floor:
            node["floors"].append({"floor": room.floor, "rooms": []})
        node["floors"][-1]["rooms"].append({**room_row(room), "device_count": count})
    return list(tree.values())


def _rooms_with_counts(contract_id: int) -> sa.Select[Room, int]:
    counted = (
        sa.select(Device.room_id, sa.func.count().label("devices"))
        .where(Device.contract_id == contract_id, Device.retired_at.is_(None))
        .group_by(Device.room_id)
        .subquery()
    )
    return (
        sa.select(Room, sa.func.coalesce(counted.c.devices, 0))
        .outerjoin(counted, counted.c.room_id == Room.id)
        .where(Room.contract_id == contract_id)
        .order_by(Room.building_id, floor_order(), Room.floor, Room.id)
    )


def floor_order() -> sa.ColumnElement[int]:
    """Basements first, then by length and text: B2, B1, 1F, 2F, 12F."""
    basement = sa.func.substr(Room.floor, 1, 1) == "B"
    return sa.case((basement, -sa.func.length(Room.floor)), else_=sa.func.length(Room.floor))


def rooms_statement(
    contract_id: int, *, building_id: int | None = None, q: str = ""
) -> sa.Select[Room, int]:
    """Rooms with their device counts, for paging."""
    statement = _rooms_with_counts(contract_id)
    if building_id is not None:
        statement = statement.where(Room.building_id == building_id)
    if q:
        pattern = like(q)
        statement = statement.where(
            sa.or_(
                Room.name_zh.ilike(pattern, escape="\\"), Room.name_en.ilike(pattern, escape="\\")
            )
        )
    return statement


def buildings_of(session: Session, contract_id: int) -> list[Building]:
    """The contract's buildings, in their order."""
    statement = sa.select(Building).where(Building.contract_id == contract_id)
    return list(session.scalars(statement.order_by(Building.position, Building.id)))


def like(text: str) -> str:
    """A LIKE pattern that finds ``text`` anywhere, its own wildcards taken literally (escape ``\\``)."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


DeviceSelect = sa.Select[Device, Room, Building, str]


def devices_statement(contract_id: int, wanted: DeviceFilter, sort: str = "place") -> DeviceSelect:
    """Devices with their room, building and active label's code, in one statement, for paging."""
    active = sa.and_(Label.device_id == Device.id, Label.revoked_at.is_(None))
    statement = (
        sa.select(Device, Room, Building, Label.code)
        .join(Room, Room.id == Device.room_id)
        .join(Building, Building.id == Room.building_id)
        .outerjoin(Label, active)
        .where(Device.contract_id == contract_id, *_conditions(wanted))
    )
    return statement.order_by(*_ordering(sort))


def _conditions(wanted: DeviceFilter) -> Iterable[sa.ColumnElement[bool]]:
    if wanted.building_id is not None:
        yield Room.building_id == wanted.building_id
    if wanted.room_id is not None:
        yield Device.room_id == wanted.room_id
    if wanted.type:
        yield Device.type == wanted.type
    if wanted.retired is not None:
        retired = Device.retired_at.is_not(None)
        yield retired if wanted.retired else sa.not_(retired)
    if wanted.unlabelled:
        yield Label.id.is_(None)
    for word in wanted.q.split():
        yield _mentions(word)


def _mentions(word: str) -> sa.ColumnElement[bool]:
    pattern = like(word)
    columns = (
        Device.name, Device.maker, Device.model, Device.serial, Device.asset_number, Device.ip,
        Room.name_zh, Room.name_en, Room.floor, Building.name_zh, Building.name_en,
    )  # fmt: skip
    found = [column.ilike(pattern, escape="\\") for column in columns]
    code = parse_label(word)
    return sa.or_(*found, Label.code == code) if code else sa.or_(*found)


def _ordering(sort: str) -> list[sa.ColumnElement[Any]]:
    name = sort.removeprefix(_DESCENDING)
    columns: dict[str, list[sa.ColumnElement[Any]]] = {
        "place": [
            Building.position.expression, Building.id.expression, floor_order(),
            Room.floor.expression, Room.id.expression,
        ],
        "name": [Device.name.expression],
        "type": [Device.type.expression],
        "asset_number": [Device.asset_number.expression],
        "warranty_until": [Device.warranty_until.is_(None), Device.warranty_until.expression],
        "in_service_on": [Device.in_service_on.is_(None), Device.in_service_on.expression],
    }  # fmt: skip
    chosen = columns[name]
    if sort.startswith(_DESCENDING):
        chosen = (
            [*chosen[:-1], chosen[-1].desc()] if len(chosen) == 2 else [c.desc() for c in chosen]
        )
    return [*chosen, Device.id.expression]


def building_row(building: Building) -> dict[str, Any]:
    """A building as plain data."""
    return {
        "id": building.id,
        "name_zh": building.name_zh,
        "name_en": building.name_en,
        "position": building.position,
    }


def room_row(room: Room) -> dict[str, Any]:
    """A room as plain data."""
    return {
        "id": room.id,
        "building_id": room.building_id,
        "floor": room.floor,
        "name_zh": room.name_zh,
        "name_en": room.name_en,
        "retired": room.retired_at is not None,
    }


def device_row(device: Device, room: Room, building: Building, code: str | None) -> dict[str, Any]:
    """A device with its place and the code of its active label, as plain data."""
    return {
        **device_values(device),
        "id": device.id,
        "retired": device.retired_at is not None,
        "room": room_row(room),
        "building": building_row(building),
        "label": code,
    }


DEVICE_FIELDS = (
    "room_id", "type", "name", "maker", "model", "serial", "asset_number", "ip", "firmware",
    "in_service_on", "warranty_until", "quantity", "register", "remark",
)  # fmt: skip


def device_values(device: Device) -> dict[str, Any]:
    """The columns of a device that people fill in."""
    return {name: getattr(device, name) for name in DEVICE_FIELDS}


def device_with_place(
    session: Session, contract_id: int, device_id: int
) -> tuple[Device, Room, Building, str | None]:
    """One device as in :func:`devices_statement`. :raise AppError: ``not_found``"""
    statement = devices_statement(contract_id, DeviceFilter(retired=None))
    row = session.execute(statement.where(Device.id == device_id)).first()
    if row is None:
        raise AppError("not_found", kind="device", id=device_id)
    return row[0], row[1], row[2], row[3]


def existing_devices(
    session: Session, contract_id: int
) -> tuple[list[ExistingDevice], dict[Place, ExistingPlace]]:
    """Every device and room of the contract, as an import compares with them."""
    statement = devices_statement(contract_id, DeviceFilter(retired=None))
    devices = [
        ExistingDevice(
            id=device.id,
            place=_place_of(building.name_zh, room.floor, room.name_zh),
            retired=device.retired_at is not None,
            **{name: getattr(device, name) for name in DEVICE_FIELDS if name != "room_id"},
        )
        for device, room, building, _ in session.execute(statement.order_by(None))
    ]
    places = {
        place: ExistingPlace(building.name_en, room.name_en, room.retired_at is not None)
        for place, (room, building) in places_of(session, contract_id).items()
    }
    return devices, places


def places_of(session: Session, contract_id: int) -> dict[Place, tuple[Room, Building]]:
    """Every room of the contract by building, floor and name; of two alike the one in use, the older."""
    statement = (
        sa.select(Room, Building)
        .join(Building, Room.building_id == Building.id)
        .where(Building.contract_id == contract_id)
        .order_by(Room.retired_at.is_(None), Room.id.desc())
    )
    return {
        _place_of(building.name_zh, room.floor, room.name_zh): (room, building)
        for room, building in session.execute(statement)
    }


def _place_of(building: str, floor: str, room: str) -> Place:
    return (text_of(building), text_of(floor), text_of(room))


def printable_statement(
    contract_id: int,
    *,
    building_ids: Collection[int] = (),
    room_ids: Collection[int] = (),
    device_ids: Collection[int] = (),
) -> DeviceSelect:
    """Devices in use that have a label, by place; the ids narrow them down, each list by itself."""
    statement = devices_statement(contract_id, DeviceFilter()).where(Label.code.is_not(None))
    wanted = (
        (Room.building_id, building_ids),
        (Device.room_id, room_ids),
        (Device.id, device_ids),
    )
    for column, ids in wanted:
        if ids:
            statement = statement.where(column.in_(ids))
    return statement


_LABEL_STATES = {
    "active": ("在用", "In use"),
    "unlinked": ("未关联", "On no device"),
    "revoked": ("已作废", "Revoked"),
}
_label_state = sa.case(
    (Label.revoked_at.is_not(None), "revoked"),
    (Label.device_id.is_not(None), "active"),
    else_="unlinked",
)


def _labels_with(text: str) -> sa.ColumnElement[bool]:
    """A code is found with its hyphens or without."""
    return sa.and_(
        sa.true(),
        *(
            sa.or_(
                Label.code.icontains(
                    word.replace("-", "") if word.isascii() else word, autoescape=True
                ),
                *(
                    column.icontains(word, autoescape=True)
                    for column in (Device.name, Room.name_zh)
                ),
            )
            for word in text.split()
        ),
    )


def dress_labels(
    _session: Session, _contract_id: int, rows: Rows, _now: datetime | None = None
) -> list[dict[str, Any]]:
    """The rows of :data:`LABELS` as plain data; ``unlinked`` is printed and on no device."""
    return [_label_row(*row) for row in rows]


def _label_row(
    label: Label, device: Device | None, room: Room | None, building: Building | None, state: str
) -> dict[str, Any]:
    return {
        "code": label.code,
        "state": state,
        "device_id": label.device_id,
        "device_name": device.name if device else None,
        "room_name_zh": room.name_zh if room else None,
        "room_name_en": room.name_en if room else None,
        "building_name_zh": building.name_zh if building else None,
        "building_name_en": building.name_en if building else None,
        "floor": room.floor if room else None,
        "made_at": label.made_at,
        "revoked_at": label.revoked_at,
        "reason": label.reason,
    }


LABELS = Listing(
    name="labels",
    title=("标签", "Labels"),
    select=sa.select(Label, Device, Room, Building, _label_state)
    .outerjoin(Device, Device.id == Label.device_id)
    .outerjoin(Room, Room.id == Device.room_id)
    .outerjoin(Building, Building.id == Room.building_id),
    contract=Label.contract_id,
    filters={
        "q": _labels_with,
        "device_id": Label.device_id,
        "state": _label_state,
        "code": Label.code,
    },
    sorts={
        "made_at": (Label.made_at,),
        "code": (Label.code,),
        "device": (Device.name,),
        "place": (Building.position, Building.id, Room.floor, Room.name_zh, Device.name),
    },
    sort="-made_at",
    tie=Label.id,
    tab="state",
    states=("active", "unlinked", "revoked"),
    dress=dress_labels,
    columns=(
        Column("code", "标签码", "Code"),
        Column("state", "状态", "State", _LABEL_STATES),
        Column("device_name", "设备", "Device"),
        Column("building_name", "楼宇", "Building"),
        Column("floor", "楼层", "Floor"),
        Column("room_name", "会议室", "Room"),
        Column("made_at", "生成时间", "Made"),
        Column("revoked_at", "作废时间", "Revoked"),
        Column("reason", "原因", "Reason"),
    ),
)


def label_of(session: Session, contract_id: int, text: str) -> Label:
    """The label that a code names, revoked or not. :raise AppError: ``label_unknown``"""
    code = parse_label(text)
    statement = sa.select(Label).where(Label.contract_id == contract_id, Label.code == code)
    label = session.scalar(statement) if code else None
    if label is None:
        raise AppError("label_unknown")
    return label


def register_devices(session: Session, contract_id: int) -> list[tuple[Device, Room, Building]]:
    """The devices in use as the register lists them: rooms in the order in which they came."""
    statement = devices_statement(contract_id, DeviceFilter())
    rows = [(row[0], row[1], row[2]) for row in session.execute(statement.order_by(None))]
    first: dict[int, int] = {}
    for device, room, _ in rows:
        first[room.id] = min(device.id, first.get(room.id, device.id))
    return sorted(rows, key=lambda row: (first[row[1].id], row[0].id))
