"""Settling which version a model is to run (clause 11)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.estate.models import Device
from webapp.firmware.models import FirmwareBaseline
from webapp.identity.rules import Access


def device_of(session: Session, contract_id: int, device_id: int) -> Device:
    """A device that stands for its model. :raise AppError: ``not_found``, also where it has no model"""
    device = session.get(Device, device_id)
    if device is None or device.contract_id != contract_id or not device.model:
        raise AppError("not_found")
    return device


def baseline_of(session: Session, device: Device) -> FirmwareBaseline | None:
    """The baseline of a device's model."""
    return session.scalar(
        sa.select(FirmwareBaseline).where(
            FirmwareBaseline.contract_id == device.contract_id,
            FirmwareBaseline.maker == device.maker,
            FirmwareBaseline.model == device.model,
        )
    )


def set_baseline(
    session: Session, access: Access, device_id: int, version: str, note: str, now: datetime
) -> None:
    """Settle the version that the devices of this one's model are to run; empty: none is settled.

    :raise AppError: ``not_found``
    """
    take_sequence(session, access.contract_id)
    device = device_of(session, access.contract_id, device_id)
    version, note = version.strip(), " ".join(note.split())
    row = baseline_of(session, device)
    before = {"version": row.version, "note": row.note} if row else {"version": "", "note": ""}
    diff = audit.differences(before, {"version": version, "note": note if version else ""})
    if not diff:
        return
    if not version:
        session.delete(row)
    elif row is None:
        session.add(
            FirmwareBaseline(
                contract_id=access.contract_id,
                maker=device.maker,
                model=device.model,
                version=version,
                note=note,
                set_by_id=access.user_id,
                set_at=now,
            )
        )
    else:
        row.version, row.note = version, note
        row.set_by_id, row.set_at = access.user_id, now
    _note(session, access, device, diff, now)


def _note(
    session: Session, access: Access, device: Device, diff: dict[str, Any], now: datetime
) -> None:
    audit.record(
        session,
        at=now,
        user_id=access.user_id,
        contract_id=access.contract_id,
        action="set_firmware_baseline",
        entity="firmware_baseline",
        entity_id=f"{device.maker} {device.model}".strip(),
        diff=diff,
    )
