"""What the contract grants each clock, and what a contract may set."""

from __future__ import annotations

from typing import Any

import pytest

from webapp.cases.terms import COUNTED_FROM, DEFAULTS, KINDS, ClockKind, terms_of, terms_problems


@pytest.mark.parametrize(
    ("kind", "amount", "unit"),
    [
        ("response", 1, "hours"),
        ("cause_report", 24, "hours"),
        ("vendor_report", 3, "calendar_days"),
        ("repair_domestic", 10, "working_days"),
        ("repair_abroad", 20, "working_days"),
        ("complaint", 3, "working_days"),
    ],
)
def test_without_settings_the_contracts_numbers_hold(
    kind: ClockKind, amount: float, unit: str
) -> None:
    for severity in (None, 1, 2, 3, 4):
        terms = terms_of({}, kind, severity)
        assert (terms.amount, terms.unit, terms.pausable) == (amount, unit, False)
    assert set(COUNTED_FROM) == set(DEFAULTS) == set(KINDS)


def test_the_defaults_are_settings_without_problems() -> None:
    whole: dict[str, Any] = {
        kind: {
            "amount": terms.amount,
            "unit": terms.unit,
            "pausable": terms.pausable,
            "warn_before": list(terms.warn_before),
            "escalate_after": list(terms.escalate_after),
        }
        for kind, terms in DEFAULTS.items()
    }
    assert terms_problems(whole) == {}
    assert {kind: terms_of(whole, kind) for kind in KINDS} == DEFAULTS


def test_a_severity_says_only_what_differs() -> None:
    settings: dict[str, Any] = {
        "response": {
            "amount": 2,
            "unit": "service_hours",
            "by_severity": {"1": {"amount": 0.5, "unit": "hours", "warn_before": [0.25]}},
        }
    }
    assert terms_problems(settings) == {}
    first, third = (terms_of(settings, "response", severity) for severity in (1, 3))
    assert (first.amount, first.unit, first.warn_before) == (0.5, "hours", (0.25,))
    assert (third.amount, third.unit) == (2, "service_hours")
    assert terms_of(settings, "response") == third


@pytest.mark.parametrize(
    ("settings", "problems"),
    [
        ({}, {}),
        ({"answer": {}}, {"answer": ["unknown_clock"]}),
        ({"response": 1}, {"response": ["unknown_field"]}),
        ({"response": {"hours": 1}}, {"response.hours": ["unknown_field"]}),
        ({"response": {"kind": "complaint"}}, {"response.kind": ["unknown_field"]}),
        ({"response": {"unit": "weeks"}}, {"response.unit": ["unit_unknown"]}),
        ({"response": {"amount": "1"}}, {"response.amount": ["not_a_number"]}),
        ({"response": {"amount": True}}, {"response.amount": ["not_a_number"]}),
        ({"response": {"amount": 0}}, {"response.amount": ["too_small"]}),
        ({"response": {"amount": -1}}, {"response.amount": ["too_small"]}),
        ({"response": {"amount": 8785}}, {"response.amount": ["too_large"]}),
        ({"response": {"amount": float("nan")}}, {"response.amount": ["too_large"]}),
        ({"response": {"amount": float("inf")}}, {"response.amount": ["too_large"]}),
        ({"response": {"amount": 1.1}}, {"response.amount": ["not_whole"]}),
        ({"complaint": {"amount": 2.5}}, {"complaint.amount": ["not_whole"]}),
        ({"complaint": {"amount": 367}}, {"complaint.amount": ["too_large"]}),
        ({"complaint": {"pausable": 1}}, {"complaint.pausable": ["not_yes_or_no"]}),
        ({"complaint": {"warn_before": 1}}, {"complaint.warn_before": ["not_a_list"]}),
        ({"complaint": {"warn_before": [3]}}, {"complaint.warn_before": ["warn_not_within_term"]}),
        ({"complaint": {"warn_before": [2, 1, 0]}}, {}),
        ({"response": {"warn_before": [0]}}, {"response.warn_before": ["warn_not_within_term"]}),
        ({"complaint": {"escalate_after": [0, -1]}}, {"complaint.escalate_after": ["too_small"]}),
        ({"complaint": {"escalate_after": [0] * 6}}, {"complaint.escalate_after": ["too_many"]}),
        # A shorter term, and the default's warning lies before its start.
        ({"response": {"amount": 0.25}}, {"response.warn_before": ["warn_not_within_term"]}),
        ({"response": {"by_severity": []}}, {"response.by_severity": ["unknown_field"]}),
        (
            {"response": {"by_severity": {"5": {}, "1": {"amount": 0}, "2": 1}}},
            {
                "response.by_severity.5": ["severity_unknown"],
                "response.by_severity.1.amount": ["too_small"],
                "response.by_severity.2": ["unknown_field"],
            },
        ),
        (
            {"response": {"by_severity": {"1": {"by_severity": {}}}}},
            {"response.by_severity.1.by_severity": ["unknown_field"]},
        ),
    ],
)
def test_what_is_wrong_with_terms_has_a_place_and_a_code(
    settings: dict[str, Any], problems: dict[str, list[str]]
) -> None:
    assert terms_problems(settings) == problems
