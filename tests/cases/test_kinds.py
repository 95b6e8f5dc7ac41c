"""The kinds of case hold together: every state can be reached and left, every word has its text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.cases import field_steps
from webapp.cases.kinds import CAME_OF, KINDS, name_of, parsed_name
from webapp.cases.steps import Field, Kind, checked_fields, possible_steps, step_of
from webapp.cases.terms import KINDS as CLOCKS
from webapp.cases.words import CLOCK_WORDS, KIND_WORDS, STATE_WORDS
from webapp.errors import AppError
from webapp.identity.rules import RIGHTS, ROLE_RIGHTS

ROOT = Path(__file__).parent.parent.parent
ALL = list(KINDS.values())


def each_kind() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("kind", ALL, ids=[kind.key for kind in ALL])


@each_kind()
def test_steps_lead_from_states_of_the_kind_to_states_of_the_kind(kind: Kind) -> None:
    for step in kind.steps:
        assert step.froms <= set(kind.states), step.key
        assert step.to is None or step.to in kind.states, step.key
        assert step.right in RIGHTS
    assert kind.ends < set(kind.states)


@each_kind()
def test_every_state_can_be_reached_and_every_live_one_leads_to_an_end(kind: Kind) -> None:
    reached = {kind.states[0]}
    while True:
        more = {s.to for s in kind.steps if s.to and s.froms & reached} - reached
        if not more:
            break
        reached |= more
    assert reached == set(kind.states)
    leads = set(kind.ends)
    while True:
        more = {f for s in kind.steps if s.to in leads for f in s.froms} - leads
        if not more:
            break
        leads |= more
    assert leads == set(kind.states)


@each_kind()
def test_a_live_case_can_always_be_spoken_of_and_given_to_somebody(kind: Kind) -> None:
    for state in kind.live:
        keys = {step.key for step in possible_steps(kind, state, {}, RIGHTS)}
        assert {"note", "note_internal", "assign"} <= keys


@each_kind()
def test_words_and_clocks_are_there_for_all_that_a_kind_names(kind: Kind) -> None:
    assert kind.key in KIND_WORDS
    assert set(kind.states) <= set(STATE_WORDS)
    clocks = set(kind.starts)
    for step in kind.steps:
        clocks |= {*step.starts, *step.meets, *step.pauses, *step.resumes, *step.cancels}
    assert clocks <= set(CLOCK_WORDS)
    for clock in clocks:
        assert clock in CLOCKS or f"{clock}_domestic" in CLOCKS
    assert set(CAME_OF[kind.key]) <= set(KINDS)


def test_no_two_kinds_have_one_letter() -> None:
    assert len({kind.prefix for kind in ALL}) == len(ALL)


def test_a_case_is_called_by_its_letter_and_number() -> None:
    assert name_of("fault", 12) == "F12"
    kind, number = parsed_name("F12")
    assert (kind.key, number) == ("fault", 12)


@pytest.mark.parametrize("name", ["", "F", "12", "X1", "F1x", "F٣", "f12", "F1234567890"])
def test_what_is_no_name_is_not_found(name: str) -> None:
    with pytest.raises(AppError, match="not_found"):
        parsed_name(name)


def test_what_costs_the_client_is_not_sent_off_before_he_approved() -> None:
    repair = KINDS["repair"]
    assert step_of(repair, "send", "planned", {"way": "warranty"}).to == "sent"
    for way in ("paid", "replacement"):
        with pytest.raises(AppError, match="step_not_now"):
            step_of(repair, "send", "planned", {"way": way})
        assert step_of(repair, "send", "approved", {"way": way}).to == "sent"


def test_an_unknown_step_is_told_from_one_that_is_not_possible_now() -> None:
    fault = KINDS["fault"]
    with pytest.raises(AppError, match="step_unknown"):
        step_of(fault, "explode", "declared", {})
    with pytest.raises(AppError, match="step_not_now") as refusal:
        step_of(fault, "close", "declared", {})
    assert refusal.value.details == {"state": "declared", "step": "close"}


def test_only_what_the_reader_has_the_right_for_is_offered() -> None:
    fault = KINDS["fault"]
    client = {step.key for step in possible_steps(fault, "declared", {}, ["view", "confirm"])}
    assert client == {"note"}
    assert possible_steps(fault, "declared", {}, RIGHTS)[0].key == "take_over"


FIELDS = (
    Field("words", "words", required=True),
    Field("cost", "money"),
    Field("on", "date"),
    Field("at", "at"),
    Field("owner", "person"),
    Field("way", "choice", choices=("a", "b")),
    Field("into", "case"),
    Field("yes", "flag"),
)


def test_fields_come_back_in_their_plain_form_and_empty_ones_not_at_all() -> None:
    given = {
        "words": "  wackelt \n sehr ",
        "cost": "12.5",
        "on": "2026-03-05",
        "at": "2026-03-05T10:00:00+08:00",
        "owner": 3,
        "way": "b",
        "into": "F7",
        "yes": False,
    }
    assert checked_fields(FIELDS, given) == {**given, "words": "wackelt \n sehr", "cost": "12.50"}
    assert checked_fields(FIELDS, {"words": "x", "cost": " ", "on": None}) == {"words": "x"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("cost", "-1"),
        ("cost", "1.005"),
        ("cost", "NaN"),
        ("cost", "1e99"),
        ("cost", 5),
        ("on", "2026-02-30"),
        ("at", "2026-03-05T10:00:00"),
        ("owner", 0),
        ("owner", True),
        ("owner", "3"),
        ("way", "c"),
        ("into", "7"),
        ("yes", "yes"),
        ("words", "x" * 4001),
        ("words", "a\x00b"),
    ],
)
def test_what_is_none_of_its_kind_is_named(key: str, value: Any) -> None:
    with pytest.raises(AppError) as refusal:
        checked_fields(FIELDS, {"words": "there", key: value})
    assert refusal.value.fields == {key: ["invalid"]}


def test_missing_and_unknown_fields_are_told_together() -> None:
    with pytest.raises(AppError) as refusal:
        checked_fields(FIELDS, {"words": "   ", "colour": "red"})
    assert refusal.value.fields == {"words": ["missing"], "colour": ["unknown"]}


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text())


@given(st.dictionaries(st.sampled_from([f.key for f in FIELDS]) | st.text(), plain))
def test_whatever_is_given_is_either_plain_or_refused(given_fields: dict[str, Any]) -> None:
    try:
        found = checked_fields(FIELDS, given_fields)
    except AppError:
        return
    assert set(found) <= set(given_fields)
    assert checked_fields(FIELDS, found) == found


def test_the_phones_table_is_what_the_kinds_say(tmp_path: Path) -> None:
    kept = ROOT / "webapp/pwa/client/src/rules/case_steps.json"
    field_steps.write(tmp_path / "steps.json")
    assert kept.read_text() == (tmp_path / "steps.json").read_text(), "run make api"


def test_a_phone_never_chooses_people_nor_calls_anything_off() -> None:
    steps = field_steps.field_steps()
    assert set(steps) == set(KINDS)
    keys = {step["key"] for some in steps.values() for step in some}
    assert keys >= {"arrive", "solve", "send", "put_in_service", "replace", "execute", "hold"}
    assert not keys & {"assign", "hand_over", "fold", "cancel", "decline", "approve", "close"}
    assert all(some[-1]["key"] == "note" for some in steps.values())


def test_the_phone_takes_a_faults_steps_by_the_same_vectors() -> None:
    path = ROOT / "tests/vectors/case_steps.json"
    for state, key, can, after, asked, required, meets in json.loads(path.read_text())["rows"]:
        possible = possible_steps(KINDS["fault"], state, {}, ROLE_RIGHTS["inspection_engineer"])
        step = next((one for one in possible if one.key == key), None)
        assert (step is not None) == can, (state, key)
        if step is None:
            continue
        assert (step.to or state) == after
        assert [one.key for one in step.fields] == asked
        assert [one.key for one in step.fields if one.required] == required
        assert sorted(step.meets) == meets
