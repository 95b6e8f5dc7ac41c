"""The story of one open item: all that was said of it, and done to it (clause 18)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit.models import AuditRow
from webapp.checklists.content import Item
from webapp.checklists.models import ChecklistVersion
from webapp.desk.open_item_list import (
    OPEN_ITEMS,
    Row,
    checked_item,
    dress_open_items,
    picked_of,
)
from webapp.desk.words import option_words
from webapp.errors import AppError
from webapp.identity.models import User
from webapp.rounds.models import Inspection, OpenItem, OpenItemAnswer, Photo, Reading
from webapp.rounds.rules import SET_ASIDE


def open_item_detail(
    session: Session, contract_id: int, number: int, now: datetime
) -> dict[str, Any]:
    """One open item with all that was said of it and done to it, oldest first.

    :raise AppError: ``not_found``
    """
    row = session.execute(OPEN_ITEMS.statement(contract_id, {"number": number})).one_or_none()
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
    checked = checked_item(item, row.Device, content)
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
            **picked_of(content, row.Device, answer.cause, answer.action),
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
