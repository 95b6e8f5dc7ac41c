"""Who is told what, and on which day: tables, and what holds whatever the month looks like."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.identity.rules import ROLE_RIGHTS
from webapp.notifications.rules import (
    Person,
    Telling,
    Waiting,
    is_time_to_tell,
    steps_reached,
    what_to_tell,
)

DUE = date(2026, 10, 10)  # A Saturday, and the last of the holidays: it does not roll over.
BEFORE, AFTER = (3, 1), (0, 2)


@pytest.mark.parametrize(
    ("day", "steps"),
    [
        (1, []),
        (6, []),
        (7, ["remind:3"]),
        (8, ["remind:3"]),
        (9, ["remind:1"]),
        (10, ["remind:1", "escalate:0"]),
        (11, ["escalate:0"]),
        (12, ["escalate:2"]),
        (14, ["escalate:2"]),
        (15, []),
        (31, []),
    ],
)
def test_the_steps_of_a_month(day: int, steps: list[str]) -> None:
    assert steps_reached(date(2026, 10, day), DUE, BEFORE, AFTER) == steps


@pytest.mark.parametrize(
    ("day", "before", "after", "steps"),
    [
        (10, (0,), (0,), ["remind:0", "escalate:0"]),
        (11, (0,), (), []),
        (9, (3, 2, 1), (), ["remind:1"]),
        (9, (), (), []),
        (10, (), (1,), []),
        (13, (), (1, 2, 3), ["escalate:3"]),
    ],
)
def test_the_steps_follow_the_contracts_settings(
    day: int, before: tuple[int, ...], after: tuple[int, ...], steps: list[str]
) -> None:
    assert steps_reached(date(2026, 10, day), DUE, before, after) == steps


@pytest.mark.parametrize(
    ("hour", "told"), [(0, False), (8, False), (9, True), (12, True), (23, True)]
)
def test_nobody_is_told_anything_before_nine(hour: int, told: bool) -> None:
    assert is_time_to_tell(hour) is told


def _member(user_id: int, role: str) -> Person:
    return Person(user_id, frozenset[str](ROLE_RIGHTS[role]), is_member=True)


MANAGER = _member(1, "project_manager")
ON_SITE = _member(2, "on_site_engineer")
ENGINEER = _member(3, "inspection_engineer")
IDLE = _member(4, "inspection_engineer")
CLIENT = _member(5, "client_it_lead")
ADMINISTRATOR = Person(6, frozenset(), is_member=False, is_admin=True)
STRANGER = Person(7, frozenset(), is_member=False)
PEOPLE = (MANAGER, ON_SITE, ENGINEER, IDLE, CLIENT, ADMINISTRATOR, STRANGER)

ROOMS = Waiting("todo", 3, "", 12)
NOBODYS = Waiting("todo", None, "manage_round", 4)
OF_ONE_WHO_LEFT = Waiting("photos_returned", 99, "", 1)
PHOTOS = Waiting("photos_unreviewed", None, "review", 40)
PEERS = Waiting("peer_checks", None, "inspect", 2)
ACCEPTANCE = Waiting("acceptance", None, "accept", 1)
ALL = (ROOMS, NOBODYS, OF_ONE_WHO_LEFT, PHOTOS, PEERS, ACCEPTANCE)


def _told(
    step: str, waiting: tuple[Waiting, ...] = ALL, told: tuple[str, ...] = ()
) -> dict[int, tuple[Waiting, ...]]:
    return {row.user_id: row.waiting for row in what_to_tell([step], waiting, PEOPLE, told)}


def test_on_the_due_day_who_accepts_is_told_once_and_the_engineers_are_reminded() -> None:
    new = what_to_tell(["remind:0", "escalate:0"], ALL, PEOPLE, ())
    told = {(row.step, row.user_id) for row in new}
    assert {user for step, user in told if step == "escalate:0"} == set(_told("escalate:0"))
    reminded = {user for step, user in told if step == "remind:0"}
    assert reminded == set(_told("remind:0")) - set(_told("escalate:0"))
    assert what_to_tell(["remind:0", "escalate:0"], ALL, PEOPLE, {"remind:0", "escalate:0"}) == []


def test_before_the_due_day_each_is_told_what_is_his_and_the_manager_all() -> None:
    assert _told("remind:3") == {
        1: ALL,
        2: (NOBODYS, PHOTOS, PEERS),
        3: (ROOMS, PEERS),
        4: (PEERS,),
    }


def test_who_has_nothing_to_do_is_left_in_peace() -> None:
    assert set(_told("remind:3", (ROOMS, ACCEPTANCE))) == {1, 3}


@pytest.mark.parametrize(("step", "who"), [("escalate:0", {1}), ("escalate:1", {1, 6})])
def test_after_it_the_manager_hears_who_has_not_done_what_and_then_the_next_level(
    step: str, who: set[int]
) -> None:
    told = _told(step)
    assert set(told) == who
    assert all(waiting == ALL for waiting in told.values())


@pytest.mark.parametrize("step", ["remind:3", "escalate:2"])
def test_where_nothing_waits_or_it_was_told_nobody_is_told(step: str) -> None:
    assert _told(step, ()) == {}
    assert _told(step, ALL, (step,)) == {}


@st.composite
def _people(draw: st.DrawFn) -> list[Person]:
    roles = draw(st.lists(st.sampled_from([*ROLE_RIGHTS, "left", "admin"]), max_size=8))
    return [
        Person(
            user_id,
            frozenset[str](ROLE_RIGHTS.get(role, frozenset())),
            is_member=role in ROLE_RIGHTS,
            is_admin=role == "admin",
        )
        for user_id, role in enumerate(roles, 1)
    ]


_days = st.lists(st.integers(0, 27), max_size=4, unique=True)
_waiting = st.lists(
    st.one_of(
        st.builds(Waiting, st.just("todo"), st.integers(1, 9), st.just(""), st.integers(1, 50)),
        st.builds(
            Waiting,
            st.sampled_from(["pairs", "acceptance"]),
            st.none(),
            st.sampled_from(["review", "accept", "inspect", "manage_round"]),
            st.integers(1, 50),
        ),
    ),
    max_size=8,
)


@given(_people(), _waiting, _days, _days, st.integers(0, 40), st.data())
def test_through_a_whole_month_nobody_hears_a_thing_twice_and_no_stranger_hears_any(
    people: list[Person],
    waiting: list[Waiting],
    before: list[int],
    after: list[int],
    issued_on: int,
    data: st.DataObject,
) -> None:
    """Days pass, some of them with the server down; on ``issued_on`` the report is issued."""
    told: list[Telling] = []
    by_id = {person.user_id: person for person in people}
    for number in range(45):
        day = DUE - timedelta(days=25) + timedelta(days=number)
        if data.draw(st.booleans(), label=f"down on {day}"):
            continue
        still = waiting if number < issued_on else []
        for _again in range(2):  # Two ticks a day, or two workers one after the other.
            steps = steps_reached(day, DUE, before, after)
            assert len({step.partition(":")[0] for step in steps}) == len(steps)
            new = what_to_tell(steps, still, people, {row.step for row in told})
            assert number < issued_on or new == []
            told += new
    assert len({(row.step, row.user_id) for row in told}) == len(told)
    for row in told:
        person = by_id[row.user_id]
        kind, days = row.step.split(":")
        assert person.is_member or (person.is_admin and kind == "escalate" and days != "0")
        assert row.waiting
        assert set(row.waiting) <= set(waiting)
        assert int(days) in (before if kind == "remind" else after)
        if kind == "escalate" and person.is_member and not person.is_admin:
            assert "accept" in person.rights
