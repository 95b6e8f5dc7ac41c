"""The one pattern of every list: filtered, sorted both ways, counted by state, paged, saved as CSV.

A domain says once what its list is (:class:`Listing`); ``webapp.api.listing`` gives it its addresses,
and ``ListView`` of the client its screen.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from inspect import isfunction
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.errors import AppError

Record = dict[str, Any]
Rows = Sequence[sa.Row[*tuple[Any, ...]]]
MOST_ROWS = 50_000
_AT_ONCE = 500
# What asks for every state, where a list shows one of them unless told otherwise.
ALL = "all"
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


@dataclass(frozen=True)
class Column:
    """A column of the CSV file; ``words`` are what stands for a key, in Chinese and English.

    The value is the record's ``key``, or ``key_zh`` and ``key_en`` where it has names in both.
    """

    key: str
    zh: str
    en: str
    words: Mapping[Any, tuple[str, str]] = field(default_factory=dict)

    def cell(self, record: Record, language: str, zone: ZoneInfo) -> str:
        """The record's value in ``zh`` or ``en``, times as clocks at ``zone`` show them."""
        named = (f"{self.key}_{language}", f"{self.key}_zh", self.key)
        value = next((record[name] for name in named if record.get(name) not in (None, "")), None)
        values = value if isinstance(value, list) else [value]
        return "; ".join(self._text(one, language, zone) for one in values)

    def _text(self, value: Any, language: str, zone: ZoneInfo) -> str:
        if value in self.words:
            return self.words[value][language == "en"]
        if isinstance(value, datetime):
            return value.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        return "" if value is None else value.isoformat() if isinstance(value, date) else str(value)


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A list of a contract's rows.

    ``filters`` name what may be asked: a column that is to equal the value, or a function that makes a
    condition of it. ``sorts`` name what each key orders by, upwards; ``backwards`` are the keys whose
    own figure falls where their columns rise. ``tab`` is the filter that the list is counted by, over
    ``states``. ``dress`` turns rows into plain data with a fixed number of statements.
    """

    name: str
    select: sa.Select[*tuple[Any, ...]]
    contract: Any
    filters: Mapping[str, Any]
    sorts: Mapping[str, Sequence[Any]]
    sort: str
    tie: Any
    dress: Callable[[Session, int, Rows, datetime], list[Record]]
    columns: Sequence[Column]
    tab: str
    states: Sequence[str]
    backwards: frozenset[str] = frozenset()

    def statement(
        self, contract_id: int, wanted: Mapping[str, Any], sort: str = ""
    ) -> sa.Select[*tuple[Any, ...]]:
        """The rows that the filters let through, in order; ``-`` before the sort turns it round."""
        asked = sort or self.sort
        key = asked.removeprefix("-")
        rising = asked.startswith("-") == (key in self.backwards)
        order = (
            (column.asc() if rising else column.desc()).nulls_last()
            for column in (*self.sorts[key], self.tie)
        )
        statement = self.select.where(self.contract == contract_id, *self._conditions(wanted))
        return statement.order_by(*order)

    def _conditions(self, wanted: Mapping[str, Any]) -> Iterable[sa.ColumnElement[bool]]:
        for name, value in wanted.items():
            if (
                value is None
                or value is False
                or value == ""
                or (name == self.tab and value == ALL)
            ):
                continue
            rule = self.filters[name]
            yield rule(value) if isfunction(rule) else rule == value

    def counts(
        self, session: Session, contract_id: int, wanted: Mapping[str, Any]
    ) -> dict[str, int]:
        """How many there are in each state under the other filters, in one statement."""
        state = self.filters[self.tab]
        others = self.statement(contract_id, {**wanted, self.tab: None}).order_by(None)
        # By its place: PostgreSQL takes one expression with two parameters for two expressions.
        counted = others.with_only_columns(state, sa.func.count(), maintain_column_froms=True)
        rows = session.execute(counted.group_by(sa.literal_column("1")))
        return dict.fromkeys(self.states, 0) | dict(rows.all())

    def page(
        self,
        session: Session,
        contract_id: int,
        wanted: Mapping[str, Any],
        *,
        sort: str,
        page: int,
        page_size: int,
        now: datetime,
    ) -> Record:
        """One page, with the counts beside it: ``{"items", "total", "counts", "page", "page_size"}``."""
        counts = self.counts(session, contract_id, wanted)
        state = wanted.get(self.tab)
        rows = session.execute(
            self.statement(contract_id, wanted, sort)
            .limit(page_size)
            .offset((page - 1) * page_size)
        ).all()
        return {
            "items": self.dress(session, contract_id, rows, now),
            "total": sum(counts.values()) if state in (None, ALL) else counts[state],
            "counts": counts,
            "page": page,
            "page_size": page_size,
        }

    def csv(
        self,
        session: Session,
        contract_id: int,
        wanted: Mapping[str, Any],
        *,
        sort: str,
        language: str,
        zone: ZoneInfo,
        now: datetime,
    ) -> bytes:
        """All that is filtered, as a CSV file. :raise AppError: ``too_large``"""
        statement = self.statement(contract_id, wanted, sort).limit(MOST_ROWS + 1)
        lines: list[list[str]] = []
        for rows in session.execute(statement).partitions(_AT_ONCE):
            lines += [
                [column.cell(record, language, zone) for column in self.columns]
                for record in self.dress(session, contract_id, rows, now)
            ]
        if len(lines) > MOST_ROWS:
            raise AppError("too_large", maximum=MOST_ROWS)
        heads = [column.en if language == "en" else column.zh for column in self.columns]
        return csv_file([heads, *lines])


def containing(*columns: Any) -> Callable[[str], sa.ColumnElement[bool]]:
    """A filter for ``q``: every word of it stands in one of the columns, whatever its case."""

    def contains(text: str) -> sa.ColumnElement[bool]:
        return sa.and_(
            *(
                sa.or_(*(c.icontains(word, autoescape=True) for c in columns))
                for word in text.split()
            )
        )

    return contains


def csv_file(lines: Iterable[Iterable[str | float | date | None]]) -> bytes:
    """UTF-8 CSV with a byte-order mark, which spreadsheets ask for, and no text that they would run."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(
        [quoted(cell) if isinstance(cell, str) else cell for cell in line] for line in lines
    )
    return text.getvalue().encode("utf-8-sig")


def quoted(text: str) -> str:
    """``text`` for a CSV cell: an apostrophe keeps a spreadsheet from running it as a formula."""
    return "'" + text if _FORMULA.match(text) else text
