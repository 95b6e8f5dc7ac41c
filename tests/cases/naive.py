"""A reckoning so simple that it can be checked by reading: minute by minute, in a table.

It shares nothing with the engine but the data of the calendar. All moments are whole minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from webapp.workdays import Hours, WorkCalendar

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Minutes:
    """Every minute of a window: the local day that it belongs to, whether it is served, and works."""

    first: datetime
    days: list[date]
    served: list[bool]
    works: list[bool]

    def index(self, at: datetime) -> int:
        return int((at - self.first) / MINUTE)

    def at(self, index: int) -> datetime:
        return self.first + index * MINUTE


def minutes_of(calendar: WorkCalendar, first: datetime, days: int) -> Minutes:
    zone = ZoneInfo(calendar.time_zone)
    table = Minutes(first, [], [], [])
    for index in range(days * 24 * 60):
        local = table.at(index).astimezone(zone)
        on, minute = local.date(), local.hour * 60 + local.minute
        table.days.append(on)
        table.works.append(_works(calendar, on))
        table.served.append(any(h.start <= minute < h.until for h in _hours(calendar, on)))
    return table


def _works(calendar: WorkCalendar, on: date) -> bool:
    if on in calendar.working_days:
        return True
    return on not in calendar.holidays and on.isoweekday() in calendar.weekdays


def _hours(calendar: WorkCalendar, on: date) -> Sequence[Hours]:
    if on in calendar.working_days:
        return calendar.make_up_hours
    if on in calendar.holidays:
        return calendar.holiday_hours
    return calendar.hours.get(on.isoweekday(), ())


Paused = Sequence[tuple[int, int]]


def is_paused(index: int, pauses: Paused) -> bool:
    return any(start <= index < until for start, until in pauses)


def counts(table: Minutes, unit: str, index: int) -> bool:
    return table.served[index] if unit == "service_hours" else True


def used(table: Minutes, unit: str, start: int, until: int, pauses: Paused) -> int:
    """Counted minutes from one minute to another."""
    return sum(
        counts(table, unit, index) and not is_paused(index, pauses) for index in range(start, until)
    )


def due(table: Minutes, unit: str, amount_minutes_or_days: int, start: int, pauses: Paused) -> int:
    """The first minute that begins when the whole amount was counted."""
    left, index = amount_minutes_or_days, start
    while left:
        if unit in {"hours", "service_hours"}:
            left -= counts(table, unit, index) and not is_paused(index, pauses)
        elif table.days[index + 1] != table.days[index]:
            counted = unit == "calendar_days" or table.works[index]
            first = table.days[index] == table.days[start]
            left -= counted and not first and not is_paused(index, pauses)
        index += 1
    return index


def warning(table: Minutes, unit: str, used_minutes: int, start: int, pauses: Paused) -> int:
    """The first minute that is counted after so many were."""
    index = due(table, unit, used_minutes, start, pauses)
    while is_paused(index, pauses) or not counts(table, unit, index):
        index += 1
    return index
