"""Upgrades of chosen devices: planned as a case, said of each device how it went, done or rolled back.

What the case's own steps mean for the devices happens in the step's transaction, whichever way it is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.cases.following import follows
from webapp.cases.models import Case, CaseEvent
from webapp.cases.opening import Opening, case_named
from webapp.cases.services import Author, open_case
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.estate.models import Device
from webapp.estate.services import change_device
from webapp.firmware import rules
from webapp.firmware.baselines import device_of
from webapp.firmware.models import UpgradeDevice
from webapp.firmware.rules import UpgradeState, plain
from webapp.identity.rules import Access

KIND = "upgrade"


@dataclass(frozen=True, slots=True)
class Planning:
    """Which devices of a model are to run which version, from which day; ``uid`` keeps it from being planned twice."""

    uid: str
    title: str
    version: str
    device_ids: Sequence[int]
    planned_on: date | None = None
    text: str = ""


def plan_upgrade(
    session: Session, access: Access, device_id: int, planning: Planning, now: datetime
) -> Case:
    """Open the case of an upgrade for chosen devices of one model.

    :raise AppError: ``not_found``; ``device_unknown`` where one is not of the model, or out of use; and
        what :func:`webapp.cases.services.open_case` refuses
    """
    take_sequence(session, access.contract_id)
    known = session.scalar(
        sa.select(Case).where(Case.contract_id == access.contract_id, Case.uid == planning.uid)
    )
    if known is not None:
        return known
    model = device_of(session, access.contract_id, device_id)
    devices = _devices(session, model, planning.device_ids)
    fields: dict[str, Any] = {"version": planning.version}
    if planning.planned_on is not None:
        fields["planned_on"] = planning.planned_on.isoformat()
    opening = Opening(
        uid=planning.uid,
        kind=KIND,
        title=planning.title,
        at=now,
        text=planning.text,
        device_id=devices[0].id if len(devices) == 1 else None,
        fields=fields,
    )
    case = open_case(session, access.contract_id, Author(access, access.user_name), opening, now)
    session.add_all(_planned(case, device) for device in devices)
    return case


def settle_device(
    session: Session,
    access: Access,
    name: str,
    device_id: int,
    outcome: UpgradeState,
    reason: str,
    now: datetime,
) -> UpgradeDevice:
    """Say how it went with one device while the upgrade is under way; said again, the last word counts.

    :raise AppError: ``not_found``; ``upgrade_over``; ``invalid`` where it failed and nobody says why
    """
    take_sequence(session, access.contract_id)
    case = upgrade_named(session, access.contract_id, name)
    if not case.live:
        raise AppError("upgrade_over", name=name)
    row = next((one for one in devices_of(session, case) if one.device_id == device_id), None)
    if row is None:
        raise AppError("not_found")
    reason = reason.strip() if outcome == "failed" else ""
    if outcome == "failed" and not reason:
        raise AppError("invalid", fields={"reason": ["missing"]})
    before = {"state": row.state, "reason": row.reason}
    diff = audit.differences(before, {"state": outcome, "reason": reason})
    if diff:
        _settle(session, access, case, row, outcome, now)
        row.reason = reason
        audit.record(
            session,
            at=now,
            user_id=access.user_id,
            contract_id=access.contract_id,
            action="settle_upgrade",
            entity="upgrade_device",
            entity_id=row.id,
            diff=diff,
        )
    return row


def upgrade_named(session: Session, contract_id: int, name: str) -> Case:
    """An upgrade by its name. :raise AppError: ``not_found``"""
    case = case_named(session, contract_id, name)
    if case.kind != KIND:
        raise AppError("not_found")
    return case


def devices_of(session: Session, case: Case) -> list[UpgradeDevice]:
    """The devices of an upgrade; one that was opened of a single device has that."""
    rows = list(
        session.scalars(
            sa.select(UpgradeDevice)
            .where(UpgradeDevice.case_id == case.id)
            .order_by(UpgradeDevice.id)
        )
    )
    if not rows and case.device_id is not None:
        rows = [_planned(case, session.get_one(Device, case.device_id))]
        session.add_all(rows)
        session.flush()  # what is said of it names its id
    return rows


@follows("finish", "roll_back", "plan_again")
def move_devices(
    session: Session, case: Case, event: CaseEvent, author: Author, now: datetime
) -> None:
    """Do to the devices what the upgrade's step says."""
    if case.kind != KIND or author.access is None:
        return
    after = {
        "finish": rules.after_finish,
        "roll_back": rules.after_roll_back,
        "plan_again": rules.after_plan_again,
    }[event.step]
    for row in devices_of(session, case):
        _settle(session, author.access, case, row, after(cast(UpgradeState, row.state)), now)


def _settle(
    session: Session,
    access: Access,
    case: Case,
    row: UpgradeDevice,
    state: UpgradeState,
    now: datetime,
) -> None:
    """Note a device's new state, and give the register the version that goes with it."""
    if state == row.state:
        return
    device = session.get_one(Device, row.device_id)
    target = str(case.facts["version"])
    if state == "done":
        row.before = device.firmware
        _run(session, access, device, target, now)
    elif row.state == "done" and plain(device.firmware) == plain(target):
        # Somebody who has corrected the register meanwhile knows better.
        _run(session, access, device, row.before, now)
    row.state = state
    row.settled_at, row.settled_by_id = (
        (None, None) if state == "planned" else (now, access.user_id)
    )


def _run(session: Session, access: Access, device: Device, version: str, now: datetime) -> None:
    change_device(session, access, device.id, {"firmware": version}, now)


def _planned(case: Case, device: Device) -> UpgradeDevice:
    return UpgradeDevice(
        contract_id=case.contract_id,
        case_id=case.id,
        device_id=device.id,
        before=device.firmware,
    )


def _devices(session: Session, model: Device, wanted: Sequence[int]) -> list[Device]:
    ids = set(wanted)
    rows = session.scalars(
        sa.select(Device)
        .where(
            Device.contract_id == model.contract_id,
            Device.maker == model.maker,
            Device.model == model.model,
            Device.retired_at.is_(None),
            Device.id.in_(ids),
        )
        .order_by(Device.id)
    ).all()
    missing = ids - {row.id for row in rows}
    if missing or not rows:
        raise AppError("device_unknown", device_id=min(missing, default=0))
    return list(rows)
