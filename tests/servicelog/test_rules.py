"""What may be written in a service log and when, decided without a database."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from webapp.errors import AppError
from webapp.servicelog import rules

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 3, 2)


@pytest.mark.parametrize("text", ["2026-3-2", "2026-02-30", "20260302", "1999-12-31", "heute", ""])
def test_what_is_no_day_is_not_found(text: str) -> None:
    with pytest.raises(AppError, match="not_found"):
        rules.day_named(text)


@pytest.mark.parametrize(
    ("month", "first", "last"),
    [
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2028-02", date(2028, 2, 1), date(2028, 2, 29)),
    ],
)
def test_a_month_has_its_days(month: str, first: date, last: date) -> None:
    assert rules.month_days(month) == (first, last)


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "1999-01", "x"])
def test_what_is_no_month_is_not_found(month: str) -> None:
    with pytest.raises(AppError, match="not_found"):
        rules.month_days(month)


def test_a_day_begins_and_ends_where_the_contract_is() -> None:
    start, end = rules.bounds(DAY, DAY, SHANGHAI)
    assert (start, end) == (
        datetime(2026, 3, 1, 16, tzinfo=UTC),
        datetime(2026, 3, 2, 16, tzinfo=UTC),
    )
    assert rules.day_of(start, SHANGHAI) == DAY
    assert rules.day_of(end, SHANGHAI) == date(2026, 3, 3)


def test_the_clock_of_the_place_gives_the_moment() -> None:
    at = rules.moment_of(DAY, "09:30", SHANGHAI)
    assert at == datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    with pytest.raises(AppError, match="invalid"):
        rules.moment_of(DAY, "24:00", SHANGHAI)


@pytest.mark.parametrize(
    ("day", "signed_at", "code"),
    [
        (DAY, None, None),
        (date(2026, 3, 1), None, None),
        (date(2026, 3, 3), None, "log_day_to_come"),
        (DAY, datetime(2026, 3, 2, 10, tzinfo=UTC), "log_day_signed"),
    ],
)
def test_a_day_is_written_once_it_has_come_and_until_it_is_signed(
    day: date, signed_at: datetime | None, code: str | None
) -> None:
    if code is None:
        rules.check_writable(day, DAY, signed_at)
        return
    with pytest.raises(AppError, match=code):
        rules.check_writable(day, DAY, signed_at)


def test_what_came_or_grew_after_the_signature_is_late() -> None:
    lines: list[dict[str, Any]] = [
        {"key": "case:1", "devices": 0},
        {"key": "visit:7", "devices": 3},
        {"key": "visit:8", "devices": 2},
    ]
    seen = [
        rules.mark_of({"key": "case:1", "devices": 0}),
        rules.mark_of({"key": "visit:7", "devices": 2}),
    ]
    assert rules.marked_late(lines, seen) == [False, True, True]
    assert rules.marked_late(lines, None) == [False, False, False]
