"""The round's months, states, outcomes and ages (clauses 15, 18, 21 and 30). Pure: no clock."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
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
    ("finished", "accept"): ("accepted", "accept"),
    ("finished", "reopen"): ("open", "manage_round"),
    ("accepted", "reopen"): ("open", "accept"),
}
# A round that was accepted takes nothing more; one that is merely finished still takes what comes late.
TAKING: frozenset[str] = frozenset({"open", "finished"})
# What a supervisor makes of the inspections of a pair; nothing, as long as he has not chosen.
PICKED, SET_ASIDE = "picked", "set_aside"
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


def due_at(due: date, time_zone: str) -> datetime:
    """The moment at which the due day is over at the contract's place (clause 21 ∆)."""
    return datetime.combine(due + timedelta(days=1), time(), ZoneInfo(time_zone)).astimezone(UTC)


def age_in_months(opened_month: str, month: str) -> int:
    """The age of an open item in a round's month: 0 in the month that it was opened (clause 18 ∆)."""
    return max(0, months_between(opened_month, month))


def is_to_open(opens_day: int | None, due_day: int, today: date, made_on: date) -> bool:
    """Whether the calendar opens this month's round: its day is reached.

    Not where the contract was made on a later day of a month whose due day is over: its first round
    would be late before anybody could walk it. By hand it can be opened.
    """
    if opens_day is None or today.day < opens_day:
        return False
    return made_on <= today.replace(day=opens_day) or today <= due_on(month_of(today), due_day)


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
class Visit:
    """An inspection as its task sees it; ``choice`` is what a supervisor made of it in a pair."""

    key: Any
    verdict: str
    choice: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """Which inspection a task counts, whether a pair waits for the supervisor, and the outcome.

    ``choices`` are the supervisor's choices that still hold, by the inspection's key.
    """

    inspection: Any
    pair_open: bool
    outcome: str
    choices: dict[Any, str]


def settle(visits: Sequence[Visit], counting: Any) -> Settled:
    """Settle a task after one of its inspections came, was amended or was picked.

    A tested inspection takes the place of a "not tested" one: that is the second visit. Of two tested
    ones the first keeps counting, until a supervisor picks one and so sets the others aside; one that
    comes later makes it a pair again. When the picked one no longer is a test, the choice is void.

    :param visits: all of the task, in the order received
    :param counting: the key of the one that counted until now, or None
    """
    tested = [visit for visit in visits if visit.verdict != "not_tested"]
    decided = any(visit.choice == PICKED for visit in tested)
    choices = {v.key: v.choice if decided and v in tested else "" for v in visits}
    if not tested:
        last = visits[-1].key if visits else None
        return Settled(last, False, "not_tested" if visits else "todo", choices)
    standing = [visit for visit in tested if choices[visit.key] != SET_ASIDE]
    counts = next((visit for visit in standing if visit.key == counting), standing[0])
    return Settled(counts.key, len(standing) > 1, counts.verdict, choices)


def stands(verdict: str, choice: str, *, counts: bool) -> bool:
    """Whether anybody still answers for an inspection: for what was sent back of it, and its photos.

    Nobody does when a supervisor has set it aside, or when it is a "not tested" in whose place another
    came: that one is the second visit, whoever made it (:func:`settle`).

    :param counts: whether it is the inspection that its task counts
    """
    return choice != SET_ASIDE and (counts or verdict != "not_tested")


@dataclass(frozen=True, slots=True)
class Said:
    """What one inspection said of an open item: ``opened``, ``still`` or ``solved``.

    ``at`` is when the inspection's first revision came; ``rank`` tells those of one moment apart.
    """

    answer: str
    month: str
    at: datetime
    inspection: Any
    rank: int
    choice: str = ""
    severity: int | None = None
    cause: str = ""
    action: str = ""
    remark: str = ""

    @property
    def order(self) -> tuple[Any, ...]:
        """How sayings follow each other: of one month's pair, the picked one's is the last word."""
        return (self.month, self.choice == PICKED, self.at, self.rank)

    @property
    def is_there(self) -> bool:
        """Whether it says that the fault is there."""
        return self.answer != "solved"


@dataclass(frozen=True, slots=True)
class ItemState:
    """An open item as its sayings make it; ``state`` is open, solved or withdrawn."""

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


def item_state(sayings: Sequence[Said], withdrawn_at: datetime | None = None) -> ItemState | None:
    """What an open item is after all that inspections said of it; None when nobody says it is there.

    What a supervisor set aside is not listened to. Of the rest the last decides whether it is solved,
    the first that found it gave it birth and its words; severity, cause and action are the latest that
    were given (clause 18). It is withdrawn when none of the rest says that it is there, and when a
    supervisor withdrew it: his word holds until an inspection that came after it finds it again, so
    that no amendment of an older one brings it back.
    """
    ordered = sorted(sayings, key=lambda said: said.order)
    heard = [said for said in ordered if said.choice != SET_ASIDE]
    alive = any(s.is_there and (withdrawn_at is None or s.at > withdrawn_at) for s in heard)
    # What is withdrawn keeps the words of those who had found it.
    told = heard if any(said.is_there for said in heard) else ordered
    first = next((said for said in told if said.is_there), None)
    if first is None:
        return None
    last, backwards = told[-1], told[::-1]
    solved = alive and last.answer == "solved"
    return ItemState(
        state="withdrawn" if not alive else "solved" if solved else "open",
        opened_month=first.month,
        opened_at=first.at,
        opened_inspection=first.inspection,
        closed_month=last.month if solved else None,
        closed_at=last.at if solved else None if alive else withdrawn_at,
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
