"""The round's months, states, outcomes and ages (clauses 15, 18, 21 and 30). Pure: no clock."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from webapp.errors import AppError
from webapp.identity.rules import Right

_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
State = Literal["open", "finished", "accepted"]
Action = Literal["finish", "accept", "reopen"]

STATES: tuple[State, ...] = ("open", "finished", "accepted")
ACTIONS: tuple[Action, ...] = ("finish", "accept", "reopen")
OUTCOMES = ("todo", "normal", "abnormal", "not_tested")
# The whole machine: what is not here is refused.
TRANSITIONS: dict[tuple[str, str], tuple[State, Right]] = {
    ("open", "finish"): ("finished", "manage_round"),
    ("finished", "accept"): ("accepted", "review"),
    ("finished", "reopen"): ("open", "manage_round"),
    ("accepted", "reopen"): ("open", "review"),
}
# A round that was accepted takes nothing more; one that is merely finished still takes what comes late.
TAKING: frozenset[str] = frozenset({"open", "finished"})
# Suggested where neither the checklist nor the engineer names one: part of the service is degraded.
DEFAULT_SEVERITY = 3


def check_transition(state: str, action: str, rights: frozenset[Right]) -> State:
    """The state that ``action`` leads to.

    :raise AppError: ``round_transition_refused`` when the state doesn't know the action;
        ``forbidden`` when the right is lacking
    """
    if (state, action) not in TRANSITIONS:
        raise AppError("round_transition_refused", state=state, action=action)
    new_state, right = TRANSITIONS[state, action]
    if right not in rights:
        raise AppError("forbidden", right=right)
    return new_state


def actions_for(state: str, rights: frozenset[Right]) -> list[str]:
    """What an actor with these rights may do to a round in this state."""
    return [
        action
        for action in ACTIONS
        if (state, action) in TRANSITIONS and TRANSITIONS[state, action][1] in rights
    ]


def month_of(day: date) -> str:
    """The month ``YYYY-MM`` of a day."""
    return f"{day.year:04d}-{day.month:02d}"


def add_months(month: str, count: int) -> str:
    """The month ``count`` months after (before, when negative) a ``YYYY-MM``."""
    index = _index(month) + count
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


def months_between(earlier: str, later: str) -> int:
    """How many months lie from one ``YYYY-MM`` to another."""
    return _index(later) - _index(earlier)


def _index(month: str) -> int:
    year, _, number = month.partition("-")
    return int(year) * 12 + int(number) - 1


def due_on(month: str, due_day: int) -> date:
    """The last day on which the month's round is in time (clause 21): no roll-over for holidays.

    :param due_day: 1..28, the contract's setting
    """
    year, _, number = month.partition("-")
    return date(int(year), int(number), due_day)


def today_in(time_zone: str, now: datetime) -> date:
    """The day that it is at the contract's place."""
    return now.astimezone(ZoneInfo(time_zone)).date()


def days_left(due: date, today: date) -> int:
    """Days until the end of the due day: 0 on it, negative after it."""
    return (due - today).days


def age_in_months(opened_month: str, month: str) -> int:
    """The age of an open item in a round's month: 0 in the month that it was opened (clause 18 ∆)."""
    return max(0, months_between(opened_month, month))


def is_to_open(month: str, opens_day: int | None, today: date) -> bool:
    """Whether the calendar opens the month's round: its day is reached, and the month not over."""
    return opens_day is not None and month_of(today) == month and today.day >= opens_day


@dataclass(frozen=True, slots=True)
class Progress:
    """A count of tasks by outcome."""

    todo: int = 0
    normal: int = 0
    abnormal: int = 0
    not_tested: int = 0

    @property
    def total(self) -> int:
        """All tasks."""
        return self.todo + self.normal + self.abnormal + self.not_tested

    @property
    def done(self) -> int:
        """Tasks with an outcome; "not tested" with its reason is one."""
        return self.total - self.todo

    def as_dict(self) -> dict[str, int]:
        """The figures by name."""
        return {
            "todo": self.todo,
            "normal": self.normal,
            "abnormal": self.abnormal,
            "not_tested": self.not_tested,
            "total": self.total,
            "done": self.done,
        }


def progress(counts: Mapping[str, int]) -> Progress:
    """Progress from ``{outcome: number}``."""
    return Progress(**{outcome: counts.get(outcome, 0) for outcome in OUTCOMES})


@dataclass(frozen=True, slots=True)
class Settled:
    """Which inspection a task counts, whether a pair waits for the supervisor, and the outcome."""

    inspection: Any
    pair_open: bool
    outcome: str


def settle(
    inspections: Sequence[tuple[Any, str]],
    counting: Any,
    *,
    pair_was_open: bool,
    newly_tested: bool,
) -> Settled:
    """Settle a task after one of its inspections came or was amended.

    A tested inspection takes the place of a "not tested" one: that is the second visit. Of two tested
    ones the first keeps counting, and a supervisor picks; a pair that he has decided stays decided
    until another tested one comes.

    :param inspections: ``(key, verdict)`` in the order received, all of the task
    :param counting: the key of the one that counted until now, or None
    :param newly_tested: whether this change made an inspection tested that was not
    """
    tested = [(key, verdict) for key, verdict in inspections if verdict != "not_tested"]
    if not tested:
        last = inspections[-1][0] if inspections else None
        return Settled(last, pair_open=False, outcome="not_tested" if inspections else "todo")
    key, verdict = next((row for row in tested if row[0] == counting), tested[0])
    pair = len(tested) > 1 and (pair_was_open or newly_tested)
    return Settled(key, pair_open=pair, outcome=verdict)


@dataclass(frozen=True, slots=True)
class Said:
    """What one inspection said of an open item: ``opened``, ``still`` or ``solved``.

    ``order`` puts the sayings of one item in order: month, picked by a supervisor, time of receipt.
    """

    order: tuple[Any, ...]
    answer: str
    month: str
    at: datetime
    inspection: Any
    severity: int | None = None
    cause: str = ""
    action: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class ItemState:
    """An open item as its sayings make it."""

    state: str
    opened_month: str
    opened_at: datetime
    opened_inspection: Any
    closed_month: str | None
    closed_at: datetime | None
    severity: int
    text: str
    cause: str
    action: str


def item_state(sayings: Sequence[Said]) -> ItemState | None:
    """What an open item is after all that inspections said of it; None when nothing is left of it.

    The last saying decides whether it is solved; the first gave it birth and its words; severity,
    cause and action are the latest that were given (clause 18).
    """
    if not sayings:
        return None
    ordered = sorted(sayings, key=lambda said: said.order)
    first, last = ordered[0], ordered[-1]
    solved = last.answer == "solved"
    backwards = ordered[::-1]
    return ItemState(
        state="solved" if solved else "open",
        opened_month=first.month,
        opened_at=first.at,
        opened_inspection=first.inspection,
        closed_month=last.month if solved else None,
        closed_at=last.at if solved else None,
        severity=next((s.severity for s in backwards if s.severity), DEFAULT_SEVERITY),
        text=first.remark,
        cause=next((s.cause for s in backwards if s.cause), ""),
        action=next((s.action for s in backwards if s.action), ""),
    )


def urgency(severity: int, age_months: int, *, days_to_due: int | None) -> str:
    """How an open item asks for attention: ``now``, ``soon`` or ``calm``.

    :param days_to_due: days until its own due date, negative when over; None when it has none
    """
    if severity == 1 or (days_to_due is not None and days_to_due < 0):
        return "now"
    close = days_to_due is not None and days_to_due <= 3
    if severity == 2 or close or age_months >= 2:
        return "soon"
    return "calm"


def place_key(room_id: int, device_id: int | None) -> tuple[int | None, int | None]:
    """What identifies the thing inspected: the device wherever it stands, or the room's own checklist."""
    return (device_id, None) if device_id is not None else (None, room_id)


def is_uid(text: str) -> bool:
    """Whether a text is a UUID as phones make them for their records and photos."""
    return _UID.fullmatch(text) is not None
