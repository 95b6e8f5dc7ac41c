"""The published holidays, and the contract's own days over them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import holidays
import pytest

from webapp.calendars import china, of_country
from webapp.calendars.contract import calendar_of, calendar_problems
from webapp.errors import AppError
from webapp.workdays import Hours

YEARS = sorted(china().years)
CHINA = calendar_of({}, "Asia/Shanghai")


@pytest.mark.parametrize("year", YEARS)
def test_every_day_of_a_known_year_is_what_an_independent_library_says(year: int) -> None:
    theirs = holidays.country_holidays("CN", years=year)
    day = date(year, 1, 1)
    while day.year == year:
        assert CHINA.is_working_day(day) is theirs.is_working_day(day), day
        day += timedelta(days=1)


@pytest.mark.parametrize(("year", "days_off", "made_up"), [(2025, 28, 5), (2026, 33, 6)])
def test_a_years_notice_is_whole(year: int, days_off: int, made_up: int) -> None:
    assert sum(day.year == year for day in china().holidays) == days_off
    assert sum(day.year == year for day in china().working_days) == made_up
    assert all(day.isoweekday() >= 6 for day in china().working_days)


@pytest.mark.parametrize(
    ("day", "kind", "name"),
    [
        ("2025-10-06", "holiday", "national_day"),
        ("2025-09-28", "make_up", "national_day"),
        ("2025-10-11", "make_up", "national_day"),
        ("2025-10-12", "weekend", ""),
        ("2026-02-14", "make_up", "spring_festival"),
        ("2026-02-15", "holiday", "spring_festival"),
        ("2026-02-23", "holiday", "spring_festival"),
        ("2026-02-24", "working", ""),
        ("2026-02-28", "make_up", "spring_festival"),
        ("2026-10-10", "make_up", "national_day"),
    ],
)
def test_a_day_says_what_it_is_and_of_which_holiday(day: str, kind: str, name: str) -> None:
    found = CHINA.day(date.fromisoformat(day))
    assert (found.kind, found.name, found.known) == (kind, name, True)


def test_a_year_without_a_notice_is_not_taken_for_plain_weekdays() -> None:
    unpublished = date(max(YEARS) + 1, 2, 8)
    with pytest.raises(AppError, match="calendar_year_unknown"):
        CHINA.is_working_day(unpublished)
    assert not CHINA.day(unpublished).known
    assert CHINA.add_working_days(date(max(YEARS), 12, 30), 5).provisional
    assert not CHINA.add_working_days(date(max(YEARS), 12, 1), 5).provisional


def test_the_contract_settles_a_year_and_its_days_win() -> None:
    calendar = calendar_of(
        {
            "known_years": [2027],
            "days": [
                {"on": "2027-01-01", "kind": "holiday", "name": "元旦"},
                {"on": "2026-10-08", "kind": "holiday", "name": "厂休"},
                {"on": "2026-10-10", "kind": "holiday"},
                {"on": "2026-10-07", "kind": "working"},
            ],
        },
        "Asia/Shanghai",
    )
    assert [calendar.is_working_day(date(2026, 10, day)) for day in (7, 8, 9, 10)] == [
        *(True, False, True, False)
    ]
    assert not calendar.is_working_day(date(2027, 1, 1))
    assert calendar.day(date(2026, 10, 8)).name == "厂休"
    assert not calendar.add_working_days(date(2026, 12, 30), 5).provisional


def test_another_country_brings_its_own_holidays_for_the_years_that_were_looked_at() -> None:
    berlin = calendar_of({"country": "de", "known_years": [2026]}, "Europe/Berlin")
    assert not berlin.is_working_day(date(2026, 10, 3))
    assert not berlin.is_working_day(date(2026, 4, 3))
    assert berlin.is_working_day(date(2026, 10, 1))
    with pytest.raises(AppError, match="calendar_year_unknown"):
        berlin.is_working_day(date(2027, 1, 4))
    assert of_country("cn") is china()


def test_hours_of_settings() -> None:
    calendar = calendar_of(
        {"hours": {"1": ["13:00-18:00", "09:00-12:00"], "6": ["00:00-24:00"]}, "country": "none"},
        "Asia/Shanghai",
    )
    assert calendar.hours == {1: (Hours(540, 720), Hours(780, 1080)), 6: (Hours(0, 1440),)}
    assert calendar.make_up_hours == calendar.hours[1]
    assert calendar.known_years is None


@pytest.mark.parametrize(
    ("settings", "problems"),
    [
        ({}, {}),
        ({"country": "none", "weekdays": [7, 1, 2, 3, 4]}, {}),
        ({"country": "DE", "known_years": [2026]}, {}),
        ({"hours": {"1": ["22:00-24:00", "00:00-06:00"]}, "holiday_hours": []}, {}),
        ({"colour": 1}, {"colour": ["unknown_field"]}),
        ({"country": "zz"}, {"country": ["country_unknown"]}),
        ({"country": None}, {"country": ["country_unknown"]}),
        ({"weekdays": []}, {"weekdays": ["weekdays_wrong"]}),
        ({"weekdays": [0]}, {"weekdays": ["weekdays_wrong"]}),
        ({"weekdays": [True]}, {"weekdays": ["weekdays_wrong"]}),
        ({"known_years": ["2027"]}, {"known_years": ["years_wrong"]}),
        ({"hours": []}, {"hours": ["hours_wrong"]}),
        ({"hours": {}}, {"hours": ["hours_missing"]}),
        ({"hours": {"1": []}}, {"hours": ["hours_missing"]}),
        ({"hours": {"8": ["09:00-18:00"]}}, {"hours.8": ["weekdays_wrong"]}),
        ({"hours": {"1": ["18:00-09:00"]}}, {"hours.1": ["hours_wrong"]}),
        ({"hours": {"1": ["9-18"]}}, {"hours.1": ["hours_wrong"]}),
        ({"hours": {"1": ["20:00-24:30"]}}, {"hours.1": ["hours_wrong"]}),
        ({"hours": {"1": "09:00-18:00"}}, {"hours.1": ["hours_wrong"]}),
        ({"hours": {"1": ["09:00-12:00", "11:59-18:00"]}}, {"hours.1": ["hours_overlap"]}),
        ({"make_up_hours": ["x"]}, {"make_up_hours": ["hours_wrong"]}),
        ({"days": {}}, {"days": ["days_wrong"]}),
        ({"days": [{"on": "2026-02-30", "kind": "holiday"}]}, {"days.0": ["days_wrong"]}),
        ({"days": [{"on": "20260201", "kind": "holiday"}]}, {"days.0": ["days_wrong"]}),
        ({"days": [{"on": "2026-02-01", "kind": "feast"}]}, {"days.0": ["days_wrong"]}),
        (
            {"days": [{"on": 5, "kind": "holiday"}, 7]},
            {"days.0": ["days_wrong"], "days.1": ["days_wrong"]},
        ),
        (
            {
                "days": [
                    {"on": "2026-02-01", "kind": "holiday"},
                    {"on": "2026-02-01", "kind": "working"},
                ]
            },
            {"days.1": ["day_twice"]},
        ),
        ({"days": [{}] * 401}, {"days": ["too_many"]}),
    ],
)
def test_what_is_wrong_with_a_calendar_has_a_place_and_a_code(
    settings: dict[str, Any], problems: dict[str, list[str]]
) -> None:
    assert calendar_problems(settings) == problems
    if not problems:
        calendar_of(settings, "Asia/Shanghai")


def test_the_named_days_of_some_years_are_told_in_order() -> None:
    told = CHINA.named_days(range(2026, 2027))
    assert len(told) == 33 + 6
    assert [(str(day.on), day.kind) for day in told[2:5]] == [
        ("2026-01-03", "holiday"),
        ("2026-01-04", "make_up"),
        ("2026-02-14", "make_up"),
    ]
