"""Open items as the desk lists them (clause 18)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from webapp.checklists.content import ROOM_TYPE, Item, actions_of, causes_of, item_of
from webapp.checklists.models import ChecklistVersion
from webapp.desk.words import PLACE_COLUMNS, SEVERITIES, picked_words, place_of
from webapp.estate.models import Building, Device, Room
from webapp.identity.models import Contract, User
from webapp.listing import Column, Listing, Rows, containing
from webapp.rounds.models import Inspection, OpenItem
from webapp.rounds.rules import age_in_months, days_left, month_of, today_in, urgency

Row = sa.Row[*tuple[Any, ...]]
_owner = aliased(User)
_STATES = {
    "open": ("未解决", "Open"),
    "solved": ("已解决", "Solved"),
    "withdrawn": ("已撤回", "Withdrawn"),
}


def _owned_by(user_id: int) -> sa.ColumnElement[bool]:
    """0 asks for those that nobody owns."""
    return OpenItem.owner_id == user_id if user_id else OpenItem.owner_id.is_(None)


def _mentioning(text: str) -> sa.ColumnElement[bool]:
    return sa.and_(*(_mentions(word) for word in text.split()))


def _mentions(word: str) -> sa.ColumnElement[bool]:
    found = _in_words(word)
    number = word.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) < 9:
        return sa.or_(found, OpenItem.number == int(number))
    return found


_in_words = containing(
    OpenItem.text, OpenItem.remark, Room.name_zh, Room.name_en, Device.name, Device.asset_number
)


def dress_open_items(
    session: Session, contract_id: int, rows: Rows, now: datetime
) -> list[dict[str, Any]]:
    """The rows of :data:`OPEN_ITEMS` as plain data; the age is in months up to today's."""
    numbers = {row.checklist_number for row in rows}
    contents: dict[int, dict[str, Any]] = dict(
        session.execute(
            sa.select(ChecklistVersion.number, ChecklistVersion.content).where(
                ChecklistVersion.contract_id == contract_id, ChecklistVersion.number.in_(numbers)
            )
        ).all()
    )
    zone = session.scalar(sa.select(Contract.time_zone).where(Contract.id == contract_id))
    today = today_in(zone or "UTC", now)
    return [_dressed(row, contents.get(row.checklist_number), today) for row in rows]


def _dressed(row: Row, content: Mapping[str, Any] | None, today: date) -> dict[str, Any]:
    item, device = row.OpenItem, row.Device
    checked = checked_item(item, device, content)
    age = age_in_months(item.opened_month, item.closed_month or month_of(today))
    days = days_left(item.due_on, today) if item.due_on else None
    return {
        "number": item.number,
        "state": item.state,
        "severity": item.severity,
        **place_of(row.Room, row.Building, device),
        "item": item.item,
        "item_zh": checked["zh"] if checked else None,
        "item_en": checked["en"] if checked else None,
        "text": item.text,
        **picked_of(content, device, item.cause, item.action),
        "opened_month": item.opened_month,
        "opened_at": item.opened_at,
        "closed_month": item.closed_month,
        "closed_at": item.closed_at,
        "age_months": age,
        "owner_id": item.owner_id,
        "owner": row.owner,
        "owner_en": row.owner_en,
        "due_on": item.due_on,
        "remark": item.remark,
        "urgency": urgency(item.severity, age, days_to_due=days)
        if item.state == "open"
        else "calm",
    }


def checked_item(
    item: OpenItem, device: Device | None, content: Mapping[str, Any] | None
) -> Item | None:
    """The item of the checklist that was found abnormal; none for a finding."""
    if item.item is None or content is None:
        return None
    return item_of(content, device.type if device else ROOM_TYPE, item.item)


def picked_of(
    content: Mapping[str, Any] | None, device: Device | None, cause: str, action: str
) -> dict[str, str]:
    """Cause and action in words; the engineer may have written his own."""
    kind = device.type if device else ROOM_TYPE
    causes = picked_words(causes_of(content, kind) if content else (), cause)
    actions = picked_words(actions_of(content, kind) if content else (), action)
    return {
        "cause_zh": causes[0],
        "cause_en": causes[1],
        "action_zh": actions[0],
        "action_en": actions[1],
    }


OPEN_ITEMS = Listing(
    name="open-items",
    title=("遗留问题", "Open items"),
    select=sa.select(
        OpenItem,
        Room,
        Building,
        Device,
        _owner.name.label("owner"),
        _owner.name_en.label("owner_en"),
        Inspection.checklist_number,
    )
    .join(Room, Room.id == OpenItem.room_id)
    .join(Building, Building.id == Room.building_id)
    .join(Inspection, Inspection.id == OpenItem.opened_inspection_id)
    .outerjoin(Device, Device.id == OpenItem.device_id)
    .outerjoin(_owner, _owner.id == OpenItem.owner_id),
    contract=OpenItem.contract_id,
    filters={
        "state": OpenItem.state,
        "building_id": Room.building_id,
        "room_id": OpenItem.room_id,
        "device_id": OpenItem.device_id,
        "owner_id": _owned_by,
        "severity": OpenItem.severity,
        "month": OpenItem.opened_month,
        "number": OpenItem.number,
        "q": _mentioning,
    },
    sorts={
        "severity": (OpenItem.severity, OpenItem.opened_month),
        "age": (OpenItem.opened_month,),
        "number": (),
        "place": (Building.position, Building.id, Room.floor, Room.name_zh, Device.name),
        "owner": (_owner.name,),
        "due_on": (OpenItem.due_on,),
    },
    backwards=frozenset({"age"}),
    sort="severity",
    tie=OpenItem.number,
    tab="state",
    states=("open", "solved", "withdrawn"),
    dress=dress_open_items,
    columns=(
        Column("number", "编号", "Number"),
        Column("state", "状态", "State", _STATES),
        Column("severity", "级别", "Severity", SEVERITIES),
        *PLACE_COLUMNS,
        Column("item", "检查项", "Item"),
        Column("text", "问题", "Problem"),
        Column("cause", "原因", "Cause"),
        Column("action", "处理", "Action"),
        Column("opened_month", "发现月份", "Opened"),
        Column("age_months", "已存在（月）", "Age (months)"),
        Column("closed_month", "关闭月份", "Closed"),
        Column("owner", "负责人", "Owner"),
        Column("due_on", "期限", "Due"),
        Column("remark", "主管备注", "Supervisor's remark"),
    ),
)
