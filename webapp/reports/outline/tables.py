"""What a section of a document consists of, whatever the format: sentences and tables. Pure.

A column says what it shows of a row and how wide it is in either kind of file, so that a table is
described once. A workbook splits what a text document says in one cell: a place is three columns that
can be filtered there, and one text here; ``only`` says which format a column is for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar, cast

from webapp.reports import words
from webapp.reports.shape import DeviceRef, Outcome, Place, Rate, Words
from webapp.reports.wording import (
    Wording,
    device_number,
    device_words,
    legible,
    named,
    percent,
    place_words,
)

Row = TypeVar("Row")
# None is nothing; lines stand under one another. Days and times are texts as the report's data has them.
Value = Words | str | float | Rate | None | Sequence[Words | str]
Kind = Literal["text", "count", "hours", "percent", "day", "time"]
Format = Literal["xlsx", "docx"]
Chart = Literal["status", "trend", "ageing"]
NOTHING: Words = {"zh": "", "en": ""}


@dataclass(frozen=True)
class Column(Generic[Row]):
    """A column of a table.

    :param mm: its width in a text document, whose tables are 182 mm wide in all
    :param chars: its width in a workbook, in Latin letters
    :param state: what a cell's colour says beside its word: an outcome, or ``attention``
    """

    head: Words
    value: Callable[[Row], Value]
    mm: float
    chars: float
    kind: Kind = "text"
    state: Callable[[Row], str] | None = None
    only: Format | None = None


@dataclass(frozen=True)
class Table:
    """A table under its title; ``empty`` is said where there are no rows.

    ``total`` is a last row that sums the others up. ``sheet`` is where it stands in a workbook, when
    not on its section's. A table that may be long is ``in_view``: it has its sheet for itself, where
    its head stays in view and its rows can be filtered; of several on a sheet one can be ``filtered``.
    """

    columns: Sequence[Column[Any]]
    rows: Sequence[Any]
    title: Words = field(default_factory=lambda: NOTHING)
    empty: Words = field(default_factory=lambda: NOTHING)
    total: Any = None
    chart: Chart | None = None
    sheet: Words | None = None
    in_view: bool = False
    filtered: bool = False

    def columns_for(self, format: Format) -> list[Column[Any]]:
        """The columns that this format has."""
        return [column for column in self.columns if column.only in (None, format)]


@dataclass(frozen=True)
class Lines:
    """Sentences under their title; ``listed`` ones are points of a list."""

    lines: Sequence[Words | str]
    title: Words = field(default_factory=lambda: NOTHING)
    listed: bool = False


@dataclass(frozen=True)
class Section:
    """A section of the report; ``sheet`` is its name in a workbook."""

    key: str
    title: Words
    sheet: Words
    parts: Sequence[Table | Lines]


def lines_of(value: Value, wording: Wording) -> list[tuple[str, str]]:
    """A cell's lines, each with its second language where the document has both."""
    if value is None or value == "":
        return []
    if isinstance(value, (str, int, float)):
        return [(legible(str(value)), "")]
    if not isinstance(value, dict):
        return [line for one in value for line in lines_of(one, wording)]
    if "percent" in value:
        return [(percent(cast(Rate, value)), "")]
    found = wording.lines(value)
    return [found] if found[0] or found[1] else []


def text_of(value: Value, wording: Wording) -> str:
    """A cell as one text, line under line."""
    return "\n".join(part for line in lines_of(value, wording) for part in line if part)


def head(key: str) -> Words:
    """A column's head."""
    return words.HEADS[key]


def label(key: str) -> Words:
    """A label."""
    return words.LABELS[key]


def text(
    key: str, value: Callable[[Row], Value], mm: float, chars: float, only: Format | None = None
) -> Column[Row]:
    """A column of text."""
    return Column(head(key), value, mm, chars, only=only)


def count(
    name: str | Words, value: Callable[[Row], Value], mm: float, chars: float = 12
) -> Column[Row]:
    """A column of numbers."""
    return Column(head(name) if isinstance(name, str) else name, value, mm, chars, "count")


def day(name: str | Words, value: Callable[[Row], str | None], mm: float) -> Column[Row]:
    """A column of days."""
    return Column(head(name) if isinstance(name, str) else name, value, mm, 11, "day")


def place_columns(of: Callable[[Row], Place], mm: float) -> list[Column[Row]]:
    """Where something is."""
    return [
        Column(head("place"), lambda row: place_words(of(row)), mm, 0, only="docx"),
        Column(head("building"), lambda row: of(row)["building"], 0, 11, only="xlsx"),
        Column(head("floor"), lambda row: of(row)["floor"], 0, 6, only="xlsx"),
        Column(head("room"), lambda row: of(row)["room"], 0, 13, only="xlsx"),
    ]


def device_columns(
    of: Callable[[Row], DeviceRef | None], mm: float, only: Format | None = None
) -> list[Column[Row]]:
    """Which device, or the room itself."""
    return [
        Column(head("device"), lambda row: device_words(of(row)), mm, 22, only=only),
        Column(head("device_number"), lambda row: _number(of(row)), 0, 26, only="xlsx"),
    ]


def _number(device: DeviceRef | None) -> str:
    return device_number(device) if device else ""


def place_with_device(
    place: Callable[[Row], Place], device: Callable[[Row], DeviceRef | None], mm: float
) -> list[Column[Row]]:
    """Where and which device: one cell in a text document."""

    def both(row: Row) -> Value:
        found = device(row)
        return [place_words(place(row)), *([device_words(found)] if found else [])]

    return [
        Column(head("place"), both, mm, 0, only="docx"),
        *place_columns(place, 0)[1:],
        *device_columns(device, 0, only="xlsx"),
    ]


def severity_column(of: Callable[[Row], int | None], mm: float) -> Column[Row]:
    """The contract's severity (clause 42)."""

    def value(row: Row) -> Value:
        severity = of(row)
        return None if severity is None else named("severities", severity)

    return Column(head("severity"), value, mm, 10)


def outcome_column(of: Callable[[Row], Outcome], mm: float, chars: float = 10) -> Column[Row]:
    """正常/异常: a word and a colour."""
    return Column(
        head("verdict"),
        lambda row: named("outcomes", of(row)),
        mm,
        chars,
        state=of,
    )


def numbers(items: Sequence[int]) -> str:
    """Open items by their numbers."""
    return ", ".join(f"#{number}" for number in items)
