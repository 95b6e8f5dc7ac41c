"""When a target is met, when the next check is due, and when somebody is reminded."""

from __future__ import annotations

from datetime import date

import pytest

from webapp.quality import rules


@pytest.mark.parametrize(
    ("percent", "threshold", "state"),
    [
        (100.0, 100.0, "met"),
        (99.9, 100.0, "missed"),
        (95.0, 95.0, "met"),
        (None, 95.0, "no_data"),
        (80.0, None, "no_target"),
        (None, None, "no_target"),
        (0.0, 0.0, "met"),
    ],
)
def test_a_target_is_met_at_its_threshold(
    percent: float | None, threshold: float | None, state: str
) -> None:
    assert rules.state_of(percent, threshold) == state


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (100, None),
        (0.5, None),
        (None, None),
        (-1, "too_small"),
        (float("nan"), "too_small"),
        (100.1, "too_large"),
        ("95", "not_a_number"),
        (True, "not_a_number"),
    ],
)
def test_a_threshold_is_a_percentage_or_none(value: object, code: str | None) -> None:
    assert rules.threshold_problems({"response": value}) == ({"response": [code]} if code else {})


def test_the_contract_asks_for_all_until_something_else_is_settled() -> None:
    assert set(rules.thresholds_of({}).values()) == {100.0}
    settled = rules.thresholds_of({"repair": 95, "complaint": None})
    assert (settled["repair"], settled["complaint"], settled["round"]) == (95, None, 100.0)
    assert rules.threshold_problems({"beauty": 1}) == {"beauty": ["unknown_field"]}


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 12, 5), 1, date(2027, 1, 5)),
        (date(2026, 3, 10), 24, date(2028, 3, 10)),
    ],
)
def test_the_next_check_is_on_the_same_day_or_the_months_last(
    day: date, months: int, then: date
) -> None:
    assert rules.next_day(day, months) == then


@pytest.mark.parametrize(
    ("left", "step"), [(8, None), (7, "soon"), (0, "soon"), (-1, "overdue"), (-90, "overdue")]
)
def test_somebody_is_reminded_before_the_day_and_after_it(left: int, step: str | None) -> None:
    today = date(2026, 3, 2)
    assert rules.step_reached(date.fromordinal(today.toordinal() + left), today, 7) == step


def test_a_check_is_over_when_nothing_is_left_to_correct() -> None:
    state = rules.check_state
    assert state(held=False, cancelled=False, open_actions=0) == "planned"
    assert state(held=True, cancelled=False, open_actions=2) == "acting"
    assert state(held=True, cancelled=False, open_actions=0) == "closed"
    assert state(held=False, cancelled=True, open_actions=0) == "cancelled"


def test_a_finding_names_a_target_once() -> None:
    one = rules.Finding("repair", "迟")
    assert rules.findings_problems([one]) == {}
    assert rules.findings_problems([one, one]) == {"findings": ["invalid"]}
    assert rules.findings_problems([rules.Finding("beauty", "x")]) == {"findings": ["invalid"]}  # type: ignore[arg-type]
