"""The register as a file: the same columns that the import reads, values only, never a formula."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import xlsxwriter

from webapp.estate import words
from webapp.estate.english_names import english_building, english_room
from webapp.estate.models import Building, Device, Room
from webapp.estate.register_line import UNKNOWN_BUILDING_EN
from webapp.sheets import csv_file, sheet_text

Value = str | int | float | date | None
Listed = tuple[Device, Room, Building]

_ALWAYS: Final = (
    "sequence", "building", "floor", "room", "name", "type", "maker", "model", "serial",
    "asset_number", "in_service_on", "warranty_until", "ip", "firmware", "quantity",
    "rated_lamp_hours",
)  # fmt: skip
_WHEN_USED: Final = tuple(
    name for name in ("building_en", "room_en", *words.REGISTER_FIELDS) if name not in _ALWAYS
)
_DATES: Final = ("in_service_on", "warranty_until")
_WIDTHS: Final = {"sequence": 6, "floor": 8, "quantity": 6, "name": 26, "remark": 24, "model": 18}


def register_table(
    devices: Sequence[Listed], language: str = "zh", types: words.OwnTypes = words.NO_TYPES
) -> tuple[list[str], list[list[Value]]]:
    """Header and rows of a register in ``zh`` or ``en``: one row a device, numbered from 1.

    ``types`` are the contract's own device types, which are written by their names.
    Columns that no device uses are left out, so that a register comes back as it went in.
    """
    records = [
        _record(number, *listed, language, types) for number, listed in enumerate(devices, 1)
    ]
    used = [name for name in _WHEN_USED if any(row.get(name) not in (None, "") for row in records)]
    names = [*_ALWAYS, *used, "remark"]
    heads = [words.column_title(name, language) for name in names]
    return heads, [[row.get(name) for name in names] for row in records]


def _record(
    number: int,
    device: Device,
    room: Room,
    building: Building,
    language: str,
    types: words.OwnTypes,
) -> dict[str, Value]:
    register: dict[str, Any] = dict(device.register)
    counted = words.COUNTED_BY_QUANTITY.get(device.type)
    if counted and register.get(counted) == device.quantity:
        register.pop(counted)
    stated_type = register.pop("type_word", "") if language == "zh" else ""
    word = stated_type or words.type_title(device.type, language, types)
    for name, says in (("wireless", words.is_wireless_word), ("laser", words.is_laser_word)):
        if register.get(name) is True and says(word):
            register.pop(name)
        elif name in register:
            yes, no = ("是", "否") if language == "zh" else ("yes", "no")
            register[name] = yes if register[name] else no
    return {
        **{name: register.get(name) for name in words.REGISTER_FIELDS},
        "sequence": number,
        "building": building.name_zh,
        "building_en": _own(building.name_en, english_building(building.name_zh)),
        "floor": room.floor,
        "room": room.name_zh,
        "room_en": _own(room.name_en, english_room(room.name_zh)),
        "name": device.name,
        "type": word,
        "maker": device.maker,
        "model": device.model,
        "serial": device.serial,
        "asset_number": device.asset_number,
        "in_service_on": device.in_service_on,
        "warranty_until": device.warranty_until,
        "ip": device.ip,
        "firmware": device.firmware,
        "quantity": device.quantity,
        "remark": device.remark,
    }


def _own(english: str, suggested: str) -> str:
    """An English name that an import would not give by itself."""
    return "" if english in (suggested, UNKNOWN_BUILDING_EN) else english


def export_xlsx(
    devices: Sequence[Listed],
    language: str = "zh",
    title: str = "",
    types: words.OwnTypes = words.NO_TYPES,
) -> bytes:
    """The register as a workbook; every text is written as text, whatever it looks like."""
    heads, rows = register_table(devices, language, types)
    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": title})
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
        sheet = book.add_worksheet("设备台账" if language == "zh" else "Asset register")
        for column, head in enumerate(heads):
            sheet.write_string(0, column, head, bold)
            sheet.set_column(column, column, _width(head, language))
        for index, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                _write(sheet, index, column, value, day)
        sheet.freeze_panes(1, 0)
        if rows:
            sheet.autofilter(0, 0, len(rows), len(heads) - 1)
    return buffer.getvalue()


def _width(head: str, language: str) -> int:
    found = words.column_of(head)
    return _WIDTHS.get(found[0] if found else "", 16 if language == "en" else 14)


def _write(sheet: Any, row: int, column: int, value: Value, day: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, date):
        sheet.write_datetime(row, column, value, day)
    elif isinstance(value, str):
        sheet.write_string(row, column, sheet_text(value))
    else:
        sheet.write_number(row, column, value)


def export_csv(
    devices: Sequence[Listed], language: str = "zh", types: words.OwnTypes = words.NO_TYPES
) -> bytes:
    """The register as UTF-8 CSV with a byte-order mark, which spreadsheets ask for.

    A text that a spreadsheet would run gets an apostrophe in front, which the import takes off.
    """
    heads, rows = register_table(devices, language, types)
    return csv_file([heads, *rows])
