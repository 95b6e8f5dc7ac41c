"""The canonical form: every field changes the hash, no order of rows does, and it never drifts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass, replace
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from webapp.acceptance import content
from webapp.acceptance.content import (
    ConsumableForm,
    ExceptionForm,
    FindingForm,
    InspectionForm,
    OpenItemForm,
    PhotoForm,
    ReadingForm,
    TaskForm,
    room_sha256,
    round_sha256,
    task_digest,
)

words = st.text(max_size=12)
number = st.integers(1, 10**6)
severity = st.none() | st.integers(1, 4)
figure = st.floats(allow_nan=False, allow_infinity=False) | words | st.none()
readings = st.builds(
    ReadingForm,
    item=words,
    value=figure,
    verdict=st.sampled_from(["normal", "abnormal", "not_tested"]),
    severity=severity,
    cause=words,
    action=words,
    remark=words,
    fixed=st.booleans(),
)
findings = st.builds(
    FindingForm, uid=words, text=words, severity=st.integers(1, 4), fixed=st.booleans()
)
consumables = st.builds(ConsumableForm, consumable=words, quantity=number)
open_items = st.builds(
    OpenItemForm,
    number=number,
    answer=st.sampled_from(["opened", "still", "solved"]),
    severity=severity,
    cause=words,
    action=words,
    remark=words,
)
photos = st.builds(
    PhotoForm,
    uid=words,
    sha256=words,
    item=st.none() | words,
    finding=st.none() | words,
    open_item=st.none() | number,
)
exceptions = st.builds(ExceptionForm, reason=words, remark=words, revisit_on=st.none() | st.dates())


def rows(of: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(of, max_size=4).map(tuple)


inspections = st.builds(
    InspectionForm,
    uid=words,
    inspector=number,
    checklist=number,
    verdict=st.sampled_from(["normal", "abnormal", "not_tested"]),
    severity=severity,
    remark=words,
    exception=st.none() | exceptions,
    readings=rows(readings),
    findings=rows(findings),
    consumables=rows(consumables),
    open_items=rows(open_items),
    photos=rows(photos),
)
tasks = st.builds(
    TaskForm, task=number, device=st.none() | number, inspection=st.none() | inspections
)


def other_values(value: Any) -> list[Any]:
    """Values of a field that differ from its own, one of each kind that it could be."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1 if abs(value) < 2**50 else 0.5, None]
    if isinstance(value, str):
        return [value + "x", f" {value}", None]
    if isinstance(value, date):
        return [date(2000, 1, 1) if value != date(2000, 1, 1) else date(2001, 1, 1), None]
    return ["x", 7]


def changed(form: Any) -> list[Any]:
    """Every form that differs from this one in one field, down to the rows of its lists."""
    found = []
    for field in fields(form):
        value = getattr(form, field.name)
        if is_dataclass(value):
            found += [replace(form, **{field.name: other}) for other in changed(value)]
            found.append(replace(form, **{field.name: None}))
        elif isinstance(value, tuple):
            for at, row in enumerate(value):
                fewer = (*value[:at], *value[at + 1 :])
                found.append(replace(form, **{field.name: fewer}))
                found += [replace(form, **{field.name: (*fewer, other)}) for other in changed(row)]
            found += [replace(form, **{field.name: (*value, row)}) for row in value[:1]]
        else:
            found += [replace(form, **{field.name: other}) for other in other_values(value)]
    return found


@given(form=tasks)
def test_any_change_of_any_field_changes_the_digest(form: TaskForm) -> None:
    digest = task_digest(form)
    for other in changed(form):
        assert task_digest(other) != digest, other


@given(form=tasks, order=st.randoms())
def test_no_order_of_rows_changes_it(form: TaskForm, order: Any) -> None:
    if form.inspection is None:
        return
    shuffled: dict[str, Any] = {}
    for field in fields(form.inspection):
        value = getattr(form.inspection, field.name)
        if isinstance(value, tuple):
            turned = list(value)
            order.shuffle(turned)
            shuffled[field.name] = tuple(turned)
    other = replace(form, inspection=replace(form.inspection, **shuffled))
    assert task_digest(other) == task_digest(form)


def test_a_whole_number_is_the_same_however_a_database_gives_it() -> None:
    one = ReadingForm("lamp_hours", 1200, "normal", None, "", "", "", False)
    form = InspectionForm("u", 1, 1, "normal", None, "", readings=(one,))
    other = replace(form, readings=(replace(one, value=1200.0),))
    assert task_digest(TaskForm(1, 2, form)) == task_digest(TaskForm(1, 2, other))


def test_a_text_that_looks_like_a_number_is_none() -> None:
    one = ReadingForm("version", "5", "normal", None, "", "", "", False)
    form = InspectionForm("u", 1, 1, "normal", None, "", readings=(one,))
    other = replace(form, readings=(replace(one, value=5.0),))
    assert task_digest(TaskForm(1, 2, form)) != task_digest(TaskForm(1, 2, other))


@given(digests=st.dictionaries(number, words, min_size=1, max_size=6), room=number, of_round=number)
def test_a_rooms_hash_is_over_all_its_tasks(
    digests: dict[int, str], room: int, of_round: int
) -> None:
    whole = room_sha256(of_round, room, digests)
    assert whole == room_sha256(of_round, room, dict(reversed(digests.items())))
    assert whole != room_sha256(of_round + 1, room, digests)
    assert whole != room_sha256(of_round, room + 1, digests)
    for task_id, digest in digests.items():
        less = {key: value for key, value in digests.items() if key != task_id}
        assert whole != room_sha256(of_round, room, less)
        assert whole != room_sha256(of_round, room, {**digests, task_id: digest + "0"})
        assert whole != room_sha256(of_round, room, {**less, max(digests) + 1: digest})


@given(rooms=st.dictionaries(number, words, min_size=1, max_size=6))
def test_a_rounds_hash_is_over_all_its_rooms(rooms: dict[int, str]) -> None:
    whole = round_sha256(1, "2026-03", rooms)
    assert whole == round_sha256(1, "2026-03", dict(reversed(rooms.items())))
    assert whole != round_sha256(1, "2026-04", rooms)
    for room_id in rooms:
        assert whole != round_sha256(1, "2026-03", {**rooms, room_id: "other"})


# Written down once, and the same for ever: a signature of years ago must be worked out again.
FIXED = TaskForm(
    7,
    None,
    InspectionForm(
        uid="0190a000-0000-7000-8000-000000000001",
        inspector=3,
        checklist=1,
        verdict="abnormal",
        severity=2,
        remark="灯泡\n老化",
        exception=ExceptionForm("occupied", "开会", date(2026, 3, 9)),
        readings=(
            ReadingForm("lamp_hours", 2950.0, "abnormal", 2, "lamp_aged", "", '"旧"', False),
            ReadingForm("delay", 0.1, "normal", None, "", "", "", False),
        ),
        consumables=(ConsumableForm("lamp", 1),),
        open_items=(OpenItemForm(12, "still", None, "", "", ""),),
        photos=(PhotoForm("p", "ab" * 32, "image", None, None),),
    ),
)
FIXED_JSON = (
    '{"device":null,"form":"task/1","inspection":{"checklist":1,"consumables":[{"consumable":"lamp",'
    '"quantity":1}],"exception":{"reason":"occupied","remark":"开会","revisit_on":"2026-03-09"},'
    '"findings":[],"inspector":3,"open_items":[{"action":"","answer":"still","cause":"","number":12,'
    '"remark":"","severity":null}],"photos":[{"finding":null,"item":"image","open_item":null,'
    '"sha256":"' + "ab" * 32 + '","uid":"p"}],"readings":[{"action":"","cause":"","fixed":false,'
    '"item":"delay","remark":"","severity":null,"value":0.1,"verdict":"normal"},{"action":"",'
    '"cause":"lamp_aged","fixed":false,"item":"lamp_hours","remark":"\\"旧\\"","severity":2,'
    '"value":2950,"verdict":"abnormal"}],"remark":"灯泡\\n老化","severity":2,'
    '"uid":"0190a000-0000-7000-8000-000000000001","verdict":"abnormal"},"task":7}'
)


def test_the_form_is_what_its_text_says() -> None:
    assert task_digest(FIXED) == hashlib.sha256(FIXED_JSON.encode()).hexdigest()
    assert content.canonical_json(json.loads(FIXED_JSON)) == FIXED_JSON


def in_plain_words(value: Any) -> Any:
    """A form as the text at the head of the module says it, slowly."""
    if isinstance(value, tuple):
        return sorted(map(in_plain_words, value), key=content.canonical_json)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value):
        return {field.name: in_plain_words(getattr(value, field.name)) for field in fields(value)}
    return value


@given(tasks)
def test_the_quick_way_of_writing_it_is_the_plain_one(form: TaskForm) -> None:
    plain = content.canonical_json({"form": "task/1", **in_plain_words(form)})
    assert task_digest(form) == hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
