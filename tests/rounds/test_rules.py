"""The round's states by role, outcomes of tasks, ages: as tables."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.errors import AppError
from webapp.identity.rules import ROLES, Right, rights_of
from webapp.rounds import rules
from webapp.rounds.rules import Said, Visit

ACCEPTORS = {"project_manager", "administrator"}
MANAGERS = ACCEPTORS | {"on_site_engineer"}
# What each leads to, and who may do it: the final acceptance is the project manager's (clause 30).
EXPECTED = {
    ("open", "finish"): ("finished", MANAGERS),
    ("finished", "accept"): ("accepted", ACCEPTORS),
    ("finished", "reopen"): ("open", MANAGERS),
    ("accepted", "reopen"): ("open", ACCEPTORS),
}


@pytest.mark.parametrize("role", [*ROLES, "administrator"])
@pytest.mark.parametrize("action", rules.ACTIONS)
@pytest.mark.parametrize("state", rules.STATES)
def test_every_state_action_and_role(state: str, action: str, role: str) -> None:
    rights = rights_of(role, is_admin=role == "administrator")
    new_state, allowed = EXPECTED.get((state, action), (None, set()))
    if new_state and role in allowed:
        assert rules.check_transition(state, action, rights) == new_state
        assert action in rules.actions_for(state, rights)
        return
    with pytest.raises(AppError) as refusal:
        rules.check_transition(state, action, rights)
    assert refusal.value.code == ("forbidden" if new_state else "round_transition_refused")
    assert action not in rules.actions_for(state, rights)


def test_accepting_and_managing_are_asked_for_apart() -> None:
    acceptor: frozenset[Right] = frozenset({"view", "accept"})
    assert rules.actions_for("finished", acceptor) == ["accept"]


@pytest.mark.parametrize(
    ("month", "count", "expected"),
    [
        ("2026-01", 1, "2026-02"),
        ("2026-12", 1, "2027-01"),
        ("2026-01", -1, "2025-12"),
        ("2026-05", -13, "2025-04"),
        ("2026-05", 0, "2026-05"),
    ],
)
def test_months_add_up(month: str, count: int, expected: str) -> None:
    assert rules.add_months(month, count) == expected
    assert rules.months_between(month, expected) == count


def test_due_on_the_tenth_at_the_contracts_place() -> None:
    assert rules.due_on("2026-10", 10) == date(2026, 10, 10)
    late = datetime(2026, 10, 10, 16, 30, tzinfo=UTC)
    assert rules.today_in("Asia/Shanghai", late) == date(2026, 10, 11)
    assert rules.today_in("Europe/Berlin", late) == date(2026, 10, 10)
    assert rules.days_left(date(2026, 10, 10), date(2026, 10, 11)) == -1


LONG_AGO = date(2025, 6, 20)


@pytest.mark.parametrize(
    ("opens_day", "today", "made_on", "expected"),
    [
        (None, date(2026, 3, 5), LONG_AGO, False),
        (1, date(2026, 3, 1), LONG_AGO, True),
        (3, date(2026, 3, 2), LONG_AGO, False),
        # The server stood still until the last day.
        (3, date(2026, 3, 31), LONG_AGO, True),
        (3, date(2026, 3, 31), date(2026, 3, 3), True),
        # Made in the month: as long as its due day, the tenth, is to come.
        (1, date(2026, 3, 10), date(2026, 3, 10), True),
        (1, date(2026, 3, 28), date(2026, 3, 28), False),
        (1, date(2026, 3, 28), date(2026, 3, 9), False),
        (1, date(2026, 4, 1), date(2026, 3, 28), True),
    ],
)
def test_when_the_calendar_opens_a_month(
    opens_day: int | None, today: date, made_on: date, expected: bool
) -> None:
    assert rules.is_to_open(opens_day, 10, today, made_on) is expected


def test_age_counts_from_the_month_of_opening() -> None:
    assert rules.age_in_months("2026-01", "2026-01") == 0
    assert rules.age_in_months("2025-11", "2026-02") == 3
    assert rules.age_in_months("2026-03", "2026-01") == 0


@pytest.mark.parametrize(
    ("visits", "counting", "expected"),
    [
        ([], None, (None, False, "todo")),
        (["a normal"], None, ("a", False, "normal")),
        (["a not_tested"], None, ("a", False, "not_tested")),
        # The second visit takes the place of "not tested", and a third reason that of a second.
        (["a not_tested", "b abnormal"], "a", ("b", False, "abnormal")),
        (["a not_tested", "b not_tested"], "a", ("b", False, "not_tested")),
        # "Not tested" after a test changes nothing.
        (["a normal", "b not_tested"], "a", ("a", False, "normal")),
        # Two tested ones: the first keeps counting, and the pair is shown.
        (["a normal", "b abnormal"], "a", ("a", True, "normal")),
        # A pair that was decided stays decided when one of it is amended …
        (["a normal set_aside", "b abnormal picked"], "b", ("b", False, "abnormal")),
        # … and opens again when a third comes; the one that was picked keeps counting.
        (["a normal set_aside", "b abnormal picked", "c normal"], "b", ("b", True, "abnormal")),
        # The picked one is no test any more: what was set aside counts again, undecided.
        (["a normal set_aside", "b not_tested picked"], "b", ("a", False, "normal")),
        (
            ["a normal set_aside", "b not_tested picked", "c abnormal set_aside"],
            "b",
            ("a", True, "normal"),
        ),
    ],
)
def test_how_a_task_is_settled(
    visits: list[str], counting: str | None, expected: tuple[str | None, bool, str]
) -> None:
    settled = rules.settle([Visit(*visit.split()) for visit in visits], counting)
    assert (settled.inspection, settled.pair_open, settled.outcome) == expected
    aside = [key for key, choice in settled.choices.items() if choice == rules.SET_ASIDE]
    assert settled.inspection not in aside


@pytest.mark.parametrize(
    ("verdict", "choice", "counts", "stands"),
    [
        ("normal", "", True, True),
        ("abnormal", "", False, True),  # Of a pair that waits for the supervisor's choice.
        ("normal", "picked", True, True),
        ("normal", "set_aside", False, False),
        ("not_tested", "", True, True),
        ("not_tested", "", False, False),  # The second visit is in its place.
    ],
)
def test_who_is_answered_for(verdict: str, choice: str, counts: bool, stands: bool) -> None:
    assert rules.stands(verdict, choice, counts=counts) is stands


def _said(order: int, answer: str, month: str, **fields: object) -> Said:
    at = datetime(2026, int(month[5:]), 3, tzinfo=UTC)
    return Said(answer, month, at, order, order, **fields)  # type: ignore[arg-type]


def test_an_open_item_is_what_was_said_of_it() -> None:
    sayings = [
        _said(1, "opened", "2026-01", severity=3, cause="dust", remark="弱"),
        _said(2, "still", "2026-02", severity=2, action="cleaned", remark="更弱"),
        _said(3, "solved", "2026-03"),
    ]
    state = rules.item_state(sayings)
    assert state is not None
    assert (state.state, state.opened_month, state.closed_month) == ("solved", "2026-01", "2026-03")
    assert (state.severity, state.cause, state.action, state.text) == (2, "dust", "cleaned", "弱")
    assert rules.item_state(sayings[:2]).state == "open"  # type: ignore[union-attr]
    assert rules.item_state([]) is None


@pytest.mark.parametrize(
    ("sayings", "withdrawn_on", "expected"),
    [
        (["1 opened"], None, "open 2026-01"),
        # What was set aside is not listened to; what is heard besides makes it anew.
        (["1 opened set_aside"], None, "withdrawn 2026-01"),
        (["1 opened set_aside", "2 still"], None, "open 2026-02"),
        (["1 opened", "2 solved set_aside"], None, "open 2026-01"),
        (["1 opened set_aside", "2 solved"], None, "withdrawn 2026-01"),
        # What nobody found any more can't have been solved.
        (["2 solved"], None, None),
        # The supervisor's word holds against all that was sent before it …
        (["1 opened", "2 still"], 15, "withdrawn 2026-01"),
        (["1 opened", "2 solved"], 15, "withdrawn 2026-01"),
        # … until somebody finds it again.
        (["1 opened", "2 still", "3 still"], 15, "open 2026-01"),
        (["1 opened", "3 still", "4 solved"], 15, "solved 2026-01"),
        (["1 opened", "3 still set_aside"], 15, "withdrawn 2026-01"),
    ],
)
def test_when_an_open_item_is_withdrawn(
    sayings: list[str], withdrawn_on: int | None, expected: str | None
) -> None:
    """A number is the saying's month; the supervisor withdraws it on a day of February."""
    said = [
        _said(int(month), answer, f"2026-0{month}", choice=choice[0] if choice else "")
        for month, answer, *choice in (saying.split() for saying in sayings)
    ]
    withdrawn_at = datetime(2026, 2, withdrawn_on, tzinfo=UTC) if withdrawn_on else None
    state = rules.item_state(said, withdrawn_at)
    assert (f"{state.state} {state.opened_month}" if state else None) == expected


@given(st.permutations(range(5)))
def test_the_order_of_arrival_does_not_matter(order: list[int]) -> None:
    sayings = [
        _said(n, answer, f"2026-0{n + 1}", severity=n % 4 + 1)
        for n, answer in enumerate(["opened", "still", "solved", "still", "solved"])
    ]
    assert rules.item_state([sayings[n] for n in order]) == rules.item_state(sayings)


@pytest.mark.parametrize(
    ("severity", "age", "days", "expected"),
    [
        (1, 0, None, "now"),
        (4, 0, -1, "now"),
        (2, 0, None, "soon"),
        (3, 2, None, "soon"),
        (3, 0, 3, "soon"),
        (3, 1, 4, "calm"),
        (4, 0, None, "calm"),
    ],
)
def test_urgency(severity: int, age: int, days: int | None, expected: str) -> None:
    assert rules.urgency(severity, age, days_to_due=days) == expected


def test_progress_adds_up() -> None:
    figures = rules.progress({"todo": 3, "normal": 5, "not_tested": 1}).as_dict()
    assert figures["total"] == 9
    assert figures["done"] == 6
    assert figures["abnormal"] == 0
