"""What holds of the rules for any reading, register and month."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from webapp.checklists import due, rules
from webapp.checklists.content import MONTHS_BETWEEN, canonical_json, content_hash
from webapp.checklists.document import checked_content, default_content, normalise, plain

CONTENT: Any = default_content()
ITEMS = [item for device_type in CONTENT["types"] for item in device_type["items"]]
FIELDS = sorted(
    {"rated_lamp_hours", "button_count", "rated_impedance", "channel_count", "firmware", "wireless"}
)

json_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.text(max_size=20)
)
numbers = st.integers(-10_000, 10_000) | st.floats(-1e6, 1e6)
registers = st.dictionaries(st.sampled_from(FIELDS), json_scalars)
months = st.integers(2020 * 12, 2035 * 12).map(lambda i: f"{i // 12:04}-{i % 12 + 1:02}")
anything = st.recursive(
    json_scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["types", "items", "key", "zh", "en", "kind", "normal", "min", "max", "options",
                 "by", "severity", "causes", "exceptions", "register_within", "every", "photo"]
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)  # fmt: skip


def number_item(normal: dict[str, Any]) -> Any:
    return {"key": "x", "zh": "x", "en": "x", "kind": "number", "severity": 3, "normal": normal}


@given(st.sampled_from(ITEMS), json_scalars | st.lists(json_scalars), registers)
def test_every_value_gets_a_verdict(item: Any, value: Any, register: Any) -> None:
    judged = rules.judge_reading(item, value, register)
    problem = rules.value_problem(item, value)
    if problem or rules.is_empty(value):
        assert judged == rules.Verdict("not_tested", None, problem or "empty")
    else:
        assert judged.verdict in {"normal", "abnormal"}
    assert (judged.severity in {1, 2, 3, 4}) is (judged.verdict == "abnormal")


@given(numbers, numbers, numbers, numbers)
def test_widening_a_range_never_makes_normal_abnormal(
    low: float, high: float, wider: float, value: float
) -> None:
    narrow = number_item({"min": low, "max": high})
    wide = number_item({"min": low - abs(wider), "max": high + abs(wider)})
    if rules.judge_reading(narrow, value, {}).verdict == "normal":
        assert rules.judge_reading(wide, value, {}).verdict == "normal"


@given(st.floats(0.01, 1e5), st.floats(0, 1), st.floats(0, 1), numbers)
def test_a_larger_tolerance_or_share_never_makes_normal_abnormal(
    base: float, share: float, more: float, value: float
) -> None:
    for rule in ("register_within", "max_share_of_register"):
        narrow = number_item({rule: ["r", min(share, more)]})
        wide = number_item({rule: ["r", max(share, more)]})
        if rules.judge_reading(narrow, value, {"r": base}).verdict == "normal":
            assert rules.judge_reading(wide, value, {"r": base}).verdict == "normal"


@given(st.sampled_from(ITEMS), json_scalars, registers)
def test_a_missing_register_field_accuses_nobody(item: Any, value: Any, register: Any) -> None:
    if rules.judge_reading(item, value, register).verdict == "normal":
        assert rules.judge_reading(item, value, {}).verdict == "normal"


@given(registers, st.text(max_size=30))
def test_the_shown_range_is_the_judged_one(register: Any, text: str) -> None:
    for item in ITEMS:
        known = rules.normal_range(item, register)
        for bound in (known.minimum, known.maximum):
            inside = (
                bound is not None
                and (known.minimum is None or known.minimum <= bound)
                and (known.maximum is None or bound <= known.maximum)
            )
            if inside and rules.value_problem(item, bound) is None:
                assert rules.judge_reading(item, bound, register).verdict == "normal"
    assert rules.fold_text(rules.fold_text(text)) == rules.fold_text(text)


@given(
    st.sampled_from(["camera", "room", "projector"]),
    st.lists(st.sampled_from([None, "pass", "fail", "ok", 5, 600, True]), max_size=12),
    st.booleans(),
)
def test_an_inspection_is_never_silently_normal(
    type_key: str, values: list[Any], exception: bool
) -> None:
    items = next(t["items"] for t in CONTENT["types"] if t["key"] == type_key)
    verdicts = {
        item["key"]: rules.judge_reading(item, value, {})
        for item, value in zip(items, values, strict=False)
    }
    judged = rules.judge_inspection(items, verdicts, exception=exception)
    outcomes = {key: verdict.verdict for key, verdict in verdicts.items()}
    required = [item["key"] for item in items if not item.get("optional")]
    assert (judged.verdict == "abnormal") is ("abnormal" in outcomes.values())
    if judged.verdict == "normal":
        assert not exception
        assert all(outcomes.get(key) == "normal" for key in required)
    if judged.verdict == "abnormal":
        assert judged.severity == min(v.severity for v in verdicts.values() if v.severity)


@given(st.sampled_from(sorted(MONTHS_BETWEEN)), months, months, st.integers(0, 40), st.booleans())
def test_an_item_read_when_due_falls_due_once_a_period(
    every: str, anchor: str, start: str, rounds: int, known_before: bool
) -> None:
    item: Any = {"kind": "pass_fail", "every": every}
    period = MONTHS_BETWEEN[every]
    first = due.month_index(start)
    last_read = _month(first - 1) if known_before else None
    read = []
    for index in range(first, first + rounds):
        if due.is_due(item, _month(index), anchor, last_read):
            last_read = _month(index)
            read.append(index)
    on_time = [
        i for i in range(first, first + rounds) if (i - due.month_index(anchor)) % period == 0
    ]
    first_ever = [first] if rounds and not known_before else []
    assert read == sorted({*on_time, *first_ever})


@given(st.sampled_from(sorted(MONTHS_BETWEEN)), months, months, st.integers(0, 30))
def test_a_missed_item_stays_due_until_it_is_read(
    every: str, anchor: str, month: str, later: int
) -> None:
    item: Any = {"kind": "pass_fail", "every": every}
    read = _month(due.month_index(month) - 1)
    if due.is_due(item, month, anchor, read):
        assert due.is_due(item, _month(due.month_index(month) + later), anchor, read)
    assert not due.is_due(item, month, anchor, month)


@given(st.text(max_size=40), st.sampled_from(CONTENT["types"]), st.floats(0, 1))
def test_spot_checks_are_as_many_as_asked_and_only_what_all_ok_answers(
    seed: str, device_type: Any, share: float
) -> None:
    items = device_type["items"]
    drawn = due.random_spot_checks(seed, items, share)
    drawable = [item["key"] for item in items if due.bulk_value(item) is not None]
    assert drawn == [key for key in drawable if key in drawn]
    assert len(drawable) * share - 1e-5 <= len(drawn) <= len(drawable) * share + 1
    for item in items:
        bulk = due.bulk_value(item)
        assert bulk is None or rules.judge_reading(item, bulk, {}).verdict == "normal"


def test_spot_checks_draw_every_item_about_as_often() -> None:
    items = next(t["items"] for t in CONTENT["types"] if t["key"] == "projector")
    drawn = [key for n in range(2000) for key in due.random_spot_checks(f"task-{n}", items, 0.25)]
    counts = {key: drawn.count(key) for key in set(drawn)}
    assert len(counts) == 7
    assert max(counts.values()) < 1.25 * min(counts.values())


@given(anything)
def test_any_document_is_normalised_and_stays_so(document: Any) -> None:
    once = normalise(document)
    json.dumps([plain(problem) for problem in once.problems])
    again = normalise(json.loads(canonical_json(once.content)))
    assert again.content == once.content
    assert not again.misshapen
    assert content_hash(again.content) == content_hash(once.content)


@given(st.sampled_from(ITEMS), st.sampled_from(["key", "zh", "en", "kind", "severity"]))
def test_an_item_without_what_it_needs_is_a_problem(item: Any, name: str) -> None:
    broken = json.loads(canonical_json(CONTENT))
    for device_type in broken["types"]:
        device_type["items"] = [
            {key: value for key, value in one.items() if key != name} if one == item else one
            for one in device_type["items"]
        ]
    assert bool(normalise(broken).problems) is (name in item)


def test_the_default_survives_a_round_trip() -> None:
    assert checked_content(json.loads(json.dumps(CONTENT))) == CONTENT


def _month(index: int) -> str:
    return f"{index // 12:04}-{index % 12 + 1:02}"
