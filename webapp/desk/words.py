"""What the desk shows of a reading: an option's names, and what is normal on this device."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from webapp.checklists.content import ROOM_TYPE, Item, Words
from webapp.checklists.rules import NormalRange, device_register, normal_range
from webapp.estate.models import Building, Device, Room
from webapp.listing import Column

VERDICTS = {
    "normal": ("正常", "Normal"),
    "abnormal": ("异常", "Abnormal"),
    "not_tested": ("未检", "Not tested"),
}
SEVERITIES = {1: ("一级", "1"), 2: ("二级", "2"), 3: ("三级", "3"), 4: ("四级", "4")}
# Where a row of a list is, as its CSV file says it.
PLACE_COLUMNS = (
    Column("building", "楼宇", "Building"),
    Column("floor", "楼层", "Floor"),
    Column("room", "会议室", "Room"),
    Column("device_name", "设备", "Device"),
)


def place_of(room: Room, building: Building, device: Device | None) -> dict[str, Any]:
    """Where a row of a list is, and of what; a room's own checklist has no device."""
    return {
        "room_id": room.id,
        "room_zh": room.name_zh,
        "room_en": room.name_en,
        "floor": room.floor,
        "building_zh": building.name_zh,
        "building_en": building.name_en,
        "device_id": device.id if device else None,
        "device_name": device.name if device else None,
        "type": device.type if device else ROOM_TYPE,
    }


def option_words(item: Item | None, value: object) -> tuple[str | None, str | None]:
    """The Chinese and English names of an option's key; None for a value that is no option."""
    for option in item.get("options", []) if item else []:
        if option["key"] == value:
            return option["zh"], option["en"]
    return None, None


def picked_words(words: Iterable[Words], key: str) -> tuple[str, str]:
    """The names of a picked key; free text, and a key that is no more, stand for themselves."""
    return next(((w["zh"], w["en"]) for w in words if w["key"] == key), (key, key))


def register_of(device: Device | None) -> dict[str, Any]:
    """The register that a device's readings are compared with; a room has none."""
    return device_register(device.register, device.firmware) if device else {}


def limits_of(item: Item, register: Mapping[str, Any]) -> dict[str, Any]:
    """What is normal for the item with this register; bounds are inclusive, in the item's unit."""
    limits: NormalRange = normal_range(item, register)
    return {
        "minimum": limits.minimum,
        "maximum": limits.maximum,
        "equals": limits.equals,
        "options": list(limits.options) if limits.options is not None else None,
        "lacking": list(limits.unknown),
    }
