"""What the clocks of cases came to, the runs before a reopening too: no breach goes with a new start."""

from __future__ import annotations

from sqlalchemy.orm import Session

from webapp.cases.clock_keeping import earlier_clocks
from webapp.cases.clocks import Clock, state_at
from webapp.cases.measures import Run, decided
from webapp.cases.models import Case, CaseClock


def runs_of(session: Session, row: CaseClock, case: Case) -> list[Run]:
    """Every run of a clock that is decided, oldest first; no statement where the contract is known."""
    found = [_outcome(row.name, clock) for clock in earlier_clocks(session, row, case)]
    found.append(decided(row.name, row.state, row.due_at, row.ended_at))
    return [run for run in found if run]


def _outcome(name: str, clock: Clock) -> Run | None:
    """Late from its due moment on, met or not; what was given up in time, or called off, is neither."""
    ended = clock.ended_at
    if ended is None or clock.ended == "cancelled":
        return None
    # By all its events: its end was settled when the next one began.
    due = state_at(clock, max(ended, *(event.counts_at for event in clock.events))).due.at
    if ended > due:
        return Run(name, True, due)
    return Run(name, False, ended) if clock.ended == "met" else None
