"""Registers for tests: the samples, and workbooks made on the spot."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import xlsxwriter

from webapp.estate.cells import Cell

DATA = Path(__file__).parents[1] / "data"
TIDY = (DATA / "asset-register.xlsx").read_bytes()
UNTIDY = (DATA / "asset-register-untidy.xlsx").read_bytes()
HEADS: list[Cell] = [
    "楼宇",
    "楼层",
    "会议室",
    "设备名称",
    "设备类型",
    "序列号",
    "资产编号",
    "数量",
    "备注",
]


def workbook(
    rows: Sequence[Sequence[Cell]],
    *,
    merged: tuple[str, ...] = (),
    hidden: Sequence[Sequence[Cell]] | None = None,
    second: Sequence[Sequence[Cell]] = (),
) -> bytes:
    """An XLSX of these rows; ``merged`` are areas such as ``A2:A5`` that keep their first value.

    ``second`` are the rows of a sheet of its own, named 三楼.
    """
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet()
    for index, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write(index, column, cell)
    for area in merged:
        first = area.split(":")[0]
        row_index, column = int(first[1:]) - 1, ord(first[0]) - ord("A")
        sheet.merge_range(area, rows[row_index][column])
    if hidden is not None:
        other = book.add_worksheet()
        other.hide()
        for index, row in enumerate(hidden):
            for column, cell in enumerate(row):
                other.write(index, column, cell)
    if second:
        other = book.add_worksheet("三楼")
        for index, row in enumerate(second):
            other.write_row(index, 0, row)
    book.close()
    return buffer.getvalue()


def rewritten(data: bytes, member_end: str, content: bytes) -> bytes:
    """The archive with one member's content replaced."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for member in source.infolist():
            own = member.filename.endswith(member_end)
            target.writestr(member.filename, content if own else source.read(member))
    return out.getvalue()


def sheet_xml(cells_xml: str) -> bytes:
    """A sheet's XML around some rows."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    text = f'<worksheet xmlns="{space}"><sheetData>{cells_xml}</sheetData></worksheet>'
    return text.encode()
