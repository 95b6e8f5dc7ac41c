"""One row of a register, read field by field; what can't be read is noted with its column; pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, TypeVar

from webapp.estate import cells, words
from webapp.estate.cells import Cell, UnreadableError
from webapp.estate.register_file import Sheet

ERROR: Final = "error"
WARNING: Final = "warning"
HEADER_WITHIN_ROWS: Final = 30
FEWEST_HEADS: Final = 3
UNKNOWN_BUILDING: Final = "(楼宇未填)"
UNKNOWN_BUILDING_EN: Final = "(building not stated)"

_T = TypeVar("_T")
_IDENTITY: Final = ("name", "type", "maker", "model", "serial", "asset_number")
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

    def ignored(self) -> list[str]:
        """The headers of columns that were not recognized, or stand for another, and are not empty."""
        taken = {index for index, _ in self.columns.values()}
        heads = self.sheet.rows[self.header_row]
        below = self.sheet.rows[self.header_row + 1 :]
        return [
            cells.text_of(head)[:80]
            for index, head in enumerate(heads)
            if index not in taken
            and cells.text_of(head)
            and any(cells.meant_text_of(row[index]) for row in below if index < len(row))
        ]

    def repeats_header(self, row: list[Cell]) -> bool:
        """Whether a row is the header once more, as at the top of a printed page."""
        same = [
            words.plain(cells.text_of(row[index])) == words.plain(head)
            for index, head in self.columns.values()
            if index < len(row) and cells.text_of(row[index])
        ]
        return len(same) >= 2 and sum(same) * 2 > len(same)


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
class Location:
    """Where a device stands; ``known`` is False where the building is lost."""

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


class Line:
    """One row of a table."""

    def __init__(
        self,
        table: Table,
        index: int,
        row: list[Cell],
        problems: list[Problem],
        types: words.OwnTypes = words.NO_TYPES,
    ) -> None:
        self.table = table
        self._types = types
        self.row_number = index + 1
        self._row = row
        self._problems = problems
        self.area = self._area_of("room", index) or self._area_of("building", index)

    @property
    def row(self) -> tuple[str, int]:
        """The sheet, and the row as it counts them."""
        return self.table.sheet.name, self.row_number

    def tell_row(self, sheet: str, number: int) -> int | str:
        """How another row is named beside this one: of another sheet as spreadsheets write it, ``A!5``."""
        return number if sheet == self.table.sheet.name else f"{sheet}!{number}"

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
        """Empty rows, totals, repeated headers, a room's heading, and notes under the table."""
        if self._is_total_or_header():
            return True
        return not any(cells.meant_text_of(self.cell(name)) for name in _IDENTITY)

    def names_a_room(self) -> bool:
        """Whether a row that is no device is a heading: the room of the devices below it."""
        room = self.table.columns.get("room")
        return room is not None and not self._is_total_or_header() and bool(self.text("room"))

    def _is_total_or_header(self) -> bool:
        texts = [text for cell in self._row if (text := cells.text_of(cell))]
        if not texts or any(words.plain(text) in words.TOTAL_WORDS for text in texts[:2]):
            return True
        return self.table.repeats_header(self._row)

    def location(self) -> Location:
        """Building, floor and room as the row's own cells have them."""
        return Location(
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
            kind = words.type_of_word(word, self._types)
            if kind is None:
                self.note("type", "unknown_type", value=word[:80])
            return kind, True
        told = words.type_at_end(name, self._types)
        if told is None:
            self.note("type", "type_missing", value=name[:80])
        return (told[0] if told else None), False

    def register_row(
        self, location: Location, kind: str, type_stated: bool, serial: str, asset_number: str
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
            name=self.text("name") or location.room + words.type_title(kind, "zh", self._types),
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
