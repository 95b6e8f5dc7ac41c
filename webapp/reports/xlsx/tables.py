"""Sections as sheets: short tables under one another, a long one by itself with its head in view."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from webapp.reports.outline.tables import Column, Lines, Section, Table
from webapp.reports.shape import Words
from webapp.reports.xlsx.book import ACCENT, SOFT, Book, Cell, Sheet
from webapp.reports.xlsx.charts import CHART_ROWS, insert_chart

# A list without a table's width still says its sentences over so many columns.
SENTENCE_COLUMNS, SENTENCE_CHARS = 8, 14


@dataclass
class Page:
    """A sheet to be: its name, and what stands on it, each under its section's title."""

    name: Words
    parts: list[tuple[Words, Table | Lines]] = field(default_factory=list)


def pages_of(sections: Sequence[Section]) -> list[Page]:
    """Which part comes on which sheet; sentences go with the table that follows them."""
    pages: list[Page] = []
    for section in sections:
        for part in _parted(section):
            name = (part[-1].sheet if isinstance(part[-1], Table) else None) or section.sheet
            page = next((page for page in pages if page.name == name), None)
            if page is None:
                page = Page(name)
                pages.append(page)
            page.parts += [(section.title, one) for one in part]
    return pages


def _parted(section: Section) -> Iterator[list[Table | Lines]]:
    """Each table with the sentences before it; sentences at the end by themselves."""
    waiting: list[Table | Lines] = []
    for part in section.parts:
        waiting.append(part)
        if isinstance(part, Table):
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def write_page(book: Book, page: Page) -> Sheet:
    """A sheet with its sections' titles, sentences and tables."""
    sheet = book.sheet(page.name)
    if any(isinstance(part, Table) and part.chart for _, part in page.parts):
        sheet.made.fit_to_pages(1, 1)  # A chart that is cut in two says nothing.
    widths = [part.columns_for("xlsx") for _, part in page.parts if isinstance(part, Table)]
    sheet.widths(columns_widths(widths) or [SENTENCE_CHARS] * SENTENCE_COLUMNS)
    told: Words | None = None
    for title, part in page.parts:
        if title != told:
            sheet.row += 1 if told else 0
            sheet.say(book.wording.heading(title), size=15, color=ACCENT, bold=True)
            told = title
        if isinstance(part, Table):
            write_table(sheet, part)
        else:
            write_lines(sheet, part)
    return sheet


def columns_widths(tables: Sequence[Sequence[Column[Any]]]) -> list[float]:
    """How wide the columns of tables that stand under one another are: as the widest asks for."""
    most = max((len(columns) for columns in tables), default=0)
    return [max(columns[at].chars for columns in tables if at < len(columns)) for at in range(most)]


def write_lines(sheet: Sheet, part: Lines) -> None:
    """Sentences, the points of a list with a dot."""
    if part.title["zh"]:
        write_title(sheet, part.title)
    for line in part.lines:
        text = sheet.book.wording.said(line)
        sheet.say(f"· {text}" if part.listed else text, over=SENTENCE_COLUMNS)


def write_title(sheet: Sheet, title: Words) -> None:
    """The title of a table, with a free row before it."""
    sheet.row += 1
    sheet.say(sheet.book.wording.heading(title), size=12, bold=True)


def write_table(sheet: Sheet, table: Table) -> None:
    """A table from the current row on."""
    if table.title["zh"] and not (table.in_view and table.rows):
        write_title(sheet, table.title)
    if not table.rows:
        sheet.say(table.empty, color=SOFT, over=SENTENCE_COLUMNS)
        return
    columns = table.columns_for("xlsx")
    first = sheet.row
    sheet.heads([(column.head, column.kind) for column in columns], in_view=table.in_view)
    for row in table.rows:
        write_row(sheet, columns, row)
    last = sheet.row - 1
    if table.total is not None:
        write_row(sheet, columns, table.total, total=True)
    if table.in_view or table.filtered:
        sheet.made.autofilter(first, 0, last, len(columns) - 1)
    if table.chart is not None:
        insert_chart(sheet, table, table.chart, first, last)
        sheet.row = max(sheet.row, first + CHART_ROWS[table.chart] + 1)


def write_row(
    sheet: Sheet, columns: Sequence[Column[Any]], row: object, *, total: bool = False
) -> None:
    """A row of a table, as high as its highest cell."""
    cells = []
    for at, column in enumerate(columns):
        state = column.state(row) if column.state else ""
        look = sheet.book.cell_format(column.kind, state, total=total)
        cells.append(Cell(at, at, column.value(row), look, column.kind))
    sheet.line(cells)
