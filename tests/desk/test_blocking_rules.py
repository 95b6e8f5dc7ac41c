"""What blocks, whose it is, where it is listed: decided by tables, for whatever a round looks like."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.desk.rules import (
    GROUP_RIGHTS,
    GROUPS,
    KINDS,
    Blocker,
    Kind,
    RoomFacts,
    Tally,
    address_of,
    group_of,
    of_owner,
    revisits_until,
    tally_room,
)
from webapp.identity.rules import RIGHTS, ROLE_RIGHTS

AT = datetime(2026, 10, 1, 1, tzinfo=UTC)
LATER = AT + timedelta(days=2)


def _room(**fields: Any) -> RoomFacts:
    return RoomFacts(**{"room_id": 1, "assignee_id": 7, "counts": {"normal": 3}, **fields})


def _kinds(room: RoomFacts, *, accepted: bool = False) -> list[tuple[str, int | None, int]]:
    tally = Tally()
    tally_room(tally, room, AT, accepted=accepted)
    return [(row.kind, row.owner_id, row.count) for row in tally.blockers()]


@pytest.mark.parametrize(
    ("room", "blockers"),
    [
        (_room(counts={"todo": 2, "normal": 1}), [("todo", 7, 2)]),
        (_room(counts={"todo": 2}, assignee_id=None), [("todo", None, 2)]),
        (_room(), [("self_checks", 7, 1)]),
        (_room(assignee_id=None, author_id=8), [("self_checks", 8, 1)]),
        (_room(assignee_id=None), [("self_checks", None, 1)]),
        (_room(self_checked_at=AT), [("peer_checks", None, 1)]),
        (_room(self_checked_at=AT, peer_checked_at=LATER), []),
        (_room(peer_checked_at=LATER), [("self_checks", 7, 1)]),
        (_room(revisits=2, first_revisit_at=AT), [("revisits", 7, 2), ("self_checks", 7, 1)]),
        (_room(counts={"todo": 1}, self_checked_at=AT), [("todo", 7, 1)]),
    ],
)
def test_what_a_room_lacks(room: RoomFacts, blockers: list[tuple[str, int | None, int]]) -> None:
    assert _kinds(room) == blockers


def test_the_checks_of_an_accepted_round_are_asked_for_no_more() -> None:
    assert _kinds(_room(), accepted=True) == []


@pytest.mark.parametrize(
    ("today", "until"),
    [(date(2026, 10, 3), date(2026, 10, 10)), (date(2026, 10, 12), date(2026, 10, 12))],
)
def test_second_visits_count_until_the_due_day_and_when_they_are_over(
    today: date, until: date
) -> None:
    assert revisits_until(date(2026, 10, 10), today) == until


def test_of_one_kind_and_owner_the_oldest_is_told() -> None:
    tally = Tally()
    tally.add("photos_returned", 7, 1, LATER)
    tally.add("photos_returned", 7, 2, AT)
    tally.add("photos_returned", 7, 1, None)
    tally.add("photos_returned", 8, 0, AT)
    (row,) = tally.blockers()
    assert (row.owner_id, row.count, row.oldest_at) == (7, 4, AT)


def _every() -> list[Blocker]:
    return [
        Blocker(kind, group_of(kind, owner), owner, 1, AT)
        for kind in KINDS
        for owner in ((7, None) if group_of(kind, None) == "unassigned" else (None,))
    ]


def test_every_kind_has_a_group_and_an_address() -> None:
    assert {row.group for row in _every()} == set(GROUPS)
    for row in _every():
        address = address_of(row, "2026-10", RIGHTS)
        assert address is not None
        assert address.startswith("/desk/")
        assert "2026-10" in address or row.kind in ("unsent", "quarantine")
        assert ("7" in address) == (row.owner_id is not None), address
        assert address_of(row, "2026-10", ()) is None


@pytest.mark.parametrize(
    ("kind", "may", "may_not"),
    [
        ("quarantine", "project_manager", "inspection_engineer"),
        ("unsent", "on_site_engineer", "inspection_engineer"),
        ("photos_missing", "on_site_engineer", "client_it_lead"),
    ],
)
def test_who_may_not_see_a_list_is_not_led_there(kind: Kind, may: str, may_not: str) -> None:
    row = Blocker(kind, group_of(kind, 7), 7, 1, AT)
    assert address_of(row, "2026-10", ROLE_RIGHTS[may]) is not None
    assert address_of(row, "2026-10", ROLE_RIGHTS[may_not]) is None


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        ("inspection_engineer", {"peer_checks"}),
        ("client_it_lead", set()),
        (
            "on_site_engineer",
            set(KINDS)
            - {"unsent", "photos_missing", "photos_returned", "answers_returned"}
            - {"acceptance", "report"},
        ),
        (
            "project_manager",
            set(KINDS) - {"unsent", "photos_missing", "photos_returned", "answers_returned"},
        ),
    ],
)
def test_what_has_no_owner_is_of_who_may_do_it(role: str, kinds: set[str]) -> None:
    ownerless = [Blocker(kind, group_of(kind, None), None, 1, AT) for kind in KINDS]
    of_a_person = {"unsent", "photos_missing", "photos_returned", "answers_returned"}
    ownerless = [row for row in ownerless if row.kind not in of_a_person]
    assert {row.kind for row in of_owner(ownerless, 1, ROLE_RIGHTS[role])} == kinds


@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.none() | st.integers(1, 4), st.integers(0, 9)))
)
def test_whatever_is_counted_each_thing_is_somebodys_and_nothing_is_lost(
    things: list[tuple[Kind, int | None, int]],
) -> None:
    tally = Tally()
    for kind, owner, count in things:
        tally.add(kind, owner, count, AT)
    rows = tally.blockers()
    assert sum(row.count for row in rows) == sum(count for _kind, _owner, count in things)
    assert len({(row.kind, row.owner_id) for row in rows}) == len(rows)
    assert all(row.count > 0 for row in rows)
    assert all((row.group == "person") == (row.owner_id is not None) for row in rows)
    assert all(row.group == "person" or GROUP_RIGHTS[row.group] in RIGHTS for row in rows)
    # A project manager and the owners together see all of it.
    seen = of_owner(rows, 99, RIGHTS)
    for owner in range(1, 5):
        seen += [row for row in of_owner(rows, owner, ()) if row not in seen]
    assert sorted(map(repr, seen)) == sorted(map(repr, rows))
