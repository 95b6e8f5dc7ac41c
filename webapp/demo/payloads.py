"""A simulated visit as the payload that a phone would have sent, with its photos."""

from __future__ import annotations

import hashlib
import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from webapp.checklists.content import actions_of, causes_of, items_of
from webapp.checklists.rules import judge_reading, photo_required
from webapp.demo.pictures import SIZE
from webapp.demo.simulate import SEED, Subject, Visit
from webapp.rounds.payloads import InspectionIn

Draw = Callable[[str, str, str, str, bool], bytes]


@dataclass(frozen=True)
class Target:
    """What is inspected: a task of the round with its subject and the label's code."""

    round_id: int
    room_id: int
    device_id: int | None
    subject: Subject
    label_code: str | None


@dataclass
class Sent:
    """A payload, its text, and the bytes of its photos by their SHA-256."""

    payload: InspectionIn
    raw: str
    photos: dict[str, bytes] = field(default_factory=dict)


def sent_by_phone(
    target: Target,
    visit: Visit,
    content: Mapping[str, Any],
    *,
    checklist: int,
    at: datetime,
    open_numbers: Mapping[str, int],
    over: frozenset[str] = frozenset(),
    draw: Draw,
) -> Sent:
    """The inspection as a phone would have sent it at ``at``.

    ``open_numbers`` are the open items to be answered, by checklist item or finding; what reads
    normal again is solved, and so are the findings named in ``over``.
    """
    items = {item["key"]: item for item in items_of(content, target.subject.type)}
    photos: list[dict[str, Any]] = []
    held: dict[str, bytes] = {}
    solved = set(over)
    for reading in visit.readings:
        item = items[reading["item"]]
        _name_picks(reading, content, target.subject.type)
        verdict = judge_reading(item, reading["value"], target.subject.register).verdict
        reading["verdict"] = verdict
        if verdict == "normal":
            solved.add(reading["item"])
        if photo_required(item, verdict):
            seed = f"{target.subject.key}:{reading['item']}:{at}"
            data = draw(
                target.subject.type,
                _caption(reading, item),
                target.subject.key,
                seed,
                verdict != "normal",
            )
            line = photo_line(data, reading["item"], at, seed)
            photos.append(line)
            held[line["sha256"]] = data
    body = {
        "uid": uid_of(f"{target.subject.key}:{at}", at),
        "round_id": target.round_id,
        "room_id": target.room_id,
        "device_id": target.device_id,
        "checklist": checklist,
        "started_at": _device_time(at - timedelta(seconds=150)),
        "finished_at": _device_time(at),
        "scanned_code": target.label_code,
        "dwell_seconds": 150,
        "readings": visit.readings,
        "consumables": visit.consumables,
        "findings": [
            {"uid": uid_of(f"f:{target.subject.key}:{at}", at), "text": text, "severity": 4}
            for text in visit.findings
        ],
        "open_items": [
            {"number": number, "answer": "solved" if item in solved else "still", "remark": ""}
            for item, number in open_numbers.items()
        ],
        "photos": photos,
    }
    raw = msgspec.json.encode(body).decode()
    return Sent(msgspec.json.decode(raw, type=InspectionIn), raw, held)


def not_tested(target: Target, reason: str, remark: str, *, checklist: int, at: datetime) -> Sent:
    """A device that could not be tested, as a phone would have sent it."""
    body = {
        "uid": uid_of(f"x:{target.subject.key}:{at}", at),
        "round_id": target.round_id,
        "room_id": target.room_id,
        "device_id": target.device_id,
        "checklist": checklist,
        "started_at": _device_time(at),
        "finished_at": _device_time(at),
        "exception": {
            "reason": reason,
            "remark": remark,
            "revisit_on": (at + timedelta(days=2)).date().isoformat(),
        },
    }
    raw = msgspec.json.encode(body).decode()
    return Sent(msgspec.json.decode(raw, type=InspectionIn), raw)


def _name_picks(reading: dict[str, Any], content: Mapping[str, Any], type_key: str) -> None:
    """Causes and actions of the pick lists travel as their keys."""
    for field_name, words in (("cause", causes_of), ("action", actions_of)):
        keys = {row["zh"]: row["key"] for row in words(content, type_key)}
        reading[field_name] = keys.get(reading[field_name], reading[field_name])


def _caption(reading: Mapping[str, Any], item: Mapping[str, Any]) -> str:
    value = reading["value"]
    if isinstance(value, float):
        return f"{value:,.0f} {item.get('unit', '')}".strip()
    return "" if value is True else str(value)


def photo_line(data: bytes, item: str, at: datetime, seed: str) -> dict[str, Any]:
    """A line of an inspection's photo manifest."""
    return {
        "id": uid_of(f"p:{seed}", at),
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "item": item,
        "width": SIZE[0],
        "height": SIZE[1],
        "taken_at": _device_time(at),
    }


def uid_of(seed: str, at: datetime) -> str:
    """A UUIDv7 of that time, the same whenever the demo is made with the same seed."""
    rng = random.Random(f"{SEED}:{seed}")  # noqa: S311 - repeatable on purpose.
    number = int(at.timestamp() * 1000) << 80 | rng.getrandbits(76)
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=number))


def _device_time(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
