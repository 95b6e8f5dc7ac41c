"""When a lamp comes to its limit: by a table, and against a naive reckoning month by month."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.desk.forecast.rules import (
    HORIZON_MONTHS,
    Point,
    Wear,
    confidence,
    forecast,
    monthly_rate,
    spread_use,
    wear,
    without_slips,
)
from webapp.rounds.rules import add_months


def months(count: int, start: str = "2026-01") -> list[str]:
    return [add_months(start, number) for number in range(count)]


def points(*hours: float | None) -> list[Point]:
    """A reading a month from January on; None where there was none."""
    named = zip(months(len(hours)), hours, strict=True)
    return [Point(month, value) for month, value in named if value is not None]


CASES: list[tuple[str, list[Point], set[str], dict[str, Any]]] = [
    ("one reading", points(500), set(), {"hours": 500, "rates": (), "since": None}),
    ("a steady lamp", points(500, 600, 700), set(), {"hours": 700, "rates": (100, 100)}),
    ("a month without a reading", points(500, None, 700), set(), {"rates": (100,), "hours": 700}),
    (
        "replaced, read afterwards",
        points(2400, 2500, 5, 105),
        {"2026-03"},
        {"hours": 105, "since": "2026-03", "rates": (100,), "not_reset": False},
    ),
    (
        "replaced, read before",
        points(2400, 2500, 2600, 95),
        {"2026-03"},
        {"hours": 95, "since": "2026-03", "borrowed": True, "rates": (100, 100)},
    ),
    (
        "replaced just now, read before: what comes next is not out",
        points(2400, 2500, 2600),
        {"2026-03"},
        {"hours": 0, "since": "2026-03", "borrowed": True, "not_reset": False},
    ),
    (
        "replaced, and the counter ran on",
        points(2400, 2500, 2600, 2700),
        {"2026-03"},
        {"hours": 100, "since": "2026-03", "not_reset": True, "rates": (100,)},
    ),
    (
        "replaced without a word",
        points(2400, 2500, 20, 120, 220),
        set(),
        {"hours": 220, "since": "2026-03", "rates": (100, 100)},
    ),
    (
        "a digit forgotten",
        points(2400, 250, 2600, 2700),
        set(),
        {"hours": 2700, "since": None, "rates": (100, 100)},
    ),
    (
        "a digit too many",
        points(2400, 25000, 2600, 2700),
        set(),
        {"hours": 2700, "since": None, "rates": (100, 100)},
    ),
    (
        "replaced twice",
        points(900, 10, 110, 5, 105, 205),
        {"2026-02", "2026-04"},
        {"hours": 205, "since": "2026-04", "rates": (100, 100)},
    ),
]


@pytest.mark.parametrize(("case", "read", "replaced", "expected"), CASES, ids=[c[0] for c in CASES])
def test_the_part_that_runs_now(
    case: str, read: list[Point], replaced: set[str], expected: dict[str, Any]
) -> None:
    worn = wear(read, replaced)
    assert worn is not None
    assert {name: getattr(worn, name) for name in expected} == expected
    assert wear(read[::-1], replaced) == worn


def test_without_a_reading_nothing_is_worn() -> None:
    assert wear([], {"2026-01"}) is None


RATED = Wear("2026-03", 3900, None, (100.0, 120.0, 110.0, 100.0))


@pytest.mark.parametrize(
    ("worn", "limit", "state", "month", "trust"),
    [
        (RATED, 4250, "expected", "2026-07", "good"),
        (RATED, 3900, "due", "2026-03", "good"),
        (RATED, None, "no_limit", None, "good"),
        (RATED, 17000, "later", None, "good"),
        (Wear("2026-03", 10, None, ()), 4250, "no_rate", None, "none"),
        (Wear("2026-03", 10, None, (0.0, 0.0)), 4250, "idle", None, "fair"),
        (Wear("2026-03", 3900, None, (100.0,)), 4000, "expected", "2026-04", "rough"),
        (
            Wear("2026-03", 5, "2026-03", (100.0,) * 6, borrowed=True),
            400,
            "expected",
            "2026-07",
            "rough",
        ),
        # Read last in autumn: by now its month has passed, and somebody should look.
        (Wear("2025-09", 3900, None, (100.0, 100.0)), 4000, "expected", "2026-03", "fair"),
    ],
)
def test_the_month_of_replacement(
    worn: Wear, limit: float | None, state: str, month: str | None, trust: str
) -> None:
    made = forecast(worn, limit, "2026-03")
    assert (made.state, made.month, made.confidence) == (state, month, trust)


@given(
    hours=st.floats(0, 5000),
    rates=st.lists(st.floats(0.5, 400), min_size=1, max_size=9),
    limit=st.floats(1, 6000),
)
def test_the_month_is_the_first_in_which_the_hours_reach_the_limit(
    hours: float, rates: list[float], limit: float
) -> None:
    worn = Wear("2026-03", hours, None, tuple(rates))
    made = forecast(worn, limit, "2026-03")
    rate = monthly_rate(rates)
    assert rate is not None
    ahead = 0
    while hours + rate * ahead < limit * (1 - 1e-12) and ahead <= HORIZON_MONTHS:
        ahead += 1
    if ahead == 0:
        assert made.state in ("due", "expected")
    elif ahead > HORIZON_MONTHS:
        assert made.state == "later"
    elif made.month is not None:
        # Where the last hour falls on the border, a month's difference is that of a rounding.
        assert made.month in (add_months("2026-03", ahead), add_months("2026-03", ahead + 1))


@given(st.lists(st.floats(0, 500), min_size=5, max_size=6), st.floats(0, 100_000))
def test_one_wild_month_moves_the_rate_no_further_than_its_neighbours(
    rates: list[float], wild: float
) -> None:
    moved = monthly_rate([*rates[:-1], wild])
    assert moved is not None
    assert min(rates[:-1]) <= moved <= max(rates[:-1])


@pytest.mark.parametrize(
    ("rates", "borrowed", "word"),
    [
        ((), False, "none"),
        ((100.0,), False, "rough"),
        ((100.0, 110.0), False, "fair"),
        ((100.0, 110.0, 90.0, 100.0), False, "good"),
        ((10.0, 300.0, 20.0, 200.0), False, "fair"),
        ((100.0, 110.0, 90.0, 100.0), True, "rough"),
        ((0.0, 0.0, 0.0, 0.0), False, "good"),
    ],
)
def test_how_far_a_rate_is_trusted(rates: tuple[float, ...], borrowed: bool, word: str) -> None:
    assert confidence(rates, borrowed=borrowed) == word


@given(st.lists(st.integers(0, 400), min_size=2, max_size=14), st.integers(0, 3000))
def test_a_counter_that_only_rises_loses_no_reading(steps: list[int], start: int) -> None:
    rising = [start + sum(steps[: number + 1]) for number in range(len(steps))]
    read = points(*rising)
    assert without_slips(read, set()) == read
    worn = wear(read, set())
    assert worn is not None
    assert list(worn.rates) == steps[1:]


@given(st.integers(0, 500), st.integers(0, 14), st.integers(1, 6))
def test_the_pieces_to_buy_are_the_average_rounded_up_once(
    total: int, rounds: int, ahead: int
) -> None:
    spread = spread_use(total, rounds, ahead)
    assert len(spread) == ahead
    assert sum(spread) == (-(-total * ahead // rounds) if rounds else 0)
    if rounds:
        assert max(spread) - min(spread) <= 1
