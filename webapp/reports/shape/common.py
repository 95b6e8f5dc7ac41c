"""What the parts of a report have in common: words, people, places, devices, photos."""

from __future__ import annotations

from typing import Literal, TypedDict

Outcome = Literal["normal", "abnormal", "not_tested", "todo"]
Level = Literal["self_check", "peer_check", "final"]
ServiceKey = Literal["faults", "repairs", "changes", "training", "complaints"]


class Words(TypedDict):
    """One thing in both languages; where it has only one name, that stands in both."""

    zh: str
    en: str


class Person(TypedDict):
    """A person as he is named; ``role`` is a role's key, empty for one who has left."""

    id: int
    name: Words
    role: str


class Place(TypedDict):
    """Where something is."""

    room_id: int
    room: Words
    building: Words
    floor: str


class DeviceRef(TypedDict):
    """A device as a row names it; ``label`` is its code, empty without one."""

    id: int
    type: str
    type_name: Words
    name: str
    asset_number: str
    label: str
    maker: str
    model: str


class PhotoRef(TypedDict):
    """A photo in the store: its bytes have this SHA-256. ``width`` and ``height`` are pixels."""

    uid: str
    sha256: str
    width: int
    height: int


class Rate(TypedDict):
    """``count`` of ``of``; ``percent`` with one decimal, cut off and not rounded.

    It is null where ``of`` is 0: nothing is no hundred per cent.
    """

    count: int
    of: int
    percent: float | None


class OutcomeCounts(TypedDict):
    """Tasks by outcome, as :class:`webapp.rounds.rules.Progress` counts them."""

    todo: int
    normal: int
    abnormal: int
    not_tested: int
    total: int
    done: int
