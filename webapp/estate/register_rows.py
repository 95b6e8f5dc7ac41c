"""From a register file to its devices: every sheet, merged areas filled down, rows checked; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from webapp.errors import AppError
from webapp.estate import cells, words
from webapp.estate.cells import Cell
from webapp.estate.register_file import Sheet, read_sheets
from webapp.estate.register_line import (
    ERROR,
    HEADER_WITHIN_ROWS,
    UNKNOWN_BUILDING,
    WARNING,
    Line,
    Location,
    Problem,
    RegisterRow,
    Table,
    find_table,
)
from webapp.estate.words import NO_TYPES, OwnTypes

_ROOM_LIKE = re.compile(
    r"室|厅|间|中心|区|廊|吧|room|hall|lounge|office|theatre|theater", re.IGNORECASE
)


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


def parse_register(data: bytes, filename: str = "", types: OwnTypes = NO_TYPES) -> ParsedRegister:
    """Read a register file (XLSX or CSV): every sheet in which a header is found.

    ``types`` are the contract's own device types, beside the product's.

    :raise import_too_large: see :func:`webapp.estate.register_file.read_sheets`
    :raise import_unreadable: the same
    :raise import_no_header: no sheet has a row of known column names in its first 30
    """
    return parse_sheets(read_sheets(data, filename), types)


def parse_sheets(sheets: list[Sheet], types: OwnTypes = NO_TYPES) -> ParsedRegister:
    """Like :func:`parse_register`, of sheets that are open already. :raise AppError: ``import_no_header``"""
    tables = [table for sheet in sheets if (table := find_table(sheet))]
    if not tables:
        raise AppError("import_no_header", within_rows=HEADER_WITHIN_ROWS)
    reading = _Reading(types)
    for table in tables:
        reading.take(table)
    return ParsedRegister(
        rows=tuple(reading.rows),
        problems=tuple(sorted(reading.problems, key=lambda item: (item.sheet, item.row))),
        language=tables[0].language,
    )


class _Reading:
    """The state while the rows of all sheets are read: what has been seen, and found wrong."""

    def __init__(self, types: OwnTypes) -> None:
        self._types = types
        self.rows: list[RegisterRow] = []
        self.problems: list[Problem] = []
        self._asset_rows: dict[str, tuple[str, int]] = {}
        self._serial_rows: dict[str, tuple[str, int]] = {}
        self._told_areas: set[tuple[str, int]] = set()

    def take(self, table: Table) -> None:
        """Read one sheet's rows below its header."""
        self._tell_ignored(table)
        filled = _filled_down(table)
        above = Location()
        for index, row in filled:
            line = Line(table, index, row, self.problems, self._types)
            if line.is_no_device():
                if line.names_a_room():
                    above = line.location()
                continue
            location = self._location(line, above)
            kept = self._device(line, location)
            if kept is not None:
                self.rows.append(kept)
            # Also of a row that is left out: what stands below it is in its room all the same.
            if location.room:
                above = location

    def _tell_ignored(self, table: Table) -> None:
        """Columns that have something in them and are nobody's: their owner would miss it later."""
        for head in table.ignored():
            problem = Problem(
                row=table.header_row + 1,
                column=head,
                code="column_ignored",
                severity=WARNING,
                sheet=table.sheet.name,
                details={"value": head},
            )
            self.problems.append(problem)

    def _location(self, line: Line, above: Location) -> Location:
        """The room of a row: its own cells, else what its device's name and the rows above tell."""
        found = line.location()
        if not found.empty:
            return found
        told = words.type_at_end(line.text("name"), self._types)
        prefix = told[1] if told else ""
        if above.room and line.area is None and (not prefix or prefix == above.room):
            return replace(above, area=None)
        if prefix and prefix == above.room and not above.known:
            return replace(above, area=line.area)
        if prefix and _ROOM_LIKE.search(prefix):
            same = {row.place for row in self.rows if row.room == prefix and row.building_known}
            if len(same) == 1 and line.area is None:
                building, floor, room = same.pop()
                return Location(building, floor, room)
            return Location(UNKNOWN_BUILDING, "", prefix, known=False, area=line.area)
        return found

    def _device(self, line: Line, location: Location) -> RegisterRow | None:
        """The device of a row; None, with the reasons noted, when the row must be left out."""
        asset_number = line.identifier("asset_number")
        first = self._asset_rows.get(asset_number.casefold())
        if first is not None:
            line.note(
                "asset_number",
                "duplicate_asset_number",
                value=asset_number,
                first_row=line.tell_row(*first),
            )
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
            self._asset_rows[asset_number.casefold()] = line.row
        if serial:
            self._serial_rows.setdefault(serial.casefold(), line.row)
        return row

    def _serial_is_good(self, line: Line, serial: str, asset_number: str) -> bool:
        first = self._serial_rows.get(serial.casefold()) if serial else None
        if first is None:
            return True
        severity = WARNING if asset_number else ERROR
        line.note(
            "serial", "duplicate_serial", severity, value=serial, first_row=line.tell_row(*first)
        )
        return bool(asset_number)

    def _tell_lost_building(self, line: Line, location: Location) -> None:
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
