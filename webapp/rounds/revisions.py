"""What changed from one revision of an inspection to the next, field by field. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

# Lists of the payload whose rows have a name of their own; the place in the list says nothing.
_NAMED_BY = {
    "readings": "item",
    "findings": "uid",
    "consumables": "consumable",
    "open_items": "number",
    "photos": "id",
}
# What tells nothing to a person, or differs by nature.
_SILENT = {"uid", "amends", "started_at", "finished_at", "dwell_seconds", "bulk"}


def changes(before: str, after: str) -> list[dict[str, Any]]:
    """The differing fields of two payload texts as ``{"field", "before", "after"}``, by field."""
    old, new = _flat(json.loads(before)), _flat(json.loads(after))
    return [
        {"field": field, "before": old.get(field), "after": new.get(field)}
        for field in sorted(old.keys() | new.keys())
        if old.get(field) != new.get(field)
    ]


def _flat(payload: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in payload.items():
        if name in _SILENT:
            continue
        if name in _NAMED_BY:
            for row in value:
                _put(flat, f"{name}.{row[_NAMED_BY[name]]}", row, _NAMED_BY[name])
        elif isinstance(value, dict):
            _put(flat, name, value, "")
        else:
            flat[name] = _plain(value)
    return {name: value for name, value in flat.items() if not _is_nothing(value)}


def _is_nothing(value: Any) -> bool:
    """What a phone leaves out or sends empty is the same; the number 0 is a reading."""
    return value is None or value is False or value == ""


def _put(flat: dict[str, Any], path: str, row: Mapping[str, Any], key: str) -> None:
    fields = {name: row[name] for name in row.keys() - _SILENT - {key}}
    # A row without further fields is still there, or not.
    flat[path] = True
    flat.update({f"{path}.{name}": _plain(value) for name, value in fields.items()})


def _plain(value: Any) -> Any:
    """Whole numbers alike, whether a phone wrote 5 or 5.0."""
    if isinstance(value, float) and value == int(value):
        return int(value)
    return value
