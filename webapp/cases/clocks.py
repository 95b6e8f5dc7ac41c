"""A clock of the service desk: a fold over its events, and how it stands at a moment. Pure.

Every event keeps two times: ``at``, when it was captured (on a phone offline, perhaps), and
``received_at``, when the server had it. The capture counts, so a clock starts when the fault was
declared and not when the network came back; but nothing was captured after it was received, so the
receipt is the latest that counts. The caller has taken a phone's known offset out of ``at`` already.

The fold is total. Events are put in order of the time that counts; one that makes no sense where it
stands (a resumption without a pause, a second start) changes nothing and is kept in ``set_aside``
with its code. :func:`record` is the way to add one: it refuses what would be set aside.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from webapp.cases.reckoning import (
    Due,
    Moment,
    Pause,
    counted_time,
    days_left,
    due_at,
    moments_of,
)
from webapp.cases.terms import ClockTerms
from webapp.errors import AppError
from webapp.workdays import NOTHING, WorkCalendar

EventKind = Literal[
    "started",
    "paused",
    "resumed",
    "met",
    "cancelled",
    "extended",
    "reopened",
    "restarted",
    "backdated",
    "settled",
]
StateKind = Literal["running", "warned", "overdue", "paused", "met", "met_late", "cancelled"]
End = Literal["met", "cancelled", "restarted"]
REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class ClockEvent:
    """Something that happened to a clock; times are aware.

    ``reason`` is asked for by "paused"; ``until`` by "extended": the day that the client has consented
    to (clause 40). Earlier versions kept ``amount`` instead, the whole new term in the terms' unit.
    ``moment`` is of "backdated" the start that counts, of "settled" the term's end, ``until`` its day.
    """

    kind: EventKind
    at: datetime
    received_at: datetime
    reason: str = ""
    amount: float = 0
    until: date | None = None
    moment: datetime | None = None

    def __post_init__(self) -> None:
        if self.at.tzinfo is None or self.received_at.tzinfo is None:
            raise ValueError("an event's times are aware")

    @property
    def counts_at(self) -> datetime:
        """The moment (UTC) that counts: the capture, but no later than the receipt."""
        return min(self.at, self.received_at).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class SetAside:
    """An event that changes nothing where it stands, and the code that says why."""

    event: ClockEvent
    code: str


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock after its events.

    ``terms`` are those in force: an extension by an amount has it in them. ``until`` is the day that
    the client has consented to, ``settled`` an end that nothing moves any more; they hold whatever the
    terms come to. ``pauses`` are over; ``paused_since`` is the one that is not. ``run`` counts restarts
    and reopenings, from 1, so that a teller knows by (case, kind, run, moment's kind, level) what was
    told. ``earlier`` are the runs that a restart ended.
    """

    base_terms: ClockTerms
    terms: ClockTerms
    calendar: WorkCalendar
    events: tuple[ClockEvent, ...]
    started_at: datetime
    started_received_at: datetime
    run: int = 1
    until: date | None = None
    settled: Due | None = None
    pauses: tuple[Pause, ...] = ()
    paused_since: datetime | None = None
    paused_reason: str = ""
    ended: End | None = None
    ended_at: datetime | None = None
    earlier: tuple[Clock, ...] = ()
    set_aside: tuple[SetAside, ...] = ()


@dataclass(frozen=True, slots=True)
class ClockState:
    """How a clock stands at a moment.

    ``remaining`` and ``overrun`` are what is left of the term, or went beyond it; one of them is
    nothing. In service hours they are service time, else time by the wall. ``used`` is what was
    counted since the start, ``percent`` its share of the whole, beyond 100 when overdue. A paused
    clock stands still: its figures are those of the pause's beginning, and ``due`` is what it would
    be if it went on now. ``days_left`` is for terms in days: counted days after today up to the due
    day, negative after it.
    """

    kind: StateKind
    due: Due
    used: timedelta
    remaining: timedelta
    overrun: timedelta
    percent: int
    days_left: int | None

    @property
    def late(self) -> bool:
        """Whether the term was, or is, exceeded."""
        return self.overrun > NOTHING or self.kind == "overdue"


def start_clock(
    terms: ClockTerms, calendar: WorkCalendar, at: datetime, received_at: datetime
) -> Clock:
    """A clock that starts with the capture ``at``, received then."""
    return run_clock(terms, calendar, [ClockEvent("started", at, received_at)])


def run_clock(terms: ClockTerms, calendar: WorkCalendar, events: Iterable[ClockEvent]) -> Clock:
    """The clock that these events make, in whatever order they came.

    The earliest start counts. What was captured before it counts from it: an engineer who stood in
    the room before the fault was written down has responded in time.

    :raise AppError: ``clock_not_started`` without a start
    """
    given = sorted(events, key=lambda event: (event.counts_at, event.received_at))
    start = next((event for event in given if event.kind == "started"), None)
    if start is None:
        raise AppError("clock_not_started")
    clock = Clock(
        base_terms=terms,
        terms=terms,
        calendar=calendar,
        events=tuple(given),
        started_at=start.counts_at,
        started_received_at=start.received_at.astimezone(UTC),
    )
    for event in given:
        if event is start:
            continue
        at = max(event.counts_at, start.counts_at)
        if code := _refusal(clock, event, at):
            clock = replace(clock, set_aside=(*clock.set_aside, SetAside(event, code)))
        else:
            clock = _step(clock, event, at)
    return clock


def record(clock: Clock, event: ClockEvent) -> Clock:
    """The clock with one event more, wherever in time it belongs.

    What ends or starts a clock is a fact, and always taken: if a pause stands after it, that pause
    no longer counts. A pause or a resumption that comes late is refused if it would take a later
    one's sense away.

    :raise AppError: ``clock_started``, ``clock_ended``, ``clock_not_ended``, ``clock_paused``,
        ``clock_not_paused``, ``clock_pause_not_allowed``, ``clock_reason_missing``,
        ``clock_overdue`` (consent to a longer term is asked for before the term is over),
        ``clock_not_longer``, ``clock_contradicts``
    """
    consent = event.until if event.kind == "extended" else None
    if consent is not None and (refusal := _consent_refusal(clock, event, consent)):
        raise AppError(refusal)
    after = run_clock(clock.base_terms, clock.calendar, [*clock.events, event])
    code = next((aside.code for aside in after.set_aside if aside.event is event), None)
    if code:
        raise AppError(code)
    if event.kind in {"paused", "resumed"} and len(after.set_aside) > len(clock.set_aside):
        raise AppError("clock_contradicts")
    return after


def state_at(clock: Clock, now: datetime) -> ClockState:
    """How the clock stands at a moment, by what had happened until then, captured if not received.

    A clock is in time up to and at its due moment if it is met, and overdue from then on if it is
    not. Before its start it stands as at the start.
    """
    first = clock.earlier[0] if clock.earlier else clock
    now = max(now.astimezone(UTC), first.started_at)
    clock = _as_of(clock, now)
    if clock.ended_at is not None:
        return _ended_state(clock, clock.ended_at)
    if clock.paused_since is not None and stands_still(clock):
        standing = _state(clock, clock.paused_since, "paused")
        return replace(standing, due=_due(clock, now))
    due = _due(clock, clock.paused_since or now)
    if now >= due.at:
        return _state(clock, now, "overdue")
    warned = any(m.kind == "warning" and m.at <= now for m in _moments(clock))
    return _state(clock, now, "warned" if warned else "running")


def moments(clock: Clock) -> list[Moment]:
    """The moments of the present run at which somebody is to be told, in order of time.

    Of a clock that was met or cancelled only those before it; of a paused one those before the
    pause, since the others move with it. After a resumption a warning may stand later than one that was
    given: who tells keeps (run, kind, level) and tells each once.
    """
    found = _moments(clock)
    if clock.ended_at is not None:
        return [moment for moment in found if moment.at < clock.ended_at]
    if clock.paused_since is not None and stands_still(clock):
        return [moment for moment in found if moment.at < clock.paused_since]
    return found


def stands_still(clock: Clock) -> bool:
    """Whether a pause holds the clock: one that began in time, and before no day that was consented to."""
    paused = clock.paused_since if clock.until is None else None
    return paused is not None and _due(clock, paused).at > paused


def _refusal(clock: Clock, event: ClockEvent, at: datetime) -> str:
    """The code for an event that the clock's standing does not allow; empty when it does."""
    if event.kind == "started":
        return "clock_started"
    if event.kind == "reopened":
        return "" if clock.ended else "clock_not_ended"
    if event.kind in {"restarted", "backdated", "settled"}:
        return ""
    if clock.ended:
        return "clock_ended"
    if event.kind == "paused":
        return _pause_refusal(clock, event)
    if event.kind == "resumed" and clock.paused_since is None:
        return "clock_not_paused"
    # A day was judged when it was consented to: a calendar that changes later takes no consent back.
    if event.kind == "extended" and event.until is None:
        if event.amount <= clock.terms.amount:
            return "clock_not_longer"
        return "clock_overdue" if at > _due(clock, at).at else ""
    return ""


def _consent_refusal(clock: Clock, event: ClockEvent, until: date) -> str:
    """Whether the day is later than the end of the term, and the term not over."""
    first = clock.earlier[0] if clock.earlier else clock
    at = max(event.counts_at, first.started_at)
    before = _as_of(clock, at)
    due = _due(before, at)
    if before.ended:
        return "clock_ended"
    if clock.calendar.end_of(until) <= due.at:
        return "clock_not_longer"
    return "clock_overdue" if at > due.at else ""


def _pause_refusal(clock: Clock, event: ClockEvent) -> str:
    if not clock.terms.pausable:
        return "clock_pause_not_allowed"
    if not event.reason.strip():
        return "clock_reason_missing"
    return "clock_paused" if clock.paused_since is not None else ""


def _step(clock: Clock, event: ClockEvent, at: datetime) -> Clock:
    """The clock after an event that its standing allows."""
    match event.kind:
        case "paused":
            return replace(clock, paused_since=at, paused_reason=event.reason.strip())
        case "resumed":
            return _resumed(clock, at)
        case "met" | "cancelled":
            return replace(_resumed(clock, at), ended=event.kind, ended_at=at)
        case "extended" | "backdated" | "settled":
            return _moved(clock, event, at)
        case "reopened":
            return _reopened(clock, at)
        case "restarted":
            return _restarted(clock, event, at)
        case "started":  # The fold began with the one that counts.
            return clock


def _resumed(clock: Clock, at: datetime) -> Clock:
    return replace(clock, pauses=_pauses(clock, at), paused_since=None, paused_reason="")


def _moved(clock: Clock, event: ClockEvent, at: datetime) -> Clock:
    """The clock whose term begins or ends at another moment."""
    if event.kind == "backdated":
        return replace(clock, started_at=min(clock.started_at, event.moment or at))
    if event.kind == "settled":
        return replace(clock, settled=Due(event.moment or at, event.until))
    if event.until is not None:
        return replace(clock, until=event.until)
    return replace(clock, terms=replace(clock.terms, amount=event.amount))


def _reopened(clock: Clock, at: datetime) -> Clock:
    """The clock goes on; what lay between was believed done, and doesn't count."""
    between = Pause(clock.ended_at or at, at, REOPENED)
    return replace(
        clock, ended=None, ended_at=None, run=clock.run + 1, pauses=(*clock.pauses, between)
    )


def _restarted(clock: Clock, event: ClockEvent, at: datetime) -> Clock:
    """A new run with the whole term; the one that it ends is kept as it stood."""
    over = clock if clock.ended else replace(_resumed(clock, at), ended="restarted", ended_at=at)
    place = next(n for n, other in enumerate(clock.events) if other is event)
    own = (e for n, e in enumerate(clock.events) if n < place or e.kind == "started")
    over = replace(over, events=tuple(own), earlier=(), set_aside=())
    return Clock(
        base_terms=clock.base_terms,
        terms=clock.base_terms,
        calendar=clock.calendar,
        events=clock.events,
        started_at=at,
        started_received_at=event.received_at.astimezone(UTC),
        run=clock.run + 1,
        earlier=(*clock.earlier, over),
        set_aside=clock.set_aside,
    )


def _pauses(clock: Clock, until: datetime) -> tuple[Pause, ...]:
    """All pauses up to a moment, the one that is not over ended there."""
    if clock.paused_since is None:
        return clock.pauses
    return (*clock.pauses, Pause(clock.paused_since, until, clock.paused_reason))


def _due(clock: Clock, at: datetime) -> Due:
    """The end of the term, as if a pause that is not over ended at ``at``."""
    pauses, settled = _pauses(clock, at), clock.settled
    return due_at(clock.terms, clock.calendar, clock.started_at, pauses, clock.until, settled)


def _moments(clock: Clock) -> list[Moment]:
    since, settled = clock.started_at, clock.settled
    return moments_of(clock.terms, clock.calendar, since, clock.pauses, clock.until, settled)


def _as_of(clock: Clock, now: datetime) -> Clock:
    until = [event for event in clock.events if event.counts_at <= now]
    # What a restart ended has not the restart among its own events.
    is_cut = clock.ended == "restarted" and clock.ended_at is not None and now < clock.ended_at
    if len(until) == len(clock.events) and not is_cut:
        return clock
    return run_clock(clock.base_terms, clock.calendar, until)


def _ended_state(clock: Clock, at: datetime) -> ClockState:
    late = at > _due(clock, at).at
    if clock.ended == "met":
        return _state(clock, at, "met_late" if late else "met")
    return _state(clock, at, "cancelled")


def _state(clock: Clock, at: datetime, kind: StateKind) -> ClockState:
    """The figures of a clock as it stood at a moment that is not before its start."""
    terms, calendar = clock.terms, clock.calendar
    due = _due(clock, at)
    # A pause that began when the term was over stops nothing, and none a day that was consented to.
    pauses = [p for p in _pauses(clock, at) if p.start < due.at and clock.until is None]
    used = counted_time(terms, calendar, clock.started_at, at, pauses)
    remaining = overrun = NOTHING
    if at <= due.at:
        remaining = counted_time(terms, calendar, at, due.at, pauses)
    else:
        overrun = counted_time(terms, calendar, due.at, at, pauses)
    whole = used + remaining - overrun
    percent = int(used * 100 / whole) if whole > NOTHING else 100
    left = None
    if due.on is not None and terms.in_days:
        left = days_left(terms, calendar, calendar.local_day(at), due.on)
    return ClockState(kind, due, used, remaining, overrun, percent, left)
