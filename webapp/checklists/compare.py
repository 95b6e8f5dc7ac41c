"""What differs between two contents, field by field. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, TypedDict

Change = Literal["added", "removed", "changed", "reordered"]
Rows = Sequence[Mapping[str, Any]]


class Difference(TypedDict):
    """One difference; what is ``added`` has no ``before``, what is ``removed`` no ``after``.

    ``area`` is types, causes, actions, exceptions or consumables; ``type`` a device type's key (or
    ``any``), ``item`` the key of an item or of a list's entry, ``field`` the field that changed.
    ``reordered`` gives both orders of the keys that both sides have.
    """

    area: str
    type: str | None
    item: str | None
    field: str | None
    change: Change
    before: Any
    after: Any


def compare_contents(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """The differences from ``before`` to ``after``, in the documents' order."""
    found = list(_types(before["types"], after["types"]))
    for area in ("causes", "actions"):
        keys = [*before[area], *(key for key in after[area] if key not in before[area])]
        for key in keys:
            found += _rows(before[area].get(key, []), after[area].get(key, []), area, key)
    for area in ("exceptions", "consumables"):
        found += _rows(before.get(area, []), after.get(area, []), area, None)
    return found


def _types(before: Rows, after: Rows) -> Iterator[Difference]:
    old, new = _by_key(before), _by_key(after)
    for key in _all_keys(old, new):
        if key not in new or key not in old:
            yield _one("types", key, None, None, old.get(key), new.get(key))
            continue
        for field in ("zh", "en"):
            if old[key][field] != new[key][field]:
                yield _one("types", key, None, field, old[key][field], new[key][field])
        yield from _rows(old[key]["items"], new[key]["items"], "types", key)
    yield from _order(old, new, "types", None)


def _rows(before: Rows, after: Rows, area: str, type_key: str | None) -> Iterator[Difference]:
    old, new = _by_key(before), _by_key(after)
    for key in _all_keys(old, new):
        if key not in new or key not in old:
            yield _one(area, type_key, key, None, old.get(key), new.get(key))
            continue
        for field in _all_keys(old[key], new[key]):
            left, right = old[key].get(field), new[key].get(field)
            if left != right:
                yield {**_one(area, type_key, key, field, left, right), "change": "changed"}
    yield from _order(old, new, area, type_key)


def _order(
    old: Mapping[str, Any], new: Mapping[str, Any], area: str, type_key: str | None
) -> Iterator[Difference]:
    before = [key for key in old if key in new]
    after = [key for key in new if key in old]
    if before != after:
        yield {**_one(area, type_key, None, None, before, after), "change": "reordered"}


def _one(
    area: str, type_key: str | None, item: str | None, field: str | None, before: Any, after: Any
) -> Difference:
    change: Change = "added" if before is None else "removed" if after is None else "changed"
    return {
        "area": area,
        "type": type_key,
        "item": item,
        "field": field,
        "change": change,
        "before": before,
        "after": after,
    }


def _by_key(rows: Rows) -> dict[str, Mapping[str, Any]]:
    """The rows by key; a draft may hold a key twice, and its later rows are told apart by number."""
    named: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        key, number = row["key"], 2
        while key in named:
            key, number = f"{row['key']}#{number}", number + 1
        named[key] = row
    return named


def _all_keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return [*old, *(key for key in new if key not in old)]
