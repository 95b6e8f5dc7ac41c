"""A workbook in the house's look: its formats, its cells, and how its sheets are printed.

Rows are written from the top down and are gone from memory at once, so that a thousand rooms take
hardly more of it than one. Every text is a text, whatever it looks like; numbers, days and shares are
what a spreadsheet can reckon with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from math import ceil
from typing import Any, cast

import xlsxwriter

from webapp.reports.media import Picture
from webapp.reports.outline.tables import Kind, Value, text_of
from webapp.reports.shape import Rate, Words
from webapp.reports.wording import Wording, filled, legible, wide

ACCENT, INK, SOFT, HAIRLINE = "#0B5F5C", "#14201F", "#435350", "#C9D3CF"
HEAD_TINT, ACCENT_TINT = "#EEF3F1", "#E9F3F1"
STATE_INK = {
    "normal": "#14552C",
    "abnormal": "#8F2306",
    "not_tested": "#3D4A58",
    "todo": "#435350",
    "attention": "#6B4000",
}
STATE_TINT = {
    "normal": "#E5F3E9",
    "abnormal": "#FDEBE5",
    "not_tested": "#EDF0F4",
    "todo": "#F5F7F6",
    "attention": "#FDF2DC",
}
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_row_height": 22,
}
# Named, not contained: whoever has no such font sees the one that his program takes instead.
FONTS = {"zh": "Microsoft YaHei", "en": "Arial"}
MOST_UNITS = 32_767
Shown = str | float | datetime | None
MOST_ROW_PIXELS = 540
MOST_ALT = 250
# A head takes 255 signs in all, and an ``&`` two.
MOST_MARGIN = 56
LINE_PIXELS = 18
A4, MOST_BREAKS = 9, 1_000


class Book:
    """A workbook that is being written; ``running`` stands at the left and right of each page's head.

    ``made_at`` is when its data was read, so that the same data gives the same bytes.
    """

    def __init__(
        self,
        wording: Wording,
        title: str,
        running: tuple[str, str],
        made_at: datetime | None = None,
    ) -> None:
        self.wording = wording
        self._buffer = BytesIO()
        font = {"font_name": FONTS[wording.main], "font_size": 10}
        options = {**OPTIONS, "default_format_properties": font}
        self.book = xlsxwriter.Workbook(self._buffer, options)
        self._font = font
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._cells: dict[tuple[Any, ...], Any] = {}
        self._running = running
        about: dict[str, Any] = {
            "title": legible(title),
            "subject": legible(running[0]),
            "comments": legible(running[1]),
        }
        self.book.set_properties(about | ({"created": made_at} if made_at else {}))

    def sheet(self, name: Words, *, landscape: bool = True) -> Sheet:
        """A new sheet, printed on A4 as wide as the page, with head and foot."""
        made = self.book.add_worksheet(self.wording.tab(name))
        made.set_paper(A4)
        made.set_landscape() if landscape else made.set_portrait()
        made.set_margins(left=0.5, right=0.5, top=0.75, bottom=0.65)
        made.fit_to_pages(1, 0)
        made.hide_gridlines(2)
        made.center_horizontally()
        left, right = (_in_margin(text) for text in self._running)
        made.set_header(f"&L&8 {left}&R&8 {right}")
        page = filled("page_of", {"page": "&P", "pages": "&N"})
        made.set_footer(f"&C&8 {self.wording.text(page, ' · ')}")
        return Sheet(self, made)

    @property
    def names(self) -> list[str]:
        """What the sheets are called, in order."""
        return [sheet.name for sheet in self.book.worksheets()]

    def format(self, **properties: Any) -> Any:
        """A format of the house's font; the same one is made once."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            base = {"font_color": INK, "valign": "top", "text_wrap": True}
            self._formats[key] = self.book.add_format({**self._font, **base, **properties})
        return self._formats[key]

    def cell_format(
        self,
        kind: Kind = "text",
        state: str = "",
        *,
        total: bool = False,
        boxed: bool = False,
        middle: bool = False,
    ) -> Any:
        """How a cell of a table looks; a ``boxed`` one is room to write in by hand.

        What stands beside its name is set in the ``middle``, as the name is.
        """
        key = (kind, state, total, boxed, middle)
        if key not in self._cells:
            look: dict[str, Any] = {"bottom": 1, "bottom_color": HAIRLINE}
            if middle:
                look["valign"] = "vcenter"
            self._cells[key] = self._cell_format(look, kind, state, total=total, boxed=boxed)
        return self._cells[key]

    def _cell_format(
        self, look: dict[str, Any], kind: Kind, state: str, *, total: bool, boxed: bool
    ) -> Any:
        if boxed:
            look = {"border": 1, "border_color": HAIRLINE, "valign": "bottom", "font_size": 9}
        if kind in ("count", "hours", "percent"):
            look |= {"align": "right", "indent": 1}
        elif kind in ("day", "time"):
            look["align"] = "left"
        number_format = {
            "hours": "0",
            "percent": "0.0%",
            "day": "yyyy-mm-dd",
            "time": "yyyy-mm-dd hh:mm",
        }
        if kind in number_format:
            look["num_format"] = number_format[kind]
        if state:
            look |= {"font_color": STATE_INK[state], "bg_color": STATE_TINT[state]}
        if total:
            look |= {"bold": True, "top": 1, "top_color": ACCENT}
        return self.format(**look)

    def head_format(self, *, right: bool = False, plain: bool = False) -> Any:
        """How the head of a column looks; a ``plain`` one has no line above it."""
        look = {"font_color": ACCENT, "bold": True, "bg_color": HEAD_TINT, "valign": "vcenter"}
        border: dict[str, Any] = {"bottom": 1, "bottom_color": HAIRLINE}
        if not plain:
            border |= {"top": 2, "top_color": ACCENT}
        return self.format(
            **look, **border, align="right" if right else "left", indent=1 if right else 0
        )

    def bytes(self) -> bytes:
        """Finish the workbook."""
        self.book.close()
        return self._buffer.getvalue()


class Sheet:
    """A sheet that is written from the top down; ``row`` is the next free one."""

    def __init__(self, book: Book, made: Any) -> None:
        self.book, self.made = book, made
        self.row = 0
        self._widths: dict[int, float] = {}

    @property
    def name(self) -> str:
        """What the sheet is called."""
        return cast(str, self.made.name)

    def widths(self, chars: Sequence[float]) -> None:
        """Let each column be as wide as its widest table asks for, in Latin letters."""
        for column, asked in enumerate(chars):
            if asked > self._widths.get(column, 0):
                self._widths[column] = asked
                self.made.set_column(column, column, asked)

    def width(self, column: int) -> float:
        """How wide a column is, in Latin letters."""
        return self._widths.get(column, 8.43)

    def put(self, column: int, value: Value, look: Any, kind: Kind = "text") -> None:
        """Write a cell of the current row."""
        self._put(column, shown(value, kind, self.book.wording), look)

    def _put(self, column: int, value: Shown, look: Any) -> None:
        """What is nothing stays empty, but has its look."""
        if isinstance(value, str):
            self.made.write_string(self.row, column, value, look)
        elif value is None:
            self.made.write_blank(self.row, column, None, look)
        elif isinstance(value, datetime):
            self.made.write_datetime(self.row, column, value, look)
        else:
            self.made.write_number(self.row, column, value, look)

    def line(self, cells: Sequence[Cell], *, least: int = 0, more: int = 0) -> None:
        """A row of cells, as high as its highest asks for.

        The height is written for every row: some programs would reckon it, phones and previews don't.
        """
        wording = self.book.wording
        told = [(cell, shown(cell.value, cell.kind, wording)) for cell in cells]
        high = max([least, *(self._height(cell, value) for cell, value in told)])
        self.high(high + more)
        for cell, value in told:
            if cell.last > cell.first:
                self.made.merge_range(self.row, cell.first, self.row, cell.last, "", cell.look)
            self._put(cell.first, value, cell.look)
        self.row += 1

    def _height(self, cell: Cell, value: Shown) -> int:
        if not isinstance(value, str):
            return LINE_PIXELS + 4
        chars = self.width(cell.first)
        for column in range(cell.first + 1, cell.last + 1):
            chars += self.width(column)
        return height_of(value, chars)

    def title(self, title: Words, over: int) -> None:
        """The title of what is printed by itself."""
        text = self.book.wording.heading(title)
        self.say(text, size=15, color=ACCENT, bold=True, over=over)

    def break_before(self, rows: Sequence[int]) -> None:
        """Begin a page of paper with each of these rows; a spreadsheet takes a thousand of them."""
        self.made.set_h_pagebreaks(list(rows[:MOST_BREAKS]))

    def say(
        self, value: Value, *, size: float = 10, color: str = INK, bold: bool = False, over: int = 0
    ) -> None:
        """A line of text by itself; ``over`` so many columns it is wrapped, otherwise it runs on."""
        look = self.book.format(
            font_size=size, font_color=color, bold=bold, text_wrap=over > 1, valign="vcenter"
        )
        if over > 1:
            text = cell_text(text_of(value, self.book.wording), self.book.wording)
            chars = sum(self.width(column) for column in range(over)) * 10 / size
            self.high(height_of(text, chars) * size / 10)
            self.made.merge_range(self.row, 0, self.row, over - 1, "", look)
            self.made.write_string(self.row, 0, text, look)
        else:
            self.high(size * 1.9 + 3)
            self.put(0, value, look)
        self.row += 1

    def high(self, pixels: float) -> None:
        """How high the current row is; must be said before its first cell is written."""
        self.made.set_row_pixels(self.row, min(MOST_ROW_PIXELS, int(pixels)))

    def heads(self, heads: Sequence[tuple[Words, Kind]], *, in_view: bool = False) -> None:
        """The heads of a table's columns; ``in_view`` they stay there, on paper too, with filters."""
        if in_view:
            self.made.freeze_panes(self.row + 1, 0)
            self.made.repeat_rows(self.row)
        cells = [
            Cell(at, at, name, self.book.head_format(right=kind in ("count", "hours", "percent")))
            for at, (name, kind) in enumerate(heads)
        ]
        self.line(cells, more=14 if in_view else 4)

    def picture(self, row: int, column: int, shown: Picture, alt: str, box: Box) -> None:
        """A picture in a box of a cell; it moves, and hides, with its row."""
        scale = min(box.width / shown.width, box.height / shown.height)
        options = {
            "image_data": BytesIO(shown.data),
            "x_offset": box.x,
            "y_offset": box.y,
            "x_scale": scale,
            "y_scale": scale,
            "object_position": 1,
            "description": legible(alt)[:MOST_ALT],
        }
        self.made.insert_image(row, column, "picture", options)


@dataclass(frozen=True)
class Cell:
    """A cell over one column or several: its first and last, what it shows, and its look."""

    first: int
    last: int
    value: Value
    look: Any
    kind: Kind = "text"


@dataclass(frozen=True)
class Box:
    """Where in a cell a picture goes, and how large it may be: pixels."""

    x: int
    y: int
    width: int
    height: int


def shown(value: Value, kind: Kind, wording: Wording) -> Shown:
    """A value as its cell has it: a text, a number, a moment, or nothing."""
    if isinstance(value, dict) and "percent" in value:
        share = cast(Rate, value)["percent"]
        return None if share is None else share / 100
    if isinstance(value, (int, float)):
        return value
    moment = as_time(value) if kind in ("day", "time") else None
    if moment is not None:
        return moment
    text = text_of(value, wording)
    return cell_text(text, wording) if text else None


def as_time(value: Value) -> datetime | None:
    """``2026-11-03`` or ``2026-11-03 09:40`` as what a spreadsheet reckons with; None for anything else."""
    if not isinstance(value, str) or not value or value < "1900-03-01":
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def cell_text(text: str, wording: Wording) -> str:
    """``text`` as a cell may hold it; a cut is told.

    A spreadsheet counts in units of UTF-16, of which an emoji takes two.
    """
    if len(text) <= MOST_UNITS // 2 or _units(text) <= MOST_UNITS:
        return text
    note = wording.text(filled("cut", {"count": len(text)}), " ")
    kept = text.encode("utf-16-le")[: 2 * (MOST_UNITS - _units(note))]
    return kept.decode("utf-16-le", "ignore") + note


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def height_of(text: str, chars: float) -> int:
    """How high a cell must be for a wrapped text, in pixels."""
    if 2 * len(text) < chars and "\n" not in text:
        return LINE_PIXELS + 4
    room = max(1.0, chars - 1)
    lines = sum(max(1, ceil(wide(line) / room)) for line in text.split("\n"))
    return lines * LINE_PIXELS + 4


def _in_margin(text: str) -> str:
    """A text for a page's head, where ``&`` begins a code, and no more than it may hold."""
    line = legible(text).replace("\n", " ")
    line = line if len(line) <= MOST_MARGIN else f"{line[: MOST_MARGIN - 1]}…"
    return line.replace("&", "&&")
