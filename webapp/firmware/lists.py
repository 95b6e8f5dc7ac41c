"""The models of the estate with their baselines, and how many devices run it, as a list and a file."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.estate.lists import DEVICE_TYPE_WORDS
from webapp.estate.models import Device
from webapp.firmware.models import FirmwareBaseline
from webapp.firmware.rules import MODEL_STATES
from webapp.firmware.words import MODEL_STATES as STATE_WORDS
from webapp.listing import Column, Listing, Rows, containing


def plain(column: Any) -> sa.ColumnElement[str]:
    """A version as it is compared: the database's words for :func:`webapp.firmware.rules.plain`."""
    return sa.func.lower(sa.func.trim(column))


_same_model = sa.and_(
    FirmwareBaseline.contract_id == Device.contract_id,
    FirmwareBaseline.maker == Device.maker,
    FirmwareBaseline.model == Device.model,
)
_runs = plain(Device.firmware)


def _count(condition: sa.ColumnElement[bool]) -> Any:
    return sa.func.count().filter(condition)


_models = (
    sa.select(
        # A device stands for its model: a model has no row of its own.
        sa.func.min(Device.id).label("id"),
        Device.contract_id,
        Device.maker,
        Device.model,
        sa.func.min(Device.type).label("type"),
        FirmwareBaseline.version,
        FirmwareBaseline.note,
        FirmwareBaseline.set_at,
        sa.func.count().label("devices"),
        _count(_runs == "").label("untold"),
        _count(_runs == plain(FirmwareBaseline.version)).label("on"),
        _count(sa.and_(_runs != "", _runs != plain(FirmwareBaseline.version))).label("off"),
        sa.func.count(sa.distinct(sa.func.nullif(_runs, ""))).label("versions"),
    )
    .outerjoin(FirmwareBaseline, _same_model)
    .where(Device.retired_at.is_(None), Device.model != "")
    .group_by(
        Device.contract_id,
        Device.maker,
        Device.model,
        FirmwareBaseline.version,
        FirmwareBaseline.note,
        FirmwareBaseline.set_at,
    )
    .subquery()
)
MODEL = _models.c
_state = sa.case(
    (MODEL.version.is_(None), "no_baseline"),
    (MODEL.off > 0, "off"),
    (MODEL.untold > 0, "unknown"),
    else_="on",
)


def _dress(_session: Session, _contract: int, rows: Rows, _now: datetime) -> list[Any]:
    return [
        {
            "id": row.id,
            "maker": row.maker,
            "model": row.model,
            "type": row.type,
            "baseline": row.version,
            "note": row.note or "",
            "set_at": row.set_at,
            "state": row.state,
            "devices": row.devices,
            "on": row.on,
            "off": row.off,
            "untold": row.untold,
            "versions": row.versions,
        }
        for row in rows
    ]


MODELS = Listing(
    name="firmware",
    title=("固件基线", "Firmware baselines"),
    select=sa.select(_models, _state.label("state")),
    contract=MODEL.contract_id,
    filters={
        "state": _state,
        "type": MODEL.type,
        "q": containing(MODEL.maker, MODEL.model, MODEL.version),
    },
    sorts={
        "model": (MODEL.maker, MODEL.model),
        "type": (MODEL.type, MODEL.maker, MODEL.model),
        "devices": (MODEL.devices,),
        "off": (MODEL.off,),
    },
    sort="-off",
    tie=MODEL.id,
    tab="state",
    states=MODEL_STATES,
    dress=_dress,
    columns=(
        Column("maker", "品牌", "Maker"),
        Column("model", "型号", "Model"),
        Column("type", "类型", "Type", DEVICE_TYPE_WORDS),
        Column("baseline", "固件基线", "Baseline"),
        Column("state", "状态", "State", STATE_WORDS),
        Column("devices", "设备数", "Devices"),
        Column("on", "达到基线", "On it"),
        Column("off", "未达基线", "Off it"),
        Column("untold", "版本不详", "Unknown"),
        Column("versions", "在用版本数", "Versions in use"),
        Column("note", "说明", "Note"),
    ),
)
