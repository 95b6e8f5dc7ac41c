"""Readings, limits, causes and places in the words of documents, in both languages. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from webapp.checklists.content import Item, actions_of, causes_of
from webapp.checklists.content import Words as Named
from webapp.checklists.rules import NormalRange, normal_range
from webapp.reports.shape import Words
from webapp.rounds.judging import CLOSE_UNITS, UNITS_ZH

NOTHING: Words = {"zh": "", "en": ""}
_PASS_FAIL: dict[str, Words] = {
    "pass": {"zh": "正常", "en": "OK"},
    "fail": {"zh": "异常", "en": "Not OK"},
}
_TAKEN: Words = {"zh": "已拍照", "en": "Photo taken"}
_UNITS_EN = {"1": "", "pcs": "pcs"}


def figure(value: float) -> str:
    """A number without needless decimals; three at most."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def with_unit(value: float | str, unit: str) -> Words:
    """A figure with its unit as each language writes it."""
    text = value if isinstance(value, str) else figure(value)
    zh, en = UNITS_ZH.get(unit, unit), _UNITS_EN.get(unit, unit)
    gap = "" if unit in CLOSE_UNITS else " "
    return {
        "zh": f"{text}{gap}{zh}" if zh else text,
        "en": f"{text}{gap}{en}" if en else text,
    }


def reading_words(item: Item | None, value: float | str | None, verdict: str = "") -> Words:
    """测试数据: what was read, an option by its name; a photo's item says that it was taken."""
    if value is None:
        is_photo = item is not None and item["kind"] == "photo" and verdict == "normal"
        return _TAKEN if is_photo else NOTHING
    if isinstance(value, str):
        if item is None or item["kind"] == "pass_fail":
            return _PASS_FAIL.get(value, {"zh": value, "en": value})
        return picked(item.get("options", []), value)
    return with_unit(value, item.get("unit", "") if item else "")


def picked(words: Iterable[Named], key: str) -> Words:
    """The names of a picked key; free text, and a key that is no more, stand for themselves."""
    for word in words:
        if word["key"] == key:
            return {"zh": word["zh"], "en": word["en"]}
    return {"zh": key, "en": key}


def cause_words(content: Mapping[str, Any], kind: str, key: str) -> Words:
    """A cause by its names."""
    return picked(causes_of(content, kind), key) if key else NOTHING


def action_words(content: Mapping[str, Any], kind: str, key: str) -> Words:
    """An action by its names."""
    return picked(actions_of(content, kind), key) if key else NOTHING


def normal_words(item: Item, register: Mapping[str, Any]) -> Words:
    """标准值 of an item on the device with this register; empty where nothing limits it."""
    if item["kind"] == "pass_fail":
        return _PASS_FAIL["pass"]
    if item["kind"] == "photo":
        return {"zh": "拍照", "en": "Photo"}
    limits = normal_range(item, register)
    if limits.options is not None:
        names = [picked(item.get("options", []), key) for key in limits.options]
        return {
            "zh": " / ".join(name["zh"] for name in names),
            "en": " / ".join(name["en"] for name in names),
        }
    if limits.equals is not None:
        return {"zh": limits.equals, "en": limits.equals}
    return _bounds(limits, item.get("unit", ""))


def _bounds(limits: NormalRange, unit: str) -> Words:
    low, high = limits.minimum, limits.maximum
    if low is not None and high is not None:
        if low == high:
            return with_unit(low, unit)
        return with_unit(f"{figure(low)}–{figure(high)}", unit)
    if low is not None:
        return with_unit(f"≥ {figure(low)}", unit)
    return with_unit(f"≤ {figure(high)}", unit) if high is not None else NOTHING


def joined(*parts: Words, zh: str = "；", en: str = "; ") -> Words:
    """What is not empty, one after the other."""
    return {
        "zh": zh.join(part["zh"] for part in parts if part["zh"]),
        "en": en.join(part["en"] for part in parts if part["en"]),
    }


def typed(text: str) -> Words:
    """What a person typed: the same in both languages."""
    return {"zh": text, "en": text}
