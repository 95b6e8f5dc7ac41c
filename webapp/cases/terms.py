"""The service desk's terms: what the contract grants each clock (clauses 38–42, 46, 48). Pure.

They lie in the contract's JSON under ``clocks``, by kind of clock; what is not there has the default
written here, and ``by_severity`` ("1".."4") says what differs for a severity::

    {"response": {"amount": 1, "unit": "hours", "warn_before": [0.25],
                  "by_severity": {"1": {"amount": 0.5}}}, …}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, cast

Unit = Literal["hours", "service_hours", "calendar_days", "working_days"]
ClockKind = Literal[
    "response", "cause_report", "vendor_report", "repair_domestic", "repair_abroad", "complaint"
]
UNITS: tuple[Unit, ...] = ("hours", "service_hours", "calendar_days", "working_days")
SEVERITIES = ("1", "2", "3", "4")
MOST_HOURS = 24 * 366
MOST_DAYS = 366
MOST_STEPS = 5
# The smallest part of an hour that a term can name; it also keeps the arithmetic exact.
PARTS_AN_HOUR = 4


@dataclass(frozen=True, slots=True)
class ClockTerms:
    """What one clock is granted.

    ``amount`` is in ``unit``: whole days, or hours to the quarter. "hours" run day and night,
    "service_hours" only while the contract's service is there. ``pausable``: whether the contract
    lets the clock be paused at all. ``warn_before`` and ``escalate_after`` are steps in the same
    unit, before and after the due moment. For terms in days they name days, counted like the term
    itself: warn 1 is the day before the due day, 0 the due day; escalate 0 is the end of the due
    day, 1 the day after it.
    """

    kind: ClockKind
    amount: float
    unit: Unit
    pausable: bool = False
    warn_before: tuple[float, ...] = ()
    escalate_after: tuple[float, ...] = (0,)

    @property
    def in_days(self) -> bool:
        """Whether the term is over with a day, and not with an hour."""
        return self.unit in {"calendar_days", "working_days"}


# Clause 42 (∆ at every severity alike) · 38 · 39 ∆ · 40 (domestic, abroad) · 48.
# When to warn and to escalate is ours; the contract names no pause for any of them.
DEFAULTS: Mapping[ClockKind, ClockTerms] = {
    terms.kind: terms
    for terms in (
        ClockTerms("response", 1, "hours", warn_before=(0.25,), escalate_after=(0, 1)),
        ClockTerms("cause_report", 24, "hours", warn_before=(4,), escalate_after=(0, 24)),
        ClockTerms("vendor_report", 3, "calendar_days", warn_before=(1,), escalate_after=(0, 1)),
        ClockTerms("repair_domestic", 10, "working_days", warn_before=(2,), escalate_after=(0, 2)),
        ClockTerms("repair_abroad", 20, "working_days", warn_before=(5, 2), escalate_after=(0, 2)),
        ClockTerms("complaint", 3, "working_days", warn_before=(1,), escalate_after=(0, 1)),
    )
}
KINDS: tuple[ClockKind, ...] = tuple(DEFAULTS)
# What each clock counts from: the declaration, the on-site response 响应到位, the user's confirmation
# of the plan (clause 40), the complaint's receipt.
COUNTED_FROM: Mapping[ClockKind, str] = {
    "response": "declared",
    "cause_report": "on_site_response",
    "vendor_report": "on_site_response",
    "repair_domestic": "plan_confirmed",
    "repair_abroad": "plan_confirmed",
    "complaint": "complaint_received",
}
_SETTABLE = tuple(field.name for field in fields(ClockTerms) if field.name != "kind")


def terms_of(
    settings: Mapping[str, Any], kind: ClockKind, severity: int | None = None
) -> ClockTerms:
    """What a contract grants a clock of this kind, at this severity 1..4 where the case has one.

    :param settings: the contract's ``clocks``, without problems (:func:`terms_problems`)
    """
    stored = settings.get(kind, {})
    special = stored.get("by_severity", {}).get(str(severity), {})
    return _merged(DEFAULTS[kind], {**stored, **special})


def terms_problems(settings: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong with a contract's ``clocks``: path → codes; empty when nothing is.

    Codes: ``unknown_clock``, ``unknown_field``, ``severity_unknown``, ``unit_unknown``,
    ``not_a_number``, ``too_small``, ``too_large``, ``not_whole`` (days are whole, hours go to the
    quarter), ``not_yes_or_no``, ``not_a_list``, ``too_many``, ``warn_not_within_term``.
    """
    found: dict[str, list[str]] = {}
    for kind, stored in settings.items():
        if kind not in DEFAULTS:
            found[str(kind)] = ["unknown_clock"]
        elif not isinstance(stored, dict):
            found[kind] = ["unknown_field"]
        else:
            plain = {name: value for name, value in stored.items() if name != "by_severity"}
            found |= _set_problems(kind, plain, kind)
            found |= _severity_problems(kind, plain, stored.get("by_severity", {}))
    return found


def _severity_problems(kind: str, plain: dict[str, Any], special: Any) -> dict[str, list[str]]:
    path = f"{kind}.by_severity"
    if not isinstance(special, dict):
        return {path: ["unknown_field"]}
    found: dict[str, list[str]] = {}
    for severity, stored in special.items():
        if severity not in SEVERITIES:
            found[f"{path}.{severity}"] = ["severity_unknown"]
        elif not isinstance(stored, dict):
            found[f"{path}.{severity}"] = ["unknown_field"]
        else:
            found |= _set_problems(kind, stored, f"{path}.{severity}", plain)
    return found


def _set_problems(
    kind: str, stored: dict[str, Any], path: str, below: Mapping[str, Any] | None = None
) -> dict[str, list[str]]:
    """The problems of one set of fields, taken together with those that it stands upon."""
    found = {f"{path}.{name}": ["unknown_field"] for name in stored if name not in _SETTABLE}
    terms = {**_plain(DEFAULTS[cast(ClockKind, kind)]), **(below or {}), **stored}
    if terms["unit"] not in UNITS:
        return found | {f"{path}.unit": ["unit_unknown"]}
    if type(terms["pausable"]) is not bool:
        found[f"{path}.pausable"] = ["not_yes_or_no"]
    in_days = terms["unit"] in {"calendar_days", "working_days"}
    if code := _number_problem(terms["amount"], in_days, positive=True):
        found[f"{path}.amount"] = [code]
    for name in ("warn_before", "escalate_after"):
        if code := _steps_problem(terms[name], in_days):
            found[f"{path}.{name}"] = [code]
    if not found and any(
        step >= terms["amount"] or (step == 0 and not in_days) for step in terms["warn_before"]
    ):
        found[f"{path}.warn_before"] = ["warn_not_within_term"]
    return found


def _steps_problem(steps: Any, in_days: bool) -> str:
    if not isinstance(steps, list | tuple):
        return "not_a_list"
    if len(steps) > MOST_STEPS:
        return "too_many"
    return next((code for step in steps if (code := _number_problem(step, in_days))), "")


def _number_problem(value: Any, in_days: bool, *, positive: bool = False) -> str:
    if type(value) not in {int, float}:
        return "not_a_number"
    if value < 0 or (positive and value == 0):
        return "too_small"
    if not value <= (MOST_DAYS if in_days else MOST_HOURS):  # NaN compares with nothing.
        return "too_large"
    parts = value if in_days else value * PARTS_AN_HOUR
    return "" if parts == int(parts) else "not_whole"


def _plain(terms: ClockTerms) -> dict[str, Any]:
    return {name: getattr(terms, name) for name in _SETTABLE}


def _merged(terms: ClockTerms, stored: Mapping[str, Any]) -> ClockTerms:
    known = {name: stored[name] for name in _SETTABLE if name in stored}
    for name in ("warn_before", "escalate_after"):
        if name in known:
            known[name] = tuple(known[name])
    return ClockTerms(kind=terms.kind, **{**_plain(terms), **known})
