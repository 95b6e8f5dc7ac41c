"""The rows of all device records as the desk lists them (clause 20)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from webapp.cases.models import Case
from webapp.cases.opening import called
from webapp.cases.reviewing import reviewers
from webapp.checklists.content import item_of
from webapp.checklists.models import ChecklistVersion
from webapp.desk.open_item_list import picked_of
from webapp.desk.words import PLACE_COLUMNS, place_of
from webapp.estate.models import Building, Device, Room
from webapp.identity.models import User
from webapp.listing import Column, Listing, Rows, containing
from webapp.rounds.models import DeviceRecord, Inspection, OpenItem
from webapp.rounds.queries import is_heard

_recorder = aliased(User)
CATEGORIES = {
    "inspection": ("巡检", "Inspection"),
    "fault": ("故障", "Fault"),
    "repair": ("维修", "Repair"),
    "replacement": ("更换", "Replacement"),
    "upgrade": ("升级", "Upgrade"),
}
RESULTS = {
    "fixed": ("已修复", "Fixed"),
    "open_item": ("转为遗留问题", "Became an open item"),
    "replaced": ("已更换", "Replaced"),
}


def _in_month(month: str) -> sa.ColumnElement[bool]:
    return sa.cast(DeviceRecord.recorded_on, sa.String).startswith(month)


def _dress(
    session: Session, contract_id: int, rows: Rows, _now: datetime | None = None
) -> list[dict[str, Any]]:
    numbers = {row.checklist_number for row in rows if row.checklist_number is not None}
    contents: dict[int, dict[str, Any]] = dict(
        session.execute(
            sa.select(ChecklistVersion.number, ChecklistVersion.content).where(
                ChecklistVersion.contract_id == contract_id, ChecklistVersion.number.in_(numbers)
            )
        ).all()
    )
    looked = reviewers(session, [row.DeviceRecord for row in rows])
    looked_again = {key: user.name for key, user in looked.items()}
    return [_dressed(row, contents.get(row.checklist_number), looked_again) for row in rows]


def _dressed(
    row: Any, content: Mapping[str, Any] | None, looked_again: Mapping[int, str]
) -> dict[str, Any]:
    record, device = row.DeviceRecord, row.Device
    item = item_of(content, device.type, record.item) if content and record.item else None
    return {
        "id": record.id,
        "recorded_on": record.recorded_on,
        **place_of(row.Room, row.Building, device),
        "category": record.category,
        "item": record.item,
        "item_zh": item["zh"] if item else None,
        "item_en": item["en"] if item else None,
        "anomaly": record.anomaly,
        **picked_of(content, device, record.cause, record.action),
        "part": record.part,
        "result": record.result,
        "open_item_number": row.open_item_number,
        "inspection_id": record.inspection_id,
        "recorded_by": row.recorded_by,
        "reviewed_by": looked_again.get(record.id),
        "case_name": called(row.Case) if row.Case is not None else None,
    }


DEVICE_RECORDS = Listing(
    name="device-records",
    title=("设备记录", "Device records"),
    select=sa.select(
        DeviceRecord,
        Device,
        Room,
        Building,
        OpenItem.number.label("open_item_number"),
        Inspection.checklist_number,
        _recorder.name.label("recorded_by"),
        Case,
    )
    .join(Device, Device.id == DeviceRecord.device_id)
    .join(Room, Room.id == Device.room_id)
    .join(Building, Building.id == Room.building_id)
    .join(_recorder, _recorder.id == DeviceRecord.recorded_by_id)
    .outerjoin(Case, Case.id == DeviceRecord.case_id)
    .outerjoin(OpenItem, OpenItem.id == DeviceRecord.open_item_id)
    .outerjoin(Inspection, Inspection.id == DeviceRecord.inspection_id)
    .where(is_heard(DeviceRecord.inspection_id)),
    contract=DeviceRecord.contract_id,
    filters={
        "month": _in_month,
        "building_id": Room.building_id,
        "room_id": Device.room_id,
        "device_id": DeviceRecord.device_id,
        "category": DeviceRecord.category,
        "result": DeviceRecord.result,
        "q": containing(
            DeviceRecord.anomaly, DeviceRecord.part, Device.name, Device.asset_number, Room.name_zh
        ),
    },
    sorts={
        "recorded_on": (DeviceRecord.recorded_on,),
        "place": (Building.position, Building.id, Room.floor, Room.name_zh, Device.name),
        "device": (Device.name, DeviceRecord.recorded_on),
    },
    sort="-recorded_on",
    tie=DeviceRecord.id,
    tab="result",
    states=tuple(RESULTS),
    dress=_dress,
    columns=(
        Column("recorded_on", "日期", "Date"),
        *PLACE_COLUMNS,
        Column("category", "类别", "Category", CATEGORIES),
        Column("item", "检查项", "Item"),
        Column("anomaly", "异常内容", "Anomaly"),
        Column("cause", "原因", "Cause"),
        Column("action", "处理", "Action"),
        Column("part", "更换部件", "Part"),
        Column("result", "结果", "Result", RESULTS),
        Column("open_item_number", "遗留问题编号", "Open item"),
        Column("recorded_by", "记录人", "Recorded by"),
        Column("reviewed_by", "复核人", "Reviewed by"),
        Column("case_name", "服务单", "Case"),
    ),
)
