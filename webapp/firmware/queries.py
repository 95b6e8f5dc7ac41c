"""One model with its devices and upgrades, and the devices of one upgrade."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from webapp.cases.kinds import name_of
from webapp.cases.models import Case
from webapp.errors import AppError
from webapp.estate.models import Building, Device, Room
from webapp.firmware.baselines import baseline_of, device_of
from webapp.firmware.lists import MODEL, MODELS
from webapp.firmware.models import UpgradeDevice
from webapp.firmware.rules import device_state
from webapp.firmware.upgrades import KIND, upgrade_named
from webapp.identity.models import User
from webapp.identity.rules import Access
from webapp.rounds.models import Reading

# The checklist's items that read a version in the round (clause 15).
READ_BY = ("firmware", "software")
_settler = aliased(User)
Row = dict[str, Any]


def model_detail(session: Session, access: Access, device_id: int, now: datetime) -> Row:
    """The model of a device: its baseline, who runs what, what the round last read, its upgrades.

    A fixed number of statements. :raise AppError: ``not_found``, also where none of it is in use
    """
    device = device_of(session, access.contract_id, device_id)
    statement = MODELS.statement(access.contract_id, {}).where(
        MODEL.maker == device.maker, MODEL.model == device.model
    )
    rows = session.execute(statement).all()
    if not rows:
        raise AppError("not_found")
    [line] = MODELS.dress(session, access.contract_id, rows, now)
    baseline = baseline_of(session, device)
    devices = _devices(session, device, baseline.version if baseline else None)
    return {
        **line,
        "runs": devices,
        "upgrades": _upgrades(session, device),
        "may_set": access.may("manage_estate"),
        "may_plan": access.may("handle"),
    }


def _devices(session: Session, of: Device, baseline: str | None) -> list[Row]:
    rows = session.execute(
        sa.select(Device, Room, Building)
        .join(Room, Room.id == Device.room_id)
        .join(Building, Building.id == Room.building_id)
        .where(
            Device.contract_id == of.contract_id,
            Device.maker == of.maker,
            Device.model == of.model,
            Device.retired_at.is_(None),
        )
        .order_by(Building.position, Building.id, Room.floor, Room.name_zh, Device.name, Device.id)
    ).all()
    read = _last_read(session, [row.Device.id for row in rows])
    waiting = _waiting(session, of)
    return [
        {
            "device_id": row.Device.id,
            "name": row.Device.name,
            "asset_number": row.Device.asset_number,
            "room_zh": row.Room.name_zh,
            "room_en": row.Room.name_en,
            "building_zh": row.Building.name_zh,
            "building_en": row.Building.name_en,
            "floor": row.Room.floor,
            "firmware": row.Device.firmware,
            "state": device_state(row.Device.firmware, baseline),
            "read": read.get(row.Device.id),
            "upgrade": waiting.get(row.Device.id),
        }
        for row in rows
    ]


def _last_read(session: Session, device_ids: list[int]) -> Mapping[int, str]:
    """What the round last read of each device's version."""
    latest = (
        sa.select(sa.func.max(Reading.id))
        .where(
            Reading.device_id.in_(device_ids),
            Reading.item.in_(READ_BY),
            Reading.value_text.is_not(None),
        )
        .group_by(Reading.device_id)
    )
    rows = session.execute(
        sa.select(Reading.device_id, Reading.value_text).where(Reading.id.in_(latest))
    )
    return {device_id: text for device_id, text in rows if device_id is not None and text}


def _waiting(session: Session, of: Device) -> Mapping[int, str]:
    """The upgrade that each device of the contract waits for."""
    rows = session.execute(
        sa.select(UpgradeDevice.device_id, Case.number)
        .join(Case, Case.id == UpgradeDevice.case_id)
        .where(
            UpgradeDevice.contract_id == of.contract_id,
            UpgradeDevice.state == "planned",
            Case.live,
        )
        .order_by(Case.id)
    )
    return {device_id: name_of(KIND, number) for device_id, number in rows}


def _upgrades(session: Session, of: Device) -> list[Row]:
    """The upgrades of the model's devices, the latest first."""
    counted = (
        sa.select(
            UpgradeDevice.case_id,
            sa.func.count().label("devices"),
            sa.func.count().filter(UpgradeDevice.state == "failed").label("failed"),
        )
        .join(Device, Device.id == UpgradeDevice.device_id)
        .where(
            Device.contract_id == of.contract_id,
            Device.maker == of.maker,
            Device.model == of.model,
        )
        .group_by(UpgradeDevice.case_id)
        .subquery()
    )
    rows = session.execute(
        sa.select(Case, counted.c.devices, counted.c.failed)
        .join(counted, counted.c.case_id == Case.id)
        .order_by(Case.id.desc())
        .limit(50)
    )
    return [
        {
            "name": name_of(KIND, case.number),
            "title": case.title,
            "state": case.state,
            "version": str(case.facts.get("version", "")),
            "devices": devices,
            "failed": failed,
        }
        for case, devices, failed in rows
    ]


def upgrade_devices(session: Session, access: Access, name: str) -> Row:
    """The devices of an upgrade with how it went, and whether the reader may say so.

    :raise AppError: ``not_found``
    """
    case = upgrade_named(session, access.contract_id, name)
    rows = session.execute(
        sa.select(
            UpgradeDevice,
            Device,
            Room,
            _settler.name.label("settled_by"),
            _settler.name_en.label("settled_by_en"),
        )
        .join(Device, Device.id == UpgradeDevice.device_id)
        .join(Room, Room.id == Device.room_id)
        .outerjoin(_settler, _settler.id == UpgradeDevice.settled_by_id)
        .where(UpgradeDevice.case_id == case.id)
        .order_by(Room.floor, Room.name_zh, Device.name, UpgradeDevice.id)
    )
    return {
        "name": name,
        "version": str(case.facts.get("version", "")),
        "may_settle": case.live and access.may("handle"),
        "devices": [_upgrade_device(row) for row in rows] or _of_one(session, case),
    }


def _of_one(session: Session, case: Case) -> list[Row]:
    """The device of an upgrade that was opened of it alone, of which nothing was said yet."""
    row = session.execute(
        sa.select(Device, Room)
        .join(Room, Room.id == Device.room_id)
        .where(Device.id == case.device_id)
    ).one_or_none()
    if row is None:
        return []
    nothing = {"reason": "", "settled_at": None, "settled_by": None, "settled_by_en": None}
    return [
        {
            "device_id": row.Device.id,
            "device": row.Device.name,
            "room_zh": row.Room.name_zh,
            "room_en": row.Room.name_en,
            "floor": row.Room.floor,
            "before": row.Device.firmware,
            "firmware": row.Device.firmware,
            "state": "planned",
            **nothing,
        }
    ]


def _upgrade_device(row: sa.Row[*tuple[Any, ...]]) -> Row:
    one = row.UpgradeDevice
    return {
        "device_id": one.device_id,
        "device": row.Device.name,
        "room_zh": row.Room.name_zh,
        "room_en": row.Room.name_en,
        "floor": row.Room.floor,
        "before": one.before,
        "firmware": row.Device.firmware,
        "state": one.state,
        "reason": one.reason,
        "settled_at": one.settled_at,
        "settled_by": row.settled_by,
        "settled_by_en": row.settled_by_en,
    }
