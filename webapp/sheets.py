"""Tables as files that spreadsheets open: UTF-8 CSV and XLSX, of the same rows. Pure.

Rows are written as they come, to a temporary file and never into memory, so that a long list costs no
more than a short one. No cell is ever run: XLSX cells are typed, and a CSV text that looks like a
formula gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
import math
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any, Literal
from zoneinfo import ZoneInfo

import xlsxwriter

Record = Mapping[str, Any]
Cell = str | float | Decimal | date | None
Format = Literal["csv", "xlsx"]
FORMATS: tuple[Format, ...] = ("csv", "xlsx")
CONTENT_TYPES: Mapping[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# What a cell of a worksheet holds; a longer text is cut, and says so by its last character.
LONGEST_CELL = 32_767
# A spreadsheet's numbers have 15 digits: a longer one stays exact as a text.
_LARGEST_EXACT = 10**15
# The full-width signs too: a Chinese or Japanese spreadsheet takes them for the half-width ones.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
# No sheet can hold these, and some readers end at the first of them.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_YES_NO = {True: ("是", "yes"), False: ("否", "no")}
_NARROWEST, _WIDEST = 8, 48
# The first rows tell how wide a column is; measuring them all takes as long as writing them.
_ROWS_MEASURED = 300


@dataclass(frozen=True)
class Column:
    """A column of a file; ``words`` are what stands for a key, in Chinese and English.

    The value is the record's ``key``, or ``key_zh`` and ``key_en`` where it has names in both.
    """

    key: str
    zh: str
    en: str
    words: Mapping[Any, tuple[str, str]] = field(default_factory=dict)

    def cell(self, record: Record, language: str, zone: ZoneInfo) -> Cell:
        """The record's value in ``zh`` or ``en``, times as clocks at ``zone`` show them."""
        named = (f"{self.key}_{language}", f"{self.key}_zh", self.key)
        value = next((record[name] for name in named if record.get(name) not in (None, "")), None)
        if not isinstance(value, list | tuple):
            return self._one(value, language, zone)
        return "; ".join(shown(self._one(one, language, zone)) for one in value)

    def _one(self, value: Any, language: str, zone: ZoneInfo) -> Cell:
        if value in self.words:
            return self.words[value][language == "en"]
        if isinstance(value, bool):
            return _YES_NO[value][language == "en"]
        if isinstance(value, datetime):
            return value.astimezone(zone).replace(tzinfo=None)
        if value is None or isinstance(value, date | int | float | Decimal):
            return value
        return clean(str(value))


@dataclass(frozen=True)
class Table:
    """A list as a file: its name in the file's name, its title in both languages, its columns."""

    name: str
    title: tuple[str, str]
    columns: Sequence[Column]

    def heads(self, language: str) -> list[str]:
        """The first line."""
        return [column.en if language == "en" else column.zh for column in self.columns]

    def write(
        self, kind: Format, records: Iterable[Record], language: str, zone: ZoneInfo
    ) -> IO[bytes]:
        """All records as an open temporary file that stands at its beginning."""
        lines = (
            [column.cell(record, language, zone) for column in self.columns] for record in records
        )
        return table_file(kind, self.title[language == "en"], self.heads(language), lines)


def table_file(
    kind: Format, title: str, heads: Sequence[str], lines: Iterable[Sequence[Cell]]
) -> IO[bytes]:
    """Lines under their heads as an open temporary file that stands at its beginning."""
    out = tempfile.TemporaryFile()  # noqa: SIM115 - who sends it closes it.
    try:
        _WRITERS[kind](out, title, heads, lines)
    except BaseException:
        out.close()
        raise
    out.seek(0)
    return out


def clean(text: str) -> str:
    """``text`` without the characters that no sheet can hold, its line ends as one line feed."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def shown(cell: Cell) -> str:
    """A cell as a text, the same in a joined cell and in a CSV file."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _LARGEST_EXACT:
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def quoted(text: str) -> str:
    """``text`` for a CSV cell: an apostrophe keeps a spreadsheet from running it as a formula."""
    return "'" + text if _FORMULA.match(text) else text


def csv_file(lines: Iterable[Iterable[Cell]]) -> bytes:
    """A small table as UTF-8 CSV, in memory."""
    out = io.BytesIO()
    _write_csv_lines(out, lines)
    return out.getvalue()


def _write_csv(
    out: IO[bytes], _title: str, heads: Sequence[str], lines: Iterable[Sequence[Cell]]
) -> None:
    def all_lines() -> Iterable[Iterable[Cell]]:
        yield heads
        yield from lines

    _write_csv_lines(out, all_lines())


def _write_csv_lines(out: IO[bytes], lines: Iterable[Iterable[Cell]]) -> None:
    """With a byte-order mark, which spreadsheets ask for; every text in quotes.

    The quotes keep a text whole where the spreadsheet's language separates columns by semicolons:
    half of it could begin with a formula's sign.
    """
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
    for line in lines:
        writer.writerow([_csv_cell(cell) for cell in line])
    text.flush()
    text.detach()


def _csv_cell(cell: Cell) -> str | float | Decimal:
    if isinstance(cell, Decimal):
        return cell  # Money, exactly as it is.
    if isinstance(cell, int | float) and math.isfinite(cell):
        return int(cell) if cell == int(cell) else cell
    return quoted(clean(shown(cell)))


def _write_xlsx(
    out: IO[bytes], title: str, heads: Sequence[str], lines: Iterable[Sequence[Cell]]
) -> None:
    """One sheet: the heads stand still above the rows, each column can be filtered."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": title})
        sheet = book.add_worksheet(sheet_name(title))
        sheet.freeze_panes(1, 0)
        write = _cell_writer(book, sheet)
        bold = book.add_format({"bold": True, "bottom": 1, "bg_color": "#E8F1F0"})
        widths = [_width(head) + 3 for head in heads]
        for column, head in enumerate(heads):
            sheet.write_string(0, column, head, bold)
        last = 0
        for last, line in enumerate(lines, 1):
            for column, cell in enumerate(line):
                written = write(last, column, cell)
                if last <= _ROWS_MEASURED:
                    widths[column] = max(widths[column], _width(written))
        for column, width in enumerate(widths):
            sheet.set_column(column, column, min(_WIDEST, max(_NARROWEST, width + 1)))
        if last:
            sheet.autofilter(0, 0, last, len(heads) - 1)


def _cell_writer(book: Any, sheet: Any) -> Callable[[int, int, Cell], str]:
    day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm", "align": "left"})
    money = book.add_format({"num_format": "#,##0.00"})

    def write(row: int, column: int, cell: Cell) -> str:
        """Write one cell by its type, and give what it shows."""
        text = shown(cell)
        if isinstance(cell, date) and cell.year >= 1900:
            form = moment if isinstance(cell, datetime) else day
            sheet.write_datetime(row, column, cell, form)
        elif isinstance(cell, Decimal) and abs(cell) < _LARGEST_EXACT / 100:
            sheet.write_number(row, column, cell, money)
        elif isinstance(cell, int | float) and math.isfinite(cell) and abs(cell) < _LARGEST_EXACT:
            sheet.write_number(row, column, cell)
        elif text:
            sheet.write_string(row, column, sheet_text(text))
        return text

    return write


def sheet_text(text: str) -> str:
    """``text`` as XlsxWriter may be given it: what it can't hold is left out, what is too long cut.

    A text from ``<r>`` to ``</r>`` is taken for runs of rich text and written as bare XML, whatever
    mode it works in: whoever names a device so could write formulas. A space at the end forbids it.
    """
    text = clean(text)
    if text.startswith("<r>") and text.endswith("</r>"):
        text += " "
    units = text.encode("utf-16-le", "surrogatepass")  # What a worksheet counts in.
    if len(units) // 2 <= LONGEST_CELL:
        return text
    return units[: (LONGEST_CELL - 1) * 2].decode("utf-16-le", "ignore") + "…"


def sheet_name(title: str) -> str:
    """A title as a worksheet may be called: at most 31 characters, without brackets and slashes."""
    return re.sub(r"[\[\]:*?/\\]", " ", title).strip("' ")[:31] or "Sheet1"


def _width(text: str) -> int:
    """How wide the widest line is, in characters of a Latin letter's width; long ones aren't read out."""
    line = max(text[:400].split("\n"), key=len)[:_WIDEST]
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


_WRITERS = {"csv": _write_csv, "xlsx": _write_xlsx}
