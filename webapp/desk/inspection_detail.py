"""One inspection whole: readings beside their limits and their past, revisions, the pair."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.opening import called
from webapp.cases.verifying import verified_by
from webapp.checklists.content import (
    ROOM_TYPE,
    Item,
    actions_of,
    causes_of,
    items_of,
)
from webapp.checklists.due import spot_checks_of, unseen_spot_checks
from webapp.checklists.models import ChecklistVersion
from webapp.checklists.rules import applies
from webapp.desk.inspection_list import INSPECTIONS, dress_inspections
from webapp.desk.return_detail import returns_of
from webapp.desk.words import limits_of, option_words, picked_words, register_of
from webapp.errors import AppError
from webapp.estate.models import Device
from webapp.identity.models import User
from webapp.rounds.models import (
    ConsumableUse,
    Finding,
    Inspection,
    InspectionRevision,
    OpenItem,
    OpenItemAnswer,
    Photo,
    Reading,
    Round,
    RoundTask,
)
from webapp.rounds.revisions import changes
from webapp.rounds.rules import PICKED, TAKING, add_months, age_in_months, stands

TREND_MONTHS = 12
Content = Mapping[str, Any]


@dataclass(frozen=True)
class _Subject:
    """What a detail is told about: the row's parts that its sections need."""

    inspection: Inspection
    task: RoundTask
    device: Device | None
    month: str
    content: Content

    @property
    def type(self) -> str:
        return self.device.type if self.device else ROOM_TYPE


def inspection_detail(session: Session, contract_id: int, inspection_id: int) -> dict[str, Any]:
    """The inspection with all that a supervisor judges it by; a fixed number of statements.

    :raise AppError: ``not_found``
    """
    statement = INSPECTIONS.statement(contract_id, {"inspection_id": inspection_id})
    row = session.execute(statement).one_or_none()
    if row is None:
        raise AppError("not_found")
    subject = _Subject(
        row.Inspection,
        row.RoundTask,
        row.Device,
        row.month,
        _content(session, contract_id, row.Inspection.checklist_number),
    )
    readings = _readings(session, subject)
    photos = _photos(session, inspection_id)
    return {
        **dress_inspections(session, contract_id, [row])[0],
        **_facts(subject),
        "readings": readings,
        "unanswered": _unanswered(subject, {reading["item"] for reading in readings}),
        "findings": _findings(session, inspection_id),
        "consumables": _consumables(session, inspection_id),
        "open_items": _open_items(session, subject),
        "photos": photos,
        "spot_checks": _spot_checks(subject, readings, photos),
        "revisions": _revisions(session, inspection_id),
        "pair": _pair(session, contract_id, subject),
        "returns": returns_of(session, contract_id, inspection_id),
        "returnable": _returnable(session, subject),
        "verifies": [
            {"name": called(case), "title": case.title, "word": found.word}
            for case, found in verified_by(session, row.Inspection)
        ],
    }


def _returnable(session: Session, subject: _Subject) -> bool:
    """Whether an answer of it can be sent back: its round still takes, and somebody answers for it."""
    inspection = subject.inspection
    counts = subject.task.inspection_id == inspection.id
    state = session.scalar(sa.select(Round.state).where(Round.id == inspection.round_id))
    return state in TAKING and stands(inspection.verdict, inspection.choice, counts=counts)


def _content(session: Session, contract_id: int, number: int) -> Content:
    content = session.scalar(
        sa.select(ChecklistVersion.content).where(
            ChecklistVersion.contract_id == contract_id, ChecklistVersion.number == number
        )
    )
    return content or {"types": [], "causes": {}, "actions": {}, "exceptions": []}


def _facts(subject: _Subject) -> dict[str, Any]:
    row, device = subject.inspection, subject.device
    words = picked_words(subject.content["exceptions"], row.exception_reason or "")
    return {
        "task_id": row.task_id,
        "checklist": row.checklist_number,
        "phone_verdict": row.phone_verdict,
        "picked": row.choice == PICKED,
        "device_started_at": row.device_started_at,
        "clock_offset_seconds": row.clock_offset_seconds,
        "scanned_code": row.scanned_code,
        "remark": row.remark,
        "exception_zh": words[0],
        "exception_en": words[1],
        "exception_remark": row.exception_remark,
        "revisit_on": row.revisit_on,
        "maker": device.maker if device else "",
        "model": device.model if device else "",
        "serial": device.serial if device else "",
        "asset_number": device.asset_number if device else "",
        "warranty_until": device.warranty_until if device else None,
    }


def _readings(session: Session, subject: _Subject) -> list[dict[str, Any]]:
    rows = {
        row.item: row
        for row in session.scalars(
            sa.select(Reading).where(Reading.inspection_id == subject.inspection.id)
        )
    }
    items = items_of(subject.content, subject.type)
    numbers = [item["key"] for item in items if item["kind"] == "number" and item["key"] in rows]
    trends = _trends(session, subject, numbers)
    return [
        _reading(subject, item, rows[item["key"]], trends.get(item["key"], []))
        for item in items
        if item["key"] in rows
    ]


def _reading(
    subject: _Subject, item: Item, row: Reading, trend: list[dict[str, Any]]
) -> dict[str, Any]:
    value = row.value_text if row.value_number is None else row.value_number
    before = (subject.task.previous or {}).get("readings", {}).get(row.item)
    cause = picked_words(causes_of(subject.content, subject.type), row.cause)
    action = picked_words(actions_of(subject.content, subject.type), row.action)
    return {
        "item": row.item,
        "item_zh": item["zh"],
        "item_en": item["en"],
        "kind": item["kind"],
        "unit": item.get("unit", ""),
        "value": value,
        "value_zh": option_words(item, value)[0],
        "value_en": option_words(item, value)[1],
        "verdict": row.verdict,
        "reason": row.reason,
        "severity": row.severity,
        "cause_zh": cause[0],
        "cause_en": cause[1],
        "action_zh": action[0],
        "action_en": action[1],
        "remark": row.remark,
        "fixed": row.fixed,
        "question": row.question,
        "bulk": row.bulk,
        "limits": limits_of(item, register_of(subject.device)),
        "previous": before,
        "previous_zh": option_words(item, before)[0],
        "previous_en": option_words(item, before)[1],
        "repeat": (subject.task.repeat or {}).get(row.item, 0),
        "trend": trend,
    }


def _trends(
    session: Session, subject: _Subject, items: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """The numbers that counted in the twelve months before, oldest first."""
    if not items:
        return {}
    place = (
        RoundTask.device_id == subject.device.id
        if subject.device
        else sa.and_(RoundTask.device_id.is_(None), RoundTask.room_id == subject.inspection.room_id)
    )
    rows = session.execute(
        sa.select(Reading.item, Round.month, Reading.value_number, Reading.verdict)
        .join(RoundTask, RoundTask.inspection_id == Reading.inspection_id)
        .join(Round, Round.id == RoundTask.round_id)
        .where(
            place,
            Reading.item.in_(items),
            Reading.value_number.is_not(None),
            Round.month < subject.month,
            Round.month >= add_months(subject.month, -TREND_MONTHS),
        )
        .order_by(Round.month)
    )
    trends: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for item, month, value, verdict in rows:
        trends[item].append({"month": month, "value": value, "verdict": verdict})
    return trends


def _unanswered(subject: _Subject, answered: set[str]) -> list[dict[str, str]]:
    """The items that were due on this device and have no reading."""
    not_due = set(subject.task.not_due)
    register = register_of(subject.device)
    return [
        {"item": item["key"], "item_zh": item["zh"], "item_en": item["en"]}
        for item in items_of(subject.content, subject.type)
        if item["key"] not in answered and item["key"] not in not_due and applies(item, register)
    ]


def _spot_checks(
    subject: _Subject, readings: Sequence[Mapping[str, Any]], photos: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What "all OK" left to the hand, and how it was seen; nothing where it wasn't said."""
    if not subject.inspection.bulk_ok:
        return []
    given = {row["item"]: row["bulk"] for row in readings if row["verdict"] != "not_tested"}
    pictured = {photo["item"] for photo in photos if not photo["withdrawn"]}
    not_due, register = set(subject.task.not_due), register_of(subject.device)
    asked = [
        item
        for item in items_of(subject.content, subject.type)
        if item["key"] in given or (item["key"] not in not_due and applies(item, register))
    ]
    drawn = set(spot_checks_of(subject.task.id, asked))
    unseen = set(unseen_spot_checks(subject.task.id, asked, given, pictured))
    return [
        {
            "item": item["key"],
            "item_zh": item["zh"],
            "item_en": item["en"],
            "seen": "no"
            if item["key"] in unseen
            else ("photo" if item["key"] in pictured else "hand"),
        }
        for item in asked
        if item["key"] in drawn
    ]


def _findings(session: Session, inspection_id: int) -> list[dict[str, Any]]:
    rows = session.scalars(
        sa.select(Finding).where(Finding.inspection_id == inspection_id).order_by(Finding.id)
    )
    return [
        {"uid": row.uid, "text": row.text, "severity": row.severity, "fixed": row.fixed}
        for row in rows
    ]


def _consumables(session: Session, inspection_id: int) -> list[dict[str, Any]]:
    rows = session.scalars(
        sa.select(ConsumableUse)
        .where(ConsumableUse.inspection_id == inspection_id)
        .order_by(ConsumableUse.id)
    )
    return [{"consumable": row.consumable, "quantity": row.quantity} for row in rows]


def _open_items(session: Session, subject: _Subject) -> list[dict[str, Any]]:
    """What this inspection opened or answered."""
    rows = session.execute(
        sa.select(OpenItem, OpenItemAnswer)
        .join(OpenItemAnswer, OpenItemAnswer.open_item_id == OpenItem.id)
        .where(OpenItemAnswer.inspection_id == subject.inspection.id)
        .order_by(OpenItem.number)
    )
    return [
        {
            "number": item.number,
            "item": item.item,
            "text": item.text,
            "severity": item.severity,
            "state": item.state,
            "opened_month": item.opened_month,
            "age_months": age_in_months(item.opened_month, subject.month),
            "answer": answer.answer,
            "remark": answer.remark,
        }
        for item, answer in rows
    ]


def _photos(session: Session, inspection_id: int) -> list[dict[str, Any]]:
    rows = session.scalars(
        sa.select(Photo)
        .where(Photo.inspection_id == inspection_id)
        .order_by(Photo.withdrawn, Photo.position, Photo.id)
    )
    return [
        {
            "uid": row.uid,
            "item": row.item,
            "finding_uid": row.finding_uid,
            "open_item_number": row.open_item_number,
            "width": row.width,
            "height": row.height,
            "received_at": row.received_at,
            "withdrawn": row.withdrawn,
            "unreadable": row.unreadable,
            "review": row.review,
            "review_remark": row.review_remark,
            "review_marks": row.review_marks,
            "reused_of": row.reused_of,
        }
        for row in rows
    ]


def _revisions(session: Session, inspection_id: int) -> list[dict[str, Any]]:
    """Who sent what, and how each revision differs from the one before."""
    rows = session.execute(
        sa.select(InspectionRevision, User.name, User.name_en)
        .join(User, User.id == InspectionRevision.author_id)
        .where(InspectionRevision.inspection_id == inspection_id)
        .order_by(InspectionRevision.number)
    )
    shown: list[dict[str, Any]] = []
    before: str | None = None
    for row, name, name_en in rows:
        shown.append(
            {
                "number": row.number,
                "author_id": row.author_id,
                "author": name,
                "author_en": name_en,
                "received_at": row.received_at,
                "changes": [] if before is None else changes(before, row.payload),
            }
        )
        before = row.payload
    return shown


def _pair(session: Session, contract_id: int, subject: _Subject) -> list[dict[str, Any]]:
    """The other inspections of the same task, with their readings, to lay side by side."""
    statement = INSPECTIONS.statement(contract_id, {"task_id": subject.inspection.task_id})
    beside = statement.where(Inspection.id != subject.inspection.id)
    others = dress_inspections(session, contract_id, session.execute(beside).all())
    readings: dict[int, list[dict[str, Any]]] = defaultdict(list)
    rows = session.scalars(
        sa.select(Reading)
        .where(Reading.inspection_id.in_([other["id"] for other in others]))
        .order_by(Reading.id)
    )
    for row in rows:
        value = row.value_text if row.value_number is None else row.value_number
        readings[row.inspection_id].append(
            {"item": row.item, "value": value, "verdict": row.verdict, "remark": row.remark}
        )
    return [{**other, "readings": readings[other["id"]]} for other in others]
