"""Changing the estate: buildings, rooms, devices; each change with its audit row beside it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.errors import AppError
from webapp.estate import labels, queries
from webapp.estate.models import Building, Device, Room
from webapp.identity.models import Contract
from webapp.identity.rules import Access


def lock_contract(session: Session, contract_id: int) -> None:
    """Let one change of an estate follow the other, so that a check holds until the commit."""
    statement = sa.select(Contract.id).where(Contract.id == contract_id).with_for_update()
    session.execute(statement)


def create_building(
    session: Session, access: Access, values: dict[str, Any], now: datetime
) -> Building:
    """Make a building, the last in order unless ``position`` says otherwise.

    :raise AppError: ``building_taken`` when the contract has one of that name
    """
    lock_contract(session, access.contract_id)
    _check_building_name(session, access.contract_id, values["name_zh"], but=None)
    last = session.scalar(
        sa.select(sa.func.max(Building.position)).where(Building.contract_id == access.contract_id)
    )
    position = (last or 0) + 1
    building = Building(contract_id=access.contract_id, **{"position": position, **values})
    session.add(building)
    session.flush()  # the audit row needs the id
    _record(session, access, now, "create", building, audit.first_values(plain(values)))
    return building


def change_building(
    session: Session, access: Access, building_id: int, values: dict[str, Any], now: datetime
) -> Building:
    """Change a building's names or position. :raise AppError: ``not_found``, ``building_taken``"""
    lock_contract(session, access.contract_id)
    building = queries.belonging(session, Building, access.contract_id, building_id)
    if "name_zh" in values:
        _check_building_name(session, access.contract_id, values["name_zh"], but=building_id)
    _change(session, access, now, building, values)
    return building


def _check_building_name(session: Session, contract_id: int, name: str, but: int | None) -> None:
    statement = sa.select(Building.id).where(
        Building.contract_id == contract_id, Building.name_zh == name, Building.id != (but or 0)
    )
    if session.scalar(statement) is not None:
        raise AppError("building_taken", fields={"name_zh": ["building_taken"]})


def create_room(session: Session, access: Access, values: dict[str, Any], now: datetime) -> Room:
    """Make a room in one of the contract's buildings.

    :raise AppError: ``not_found`` for the building; ``room_taken`` when that floor has the name
    """
    lock_contract(session, access.contract_id)
    queries.belonging(session, Building, access.contract_id, values["building_id"])
    room = Room(contract_id=access.contract_id, **values)
    _check_room_name(session, (room.building_id, room.floor, room.name_zh), but=None)
    session.add(room)
    session.flush()  # the audit row needs the id
    _record(session, access, now, "create", room, audit.first_values(plain(values)))
    return room


def change_room(
    session: Session, access: Access, room_id: int, values: dict[str, Any], now: datetime
) -> Room:
    """Change a room, also its place; ``retired`` takes it out of coming rounds, or back.

    :raise AppError: ``not_found``, ``room_taken``
    """
    lock_contract(session, access.contract_id)
    room = queries.belonging(session, Room, access.contract_id, room_id)
    values = _with_retirement(room, values, now)
    if "building_id" in values:
        queries.belonging(session, Building, access.contract_id, values["building_id"])
    place = (
        values.get("building_id", room.building_id),
        values.get("floor", room.floor),
        values.get("name_zh", room.name_zh),
    )
    _check_room_name(session, place, but=room_id)
    _change(session, access, now, room, values)
    return room


def _check_room_name(session: Session, place: tuple[int, str, str], but: int | None) -> None:
    building_id, floor, name = place
    statement = sa.select(Room.id).where(
        Room.building_id == building_id,
        Room.floor == floor,
        Room.name_zh == name,
        Room.id != (but or 0),
    )
    if session.scalar(statement) is not None:
        raise AppError("room_taken", fields={"name_zh": ["room_taken"]})


def create_device(
    session: Session,
    access: Access,
    values: dict[str, Any],
    now: datetime,
    *,
    labelled: bool = True,
) -> Device:
    """Make a device in one of the contract's rooms, with a label of its own unless it gets another's.

    :raise AppError: ``not_found`` for the room, ``asset_number_taken``
    """
    lock_contract(session, access.contract_id)
    queries.belonging(session, Room, access.contract_id, values["room_id"])
    _check_asset_number(session, access.contract_id, values.get("asset_number", ""), but=None)
    device = Device(contract_id=access.contract_id, **values)
    session.add(device)
    session.flush()  # label and audit row need the id
    _record(session, access, now, "create", device, audit.first_values(plain(values)))
    if labelled:
        labels.issue_labels(
            session, [device.id], contract_id=access.contract_id, actor_id=access.user_id, now=now
        )
    return device


def change_device(
    session: Session, access: Access, device_id: int, values: dict[str, Any], now: datetime
) -> Device:
    """Change a device; absent fields stay. In ``register`` a null takes a field away.

    ``retired`` takes it out of coming rounds, or back; its history stays.

    :raise AppError: ``not_found`` for the device or its new room, ``asset_number_taken``
    """
    lock_contract(session, access.contract_id)
    device = queries.belonging(session, Device, access.contract_id, device_id)
    values = _with_retirement(device, values, now)
    if "room_id" in values:
        queries.belonging(session, Room, access.contract_id, values["room_id"])
    if "asset_number" in values:
        _check_asset_number(session, access.contract_id, values["asset_number"], but=device_id)
    register = {**device.register, **values.get("register", {})}
    if values.get("type", device.type) != device.type:
        register.pop("type_word", None)
    values["register"] = {key: value for key, value in register.items() if value is not None}
    _change(session, access, now, device, values)
    return device


def _check_asset_number(
    session: Session, contract_id: int, asset_number: str, but: int | None
) -> None:
    if not asset_number:
        return
    statement = sa.select(Device.id).where(
        Device.contract_id == contract_id,
        sa.func.lower(Device.asset_number) == asset_number.lower(),
        Device.id != (but or 0),
    )
    other = session.scalar(statement)
    if other is not None:
        raise AppError(
            "asset_number_taken", fields={"asset_number": ["asset_number_taken"]}, device_id=other
        )


def _with_retirement(row: Room | Device, values: dict[str, Any], now: datetime) -> dict[str, Any]:
    values = dict(values)
    if "retired" in values:
        retired = values.pop("retired")
        values["retired_at"] = (row.retired_at or now) if retired else None
    return values


def _change(
    session: Session,
    access: Access,
    now: datetime,
    row: Building | Room | Device,
    values: dict[str, Any],
) -> None:
    before = {name: getattr(row, name) for name in values}
    diff = audit.differences(plain(before), plain(values))
    if not diff:
        return
    for name in diff:
        setattr(row, name, values[name])
    _record(session, access, now, "change", row, diff)


def _record(
    session: Session,
    access: Access,
    now: datetime,
    action: str,
    row: Building | Room | Device,
    diff: dict[str, Any],
) -> None:
    audit.record(
        session,
        at=now,
        user_id=access.user_id,
        contract_id=access.contract_id,
        action=action,
        entity=row.__tablename__,
        entity_id=row.id,
        diff=diff,
    )


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Values as the audit trail's JSON holds them: dates and times as ISO text."""
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in values.items()
    }
