"""What the desk shows of a reading: an option's names, and what is normal on this device."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from webapp.checklists.content import ROOM_TYPE, Item, Words
from webapp.checklists.rules import NormalRange, device_register, normal_range
from webapp.estate.models import Building, Device, Room
from webapp.sheets import Column

VERDICTS = {
    "normal": ("正常", "Normal"),
    "abnormal": ("异常", "Abnormal"),
    "not_tested": ("未检", "Not tested"),
}
SEVERITIES = {1: ("一级", "1"), 2: ("二级", "2"), 3: ("三级", "3"), 4: ("四级", "4")}
FLAGS = {
    "verdict_differs": ("手机判定与服务器不同", "Phone and server judge differently"),
    "required_unanswered": ("有必检项未填", "Required items unanswered"),
    "photo_missing": ("缺少照片", "A photo is missing"),
    "question": ("读数存疑", "A reading is doubtful"),
    "not_scanned": ("未扫码", "Label not scanned"),
    "bulk_ok": ("一键正常", "Set all to OK"),
    "spot_check_missing": ("抽查项没有看", "Spot check not looked at"),
    "clock_off": ("手机时间不准", "Phone's clock is off"),
    "unanswered_open_items": ("遗留问题未答复", "Open items unanswered"),
    "solved_but_abnormal": ("答已解决但仍异常", "Said solved, still abnormal"),
    "amendment_forced": ("更正未等到原记录", "Amendment without its original"),
}
# Where a row of a list is, as its files say it.
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
