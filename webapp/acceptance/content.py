"""The canonical form of what is signed, and its SHA-256 (clauses 30, 31 and 45). Pure.

A signature is bound to one hash. Whoever has the records can work it out again, from this text alone:

- *Canonical JSON* is JSON in UTF-8: the keys of every object sorted, ``,`` and ``:`` without spaces,
  every character but ``"``, ``\\`` and the control characters as itself; a number as the shortest
  decimal that reads back the same, a whole one without a point; a day as ``YYYY-MM-DD``.
- *A task* is one device, or one room's own checklist, in a round. Its digest is over the object
  ``{"form": "task/1", "task", "device", "inspection"}``. ``inspection`` is null while nothing was
  inspected, else the inspection **that counts**: ``uid``, ``inspector``, ``checklist`` (the version's
  number), ``verdict``, ``severity``, ``remark``, ``exception`` (null, or ``reason``, ``remark``,
  ``revisit_on``), and five lists, each sorted by the canonical JSON of its rows:
  ``readings`` (item, value, verdict, severity, cause, action, remark, fixed), ``findings`` (uid, text,
  severity, fixed), ``consumables`` (consumable, quantity), ``open_items`` (number, answer, severity,
  cause, action, remark) and ``photos`` (uid, sha256, item, finding, open_item).
- *A room* is ``{"form": "room/1", "round", "room", "tasks"}``, with ``tasks`` the pairs of a task's id and
  its digest, by id. *A round* is ``{"form": "round/1", "round", "month", "rooms"}``, with ``rooms`` the
  pairs of a room's id and its hash, by id. Their hashes are what is signed.

Not in it: what was not said by who inspected (reviews of photos, re-checks, whether a photo's bytes
have come), when it was (the phone's clock is information only, the server's is no content), and the
number of the revision: an amendment that changes nothing voids nothing. What a revision was signed is
kept beside the digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from json.encoder import encode_basestring
from typing import Any


@dataclass(frozen=True, slots=True)
class ReadingForm:
    """One item's reading with the server's verdict."""

    item: str
    value: float | str | None
    verdict: str
    severity: int | None
    cause: str
    action: str
    remark: str
    fixed: bool


@dataclass(frozen=True, slots=True)
class FindingForm:
    """A new problem outside the test."""

    uid: str
    text: str
    severity: int
    fixed: bool


@dataclass(frozen=True, slots=True)
class ConsumableForm:
    """A consumable that was replaced."""

    consumable: str
    quantity: int


@dataclass(frozen=True, slots=True)
class OpenItemForm:
    """What the inspection said of an open item: opened, still, solved."""

    number: int
    answer: str
    severity: int | None
    cause: str
    action: str
    remark: str


@dataclass(frozen=True, slots=True)
class PhotoForm:
    """A photo of the manifest, and what it shows."""

    uid: str
    sha256: str
    item: str | None
    finding: str | None
    open_item: int | None


@dataclass(frozen=True, slots=True)
class ExceptionForm:
    """Why it could not be tested, and when somebody comes again."""

    reason: str
    remark: str
    revisit_on: date | None


@dataclass(frozen=True, slots=True)
class InspectionForm:
    """The inspection that counts for a task."""

    uid: str
    inspector: int
    checklist: int
    verdict: str
    severity: int | None
    remark: str
    exception: ExceptionForm | None = None
    readings: tuple[ReadingForm, ...] = ()
    findings: tuple[FindingForm, ...] = ()
    consumables: tuple[ConsumableForm, ...] = ()
    open_items: tuple[OpenItemForm, ...] = ()
    photos: tuple[PhotoForm, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskForm:
    """One device (or the room's own checklist, ``device`` null) in a round."""

    task: int
    device: int | None
    inspection: InspectionForm | None = None


def task_digest(form: TaskForm) -> str:
    """The SHA-256 of a task's canonical form, in hex."""
    inspection = _text(form.inspection)
    return _sha256(
        f'{{"device":{_text(form.device)},"form":"task/1","inspection":{inspection},"task":{form.task}}}'
    )


def room_sha256(round_id: int, room_id: int, digests: Mapping[int, str]) -> str:
    """What a self-check or peer check signs.

    :param digests: by the task's id, of all the room's tasks in the round
    """
    tasks = [[task_id, digests[task_id]] for task_id in sorted(digests)]
    form = {"form": "room/1", "round": round_id, "room": room_id, "tasks": tasks}
    return _sha256(canonical_json(form))


def round_sha256(round_id: int, month: str, rooms: Mapping[int, str]) -> str:
    """What the final acceptance signs.

    :param rooms: :func:`room_sha256` by the room's id, of all rooms of the round
    """
    pairs = [[room_id, rooms[room_id]] for room_id in sorted(rooms)]
    form = {"form": "round/1", "round": round_id, "month": month, "rooms": pairs}
    return _sha256(canonical_json(form))


def canonical_json(value: Any) -> str:
    """A plain value as canonical JSON."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _text(value: Any) -> str:
    """A form as canonical JSON, in one go: rows in one order, whole numbers as such."""
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None:
        return "null"
    if isinstance(value, tuple):
        return f"[{','.join(sorted(map(_text, value)))}]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, date):
        return f'"{value.isoformat()}"'
    if isinstance(value, int | float):
        return json.dumps(value)
    pairs = [f"{key}:{_text(getattr(value, name))}" for name, key in _keys(value.__class__)]
    return f"{{{','.join(pairs)}}}"


@cache
def _keys(form: type[Any]) -> list[tuple[str, str]]:
    """The fields of a form as an object's keys: sorted, each with its JSON."""
    return sorted((field.name, encode_basestring(field.name)) for field in fields(form))
