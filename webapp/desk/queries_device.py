"""A device's whole life on one page: what was found, measured, changed and used, month by month.

Fourteen statements, however long the life (clauses 16-20).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit.models import AuditRow
from webapp.cases.models import Case
from webapp.cases.opening import called
from webapp.cases.reviewing import reviewers
from webapp.checklists import queries as checklists
from webapp.checklists.content import Item, items_of
from webapp.desk.device_trends import device_trends
from webapp.estate import queries as estate
from webapp.estate.models import Device, Label
from webapp.identity.models import User
from webapp.rounds.models import (
    ConsumableUse,
    DeviceRecord,
    Inspection,
    OpenItem,
    Photo,
    Round,
    RoundTask,
)
from webapp.rounds.queries import is_heard

LONGEST_LIST = 120
Row = dict[str, Any]


def device_life(session: Session, contract_id: int, device_id: int) -> Row:
    """Everything that is known of one device, each list with the latest first.

    Trends are those of :func:`webapp.desk.device_trends.device_trends`.

    :raise AppError: ``not_found``
    """
    found = estate.device_with_place(session, contract_id, device_id)
    items = _items(session, contract_id, found[0])
    return {
        "device": estate.device_row(*found),
        **_before_and_after(session, found[0]),
        "items": [
            {"key": item["key"], "zh": item["zh"], "en": item["en"], "unit": item.get("unit", "")}
            for item in items.values()
        ],
        "inspections": _inspections(session, device_id),
        "records": _records(session, device_id),
        "trends": device_trends(session, found[0], items),
        "open_items": _open_items(session, contract_id, device_id),
        "photos": _photos(session, device_id),
        "consumables": _consumables(session, device_id),
        "labels": _labels(session, device_id),
        "changes": _changes(session, contract_id, device_id),
    }


def _before_and_after(session: Session, device: Device) -> Row:
    """The device that stood here before it, and the one that has replaced it (clause 35)."""
    statement = sa.select(Device).where(
        sa.or_(Device.id == device.replaces_id, Device.replaces_id == device.id)
    )
    found: Row = {"replaces": None, "replaced_by": None}
    for other in session.scalars(statement.order_by(Device.id)):
        name = "replaces" if other.id == device.replaces_id else "replaced_by"
        found[name] = {"id": other.id, "name": other.name, "serial": other.serial}
    return found


def _items(session: Session, contract_id: int, device: Device) -> dict[str, Item]:
    version = checklists.current_version(session, contract_id)
    listed = items_of(version.content, device.type) if version else []
    return {item["key"]: item for item in listed}


def _inspections(session: Session, device_id: int) -> list[Row]:
    statement = (
        sa.select(Inspection, Round.month, User.name, RoundTask.inspection_id)
        .join(Round, Round.id == Inspection.round_id)
        .join(User, User.id == Inspection.author_id)
        .join(RoundTask, RoundTask.id == Inspection.task_id)
        .where(Inspection.device_id == device_id)
        .order_by(Inspection.received_at.desc(), Inspection.id.desc())
        .limit(LONGEST_LIST)
    )
    return [
        {
            "id": row.id,
            "uid": row.uid,
            "month": month,
            "verdict": row.verdict,
            "severity": row.severity,
            "author": author,
            "received_at": row.received_at,
            "revision": row.revision,
            "counts": row.id == counting_id,
            "exception_reason": row.exception_reason,
            "remark": row.remark,
        }
        for row, month, author, counting_id in session.execute(statement)
    ]


def _records(session: Session, device_id: int) -> list[Row]:
    statement = (
        sa.select(DeviceRecord, User.name, OpenItem.number, Case)
        .join(User, User.id == DeviceRecord.recorded_by_id)
        .outerjoin(Case, Case.id == DeviceRecord.case_id)
        .outerjoin(OpenItem, OpenItem.id == DeviceRecord.open_item_id)
        .where(DeviceRecord.device_id == device_id, is_heard(DeviceRecord.inspection_id))
        .order_by(DeviceRecord.recorded_on.desc(), DeviceRecord.id.desc())
        .limit(LONGEST_LIST)
    )
    rows: Sequence[Any] = session.execute(statement).all()
    looked = reviewers(session, [row.DeviceRecord for row in rows])
    looked_again = {key: user.name for key, user in looked.items()}
    return [
        {
            "id": row.id,
            "recorded_on": row.recorded_on,
            "category": row.category,
            "item": row.item,
            "anomaly": row.anomaly,
            "cause": row.cause,
            "action": row.action,
            "part": row.part,
            "result": row.result,
            "recorded_by": recorded_by,
            "reviewed_by": looked_again.get(row.id),
            "open_item_number": number,
            "inspection_id": row.inspection_id,
            "case_name": called(case) if case is not None else None,
        }
        for row, recorded_by, number, case in rows
    ]


def _open_items(session: Session, contract_id: int, device_id: int) -> list[Row]:
    statement = (
        sa.select(OpenItem, User.name)
        .outerjoin(User, User.id == OpenItem.owner_id)
        .where(OpenItem.contract_id == contract_id, OpenItem.device_id == device_id)
        .order_by(OpenItem.number.desc())
        .limit(LONGEST_LIST)
    )
    return [
        {
            "number": row.number,
            "item": row.item,
            "text": row.text,
            "cause": row.cause,
            "action": row.action,
            "severity": row.severity,
            "state": row.state,
            "opened_month": row.opened_month,
            "closed_month": row.closed_month,
            "owner": owner,
            "due_on": row.due_on,
        }
        for row, owner in session.execute(statement)
    ]


def _photos(session: Session, device_id: int) -> list[Row]:
    statement = (
        sa.select(Photo, Round.month)
        .join(Inspection, Inspection.id == Photo.inspection_id)
        .join(Round, Round.id == Inspection.round_id)
        .where(
            Inspection.device_id == device_id,
            Photo.received_at.is_not(None),
            Photo.withdrawn.is_(False),
        )
        .order_by(Round.month.desc(), Photo.position, Photo.id)
        .limit(LONGEST_LIST)
    )
    return [
        {
            "uid": row.uid,
            "month": month,
            "item": row.item,
            "inspection_id": row.inspection_id,
            "width": row.width,
            "height": row.height,
            "review": row.review,
        }
        for row, month in session.execute(statement)
    ]


def _consumables(session: Session, device_id: int) -> list[Row]:
    statement = (
        sa.select(ConsumableUse)
        .where(ConsumableUse.device_id == device_id, is_heard(ConsumableUse.inspection_id))
        .order_by(ConsumableUse.used_on.desc(), ConsumableUse.id.desc())
        .limit(LONGEST_LIST)
    )
    return [
        {"consumable": row.consumable, "quantity": row.quantity, "used_on": row.used_on}
        for row in session.scalars(statement)
    ]


def _labels(session: Session, device_id: int) -> list[Row]:
    statement = (
        sa.select(Label)
        .where(Label.device_id == device_id)
        .order_by(Label.made_at.desc(), Label.id.desc())
        .limit(LONGEST_LIST)
    )
    return [
        {
            "code": row.code,
            "state": "revoked" if row.revoked_at else "active",
            "made_at": row.made_at,
            "revoked_at": row.revoked_at,
            "reason": row.reason,
        }
        for row in session.scalars(statement)
    ]


def _changes(session: Session, contract_id: int, device_id: int) -> list[Row]:
    statement = (
        sa.select(AuditRow, User.name)
        .outerjoin(User, User.id == AuditRow.user_id)
        .where(
            AuditRow.contract_id == contract_id,
            AuditRow.entity == "device",
            AuditRow.entity_id == str(device_id),
        )
        .order_by(AuditRow.at.desc(), AuditRow.id.desc())
        .limit(LONGEST_LIST)
    )
    return [
        {"at": row.at, "by": by, "action": row.action, "diff": row.diff}
        for row, by in session.execute(statement)
    ]
