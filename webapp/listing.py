"""The one pattern of every list: filtered, sorted both ways, counted by state, paged, saved as a file.

A domain says once what its list is (:class:`Listing`); ``webapp.api.listing`` gives it its addresses,
``webapp.sheets`` its files, and ``ListView`` of the client its screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from inspect import isfunction
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.errors import AppError
from webapp.sheets import Column, Table

__all__ = ["ALL", "Column", "Listing", "Rows", "all_rows", "containing"]
Record = dict[str, Any]
Rows = Sequence[sa.Row[*tuple[Any, ...]]]
MOST_ROWS = 50_000
_AT_ONCE = 500
# What asks for every state, where a list shows one of them unless told otherwise.
ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A list of a contract's rows.

    ``filters`` name what may be asked: a column that is to equal the value, or a function that makes a
    condition of it. ``sorts`` name what each key orders by, upwards; ``backwards`` are the keys whose
    own figure falls where their columns rise. ``contract`` is the column that is to equal the contract's id,
    or a function that makes a condition of it. ``tab`` is the filter that the list is counted by, over
    ``states``. ``dress`` turns rows into plain data with a fixed number of statements. ``title`` is
    what its files are called, in Chinese and English, and ``columns`` what stands in them.
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
    title: tuple[str, str] = ("", "")

    @property
    def table(self) -> Table:
        """The list as a file."""
        zh, en = self.title
        return Table(self.name, (zh or self.name, en or self.name), self.columns)

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
        belongs = (
            self.contract(contract_id)
            if isfunction(self.contract)
            else self.contract == contract_id
        )
        statement = self.select.where(belongs, *self._conditions(wanted))
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

    def records(
        self,
        session: Session,
        contract_id: int,
        wanted: Mapping[str, Any],
        *,
        sort: str,
        now: datetime,
    ) -> Iterator[Record]:
        """All that is filtered, some hundreds at a time. :raise AppError: ``too_large``"""
        statement = self.statement(contract_id, wanted, sort)
        for rows in all_rows(session, statement):
            yield from self.dress(session, contract_id, rows, now)


def all_rows(session: Session, statement: sa.Select[*tuple[Any, ...]]) -> Iterator[Rows]:
    """The rows of a list as it goes into a file, some hundreds at a time.

    They are counted first: half a list must not be taken for the whole one.

    :raise AppError: ``too_large``
    """
    counted = sa.select(sa.func.count()).select_from(statement.order_by(None).subquery())
    if (session.scalar(counted) or 0) > MOST_ROWS:
        raise AppError("too_large", maximum=MOST_ROWS)
    result = session.execute(statement.execution_options(yield_per=_AT_ONCE))
    yield from result.partitions()


def containing(*columns: Any) -> Callable[[str], sa.ColumnElement[bool]]:
    """A filter for ``q``: every word of it stands in one of the columns, whatever its case."""

    def contains(text: str) -> sa.ColumnElement[bool]:
        return sa.and_(
            sa.true(),
            *(
                sa.or_(*(c.icontains(word, autoescape=True) for c in columns))
                for word in text.split()
            ),
        )

    return contains
