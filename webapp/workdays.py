"""The contract's calendar: working days, service hours, and terms reckoned by them. Pure.

Moments are aware datetimes and come back in UTC; days are the contract's local days. Service time is
what the wall clock shows at the contract's place: an hour that a change of the clocks leaves out is
not served, one that comes twice is served twice.

Nobody knows the working days of a year before they are published. In such a year the weekdays stand
in for them, and whoever asks is told so: sums come as :class:`Reckoned`, which names the years, and
:meth:`WorkCalendar.is_working_day` refuses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Generic, Literal, TypeVar
from zoneinfo import ZoneInfo

from webapp.errors import AppError

DayKind = Literal["working", "make_up", "weekend", "holiday"]
T = TypeVar("T")

MINUTES_A_DAY = 24 * 60
ONE_DAY = timedelta(days=1)
NOTHING = timedelta()
# No term of a contract is longer; a calendar that never serves ends here instead of never.
FURTHEST = timedelta(days=366 * 10)


@dataclass(frozen=True, slots=True, order=True)
class Hours:
    """Hours of service within one local day, in minutes from its midnight: 540..1080 is 9 to 18.

    ``until`` is not included; 1440 is the day's end. Nights are written as two: 22–24 and 0–6.
    """

    start: int
    until: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.until <= MINUTES_A_DAY:
            raise ValueError(f"no hours of a day: {self.start} to {self.until}")


@dataclass(frozen=True, slots=True)
class Day:
    """One local day: its kind, the key of its name (for a holiday or a make-up day), if it is known.

    Not ``known``: its year's holidays are not published yet, so ``kind`` is what the weekday says.
    """

    on: date
    kind: DayKind
    name: str = ""
    known: bool = True

    @property
    def works(self) -> bool:
        """Whether people work on it; assumed where it isn't ``known``."""
        return self.kind in {"working", "make_up"}


@dataclass(frozen=True, slots=True)
class Reckoned(Generic[T]):
    """A value with the years that it leans on and whose holidays nobody has published yet.

    While there are such years, a screen or document says "provisional: the holidays of 2027 are not
    published yet" beside the value, and whoever has stored it reckons it again when they are.
    """

    value: T
    unknown_years: tuple[int, ...] = ()

    @property
    def provisional(self) -> bool:
        """Whether the value may still change when a year's holidays are published."""
        return bool(self.unknown_years)


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """When a contract's people work, and when its service is there.

    ``weekdays`` are ISO weekdays (1 Monday .. 7 Sunday) that are working days; ``hours`` the service
    hours of each weekday, working day or not; ``make_up_hours`` those of a make-up day 调休上班日,
    ``holiday_hours`` of a holiday. ``holidays`` and ``working_days`` name their days by a key.
    ``known_years``: the years whose holidays are published; None where there is nothing to publish.

    :raise ValueError: when no weekday is a working day, none has service hours, or hours overlap
    """

    time_zone: str
    weekdays: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    hours: Mapping[int, tuple[Hours, ...]] = field(
        default_factory=lambda: dict.fromkeys(range(1, 6), (Hours(9 * 60, 18 * 60),))
    )
    holidays: Mapping[date, str] = field(default_factory=dict)
    working_days: Mapping[date, str] = field(default_factory=dict)
    make_up_hours: tuple[Hours, ...] = (Hours(9 * 60, 18 * 60),)
    holiday_hours: tuple[Hours, ...] = ()
    known_years: frozenset[int] | None = None

    def __post_init__(self) -> None:
        ZoneInfo(self.time_zone)
        if not self.weekdays or not self.weekdays <= frozenset(range(1, 8)):
            raise ValueError("a calendar needs working days, from 1 Monday to 7 Sunday")
        if not any(self.hours.get(weekday) for weekday in range(1, 8)):
            raise ValueError("a calendar needs hours of service on some weekday")
        for hours in (*self.hours.values(), self.make_up_hours, self.holiday_hours):
            if any(later.start < earlier.until for earlier, later in pairwise(hours)):
                raise ValueError(f"hours overlap, or are not in order: {hours}")

    # Days

    def day(self, on: date) -> Day:
        """What a day is. Total: in a year that isn't published yet the weekday speaks, not ``known``.

        A day that is named as a working day and as a holiday is a working day.
        """
        if on in self.working_days:
            return Day(on, "make_up", self.working_days[on])
        if on in self.holidays:
            return Day(on, "holiday", self.holidays[on])
        works = on.isoweekday() in self.weekdays
        return Day(on, "working" if works else "weekend", known=self.knows(on.year))

    def named_days(self, years: Collection[int]) -> list[Day]:
        """The holidays and make-up working days of these years, in order."""
        named = {*self.holidays, *self.working_days}
        return [self.day(on) for on in sorted(named) if on.year in years]

    def knows(self, year: int) -> bool:
        """Whether the year's holidays are published."""
        return self.known_years is None or year in self.known_years

    def is_working_day(self, on: date) -> bool:
        """Whether people work on this day.

        :raise AppError: ``calendar_year_unknown`` where that isn't published; :meth:`day` assumes
        """
        day = self.day(on)
        if not day.known:
            raise AppError("calendar_year_unknown", year=on.year)
        return day.works

    def add_working_days(self, on: date, count: int) -> Reckoned[date]:
        """The ``count``-th working day after ``on`` (before it, when negative); 0 is ``on`` itself.

        ``on`` is never counted: from a Friday the first working day is Monday (clauses 40 and 48 ∆).
        """
        step = ONE_DAY if count >= 0 else -ONE_DAY
        at, left = on, abs(count)
        while left:
            at += step
            left -= self.day(at).works
        return Reckoned(at, self.unknown_between(min(on, at), max(on, at)))

    def working_days_between(self, first: date, last: date) -> int:
        """How many working days come after ``first`` up to and with ``last``; negative if reversed."""
        if last < first:
            return -self.working_days_between(last, first)
        days = (first + ONE_DAY * n for n in range(1, (last - first).days + 1))
        return sum(self.day(day).works for day in days)

    def unknown_between(self, first: date, last: date) -> tuple[int, ...]:
        """The years from ``first`` to ``last`` whose holidays are not published, in order."""
        return tuple(year for year in range(first.year, last.year + 1) if not self.knows(year))

    def local_day(self, at: datetime) -> date:
        """The day that it is at the contract's place."""
        return at.astimezone(ZoneInfo(self.time_zone)).date()

    def start_of(self, on: date) -> datetime:
        """The moment (UTC) at which a local day begins; so the end of the day before it."""
        return datetime.combine(on, time(), ZoneInfo(self.time_zone)).astimezone(UTC)

    def end_of(self, on: date) -> datetime:
        """The moment (UTC) at which a local day is over, 24:00."""
        return self.start_of(on + ONE_DAY)

    # Service hours

    def hours_on(self, on: date) -> tuple[Hours, ...]:
        """The service hours of one day."""
        kind = self.day(on).kind
        if kind == "holiday":
            return self.holiday_hours
        return self.make_up_hours if kind == "make_up" else self.hours.get(on.isoweekday(), ())

    def opening_of(self, on: date) -> datetime:
        """When service begins on a local day (UTC); the day's beginning where there is none."""
        start, until = self.start_of(on), self.end_of(on)
        return next((begins for begins, _ in self.served(start, until)), start)

    def next_served(self, at: datetime) -> datetime:
        """The first moment (UTC) from ``at`` on that lies in service hours."""
        at = at.astimezone(UTC)
        for begins, _ in self.served(at, at + FURTHEST):
            return begins
        raise ValueError("this calendar never serves")

    def working_time_between(self, start: datetime, until: datetime) -> Reckoned[timedelta]:
        """The service time from one moment to another; negative if ``until`` is the earlier."""
        if until < start:
            reverse = self.working_time_between(until, start)
            return replace(reverse, value=-reverse.value)
        spans = self.served(start, until)
        return self._reckoned(sum((ends - begins for begins, ends in spans), NOTHING), start, until)

    def add_working_time(self, at: datetime, amount: timedelta) -> Reckoned[datetime]:
        """The moment (UTC) at which ``amount`` of service time has passed since ``at``.

        The earliest such moment: eight hours from 9:00 end at the day's closing, not the next
        opening. A negative amount goes back, to the latest such moment. None at all is ``at`` itself.

        :raise ValueError: when ten years hold less service time than that
        """
        at = at.astimezone(UTC)
        value = self._before(at, -amount) if amount < NOTHING else self._after(at, amount)
        return self._reckoned(value, at, value)

    def _after(self, at: datetime, left: timedelta) -> datetime:
        if not left:
            return at
        for begins, ends in self.served(at, at + FURTHEST):
            if ends - begins >= left:
                return begins + left
            left -= ends - begins
        raise ValueError("this calendar never serves so long")

    def _before(self, at: datetime, left: timedelta) -> datetime:
        window = timedelta(days=7)
        for week in range(FURTHEST // window):
            until = at - week * window
            for begins, ends in reversed(list(self.served(until - window, until))):
                if ends - begins >= left:
                    return ends - left
                left -= ends - begins
        raise ValueError("this calendar never serves so long")

    def served(self, start: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The spans (UTC) from ``start`` to ``until`` in which service is there, in order."""
        zone = ZoneInfo(self.time_zone)
        for begins, ends, offset in _even_stretches(zone, start, until):
            # Within a stretch the local clock runs evenly, so naive local times can be compared.
            first, last = (moment.replace(tzinfo=None) + offset for moment in (begins, ends))
            for number in range((last.date() - first.date()).days + 1):
                on = first.date() + ONE_DAY * number
                midnight = datetime.combine(on, time())
                for hours in self.hours_on(on):
                    opens = max(first, midnight + timedelta(minutes=hours.start))
                    closes = min(last, midnight + timedelta(minutes=hours.until))
                    if opens < closes:
                        yield (_utc(opens - offset), _utc(closes - offset))

    def _reckoned(self, value: T, start: datetime, until: datetime) -> Reckoned[T]:
        first, last = sorted((self.local_day(start), self.local_day(until)))
        return Reckoned(value, self.unknown_between(first, last))


def _utc(naive: datetime) -> datetime:
    return naive.replace(tzinfo=UTC)


def _even_stretches(
    zone: ZoneInfo, start: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Cut a span (UTC) where the place's clocks are changed: begin, end, offset from UTC."""
    at, until = start.astimezone(UTC), until.astimezone(UTC)
    while at < until:
        offset, ends = _offset(zone, at), min(at + ONE_DAY, until)
        if _offset(zone, ends) != offset:
            ends = _change(zone, at, ends)
        yield at, ends, offset
        at = ends


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first moment with another offset than ``before``, to the microsecond."""
    offset, tick = _offset(zone, before), timedelta(microseconds=1)
    while after - before > tick:
        middle = before + (after - before) // 2
        if _offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    return offset if offset is not None else NOTHING
