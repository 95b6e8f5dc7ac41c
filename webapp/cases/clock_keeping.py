"""The clocks of a case in the database: started, met and paused by its steps, and reckoned again.

A clock's truth is its events (:mod:`webapp.cases.clocks`); the row's other columns are what they gave,
for lists and for the tick, and are written by :func:`_keep` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.calendars.contract import calendar_of
from webapp.cases.clocks import (
    Clock,
    ClockEvent,
    EventKind,
    moments,
    record,
    run_clock,
    stands_still,
    state_at,
)
from webapp.cases.kind_parts import REPAIR, VENDOR_REPORT
from webapp.cases.models import Case, CaseClock, CaseEvent
from webapp.cases.reckoning import Moment
from webapp.cases.steps import Step
from webapp.cases.terms import ClockKind, ClockTerms, terms_of
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.identity.models import Contract
from webapp.workdays import FURTHEST, WorkCalendar

# What a step does to a clock that is not there, or is over already, is nothing: a fault that was
# solved over the telephone had no cause report to wait for.
_IDLE = frozenset({"clock_ended", "clock_not_paused", "clock_paused"})


def start(session: Session, case: Case, names: Iterable[str], at: datetime, now: datetime) -> None:
    """Start clocks at the capture ``at``; one that ran before begins a new run (a reopened fault)."""
    for name in names:
        since = _counted_from(session, case, name, at)
        row = _row(session, case, name)
        kind: EventKind = "restarted" if row else "started"
        event = ClockEvent(kind, since, now)
        terms, calendar = _ground(session, case, name)
        if row is None:
            row = CaseClock(
                contract_id=case.contract_id, case_id=case.id, name=name, started_at=since
            )
            session.add(row)
            clock = run_clock(terms, calendar, [event])
        else:
            clock = _clock(row, terms, calendar)
            if row.ended_at is not None:
                clock = record(clock, _as_it_stood(row, since, now))
            clock = record(clock, event)
        _keep(row, clock, now)


def move(
    session: Session,
    case: Case,
    step: Step,
    at: datetime,
    now: datetime,
    fields: Mapping[str, Any],
) -> None:
    """Do to the case's clocks what a step does to them.

    :raise AppError: what :func:`webapp.cases.clocks.record` refuses: a pause that the contract doesn't
        allow, consent to a longer term after the term is over; ``invalid`` for a day beyond ten years
    """
    if "into" in fields:
        _hand_on(session, case, step.cancels, at, now)
    if "severity" in fields:
        _grade_anew(session, case, at, now)
    done: tuple[tuple[EventKind, tuple[str, ...]], ...] = (
        ("met", step.meets),
        ("cancelled", step.cancels),
        ("paused", step.pauses),
        ("resumed", step.resumes),
        ("extended", step.extends),
    )
    for kind, names in done:
        for name in names:
            _happen(session, case, name, kind, at, now, fields)
    start(session, case, step.starts, at, now)


def reckon_again(session: Session, contract_id: int, now: datetime) -> int:
    """Reckon every running clock of a contract again, as when its calendar or terms have changed.

    :returns: how many moved
    """
    statement = (
        sa.select(CaseClock, Case)
        .join(Case, Case.id == CaseClock.case_id)
        .where(CaseClock.contract_id == contract_id, CaseClock.ended_at.is_(None))
    )
    moved = 0
    settings: dict[tuple[str, int | None, str], tuple[ClockTerms, WorkCalendar]] = {}
    for row, case in session.execute(statement).all():
        key = (row.name, case.severity, str(case.facts.get("origin")))
        if key not in settings:
            settings[key] = _ground(session, case, row.name)
        if _keep_moved(row, _clock(row, *settings[key]), now):
            moved += 1
            case.seq = take_sequence(session, contract_id)
    return moved


def earlier_clocks(session: Session, row: CaseClock, case: Case) -> tuple[Clock, ...]:
    """The runs that a new one has ended, each as it stood then."""
    if row.turn == 1:
        return ()
    return _clock(row, *_ground(session, case, row.name)).earlier


def reached(session: Session, row: CaseClock, case: Case, now: datetime) -> list[Moment]:
    """The moments of the present run that have come and of which nobody has been told, in order."""
    clock = _clock(row, *_ground(session, case, row.name))
    return [moment for moment in _untold(row, clock) if moment.at <= now]


def note_told(session: Session, row: CaseClock, case: Case, now: datetime) -> None:
    """All that fell due up to now has been told: the clock waits for its next moment."""
    row.told_at = now
    _keep(row, _clock(row, *_ground(session, case, row.name)), now)


def _happen(
    session: Session,
    case: Case,
    name: str,
    kind: EventKind,
    at: datetime,
    now: datetime,
    fields: Mapping[str, Any],
) -> None:
    row = _row(session, case, name)
    if row is None:
        return
    terms, calendar = _ground(session, case, name)
    clock = _clock(row, terms, calendar)
    until = _consented_until(calendar, fields, now) if kind == "extended" else None
    event = ClockEvent(kind, at, now, reason=str(fields.get("text", "")), until=until)
    try:
        _keep(row, record(clock, event), now)
    except AppError as error:
        if error.code not in _IDLE:
            raise


def _hand_on(
    session: Session, case: Case, names: Iterable[str], at: datetime, now: datetime
) -> None:
    """Two faults that are one: the client waits since the earlier (clause 38), and what is over stays over.

    What the other was met for before this one was told is another wait: if it is over, it ends late here.
    """
    other = session.get_one(Case, case.parent_id)
    for name in names:
        mine, theirs = _row(session, case, name), _row(session, other, name)
        if mine is None or mine.ended_at is not None:
            continue
        is_same = theirs and (theirs.ended_at is None or theirs.ended_at >= mine.started_at)
        if theirs and is_same:
            clock = _clock(theirs, *_ground(session, other, name))
            joined = _joined(clock, mine, at, now)
            if joined is not clock and _keep_moved(theirs, joined, now):
                other.seq = take_sequence(session, other.contract_id)
        elif _is_over(mine, at):
            _happen(session, case, name, "met", at, now, {})


def _joined(clock: Clock, mine: CaseClock, at: datetime, now: datetime) -> Clock:
    """A clock that takes over the wait of another, unless that was met for already by an earlier run."""
    if any(run.ended_at and run.ended_at > mine.started_at for run in clock.earlier):
        return clock
    if mine.started_at < clock.started_at:
        clock = record(clock, ClockEvent("backdated", at, now, moment=mine.started_at))
    if _is_over(mine, at) and mine.due_at and mine.due_at < state_at(clock, now).due.at:
        clock = record(clock, _as_it_stood(mine, at, now))
    return clock


def _grade_anew(session: Session, case: Case, at: datetime, now: datetime) -> None:
    """Another severity has its own terms, from each clock's start (clause 42); what is over stays over."""
    running = sa.select(CaseClock).where(CaseClock.case_id == case.id, CaseClock.ended_at.is_(None))
    for row in session.scalars(running):
        clock = _clock(row, *_ground(session, case, row.name))
        if _is_over(row, at):
            clock = record(clock, _as_it_stood(row, at, now))
        _keep_moved(row, clock, now)


def _is_over(row: CaseClock, at: datetime) -> bool:
    return row.state != "paused" and row.due_at is not None and row.due_at <= at


def _as_it_stood(row: CaseClock, at: datetime, now: datetime) -> ClockEvent:
    """The end of a run's term is settled: no severity and no terms that come later move it."""
    return ClockEvent("settled", at, now, until=row.due_on, moment=row.due_at)


def _consented_until(calendar: WorkCalendar, fields: Mapping[str, Any], now: datetime) -> date:
    """The day up to which the client consents to wait; one that no calendar reaches is mistyped."""
    until = date.fromisoformat(fields["expected_on"])
    if until > calendar.local_day(now) + FURTHEST:
        raise AppError("invalid", fields={"expected_on": ["invalid"]})
    return until


def _counted_from(session: Session, case: Case, name: str, at: datetime) -> datetime:
    """A vendor's three days count from the on-site response (clause 39 ∆), the rest from the step."""
    if name != VENDOR_REPORT:
        return at
    arrived = session.scalar(
        sa.select(sa.func.max(CaseEvent.at)).where(
            CaseEvent.case_id == case.id, CaseEvent.step == "arrive"
        )
    )
    return arrived or at


def _row(session: Session, case: Case, name: str) -> CaseClock | None:
    return session.scalar(
        sa.select(CaseClock).where(CaseClock.case_id == case.id, CaseClock.name == name)
    )


def _ground(session: Session, case: Case, name: str) -> tuple[ClockTerms, WorkCalendar]:
    """The terms and the calendar of a contract for one clock."""
    contract = session.get_one(Contract, case.contract_id)
    kind = f"{REPAIR}_{case.facts.get('origin', 'domestic')}" if name == REPAIR else name
    terms = terms_of(contract.settings.get("clocks", {}), cast(ClockKind, kind), case.severity)
    calendar = calendar_of(contract.settings.get("calendar", {}), contract.time_zone)
    return terms, calendar


def _clock(row: CaseClock, terms: ClockTerms, calendar: WorkCalendar) -> Clock:
    return run_clock(terms, calendar, [_event(one) for one in row.events])


def _event(stored: Mapping[str, Any]) -> ClockEvent:
    until, moment = stored.get("until"), stored.get("moment")
    return ClockEvent(
        kind=stored["kind"],
        at=datetime.fromisoformat(stored["at"]),
        received_at=datetime.fromisoformat(stored["received_at"]),
        reason=stored.get("reason", ""),
        amount=stored.get("amount", 0),
        until=date.fromisoformat(until) if until else None,
        moment=datetime.fromisoformat(moment) if moment else None,
    )


def _stored(event: ClockEvent) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "kind": event.kind,
        "at": event.at.isoformat(),
        "received_at": event.received_at.isoformat(),
    }
    if event.reason:
        plain["reason"] = event.reason
    if event.amount:
        plain["amount"] = event.amount
    if event.until:
        plain["until"] = event.until.isoformat()
    if event.moment:
        plain["moment"] = event.moment.isoformat()
    return plain


def _keep(row: CaseClock, clock: Clock, now: datetime) -> None:
    """Write down what the clock's events give."""
    state = state_at(clock, now)
    row.events = [_stored(event) for event in clock.events]
    if row.turn != clock.run:
        # Another run tells anew.
        row.told_at = None
    row.turn = clock.run
    row.state = state.kind
    row.started_at = clock.started_at
    row.due_at = state.due.at
    row.due_on = state.due.on
    row.provisional = state.due.provisional
    row.ended_at = clock.ended_at
    row.next_at = None if clock.ended_at or stands_still(clock) else next_moment(row, clock)


def _keep_moved(row: CaseClock, clock: Clock, now: datetime) -> bool:
    """Write down a clock that may end at another moment now. Returns whether it does."""
    before = row.due_at
    _keep(row, clock, now)
    if row.due_at == before:
        return False
    # A moment may lie earlier now than one that was told; what was told isn't told again.
    row.told_at = None
    _keep(row, clock, now)
    return True


def next_moment(row: CaseClock, clock: Clock) -> datetime | None:
    """The first moment of which nobody has been told."""
    return min((moment.at for moment in _untold(row, clock)), default=None)


def _untold(row: CaseClock, clock: Clock) -> list[Moment]:
    return [m for m in moments(clock) if row.told_at is None or m.at > row.told_at]
