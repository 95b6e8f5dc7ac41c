"""The shape of a checklist version's content: plain JSON data, the same on server and phone.

Defaults are left out (``every`` month, ``photo`` abnormal, ``optional`` false), so that one
checklist has one canonical form and one hash. The client's copy: ``src/rules/checklist.ts``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict

Kind = Literal["pass_fail", "number", "choice", "text", "photo"]
Period = Literal["month", "quarter", "year"]

KINDS = ("pass_fail", "number", "choice", "text", "photo")
MONTHS_BETWEEN: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}
ROOM_TYPE = "room"
FORMAT = 1


class Words(TypedDict):
    """A thing with a stable key and its two names: an option, a cause, an action, an exception."""

    key: str
    zh: str
    en: str


class NumberNormal(TypedDict, total=False):
    """What is normal for a number, in the item's unit; bounds are inclusive and all must hold.

    ``register`` equals a register field; ``max_share_of_register`` is ``[field, share]``;
    ``register_within`` is ``[field, tolerance as a share of it]``.
    """

    min: float
    max: float
    register: str
    max_share_of_register: list[Any]
    register_within: list[Any]


class Item(TypedDict):
    """One line of a checklist.

    ``normal`` by kind: number -> :class:`NumberNormal`; choice -> the normal options' keys;
    text -> absent (anything not empty) or ``{"register": field}``; otherwise absent.
    ``severity`` is what an abnormal reading suggests (clause 42), ``by`` the option key or the
    bound (``above_5``, ``below_2``) for which it differs.
    """

    key: str
    zh: str
    en: str
    kind: Kind
    unit: NotRequired[str]
    options: NotRequired[list[Words]]
    normal: NotRequired[Any]
    severity: NotRequired[int]
    by: NotRequired[dict[str, int]]
    every: NotRequired[Period]
    optional: NotRequired[bool]
    photo: NotRequired[Literal["always"]]
    consumable: NotRequired[str]
    when_register: NotRequired[str]
    unless_register: NotRequired[str]
    source: NotRequired[str]


class DeviceType(TypedDict):
    """The checklist of one device type; the type ``room`` is the room's own."""

    key: str
    zh: str
    en: str
    items: list[Item]


class Content(TypedDict):
    """A whole version: types in their order, pick lists per type and for ``any``, exceptions.

    ``consumables`` are the names of the keys that items refer to; absent where none are named.
    """

    format: int
    types: list[DeviceType]
    causes: dict[str, list[Words]]
    actions: dict[str, list[Words]]
    exceptions: list[Words]
    consumables: NotRequired[list[Words]]


def canonical_json(content: Mapping[str, Any]) -> str:
    """The one text of a content: keys sorted, no spaces, characters as they are."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def content_hash(content: Mapping[str, Any]) -> str:
    """SHA-256, in hex, of the canonical text."""
    return hashlib.sha256(canonical_json(content).encode("utf-8")).hexdigest()


def items_of(content: Mapping[str, Any], type_key: str) -> list[Item]:
    """The items of a device type, in order; empty when the checklist has no such type."""
    for device_type in content["types"]:
        if device_type["key"] == type_key:
            items: list[Item] = device_type["items"]
            return items
    return []


def item_of(content: Mapping[str, Any], type_key: str, item_key: str) -> Item | None:
    """One item of a device type, or None."""
    return next((item for item in items_of(content, type_key) if item["key"] == item_key), None)


def causes_of(content: Mapping[str, Any], type_key: str) -> list[Words]:
    """The reasons to pick from for a device type: its own first, then those for any type."""
    return _picks(content["causes"], type_key)


def actions_of(content: Mapping[str, Any], type_key: str) -> list[Words]:
    """The actions to pick from for a device type: its own first, then those for any type."""
    return _picks(content["actions"], type_key)


def _picks(lists: dict[str, list[Words]], type_key: str) -> list[Words]:
    own = lists.get(type_key, [])
    known = {words["key"] for words in own}
    return own + [words for words in lists.get("any", []) if words["key"] not in known]
