"""How work after hours is counted and what of it is free (clauses 23-24). Pure.

The one place that states it. The contract grants 80 person-hours a contract year, "up to and
including", and what is beyond at an agreed price. What it leaves open (∆) is a setting:

- **Counted** is begin to end less the break, by the time that passed (a night over midnight, a month's
  end and a changed clock need no rule of their own), in half hours: each that was begun counts whole
  (``up``), or the nearer one (``nearest``); what was worked at all counts half an hour at least.
- **The year** that work belongs to is the contract year of the local day that it began on: a night is
  never torn apart.
- **Free or charged** goes by the ledger's own order, and a line never changes what another says: with
  ``T`` counted so far, a line charges what it moves ``max(0, T - free)`` by. A line that voids another
  counts the same hours back. So whatever the order, what is charged in all is ``max(0, total - free)``.

Hours are counted in whole half hours; money is decimal.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

Rounding = Literal["up", "nearest"]
ROUNDINGS: tuple[Rounding, ...] = ("up", "nearest")
HALF_HOUR = timedelta(minutes=30)
# Nobody works longer in one piece; a longer entry is a wrong date.
LONGEST = timedelta(hours=24)
MOST_FREE_HOURS = 10_000
# A pace of fewer days is noise, and a projected end made of it a rumour.
PACE_FROM_DAYS = 14
_DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class HoursTerms:
    """What a contract settles of work after hours; it lies in its JSON under ``after_hours``.

    ``free_hours`` a contract year, in halves at the finest; ``year_starts`` is the ``MM-DD`` that a
    contract year begins with, null where it is the day of the contract's own start; ``rate_key`` names
    the hour's rate of the contract's rate card that is charged beyond, empty where none is agreed.
    ``rate`` is what that rate comes to, a decimal text, and ``currency`` the card's: read, not settled.
    """

    free_hours: float = 80
    year_starts: str | None = None
    rounding: Rounding = "up"
    rate_key: str = ""
    rate: str = ""
    currency: str = "CNY"

    @property
    def free_half_hours(self) -> int:
        """The free hours as the ledger counts."""
        return round(self.free_hours * 2)

    def amount_of(self, half_hours: int) -> str | None:
        """The price of so many half hours; null where no rate is agreed."""
        if not self.rate:
            return None
        price = Decimal(self.rate) * half_hours / 2
        return str(price.quantize(Decimal("0.01"), ROUND_HALF_UP))


def hours_terms(stored: Mapping[str, Any]) -> HoursTerms:
    """What a contract's ``after_hours`` stands for; what it doesn't name has the default."""
    return HoursTerms(**stored)


def terms_problems(
    stored: Mapping[str, Any], rate_keys: Collection[str] = ()
) -> dict[str, list[str]]:
    """What is wrong with a contract's ``after_hours``: field → codes; empty when nothing is.

    :param rate_keys: the hours' rates that the contract's rate card has

    Codes: ``unknown_field``, ``not_a_number``, ``too_small``, ``too_large``, ``not_whole`` (hours go to
    the half), ``invalid``.
    """
    judges: dict[str, Callable[[Any], str]] = {
        "free_hours": _free_problem,
        "year_starts": lambda value: "" if value is None or _month_day(value) else "invalid",
        "rounding": lambda value: "" if value in ROUNDINGS else "invalid",
        "rate_key": lambda value: "" if value == "" or value in rate_keys else "invalid",
    }
    found = {}
    for name, value in stored.items():
        code = judges[name](value) if name in judges else "unknown_field"
        if code:
            found[name] = [code]
    return found


def _free_problem(value: Any) -> str:
    if type(value) not in {int, float}:
        return "not_a_number"
    if not value >= 0:  # NaN compares with nothing.
        return "too_small"
    if not value <= MOST_FREE_HOURS:
        return "too_large"
    return "" if value * 2 == int(value * 2) else "not_whole"


def _month_day(value: Any) -> tuple[int, int] | None:
    """The month and day of ``MM-DD``; 29 February is one."""
    if not isinstance(value, str) or len(value) != 5 or value[2] != "-":
        return None
    first, last = value[:2], value[3:]
    if not (first.isascii() and first.isdigit() and last.isascii() and last.isdigit()):
        return None
    month, day = int(first), int(last)
    if not 1 <= month <= 12 or not 1 <= day <= _DAYS_IN_MONTH[month - 1]:
        return None
    return month, day


def running_out(used_half_hours: int, free_half_hours: int) -> str:
    """What is to be told of a contract year's free hours: ``hours_used_up``, ``hours_low`` from four
    fifths on, or nothing. Where none are free there is nothing that could run out."""
    if free_half_hours == 0 or used_half_hours * 5 < free_half_hours * 4:
        return ""
    return "hours_used_up" if used_half_hours >= free_half_hours else "hours_low"


@dataclass(frozen=True, slots=True)
class ContractYear:
    """A contract year, called by the year that it starts in; both days belong to it."""

    year: int
    starts_on: date
    ends_on: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.ends_on - self.starts_on).days + 1


def year_starts(terms: HoursTerms, contract_starts_on: date | None) -> str:
    """The ``MM-DD`` that contract years begin with: the setting, the contract's own start, New Year."""
    if terms.year_starts:
        return terms.year_starts
    return contract_starts_on.strftime("%m-%d") if contract_starts_on else "01-01"


def contract_year(day: date, starts: str) -> ContractYear:
    """The contract year that a local day lies in; years that start on 29 February start on the 28th
    where there is none.

    :param starts: ``MM-DD``
    """
    year = day.year if day >= _start_in(day.year, starts) else day.year - 1
    return numbered_year(year, starts)


def numbered_year(year: int, starts: str) -> ContractYear:
    """The contract year that starts in the calendar year ``year``."""
    return ContractYear(
        year, _start_in(year, starts), _start_in(year + 1, starts) - timedelta(days=1)
    )


def _start_in(year: int, starts: str) -> date:
    month, day = int(starts[:2]), int(starts[3:])
    return date(year, month, 28 if (month, day) == (2, 29) and not isleap(year) else day)


def entry_problems(
    began_at: datetime, ended_at: datetime, break_minutes: int, now: datetime
) -> dict[str, list[str]]:
    """What is wrong with an entry, by field; empty when nothing is.

    Codes: ``ends_before_it_begins``, ``longer_than_a_day``, ``not_over_yet``, ``break_too_long``.
    """
    found: dict[str, list[str]] = {}
    if ended_at <= began_at:
        found["ended_at"] = ["ends_before_it_begins"]
    elif ended_at - began_at > LONGEST:
        found["ended_at"] = ["longer_than_a_day"]
    elif ended_at > now:
        found["ended_at"] = ["not_over_yet"]
    elif not timedelta(0) <= timedelta(minutes=break_minutes) < ended_at - began_at:
        found["break_minutes"] = ["break_too_long"]
    return found


def span_problems(from_at: datetime, to_at: datetime) -> dict[str, list[str]]:
    """What is wrong with the time that somebody is planned for, by field."""
    if to_at <= from_at:
        return {"to_at": ["ends_before_it_begins"]}
    return {"to_at": ["longer_than_a_day"]} if to_at - from_at > LONGEST else {}


def counted_half_hours(
    began_at: datetime, ended_at: datetime, break_minutes: int, rounding: Rounding = "up"
) -> int:
    """The half hours that an entry without problems counts, one at least."""
    worked = ended_at - began_at - timedelta(minutes=break_minutes)
    if rounding == "up":
        return max(1, -(-worked // HALF_HOUR))
    return max(1, (worked + HALF_HOUR / 2) // HALF_HOUR)


def charged_half_hours(total_after: int, half_hours: int, free: int) -> int:
    """What one line of the ledger moves the charge by; negative where it voids what was charged.

    :param total_after: what is counted up to and including this line
    :param half_hours: what the line itself counts; negative where it voids another
    """
    return max(0, total_after - free) - max(0, total_after - half_hours - free)


@dataclass(frozen=True, slots=True)
class Projection:
    """When the free hours end, if work goes on at the pace so far.

    ``kind``: ``used_up`` (on ``ends_on``), ``ends`` (before the year does, on ``ends_on``), ``lasts``
    (beyond the year's end), ``early`` (too few days for a pace), ``over`` (the year has ended within them).
    ``half_hours_at_end`` is what the whole year takes at this pace; null where there is no pace.
    """

    kind: Literal["used_up", "ends", "lasts", "early", "over"]
    ends_on: date | None = None
    half_hours_at_end: int | None = None


def projection(
    year: ContractYear, today: date, counted: Iterable[tuple[date, int]], free: int
) -> Projection:
    """The projected end of the free hours, from the year's pace up to and including today.

    :param counted: the local day and the half hours of each entry that stands
    """
    lines = sorted(counted)
    used = sum(half_hours for _, half_hours in lines)
    elapsed = min((today - year.starts_on).days + 1, year.days)
    at_end = -(-used * year.days // elapsed) if elapsed >= PACE_FROM_DAYS else None
    if used > 0 and used >= free:
        return Projection("used_up", _reached_on(lines, free), at_end)
    if today > year.ends_on:
        return Projection("over", None, used)
    if at_end is None:
        return Projection("early")
    # The day at whose end the pace has taken all; with nothing used there is none.
    day = -(-free * elapsed // used) if used else year.days + 1
    if day > year.days:
        return Projection("lasts", None, at_end)
    return Projection("ends", year.starts_on + timedelta(days=day - 1), at_end)


def _reached_on(lines: Iterable[tuple[date, int]], free: int) -> date | None:
    total, last = 0, None
    for day, half_hours in lines:
        total, last = total + half_hours, day
        if total >= free:
            break
    return last
