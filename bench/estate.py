"""What is in the database that is measured: two contracts of 200 rooms and 2,000 devices.

Made by the product's own services: last month's round was done whole, so that this month's tasks
carry what a real phone would pull: readings, photos, open items.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from flask_migrate import upgrade
from sqlalchemy.orm import Session

from webapp import create_app
from webapp.checklists.content import Item, items_of
from webapp.checklists.document import default_content
from webapp.checklists.rules import applies
from webapp.checklists.services import ensure_default
from webapp.config import settings_from_env
from webapp.db import db, now_utc, unit_of_work
from webapp.estate.models import Building, Device, Label, Room
from webapp.estate.rules import new_code
from webapp.identity import services as identity
from webapp.identity.models import Contract
from webapp.identity.rules import ROLE_RIGHTS
from webapp.rounds.models import Photo, Round, RoundTask
from webapp.rounds.opening import open_round
from webapp.rounds.payloads import InspectionIn
from webapp.rounds.recording import Submission, record_inspections
from webapp.rounds.rules import add_months

PASSWORD = "a password for measuring"
READINGS = 7
ROOMS, DEVICES_A_ROOM = 200, 10
TYPES = (
    ("projector", "Epson", "CB-L610U"),
    ("display", "Sharp", "PN-HW861"),
    ("clickshare", "Barco", "CX-50"),
    ("microphone", "Shure", "MXA920"),
    ("codec", "Poly", "G7500"),
    ("amplifier", "Crown", "DCi 4|300"),
    ("control", "Crestron", "CP4"),
)
FLOORS = ("B1", "1F", "2F", "3F", "5F", "8F", "9F", "10F", "12F", "15F")
NAMES = (
    "西湖厅",
    "钱塘厅",
    "富春厅",
    "龙井厅",
    "灵隐厅",
    "虎跑厅",
    "孤山厅",
    "断桥厅",
    "平湖厅",
    "满陇厅",
)
_random = random.Random(20_260_301)


@dataclass(frozen=True)
class Place:
    """A device to inspect in the open round."""

    room_id: int
    device_id: int
    type: str
    register: dict[str, Any]


@dataclass(frozen=True)
class Site:
    """A contract with its open round and engineers."""

    code: str
    round_id: int
    places: list[Place]
    logins: list[str]


@dataclass(frozen=True)
class Contents:
    """``fresh`` has no past; ``whole`` has last month's round behind it."""

    fresh: Site
    whole: Site


def uid() -> str:
    """A UUID as a phone makes it: random but for its version."""
    bits = _random.getrandbits(128) & ~(0xF000 << 64) | 0x7000 << 64
    return str(UUID(int=bits))


def seed(data_dir: Path) -> Contents:
    """Make the database in ``data_dir``."""
    app = create_app(settings_from_env({"DATA_DIR": str(data_dir)}))
    with app.app_context():
        upgrade(directory=str(Path(__file__).parent.parent / "migrations"))
        found = Contents(fresh=make_site("FRESH", past=False), whole=make_site("WHOLE", past=True))
        db.session.remove()
        db.engine.dispose()
    return found


def seed_sites(data_dir: Path, rooms_by_code: Mapping[str, int]) -> dict[str, Site]:
    """Make a database of contracts with so many rooms each, last month's round of each done whole."""
    app = create_app(settings_from_env({"DATA_DIR": str(data_dir)}))
    with app.app_context():
        upgrade(directory=str(Path(__file__).parent.parent / "migrations"))
        found = {code: make_site(code, past=True, rooms=n) for code, n in rooms_by_code.items()}
        db.session.remove()
        db.engine.dispose()
    return found


def make_site(code: str, *, past: bool, rooms: int = ROOMS) -> Site:
    """A contract with its open round; with ``past`` last month's round is behind it."""
    now = now_utc()
    logins = [f"{code.lower()}-{number}" for number in range(8)]
    with unit_of_work() as session:
        contract = identity.create_contract(
            session,
            code=code,
            name_zh=f"{code} 视频会议室运维服务",
            anchor_month="2026-01",
            now=now,
            actor_id=None,
        )
        engineers = [_engineer(session, contract, login, now) for login in logins]
        _make_estate(session, contract, now, rooms)
        ensure_default(session, contract.id, now=now)
    month = f"{now:%Y-%m}"
    if past:
        _last_months_round(contract, add_months(month, -1), engineers[0], now - timedelta(days=30))
    with unit_of_work() as session:
        opened = open_round(session, None, contract.id, month, now)
    return Site(code, opened.id, _places(opened.id), logins)


def _engineer(session: Session, contract: Contract, login: str, now: datetime) -> int:
    user = identity.create_user(
        session,
        login=login,
        password_hash=identity.hash_password(PASSWORD),
        name=f"工程师{login[-1]}",
        now=now,
        actor_id=None,
    )
    identity.add_member(
        session,
        contract_id=contract.id,
        user_id=user.id,
        role="inspection_engineer",
        now=now,
        actor_id=None,
    )
    return user.id


def _make_estate(session: Session, contract: Contract, now: datetime, count: int) -> None:
    buildings = [
        Building(contract_id=contract.id, name_zh=f"{letter}座", name_en=f"Tower {letter}")
        for letter in "ABCDEFGHIJKLMNOP"[: max(4, count // 100)]
    ]
    session.add_all(buildings)
    session.flush()
    rooms = [_room(contract, buildings, number) for number in range(count)]
    session.add_all(rooms)
    session.flush()
    devices = [
        _device(contract, room, number * DEVICES_A_ROOM + position)
        for number, room in enumerate(rooms)
        for position in range(DEVICES_A_ROOM)
    ]
    session.add_all(devices)
    session.flush()
    session.add_all(
        Label(contract_id=contract.id, code=new_code(), device_id=device.id, made_at=now)
        for device in devices
    )


def _room(contract: Contract, buildings: list[Building], number: int) -> Room:
    building = buildings[number % len(buildings)]
    floor = FLOORS[number // len(buildings) % len(FLOORS)]
    name = NAMES[number // (len(buildings) * len(FLOORS)) % len(NAMES)]
    return Room(
        contract_id=contract.id,
        building_id=building.id,
        floor=floor,
        name_zh=f"{floor}{name}",
        name_en=f"Room {number:03d}",
    )


def _device(contract: Contract, room: Room, number: int) -> Device:
    kind, maker, model = TYPES[number % len(TYPES)]
    return Device(
        contract_id=contract.id,
        room_id=room.id,
        type=kind,
        name=f"{room.name_zh} {maker} {model}",
        maker=maker,
        model=model,
        serial=f"{maker[:2].upper()}{_random.getrandbits(40):010X}",
        asset_number=f"AV-{contract.id}-{number:05d}",
        ip=f"10.{number // 250}.{number % 250}.20",
        firmware=f"{_random.randrange(1, 9)}.{_random.randrange(20)}.{_random.randrange(99)}",
        in_service_on=date(2021, 1, 1) + timedelta(days=_random.randrange(1500)),
        warranty_until=date(2025, 1, 1) + timedelta(days=_random.randrange(1500)),
        register={"rated_lamp_hours": 20000, "button_count": 4, "microphone_count": 2},
    )


def _places(round_id: int) -> list[Place]:
    rows = db.session.execute(
        sa.select(RoundTask.room_id, Device.id, Device.type, Device.register)
        .join(Device, Device.id == RoundTask.device_id)
        .where(RoundTask.round_id == round_id)
        .order_by(RoundTask.id)
    )
    return [Place(*row) for row in rows]


def _last_months_round(contract: Contract, month: str, user_id: int, now: datetime) -> None:
    with unit_of_work() as session:
        opened = open_round(session, None, contract.id, month, now)
    submissions = []
    for number, place in enumerate(_places(opened.id)):
        photos = [photo_line(uid().encode(), items(place)[0]["key"])] if number % 2 else []
        text = json.dumps(inspection(opened.id, place, photos, abnormal=number % 20 == 0))
        payload = msgspec.json.decode(text, type=InspectionIn)
        rights = ROLE_RIGHTS["inspection_engineer"]
        submissions.append(Submission(uid(), user_id, rights, payload, text))
    with unit_of_work() as session:
        answers = record_inspections(session, contract.id, submissions, now)
        refused = {answer.code for answer in answers if answer.result != "applied"}
        if refused:
            raise RuntimeError(f"the seed was refused: {refused}")
        session.execute(sa.update(Photo).values(received_at=now, unreadable=True))
        session.get_one(Round, opened.id).state = "accepted"


# Reading the shipped file takes a while, and thousands of inspections ask for it.
_content = cache(default_content)


def items(place: Place) -> list[Item]:
    """The items of a place's checklist that concern it."""
    return [item for item in items_of(_content(), place.type) if applies(item, place.register)]


def photo_line(data: bytes, item: str, size: int | None = None) -> dict[str, Any]:
    """A line of a photo manifest."""
    return {
        "id": uid(),
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": size or len(data),
        "item": item,
        "width": 1600,
        "height": 1200,
    }


def inspection(
    round_id: int,
    place: Place,
    photos: list[dict[str, Any]],
    *,
    abnormal: bool = False,
) -> dict[str, Any]:
    """What a phone sends of one device: seven readings, and the photos' manifest."""
    readings = [_reading(item) for item in items(place) if item["kind"] != "photo"][:READINGS]
    if abnormal:
        chosen = next((row for row in readings if row["value"] == "pass"), None)
        if chosen:
            chosen |= {"value": "fail", "verdict": "abnormal", "cause": "worn", "remark": "松动"}
    return {
        "uid": uid(),
        "round_id": round_id,
        "room_id": place.room_id,
        "device_id": place.device_id,
        "checklist": 1,
        "started_at": "2026-03-05T02:10:00.000Z",
        "finished_at": "2026-03-05T02:14:30.000Z",
        "scanned_code": None,
        "bulk_ok": False,
        "dwell_seconds": 270,
        "readings": readings,
        "remark": "",
        "consumables": [],
        "findings": [],
        "open_items": [],
        "photos": photos,
        "exception": None,
    }


def _reading(item: Item) -> dict[str, Any]:
    value: Any = "pass"
    if item["kind"] == "number":
        value = round(_random.uniform(1, 100), 1)
    elif item["kind"] == "choice":
        value = item["normal"][0]
    elif item["kind"] == "text":
        value = "4.2.1"
    return {
        "item": item["key"],
        "value": value,
        "verdict": "normal",
        "cause": "",
        "action": "",
        "remark": "",
        "fixed": False,
    }
