"""Working days and service hours: tables, and a minute-by-minute reckoning beside them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cases.naive import MINUTE, Minutes, minutes_of
from tests.cases.samples import (
    BERLIN,
    BERLIN_NIGHTS,
    CHINA,
    CHINA_SPLIT,
    local,
    shown,
)
from webapp.workdays import Hours, WorkCalendar

ALL_DAY = {day: (Hours(0, 1440),) for day in range(1, 8)}
NIGHT = {day: (Hours(0, 150), Hours(1320, 1440)) for day in range(1, 8)}
DAYS = 12
# Name → calendar and the first day (UTC) of a window around what is hard about it.
PLACES: dict[str, tuple[WorkCalendar, datetime]] = {
    "spring festival": (CHINA_SPLIT, datetime(2026, 2, 11, tzinfo=UTC)),
    "national day 2025": (CHINA, datetime(2025, 9, 27, tzinfo=UTC)),
    "national day 2026": (CHINA_SPLIT, datetime(2026, 9, 30, tzinfo=UTC)),
    "clocks forward": (BERLIN_NIGHTS, datetime(2026, 3, 25, tzinfo=UTC)),
    "clocks back": (BERLIN_NIGHTS, datetime(2026, 10, 20, tzinfo=UTC)),
    # No midnight at all, two of them, and a change by half an hour.
    "beirut forward": (WorkCalendar("Asia/Beirut", hours=NIGHT), datetime(2026, 3, 24, tzinfo=UTC)),
    "beirut back": (WorkCalendar("Asia/Beirut", hours=NIGHT), datetime(2026, 10, 20, tzinfo=UTC)),
    "havana back": (
        WorkCalendar("America/Havana", hours=NIGHT),
        datetime(2026, 10, 27, tzinfo=UTC),
    ),
    "lord howe": (
        WorkCalendar("Australia/Lord_Howe", hours=ALL_DAY, holiday_hours=()),
        datetime(2026, 3, 31, tzinfo=UTC),
    ),
}


@cache
def table_of(place: str) -> Minutes:
    calendar, first = PLACES[place]
    return minutes_of(calendar, first, DAYS)


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        # A Friday evening: the first working day is Monday.
        ("2026-03-06", 1, "2026-03-09"),
        ("2026-03-06", 10, "2026-03-20"),
        ("2026-03-07", 1, "2026-03-09"),
        # Spring Festival 2026: Saturday the 14th works, nine days off, Saturday the 28th works.
        ("2026-02-13", 1, "2026-02-14"),
        ("2026-02-13", 2, "2026-02-24"),
        ("2026-02-13", 10, "2026-03-05"),
        ("2026-02-13", 20, "2026-03-19"),
        # National Day 2025 with Mid-Autumn: Sunday 28 September and Saturday 11 October work.
        ("2025-09-26", 1, "2025-09-28"),
        ("2025-09-26", 3, "2025-09-30"),
        ("2025-09-26", 4, "2025-10-09"),
        ("2025-09-26", 10, "2025-10-16"),
        # National Day 2026.
        ("2026-09-30", 3, "2026-10-10"),
        ("2026-09-30", 10, "2026-10-20"),
        # Over the year's end, into the make-up Sunday after New Year 2026.
        ("2025-12-31", 1, "2026-01-04"),
        ("2025-12-31", 2, "2026-01-05"),
        # Backwards, and nowhere.
        ("2026-02-24", -1, "2026-02-14"),
        ("2026-03-09", -1, "2026-03-06"),
        ("2026-02-16", 0, "2026-02-16"),
    ],
)
def test_working_days(start: str, count: int, end: str) -> None:
    reckoned = CHINA.add_working_days(date.fromisoformat(start), count)
    assert (reckoned.value.isoformat(), reckoned.unknown_years) == (end, ())


def test_a_term_into_a_year_that_is_not_published_names_the_year() -> None:
    reckoned = CHINA.add_working_days(date(2026, 12, 25), 10)
    assert (reckoned.value, reckoned.unknown_years) == (date(2027, 1, 8), (2027,))
    assert CHINA.add_working_time(local("2026-12-31 17:00"), timedelta(hours=2)).unknown_years == (
        2027,
    )
    assert CHINA.working_time_between(
        local("2024-12-31 09:00"), local("2025-01-02 10:00")
    ).unknown_years == (2024,)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-03-02 10:00", 4, "2026-03-02 15:30"),
        ("2026-03-02 10:00", 2, "2026-03-02 12:00"),  # The closing, not the next opening.
        ("2026-03-02 12:10", 1, "2026-03-02 14:30"),
        ("2026-03-06 17:00", 2, "2026-03-07 10:00"),  # The hotline is there on Saturday morning.
        ("2026-03-07 11:00", 2, "2026-03-09 10:00"),
        ("2026-02-14 17:00", 3, "2026-02-16 11:00"),  # An hour on each day of the festival.
        ("2026-03-02 10:00", 0, "2026-03-02 10:00"),
        ("2026-03-09 10:00", -2, "2026-03-07 11:00"),
        ("2026-03-07 12:00", -3, "2026-03-07 09:00"),
        ("2026-03-08 12:00", -3, "2026-03-07 09:00"),
    ],
)
def test_service_hours(start: str, hours: float, end: str) -> None:
    found = CHINA_SPLIT.add_working_time(local(start), timedelta(hours=hours)).value
    assert shown(found) == end


@pytest.mark.parametrize(
    ("start", "until", "hours"),
    [
        # The night of 29 March 2026 has no 2:00 to 3:00; that of 25 October has it twice.
        ("2026-03-28 21:00", "2026-03-29 08:00", 4),
        ("2026-10-24 21:00", "2026-10-25 08:00", 5),
        ("2026-03-27 21:00", "2026-03-28 08:00", 4.5),
        ("2026-03-28 08:00", "2026-03-27 21:00", -4.5),
    ],
)
def test_service_hours_where_the_clocks_are_changed(start: str, until: str, hours: float) -> None:
    spans = local(start, BERLIN_NIGHTS), local(until, BERLIN_NIGHTS)
    assert BERLIN_NIGHTS.working_time_between(*spans).value == timedelta(hours=hours)


def test_days_begin_and_end_at_the_contracts_place() -> None:
    assert CHINA.local_day(datetime(2026, 3, 1, 16, 0, tzinfo=UTC)) == date(2026, 3, 2)
    assert CHINA.end_of(date(2026, 3, 1)) == datetime(2026, 3, 1, 16, 0, tzinfo=UTC)
    assert BERLIN.end_of(date(2026, 3, 29)) - BERLIN.start_of(date(2026, 3, 29)) == timedelta(
        hours=23
    )
    assert shown(CHINA.opening_of(date(2026, 3, 2))) == "2026-03-02 09:00"
    assert shown(CHINA.opening_of(date(2026, 3, 1))) == "2026-03-01 00:00"
    assert shown(CHINA.next_served(local("2026-02-14 18:00"))) == "2026-02-24 09:00"
    assert shown(CHINA.next_served(local("2026-02-14 17:59"))) == "2026-02-14 17:59"


@pytest.mark.parametrize(
    "wrong",
    [
        {"weekdays": frozenset[int]()},
        {"weekdays": frozenset({0})},
        {"hours": {}},
        {"hours": {1: (Hours(600, 700), Hours(650, 800))}},
        {"hours": {1: (Hours(600, 700), Hours(0, 100))}},
    ],
)
def test_a_calendar_on_which_nothing_could_end_is_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match=r"calendar needs|overlap"):
        WorkCalendar("Asia/Shanghai", **wrong)
    with pytest.raises(ValueError, match="no hours"):
        Hours(600, 600)


@settings(deadline=None, max_examples=120)
@given(st.sampled_from(sorted(PLACES)), st.data())
def test_service_time_is_what_minutes_say(place: str, data: st.DataObject) -> None:
    calendar, table = PLACES[place][0], table_of(place)
    ends = st.integers(0, len(table.days) - 1)
    start, until = sorted((data.draw(ends), data.draw(ends)))
    served = [index for index in range(start, until) if table.served[index]]
    minutes = len(served) * MINUTE
    assert calendar.working_time_between(table.at(start), table.at(until)).value == minutes

    # All of it has passed right after the last served minute, and lies ahead right before the first.
    after = served[-1] + 1 if served else start
    assert calendar.add_working_time(table.at(start), minutes).value == table.at(after)
    before = served[0] if served else until
    assert calendar.add_working_time(table.at(until), -minutes).value == table.at(before)


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(sorted(PLACES)), st.data())
def test_local_days_are_what_minutes_say(place: str, data: st.DataObject) -> None:
    calendar, table = PLACES[place][0], table_of(place)
    index = data.draw(st.integers(0, len(table.days) - 1))
    on = table.days[index]
    assert calendar.local_day(table.at(index)) == on
    assert calendar.start_of(on) <= table.at(index) < calendar.end_of(on)


@given(
    st.dates(date(2025, 3, 1), date(2026, 11, 1)),
    st.integers(-30, 30),
)
def test_the_nth_working_day_has_n_working_days_up_to_it(on: date, count: int) -> None:
    found = CHINA.add_working_days(on, count).value
    assert (found - on).days * count >= 0
    assert count == 0 or CHINA.is_working_day(found)
    first, last = (on, found) if count >= 0 else (found, on)
    between = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    counted = between[1:] if count >= 0 else between[:-1]
    assert sum(CHINA.is_working_day(day) for day in counted) == abs(count)
    # Between two days the later is counted; so from a free day back, the working days differ by none.
    assert CHINA.working_days_between(on, found) == (
        count if count >= 0 else -sum(CHINA.is_working_day(day) for day in between[1:])
    )
