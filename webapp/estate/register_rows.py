"""From the cells of a register to its devices: header, merged areas, one line per problem; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final, TypeVar

from webapp.errors import AppError
from webapp.estate import cells, words
from webapp.estate.cells import Cell, UnreadableError
from webapp.estate.register_file import Sheet, read_sheets

ERROR: Final = "error"
WARNING: Final = "warning"
HEADER_WITHIN_ROWS: Final = 30
FEWEST_HEADS: Final = 3
UNKNOWN_BUILDING: Final = "(楼宇未填)"
UNKNOWN_BUILDING_EN: Final = "(building not stated)"

_T = TypeVar("_T")
_IDENTITY: Final = ("name", "type", "maker", "model", "serial", "asset_number")
_ROOM_LIKE = re.compile(
    r"室|厅|间|中心|区|廊|吧|room|hall|lounge|office|theatre|theater", re.IGNORECASE
)
_LONGEST: Final = {
    "building": 120, "building_en": 120, "floor": 20, "room": 120, "room_en": 120, "name": 200,
    "maker": 120, "model": 120, "serial": 120, "asset_number": 120, "firmware": 120, "remark": 2000,
}  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """One line of the report. ``row`` counts from 1 as the sheet does; ``column`` is its header.

    An ``error`` leaves the row out; with a ``warning`` the row is taken without that cell.
    ``details`` are the values that the text names.
    """

    row: int
    column: str
    code: str
    severity: str = ERROR
    sheet: str = ""
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RegisterRow:
    """One device as the register has it; an empty field makes no statement.

    ``building_known`` is False where building and floor are lost and only the room could be told.
    ``derived`` are register fields that follow from others (a microphone's quantity is its count).
    """

    row: int
    building: str
    floor: str
    room: str
    name: str
    type: str
    building_en: str = ""
    room_en: str = ""
    building_known: bool = True
    type_stated: bool = True
    type_word: str = ""
    maker: str = ""
    model: str = ""
    serial: str = ""
    asset_number: str = ""
    ip: str = ""
    firmware: str = ""
    in_service_on: date | None = None
    warranty_until: date | None = None
    quantity: int | None = None
    register: dict[str, Any] = field(default_factory=dict)
    derived: dict[str, Any] = field(default_factory=dict)
    remark: str = ""
    sheet: str = ""

    @property
    def place(self) -> tuple[str, str, str]:
        """What tells a room from the others."""
        return (self.building, self.floor, self.room)


@dataclass(frozen=True)
class ParsedRegister:
    """The good rows of a file, in its order, and what is wrong with the others.

    ``language`` is that of the file's headers, ``zh`` or ``en``.
    """

    rows: tuple[RegisterRow, ...]
    problems: tuple[Problem, ...]
    language: str = "zh"

    @property
    def rooms(self) -> int:
        """How many rooms the good rows stand in."""
        return len({row.place for row in self.rows})

    @property
    def devices(self) -> int:
        """How many devices could be read."""
        return len(self.rows)


def parse_register(data: bytes, filename: str = "") -> ParsedRegister:
    """Read a register file (XLSX or CSV): every sheet in which a header is found.

    :raise import_too_large: see :func:`webapp.estate.register_file.read_sheets`
    :raise import_unreadable: the same
    :raise import_no_header: no sheet has a row of known column names in its first 30
    """
    tables = [table for sheet in read_sheets(data, filename) if (table := find_table(sheet))]
    if not tables:
        raise AppError("import_no_header", within_rows=HEADER_WITHIN_ROWS)
    reading = _Reading()
    for table in tables:
        reading.take(table)
    return ParsedRegister(
        rows=tuple(reading.rows),
        problems=tuple(sorted(reading.problems, key=lambda item: (item.sheet, item.row))),
        language=tables[0].language,
    )


@dataclass(frozen=True)
class Table:
    """A sheet whose header was found; ``columns`` maps a field to (column index, header text)."""

    sheet: Sheet
    header_row: int
    columns: dict[str, tuple[int, str]]

    @property
    def language(self) -> str:
        """``en`` when every header is written in Latin letters, else ``zh``."""
        return "en" if all(head.isascii() for _, head in self.columns.values()) else "zh"

    def head(self, name: str) -> str:
        """The header of a field's column; the usual word where the file has none."""
        column = self.columns.get(name)
        return column[1] if column else words.column_title(name, self.language)


def find_table(sheet: Sheet) -> Table | None:
    """The header of a sheet: the row of its first thirty that names most columns."""
    best: dict[str, tuple[int, str]] = {}
    at = 0
    for index, row in enumerate(sheet.rows[:HEADER_WITHIN_ROWS]):
        columns = _columns_of(row)
        if len(columns) > len(best):
            best, at = columns, index
    named = {"name", "type", "asset_number"} & best.keys()
    if len(best) < FEWEST_HEADS or not named:
        return None
    return Table(sheet, at, best)


def _columns_of(row: list[Cell]) -> dict[str, tuple[int, str]]:
    ranked: dict[str, tuple[int, int, str]] = {}
    for index, cell in enumerate(row):
        if not isinstance(cell, str) or not cell.strip() or len(cell) > 60:
            continue
        found = words.column_of(cell)
        if found and (found[0] not in ranked or found[1] < ranked[found[0]][0]):
            ranked[found[0]] = (found[1], index, cells.text_of(cell))
    return {name: (index, head) for name, (_, index, head) in ranked.items()}


@dataclass
class _Location:
    building: str = ""
    floor: str = ""
    room: str = ""
    building_en: str = ""
    room_en: str = ""
    known: bool = True
    area: tuple[int, int] | None = None

    @property
    def empty(self) -> bool:
        return not (self.building or self.floor or self.room)


class _Reading:
    """The state while the rows of all sheets are read: what has been seen, and found wrong."""

    def __init__(self) -> None:
        self.rows: list[RegisterRow] = []
        self.problems: list[Problem] = []
        self._asset_rows: dict[str, int] = {}
        self._serial_rows: dict[str, int] = {}
        self._told_areas: set[tuple[str, int]] = set()

    def take(self, table: Table) -> None:
        """Read one sheet's rows below its header."""
        filled = _filled_down(table)
        above = _Location()
        for index, row in filled:
            line = _Line(table, index, row, self.problems)
            if line.is_no_device():
                continue
            location = self._location(line, above)
            kept = self._device(line, location)
            if kept is not None:
                self.rows.append(kept)
                above = location

    def _location(self, line: _Line, above: _Location) -> _Location:
        """The room of a row: its own cells, else what its device's name and the rows above tell."""
        found = line.location()
        if not found.empty:
            return found
        told = words.type_at_end(line.text("name"))
        prefix = told[1] if told else ""
        if above.room and line.area is None and (not prefix or prefix == above.room):
            return replace(above, area=None)
        if prefix and prefix == above.room and not above.known:
            return replace(above, area=line.area)
        if prefix and _ROOM_LIKE.search(prefix):
            same = {row.place for row in self.rows if row.room == prefix and row.building_known}
            if len(same) == 1 and line.area is None:
                building, floor, room = same.pop()
                return _Location(building, floor, room)
            return _Location(UNKNOWN_BUILDING, "", prefix, known=False, area=line.area)
        return found

    def _device(self, line: _Line, location: _Location) -> RegisterRow | None:
        """The device of a row; None, with the reasons noted, when the row must be left out."""
        asset_number = line.identifier("asset_number")
        first = self._asset_rows.get(asset_number.casefold())
        if first is not None:
            line.note("asset_number", "duplicate_asset_number", value=asset_number, first_row=first)
            return None
        serial = line.identifier("serial")
        kind, type_stated = line.type()
        good = kind is not None
        if not location.room:
            line.note("room", "room_missing")
            good = False
        good = self._serial_is_good(line, serial, asset_number) and good
        row = line.register_row(location, kind or "", type_stated, serial, asset_number)
        if not good:
            return None
        if not location.known:
            self._tell_lost_building(line, location)
        elif not location.building:
            line.note("building", "building_missing", WARNING, value=location.room)
            row = replace(row, building=UNKNOWN_BUILDING, building_known=False)
        if asset_number:
            self._asset_rows[asset_number.casefold()] = line.row_number
        if serial:
            self._serial_rows.setdefault(serial.casefold(), line.row_number)
        return row

    def _serial_is_good(self, line: _Line, serial: str, asset_number: str) -> bool:
        first = self._serial_rows.get(serial.casefold()) if serial else None
        if first is None:
            return True
        severity = WARNING if asset_number else ERROR
        line.note("serial", "duplicate_serial", severity, value=serial, first_row=first)
        return bool(asset_number)

    def _tell_lost_building(self, line: _Line, location: _Location) -> None:
        """Once for a merged area or a run of rows, not once for each of its devices."""
        start = location.area[0] if location.area else -1
        key = (line.table.sheet.name + location.room, start)
        if key not in self._told_areas:
            self._told_areas.add(key)
            line.note("building", "building_missing", WARNING, value=location.room)


def _filled_down(table: Table) -> Iterator[tuple[int, list[Cell]]]:
    """Rows below the header, with each merged area's value in all of its cells.

    The value of an area stands in its first cell; where that is empty (a row was inserted above
    it) any other cell's value counts.
    """
    rows = [list(row) for row in table.sheet.rows]
    width = max((len(row) for row in rows), default=0)
    for row in rows:
        row.extend([""] * (width - len(row)))
    for top, left, bottom, right in table.sheet.merged:
        if top <= table.header_row:
            continue
        area = [
            (i, j)
            for i in range(top, min(bottom, len(rows) - 1) + 1)
            for j in range(left, min(right, width - 1) + 1)
        ]
        values = [rows[i][j] for i, j in area if cells.text_of(rows[i][j])]
        if left == right and values:
            for i, j in area:
                rows[i][j] = values[0]
    for index in range(table.header_row + 1, len(rows)):
        yield index, rows[index]


class _Line:
    """One row of a table, read field by field; what can't be read is noted with its column."""

    def __init__(self, table: Table, index: int, row: list[Cell], problems: list[Problem]) -> None:
        self.table = table
        self.row_number = index + 1
        self._row = row
        self._problems = problems
        self.area = self._area_of("room", index) or self._area_of("building", index)

    def _area_of(self, name: str, index: int) -> tuple[int, int] | None:
        column = self.table.columns.get(name)
        for top, left, bottom, right in self.table.sheet.merged:
            if column and top <= index <= bottom and left <= column[0] <= right and bottom > top:
                return (top, bottom)
        return None

    def cell(self, name: str) -> Cell:
        """The raw cell of a field; empty when the file has no such column."""
        column = self.table.columns.get(name)
        return self._row[column[0]] if column else ""

    def text(self, name: str) -> str:
        """A text field, cut (with a warning) where the database's column ends."""
        text = cells.remark_of(self.cell(name)) if name == "remark" else self._meant(name)
        longest = _LONGEST.get(name, 200)
        if len(text) > longest:
            self.note(name, "text_too_long", WARNING, maximum=longest)
            return ""
        return text

    def _meant(self, name: str) -> str:
        read = cells.text_of if name in ("name", "model", "type") else cells.meant_text_of
        return read(self.cell(name))

    def identifier(self, name: str) -> str:
        """A serial or asset number; empty with a warning when the file has lost its digits."""
        found = self._read(name, cells.identifier_of) or ""
        if len(found) > _LONGEST[name]:
            self.note(name, "text_too_long", WARNING, maximum=_LONGEST[name])
            return ""
        return found

    def _read(self, name: str, reader: Callable[[Cell], _T]) -> _T | None:
        try:
            return reader(self.cell(name))
        except UnreadableError as reason:
            self.note(name, reason.code, WARNING, value=cells.text_of(self.cell(name))[:80])
            return None

    def note(self, name: str, code: str, severity: str = ERROR, **details: Any) -> None:
        """Add a line to the report, for this row and the field's column."""
        self._problems.append(
            Problem(
                row=self.row_number,
                column=self.table.head(name),
                code=code,
                severity=severity,
                sheet=self.table.sheet.name,
                details=details,
            )
        )

    def is_no_device(self) -> bool:
        """Empty rows, totals, repeated headers, and notes under the table."""
        texts = [text for cell in self._row if (text := cells.text_of(cell))]
        if not texts or any(words.plain(text) in words.TOTAL_WORDS for text in texts[:2]):
            return True
        if not any(cells.meant_text_of(self.cell(name)) for name in _IDENTITY):
            return True
        return len(_columns_of(self._row)) >= max(FEWEST_HEADS, len(self.table.columns) - 2)

    def location(self) -> _Location:
        """Building, floor and room as the row's own cells have them."""
        return _Location(
            building=self.text("building"),
            floor=self.text("floor"),
            room=self.text("room"),
            building_en=self.text("building_en"),
            room_en=self.text("room_en"),
            area=self.area,
        )

    def type(self) -> tuple[str | None, bool]:
        """The device's type, and whether the type column states it (else its name told it)."""
        word, name = cells.meant_text_of(self.cell("type")), self.text("name")
        if word:
            kind = words.type_of_word(word)
            if kind is None:
                self.note("type", "unknown_type", value=word[:80])
            return kind, True
        told = words.type_at_end(name)
        if told is None:
            self.note("type", "type_missing", value=name[:80])
        return (told[0] if told else None), False

    def register_row(
        self, location: _Location, kind: str, type_stated: bool, serial: str, asset_number: str
    ) -> RegisterRow:
        """All the fields of the row together."""
        word = cells.meant_text_of(self.cell("type"))
        quantity = self._read("quantity", cells.count_of)
        register = self._register(word)
        return RegisterRow(
            row=self.row_number,
            sheet=self.table.sheet.name,
            building=location.building,
            building_en=location.building_en,
            building_known=location.known,
            floor=location.floor,
            room=location.room,
            room_en=location.room_en,
            name=self.text("name") or location.room + words.type_title(kind, "zh"),
            type=kind,
            type_stated=type_stated,
            type_word=words.known_type_word(word) or "",
            serial=serial,
            asset_number=asset_number,
            ip=self._read("ip", cells.address_of) or "",
            in_service_on=self._read("in_service_on", cells.date_of),
            warranty_until=self._read("warranty_until", lambda cell: cells.date_of(cell, end=True)),
            quantity=quantity,
            register=register,
            derived=_derived(kind, quantity, register),
            **{name: self.text(name) for name in ("maker", "model", "firmware", "remark")},
        )

    def _register(self, word: str) -> dict[str, Any]:
        register: dict[str, Any] = {}
        for name in words.REGISTER_NUMBERS:
            register[name] = self._read(name, cells.number_of)
        for name in words.REGISTER_FLAGS:
            register[name] = self._read(name, cells.flag_of)
        if register["wireless"] is None and words.is_wireless_word(word):
            register["wireless"] = words.type_of_word(word) == "microphone" or None
        if register["laser"] is None and words.is_laser_word(word):
            register["laser"] = True
        return {name: value for name, value in register.items() if value is not None}


def _derived(kind: str, quantity: int | None, register: dict[str, Any]) -> dict[str, Any]:
    name = words.COUNTED_BY_QUANTITY.get(kind)
    return {name: quantity} if name and quantity is not None and name not in register else {}
