"""三、异常明细: every abnormal reading and every finding of the month, with its photos."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from webapp.checklists.content import Item
from webapp.desk.words import register_of
from webapp.reports.facts import MonthFacts, TaskFacts, photo_ref, place_of
from webapp.reports.readings import (
    NOTHING,
    action_words,
    cause_words,
    normal_words,
    reading_words,
    typed,
)
from webapp.reports.shape import Anomaly, AnomalyPlace, PhotoRef
from webapp.rounds.models import Finding, Inspection, OpenItem, OpenItemAnswer

Numbers = Mapping[tuple[int, str], int]


def anomalies(facts: MonthFacts) -> list[Anomaly]:
    """The anomalies, by place; readings of a device first, then what was found beside them."""
    numbers = _open_item_numbers(facts)
    listed: list[Anomaly] = []
    for row in facts.tasks:
        if row.inspection is not None:
            listed.extend(_of_inspection(facts, row, row.inspection, numbers))
    for seq, anomaly in enumerate(listed, 1):
        anomaly["seq"] = seq
    return listed


def _open_item_numbers(facts: MonthFacts) -> Numbers:
    """The open items that this month's inspections spoke of, by inspection and item or finding."""
    rows = facts.session.execute(
        sa.select(
            OpenItemAnswer.inspection_id, OpenItem.item, OpenItem.finding_uid, OpenItem.number
        )
        .join(OpenItem, OpenItem.id == OpenItemAnswer.open_item_id)
        .join(Inspection, Inspection.id == OpenItemAnswer.inspection_id)
        .where(Inspection.round_id == facts.round.id, OpenItemAnswer.answer != "solved")
        .order_by(OpenItem.number)
    )
    return {(row.inspection_id, row.item or row.finding_uid or ""): row.number for row in rows}


def _of_inspection(
    facts: MonthFacts, row: TaskFacts, seen: Inspection, numbers: Numbers
) -> Iterator[Anomaly]:
    items = {item["key"]: item for item in facts.items_of(row)}
    order = {key: place for place, key in enumerate(items)}
    abnormal = [read for read in facts.readings.get(seen.id, ()) if read.verdict == "abnormal"]
    for read in sorted(abnormal, key=lambda one: order.get(one.item, len(order))):
        yield _reading(facts, row, seen, items.get(read.item), read, numbers)
    for finding in facts.findings.get(seen.id, ()):
        yield _finding(facts, row, seen, finding, numbers)


def _reading(
    facts: MonthFacts,
    row: TaskFacts,
    seen: Inspection,
    item: Item | None,
    read: Any,
    numbers: Numbers,
) -> Anomaly:
    content = facts.content_numbered(seen.checklist_number)
    value = read.value_text if read.value_number is None else read.value_number
    return {
        **_head(facts, row, seen),
        "item": {"zh": item["zh"], "en": item["en"]} if item else typed(read.item),
        "reading": reading_words(item, value, read.verdict),
        "normal": normal_words(item, register_of(row.device)) if item else NOTHING,
        "severity": read.severity,
        "text": read.remark,
        "cause": cause_words(content, row.type, read.cause),
        "action": action_words(content, row.type, read.action),
        "fixed": read.fixed,
        "open_item": numbers.get((seen.id, read.item)),
        "months": (row.task.repeat or {}).get(read.item, 0) + 1,
        "photos": _photos(facts, seen, item=read.item),
    }


def _finding(
    facts: MonthFacts, row: TaskFacts, seen: Inspection, finding: Finding, numbers: Numbers
) -> Anomaly:
    return {
        **_head(facts, row, seen),
        "item": None,
        "reading": NOTHING,
        "normal": NOTHING,
        "severity": finding.severity,
        "text": finding.text,
        "cause": NOTHING,
        "action": NOTHING,
        "fixed": finding.fixed,
        "open_item": numbers.get((seen.id, finding.uid)),
        "months": 1,
        "photos": _photos(facts, seen, finding_uid=finding.uid),
    }


def _head(facts: MonthFacts, row: TaskFacts, seen: Inspection) -> AnomalyPlace:
    done_at = facts.worked_at(seen, seen.device_finished_at)
    return {
        "seq": 0,
        "place": place_of(row.room, row.building),
        "device": facts.device_ref(row.device) if row.device else None,
        "inspector": facts.name_of(seen.author_id),
        "inspected_on": facts.day_of(done_at) or "",
    }


def _photos(
    facts: MonthFacts, seen: Inspection, *, item: str | None = None, finding_uid: str | None = None
) -> list[PhotoRef]:
    photos: Sequence[Any] = facts.photos.get(seen.id, ())
    return [
        photo_ref(photo)
        for photo in photos
        if (photo.finding_uid == finding_uid if finding_uid else photo.item == item)
    ]
