"""Quality targets, when a check is due again, and whom to remind of what (clause 28). Pure.

The contract itself asks for 100 % content clients (27), for a round that is finished by its day (21), for
100 % normal devices (44) and rooms that are able to hold a meeting (10), and for what the clocks count
(37-42, 46, 48): those are the thresholds until the project manager settles others.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

TargetKey = Literal[
    "response",
    "cause_report",
    "repair",
    "complaint",
    "round",
    "pass_rate",
    "availability",
    "satisfaction",
]
TARGETS: tuple[TargetKey, ...] = (
    "response",
    "cause_report",
    "repair",
    "complaint",
    "round",
    "pass_rate",
    "availability",
    "satisfaction",
)
DEFAULT_THRESHOLD = 100.0
State = Literal["met", "missed", "no_data", "no_target"]
STATES: tuple[State, ...] = ("met", "missed", "no_data", "no_target")
CheckState = Literal["planned", "acting", "closed", "cancelled"]
CHECK_STATES: tuple[CheckState, ...] = ("planned", "acting", "closed", "cancelled")
# A check that is held again is so within two years.
MOST_MONTHS = 24
# So many days before it somebody is told.
CHECK_SOON, ACTION_SOON = 7, 3
Step = Literal["soon", "overdue"]


def thresholds_of(stored: Mapping[str, Any]) -> dict[TargetKey, float | None]:
    """The threshold of each target in per cent, as the contract's JSON has it; None: it is none."""
    return {key: stored.get(key, DEFAULT_THRESHOLD) for key in TARGETS}


def threshold_problems(stored: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong with thresholds, by target: ``unknown_field``, ``not_a_number``, ``too_small``, ``too_large``."""
    found = {}
    for key, value in stored.items():
        code = _problem(value) if key in TARGETS else "unknown_field"
        if code:
            found[key] = [code]
    return found


def _problem(value: Any) -> str:
    if value is None:
        return ""
    if type(value) not in {int, float}:
        return "not_a_number"
    if not value >= 0:  # NaN compares with nothing.
        return "too_small"
    return "" if value <= 100 else "too_large"


def state_of(percent: float | None, threshold: float | None) -> State:
    """Whether a target is met: at its threshold it is."""
    if threshold is None:
        return "no_target"
    if percent is None:
        return "no_data"
    return "met" if percent >= threshold else "missed"


def next_day(day: date, every_months: int) -> date:
    """The same day so many months later, or the last one of a shorter month."""
    number = day.year * 12 + day.month - 1 + every_months
    year, month = number // 12, number % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def check_state(*, held: bool, cancelled: bool, open_actions: int) -> CheckState:
    """How a check stands: held, it is over when every action is."""
    if cancelled:
        return "cancelled"
    if not held:
        return "planned"
    return "acting" if open_actions else "closed"


def step_reached(due: date, today: date, soon: int) -> Step | None:
    """What is to be told of something due: that its day is near, or over. The day itself is near."""
    left = (due - today).days
    if left < 0:
        return "overdue"
    return "soon" if left <= soon else None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found of a target: in words, and as it was measured then."""

    target: TargetKey
    text: str


def findings_problems(findings: Iterable[Finding]) -> dict[str, list[str]]:
    """What is wrong with a check's findings: a target that is not one, or named twice."""
    named = [one.target for one in findings]
    unknown = set(named) - set(TARGETS)
    return {"findings": ["invalid"]} if unknown or len(set(named)) < len(named) else {}
