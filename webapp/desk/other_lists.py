"""Lists of the desk that are parts of a larger view, as files: a round's rooms, a device's changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit.models import AuditRow
from webapp.desk.words import PLACE_COLUMNS
from webapp.estate.models import Building, Device, Room
from webapp.estate.queries import belonging
from webapp.identity.models import User
from webapp.rounds.models import RoundRoom, RoundTask
from webapp.rounds.queries import round_of
from webapp.rounds.rules import progress
from webapp.sheets import Column, Table

_MOST_CHANGES = 10_000
ROUND_ROOMS = Table(
    "round-rooms",
    ("巡检房间", "Rooms of the round"),
    (
        Column("month", "月份", "Month"),
        Column("building", "楼宇", "Building"),
        Column("floor", "楼层", "Floor"),
        Column("room", "会议室", "Room"),
        Column("assignee", "负责人", "Assigned to"),
        Column("total", "应检", "To inspect"),
        Column("done", "已检", "Done"),
        Column("normal", "正常", "Normal"),
        Column("abnormal", "异常", "Abnormal"),
        Column("not_tested", "未检", "Not tested"),
        Column("todo", "待检", "To do"),
    ),
)
DEVICE_CHANGES = Table(
    "device-changes",
    ("设备变更记录", "Changes of a device"),
    (
        Column("at", "时间", "At"),
        Column("by", "修改人", "By"),
        Column("action", "操作", "Action"),
        Column("field", "字段", "Field"),
        Column("before", "原值", "Before"),
        Column("after", "新值", "After"),
    ),
)
REPEAT_OFFENDERS = Table(
    "repeat-offenders",
    ("反复异常", "Repeat offenders"),
    (
        *PLACE_COLUMNS,
        Column("item", "检查项", "Item"),
        Column("in_a_row", "连续异常（次）", "Abnormal in a row"),
        Column("of_last", "近六次异常（次）", "Abnormal of the last six"),
        Column("warranty_until", "保修至", "Warranty until"),
        Column("open_items", "遗留问题编号", "Open items"),
    ),
)


def round_room_records(session: Session, contract_id: int, month: str) -> Iterator[dict[str, Any]]:
    """The rooms of a month's round with who has them and how far they are. :raise AppError: ``not_found``"""
    found = round_of(session, contract_id, month)
    counts = _outcomes_by_room(session, found.id)
    mine = sa.and_(RoundRoom.room_id == Room.id, RoundRoom.round_id == found.id)
    rows = session.execute(
        sa.select(Room, Building, User.name, User.name_en)
        .join(Building, Building.id == Room.building_id)
        .outerjoin(RoundRoom, mine)
        .outerjoin(User, User.id == RoundRoom.assignee_id)
        .where(Room.id.in_(counts))
        .order_by(Building.position, Building.id, Room.floor, Room.name_zh, Room.id)
    )
    for room, building, name, name_en in rows:
        yield {
            "month": month,
            "building_zh": building.name_zh,
            "building_en": building.name_en,
            "floor": room.floor,
            "room_zh": room.name_zh,
            "room_en": room.name_en,
            "assignee_zh": name,
            "assignee_en": name_en,
            **progress(counts[room.id]).as_dict(),
        }


def _outcomes_by_room(session: Session, round_id: int) -> dict[int, dict[str, int]]:
    counted = session.execute(
        sa.select(RoundTask.room_id, RoundTask.outcome, sa.func.count())
        .where(RoundTask.round_id == round_id, RoundTask.removed.is_(False))
        .group_by(RoundTask.room_id, RoundTask.outcome)
    )
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    for room_id, outcome, count in counted:
        counts[room_id][outcome] = count
    return counts


def device_change_records(
    session: Session, contract_id: int, device_id: int
) -> Iterator[dict[str, Any]]:
    """Who changed what of a device, a field a line, the latest first. :raise AppError: ``not_found``"""
    belonging(session, Device, contract_id, device_id)
    statement = (
        sa.select(AuditRow, User.name)
        .outerjoin(User, User.id == AuditRow.user_id)
        .where(
            AuditRow.contract_id == contract_id,
            AuditRow.entity == "device",
            AuditRow.entity_id == str(device_id),
        )
        .order_by(AuditRow.at.desc(), AuditRow.id.desc())
        .limit(_MOST_CHANGES)
    )
    for row, by in session.execute(statement):
        said = {"at": row.at, "by": by, "action": row.action}
        for field, (before, after) in row.diff.items() or [("", ("", ""))]:
            yield {**said, "field": field, "before": _plain(before), "after": _plain(after)}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float) else str(value)
