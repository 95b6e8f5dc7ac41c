"""When a term is over, when to warn before it and to escalate after it (clauses 38–42, 48). Pure.

Hours run from the very moment (an hour from 10:20 is 11:20). Days, calendar or working, are counted
as the Civil Code counts them (art. 201, 203): the day of the start is not counted, and the term ends
with the last counted day, at 24:00 of the contract's place. Calendar days do not roll over a
holiday (∆ as in clause 21).

A pause moves the end of an hours' term by what of it would have counted: a pause over the weekend
moves no term in service hours. A term in days loses each counted day at whose end the clock stood
still: paused on Tuesday and resumed on Thursday is two days, paused and resumed on one day is none.
A pause that begins when the term is over changes nothing.

A day that the client has consented to (clause 40) takes the place of all that: the term ends with it,
at 24:00, whether anybody works on it or not. No pause moves it, and no holiday that is published later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from webapp.cases.terms import ClockTerms
from webapp.workdays import NOTHING, ONE_DAY, Reckoned, WorkCalendar

MomentKind = Literal["warning", "breach", "escalation"]


@dataclass(frozen=True, slots=True, order=True)
class Pause:
    """A stretch (UTC) in which a clock stands still; ``until`` is not in it."""

    start: datetime
    until: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """The end of a term.

    ``at`` (UTC) is the last moment that is in time. ``on`` is the local day with which a term in
    days, or one that was consented to, ends; shown instead of ``at``, the midnight after it. While there are
    ``unknown_years`` the date is provisional: see :class:`webapp.workdays.Reckoned`.
    """

    at: datetime
    on: date | None = None
    unknown_years: tuple[int, ...] = ()

    @property
    def provisional(self) -> bool:
        """Whether it may still move when a year's holidays are published."""
        return bool(self.unknown_years)


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A moment (UTC) at which somebody is to be told; ``level`` 1, 2 … in order of time, by kind."""

    at: datetime
    kind: MomentKind
    level: int


def due_at(
    terms: ClockTerms,
    calendar: WorkCalendar,
    started_at: datetime,
    pauses: Iterable[Pause] = (),
    until: date | None = None,
    settled: Due | None = None,
) -> Due:
    """When a clock that started then has to be met (this module's first lines say how it counts).

    :param pauses: in any order; they may overlap, and what lies before the start is not one
    :param until: the day that the client has consented to
    :param settled: the end as it stood when it was settled, whatever the terms say since
    """
    if settled is not None:
        return settled
    if until is not None:
        return Due(calendar.end_of(until), until)
    start = started_at.astimezone(UTC)
    merged = merge_pauses(pauses, start)
    if terms.in_days:
        return _due_in_days(terms, calendar, start, merged)
    at = _reach(terms, calendar, start, merged, timedelta(hours=terms.amount))
    if terms.unit == "hours":
        return Due(at)
    days = calendar.local_day(start), calendar.local_day(at)
    return Due(at, unknown_years=calendar.unknown_between(*days))


def counted_time(
    terms: ClockTerms,
    calendar: WorkCalendar,
    start: datetime,
    until: datetime,
    pauses: Iterable[Pause] = (),
) -> timedelta:
    """The time from one moment to a later one that the clock counts: in service hours those alone."""
    total = _counted(terms, calendar, start, until)
    for pause in merge_pauses(pauses, start):
        if pause.start < until:
            total -= _counted(terms, calendar, pause.start, min(pause.until, until))
    return total


def days_left(terms: ClockTerms, calendar: WorkCalendar, today: date, due_on: date) -> int:
    """Counted days after today up to the due day: 0 on it, negative after it."""
    if terms.unit == "calendar_days":
        return (due_on - today).days
    return calendar.working_days_between(today, due_on)


def moments_of(
    terms: ClockTerms,
    calendar: WorkCalendar,
    started_at: datetime,
    pauses: Iterable[Pause] = (),
    until: date | None = None,
    settled: Due | None = None,
) -> list[Moment]:
    """The moments at which a warning, the breach and the escalations fall due, in order of time.

    Of terms in days people are told when service opens: on the day of the warning, and of an
    escalation after the due day; the breach is the end of the due day itself. A settled end is over: of
    what is over nobody is warned.
    """
    start = started_at.astimezone(UTC)
    merged = merge_pauses(() if until else pauses, start)
    due = due_at(terms, calendar, start, merged, until, settled)
    ahead = () if settled else terms.warn_before
    warnings = sorted(_warning(terms, calendar, start, merged, due, step) for step in ahead)
    steps = sorted(_escalation(terms, calendar, due, step) for step in terms.escalate_after)
    found = [Moment(at, "warning", level) for level, at in enumerate(warnings, 1)]
    found.append(Moment(due.at, "breach", 1))
    found += [Moment(at, "escalation", level) for level, at in enumerate(steps, 1)]
    return sorted(found, key=lambda moment: moment.at)


def merge_pauses(pauses: Iterable[Pause], start: datetime) -> list[Pause]:
    """Pauses in order of time, those that overlap or touch made one, and none before ``start``."""
    merged: list[Pause] = []
    for pause in sorted(pauses):
        begins, until = max(pause.start, start), pause.until
        if until <= begins:
            continue
        if merged and begins <= merged[-1].until:
            last = merged.pop()
            begins, until = last.start, max(last.until, until)
        merged.append(Pause(begins, until, pause.reason))
    return merged


def _due_in_days(
    terms: ClockTerms, calendar: WorkCalendar, start: datetime, pauses: Sequence[Pause]
) -> Due:
    first = on = calendar.local_day(start)
    left = int(terms.amount)
    while left:
        on += ONE_DAY
        left -= _counts(terms, calendar, on) and not _still_at_end(calendar, on, pauses)
    unknown = calendar.unknown_between(first, on) if terms.unit == "working_days" else ()
    return Due(calendar.end_of(on), on, unknown)


def _counts(terms: ClockTerms, calendar: WorkCalendar, on: date) -> bool:
    return terms.unit == "calendar_days" or calendar.day(on).works


def _still_at_end(calendar: WorkCalendar, on: date, pauses: Sequence[Pause]) -> bool:
    end = calendar.end_of(on)
    return any(pause.start < end <= pause.until for pause in pauses)


def _counted(
    terms: ClockTerms, calendar: WorkCalendar, start: datetime, until: datetime
) -> timedelta:
    if terms.unit == "service_hours":
        return calendar.working_time_between(start, until).value
    return until - start


def _reach(
    terms: ClockTerms,
    calendar: WorkCalendar,
    at: datetime,
    pauses: Sequence[Pause],
    left: timedelta,
    *,
    passed: bool = False,
) -> datetime:
    """The moment at which ``left`` has been counted since ``at``; if ``passed``, when it is more."""
    for pause in pauses:
        end = _plus(terms, calendar, at, left, passed=passed)
        if end < pause.start or (end == pause.start and not passed):
            return end
        left -= _counted(terms, calendar, at, pause.start)
        at = pause.until
    return _plus(terms, calendar, at, left, passed=passed)


def _plus(
    terms: ClockTerms, calendar: WorkCalendar, at: datetime, amount: timedelta, *, passed: bool
) -> datetime:
    if terms.unit != "service_hours":
        return at + amount
    end = calendar.add_working_time(at, amount).value
    return calendar.next_served(end) if passed else end


def _warning(
    terms: ClockTerms,
    calendar: WorkCalendar,
    start: datetime,
    pauses: Sequence[Pause],
    due: Due,
    step: float,
) -> datetime:
    if due.on is not None and terms.in_days:
        at = max(calendar.opening_of(_day_from(terms, calendar, due.on, -int(step))), start)
        return next((pause.until for pause in pauses if pause.start <= at < pause.until), at)
    if due.on is not None:
        return max(_plus(terms, calendar, due.at, -timedelta(hours=step), passed=True), start)
    used = max(timedelta(hours=terms.amount - step), NOTHING)
    return _reach(terms, calendar, start, pauses, used, passed=True)


def _escalation(terms: ClockTerms, calendar: WorkCalendar, due: Due, step: float) -> datetime:
    if not step:
        return due.at
    if due.on is not None and terms.in_days:
        return calendar.opening_of(_day_from(terms, calendar, due.on, int(step)))
    after = timedelta(hours=step)
    return _plus(terms, calendar, due.at, after, passed=False)


def _day_from(terms: ClockTerms, calendar: WorkCalendar, on: date, count: int) -> date:
    if terms.unit == "calendar_days":
        return on + ONE_DAY * count
    reckoned: Reckoned[date] = calendar.add_working_days(on, count)
    return reckoned.value
