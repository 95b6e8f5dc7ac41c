"""What keeps a normalised checklist from being published: problems of sense, with their place.

A problem's ``path`` is the way to the field (``types.0.items.3.normal.max``), its ``code`` and
``params`` are what the client's text for it needs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from webapp.checklists.content import KINDS, MONTHS_BETWEEN

MOST_TYPES = 40
MOST_ITEMS = 100
MOST_WORDS = 60
LONGEST_NAME = 80
LONGEST_SOURCE = 300

_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_BOUND = re.compile(r"(above|below)_-?[0-9]{1,12}(\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem; ``lost`` when normalising had to leave something of the document out."""

    path: str
    code: str
    params: dict[str, Any]
    lost: bool = False


def problems_of(content: Mapping[str, Any]) -> list[Problem]:
    """Every problem of a normalised content, in the document's order."""
    types = content["types"]
    return [
        *_count(types, "types", MOST_TYPES, at_least_one=True),
        *_unique(types, "types"),
        *(p for i, t in enumerate(types) for p in _type_problems(t, f"types.{i}")),
        *_pick_problems(content, "causes"),
        *_pick_problems(content, "actions"),
        *_words_list_problems(content["exceptions"], "exceptions"),
        *_count(content["exceptions"], "exceptions", MOST_WORDS, at_least_one=True),
        *_words_list_problems(content.get("consumables", []), "consumables"),
    ]


def _type_problems(device_type: Mapping[str, Any], path: str) -> Iterator[Problem]:
    yield from _words_problems(device_type, path)
    if device_type["key"] == "any":
        yield Problem(f"{path}.key", "reserved_key", {"key": "any"})
    items = device_type["items"]
    yield from _count(items, f"{path}.items", MOST_ITEMS, at_least_one=True)
    yield from _unique(items, f"{path}.items")
    for index, item in enumerate(items):
        yield from _item_problems(item, f"{path}.items.{index}")


def _pick_problems(content: Mapping[str, Any], name: str) -> Iterator[Problem]:
    known = {device_type["key"] for device_type in content["types"]} | {"any"}
    for key, rows in content[name].items():
        if key not in known:
            yield Problem(f"{name}.{key}", "unknown_type", {"key": key})
        yield from _words_list_problems(rows, f"{name}.{key}")


def _words_list_problems(rows: list[Mapping[str, Any]], path: str) -> Iterator[Problem]:
    yield from _count(rows, path, MOST_WORDS, at_least_one=False)
    yield from _unique(rows, path)
    for index, row in enumerate(rows):
        yield from _words_problems(row, f"{path}.{index}")


def _words_problems(row: Mapping[str, Any], path: str) -> Iterator[Problem]:
    if not _KEY.fullmatch(row["key"]):
        yield Problem(f"{path}.key", "bad_key" if row["key"] else "missing", {"key": row["key"]})
    for name in ("zh", "en"):
        if not row[name]:
            yield Problem(f"{path}.{name}", "missing", {})
        elif len(row[name]) > LONGEST_NAME:
            yield Problem(f"{path}.{name}", "too_long", {"most": LONGEST_NAME})


def _item_problems(item: Mapping[str, Any], path: str) -> Iterator[Problem]:
    yield from _words_problems(item, path)
    if item["kind"] not in KINDS:
        yield Problem(f"{path}.kind", "unknown_kind", {"kind": item["kind"]})
        return
    yield from _kind_problems(item, path)
    yield from _severity_problems(item, path)
    yield from _setting_problems(item, path)


def _kind_problems(item: Mapping[str, Any], path: str) -> Iterator[Problem]:
    kind = item["kind"]
    if kind == "number":
        if "unit" not in item:
            yield Problem(f"{path}.unit", "missing", {})
        yield from _number_problems(item.get("normal"), f"{path}.normal")
    elif kind == "choice":
        yield from _choice_problems(item, path)
    elif kind == "text":
        yield from _text_problems(item.get("normal"), f"{path}.normal")
    elif "normal" in item:
        yield Problem(f"{path}.normal", "not_for_kind", {"kind": kind})
    if kind != "number" and "unit" in item:
        yield Problem(f"{path}.unit", "not_for_kind", {"kind": kind})
    if kind != "choice" and "options" in item:
        yield Problem(f"{path}.options", "not_for_kind", {"kind": kind})


def _number_problems(normal: object, path: str) -> Iterator[Problem]:
    if not isinstance(normal, Mapping):
        yield Problem(path, "missing" if normal is None else "not_range", {})
        return
    low, high = normal.get("min"), normal.get("max")
    if low is not None and high is not None and low > high:
        yield Problem(f"{path}.max", "min_above_max", {"min": low, "max": high})
    if "register" in normal:
        yield from _field_problem(normal["register"], f"{path}.register")
    for name in ("max_share_of_register", "register_within"):
        if name not in normal:
            continue
        yield from _field_problem(normal[name][0], f"{path}.{name}.0")
        largest = 10 if name == "max_share_of_register" else 1
        if not 0 < normal[name][1] <= largest:
            yield Problem(f"{path}.{name}.1", "share_out_of_range", {"most": largest})


def _choice_problems(item: Mapping[str, Any], path: str) -> Iterator[Problem]:
    options = item.get("options", [])
    yield from _words_list_problems(options, f"{path}.options")
    if len(options) < 2:
        yield Problem(f"{path}.options", "too_few", {"least": 2})
    normal = item.get("normal")
    if not isinstance(normal, list):
        yield Problem(f"{path}.normal", "missing" if normal is None else "not_options", {})
        return
    known = {option["key"] for option in options}
    for index, key in enumerate(normal):
        if key not in known:
            yield Problem(f"{path}.normal.{index}", "unknown_option", {"key": key})
    for index, key in enumerate(normal):
        if key in normal[:index]:
            yield Problem(f"{path}.normal.{index}", "duplicate_key", {"key": key})


def _text_problems(normal: object, path: str) -> Iterator[Problem]:
    if normal is None:
        return
    if not isinstance(normal, Mapping) or set(normal) != {"register"}:
        yield Problem(path, "not_register", {})
        return
    yield from _field_problem(normal["register"], f"{path}.register")


def _severity_problems(item: Mapping[str, Any], path: str) -> Iterator[Problem]:
    if item["kind"] == "photo":
        for name in ("severity", "by"):
            if name in item:
                yield Problem(f"{path}.{name}", "not_for_kind", {"kind": "photo"})
        return
    if "severity" not in item:
        yield Problem(f"{path}.severity", "missing", {})
    elif item["severity"] not in (1, 2, 3, 4):
        yield Problem(f"{path}.severity", "severity_out_of_range", {})
    for key, severity in item.get("by", {}).items():
        if severity not in (1, 2, 3, 4):
            yield Problem(f"{path}.by.{key}", "severity_out_of_range", {})
        if not _by_key_is_known(item, key):
            yield Problem(f"{path}.by.{key}", "unknown_option_or_bound", {"key": key})


def _by_key_is_known(item: Mapping[str, Any], key: str) -> bool:
    if item["kind"] == "choice":
        abnormal = {option["key"] for option in item.get("options", [])}
        return key in abnormal - set(item.get("normal") or ())
    return item["kind"] == "number" and _BOUND.fullmatch(key) is not None


def _setting_problems(item: Mapping[str, Any], path: str) -> Iterator[Problem]:
    if item.get("every", "month") not in MONTHS_BETWEEN:
        yield Problem(f"{path}.every", "unknown_period", {"every": item["every"]})
    if item.get("photo", "always") != "always":
        yield Problem(f"{path}.photo", "unknown_photo_rule", {"photo": item["photo"]})
    if not isinstance(item.get("optional", True), bool):
        yield Problem(f"{path}.optional", "not_yes_or_no", {})
    for name in ("when_register", "unless_register", "consumable"):
        if name in item:
            yield from _field_problem(item[name], f"{path}.{name}")
    if len(item.get("source", "")) > LONGEST_SOURCE:
        yield Problem(f"{path}.source", "too_long", {"most": LONGEST_SOURCE})
    if len(item.get("unit", "")) > 20:
        yield Problem(f"{path}.unit", "too_long", {"most": 20})


def _field_problem(name: str, path: str) -> Iterator[Problem]:
    if not _KEY.fullmatch(name):
        yield Problem(path, "bad_key" if name else "missing", {"key": name})


def _unique(rows: Iterable[Mapping[str, Any]], path: str) -> Iterator[Problem]:
    seen: Counter[str] = Counter()
    for index, row in enumerate(rows):
        seen[row["key"]] += 1
        if row["key"] and seen[row["key"]] > 1:
            yield Problem(f"{path}.{index}.key", "duplicate_key", {"key": row["key"]})


def _count(rows: list[Any], path: str, most: int, *, at_least_one: bool) -> Iterator[Problem]:
    if len(rows) > most:
        yield Problem(path, "too_many", {"most": most})
    elif at_least_one and not rows:
        yield Problem(path, "missing", {})
