"""The estate's lists as files; the asset register itself is ``register_export.py``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from webapp.estate.models import Building, Device, Room
from webapp.estate.queries import (
    DeviceFilter,
    buildings_of,
    device_values,
    devices_statement,
    rooms_statement,
)
from webapp.estate.words import TYPE_WORDS
from webapp.listing import all_rows
from webapp.sheets import Column, Table

DEVICE_TYPE_WORDS = {key: (words[0], words[1]) for key, words in TYPE_WORDS.items()}
_PLACE = (
    Column("building", "楼宇", "Building"),
    Column("floor", "楼层", "Floor"),
    Column("room", "会议室", "Room"),
)
BUILDINGS = Table("buildings", ("楼宇", "Buildings"), (Column("name", "楼宇", "Building"),))
ROOMS = Table(
    "rooms",
    ("会议室", "Rooms"),
    (
        *_PLACE,
        Column("device_count", "在用设备数", "Devices in use"),
        Column("retired", "已停用", "Out of use"),
    ),
)
DEVICES = Table(
    "devices",
    ("设备", "Devices"),
    (
        *_PLACE,
        Column("name", "设备", "Device"),
        Column("type", "类型", "Type", DEVICE_TYPE_WORDS),
        Column("maker", "品牌", "Maker"),
        Column("model", "型号", "Model"),
        Column("serial", "序列号", "Serial number"),
        Column("asset_number", "资产编号", "Asset number"),
        Column("ip", "IP 地址", "IP address"),
        Column("firmware", "固件版本", "Firmware"),
        Column("in_service_on", "启用日期", "In service since"),
        Column("warranty_until", "保修期至", "Warranty until"),
        Column("quantity", "数量", "Quantity"),
        Column("label", "标签码", "Label"),
        Column("remark", "备注", "Remark"),
        Column("retired", "已停用", "Out of use"),
    ),
)


def building_records(session: Session, contract_id: int) -> Iterator[dict[str, Any]]:
    """The contract's buildings, in their order."""
    for building in buildings_of(session, contract_id):
        yield {"name_zh": building.name_zh, "name_en": building.name_en}


def room_records(session: Session, contract_id: int, **wanted: Any) -> Iterator[dict[str, Any]]:
    """The rooms that the filter lets through, by building and floor. :raise AppError: ``too_large``"""
    buildings = {row.id: row for row in buildings_of(session, contract_id)}
    for rows in all_rows(session, rooms_statement(contract_id, **wanted)):
        for room, count in rows:
            yield _placed(room, buildings[room.building_id]) | {
                "device_count": count,
                "retired": room.retired_at is not None,
            }


def device_records(
    session: Session, contract_id: int, wanted: DeviceFilter, sort: str
) -> Iterator[dict[str, Any]]:
    """The devices that the filter lets through, in the list's order. :raise AppError: ``too_large``"""
    for rows in all_rows(session, devices_statement(contract_id, wanted, sort)):
        yield from (_device_record(*row) for row in rows)


def _placed(room: Room, building: Building) -> dict[str, Any]:
    return {
        "building_zh": building.name_zh,
        "building_en": building.name_en,
        "floor": room.floor,
        "room_zh": room.name_zh,
        "room_en": room.name_en,
    }


def _device_record(
    device: Device, room: Room, building: Building, code: str | None
) -> dict[str, Any]:
    return {
        **device_values(device),
        **_placed(room, building),
        "label": code,
        "retired": device.retired_at is not None,
    }
