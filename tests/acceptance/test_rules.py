"""Who may sign what and why not, and what is looked at again: tables and properties."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.acceptance import rules
from webapp.acceptance.rules import Candidate, RoomFacts, RoundFacts, Signer
from webapp.identity.contract_settings import STRICTNESSES, Strictness
from webapp.identity.rules import ROLE_RIGHTS, rights_of

ENGINEER, COLLEAGUE, MANAGER, LEAD = 1, 2, 3, 4
ROLES = {
    ENGINEER: "inspection_engineer",
    COLLEAGUE: "backup_engineer",
    MANAGER: "project_manager",
    LEAD: "client_it_lead",
}
DONE = RoomFacts(tasks=3, todo=0, authors=frozenset({ENGINEER}), assignees=frozenset({ENGINEER}))
SELF = replace(DONE, self_signers=frozenset({ENGINEER}))
BOTH = replace(SELF, peer_signers=frozenset({COLLEAGUE}))


def who(user_id: int, strictness: Strictness = "three") -> Signer:
    return Signer(user_id, ROLE_RIGHTS[ROLES[user_id]], strictness)


@pytest.mark.parametrize(
    ("room", "user_id", "reason"),
    [
        (DONE, ENGINEER, ""),
        (DONE, COLLEAGUE, "not_inspected_here"),
        (DONE, MANAGER, "not_inspected_here"),
        (DONE, LEAD, "no_right"),
        (replace(DONE, todo=1), ENGINEER, "todo"),
        (replace(DONE, tasks=0), ENGINEER, "nothing_to_sign"),
        (replace(DONE, authors=frozenset({COLLEAGUE})), ENGINEER, ""),
        (replace(DONE, assignees=frozenset({COLLEAGUE})), COLLEAGUE, ""),
        (replace(DONE, returned=1), ENGINEER, "answers_returned"),
        (SELF, ENGINEER, "signed"),
    ],
)
def test_a_self_check_is_the_engineers_who_was_there(
    room: RoomFacts, user_id: int, reason: str
) -> None:
    for strictness in STRICTNESSES:
        assert rules.why_not("self_check", room, who(user_id, strictness), "open") == reason


@pytest.mark.parametrize(
    ("room", "user_id", "strictness", "reason"),
    [
        (SELF, COLLEAGUE, "three", ""),
        (SELF, COLLEAGUE, "two", ""),
        (SELF, MANAGER, "three", ""),
        (SELF, LEAD, "three", "no_right"),
        (SELF, ENGINEER, "three", "own_work"),
        (SELF, ENGINEER, "two", "own_work"),
        (SELF, ENGINEER, "one", ""),
        (replace(SELF, authors=frozenset({COLLEAGUE})), ENGINEER, "three", "own_self_check"),
        (replace(SELF, authors=frozenset({ENGINEER, COLLEAGUE})), COLLEAGUE, "three", "own_work"),
        (DONE, COLLEAGUE, "three", "self_check_first"),
        (replace(SELF, todo=1), COLLEAGUE, "three", "todo"),
        (replace(SELF, sample_left=2), COLLEAGUE, "three", "sample_left"),
        (replace(SELF, sample_left=2), ENGINEER, "one", "sample_left"),
        (replace(SELF, returned=1), COLLEAGUE, "three", "answers_returned"),
        (BOTH, COLLEAGUE, "three", "signed"),
    ],
)
def test_a_peer_check_is_somebody_elses(
    room: RoomFacts, user_id: int, strictness: Strictness, reason: str
) -> None:
    assert rules.why_not("peer_check", room, who(user_id, strictness), "finished") == reason


@pytest.mark.parametrize("level", ["self_check", "peer_check"])
def test_nothing_is_signed_in_an_accepted_round(level: rules.Level) -> None:
    assert rules.why_not(level, SELF, who(COLLEAGUE), "accepted") == "round_closed"


FINISHED = RoundFacts(state="finished", rooms=[BOTH], missing={"todo": 0, "pairs": 0})
PEER_BY_MANAGER = replace(SELF, peer_signers=frozenset({MANAGER}))
SELF_BY_MANAGER = replace(BOTH, self_signers=frozenset({MANAGER}))
MANAGERS_WORK = replace(BOTH, authors=frozenset({ENGINEER, MANAGER}))


@pytest.mark.parametrize(
    ("of_round", "user_id", "strictness", "reason"),
    [
        (FINISHED, MANAGER, "three", ""),
        (FINISHED, ENGINEER, "one", "no_right"),
        (FINISHED, COLLEAGUE, "two", "no_right"),
        (replace(FINISHED, state="open"), MANAGER, "three", "round_not_finished"),
        (replace(FINISHED, missing={"pairs": 1}), MANAGER, "three", "blocked"),
        (replace(FINISHED, final_signed=True), MANAGER, "three", "signed"),
        (replace(FINISHED, rooms=[BOTH, PEER_BY_MANAGER]), MANAGER, "three", "own_peer_check"),
        (replace(FINISHED, rooms=[BOTH, PEER_BY_MANAGER]), MANAGER, "two", ""),
        (replace(FINISHED, rooms=[SELF_BY_MANAGER]), MANAGER, "two", "own_self_check"),
        (replace(FINISHED, rooms=[MANAGERS_WORK]), MANAGER, "three", "own_work"),
        (replace(FINISHED, rooms=[MANAGERS_WORK]), MANAGER, "two", "own_work"),
        (replace(FINISHED, rooms=[MANAGERS_WORK, SELF_BY_MANAGER]), MANAGER, "one", ""),
        (replace(FINISHED, rooms=[]), MANAGER, "three", ""),
    ],
)
def test_the_final_acceptance_is_a_third_persons(
    of_round: RoundFacts, user_id: int, strictness: Strictness, reason: str
) -> None:
    assert rules.why_not_final(of_round, who(user_id, strictness)) == reason


def test_an_administrator_accepts_and_checks_but_signs_no_inspection() -> None:
    boss = Signer(9, rights_of(None, is_admin=True), "three")
    assert rules.why_not("self_check", DONE, boss, "open") == "no_right"
    assert rules.why_not("peer_check", SELF, boss, "open") == ""
    assert rules.why_not_final(FINISHED, boss) == ""


def test_what_sign_offs_are_missing() -> None:
    empty = RoomFacts(tasks=0, todo=0)
    begun = replace(DONE, todo=2)
    rooms = [DONE, SELF, BOTH, empty, begun]
    assert rules.missing_sign_offs(rooms) == {"self_checks": 1, "peer_checks": 1}


CLEAN = Candidate(1, "uid", "normal", bulk_ok=True, dwell_seconds=20)


@pytest.mark.parametrize(
    ("candidate", "why"),
    [
        (CLEAN, ()),
        (replace(CLEAN, verdict="abnormal"), ("abnormal",)),
        (replace(CLEAN, verdict="not_tested"), ()),
        (replace(CLEAN, dwell_seconds=19), ("fast_bulk",)),
        (replace(CLEAN, bulk_ok=False, dwell_seconds=0), ()),
        (replace(CLEAN, reused_photo=True), ("reused_photo",)),
        (replace(CLEAN, flags=frozenset({"question"})), ("implausible",)),
        (replace(CLEAN, flags=frozenset({"spot_check_missing"})), ("spot_check",)),
        (replace(CLEAN, flags=frozenset({"bulk_ok", "clock_off"})), ()),
        (replace(CLEAN, returned=True), ("returned",)),
        (
            replace(CLEAN, verdict="abnormal", dwell_seconds=1, reused_photo=True),
            ("abnormal", "fast_bulk", "reused_photo"),
        ),
    ],
)
def test_what_is_risky(candidate: Candidate, why: tuple[str, ...]) -> None:
    assert rules.risks(candidate, 20) == why


def drawn(room: list[Candidate], share: float, seed: str = "HQ:2026-03") -> dict[int, tuple]:
    return rules.sample(room, seed=seed, share=share, fast_bulk_seconds=20)


@pytest.mark.parametrize(
    ("devices", "share", "expected"),
    [(8, 0.1, 1), (8, 0.0, 0), (8, 1.0, 8), (8, 0.5, 4), (10, 0.3, 3), (11, 0.3, 4), (0, 0.5, 0)],
)
def test_the_lot_falls_on_the_share_and_on_one_at_least(
    devices: int, share: float, expected: int
) -> None:
    room = [replace(CLEAN, task_id=n, inspection_uid=f"uid-{n}") for n in range(devices)]
    assert len(drawn(room, share)) == expected


candidates = st.lists(
    st.builds(
        Candidate,
        task_id=st.integers(1, 60),
        inspection_uid=st.uuids().map(str),
        verdict=st.sampled_from(["normal", "abnormal", "not_tested"]),
        bulk_ok=st.booleans(),
        dwell_seconds=st.integers(0, 60),
        flags=st.frozensets(st.sampled_from(["question", "bulk_ok", "spot_check_missing"])),
        reused_photo=st.booleans(),
    ),
    unique_by=lambda one: one.task_id,
    max_size=20,
)


@given(room=candidates, share=st.floats(0, 1), seed=st.text(), order=st.randoms())
def test_the_sample_is_the_same_for_everybody_and_misses_no_risk(
    room: list[Candidate], share: float, seed: str, order: object
) -> None:
    found = drawn(room, share, seed)
    shuffled = sorted(room, key=lambda one: one.inspection_uid[::-1])
    assert drawn(shuffled, share, seed) == found
    risky = {one.task_id for one in room if rules.risks(one, 20)}
    assert risky <= set(found)
    rest = len(room) - len(risky)
    lot = [why for why in found.values() if why == ("drawn",)]
    assert len(lot) == len(found) - len(risky)
    assert len(lot) >= min(rest, share * rest - 1e-6)
    assert len(lot) < share * rest + 1
    # More to look at never means that something else is left out.
    assert set(found) <= set(drawn(room, 1.0, seed))


@given(room=candidates, share=st.floats(0, 1))
def test_a_fault_that_is_found_only_adds_to_the_sample_or_takes_the_lots_place(
    room: list[Candidate], share: float
) -> None:
    for at, one in enumerate(room):
        worse = [*room[:at], replace(one, verdict="abnormal"), *room[at + 1 :]]
        before, after = drawn(room, share), drawn(worse, share)
        assert one.task_id in after
        gone = set(before) - set(after)
        assert len(gone) <= 1
        assert all(before[task_id] == ("drawn",) for task_id in gone)


@pytest.mark.parametrize(
    ("strokes", "problem"),
    [
        ([], ""),
        ([[[0, 0], [1, 1]]], ""),
        ([[[0.5, 0.25, 0.1]]], "not_a_point"),
        ([[[0.5]]], "not_a_point"),
        ([[[1.01, 0]]], "outside"),
        ([[[0, -0.01]]], "outside"),
        ([[[float("nan"), 0]]], "outside"),
        ([[[0, 0]]] * 101, "too_many_points"),
        ([[[0, 0]] * 3001], "too_many_points"),
    ],
)
def test_a_drawn_signature_is_points_in_its_box(strokes: list, problem: str) -> None:
    assert rules.strokes_problem(strokes) == problem
