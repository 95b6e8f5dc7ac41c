"""Open items as the desk lists them, and the story of one (clause 18)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from webapp.audit.models import AuditRow
from webapp.checklists.content import ROOM_TYPE, Item, actions_of, causes_of, item_of
from webapp.checklists.models import ChecklistVersion
from webapp.desk.words import option_words, picked_words
from webapp.errors import AppError
from webapp.estate.models import Building, Device, Room
from webapp.estate.queries import like
from webapp.identity.models import Contract, User
from webapp.rounds.models import (
    Inspection,
    OpenItem,
    OpenItemAnswer,
    Photo,
    Reading,
)
from webapp.rounds.rules import (
    SET_ASIDE,
    age_in_months,
    days_left,
    month_of,
    today_in,
    urgency,
)

Row = sa.Row[*tuple[Any, ...]]
SORTS = ("severity", "age", "number", "due_on")


@dataclass(frozen=True)
class OpenItemFilter:
    """Which open items; None is all. ``owner_id`` 0 asks for those that nobody owns."""

    state: str | None = None
    building_id: int | None = None
    room_id: int | None = None
    device_id: int | None = None
    owner_id: int | None = None
    severity: int | None = None
    month: str | None = None
    q: str = ""
    number: int | None = None


def open_item_statement(
    contract_id: int, wanted: OpenItemFilter, sort: str = "severity"
) -> sa.Select[*tuple[Any, ...]]:
    """The open items that the filter lets through, with places, owners and their checklist, for paging."""
    owner = aliased(User)
    statement: sa.Select[*tuple[Any, ...]] = (
        sa.select(
            OpenItem,
            Room,
            Building,
            Device,
            owner.name.label("owner"),
            owner.name_en.label("owner_en"),
            Inspection.checklist_number,
        )
        .join(Room, Room.id == OpenItem.room_id)
        .join(Building, Building.id == Room.building_id)
        .join(Inspection, Inspection.id == OpenItem.opened_inspection_id)
        .outerjoin(Device, Device.id == OpenItem.device_id)
        .outerjoin(owner, owner.id == OpenItem.owner_id)
        .where(OpenItem.contract_id == contract_id, *_conditions(wanted))
    )
    return statement.order_by(*_ordering(sort), OpenItem.number)


def _conditions(wanted: OpenItemFilter) -> Iterable[sa.ColumnElement[bool]]:
    equals: tuple[tuple[Any, Any], ...] = (
        (OpenItem.state, wanted.state),
        (Room.building_id, wanted.building_id),
        (OpenItem.room_id, wanted.room_id),
        (OpenItem.device_id, wanted.device_id),
        (OpenItem.severity, wanted.severity),
        (OpenItem.opened_month, wanted.month),
        (OpenItem.number, wanted.number),
    )
    for column, value in equals:
        if value is not None:
            yield column == value
    if wanted.owner_id is not None:
        mine = OpenItem.owner_id == wanted.owner_id
        yield mine if wanted.owner_id else OpenItem.owner_id.is_(None)
    for word in wanted.q.split():
        yield _mentions(word)


def _mentions(word: str) -> sa.ColumnElement[bool]:
    pattern = like(word)
    columns = (
        OpenItem.text, OpenItem.remark, Room.name_zh, Room.name_en, Device.name,
        Device.asset_number,
    )  # fmt: skip
    found = sa.or_(*(column.ilike(pattern, escape="\\") for column in columns))
    number = word.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) < 9:
        return sa.or_(found, OpenItem.number == int(number))
    return found


def _ordering(sort: str) -> list[sa.ColumnElement[Any]]:
    orders: dict[str, list[sa.ColumnElement[Any]]] = {
        "severity": [OpenItem.severity.asc(), OpenItem.opened_month.asc()],
        "age": [OpenItem.opened_month.asc()],
        "number": [],
        "due_on": [OpenItem.due_on.is_(None), OpenItem.due_on.asc()],
    }
    return orders[sort]


def dress_open_items(
    session: Session, contract_id: int, rows: Sequence[Row], now: datetime
) -> list[dict[str, Any]]:
    """The rows of :func:`open_item_statement` as plain data; the age is in months up to today's."""
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
    checked = _item(item, device, content)
    age = age_in_months(item.opened_month, item.closed_month or month_of(today))
    days = days_left(item.due_on, today) if item.due_on else None
    return {
        "number": item.number,
        "state": item.state,
        "severity": item.severity,
        "room_id": row.Room.id,
        "room_zh": row.Room.name_zh,
        "room_en": row.Room.name_en,
        "floor": row.Room.floor,
        "building_zh": row.Building.name_zh,
        "building_en": row.Building.name_en,
        "device_id": item.device_id,
        "device_name": device.name if device else None,
        "type": device.type if device else ROOM_TYPE,
        "item": item.item,
        "item_zh": checked["zh"] if checked else None,
        "item_en": checked["en"] if checked else None,
        "text": item.text,
        **_picked(content, device, item.cause, item.action),
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


def _item(item: OpenItem, device: Device | None, content: Mapping[str, Any] | None) -> Item | None:
    if item.item is None or content is None:
        return None
    return item_of(content, device.type if device else ROOM_TYPE, item.item)


def _picked(
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


def open_item_detail(
    session: Session, contract_id: int, number: int, now: datetime
) -> dict[str, Any]:
    """One open item with all that was said of it and done to it, oldest first.

    :raise AppError: ``not_found``
    """
    row = session.execute(
        open_item_statement(contract_id, OpenItemFilter(number=number))
    ).one_or_none()
    if row is None:
        raise AppError("not_found")
    shown = dress_open_items(session, contract_id, [row], now)[0]
    return {
        **shown,
        "answers": _answers(session, contract_id, row),
        "changes": _changes(session, contract_id, number),
    }


def _changes(session: Session, contract_id: int, number: int) -> list[dict[str, Any]]:
    """Who took it off the list or put it back, when and why; a supervisor's own word has no why."""
    rows = session.execute(
        sa.select(AuditRow, User.name, User.name_en)
        .outerjoin(User, User.id == AuditRow.user_id)
        .where(
            AuditRow.contract_id == contract_id,
            AuditRow.entity == "open_item",
            AuditRow.entity_id == str(number),
        )
        .order_by(AuditRow.at, AuditRow.id)
    )
    return [
        {
            "at": row.at,
            "by": name,
            "by_en": name_en,
            "before": row.diff["state"][0],
            "after": row.diff["state"][1],
            "why": row.diff.get("why", ["", ""])[1],
        }
        for row, name, name_en in rows
        if "state" in row.diff
    ]


def _answers(session: Session, contract_id: int, row: Row) -> list[dict[str, Any]]:
    item = row.OpenItem
    answers = session.execute(
        sa.select(
            OpenItemAnswer,
            Inspection.uid,
            Inspection.choice,
            Reading,
            User.name,
            User.name_en,
        )
        .join(Inspection, Inspection.id == OpenItemAnswer.inspection_id)
        .join(User, User.id == OpenItemAnswer.author_id)
        .outerjoin(
            Reading,
            sa.and_(Reading.inspection_id == Inspection.id, Reading.item == item.item),
        )
        .where(OpenItemAnswer.open_item_id == item.id)
        .order_by(OpenItemAnswer.month, OpenItemAnswer.answered_at, OpenItemAnswer.id)
    ).all()
    photos = _photos(session, item, [answer.inspection_id for answer, *_rest in answers])
    content = session.scalar(
        sa.select(ChecklistVersion.content).where(
            ChecklistVersion.contract_id == contract_id,
            ChecklistVersion.number == row.checklist_number,
        )
    )
    checked = _item(item, row.Device, content)
    return [
        {
            "month": answer.month,
            "answer": answer.answer,
            "counts": choice != SET_ASIDE,
            "answered_at": answer.answered_at,
            "author_id": answer.author_id,
            "author": name,
            "author_en": name_en,
            "inspection_id": answer.inspection_id,
            "inspection_uid": uid,
            "severity": answer.severity,
            **_picked(content, row.Device, answer.cause, answer.action),
            "remark": answer.remark,
            **_value(checked, reading),
            "photos": photos.get(answer.inspection_id, []),
        }
        for answer, uid, choice, reading, name, name_en in answers
    ]


def _value(item: Item | None, reading: Reading | None) -> dict[str, Any]:
    value = None
    if reading is not None:
        value = reading.value_text if reading.value_number is None else reading.value_number
    words = option_words(item, value)
    unit = item.get("unit", "") if item else ""
    return {"value": value, "value_zh": words[0], "value_en": words[1], "unit": unit}


def _photos(
    session: Session, item: OpenItem, inspection_ids: Sequence[int]
) -> dict[int, list[str]]:
    """The uids of the received photos that show this open item, per inspection."""
    of_it: list[sa.ColumnElement[bool]] = [Photo.open_item_number == item.number]
    if item.item is not None:
        of_it.append(Photo.item == item.item)
    if item.finding_uid is not None:
        of_it.append(Photo.finding_uid == item.finding_uid)
    rows = session.execute(
        sa.select(Photo.inspection_id, Photo.uid)
        .where(
            Photo.inspection_id.in_(inspection_ids),
            Photo.received_at.is_not(None),
            Photo.withdrawn.is_(False),
            sa.or_(*of_it),
        )
        .order_by(Photo.position)
    )
    found: dict[int, list[str]] = {}
    for inspection_id, uid in rows:
        found.setdefault(inspection_id, []).append(uid)
    return found
