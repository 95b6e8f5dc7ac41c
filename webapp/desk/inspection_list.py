"""Inspections as the desk lists them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.checklists.content import ROOM_TYPE
from webapp.desk.fast_bulk import flagged, given_fast
from webapp.desk.words import FLAGS, PLACE_COLUMNS, SEVERITIES, VERDICTS, place_of
from webapp.estate.models import Building, Device, Room
from webapp.identity.models import User
from webapp.listing import Column, Listing, Rows, containing
from webapp.rounds.models import Inspection, Photo, Round, RoundTask

Row = sa.Row[*tuple[Any, ...]]


def _of_type(key: str) -> sa.ColumnElement[bool]:
    return Inspection.device_id.is_(None) if key == ROOM_TYPE else Device.type == key


def _fast(_asked: bool) -> sa.ColumnElement[bool]:
    return given_fast()


def _waiting(_asked: bool) -> sa.ColumnElement[bool]:
    return sa.and_(RoundTask.pair_open, Inspection.verdict != "not_tested")


def dress_inspections(
    session: Session, _contract_id: int, rows: Rows, _now: datetime | None = None
) -> list[dict[str, Any]]:
    """The rows of :data:`INSPECTIONS` as plain data, with their photos counted."""
    photos = _photo_counts(session, [row.Inspection.id for row in rows])
    return [_dressed(row, *photos.get(row.Inspection.id, (0, 0, 0))) for row in rows]


def _photo_counts(
    session: Session, inspection_ids: Sequence[int]
) -> dict[int, tuple[int, int, int]]:
    rows = session.execute(
        sa.select(
            Photo.inspection_id,
            sa.func.count(),
            sa.func.count(Photo.received_at),
            sa.func.count().filter(Photo.review == "returned"),
        )
        .where(Photo.inspection_id.in_(inspection_ids), Photo.withdrawn.is_(False))
        .group_by(Photo.inspection_id)
    )
    return {key: (expected, received, returned) for key, expected, received, returned in rows}


def _dressed(row: Row, expected: int, received: int, returned: int) -> dict[str, Any]:
    inspection, task = row.Inspection, row.RoundTask
    return {
        "id": inspection.id,
        "uid": inspection.uid,
        "month": row.month,
        **place_of(row.Room, row.Building, row.Device),
        "author_id": inspection.author_id,
        "author": row.author,
        "author_en": row.author_en,
        "revision": inspection.revision,
        "verdict": inspection.verdict,
        "severity": inspection.severity,
        "exception_reason": inspection.exception_reason,
        "flags": inspection.flags,
        "bulk_ok": inspection.bulk_ok,
        "bulk_seconds": inspection.bulk_seconds,
        "dwell_seconds": inspection.dwell_seconds,
        "counts": task.inspection_id == inspection.id,
        "pair_open": task.pair_open,
        "received_at": inspection.received_at,
        "device_finished_at": inspection.device_finished_at,
        "photos_expected": expected,
        "photos_received": received,
        "photos_returned": returned,
    }


INSPECTIONS = Listing(
    name="inspections",
    title=("检查记录", "Inspections"),
    select=sa.select(
        Inspection,
        Round.month,
        RoundTask,
        Room,
        Building,
        Device,
        User.name.label("author"),
        User.name_en.label("author_en"),
    )
    .join(Round, Round.id == Inspection.round_id)
    .join(RoundTask, RoundTask.id == Inspection.task_id)
    .join(Room, Room.id == Inspection.room_id)
    .join(Building, Building.id == Room.building_id)
    .join(User, User.id == Inspection.author_id)
    .outerjoin(Device, Device.id == Inspection.device_id),
    contract=Inspection.contract_id,
    filters={
        "month": Round.month,
        "building_id": Room.building_id,
        "room_id": Inspection.room_id,
        "device_id": Inspection.device_id,
        "type": _of_type,
        "author_id": Inspection.author_id,
        "verdict": Inspection.verdict,
        "flag": flagged,
        "fast": _fast,
        "pair": _waiting,
        "q": containing(Room.name_zh, Room.name_en, Device.name, Device.asset_number),
        "inspection_id": Inspection.id,
        "task_id": Inspection.task_id,
    },
    sorts={
        "received_at": (Inspection.received_at,),
        "severity": (Inspection.severity, Inspection.received_at),
        "dwell": (Inspection.dwell_seconds, Inspection.received_at),
        "place": (Building.position, Building.id, Room.floor, Room.name_zh, Device.name),
        "author": (User.name, Inspection.received_at),
    },
    sort="-received_at",
    tie=Inspection.id,
    tab="verdict",
    states=("normal", "abnormal", "not_tested"),
    dress=dress_inspections,
    columns=(
        Column("month", "月份", "Month"),
        *PLACE_COLUMNS,
        Column("verdict", "结果", "Outcome", VERDICTS),
        Column("severity", "级别", "Severity", SEVERITIES),
        Column("exception_reason", "未检原因", "Why not tested"),
        Column("author", "检查人", "Inspected by"),
        Column("received_at", "收到时间", "Received"),
        Column("revision", "版本", "Revision"),
        Column("bulk_ok", "一键正常", "Set all to OK"),
        Column("bulk_seconds", "一键正常用时（秒）", "All OK after (seconds)"),
        Column("dwell_seconds", "用时（秒）", "Seconds spent"),
        Column("flags", "提示", "Flags", FLAGS),
    ),
)
