"""Checklist documents: the shipped file, what is refused and where, and stable keys."""

from __future__ import annotations

import json
from typing import Any

import pytest

from webapp.checklists.compare import compare_contents
from webapp.checklists.content import canonical_json, content_hash, item_of
from webapp.checklists.document import (
    checked_content,
    default_content,
    normalise,
    plain,
    read_yaml,
    slug,
)
from webapp.checklists.due import consumables_of
from webapp.checklists.problems import problems_of
from webapp.errors import AppError


def a_number(**changes: Any) -> dict[str, Any]:
    item = {
        "key": "load",
        "zh": "负载",
        "en": "Load",
        "kind": "number",
        "unit": "%",
        "normal": {"max": 80},
        "severity": 2,
    } | changes
    return {key: value for key, value in item.items() if value is not None}


def a_choice(**changes: Any) -> dict[str, Any]:
    options = [{"key": key, "zh": key, "en": key} for key in ("ok", "dim", "off")]
    item = {
        "key": "image",
        "zh": "画面",
        "en": "Image",
        "kind": "choice",
        "options": options,
        "normal": ["ok"],
        "severity": 3,
    } | changes
    return {key: value for key, value in item.items() if value is not None}


def a_plain(kind: str, **changes: Any) -> dict[str, Any]:
    return {"key": "x", "zh": "某", "en": "X", "kind": kind, "severity": 2} | changes


def document(*items: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "types": {"power": {"zh": "电源", "en": "Power", "items": list(items)}},
        "exceptions": [{"key": "locked", "zh": "无法进入", "en": "no access"}],
    } | changes


def problems(of: Any) -> set[tuple[str, str]]:
    return {(p.path.removeprefix("types.0.items.0."), p.code) for p in normalise(of).problems}


def test_the_shipped_file_has_no_problems_and_every_rule() -> None:
    content = default_content()
    keys = [device_type["key"] for device_type in content["types"]]
    assert keys == [
        "projector",
        "display",
        "clickshare",
        "microphone",
        "codec",
        "amplifier",
        "control",
        "camera",
        "dsp",
        "power",
        "room",
    ]
    used = {name for t in content["types"] for item in t["items"] for name in item}
    assert {"by", "every", "optional", "photo", "consumable", "source"} <= used
    assert {"when_register", "unless_register", "options", "normal", "unit"} <= used


def test_every_consumable_of_the_shipped_file_has_its_name() -> None:
    content = default_content()
    named = [words["key"] for words in content["consumables"]]
    assert set(consumables_of(item for t in content["types"] for item in t["items"])) == set(named)


def test_consumables_are_named_or_left_out() -> None:
    assert "consumables" not in normalise(document(a_number(), consumables=[])).content
    toner = {"zh": "碳粉", "en": "Toner"}
    named = checked_content(document(a_number(), consumables=[toner]))
    assert named["consumables"] == [{"key": "toner", **toner}]
    assert ("consumables.0.zh", "missing") in problems(
        document(a_number(), consumables=[toner | {"zh": ""}])
    )
    [difference] = compare_contents(checked_content(document(a_number())), named)
    assert (difference["area"], difference["item"], difference["change"]) == (
        "consumables",
        "toner",
        "added",
    )


def test_names_with_a_comma_are_whole() -> None:
    content = default_content()
    ptz = item_of(content, "camera", "ptz")
    assert ptz is not None
    assert ptz["en"] == "Pan, tilt, zoom"
    assert content["actions"]["any"][-1]["key"] == "intermittent_under_watch"


def test_a_comma_outside_quotes_is_noticed() -> None:
    text = "types: {camera: {zh: 摄, en: Cam, items: [{key: ptz, zh: 云, en: Pan, tilt, zoom}]}}"
    found = {(p.path, p.code) for p in normalise(read_yaml(text)).problems}
    assert ("types.0.items.0.tilt", "unknown_field") in found


def test_skipping_by_register_is_the_same_as_unless() -> None:
    (item,) = checked_content(document(a_number(skip_when_register="laser")))["types"][0]["items"]
    assert item["unless_register"] == "laser"
    both = a_number(skip_when_register="laser", unless_register="led")
    assert ("skip_when_register", "said_twice") in problems(document(both))


def test_keys_are_made_of_english_names_and_stay() -> None:
    made = document(
        a_number(),
        causes={"any": [{"zh": "松", "en": "HDMI loose"}, {"zh": "又松", "en": "HDMI: loose!"}]},
    )
    content = checked_content(made)
    causes = content["causes"]["any"]
    assert [cause["key"] for cause in causes] == ["hdmi_loose", "hdmi_loose_2"]
    causes[0]["en"] = "HDMI plug loose"
    again = checked_content(json.loads(canonical_json(content)))
    assert [cause["key"] for cause in again["causes"]["any"]] == ["hdmi_loose", "hdmi_loose_2"]
    assert slug("3 m cable") == "n_3_m_cable"
    assert len(slug("x " * 60)) <= 40


def test_defaults_are_left_out_and_whole_numbers_have_one_hash() -> None:
    said = a_number(every="month", photo="abnormal", optional=False, normal={"max": 80.0})
    assert content_hash(checked_content(document(said))) == content_hash(
        checked_content(document(a_number()))
    )


@pytest.mark.parametrize(
    ("item", "path", "code"),
    [
        (a_number(key=None), "key", "missing"),
        (a_number(key="Bad Key"), "key", "bad_key"),
        (a_number(zh=""), "zh", "missing"),
        (a_number(en=None), "en", "missing"),
        (a_number(zh="长" * 81), "zh", "too_long"),
        (a_number(kind="slider"), "kind", "unknown_kind"),
        (a_number(kind=None), "kind", "unknown_kind"),
        (a_number(unit=None), "unit", "missing"),
        (a_number(unit="x" * 21), "unit", "too_long"),
        (a_number(normal=None), "normal", "missing"),
        (a_number(normal=["ok"]), "normal", "not_range"),
        (a_number(normal={"min": 9, "max": 1}), "normal.max", "min_above_max"),
        (a_number(normal={"min": "9"}), "normal.min", "not_number"),
        (a_number(normal={"min": True}), "normal.min", "not_number"),
        (a_number(normal={"min": float("nan")}), "normal.min", "not_number"),
        (a_number(normal={"max": 10**400}), "normal.max", "not_number"),
        (a_number(normal={"middle": 1}), "normal.middle", "unknown_field"),
        (a_number(normal={"register": "Bad Field"}), "normal.register", "bad_key"),
        (a_number(normal={"register_within": ["r"]}), "normal.register_within", "not_field_and_share"),
        (a_number(normal={"register_within": ["r", 2]}), "normal.register_within.1", "share_out_of_range"),
        (a_number(normal={"max_share_of_register": ["r", 0]}), "normal.max_share_of_register.1",
         "share_out_of_range"),
        (a_number(options=a_choice()["options"]), "options", "not_for_kind"),
        (a_number(severity=None), "severity", "missing"),
        (a_number(severity=5), "severity", "severity_out_of_range"),
        (a_number(severity=2.5), "severity", "severity_out_of_range"),
        (a_number(by={"over_5": 1}), "by.over_5", "unknown_option_or_bound"),
        (a_number(by={"above_5": 0.5}), "by.above_5", "severity_out_of_range"),
        (a_number(every="week"), "every", "unknown_period"),
        (a_number(photo="never"), "photo", "unknown_photo_rule"),
        (a_number(optional="yes"), "optional", "not_yes_or_no"),
        (a_number(consumable="Lamp!"), "consumable", "bad_key"),
        (a_number(when_register="Wire less"), "when_register", "bad_key"),
        (a_number(source="x" * 301), "source", "too_long"),
        (a_number(colour="red"), "colour", "unknown_field"),
        (a_choice(options=None), "options", "too_few"),
        (a_choice(normal=None), "normal", "missing"),
        (a_choice(normal={"min": 1}), "normal", "not_options"),
        (a_choice(normal=["ok", "fine"]), "normal.1", "unknown_option"),
        (a_choice(normal=["ok", "ok"]), "normal.1", "duplicate_key"),
        (a_choice(by={"ok": 1}), "by.ok", "unknown_option_or_bound"),
        (a_choice(by={"gone": 1}), "by.gone", "unknown_option_or_bound"),
        (a_choice(options=[{"key": "a", "zh": "甲", "en": "a"}, {"key": "a", "zh": "乙", "en": "b"}],
                  normal=["a"]), "options.1.key", "duplicate_key"),
        (a_plain("text", normal=["x"]), "normal", "not_register"),
        (a_plain("text", normal={"min": 1}), "normal", "not_register"),
        (a_plain("pass_fail", normal=["pass"]), "normal", "not_for_kind"),
        (a_plain("pass_fail", unit="h"), "unit", "not_for_kind"),
        (a_plain("photo"), "severity", "not_for_kind"),
    ],
)  # fmt: skip
def test_a_problem_is_named_with_its_place(item: dict[str, Any], path: str, code: str) -> None:
    assert (path, code) in problems(document(item))


def test_problems_of_the_whole_document() -> None:
    assert ("types.0.items.1.key", "duplicate_key") in problems(document(a_number(), a_number()))
    assert ("types.0.items", "missing") in problems(document())
    assert ("types", "missing") in problems({})
    assert ("exceptions", "missing") in problems(document(a_number(), exceptions=[]))
    cause = {"spaceship": [{"zh": "漏", "en": "leak"}]}
    assert ("causes.spaceship", "unknown_type") in problems(document(a_number(), causes=cause))
    many = [a_number(key=f"k{n}") for n in range(101)]
    assert ("types.0.items", "too_many") in problems(document(*many))
    reserved = {"any": {"zh": "任", "en": "Any", "items": [a_number()]}}
    assert ("types.0.key", "reserved_key") in problems(document(types=reserved))


def test_a_good_document_of_every_kind_has_no_problems() -> None:
    good = document(
        a_number(by={"above_90": 1, "below_-0.5": 1}, every="year", optional=True),
        a_choice(by={"off": 1}, photo="always"),
        a_plain("text", key="firmware", normal={"register": "firmware"}),
        a_plain("pass_fail", key="power"),
        {"key": "overview", "zh": "全景", "en": "Overview", "kind": "photo"},
    )
    assert problems(good) == set()
    assert problems_of(checked_content(good)) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("types: [", "unreadable"),
        ("a: !!python/object/apply:os.system [ls]", "unreadable"),
        ("a: &x [1]\nb: *x", "alias_not_allowed"),
        ("x" * 400_001, "too_large"),
        ("[" * 100_000, "too_deep"),
    ],
)
def test_an_unreadable_file_is_refused(text: str, code: str) -> None:
    with pytest.raises(AppError) as refusal:
        read_yaml(text)
    assert refusal.value.code == "checklist_invalid"
    assert refusal.value.details["problems"][0]["code"] == code


def test_a_content_that_is_too_large_is_refused() -> None:
    huge = document(a_number(source="源" * 200_000))
    assert ("", "too_large") in {(p.path, p.code) for p in normalise(huge).misshapen}
    assert "lost" not in plain(normalise(huge).problems[0])


def test_compare_tells_added_removed_changed_and_reordered() -> None:
    before: Any = checked_content(document(a_number(), a_choice(), causes={
        "any": [{"zh": "供电", "en": "power"}]}))  # fmt: skip
    after = json.loads(canonical_json(before))
    power = after["types"][0]
    power["zh"] = "不间断电源"
    power["items"].reverse()
    power["items"][0]["by"] = {"off": 1}
    power["items"].append(a_plain("pass_fail", key="sequence"))
    after["causes"] = {"power": [{"key": "worn", "zh": "老化", "en": "worn"}]}
    found = [
        (d["area"], d["type"], d["item"], d["field"], d["change"])
        for d in compare_contents(before, after)
    ]
    assert found == [
        ("types", "power", None, "zh", "changed"),
        ("types", "power", "image", "by", "changed"),
        ("types", "power", "sequence", None, "added"),
        ("types", "power", None, None, "reordered"),
        ("causes", "any", "power", None, "removed"),
        ("causes", "power", "worn", None, "added"),
    ]
    back = compare_contents(after, before)
    assert [d["change"] for d in back].count("added") == 1
    assert compare_contents(before, before) == []


def test_compare_survives_a_draft_with_a_key_twice() -> None:
    before: Any = normalise(document(a_number(), a_number())).content
    after: Any = normalise(document(a_number(), a_number(unit="W"))).content
    (found,) = compare_contents(before, after)
    assert (found["item"], found["field"], found["after"]) == ("load#2", "unit", "W")
