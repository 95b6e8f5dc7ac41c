"""How cases are counted over a month: the report and the quality targets ask the same of them. Pure.

A report is handed over by the due day of its month, so a month tells of the cases from the day after the
last due day up to this one (∆: the contract names no period): those that were opened in it, and those of
before that were still under way. A run of a clock counts once, in the month in which it was decided, and a
rating in that in which it was given, whatever month their case belongs to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from webapp.rounds.rules import add_months, due_on

# What a clock's state says of its term.
MET, LATE = frozenset({"met"}), frozenset({"met_late", "overdue"})
# Of 1 to 5, so much says that somebody is content (clause 27 ∆: the contract asks for all of them).
CONTENT_FROM = 4


@dataclass(frozen=True, slots=True)
class Period:
    """The days that a month tells of, both included, and the moments that they begin and end with."""

    month: str
    first: date
    last: date
    begins: datetime
    ends: datetime

    def tells_of(self, opened_at: datetime, ended_at: datetime | None) -> bool:
        """Whether a case was opened in it, or was still under way when it began."""
        return opened_at < self.ends and (ended_at is None or ended_at >= self.begins)

    def holds(self, at: datetime) -> bool:
        """Whether a moment lies in it."""
        return self.begins <= at < self.ends


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a clock that is decided: met in time then, or too late from the end of its term on."""

    name: str
    is_late: bool
    at: datetime


def decided(
    name: str, state: str, due_at: datetime | None, ended_at: datetime | None
) -> Run | None:
    """What a clock's run came to; None while it is open, and for one that was called off."""
    if state in LATE and due_at is not None:
        return Run(name, True, due_at)
    return Run(name, False, ended_at) if state in MET and ended_at is not None else None


def period_of(month: str, due_day: int, zone: ZoneInfo) -> Period:
    """What a month's report tells of."""
    first = due_on(add_months(month, -1), due_day) + timedelta(days=1)
    last = due_on(month, due_day)
    begins = datetime.combine(first, time(), zone)
    return Period(month, first, last, begins, datetime.combine(last + timedelta(1), time(), zone))


def in_time(runs: Iterable[Run]) -> tuple[int, int]:
    """How many were met in time, and of how many."""
    known = list(runs)
    return sum(not run.is_late for run in known), len(known)


def content(ratings: Iterable[int]) -> tuple[int, int]:
    """How many of who was asked are content, and of how many."""
    given = list(ratings)
    return sum(rating >= CONTENT_FROM for rating in given), len(given)
