"""The rules against the vectors that the phone's tests run too (``src/rules/rules.test.ts``)."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.vectors import generate
from webapp.checklists import content as contents
from webapp.checklists import due, rules
from webapp.checklists.document import default_content

VECTORS = Path(__file__).parent.parent / "vectors"


def load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


CONTENT = load("checklist.json")
READINGS = load("readings.json")["rows"]
DECISIONS = load("decisions.json")
SEEDED = load("seeded.json")


def item(named: Any) -> Any:
    """An item that a vector names as ``type.item``, or gives whole."""
    if not isinstance(named, str):
        return named
    found = contents.item_of(CONTENT, *named.split("."))
    assert found is not None, named
    return found


def judged(of: Any, value: Any, register: Any) -> list[Any]:
    verdict = rules.judge_reading(of, value, register)
    return [verdict.verdict, verdict.severity, verdict.reason]


@pytest.mark.parametrize("name", READINGS)
def test_readings_by_hand(name: str) -> None:
    for register, value, *expected in READINGS[name]:
        assert judged(item(name), value, register) == expected, (register, value)


def test_no_item_of_the_shipped_checklists_is_left_out() -> None:
    names = [f"{t['key']}.{i['key']}" for t in CONTENT["types"] for i in t["items"]]
    assert sorted(READINGS) == sorted(names)


def test_seeded_readings() -> None:
    for made, register, value, *expected in SEEDED["readings"]:
        assert judged(made, value, register) == expected, (made, register, value)


def test_the_committed_vectors_are_the_generators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "HERE", tmp_path)
    generate.main()
    for name in ("checklist.json", "seeded.json"):
        assert (tmp_path / name).read_bytes() == (VECTORS / name).read_bytes(), name
    assert default_content() == CONTENT


@pytest.mark.parametrize(("named", "register", "expected"), DECISIONS["applies"])
def test_applies(named: Any, register: Any, expected: bool) -> None:
    assert rules.applies(item(named), register) is expected


@pytest.mark.parametrize(("named", "register", "expected"), DECISIONS["normal_range"])
def test_normal_range(named: Any, register: Any, expected: Any) -> None:
    found = asdict(rules.normal_range(item(named), register))
    plain = {key: value for key, value in found.items() if value is not None}
    assert json.loads(json.dumps(plain)) == expected


@pytest.mark.parametrize(("named", "value", "expected"), DECISIONS["severity"])
def test_severity(named: Any, value: Any, expected: int | None) -> None:
    assert rules.suggested_severity(item(named), value) == expected


@pytest.mark.parametrize(("named", "verdict", "expected"), DECISIONS["photo_required"])
def test_photo_required(named: Any, verdict: Any, expected: bool) -> None:
    assert rules.photo_required(item(named), verdict) is expected


@pytest.mark.parametrize(("named", "round_", "anchor", "last", "expected"), DECISIONS["due"])
def test_due(named: Any, round_: str, anchor: str, last: str | None, expected: bool) -> None:
    assert due.is_due(item(named), round_, anchor, last) is expected


def test_seeded_due() -> None:
    for every, round_, anchor, last, expected in SEEDED["due"]:
        made: Any = {"kind": "pass_fail", "every": every}
        assert due.is_due(made, round_, anchor, last) is expected, (every, round_, anchor, last)


@pytest.mark.parametrize(
    ("type_key", "register", "round_", "anchor", "last", "expected"), DECISIONS["due_items"]
)
def test_due_items(
    type_key: str, register: Any, round_: str, anchor: str, last: Any, expected: list[str]
) -> None:
    found = due.due_items(
        CONTENT,
        type_key,
        register,
        round_month=round_,
        anchor_month=anchor,
        last_read_months=last,
    )
    assert [one["key"] for one in found] == expected


@pytest.mark.parametrize(("type_key", "values", "exception", "expected"), DECISIONS["inspection"])
def test_inspection(type_key: str, values: Any, exception: bool, expected: Any) -> None:
    register = {"preset_count": 6}
    verdicts = {
        key: rules.judge_reading(item(f"{type_key}.{key}"), value, register)
        for key, value in values.items()
    }
    found = rules.judge_inspection(
        contents.items_of(CONTENT, type_key), verdicts, exception=exception
    )
    assert json.loads(json.dumps(asdict(found))) == expected


@pytest.mark.parametrize(
    ("named", "value", "previous", "hours", "replaced", "expected"), DECISIONS["plausible"]
)
def test_plausible(
    named: Any, value: Any, previous: Any, hours: Any, replaced: bool, expected: list[str]
) -> None:
    assert due.plausible(item(named), value, previous, hours, replaced) == expected


@pytest.mark.parametrize(
    ("task_id", "type_key", "given", "pictured", "expected"), DECISIONS["unseen_spot_checks"]
)
def test_unseen_spot_checks(
    task_id: int, type_key: str, given: Any, pictured: list[str], expected: list[str]
) -> None:
    items = contents.items_of(CONTENT, type_key)
    assert due.unseen_spot_checks(task_id, items, given, set(pictured)) == expected


def test_spot_checks_and_hashes() -> None:
    for seed, type_key, share, expected in SEEDED["spot_checks"] + DECISIONS["spot_checks"]:
        items = contents.items_of(CONTENT, type_key)
        assert due.random_spot_checks(seed, items, share) == expected
    assert DECISIONS["spot_check_share"] == due.SPOT_CHECK_SHARE
    for text, expected in SEEDED["mix_hash"] + DECISIONS["mix_hash"]:
        assert due.mix_hash(text) == expected


def test_what_the_forms_need() -> None:
    picks = [words["key"] for words in contents.causes_of(CONTENT, "projector")]
    assert picks[:3] == ["lamp_aged", "filter_clogged", "optics_aged"]
    assert "user_error" in picks
    assert "restarted" in [words["key"] for words in contents.actions_of(CONTENT, "dsp")]
    projector = contents.items_of(CONTENT, "projector")
    assert due.consumables_of(projector) == ["lamp", "filter", "battery"]
    assert rules.device_register({"firmware": " ", "laser": None}, "1.2") == {"firmware": "1.2"}
    assert rules.device_register({"firmware": "3"}, "1.2") == {"firmware": "3"}
