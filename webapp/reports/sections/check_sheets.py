"""运维检查表, one per room and month: every reading, also the normal ones (clause 17)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from webapp.acceptance import models
from webapp.checklists.content import Item
from webapp.checklists.rules import applies
from webapp.desk.words import register_of
from webapp.reports.facts import MonthFacts, TaskFacts, both, place_of
from webapp.reports.readings import (
    NOTHING,
    cause_words,
    joined,
    normal_words,
    reading_words,
    typed,
)
from webapp.reports.sections.acceptance import sign_off
from webapp.reports.sections.consumables import consumable_words
from webapp.reports.sections.overview import counts_of, reason_of
from webapp.reports.shape import (
    CheckConsumable,
    CheckDevice,
    CheckFinding,
    CheckOpenItem,
    CheckRow,
    CheckSheet,
    OpenItem,
    Outcome,
    Words,
)
from webapp.rounds.models import Inspection

OUTCOMES: dict[str, Outcome] = {
    "normal": "normal",
    "abnormal": "abnormal",
    "not_tested": "not_tested",
}


def check_sheets(
    facts: MonthFacts, items: Sequence[OpenItem], signed: Sequence[models.SignOff]
) -> Iterator[CheckSheet]:
    """The sheets of the facts' rooms, in the estate's order."""
    by_room: dict[int, list[OpenItem]] = defaultdict(list)
    for item in items:
        by_room[item["place"]["room_id"]].append(item)
    of_room: dict[int | None, list[models.SignOff]] = defaultdict(list)
    for row in signed:
        of_room[row.room_id].append(row)
    for room_id, tasks in facts.rooms.items():
        words = [*of_room[room_id], *of_room[None]]
        yield _sheet(facts, tasks, by_room[room_id], words)


def _sheet(
    facts: MonthFacts,
    tasks: Sequence[TaskFacts],
    items: Sequence[OpenItem],
    signed: Sequence[models.SignOff],
) -> CheckSheet:
    seen = [row.inspection for row in tasks if row.inspection]
    starts = [facts.worked_at(row, row.device_started_at) for row in seen]
    ends = [facts.worked_at(row, row.device_finished_at) for row in seen]
    authors = dict.fromkeys(row.author_id for row in seen)
    return {
        "client": both(facts.contract.client_zh, facts.contract.client_en),
        "contract": both(facts.contract.name_zh, facts.contract.name_en),
        "place": place_of(tasks[0].room, tasks[0].building),
        "month": facts.month,
        "started_at": _clock(facts, min(starts, default=None)),
        "ended_at": _clock(facts, max(ends, default=None)),
        "inspectors": [facts.name_of(author) for author in authors],
        "counts": counts_of(tasks),
        "devices": _devices(facts, tasks),
        "consumables": _consumables(facts, tasks),
        "findings": _findings(facts, tasks),
        "open_items": [_open_item(row) for row in items],
        "sign_offs": [sign_off(facts, row) for row in signed],
    }


def _clock(facts: MonthFacts, at: datetime | None) -> str | None:
    return facts.clock_of(at) if at else None


def _devices(facts: MonthFacts, tasks: Sequence[TaskFacts]) -> list[CheckDevice]:
    devices: list[CheckDevice] = []
    seq = 0
    for row in tasks:
        rows = list(_rows(facts, row, seq))
        seq += len(rows)
        devices.append(_device(facts, row, rows))
    return devices


def _device(facts: MonthFacts, row: TaskFacts, rows: list[CheckRow]) -> CheckDevice:
    seen = row.inspection
    untested = row.task.outcome == "not_tested"
    return {
        "device": facts.device_ref(row.device) if row.device else None,
        "outcome": OUTCOMES.get(row.task.outcome, "todo"),
        "inspector": facts.name_of(seen.author_id if seen else None),
        "inspected_on": facts.day_of(facts.worked_at(seen, seen.device_finished_at))
        if seen
        else None,
        "reason": reason_of(facts, row) if untested else NOTHING,
        "reason_remark": seen.exception_remark if seen else "",
        "revisit_on": seen.revisit_on.isoformat() if seen and seen.revisit_on else None,
        "remark": seen.remark if seen else "",
        "rows": rows,
    }


def _rows(facts: MonthFacts, row: TaskFacts, seq: int) -> Iterator[CheckRow]:
    """What was read, and what was due and was not; a device that was excepted has no rows."""
    seen = row.inspection
    if seen is not None and seen.exception_reason and row.task.outcome == "not_tested":
        return
    read = {one.item: one for one in facts.readings.get(seen.id, ())} if seen else {}
    register = register_of(row.device)
    not_due = set(row.task.not_due)
    for item in facts.items_of(row):
        reading = read.get(item["key"])
        due = item["key"] not in not_due and applies(item, register)
        if reading is None and (not due or item.get("optional")):
            continue
        seq += 1
        yield _row(facts, row, seen, item, reading, register, seq)


def _row(
    facts: MonthFacts,
    row: TaskFacts,
    seen: Inspection | None,
    item: Item,
    reading: Any,
    register: Mapping[str, Any],
    seq: int,
) -> CheckRow:
    value, outcome, severity, remark = None, "todo" if seen is None else "not_tested", None, NOTHING
    if reading is not None:
        value = reading.value_text if reading.value_number is None else reading.value_number
        outcome, severity = reading.verdict, reading.severity
        remark = _remark(facts, row, seen, reading)
    return {
        "seq": seq,
        "item": {"zh": item["zh"], "en": item["en"]},
        "normal": normal_words(item, register),
        "reading": reading_words(item, value, outcome),
        "verdict": OUTCOMES.get(outcome, "todo"),
        "severity": severity,
        "remark": remark,
    }


def _remark(facts: MonthFacts, row: TaskFacts, seen: Inspection | None, reading: Any) -> Words:
    """备注(原因): the cause, then what the engineer wrote."""
    if not (reading.cause or reading.remark):
        return NOTHING
    content = facts.content_numbered(seen.checklist_number if seen else None)
    return joined(cause_words(content, row.type, reading.cause), typed(reading.remark))


def _name(row: TaskFacts) -> str:
    return row.device.name if row.device else ""


def _consumables(facts: MonthFacts, tasks: Sequence[TaskFacts]) -> list[CheckConsumable]:
    by_inspection = {row.inspection.id: row for row in tasks if row.inspection}
    return [
        {
            "device": _name(by_inspection[use.inspection_id]),
            "consumable": consumable_words(facts.content, use.consumable),
            "quantity": use.quantity,
        }
        for use in facts.uses_of(by_inspection)
    ]


def _findings(facts: MonthFacts, tasks: Sequence[TaskFacts]) -> list[CheckFinding]:
    return [
        {
            "device": _name(row),
            "text": finding.text,
            "severity": finding.severity,
            "fixed": finding.fixed,
        }
        for row in tasks
        if row.inspection
        for finding in facts.findings.get(row.inspection.id, ())
    ]


def _open_item(row: OpenItem) -> CheckOpenItem:
    return {
        "number": row["number"],
        "device": row["device"]["name"] if row["device"] else "",
        "what": what_of(row),
        "severity": row["severity"],
        "age_months": row["age_months"],
        "change": row["change"],
        "owner": row["owner"],
        "due_on": row["due_on"],
    }


def what_of(row: OpenItem) -> Words:
    """What is open, in one line: the item and the words of whoever found it."""
    return joined(row["item"] or NOTHING, typed(row["text"]), zh="：", en=": ")
