"""运维检查表 in a workbook, twice: as it is printed and signed, and as one list to be filtered.

One sheet a room would be two hundred tabs that nobody finds his way through; so the rooms stand under
one another on one sheet, each beginning a page of its own. Whoever looks for something takes the list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from webapp.reports import words
from webapp.reports.media import signature
from webapp.reports.outline.annexes import (
    CheckLine,
    consumable_table,
    device_lines,
    finding_table,
    lines_of_sheet,
    open_item_table,
    reading_table,
    sheet_counts,
    sheet_facts,
    sheet_title,
)
from webapp.reports.outline.tables import Table, Value
from webapp.reports.shape import CheckSheet, SignOff, Words
from webapp.reports.wording import named
from webapp.reports.xlsx.book import SOFT, Book, Box, Cell, Sheet
from webapp.reports.xlsx.tables import Page, write_page

# 序号 · 设备/编号 · 检查项目 · 标准值 · 测试数据 · 正常/异常 · 备注(原因)
WIDTHS = (6, 27, 18, 17, 15, 11, 23)
HEADS = ("seq", "device_and_number", "item", "normal_range", "reading", "verdict", "remark_reason")
# Which columns of the sheet each column of a smaller table takes, from and to.
FACTS = ((0, 1), (2, 3), (4, 4), (5, 6))
CONSUMABLES = ((0, 2), (3, 5), (6, 6))
FINDINGS = ((0, 1), (2, 4), (5, 5), (6, 6))
OPEN_ITEMS = ((0, 0), (1, 1), (2, 3), (4, 4), (5, 5), (6, 6))
SIGNATURES = ((0, 1), (2, 3), (4, 5), (6, 6))
SIGNED_PIXELS, DRAWN = 112, Box(8, 4, 126, 42)
Tell = Callable[[int, int], None]


def write_readings(book: Book, sheets: Sequence[CheckSheet]) -> None:
    """Every reading of every room as a list."""
    title = words.TITLES["check_sheets"]
    write_page(book, Page(words.SHEETS["sheet_rows"], [(title, reading_table(sheets))]))


def write_check_sheets(book: Book, sheets: Sequence[CheckSheet], tell: Tell) -> None:
    """The sheets as they are printed, each room on a page of its own."""
    sheet = book.sheet(words.SHEETS["sheets"], landscape=False)
    sheet.widths(WIDTHS)
    breaks = []
    for at, one in enumerate(sheets):
        if at:
            sheet.row += 1
            breaks.append(sheet.row)
        _write_room(sheet, one)
        tell(at + 1, len(sheets))
    sheet.break_before(breaks)


def _write_room(sheet: Sheet, one: CheckSheet) -> None:
    sheet.title(sheet_title(one), len(WIDTHS))
    write_facts(sheet, sheet_facts(one), FACTS)
    sheet.say(sheet_counts(one), color=SOFT, over=len(WIDTHS))
    sheet.heads([(words.HEADS[key], "text") for key in HEADS])
    for line in lines_of_sheet(one):
        _write_line(sheet, line)
    write_block(sheet, consumable_table(one["consumables"]), CONSUMABLES)
    write_block(sheet, finding_table(one["findings"]), FINDINGS)
    write_block(sheet, open_item_table(one["open_items"]), OPEN_ITEMS)
    _write_signatures(sheet, one["sign_offs"])


def _write_line(sheet: Sheet, line: CheckLine) -> None:
    row, look = line.row, sheet.book.cell_format()
    bad = sheet.book.cell_format(state="abnormal") if line.outcome == "abnormal" else look
    outcome = named("outcomes", line.outcome)
    values: list[Value] = [
        row["seq"] if row else None,
        _device(line),
        row["item"] if row else line.reason,
        row["normal"] if row else None,
        row["reading"] if row else None,
        outcome,
        line.remark,
    ]
    verdict = sheet.book.cell_format(state=line.outcome)
    looks = [sheet.book.cell_format("count"), look, bad, bad, bad, verdict, bad]
    spans = [(at, at) for at in range(len(values))]
    if row is None:
        spans = [(0, 0), (1, 1), (2, 4), (5, 5), (6, 6)]
        values, looks = [*values[:3], *values[5:]], [look, look, look, verdict, look]
    sheet.line(
        [Cell(*span, value, cell) for span, value, cell in zip(spans, values, looks, strict=True)]
    )


def _device(line: CheckLine) -> Value:
    """A device's name in its first line, its number in the next, so that no cells need be joined."""
    told = device_lines(line.device)
    if line.at == line.of - 1:
        return told[line.at :]
    return told[line.at : line.at + 1]


def write_facts(sheet: Sheet, facts: Sequence[Any], spans: Sequence[tuple[int, int]]) -> None:
    """Names and values, two of each a row."""
    name_look, look = sheet.book.head_format(plain=True), sheet.book.cell_format(middle=True)
    for at in range(0, len(facts), 2):
        cells = []
        for place, (name, value, kind) in enumerate(facts[at : at + 2]):
            cells.append(Cell(*spans[2 * place], name, name_look))
            shown = sheet.book.cell_format(kind, middle=True) if kind in ("day", "time") else look
            cells.append(Cell(*spans[2 * place + 1], value, shown, kind))
        sheet.line(cells)


def write_block(sheet: Sheet, table: Table, spans: Sequence[tuple[int, int]]) -> None:
    """A smaller table under its title, its columns over those of the sheet."""
    sheet.row += 1
    sheet.say(sheet.book.wording.heading(table.title), bold=True)
    if not table.rows:
        sheet.say(table.empty, color=SOFT)
        return
    head = sheet.book.head_format(plain=True)
    placed = list(zip(spans, table.columns, strict=True))
    sheet.line([Cell(*span, column.head, head) for span, column in placed])
    for row in table.rows:
        sheet.line(
            [
                Cell(*span, column.value(row), sheet.book.cell_format(column.kind), column.kind)
                for span, column in placed
            ]
        )


def _write_signatures(sheet: Sheet, signed: Sequence[SignOff]) -> None:
    """自检, 互检, 终验 and the client: who signed, or room to sign by hand."""
    sheet.row += 1
    sheet.say(sheet.book.wording.heading(words.LABELS["sign_offs"]), bold=True)
    levels = ("self_check", "peer_check", "final")
    names: list[Words] = [named("levels", key) for key in levels]
    names.append(words.LABELS["client_sign"])
    by_level = [[one for one in signed if one["level"] == key] for key in levels]
    head, box = sheet.book.head_format(plain=True), sheet.book.cell_format(boxed=True)
    sheet.line([Cell(*span, name, head) for span, name in zip(SIGNATURES, names, strict=True)])
    for span, ones in zip(SIGNATURES, by_level, strict=False):
        drawn = next((one["strokes"] for one in ones if one["strokes"]), None)
        if drawn:
            alt = " ".join(sheet.book.wording.said(one["person"]["name"], " ") for one in ones)
            sheet.picture(sheet.row, span[0], signature(drawn), alt, DRAWN)
    boxes = zip(SIGNATURES, [*by_level, []], strict=True)
    sheet.line([Cell(*span, _signed(ones), box) for span, ones in boxes], least=SIGNED_PIXELS)


def _signed(ones: Sequence[SignOff]) -> Value:
    """Who signed when, and the beginning of the hash of what he signed."""
    lines: list[Words | str] = []
    for one in ones:
        lines += [one["signed_name"]] if one["signed_name"] else []
        lines += [one["person"]["name"], one["signed_at"], one["sha256"][:16]]
    return lines
