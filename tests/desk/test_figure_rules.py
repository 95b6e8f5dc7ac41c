"""Pass rate, availability, ageing, flow and repeat offenders, against a table and a naive reckoning."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.desk.figures.rules import (
    AGE_BANDS,
    Flow,
    Share,
    age_band,
    ageing,
    availability,
    disabled_rooms,
    flow,
    kind_of_change,
    pass_rate,
    repeat,
    state_at_end,
)
from webapp.rounds.rules import Said

MONTHS = [f"2026-{number:02d}" for number in range(1, 13)]
COUNTS = st.integers(0, 5000)


@pytest.mark.parametrize(
    ("normal", "abnormal", "percent"),
    [
        (0, 0, None),
        (0, 3, 0.0),
        (3, 0, 100.0),
        (2, 1, 66.6),
        # One in two thousand is not all of them.
        (1999, 1, 99.9),
        (999_999, 1, 99.9),
        (1, 2, 33.3),
    ],
)
def test_the_pass_rate_is_of_the_tested_and_never_rounded_up(
    normal: int, abnormal: int, percent: float | None
) -> None:
    assert pass_rate(normal, abnormal).percent == percent


@given(normal=COUNTS, abnormal=COUNTS)
def test_a_share_is_the_exact_one_cut_off_after_a_decimal(normal: int, abnormal: int) -> None:
    share = pass_rate(normal, abnormal)
    if share.percent is None:
        assert normal + abnormal == 0
        return
    exact = Fraction(100 * normal, normal + abnormal)
    told = Fraction(str(share.percent))
    assert told <= exact < told + Fraction(1, 10)
    assert (share.percent == 100) == (abnormal == 0)


ROOMS = st.integers(1, 6)
ITEMS = st.lists(st.tuples(ROOMS, st.integers(1, 4)), max_size=12)


@given(inspected=st.sets(ROOMS), items=ITEMS, disabling=st.integers(1, 4))
def test_a_room_is_able_unless_something_grave_stands_in_it(
    inspected: set[int], items: list[tuple[int, int]], disabling: int
) -> None:
    able = 0
    for room in inspected:
        able += all(severity > disabling for where, severity in items if where == room)
    disabled = disabled_rooms(inspected, items, disabling)
    assert availability(inspected, disabled) == Share(able, len(inspected))


def test_a_room_that_nobody_could_inspect_counts_on_neither_side() -> None:
    assert disabled_rooms({1}, [(1, 2), (2, 1)], 2) == {1}
    assert availability({1}, {1}) == Share(0, 1)
    assert availability((), ()).percent is None


AGES = st.lists(st.tuples(st.integers(0, 200), st.integers(1, 4)), max_size=30)


@given(items=AGES)
def test_ageing_puts_each_item_into_one_band(items: list[tuple[int, int]]) -> None:
    bands = ageing(items)
    for (low, high), band in zip(AGE_BANDS, bands, strict=True):
        for severity, count in band.items():
            naive = [
                age
                for age, s in items
                if s == severity and low <= age <= (999 if high is None else high)
            ]
            assert count == len(naive)
    assert sum(sum(band.values()) for band in bands) == len(items)


@pytest.mark.parametrize(("age", "band"), [(0, 0), (1, 1), (2, 2), (3, 3), (5, 3), (6, 4), (60, 4)])
def test_the_bands_of_ages(age: int, band: int) -> None:
    assert age_band(age) == band


def said(answer: str, month: str, rank: int = 1, severity: int = 3) -> Said:
    at = datetime(2026, int(month[5:]), 3, tzinfo=UTC)
    return Said(answer, month, at, inspection=rank, rank=rank, severity=severity)


SAYINGS = st.lists(
    st.builds(
        lambda place, answer, severity: (place, answer, severity),
        st.integers(0, 11),
        st.sampled_from(["opened", "still", "solved"]),
        st.integers(1, 4),
    ),
    max_size=8,
    unique_by=lambda row: row[0],
)


@given(sayings=SAYINGS, until=st.sampled_from(MONTHS))
def test_a_past_month_does_not_hear_what_was_said_later(
    sayings: list[tuple[int, str, int]], until: str
) -> None:
    all_said = [said(a, MONTHS[place], place, severity) for place, a, severity in sayings]
    earlier = [one for one in all_said if one.month <= until]
    state = state_at_end(all_said, until)
    assert state == state_at_end(earlier, until) == state_at_end(earlier, MONTHS[-1])
    if any(one.is_there for one in earlier):
        last = max(earlier, key=lambda one: one.month)
        assert state is not None
        assert (state.state == "open") == last.is_there
        assert state.severity == last.severity


@given(items=st.lists(SAYINGS, max_size=6), place=st.integers(1, 11))
def test_what_stood_and_what_came_is_what_went_and_what_stands(
    items: list[list[tuple[int, str, int]]], place: int
) -> None:
    before, month = MONTHS[place - 1], MONTHS[place]
    told = [[said(a, MONTHS[n], n, s) for n, a, s in rows] for rows in items]
    ends = [(state_at_end(rows, before), state_at_end(rows, month)) for rows in told]
    made = flow(kind_of_change(was, now, month) for was, now in ends)
    assert made.carried + made.new - made.closed - made.withdrawn == made.standing
    assert made.carried == sum(was is not None and was.state == "open" for was, _now in ends)
    assert made.standing == sum(now is not None and now.state == "open" for _was, now in ends)


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ({"2026-02": "opened"}, "carried"),
        ({"2026-03": "opened"}, "new"),
        ({"2026-02": "opened", "2026-03": "solved"}, "closed"),
        ({"2026-01": "opened", "2026-02": "solved"}, ""),
        ({"2026-04": "opened"}, ""),
        # Somebody said that it was solved, and the next one found it there still: it came back.
        ({"2026-01": "opened", "2026-02": "solved", "2026-03": "still"}, "new"),
    ],
)
def test_how_an_item_comes_through_march(answers: dict[str, str], kind: str) -> None:
    sayings = [said(answer, month) for month, answer in answers.items()]
    was, now = state_at_end(sayings, "2026-02"), state_at_end(sayings, "2026-03")
    assert kind_of_change(was, now, "2026-03") == kind


def test_what_is_found_and_solved_in_a_month_is_both() -> None:
    sayings = [said("opened", "2026-03", 1), said("solved", "2026-03", 2)]
    kind = kind_of_change(None, state_at_end(sayings, "2026-03"), "2026-03")
    assert flow([kind]) == Flow(new=1, closed=1)


def test_what_a_supervisor_took_off_the_list_went() -> None:
    sayings = [said("opened", "2026-02")]
    gone = state_at_end(sayings, "2026-03", datetime(2026, 3, 5, tzinfo=UTC))
    kind = kind_of_change(state_at_end(sayings, "2026-02"), gone, "2026-03")
    assert flow([kind]) == Flow(carried=1, withdrawn=1)
    assert flow([kind_of_change(None, gone, "2026-03")]) == Flow()


@pytest.mark.parametrize(
    ("read", "in_a_row", "of_last", "offends"),
    [
        ("", 0, 0, False),
        ("x", 1, 1, False),
        ("xx", 2, 2, True),
        (".x", 1, 1, False),
        ("x.x", 1, 2, False),
        ("x.x.x.", 0, 3, True),
        # Not read in between: quarterly, or the room was occupied.
        ("x x", 2, 2, True),
        ("x  x", 2, 2, True),
        ("xx    ", 2, 2, True),
        ("xx.....", 0, 1, False),
        ("xxx......", 0, 0, False),
        ("xxxxxxxxx", 9, 6, True),
    ],
)
def test_who_repeats_himself(read: str, in_a_row: int, of_last: int, offends: bool) -> None:
    months = MONTHS[: max(len(read), 1)]
    readings = [
        (month, sign == "x") for month, sign in zip(months, read, strict=False) if sign != " "
    ]
    made = repeat(readings, months)
    assert (made.in_a_row, made.of_last, made.offends) == (in_a_row, of_last, offends)


@given(read=st.lists(st.sampled_from([True, False, None]), max_size=12))
def test_repeats_against_a_naive_count(read: list[bool | None]) -> None:
    readings = [(month, bad) for month, bad in zip(MONTHS, read, strict=False) if bad is not None]
    made = repeat(readings[::-1], MONTHS)
    row = 0
    for _month, bad in readings:
        row = row + 1 if bad else 0
    assert made.in_a_row == row
    assert made.of_last == sum(bad for month, bad in readings if month >= MONTHS[6])
