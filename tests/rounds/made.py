"""Rounds and inspections for tests: a contract with a published checklist, and what a phone sends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any
from uuid import UUID

import msgspec

from webapp.checklists.content import Content, content_hash, items_of
from webapp.checklists.document import default_content
from webapp.checklists.due import bulk_value
from webapp.checklists.models import ChecklistVersion
from webapp.checklists.rules import applies
from webapp.db import unit_of_work
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract, User
from webapp.identity.rules import ROLE_RIGHTS, Right
from webapp.rounds.models import Round
from webapp.rounds.opening import open_round
from webapp.rounds.payloads import InspectionIn
from webapp.rounds.recording import Recorded, Submission, record_inspections

_numbers = count(1)
NUMBERS: dict[str, float] = {
    "lamp_hours": 500,
    "share_time": 4,
    "battery": 90,
    "battery_health": 95,
    "dropouts": 0,
    "loss": 0.1,
    "delay": 40,
    "jitter": 5,
    "spl": 95,
    "errors": 0,
    "load": 40,
    "voltage": 220,
    "network": 10,
    "light": 600,
    "noise": 20,
    "luminance": 150,
    "phantom": 48,
    "runtime": 60,
}


def uid() -> str:
    """A fresh UUID such as phones make, in rising order."""
    return str(UUID(int=(0x0190A000_0000_7000_8000_000000000000) + next(_numbers)))


@cache
def shipped() -> Content:
    """The shipped checklist."""
    return default_content()


def checklist(of: Contract, content: Content | None = None, number: int = 1) -> ChecklistVersion:
    """A published version."""
    content = content or shipped()
    with unit_of_work() as session:
        row = ChecklistVersion(
            contract_id=of.id,
            number=number,
            state="published",
            content=dict(content),
            content_hash=content_hash(content),
            created_at=at("2026-01"),
            published_at=at("2026-01"),
        )
        session.add(row)
    return row


def at(month: str, day: int = 3, hour: int = 2) -> datetime:
    """A moment in a month, UTC."""
    return datetime(int(month[:4]), int(month[5:]), day, hour, tzinfo=UTC)


def opened(of: Contract, month: str = "2026-03") -> Round:
    """The month's round."""
    with unit_of_work() as session:
        return open_round(session, None, of.id, month, at(month, 1))


@dataclass
class Visit:
    """What an engineer's phone sends of one device, everything normal until told otherwise."""

    round: Round
    device: Device | None
    room: Room | None = None
    checklist: int = 1
    fields: dict[str, Any] = field(default_factory=dict)

    def payload(self) -> dict[str, Any]:
        """The payload as plain data."""
        room_id = self.device.room_id if self.device else self.room.id if self.room else 0
        body = {
            "uid": uid(),
            "round_id": self.round.id,
            "room_id": room_id,
            "device_id": self.device.id if self.device else None,
            "checklist": self.checklist,
            "started_at": "2026-03-03T01:50:00Z",
            "finished_at": "2026-03-03T01:58:00Z",
            "scanned_code": "BCDF" if self.device else None,
            "dwell_seconds": 480,
            "readings": normal_readings(self.device),
            "photos": [],
        }
        return {**body, **self.fields}


def normal_readings(device: Device | None) -> list[dict[str, Any]]:
    """A normal reading of every item that can have one without a register."""
    kind, register = (device.type, device.register) if device else ("room", {})
    readings = []
    for item in items_of(shipped(), kind):
        value = bulk_value(item)
        if item["kind"] == "number":
            value = NUMBERS.get(item["key"], 1)  # type: ignore[assignment]
        if item["kind"] == "text":
            value = "v1"
        if value is not None and applies(item, register):
            readings.append({"item": item["key"], "value": value, "verdict": "normal"})
    return readings


def visit(of_round: Round, device: Device | None, **fields: Any) -> dict[str, Any]:
    """The payload of a visit; ``fields`` replace its own."""
    room = fields.pop("room", None)
    return Visit(of_round, device, room, fields=fields).payload()


def reading(payload: dict[str, Any], item: str, value: Any, verdict: str, **more: Any) -> None:
    """Change one reading of a payload."""
    others = [row for row in payload["readings"] if row["item"] != item]
    payload["readings"] = [*others, {"item": item, "value": value, "verdict": verdict, **more}]


def photo(item: str | None = None, **fields: Any) -> dict[str, Any]:
    """A line of a photo manifest."""
    return {"id": uid(), "sha256": f"{next(_numbers):064x}", "bytes": 1000, "item": item, **fields}


def submission(
    payload: dict[str, Any],
    user: User,
    *,
    rights: frozenset[Right] = ROLE_RIGHTS["inspection_engineer"],
    **fields: Any,
) -> Submission:
    """What sync hands to recording."""
    raw = json.dumps(payload)
    decoded = msgspec.json.decode(raw, type=InspectionIn)
    return Submission(uid(), user.id, rights, decoded, raw, **fields)


def record(
    of: Contract, submissions: Sequence[Submission], now: datetime | None = None
) -> list[Recorded]:
    """Record in a transaction of its own."""
    with unit_of_work() as session:
        return record_inspections(session, of.id, submissions, now or at("2026-03", 3))


def send(
    of: Contract, user: User, *payloads: dict[str, Any], now: datetime | None = None
) -> list[Recorded]:
    """Record payloads of one engineer."""
    return record(of, [submission(payload, user) for payload in payloads], now)


def amended(payload: dict[str, Any], revision: int = 1, **fields: Any) -> dict[str, Any]:
    """The amendment of a payload's ``revision``."""
    body: dict[str, Any] = json.loads(json.dumps(payload))
    return {**body, "amends": revision, **fields}


def later(moment: datetime, hours: int = 1) -> datetime:
    """Some hours later."""
    return moment + timedelta(hours=hours)
