"""What the server expects and lacks: inspections whose declared photos have not come."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.db import UtcDateTime, now_utc
from webapp.estate.models import Building, Device, Room
from webapp.identity.models import User
from webapp.listing import Column, Listing, Rows, containing
from webapp.rounds.models import Inspection, Photo, Round
from webapp.sync.rules import SILENT_AFTER

_declared = sa.and_(Photo.inspection_id == Inspection.id, Photo.withdrawn.is_(False))
_absent = sa.and_(_declared, Photo.received_at.is_(None))
_LACKING = sa.select(sa.func.count(Photo.id)).where(_absent).scalar_subquery()
_DECLARED = sa.select(sa.func.count(Photo.id)).where(_declared).scalar_subquery()
_LATE_BEFORE = sa.bindparam(
    "late_before", callable_=lambda: now_utc() - SILENT_AFTER, type_=UtcDateTime()
)
# A photo follows its record within minutes where there is a network; after days it hardly will.
_STATE = sa.case((Inspection.received_at < _LATE_BEFORE, "late"), else_="under_way")


def _dress(
    _session: Session, _contract_id: int, rows: Rows, _now: datetime
) -> list[dict[str, Any]]:
    return [row._asdict() for row in rows]


LACKING = Listing(
    name="missing-photos",
    title=("没到的照片", "Missing photos"),
    select=sa.select(
        Inspection.id,
        Round.month,
        Building.name_zh.label("building_zh"),
        Building.name_en.label("building_en"),
        Room.floor,
        Room.name_zh.label("room_zh"),
        Room.name_en.label("room_en"),
        Device.name.label("device_name"),
        User.name.label("author"),
        User.name_en.label("author_en"),
        Inspection.author_id,
        Inspection.received_at,
        _DECLARED.label("declared"),
        _LACKING.label("lacking"),
    )
    .join(Round, Round.id == Inspection.round_id)
    .join(Room, Room.id == Inspection.room_id)
    .join(Building, Building.id == Room.building_id)
    .join(User, User.id == Inspection.author_id)
    .outerjoin(Device, Device.id == Inspection.device_id)
    .where(sa.exists().where(_absent)),
    contract=Inspection.contract_id,
    filters={
        "state": _STATE,
        "month": Round.month,
        "author_id": Inspection.author_id,
        "q": containing(Device.name, Room.name_zh, Room.name_en, User.name, User.name_en),
    },
    sorts={
        "since": (Inspection.received_at,),
        "missing": (_LACKING, Inspection.received_at),
        "month": (Round.month, Inspection.received_at),
        "engineer": (User.name, Inspection.received_at),
        "device": (Device.name, Inspection.received_at),
    },
    sort="since",
    tie=Inspection.id,
    tab="state",
    states=("late", "under_way"),
    dress=_dress,
    columns=(
        Column("building", "楼宇", "Building"),
        Column("floor", "楼层", "Floor"),
        Column("room", "会议室", "Room"),
        Column("device_name", "设备", "Device"),
        Column("month", "月份", "Month"),
        Column("author", "工程师", "Engineer"),
        Column("lacking", "没到的照片", "Missing photos"),
        Column("declared", "登记的照片", "Announced photos"),
        Column("received_at", "记录收到时间", "Record received"),
    ),
)
