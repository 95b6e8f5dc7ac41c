"""设备记录表 in a workbook: as it is printed, one device under the other, and as one list."""

from __future__ import annotations

from collections.abc import Sequence

from webapp.reports import words
from webapp.reports.outline.annexes import (
    record_columns,
    record_facts,
    record_table,
    record_title,
)
from webapp.reports.shape import DeviceRecord
from webapp.reports.xlsx.book import SOFT, Book, Cell, Sheet
from webapp.reports.xlsx.check_sheets import write_facts
from webapp.reports.xlsx.tables import Page, write_page

FACTS = ((0, 1), (2, 2), (3, 4), (5, 8))


def write_record_rows(book: Book, records: Sequence[DeviceRecord]) -> None:
    """Every row of every record as a list."""
    title = words.TITLES["device_record"]
    write_page(book, Page(words.SHEETS["record_rows"], [(title, record_table(records))]))


def write_device_records(book: Book, records: Sequence[DeviceRecord]) -> None:
    """The records as they are printed, each device on a page of its own."""
    sheet = book.sheet(words.SHEETS["records"])
    columns = record_columns()
    sheet.widths([column.chars for column in columns])
    breaks = []
    for at, record in enumerate(records):
        if at:
            sheet.row += 2
            breaks.append(sheet.row)
        write_record(sheet, record)
    sheet.break_before(breaks)


def write_record(sheet: Sheet, record: DeviceRecord) -> None:
    """The record of one device."""
    columns = record_columns()
    sheet.title(record_title(record), len(columns))
    write_facts(sheet, record_facts(record), FACTS)
    if record["remark"]:
        sheet.say(record["remark"], over=len(columns))
    sheet.row += 1
    if not record["rows"]:
        sheet.say(words.LABELS["empty_record"], color=SOFT)
        return
    sheet.heads([(column.head, column.kind) for column in columns])
    for row in record["rows"]:
        cells = [
            Cell(at, at, column.value(row), sheet.book.cell_format(column.kind), column.kind)
            for at, column in enumerate(columns)
        ]
        sheet.line(cells)
