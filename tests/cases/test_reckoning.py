"""When terms are over, when to warn and to escalate: the contract's cases, and minutes beside them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cases import naive
from tests.cases.samples import BERLIN, BERLIN_NIGHTS, CHINA, CHINA_SPLIT, local, shown
from webapp.cases.reckoning import (
    Pause,
    counted_time,
    days_left,
    due_at,
    merge_pauses,
    moments_of,
)
from webapp.cases.terms import DEFAULTS, ClockKind, ClockTerms, Unit
from webapp.workdays import WorkCalendar

SERVICE = replace(DEFAULTS["response"], amount=4, unit="service_hours", warn_before=(1,))


def pauses_of(*spans: tuple[str, str], calendar: WorkCalendar = CHINA) -> list[Pause]:
    return [Pause(local(start, calendar), local(until, calendar)) for start, until in spans]


@pytest.mark.parametrize(
    ("kind", "start", "at", "on"),
    [
        # Clause 42: an hour is an hour, at night and on holidays too.
        ("response", "2026-03-06 18:20", "2026-03-06 19:20", None),
        ("response", "2026-02-17 23:30", "2026-02-18 00:30", None),
        ("response", "2025-12-31 23:30", "2026-01-01 00:30", None),
        # Clause 38.
        ("cause_report", "2026-02-16 10:05", "2026-02-17 10:05", None),
        # Clause 39 ∆: three calendar days, the day of the response not counted, no roll-over.
        ("vendor_report", "2026-03-06 09:00", "2026-03-10 00:00", "2026-03-09"),
        ("vendor_report", "2026-03-05 18:00", "2026-03-09 00:00", "2026-03-08"),
        ("vendor_report", "2026-02-13 18:00", "2026-02-17 00:00", "2026-02-16"),
        # Clause 40: ten and twenty working days from the confirmation.
        ("repair_domestic", "2026-03-06 19:00", "2026-03-21 00:00", "2026-03-20"),
        ("repair_domestic", "2026-02-13 10:00", "2026-03-06 00:00", "2026-03-05"),
        ("repair_domestic", "2026-02-18 10:00", "2026-03-07 00:00", "2026-03-06"),
        ("repair_domestic", "2025-09-26 10:00", "2025-10-17 00:00", "2025-10-16"),
        ("repair_domestic", "2026-09-30 10:00", "2026-10-21 00:00", "2026-10-20"),
        ("repair_domestic", "2025-12-26 10:00", "2026-01-13 00:00", "2026-01-12"),
        ("repair_abroad", "2026-02-13 10:00", "2026-03-20 00:00", "2026-03-19"),
        # Clause 48.
        ("complaint", "2026-03-06 23:59", "2026-03-12 00:00", "2026-03-11"),
        ("complaint", "2026-03-07 00:00", "2026-03-12 00:00", "2026-03-11"),
        ("complaint", "2026-02-12 09:00", "2026-02-25 00:00", "2026-02-24"),
        ("complaint", "2025-09-27 09:00", "2025-10-01 00:00", "2025-09-30"),
    ],
)
def test_the_contracts_terms(kind: ClockKind, start: str, at: str, on: str | None) -> None:
    due = due_at(DEFAULTS[kind], CHINA, local(start))
    assert shown(due.at) == at
    assert (due.on.isoformat() if due.on else None) == on
    assert not due.provisional


def test_a_term_into_an_unpublished_year_is_provisional_and_says_why() -> None:
    due = due_at(DEFAULTS["repair_domestic"], CHINA, local("2026-12-25 10:00"))
    assert due.provisional
    assert due.unknown_years == (2027,)
    assert not due_at(DEFAULTS["vendor_report"], CHINA, local("2026-12-30 10:00")).provisional
    assert not due_at(DEFAULTS["response"], CHINA, local("2026-12-31 23:30")).provisional
    assert due_at(SERVICE, CHINA, local("2026-12-31 17:00")).unknown_years == (2027,)


@pytest.mark.parametrize(
    ("unit", "amount", "start", "shown_due"),
    [
        # 29 March 2026 lacks an hour, 25 October has one more: hours are hours, days are days.
        ("hours", 24, "2026-03-28 10:00", "2026-03-29 11:00"),
        ("hours", 24, "2026-10-24 10:00", "2026-10-25 09:00"),
        ("calendar_days", 1, "2026-03-28 10:00", "2026-03-30 00:00"),
        ("calendar_days", 1, "2026-10-24 10:00", "2026-10-26 00:00"),
        ("working_days", 1, "2026-03-27 18:00", "2026-03-31 00:00"),
    ],
)
def test_terms_where_the_clocks_are_changed(
    unit: Unit, amount: float, start: str, shown_due: str
) -> None:
    terms = ClockTerms("response", amount, unit)
    assert shown(due_at(terms, BERLIN, local(start, BERLIN)).at, BERLIN) == shown_due


@pytest.mark.parametrize(
    ("kind", "start", "paused", "at"),
    [
        # By the clock a pause is as long as it is.
        ("response", "2026-03-02 10:00", [("2026-03-02 10:30", "2026-03-02 12:00")], "12:30"),
        # It begins as the term is over, or later, or ends before the start: nothing.
        ("response", "2026-03-02 10:00", [("2026-03-02 11:00", "2026-03-02 12:00")], "11:00"),
        ("response", "2026-03-02 10:00", [("2026-03-02 11:30", "2026-03-02 12:00")], "11:00"),
        ("response", "2026-03-02 10:00", [("2026-03-02 08:00", "2026-03-02 10:00")], "11:00"),
        ("response", "2026-03-02 10:00", [("2026-03-02 09:00", "2026-03-02 10:15")], "11:15"),
        # Overlapping pauses are one.
        (
            "response",
            "2026-03-02 10:00",
            [
                ("2026-03-02 10:20", "2026-03-02 11:00"),
                ("2026-03-02 10:10", "2026-03-02 10:40"),
                ("2026-03-02 10:30", "2026-03-02 10:35"),
            ],
            "11:50",
        ),
    ],
)
def test_pauses_by_the_clock(
    kind: ClockKind, start: str, paused: list[tuple[str, str]], at: str
) -> None:
    due = due_at(DEFAULTS[kind], CHINA, local(start), pauses_of(*paused))
    assert shown(due.at)[11:] == at


@pytest.mark.parametrize(
    ("kind", "paused", "on"),
    [
        # Three working days from Monday the 2nd end with Thursday the 5th.
        ("complaint", [], "2026-03-05"),
        ("complaint", [("2026-03-03 10:00", "2026-03-03 15:00")], "2026-03-05"),
        ("complaint", [("2026-03-03 10:00", "2026-03-05 15:00")], "2026-03-09"),
        ("complaint", [("2026-03-03 10:00", "2026-03-04 00:00")], "2026-03-06"),
        # The start's own day is not counted, so a pause on it takes nothing.
        ("complaint", [("2026-03-02 10:30", "2026-03-03 09:00")], "2026-03-05"),
        ("complaint", [("2026-03-05 23:59", "2026-03-06 00:01")], "2026-03-06"),
        ("complaint", [("2026-03-06 00:00", "2026-03-10 00:00")], "2026-03-05"),
        # Over the weekend nothing was counted, so nothing is lost.
        ("repair_domestic", [("2026-03-07 09:00", "2026-03-08 20:00")], "2026-03-16"),
        ("repair_domestic", [("2026-03-06 17:00", "2026-03-09 09:00")], "2026-03-17"),
        # Calendar days lose the weekend's too.
        ("vendor_report", [("2026-03-03 10:00", "2026-03-05 15:00")], "2026-03-07"),
    ],
)
def test_pauses_of_terms_in_days(kind: ClockKind, paused: list[tuple[str, str]], on: str) -> None:
    due = due_at(DEFAULTS[kind], CHINA, local("2026-03-02 10:00"), pauses_of(*paused))
    assert str(due.on) == on
    assert shown(due.at)[11:] == "00:00"


def test_glpi_10594_and_14937_a_pause_over_the_weekend_moves_nothing() -> None:
    """One day from Friday 10:00, pending from Friday evening to Monday morning."""
    paused = pauses_of(("2026-03-06 18:00", "2026-03-09 09:00"))
    hours = replace(SERVICE, amount=9)
    assert shown(due_at(hours, CHINA, local("2026-03-06 10:00"), paused).at) == "2026-03-09 10:00"
    days = replace(DEFAULTS["complaint"], amount=1)
    assert str(due_at(days, CHINA, local("2026-03-06 10:00"), paused).on) == "2026-03-09"


def test_glpi_10600_no_minutes_are_carried_through_the_night() -> None:
    """Ten minutes before closing, a holiday in between: the whole next working day is there."""
    days = replace(DEFAULTS["complaint"], amount=1)
    assert shown(due_at(days, CHINA, local("2026-02-14 17:50")).at) == "2026-02-25 00:00"


@pytest.mark.parametrize(
    ("start", "due", "warning"),
    [
        ("2026-03-02 10:00", "2026-03-02 14:00", "2026-03-02 13:00"),
        # GLPI #22678: the warning fell to 00:00 once the term went over a night.
        ("2026-03-02 17:00", "2026-03-03 12:00", "2026-03-03 11:00"),
        ("2026-03-06 17:00", "2026-03-09 12:00", "2026-03-09 11:00"),
        # An hour before Tuesday 10:00 is its opening, not Monday's closing (GLPI #15429).
        ("2026-03-02 15:00", "2026-03-03 10:00", "2026-03-03 09:00"),
        ("2026-02-14 15:00", "2026-02-24 10:00", "2026-02-24 09:00"),
    ],
)
def test_glpi_22678_warnings_in_service_hours(start: str, due: str, warning: str) -> None:
    found = {moment.kind: shown(moment.at) for moment in moments_of(SERVICE, CHINA, local(start))}
    assert (found["breach"], found["warning"]) == (due, warning)


def test_glpi_15357_an_escalation_in_days_is_not_the_due_day() -> None:
    terms = replace(DEFAULTS["repair_domestic"], warn_before=(2, 0), escalate_after=(0, 1, 10))
    found = moments_of(terms, CHINA, local("2026-02-13 10:00"))
    assert [(m.kind, m.level, shown(m.at)) for m in found] == [
        ("warning", 1, "2026-03-03 09:00"),
        ("warning", 2, "2026-03-05 09:00"),
        ("breach", 1, "2026-03-06 00:00"),
        ("escalation", 1, "2026-03-06 00:00"),
        ("escalation", 2, "2026-03-06 09:00"),
        ("escalation", 3, "2026-03-19 09:00"),
    ]


def test_moments_of_hours_and_of_calendar_days() -> None:
    found = moments_of(DEFAULTS["response"], CHINA, local("2026-03-06 18:20"))
    assert [(m.kind, m.level, shown(m.at)) for m in found] == [
        ("warning", 1, "2026-03-06 19:05"),
        ("breach", 1, "2026-03-06 19:20"),
        ("escalation", 1, "2026-03-06 19:20"),
        ("escalation", 2, "2026-03-06 20:20"),
    ]
    # No service on a Sunday: its beginning is the moment.
    days = moments_of(DEFAULTS["vendor_report"], CHINA, local("2026-03-06 09:00"))
    assert [shown(m.at) for m in days if m.kind == "warning"] == ["2026-03-08 00:00"]
    # Service hours go on counting after the due moment.
    late = replace(SERVICE, escalate_after=(2,))
    assert shown(moments_of(late, CHINA, local("2026-03-06 13:30"))[-1].at) == "2026-03-09 10:30"


def test_a_warning_waits_until_its_pause_is_over() -> None:
    paused = pauses_of(("2026-03-04 08:00", "2026-03-04 11:00"))
    found = moments_of(DEFAULTS["complaint"], CHINA, local("2026-03-02 10:00"), paused)
    assert (found[0].kind, shown(found[0].at)) == ("warning", "2026-03-04 11:00")
    paused = pauses_of(("2026-03-04 09:00", "2026-03-04 10:00"))
    found = moments_of(DEFAULTS["complaint"], CHINA, local("2026-03-02 10:00"), paused)
    assert shown(found[0].at) == "2026-03-04 10:00"
    at = pauses_of(("2026-03-02 10:45", "2026-03-02 12:00"))
    found = moments_of(DEFAULTS["response"], CHINA, local("2026-03-02 10:00"), at)
    assert [shown(moment.at)[11:] for moment in found[:2]] == ["12:00", "12:15"]


@pytest.mark.parametrize(
    ("today", "left"),
    [
        ("2026-03-02", 3),
        ("2026-03-04", 1),
        ("2026-03-05", 0),
        ("2026-03-06", -1),
        ("2026-03-08", -1),
    ],
)
def test_working_days_left(today: str, left: int) -> None:
    due = due_at(DEFAULTS["complaint"], CHINA, local("2026-03-02 10:00"))
    assert due.on is not None
    assert days_left(
        DEFAULTS["complaint"], CHINA, datetime.fromisoformat(today).date(), due.on
    ) == (left)


# Beside minutes

WINDOWS: dict[str, tuple[WorkCalendar, datetime]] = {
    "spring festival": (CHINA_SPLIT, datetime(2026, 2, 10, tzinfo=UTC)),
    "national day": (CHINA_SPLIT, datetime(2025, 9, 25, tzinfo=UTC)),
    "new year": (CHINA, datetime(2025, 12, 26, tzinfo=UTC)),
    "forward": (BERLIN_NIGHTS, datetime(2026, 3, 26, tzinfo=UTC)),
    "back": (BERLIN_NIGHTS, datetime(2026, 10, 22, tzinfo=UTC)),
    "plain": (BERLIN, datetime(2026, 5, 4, tzinfo=UTC)),
}
WINDOW_DAYS = 45
STARTS = 4 * 24 * 60


@cache
def table_of(window: str) -> naive.Minutes:
    calendar, first = WINDOWS[window]
    return naive.minutes_of(calendar, first, WINDOW_DAYS)


Drawn = tuple[str, ClockTerms, int, list[tuple[int, int]]]


@st.composite
def drawn_clocks(draw: st.DrawFn) -> Drawn:
    """A window, terms, a start, and pauses in minutes: some overlap, some are before the start."""
    window = draw(st.sampled_from(sorted(WINDOWS)))
    unit: Unit = draw(st.sampled_from(("hours", "service_hours", "calendar_days", "working_days")))
    if unit in {"calendar_days", "working_days"}:
        amount: float = draw(st.integers(1, 5))
    else:
        amount = draw(st.integers(2, 48)) / 4
    start = draw(st.integers(0, STARTS))
    spans = st.tuples(st.integers(0, 5 * 24 * 60), st.integers(1, 3 * 24 * 60))
    near = st.tuples(st.integers(0, 6 * 60), st.integers(1, 4 * 60))
    drawn = draw(st.lists(st.one_of(spans, near), max_size=4))
    pauses = [(max(0, start - 60 + at), start - 60 + at + long) for at, long in drawn]
    pauses = [(at, until) for at, until in pauses if until > at]
    return window, ClockTerms("response", amount, unit, warn_before=(0.25,)), start, pauses


def amount_of(terms: ClockTerms) -> int:
    return int(terms.amount if terms.in_days else terms.amount * 60)


@settings(deadline=None, max_examples=150)
@given(drawn_clocks())
def test_due_moments_are_what_minutes_say(drawn: Drawn) -> None:
    window, terms, start, spans = drawn
    calendar, table = WINDOWS[window][0], table_of(window)
    pauses = [Pause(table.at(at), table.at(until)) for at, until in spans]
    due = due_at(terms, calendar, table.at(start), pauses)
    assert due.at == table.at(naive.due(table, terms.unit, amount_of(terms), start, spans))
    assert due.on is None or calendar.end_of(due.on) == due.at


@settings(deadline=None, max_examples=100)
@given(drawn_clocks(), st.integers(0, 3 * 24 * 60))
def test_counted_time_is_what_minutes_say(drawn: Drawn, long: int) -> None:
    window, terms, start, spans = drawn
    calendar, table = WINDOWS[window][0], table_of(window)
    pauses = [Pause(table.at(at), table.at(until)) for at, until in spans]
    counted = counted_time(terms, calendar, table.at(start), table.at(start + long), pauses)
    assert counted == naive.used(table, terms.unit, start, start + long, spans) * naive.MINUTE


@settings(deadline=None, max_examples=100)
@given(drawn_clocks())
def test_warnings_of_hours_are_what_minutes_say(drawn: Drawn) -> None:
    window, terms, start, spans = drawn
    if terms.in_days:
        return
    calendar, table = WINDOWS[window][0], table_of(window)
    pauses = [Pause(table.at(at), table.at(until)) for at, until in spans]
    warning = next(
        moment.at
        for moment in moments_of(terms, calendar, table.at(start), pauses)
        if moment.kind == "warning"
    )
    minutes = amount_of(terms) - 15
    assert warning == table.at(naive.warning(table, terms.unit, minutes, start, spans))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(-3, 20)), max_size=8), st.integers(0, 30))
def test_merged_pauses_are_apart_and_cover_the_same(
    spans: list[tuple[int, int]], start: int
) -> None:
    first = datetime(2026, 3, 2, tzinfo=UTC)
    moment = [first + timedelta(minutes=n) for n in range(80)]
    pauses = [Pause(moment[at], moment[max(0, at + long)]) for at, long in spans]
    merged = merge_pauses(pauses, moment[start])
    assert all(a.until < b.start for a, b in pairwise(merged))
    for at in moment[start:]:
        assert any(p.start <= at < p.until for p in pauses) == any(
            p.start <= at < p.until for p in merged
        )
