"""How hours after hours are counted, whose year they are of, what is free, and when that ends."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.hours import rules

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAYS = st.dates(date(2000, 1, 1), date(2199, 12, 31))
STARTS = st.dates(date(2024, 1, 1), date(2024, 12, 31)).map(lambda day: day.strftime("%m-%d"))


def there(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def counted(begin: str, end: str, rest: int = 0, rounding: rules.Rounding = "up") -> float:
    return rules.counted_half_hours(there(begin), there(end), rest, rounding) / 2


@pytest.mark.parametrize(
    ("begin", "end", "rest", "up", "nearest"),
    [
        ("2026-03-02T19:00", "2026-03-02T22:00", 0, 3, 3),
        ("2026-03-02T19:00", "2026-03-02T19:01", 0, 0.5, 0.5),
        ("2026-03-02T19:00", "2026-03-02T19:30", 0, 0.5, 0.5),
        ("2026-03-02T19:00", "2026-03-02T19:31", 0, 1, 0.5),
        ("2026-03-02T19:00", "2026-03-02T19:45", 0, 1, 1),
        ("2026-03-02T19:00", "2026-03-02T22:10", 20, 3, 3),
        # A night, over a month's end, over a year's end, and over a leap day.
        ("2026-03-02T22:15", "2026-03-03T02:00", 0, 4, 4),
        ("2026-02-28T23:00", "2026-03-01T01:00", 0, 2, 2),
        ("2028-02-28T23:00", "2028-03-01T01:00", 0, 26, 26),
        ("2026-12-31T20:00", "2027-01-01T03:10", 30, 7, 6.5),
    ],
)
def test_half_hours(begin: str, end: str, rest: int, up: float, nearest: float) -> None:
    assert counted(begin, end, rest) == up
    assert counted(begin, end, rest, "nearest") == nearest


def test_the_client_counts_the_same() -> None:
    vectors = json.loads((Path(__file__).parents[1] / "vectors" / "hours.json").read_text())
    begin = there("2026-03-02T19:00")
    for vector in vectors:
        end = begin + timedelta(minutes=vector["minutes"])
        assert rules.counted_half_hours(begin, end, 0) / 2 == vector["up"]
        assert rules.counted_half_hours(begin, end, 0, "nearest") / 2 == vector["nearest"]


def test_what_is_counted_is_the_time_that_passed_when_clocks_are_changed() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    # One begins in UTC, as the server stores it: wall clocks of one zone subtract without their change.
    spring = there("2026-03-29T00:00", berlin).astimezone(UTC)
    assert rules.counted_half_hours(spring, there("2026-03-29T06:00", berlin), 0) == 10
    autumn = there("2026-10-25T00:00", berlin).astimezone(UTC)
    assert rules.counted_half_hours(autumn, there("2026-10-25T06:00", berlin), 0) == 14


@given(minutes=st.integers(1, 24 * 60), rest=st.integers(0, 600), more=st.integers(0, 60))
def test_rounding_is_near_and_never_shrinks(minutes: int, rest: int, more: int) -> None:
    begin = there("2026-03-02T19:00")
    worked = minutes - rest
    if worked <= 0:
        return
    up = rules.counted_half_hours(begin, begin + timedelta(minutes=minutes), rest)
    near = rules.counted_half_hours(begin, begin + timedelta(minutes=minutes), rest, "nearest")
    assert worked <= up * 30 < worked + 30
    assert near == 1 or abs(near * 30 - worked) <= 15
    assert near <= up
    later = rules.counted_half_hours(begin, begin + timedelta(minutes=minutes + more), rest)
    assert later >= up


@pytest.mark.parametrize(
    ("begin", "end", "rest", "wrong"),
    [
        ("2026-03-02T19:00", "2026-03-02T19:00", 0, {"ended_at": ["ends_before_it_begins"]}),
        ("2026-03-02T19:00", "2026-03-02T18:00", 0, {"ended_at": ["ends_before_it_begins"]}),
        ("2026-03-02T19:00", "2026-03-03T19:00", 0, {}),
        ("2026-03-02T19:00", "2026-03-03T19:01", 0, {"ended_at": ["longer_than_a_day"]}),
        ("2026-03-09T19:00", "2026-03-10T08:01", 0, {"ended_at": ["not_over_yet"]}),
        ("2026-03-02T19:00", "2026-03-02T20:00", 60, {"break_minutes": ["break_too_long"]}),
        ("2026-03-02T19:00", "2026-03-02T20:00", 59, {}),
        ("2026-03-02T19:00", "2026-03-02T20:00", -1, {"break_minutes": ["break_too_long"]}),
    ],
)
def test_what_is_no_entry(begin: str, end: str, rest: int, wrong: dict[str, list[str]]) -> None:
    now = there("2026-03-10T08:00")
    assert rules.entry_problems(there(begin), there(end), rest, now) == wrong


@given(day=DAYS, starts=STARTS)
def test_each_day_lies_in_one_contract_year(day: date, starts: str) -> None:
    year = rules.contract_year(day, starts)
    assert year.starts_on <= day <= year.ends_on
    assert year.year == year.starts_on.year
    assert year.days in {365, 366}
    assert rules.contract_year(year.ends_on + timedelta(days=1), starts).year == year.year + 1
    assert rules.contract_year(year.starts_on, starts) == year


@pytest.mark.parametrize(
    ("day", "starts", "begins"),
    [
        ("2026-02-28", "03-01", "2025-03-01"),
        ("2026-03-01", "03-01", "2026-03-01"),
        ("2026-02-27", "02-29", "2025-02-28"),
        ("2026-02-28", "02-29", "2026-02-28"),
        ("2028-02-28", "02-29", "2027-02-28"),
        ("2028-02-29", "02-29", "2028-02-29"),
    ],
)
def test_the_first_day_of_a_year(day: str, starts: str, begins: str) -> None:
    year = rules.contract_year(date.fromisoformat(day), starts)
    assert year.starts_on == date.fromisoformat(begins)


def test_a_year_begins_as_settled_or_as_the_contract_did() -> None:
    settled = rules.HoursTerms(year_starts="07-01")
    assert rules.year_starts(settled, date(2026, 3, 9)) == "07-01"
    assert rules.year_starts(rules.HoursTerms(), date(2026, 3, 9)) == "03-09"
    assert rules.year_starts(rules.HoursTerms(), None) == "01-01"


@given(
    lines=st.lists(st.tuples(st.integers(1, 48), st.booleans()), max_size=40),
    free=st.integers(0, 400),
)
def test_what_is_charged_in_all_is_what_lies_beyond_the_free(
    lines: list[tuple[int, bool]], free: int
) -> None:
    total, charged = 0, 0
    standing: list[int] = []
    for half_hours, void in lines:
        # A line that voids one that stands, or a new one.
        moved = -standing.pop() if void and standing else half_hours
        if moved > 0:
            standing.append(moved)
        total += moved
        one = rules.charged_half_hours(total, moved, free)
        assert 0 <= abs(one) <= abs(moved)
        assert one * moved >= 0
        charged += one
    assert total == sum(standing)
    assert charged == max(0, total - free)


def test_the_eightieth_hour_is_free_and_the_next_half_is_not() -> None:
    assert rules.charged_half_hours(160, 4, 160) == 0
    assert rules.charged_half_hours(161, 1, 160) == 1
    assert rules.charged_half_hours(163, 6, 160) == 3
    assert rules.charged_half_hours(157, -6, 160) == -3


def test_money_is_decimal() -> None:
    terms = rules.HoursTerms(rate="0.15")
    assert terms.amount_of(1) == "0.08"
    assert terms.amount_of(-1) == "-0.08"
    assert rules.HoursTerms(rate="180.10").amount_of(7) == "630.35"
    assert rules.HoursTerms().amount_of(7) is None


@given(rate=st.decimals(0, 9999, places=2), half_hours=st.integers(-200, 200))
def test_a_price_is_exact_to_the_cent(rate: Decimal, half_hours: int) -> None:
    amount = rules.HoursTerms(rate=str(rate)).amount_of(half_hours)
    assert amount is not None
    assert abs(Decimal(amount) - rate * half_hours / 2) <= Decimal("0.005")


YEAR = rules.contract_year(date(2026, 6, 1), "01-01")


def projected(today: str, *entries: tuple[str, int], free: int = 160) -> rules.Projection:
    lines = [(date.fromisoformat(day), half_hours) for day, half_hours in entries]
    return rules.projection(YEAR, date.fromisoformat(today), lines, free)


def test_the_projected_end() -> None:
    # Half of the free ones in 73 days, a fifth of the year: all of them in 146.
    ends = projected("2026-03-14", ("2026-01-20", 40), ("2026-03-02", 40))
    assert ends == rules.Projection("ends", date(2026, 5, 26), 400)
    lasts = projected("2026-03-14", ("2026-01-20", 20))
    assert lasts == rules.Projection("lasts", None, 100)
    assert projected("2026-03-14") == rules.Projection("lasts", None, 0)
    assert projected("2026-01-13", ("2026-01-02", 60)).kind == "early"
    up = projected("2026-04-01", ("2026-03-20", 100), ("2026-01-02", 90))
    assert (up.kind, up.ends_on) == ("used_up", date(2026, 3, 20))
    assert projected("2027-02-01", ("2026-03-20", 100)) == rules.Projection("over", None, 100)


@given(
    days=st.lists(st.tuples(st.integers(0, 364), st.integers(1, 48)), max_size=30),
    today=st.integers(0, 500),
    free=st.integers(1, 400),
)
def test_a_projected_end_lies_ahead_and_within_the_year(
    days: list[tuple[int, int]], today: int, free: int
) -> None:
    as_of = YEAR.starts_on + timedelta(days=today)
    lines = [(YEAR.starts_on + timedelta(days=min(day, today)), half) for day, half in days]
    used = sum(half for _, half in lines)
    found = rules.projection(YEAR, as_of, lines, free)
    assert (found.kind == "used_up") == (used >= free)
    if found.kind == "ends":
        assert found.ends_on is not None
        assert as_of <= found.ends_on <= YEAR.ends_on
    if found.kind == "lasts":
        assert (found.half_hours_at_end or 0) <= free


@pytest.mark.parametrize(
    ("stored", "wrong"),
    [
        ({}, {}),
        ({"free_hours": 80, "year_starts": "02-29", "rounding": "nearest"}, {}),
        ({"rate_key": "engineer", "free_hours": 0.5}, {}),
        ({"rate_key": "", "year_starts": None}, {}),
        ({"free_hours": -1}, {"free_hours": ["too_small"]}),
        ({"free_hours": 80.25}, {"free_hours": ["not_whole"]}),
        ({"free_hours": 10_001}, {"free_hours": ["too_large"]}),
        ({"free_hours": float("nan")}, {"free_hours": ["too_small"]}),
        ({"free_hours": "80"}, {"free_hours": ["not_a_number"]}),
        ({"free_hours": True}, {"free_hours": ["not_a_number"]}),
        ({"year_starts": "02-30"}, {"year_starts": ["invalid"]}),
        ({"year_starts": "3-1"}, {"year_starts": ["invalid"]}),
        ({"year_starts": "１２-０１"}, {"year_starts": ["invalid"]}),
        ({"rounding": "down"}, {"rounding": ["invalid"]}),
        ({"rate_key": "nobody"}, {"rate_key": ["invalid"]}),
        ({"rate_key": None}, {"rate_key": ["invalid"]}),
        ({"rate": "180.00"}, {"rate": ["unknown_field"]}),
        ({"colour": "red"}, {"colour": ["unknown_field"]}),
    ],
)
def test_the_terms_are_judged(stored: dict[str, Any], wrong: dict[str, list[str]]) -> None:
    assert rules.terms_problems(stored, {"engineer"}) == wrong
