"""The demo's firmware: models on and off their baseline, an upgrade done but for one device, and one to come."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.opening import called
from webapp.cases.services import Author, Taking, take_step
from webapp.demo.service_desk import NAMESPACE, access_of
from webapp.estate.models import Device
from webapp.firmware.baselines import set_baseline
from webapp.firmware.upgrades import Planning, plan_upgrade, settle_device
from webapp.identity.models import Contract
from webapp.identity.rules import Access


def tell_of_firmware(
    session: Session, contract: Contract, people: Mapping[str, int], now: datetime
) -> None:
    """Settle baselines from what the register says, and upgrade some of the devices that are off theirs."""
    wang, li = (access_of(contract, people, login) for login in ("wang", "li"))
    set_at = now - timedelta(days=45)
    models = _models(session, contract)
    for devices in models[:4]:
        set_baseline(session, wang, devices[0].id, _newest(devices), "厂商安全公告", set_at)
    if len(models) > 1:
        _already_done(session, li, models[1], now)
        _to_come(session, wang, models[0], contract, now)
    for devices in models:
        if len(devices) == 1:
            # Alone of its model, it runs what it is to run.
            set_baseline(session, wang, devices[0].id, devices[0].firmware, "", set_at)


def _models(session: Session, contract: Contract) -> list[Sequence[Device]]:
    """The models with a version, those with the most devices first."""
    found: dict[tuple[str, str], list[Device]] = {}
    rows = session.scalars(
        sa.select(Device)
        .where(Device.contract_id == contract.id, Device.model != "", Device.firmware != "")
        .order_by(Device.id)
    )
    for device in rows:
        found.setdefault((device.maker, device.model), []).append(device)
    return sorted(found.values(), key=len, reverse=True)


def _newest(devices: Sequence[Device]) -> str:
    """The highest version that one of them runs."""
    return max((device.firmware for device in devices), key=_figures)


def _figures(version: str) -> list[int]:
    return [int(figure) for figure in re.findall(r"[0-9]+", version)]


def _already_done(session: Session, li: Access, devices: Sequence[Device], now: datetime) -> None:
    """Some devices upgraded eleven days ago, of which one has failed."""
    at = now - timedelta(days=12)
    version = _newest(devices)
    chosen = [device.id for device in devices if device.firmware != version][:4]
    title = f"{devices[0].maker} {devices[0].model} 固件升级".strip()
    plan = Planning(_uid("done"), title, version, chosen, at.date(), "会后逐台升级，先备份配置。")
    name = called(plan_upgrade(session, li, devices[0].id, plan, at))
    reason = "升级到 60% 中断，已恢复原版本，待厂商处理。"
    settle_device(session, li, name, chosen[-1], "failed", reason, at + timedelta(hours=20))
    done = Taking(
        uid=_uid("finish"),
        step="finish",
        at=at + timedelta(hours=22),
        fields={"done": "三台升级完成并入会测试，一台失败。"},
    )
    take_step(session, li.contract_id, Author(li, li.user_name), name, done, done.at)


def _to_come(
    session: Session, wang: Access, devices: Sequence[Device], contract: Contract, now: datetime
) -> None:
    """Five devices to be upgraded next week."""
    on = now.astimezone(ZoneInfo(contract.time_zone)).date() + timedelta(days=6)
    version = _newest(devices)
    chosen = [device.id for device in devices if device.firmware != version][:5]
    title = f"{devices[0].maker} {devices[0].model} 固件升级".strip()
    plan = Planning(_uid("to-come"), title, version, chosen, on, "避开周三例会。")
    plan_upgrade(session, wang, devices[0].id, plan, now - timedelta(days=2))


def _uid(name: str) -> str:
    return str(uuid.uuid5(NAMESPACE, f"firmware-{name}"))
