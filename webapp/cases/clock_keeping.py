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
            clock = record(_clock(row, terms, calendar), event)
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
        before = row.due_at
        clock = _clock(row, *settings[key])
        _keep(row, clock, now)
        if row.due_at != before:
            moved += 1
            case.seq = take_sequence(session, contract_id)
            # A moment may lie earlier now than one that was told; what was told isn't told again.
            row.told_at = None
            _keep(row, clock, now)
    return moved


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
    until = stored.get("until")
    return ClockEvent(
        kind=stored["kind"],
        at=datetime.fromisoformat(stored["at"]),
        received_at=datetime.fromisoformat(stored["received_at"]),
        reason=stored.get("reason", ""),
        amount=stored.get("amount", 0),
        until=date.fromisoformat(until) if until else None,
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


def next_moment(row: CaseClock, clock: Clock) -> datetime | None:
    """The first moment of which nobody has been told."""
    return min((moment.at for moment in _untold(row, clock)), default=None)


def _untold(row: CaseClock, clock: Clock) -> list[Moment]:
    return [m for m in moments(clock) if row.told_at is None or m.at > row.told_at]
