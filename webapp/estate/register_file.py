"""Opening a register file: XLSX (values only) or CSV, with the limits that bad files run into.

A small workbook can unpack to gigabytes, or name one cell in the last corner of a sheet and so ask
for seventeen billion; both are measured here before the reader sees the file (``_measure``).
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Final

from python_calamine import CalamineWorkbook, SheetVisibleEnum

from webapp.errors import AppError
from webapp.estate.cells import Cell

MAX_FILE_BYTES: Final = 10 * 1024 * 1024
MAX_UNPACKED_BYTES: Final = 100 * 1024 * 1024
MAX_ROWS: Final = 20_000
MAX_COLUMNS: Final = 400
MAX_MEMBERS: Final = 2_000

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"
_CHUNK_BYTES: Final = 1 << 20
_OVERLAP_BYTES: Final = 64
_LONGEST_ROW_BYTES: Final = 1 << 20
_REFERENCE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,3})(\d{0,10})([^"']?)""")

# Cells and rows that have nothing but a format, as spreadsheets leave them to the sheet's far end. So
# strictly that nothing else is ever passed over: what is left is measured whatever it looks like.
_ATTRIBUTES = rb"""(?:\s+[\w:]{1,24}="[\w.: -]{0,40}")*\s*"""
_EMPTY_CELL = re.compile(
    rb"""<c r="[A-Z]{1,3}\d{1,7}"(?: s="\d{1,6}")?(?: t="[a-z]{1,10}")?\s?/>"""
)
_EMPTY_ROW = re.compile(rb"<row" + _ATTRIBUTES + rb"(?:/>|>\s*</row>)")

Area = tuple[int, int, int, int]
"""A merged area: first row, first column, last row, last column, all counted from 0."""


@dataclass(frozen=True)
class Sheet:
    """One sheet's cells; ``rows[0]`` is the sheet's first row, whatever is in it."""

    name: str
    rows: list[list[Cell]]
    merged: list[Area] = field(default_factory=list)


def read_sheets(data: bytes, filename: str = "") -> list[Sheet]:
    """The visible sheets of a register file; formulas count by their stored values.

    :raise import_too_large: more than 10 MB, 100 MB unpacked, 20,000 rows or 400 columns
    :raise import_unreadable: neither a workbook nor a text table, or a broken or locked one
    """
    if len(data) > MAX_FILE_BYTES:
        raise _too_large("file_bytes", MAX_FILE_BYTES)
    if not data.strip():
        raise AppError("import_unreadable", reason="empty")
    if data.startswith(_ZIP):
        _measure(data)
        return _read_workbook(data)
    if data.startswith(_OLE):
        raise AppError("import_unreadable", reason="old_or_locked_workbook")
    return [Sheet(name=filename, rows=_read_text(data))]


def _too_large(limit: str, maximum: int) -> AppError:
    return AppError("import_too_large", limit=limit, maximum=maximum)


def _measure(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            unpacked_bytes = sum(member.file_size for member in members)
            if len(members) > MAX_MEMBERS or unpacked_bytes > MAX_UNPACKED_BYTES:
                raise _too_large("unpacked_bytes", MAX_UNPACKED_BYTES)
            for member in members:
                with archive.open(member) as file:
                    _measure_member(file, member.filename.startswith("xl/worksheets/"))
    except AppError:
        raise
    except Exception:  # noqa: BLE001 - a damaged archive may make its reader raise anything
        raise AppError("import_unreadable", reason="broken") from None


def _measure_member(file: IO[bytes], is_sheet: bool) -> None:
    """Read to the end, which checks the sizes that the archive claims; look at a sheet's corners."""
    tail = b""
    while chunk := file.read(_CHUNK_BYTES):
        if is_sheet:
            # The last row waits for its end, which may be in the next chunk; but for no more than that.
            whole = tail + chunk
            last_row = whole.rfind(b"<row")
            if last_row > 0 and len(whole) - last_row < _LONGEST_ROW_BYTES:
                _check_corners(whole[:last_row])
                tail = whole[last_row:]
            else:
                _check_corners(whole)
                tail = whole[-_OVERLAP_BYTES:]
    _check_corners(tail)


def _check_corners(xml: bytes) -> None:
    """How far the cells reach that have something in them."""
    filled = _EMPTY_ROW.sub(b"", _EMPTY_CELL.sub(b"", xml))
    for column, row, rest in _REFERENCE.findall(filled):
        _check_corner(column, row, rest)


def _check_corner(column: bytes, row: bytes, rest: bytes) -> None:
    if rest:
        raise AppError("import_unreadable", reason="broken")
    if row and int(row) > MAX_ROWS:
        raise _too_large("rows", MAX_ROWS)
    number = 0
    for letter in column.upper():
        number = number * 26 + letter - 64
    if number > MAX_COLUMNS:
        raise _too_large("columns", MAX_COLUMNS)


def _read_workbook(data: bytes) -> list[Sheet]:
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        return [
            Sheet(
                name=sheet.name,
                rows=[list(row) for row in sheet.to_python(skip_empty_area=False)],
                merged=[(a[0], a[1], b[0], b[1]) for a, b in sheet.merged_cell_ranges or []],
            )
            for sheet in (
                workbook.get_sheet_by_name(meta.name)
                for meta in workbook.sheets_metadata
                if meta.visible == SheetVisibleEnum.Visible
            )
        ]
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException:  # noqa: BLE001
        # A panic in the reader is not an Exception; to the person it is an unreadable file.
        raise AppError("import_unreadable", reason="broken") from None


def _read_text(data: bytes) -> list[list[Cell]]:
    text = _decoded(data)
    rows: list[list[Cell]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)):
            if len(rows) >= MAX_ROWS:
                raise _too_large("rows", MAX_ROWS)
            if len(row) > MAX_COLUMNS:
                raise _too_large("columns", MAX_COLUMNS)
            rows.append([_unquoted(cell) for cell in row])
    except csv.Error:
        raise AppError("import_unreadable", reason="broken") from None
    return rows


def _decoded(data: bytes) -> str:
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise AppError("import_unreadable", reason="encoding")


def _delimiter(text: str) -> str:
    """The separator that cuts most of the first lines into most pieces."""
    lines = [line for line in _first_lines(text) if line.strip()]
    return max(",;\t", key=lambda mark: sum(line.count(mark) for line in lines))


def _first_lines(text: str) -> Iterator[str]:
    for number, line in enumerate(io.StringIO(text)):
        if number == 30:
            return
        yield line


_QUOTED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")


def _unquoted(text: str) -> str:
    return text[1:] if _QUOTED.match(text) else text
