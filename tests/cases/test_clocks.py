"""A clock as a fold over its events: how it stands, what falls due, and what nonsense does to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.cases.samples import CHINA, local, shown
from webapp.calendars.contract import calendar_of
from webapp.cases.clocks import (
    Clock,
    ClockEvent,
    EventKind,
    moments,
    record,
    run_clock,
    start_clock,
    state_at,
)
from webapp.cases.terms import DEFAULTS, ClockTerms
from webapp.errors import AppError

DAY = "2026-03-02"  # A Monday.
PAUSABLE = replace(DEFAULTS["response"], pausable=True)
REPAIR = replace(DEFAULTS["repair_domestic"], pausable=True)


def at(text: str) -> datetime:
    """A local moment: ``10:20`` on the Monday, or with its date."""
    return local(text if " " in text else f"{DAY} {text}")


def event(
    kind: EventKind, captured: str, received: str = "", *, reason: str = "", amount: float = 0
) -> ClockEvent:
    if kind == "paused" and not reason:
        reason = "client_absent"
    return ClockEvent(kind, at(captured), at(received or captured), reason, amount)


def consent(until: str, captured: str = "2026-03-04 10:00") -> ClockEvent:
    return replace(event("extended", captured), until=date.fromisoformat(until))


def clock_of(*events: ClockEvent, terms: ClockTerms = PAUSABLE) -> Clock:
    return run_clock(terms, CHINA, [event("started", "10:00"), *events])


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@pytest.mark.parametrize(
    ("now", "kind", "used", "remaining", "overrun", "percent"),
    [
        ("09:00", "running", 0, 60, 0, 0),
        ("10:00", "running", 0, 60, 0, 0),
        ("10:20", "running", 20, 40, 0, 33),
        ("10:45", "warned", 45, 15, 0, 75),
        ("10:59", "warned", 59, 1, 0, 98),
        ("11:00", "overdue", 60, 0, 0, 100),
        ("12:30", "overdue", 150, 0, 90, 250),
    ],
)
def test_how_a_clock_runs(
    now: str, kind: str, used: int, remaining: int, overrun: int, percent: int
) -> None:
    state = state_at(clock_of(), at(now))
    assert (state.kind, state.percent, state.days_left) == (kind, percent, None)
    assert (state.used, state.remaining, state.overrun) == (
        *(minutes(used), minutes(remaining), minutes(overrun)),
    )
    assert state.late is (kind == "overdue")
    assert shown(state.due.at) == f"{DAY} 11:00"


@pytest.mark.parametrize(
    ("met", "kind", "overrun"), [("10:20", "met", 0), ("11:00", "met", 0), ("11:05", "met_late", 5)]
)
def test_met_in_time_up_to_the_very_moment(met: str, kind: str, overrun: int) -> None:
    clock = clock_of(event("met", met))
    for now in ("12:00", "2026-04-01 09:00"):
        state = state_at(clock, at(now))
        assert (state.kind, state.overrun) == (kind, minutes(overrun))
        assert state.late is (kind == "met_late")
    assert state_at(clock, at("10:10")).kind == "running"


def test_a_paused_clock_stands_still_and_its_end_moves() -> None:
    """GLPI #24481 let it run over while pending; #15948 let its percentage grow."""
    clock = clock_of(event("paused", "10:30"))
    for now in ("10:30", "10:45", "12:00", "23:00"):
        state = state_at(clock, at(now))
        assert (state.kind, state.percent, state.remaining) == ("paused", 50, minutes(30))
        assert state.due.at == at(now) + minutes(30)
    assert moments(clock) == []
    resumed = record(clock, event("resumed", "12:00"))
    assert shown(state_at(resumed, at("12:10")).due.at) == f"{DAY} 12:30"
    assert state_at(resumed, at("12:10")).remaining == minutes(20)
    assert [shown(m.at)[11:] for m in moments(resumed)] == ["12:15", "12:30", "12:30", "13:30"]
    assert state_at(resumed, at("12:30")).kind == "overdue"


def test_a_pause_of_days_stands_still_too() -> None:
    clock = clock_of(event("paused", "2026-03-04 16:00"), terms=REPAIR)
    paused = [state_at(clock, at(f"2026-03-{day:02d} 12:00")) for day in (5, 6, 9)]
    assert {(state.kind, state.percent, state.days_left) for state in paused} == {("paused", 15, 8)}
    assert [str(state.due.on) for state in paused] == ["2026-03-17", "2026-03-18", "2026-03-19"]
    resumed = record(clock, event("resumed", "2026-03-09 12:00"))
    state = state_at(resumed, at("2026-03-09 13:00"))
    assert (str(state.due.on), state.days_left) == ("2026-03-19", 8)


def test_a_pause_after_the_term_does_not_heal_it() -> None:
    clock = clock_of(event("paused", "11:30"))
    assert state_at(clock, at("12:00")).kind == "overdue"
    assert state_at(clock, at("12:00")).overrun == minutes(60)
    resumed = record(clock, event("resumed", "13:00"))
    assert state_at(record(resumed, event("met", "13:30")), at("14:00")).overrun == minutes(150)
    assert [m.kind for m in moments(clock)] == ["warning", "breach", "escalation", "escalation"]


def test_a_pause_at_the_very_moment_of_a_warning_and_of_the_breach() -> None:
    at_warning = clock_of(event("paused", "10:45"))
    assert moments(at_warning) == []
    resumed = record(at_warning, event("resumed", "12:00"))
    assert shown(moments(resumed)[0].at) == f"{DAY} 12:00"
    at_breach = clock_of(event("paused", "11:00"))
    assert state_at(at_breach, at("11:30")).kind == "overdue"
    assert [m.kind for m in moments(at_breach)][:2] == ["warning", "breach"]


def test_met_or_cancelled_while_paused_ends_the_pause() -> None:
    for kind in ("met", "cancelled"):
        clock = clock_of(event("paused", "10:30"), event(kind, "13:00"))
        state = state_at(clock, at("15:00"))
        assert (state.kind, state.remaining, state.late) == (kind, minutes(30), False)
        assert clock.paused_since is None
        assert moments(clock) == []


def test_moments_of_what_has_ended_are_those_before_its_end() -> None:
    assert [m.kind for m in moments(clock_of(event("met", "10:50")))] == ["warning"]
    assert [m.kind for m in moments(clock_of(event("met", "11:00")))] == ["warning"]
    late = moments(clock_of(event("cancelled", "11:20")))
    assert [(m.kind, m.level) for m in late] == [("warning", 1), ("breach", 1), ("escalation", 1)]


def test_it_starts_with_the_capture_and_keeps_the_receipt() -> None:
    clock = start_clock(PAUSABLE, CHINA, at("09:00"), at("12:00"))
    assert (clock.started_at, clock.started_received_at) == (at("09:00"), at("12:00"))
    assert state_at(clock, at("12:00")).kind == "overdue"
    assert shown(moments(clock)[1].at) == f"{DAY} 10:00"
    answered = record(clock, event("met", "09:40", "12:00"))
    assert state_at(answered, at("12:01")).kind == "met"
    assert [m.kind for m in moments(answered)] == []


def test_nothing_was_captured_after_it_was_received() -> None:
    clock = start_clock(PAUSABLE, CHINA, at("2027-01-01 00:00"), at("10:00"))
    assert clock.started_at == at("10:00")
    assert state_at(record(clock, event("met", "18:00", "10:30")), at("10:40")).kind == "met"


def test_what_was_captured_before_the_start_counts_from_it() -> None:
    state = state_at(clock_of(event("met", "09:30", "10:05")), at("12:00"))
    assert (state.kind, state.used, state.percent) == ("met", minutes(0), 0)
    early = clock_of(event("paused", "09:00"), event("resumed", "10:10"))
    assert shown(state_at(early, at("10:20")).due.at) == f"{DAY} 11:10"


def test_of_two_starts_the_earlier_counts_whichever_came_first() -> None:
    later = clock_of()
    earlier = record(later, event("started", "09:30", "10:20"))
    assert shown(state_at(earlier, at("10:20")).due.at) == f"{DAY} 10:30"
    assert [aside.code for aside in earlier.set_aside] == ["clock_started"]
    with pytest.raises(AppError, match="clock_started"):
        record(earlier, event("started", "09:45"))
    with pytest.raises(AppError, match="clock_not_started"):
        run_clock(PAUSABLE, CHINA, [event("met", "10:00")])


@pytest.mark.parametrize(
    ("before", "new", "code"),
    [
        ([], event("resumed", "10:10"), "clock_not_paused"),
        ([], event("reopened", "10:10"), "clock_not_ended"),
        ([], event("paused", "10:10", reason="  "), "clock_reason_missing"),
        ([], event("extended", "10:10", amount=1), "clock_not_longer"),
        ([], event("extended", "11:01", amount=2), "clock_overdue"),
        ([event("paused", "10:10")], event("paused", "10:20"), "clock_paused"),
        ([event("met", "10:10")], event("met", "10:20"), "clock_ended"),
        ([event("met", "10:10")], event("cancelled", "10:20"), "clock_ended"),
        ([event("met", "10:10")], event("paused", "10:20"), "clock_ended"),
        ([event("met", "10:10")], event("resumed", "10:20"), "clock_ended"),
        ([event("cancelled", "10:10")], event("extended", "10:20", amount=2), "clock_ended"),
        # A resumption that comes late would end a pause that went on, and leave the true one without sense.
        (
            [event("paused", "10:10"), event("resumed", "10:50")],
            event("resumed", "10:30", "11:00"),
            "clock_contradicts",
        ),
        (
            [event("paused", "10:30"), event("resumed", "10:50")],
            event("paused", "10:10", "11:00"),
            "clock_contradicts",
        ),
        (
            [event("paused", "10:10"), event("resumed", "10:50")],
            event("paused", "10:30", "11:00"),
            "clock_paused",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    before: list[ClockEvent], new: ClockEvent, code: str
) -> None:
    clock = clock_of(*before)
    with pytest.raises(AppError, match=f"^{code}$"):
        record(clock, new)
    # Stored all the same (by a restore, an import), it is set aside, and the fold goes on.
    folded = clock_of(*before, new)
    assert len(folded.set_aside) == 1
    if code != "clock_contradicts":
        assert folded.set_aside[0].event is new
        assert state_at(folded, at("15:00")) == state_at(clock, at("15:00"))


def test_a_clock_that_the_contract_does_not_let_pause() -> None:
    for kind, terms in DEFAULTS.items():
        clock = clock_of(terms=terms)
        with pytest.raises(AppError, match="clock_pause_not_allowed"):
            record(clock, event("paused", "10:10"))
        assert state_at(clock_of(event("paused", "10:10"), terms=terms), at("10:20")).kind == (
            "running"
        ), kind


def test_a_fact_that_comes_late_wins_over_a_pause_that_stands_after_it() -> None:
    clock = clock_of(event("paused", "10:30"), event("resumed", "12:00"))
    met = record(clock, event("met", "10:20", "13:00"))
    assert state_at(met, at("13:00")).kind == "met"
    assert [aside.code for aside in met.set_aside] == ["clock_ended", "clock_ended"]
    earlier = record(clock_of(event("met", "11:30")), event("met", "10:40", "12:00"))
    assert state_at(earlier, at("13:00")).kind == "met"


def test_the_clients_consent_beforehand_makes_the_term_longer() -> None:
    clock = clock_of(terms=REPAIR)
    assert str(state_at(clock, at("12:00")).due.on) == "2026-03-16"
    longer = record(clock, event("extended", "2026-03-16 23:00", amount=15))
    assert str(state_at(longer, at("2026-03-17 12:00")).due.on) == "2026-03-23"
    assert str(state_at(longer, at("2026-03-16 12:00")).due.on) == "2026-03-16"
    assert longer.base_terms.amount == 10
    with pytest.raises(AppError, match="clock_overdue"):
        record(clock, event("extended", "2026-03-17 08:00", amount=15))
    assert record(clock, event("extended", "2026-03-17 00:00", amount=15)).terms.amount == 15


# Qingming: Saturday the fourth of April to Monday the sixth.
@pytest.mark.parametrize("until", ["2026-03-17", "2026-03-21", "2026-03-22", "2026-04-05"])
def test_a_day_that_the_client_consented_to_is_the_due_day_also_when_nobody_works(
    until: str,
) -> None:
    clock = record(clock_of(terms=REPAIR), consent(until))
    state = state_at(clock, at(f"{until} 23:59"))
    assert (str(state.due.on), state.kind, state.late) == (until, "warned", False)
    assert state.due.at == CHINA.end_of(date.fromisoformat(until))
    assert not state.due.provisional
    assert state_at(record(clock, event("met", f"{until} 23:59")), state.due.at).kind == "met"
    assert state_at(clock, state.due.at).kind == "overdue"
    assert str(state_at(clock, at("2026-03-04 09:00")).due.on) == "2026-03-16"


def test_no_calendar_of_a_later_day_moves_what_was_consented_to() -> None:
    events = [event("started", "10:00"), consent("2026-03-18", "2026-03-16 10:00")]
    for kind, days in (("holiday", range(9, 14)), ("working", (7, 8, 14, 15))):
        named = [{"on": f"2026-03-{day:02d}", "kind": kind, "name": "调"} for day in days]
        changed = calendar_of({"days": named}, "Asia/Shanghai")
        # By the term alone it would be over later than that day, or before the client said so.
        without = run_clock(REPAIR, changed, events[:1])
        assert str(state_at(without, at("12:00")).due.on) in {"2026-03-23", "2026-03-12"}
        clock = run_clock(REPAIR, changed, events)
        assert str(state_at(clock, at("2026-03-18 12:00")).due.on) == "2026-03-18"
        assert not clock.set_aside


def test_no_pause_moves_a_day_that_was_consented_to() -> None:
    before = [event("paused", "2026-03-03 10:00"), event("resumed", "2026-03-04 09:00")]
    clock = clock_of(*before, consent("2026-03-21"), terms=REPAIR)
    clock = record(clock, event("paused", "2026-03-19 10:00"))
    assert str(state_at(clock, at("2026-03-21 12:00")).due.on) == "2026-03-21"
    assert state_at(clock, at("2026-03-21 12:00")).kind == "warned"
    over = state_at(clock, at("2026-03-22 12:00"))
    assert (over.kind, over.overrun) == ("overdue", minutes(12 * 60))
    assert [(m.kind, shown(m.at)) for m in moments(clock)] == [
        ("warning", "2026-03-19 09:00"),
        ("breach", "2026-03-22 00:00"),
        ("escalation", "2026-03-22 00:00"),
        ("escalation", "2026-03-24 09:00"),
    ]
    late = record(clock, event("met", "2026-03-23 00:00"))
    assert state_at(late, at("2026-03-23 00:00")).kind == "met_late"


@pytest.mark.parametrize(
    ("before", "new", "code"),
    [
        ([], consent("2026-03-16"), "clock_not_longer"),
        ([], consent("2026-03-13"), "clock_not_longer"),
        ([], consent("2026-03-27", "2026-03-17 08:00"), "clock_overdue"),
        ([consent("2026-03-22")], consent("2026-03-21", "2026-03-05 10:00"), "clock_not_longer"),
        ([event("met", "2026-03-03 10:00")], consent("2026-03-27"), "clock_ended"),
    ],
)
def test_consent_to_no_later_day_or_too_late_is_refused(
    before: list[ClockEvent], new: ClockEvent, code: str
) -> None:
    with pytest.raises(AppError, match=f"^{code}$"):
        record(clock_of(*before, terms=REPAIR), new)


def test_the_client_may_consent_twice_and_a_restart_has_the_whole_term_again() -> None:
    clock = record(clock_of(terms=REPAIR), consent("2026-03-21"))
    clock = record(clock, consent("2026-03-28", "2026-03-21 23:00"))
    assert str(state_at(clock, at("2026-03-23 12:00")).due.on) == "2026-03-28"
    again = record(clock, event("restarted", "2026-03-30 10:00"))
    assert str(state_at(again, at("2026-03-30 12:00")).due.on) == "2026-04-14"
    assert str(state_at(again.earlier[0], at("2026-03-25 12:00")).due.on) == "2026-03-28"


def test_consent_that_was_kept_as_working_days_holds_as_it_did() -> None:
    old = clock_of(event("extended", "2026-03-04 10:00", amount=15), terms=REPAIR)
    assert str(state_at(old, at("2026-03-20 12:00")).due.on) == "2026-03-23"
    longer = record(old, consent("2026-03-28", "2026-03-20 12:00"))
    assert str(state_at(longer, at("2026-03-20 13:00")).due.on) == "2026-03-28"
    with pytest.raises(AppError, match="clock_not_longer"):
        record(old, consent("2026-03-23", "2026-03-20 12:00"))


def test_a_term_in_hours_too_ends_with_the_day_that_was_consented_to() -> None:
    terms = replace(REPAIR, amount=40, unit="service_hours", warn_before=(4,), escalate_after=(4,))
    clock = record(clock_of(terms=terms), consent("2026-03-13"))
    state = state_at(clock, at("2026-03-13 12:00"))
    assert (str(state.due.on), shown(state.due.at), state.days_left) == (
        *("2026-03-13", "2026-03-14 00:00", None),
    )
    assert [(m.kind, shown(m.at)) for m in moments(clock)] == [
        ("warning", "2026-03-13 14:00"),
        ("breach", "2026-03-14 00:00"),
        ("escalation", "2026-03-16 13:00"),
    ]


def test_reopened_in_time_the_clock_goes_on_with_what_was_left() -> None:
    clock = clock_of(event("met", "10:40"), event("reopened", "14:00"))
    state = state_at(clock, at("14:05"))
    assert (clock.run, state.kind, state.used, state.remaining) == (
        *(2, "warned", minutes(45), minutes(15)),
    )
    assert state_at(clock, at("12:00")).kind == "met"
    assert state_at(record(clock, event("met", "14:19")), at("15:00")).kind == "met"


def test_reopened_after_a_late_end_the_clock_is_overdue_at_once() -> None:
    clock = clock_of(event("met", "11:40"), event("reopened", "14:00"))
    assert state_at(clock, at("14:00")).kind == "overdue"
    assert state_at(clock, at("14:00")).overrun == minutes(180)


def test_restarted_it_has_the_whole_term_again_and_the_first_run_is_kept() -> None:
    clock = clock_of(
        event("extended", "10:10", amount=2),
        event("paused", "10:30"),
        event("restarted", "15:00", "15:10"),
    )
    state = state_at(clock, at("15:20"))
    assert (clock.run, state.kind, state.remaining) == (2, "running", minutes(40))
    assert (clock.started_at, clock.started_received_at) == (at("15:00"), at("15:10"))
    assert [(run.ended, run.run, run.terms.amount) for run in clock.earlier] == [
        ("restarted", 1, 2)
    ]
    assert state_at(clock, at("10:20")).kind == "running"
    assert state_at(clock, at("12:00")).kind == "paused"
    assert state_at(clock, at("09:00")).used == minutes(0)
    # What a restart ends late stays late, for the report.
    late = clock_of(event("restarted", "12:00"), event("met", "14:00"))
    assert state_at(late.earlier[0], at("13:00")).late
    assert state_at(late.earlier[0], at("15:00")).overrun == minutes(60)
    assert state_at(late.earlier[0], at("10:30")).kind == "running"
    assert state_at(late, at("15:00")).kind == "met_late"


def test_days_left_and_the_due_day_of_a_term_in_days() -> None:
    clock = start_clock(
        DEFAULTS["complaint"], CHINA, at("2026-03-06 18:30"), at("2026-03-06 18:30")
    )
    for now, left, kind in (
        ("2026-03-07 12:00", 3, "running"),
        ("2026-03-10 08:59", 1, "running"),
        ("2026-03-10 09:00", 1, "warned"),
        ("2026-03-11 23:59", 0, "warned"),
        ("2026-03-12 00:00", -1, "overdue"),
        ("2026-03-13 12:00", -2, "overdue"),
    ):
        state = state_at(clock, at(now))
        assert (state.days_left, state.kind, str(state.due.on)) == (left, kind, "2026-03-11"), now


def test_in_service_hours_remaining_and_overrun_are_service_time() -> None:
    terms = replace(PAUSABLE, amount=4, unit="service_hours", warn_before=(1,))
    clock = start_clock(terms, CHINA, at("2026-03-06 16:00"), at("2026-03-06 16:00"))
    friday, sunday, monday = (
        state_at(clock, at(now))
        for now in ("2026-03-06 17:00", "2026-03-08 12:00", "2026-03-09 13:00")
    )
    assert (friday.remaining, friday.percent) == (minutes(180), 25)
    assert (sunday.remaining, sunday.percent, sunday.kind) == (minutes(120), 50, "running")
    assert (monday.overrun, monday.percent, monday.kind) == (minutes(120), 150, "overdue")
    assert shown(sunday.due.at) == "2026-03-09 11:00"


def test_times_without_a_zone_are_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="aware"):
        ClockEvent("started", at("10:00").replace(tzinfo=None), at("10:00"))


KINDS: tuple[EventKind, ...] = (
    *("started", "paused", "resumed", "met", "cancelled", "extended", "reopened", "restarted"),
)


@st.composite
def event_lists(draw: st.DrawFn, days: tuple[date | None, ...] = (None,)) -> list[ClockEvent]:
    """Any events within some hours, a start among them, captured and received in any order."""
    start = at("10:00")
    drawn = [ClockEvent("started", start + minutes(draw(st.integers(0, 90))), start + minutes(200))]
    for _ in range(draw(st.integers(0, 7))):
        captured, received = draw(st.integers(-60, 240)), draw(st.integers(-60, 240))
        drawn.append(
            ClockEvent(
                draw(st.sampled_from(KINDS)),
                start + minutes(captured),
                start + minutes(received),
                draw(st.sampled_from(("", "client_absent"))),
                draw(st.sampled_from((0.5, 1, 2, 3))),
                draw(st.sampled_from(days)),
            )
        )
    return draw(st.permutations(drawn))


DAYS = (None, date(2026, 3, 2), date(2026, 3, 7))
TERMS = (PAUSABLE, replace(PAUSABLE, unit="service_hours"), replace(REPAIR, amount=1))


@settings(deadline=None, max_examples=100)
@given(event_lists(DAYS), st.sampled_from(TERMS), st.integers(-30, 400))
def test_whatever_happened_a_clock_has_one_state(
    events: list[ClockEvent], terms: ClockTerms, minute: int
) -> None:
    now = at("10:00") + minutes(minute)
    clock = run_clock(terms, CHINA, events)
    state = state_at(clock, now)
    assert state == state_at(run_clock(terms, CHINA, sorted(events, key=repr)), now) or any(
        a.counts_at == b.counts_at for a in events for b in events if a is not b
    )
    assert not state.remaining or not state.overrun
    assert min(state.used, state.remaining, state.overrun) >= minutes(0)
    assert state.percent >= 0
    assert len(clock.set_aside) < len(events)
    assert moments(clock) == sorted(moments(clock), key=lambda moment: moment.at)
    for run in clock.earlier:
        assert state_at(run, now).used <= max(now - run.started_at, minutes(0))


@settings(deadline=None, max_examples=100)
@given(event_lists(), st.sampled_from(TERMS[:2]), st.integers(0, 400))
def test_used_and_left_make_the_term_and_a_breach_is_what_the_moments_say(
    events: list[ClockEvent], terms: ClockTerms, minute: int
) -> None:
    clock = run_clock(terms, CHINA, events)
    now = max(at("10:00") + minutes(minute), *(event.counts_at for event in events))
    state = state_at(clock, now)
    granted = timedelta(hours=clock.terms.amount)
    assert state.used + state.remaining - state.overrun == granted
    breached = any(m.kind == "breach" and m.at <= now for m in moments(clock))
    assert breached is state.late


def naive_used(events: list[ClockEvent], hours: float, now: datetime) -> int:
    """The minutes that a pausable clock by the wall has counted, going through them one by one."""
    start = min(event.counts_at for event in events if event.kind == "started")
    waiting = sorted(events, key=lambda event: (event.counts_at, event.received_at))
    at, used, granted, believed_done = start, 0, hours * 60, 0
    paused = ended = False
    while True:
        while waiting and waiting[0].counts_at <= at:
            new = waiting.pop(0)
            if new.kind == "reopened" and ended:
                used += believed_done if used >= granted else 0
                ended = False
            elif ended:
                continue
            elif new.kind == "extended" and new.amount * 60 > granted >= used:
                granted = new.amount * 60
            elif new.kind in {"met", "cancelled"}:
                ended, paused, believed_done = True, False, 0
            elif new.kind == "paused" and new.reason:
                paused = True
            elif new.kind == "resumed":
                paused = False
        if at >= now:
            return used
        at += minutes(1)
        believed_done += ended
        used += not ended and (not paused or used >= granted)


@settings(deadline=None, max_examples=100)
@given(event_lists(), st.integers(0, 400))
def test_a_whole_life_of_a_clock_is_what_minutes_say(events: list[ClockEvent], minute: int) -> None:
    events = [event for event in events if event.kind != "restarted"]
    now = max(at("10:00") + minutes(minute), *(event.counts_at for event in events))
    state = state_at(run_clock(PAUSABLE, CHINA, events), now)
    assert state.used == minutes(naive_used(events, 1, now))


@settings(deadline=None, max_examples=100)
@given(event_lists(), st.integers(0, 300))
def test_a_month_end_is_seen_as_it_was_then(events: list[ClockEvent], minute: int) -> None:
    """What happens later does not change how a clock stood, unless it was captured before."""
    clock, now = run_clock(PAUSABLE, CHINA, events), at("10:00") + minutes(minute)
    until = [event for event in events if event.counts_at <= now]
    assume(any(event.kind == "started" for event in until))
    assert state_at(clock, now) == state_at(run_clock(PAUSABLE, CHINA, until), now)


@settings(deadline=None, max_examples=100)
@given(event_lists())
def test_recording_one_by_one_takes_what_makes_sense_and_refuses_the_rest(
    events: list[ClockEvent],
) -> None:
    start = next(event for event in events if event.kind == "started")
    clock = run_clock(PAUSABLE, CHINA, [start])
    for new in events:
        if new is start:
            continue
        try:
            after = record(clock, new)
        except AppError as refused:
            assert refused.code.startswith("clock_")  # noqa: PT017
            continue
        assert new in after.events
        assert all(aside.event is not new for aside in after.set_aside)
        clock = after
