"""Sections in the flow of a text: headings, sentences, tables with their charts above them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from webapp.reports import words
from webapp.reports.docx.markup import (
    HEAD_TINT,
    LONGEST,
    PAGE_MM,
    STATE_INK,
    STATE_TINT,
    Cell,
    in_both,
    paragraph,
    row_xml,
    run,
    table_xml,
    twips,
)
from webapp.reports.docx.package import Media
from webapp.reports.media import Picture
from webapp.reports.outline.tables import (
    Chart,
    Column,
    Kind,
    Lines,
    Section,
    Table,
    Value,
    lines_of,
)
from webapp.reports.shape import Words
from webapp.reports.wording import DASH, Wording

TO_THE_RIGHT = ("count", "hours", "percent")
CAPTIONS: Mapping[Chart, str] = {
    "status": "status_caption",
    "trend": "trend_caption",
    "ageing": "ageing_caption",
}


@dataclass
class Writer:
    """What the parts of one document share: its language, its pictures, its headings so far."""

    wording: Wording
    media: Media
    charts: Mapping[Chart, Picture] = field(default_factory=dict)
    _headings: int = 0

    def heading(self, title: Words | str, level: int = 1, *, new_page: bool = False) -> str:
        """A heading; one of the first level can be led to from the contents."""
        text = title if isinstance(title, str) else self.wording.heading(title)
        told = run(text)
        if level == 1:
            self._headings += 1
            number = self._headings
            told = (
                f'<w:bookmarkStart w:id="{number}" w:name="{bookmark(number)}"/>{told}'
                f'<w:bookmarkEnd w:id="{number}"/>'
            )
        return paragraph(told, f"Heading{level}", new_page=new_page)

    def say(self, value: Value, style: str = "", *, keep: bool = False) -> str:
        """A paragraph of a sentence, or of lines."""
        return paragraph(in_both(lines_of(value, self.wording)), style, keep=keep)

    def section(self, section: Section) -> Iterator[str]:
        """A section with all its parts."""
        yield self.heading(section.title)
        for at, part in enumerate(section.parts):
            if isinstance(part, Lines):
                is_before = at + 1 < len(section.parts) and isinstance(section.parts[at + 1], Table)
                yield from self.lines(part, keep=is_before and not part.title["zh"])
            else:
                yield from self.table(part)

    def lines(self, part: Lines, level: int = 2, *, keep: bool = False) -> Iterator[str]:
        """Sentences, or the points of a list; with ``keep`` they stand with what follows."""
        if part.title["zh"]:
            yield self.heading(part.title, level)
        for line in part.lines:
            yield self.say(line, "ListBullet" if part.listed else "", keep=keep)

    def table(self, table: Table, level: int = 2) -> Iterator[str]:
        """A table under its title, with its chart above it."""
        if table.title["zh"]:
            yield self.heading(table.title, level)
        if not table.rows:
            yield self.say(table.empty, "Note")
            return
        if table.chart and table.chart in self.charts:
            yield self._chart(table.chart)
        columns = table.columns_for("docx")
        yield table_xml(self._rows(table, columns), widths_of(columns), self._called(table))
        yield paragraph("", "End")

    def _called(self, table: Table) -> str:
        return self.wording.text(table.title, " / ") if table.title["zh"] else ""

    def _chart(self, chart: Chart) -> str:
        caption = self.wording.text(words.LABELS[CAPTIONS[chart]], " / ")
        shown = self.media.shown(self.charts[chart], caption, PAGE_MM)
        return paragraph(shown, keep=True)

    def _rows(self, table: Table, columns: Sequence[Column[Any]]) -> Iterator[str]:
        widths = widths_of(columns)
        yield self.head([(column.head, column.kind) for column in columns], widths)
        for row in table.rows:
            yield self.row(columns, row, widths)
        if table.total is not None:
            yield self.row(columns, table.total, widths, total=True)

    def head(self, heads: Sequence[tuple[Words, Kind]], widths: Sequence[int]) -> str:
        """The row of heads, which comes again on every page."""
        cells = [
            Cell(paragraph(in_both([self.wording.lines(name)]), _head_style(kind)), HEAD_TINT)
            for name, kind in heads
        ]
        return row_xml(cells, widths, head=True)

    def row(
        self,
        columns: Sequence[Column[Any]],
        row: object,
        widths: Sequence[int],
        *,
        total: bool = False,
    ) -> str:
        """A row of a table."""
        cells, longest = [], 0
        for column in columns:
            lines = self.lines_of(column.value(row), column.kind)
            longest = max(longest, sum(len(first) for first, _ in lines))
            state = column.state(row) if column.state else ""
            cells.append(self.cell(lines, column.kind, state, bold=total))
        return row_xml(cells, widths, may_break=longest > LONGEST)

    def lines_of(self, value: Value, kind: Kind) -> list[tuple[str, str]]:
        """A cell's lines; what is nothing has a dash."""
        if kind == "hours" and isinstance(value, (int, float)):
            return [(f"{value:.0f} h", "")]
        return lines_of(value, self.wording) or [(DASH, "")]

    def cell(
        self,
        lines: Sequence[tuple[str, str]],
        kind: Kind = "text",
        state: str = "",
        *,
        bold: bool = False,
    ) -> Cell:
        """A cell of text, tinted after its state."""
        style = "CellRight" if kind in TO_THE_RIGHT else "Cell"
        ink = STATE_INK.get(state, "")
        return Cell(
            paragraph(in_both(lines, bold=bold, color=ink), style), STATE_TINT.get(state, "")
        )

    def contents(self, titles: Sequence[str]) -> Iterator[str]:
        """The table of contents: a field that can be renewed, with ways to the headings in it already.

        It has no pages until it is renewed (F9, or a click): they are known only to who lays it out.
        """
        begin = (
            '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve">'
            ' TOC \\o "1-1" \\h \\z \\u </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        )
        for number, title in enumerate(titles, 1):
            link = (
                f'<w:hyperlink w:anchor="{bookmark(number)}" w:history="1">'
                f"{run(title)}</w:hyperlink>"
            )
            yield paragraph(begin + link if number == 1 else link, "TOC1")
        yield paragraph('<w:r><w:fldChar w:fldCharType="end"/></w:r>')


def _head_style(kind: Kind) -> str:
    return "CellHeadRight" if kind in TO_THE_RIGHT else "CellHead"


def bookmark(number: int) -> str:
    """The name by which a heading is led to."""
    return f"_Toc{900_000_000 + number}"


def widths_of(columns: Sequence[Column[Any]]) -> list[int]:
    """The widths of a table's columns, stretched to the page's."""
    whole = sum(column.mm for column in columns)
    return twips([column.mm * PAGE_MM / whole for column in columns])
