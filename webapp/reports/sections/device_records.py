"""设备记录表: one device's record, row by row (clause 20)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.reviewing import reviewers
from webapp.checklists.content import item_of
from webapp.estate.models import Building, Device, Room
from webapp.estate.queries import floor_order
from webapp.identity.models import User
from webapp.reports.facts import ContractFacts, both, place_of
from webapp.reports.readings import (
    NOTHING,
    action_words,
    cause_words,
    joined,
    reading_words,
    typed,
)
from webapp.reports.sections.consumables import consumable_words
from webapp.reports.shape import DeviceRecord, RecordRow, Words
from webapp.rounds import models
from webapp.rounds.queries import is_heard
from webapp.rounds.rules import add_months, due_on

Content = Mapping[str, Any]


def device_records(
    facts: ContractFacts, device_ids: Collection[int], until: date | None = None
) -> Iterator[DeviceRecord]:
    """The records of these devices, in the estate's order, up to and including a day."""
    devices = _devices(facts.session, facts.contract.id, device_ids)
    rows = _rows(facts.session, [device.id for device, _room, _building in devices], until)
    facts.need_contents({row.checklist_number for row in rows if row.checklist_number})
    by_device: dict[int, list[RecordRow]] = defaultdict(list)
    types = {device.id: device.type for device, _room, _building in devices}
    looked_again = reviewers(facts.session, [row.DeviceRecord for row in rows])
    for row in rows:
        record: models.DeviceRecord = row.DeviceRecord
        made = _row(facts, row, types[record.device_id], looked_again.get(record.id))
        by_device[record.device_id].append(made)
    for device, room, building in devices:
        yield _record(facts, device, room, building, by_device[device.id])


def end_of(month: str) -> date:
    """The last day of a month."""
    return due_on(add_months(month, 1), 1) - timedelta(days=1)


def _devices(
    session: Session, contract_id: int, device_ids: Collection[int]
) -> list[tuple[Device, Room, Building]]:
    rows = session.execute(
        sa.select(Device, Room, Building)
        .join(Room, Room.id == Device.room_id)
        .join(Building, Building.id == Room.building_id)
        .where(Device.contract_id == contract_id, Device.id.in_(device_ids))
        .order_by(Building.position, Building.id, floor_order(), Room.floor, Room.id, Device.id)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _rows(session: Session, device_ids: Collection[int], until: date | None) -> list[Any]:
    record = models.DeviceRecord
    statement = (
        sa.select(
            record,
            models.OpenItem.number,
            models.Reading.value_number,
            models.Reading.value_text,
            models.Reading.verdict,
            models.Reading.remark,
            models.Inspection.checklist_number,
        )
        .outerjoin(models.OpenItem, models.OpenItem.id == record.open_item_id)
        .outerjoin(models.Inspection, models.Inspection.id == record.inspection_id)
        .outerjoin(
            models.Reading,
            sa.and_(
                models.Reading.inspection_id == record.inspection_id,
                models.Reading.item == record.item,
            ),
        )
        .where(record.device_id.in_(device_ids), is_heard(record.inspection_id))
        .order_by(record.recorded_on, record.id)
    )
    if until is not None:
        statement = statement.where(record.recorded_on <= until)
    return list(session.execute(statement))


def _row(facts: ContractFacts, row: Any, kind: str, reviewer: User | None) -> RecordRow:
    record: models.DeviceRecord = row.DeviceRecord
    content = facts.content_numbered(row.checklist_number)
    item = item_of(content, kind, record.item) if record.item else None
    return {
        "recorded_on": record.recorded_on.isoformat(),
        "category": record.category,
        "item": {"zh": item["zh"], "en": item["en"]} if item else typed(record.item or ""),
        "anomaly": {"zh": record.anomaly, "en": _in_english(row, record, item)},
        "cause": cause_words(content, kind, record.cause),
        "action": action_words(content, kind, record.action),
        "part": consumable_words(content, record.part) if record.part else NOTHING,
        "result": record.result,
        "open_item": row.number,
        "recorded_by": facts.name_of(record.recorded_by_id),
        "reviewed_by": facts.name_of(reviewer.id if reviewer else None),
    }


def _in_english(row: Any, record: models.DeviceRecord, item: Any) -> str:
    """The sheet is written in Chinese; where a reading stands behind it, its value has names too."""
    if row.verdict != "abnormal":
        return record.anomaly
    value = row.value_text if row.value_number is None else row.value_number
    shown: Words = NOTHING if item and item["kind"] == "pass_fail" else reading_words(item, value)
    return joined(shown, typed(row.remark))["en"]


def _record(
    facts: ContractFacts, device: Device, room: Room, building: Building, rows: list[RecordRow]
) -> DeviceRecord:
    return {
        "client": both(facts.contract.client_zh, facts.contract.client_en),
        "contract": both(facts.contract.name_zh, facts.contract.name_en),
        "device": facts.device_ref(device),
        "place": place_of(room, building),
        "serial": device.serial,
        "ip": device.ip,
        "firmware": device.firmware,
        "in_service_on": device.in_service_on.isoformat() if device.in_service_on else None,
        "warranty_until": device.warranty_until.isoformat() if device.warranty_until else None,
        "vendor": str(device.register.get("vendor") or device.maker),
        "quantity": device.quantity,
        "remark": device.remark,
        "rows": rows,
    }
