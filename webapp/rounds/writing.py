"""Writing a batch of accepted inspections: one statement per table, whatever the batch's size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.db import Base, take_sequence
from webapp.identity.models import Contract
from webapp.rounds.changes import Change, tell
from webapp.rounds.drafts import Draft
from webapp.rounds.intake import Known
from webapp.rounds.judging import JudgedReading, device_time
from webapp.rounds.models import (
    ConsumableUse,
    DeviceRecord,
    Finding,
    Inspection,
    InspectionRevision,
    OpenItem,
    OpenItemAnswer,
    Photo,
    Reading,
    RoundTask,
)
from webapp.rounds.open_items import LedgerItem

# What belongs to one revision of an inspection, and is written anew by the next.
_OF_REVISION: tuple[type[Base], ...] = (
    Reading,
    Finding,
    ConsumableUse,
    DeviceRecord,
    OpenItemAnswer,
)
Row = dict[str, Any]


def write(session: Session, known: Known, drafts: Sequence[Draft]) -> None:
    """Write the drafts with all that follows from them; afterwards each knows its ``id``."""
    if not drafts:
        return
    seq = take_sequence(session, known.contract_id)
    _write_inspections(session, known, drafts, seq)
    items = known.ledger.touched()
    _write_open_items(session, known, items, seq)
    _audit_withdrawals(session, known, drafts, items)
    _insert_plain(session, Reading, (row for draft in drafts for row in _reading_rows(draft)))
    _insert(session, Finding, (row for draft in drafts for row in _finding_rows(draft)))
    _insert(session, ConsumableUse, (r for draft in drafts for r in _use_rows(draft, known)))
    _insert(session, OpenItemAnswer, (row for draft in drafts for row in _answer_rows(draft)))
    _insert(session, DeviceRecord, (r for draft in drafts for r in _record_rows(draft, known)))
    _insert(session, InspectionRevision, [_revision_row(draft) for draft in drafts])
    _write_photos(session, known, drafts, seq)
    _write_tasks(session, drafts, seq)
    tell(session, _change(known, drafts))


def _change(known: Known, drafts: Sequence[Draft]) -> Change:
    return Change(
        contract_id=known.contract_id,
        round_ids=frozenset(draft.task.round_id for draft in drafts),
        room_ids=frozenset(draft.task.room_id for draft in drafts),
        why="recorded",
        at=drafts[0].received_at,
        who={draft.task.id: draft.user_id for draft in drafts},
    )


def _insert(session: Session, model: type[Base], rows: Iterable[Row]) -> None:
    batch = list(rows)
    if batch:
        session.connection().execute(sa.insert(model.__table__), batch)  # type: ignore[arg-type]


def _insert_plain(session: Session, model: type[Base], rows: Iterable[Row]) -> None:
    """Insert rows of plain numbers, texts and booleans straight through the driver.

    For the readings alone: there are seven of them to an inspection, and preparing each row's
    parameters costs more than writing it.
    """
    batch = list(rows)
    if not batch:
        return
    connection = session.connection()
    compiled = sa.insert(model.__table__).compile(  # type: ignore[arg-type]
        dialect=connection.dialect, column_keys=list(batch[0])
    )
    names = compiled.positiontup
    connection.exec_driver_sql(
        compiled.string,
        [tuple(row[name] for name in names) for row in batch] if names else batch,
    )


def _insert_with_ids(
    session: Session, model: type[Base], rows: list[Row], name: str
) -> dict[Any, int]:
    """Insert in one statement; the new ids by the column ``name``, which tells the rows apart.

    Asking for the rows in order instead would make SQLite insert them one by one.
    """
    table = model.__table__
    statement = sa.insert(table).returning(table.c[name], table.c.id)  # type: ignore[arg-type]
    return dict(session.connection().execute(statement, rows).all())


def _update(session: Session, model: type[Base], rows: list[Row]) -> None:
    """Update by ``key`` (the id); every row names the same columns."""
    if not rows:
        return
    table = model.__table__
    columns: Row = {name: sa.bindparam(f"new_{name}") for name in rows[0] if name != "key"}
    statement = sa.update(table).where(table.c.id == sa.bindparam("key")).values(columns)  # type: ignore[arg-type]
    session.connection().execute(
        statement,
        [
            {name if name == "key" else f"new_{name}": value for name, value in row.items()}
            for row in rows
        ],
    )


def _write_inspections(session: Session, known: Known, drafts: Sequence[Draft], seq: int) -> None:
    new = [draft for draft in drafts if draft.before is None]
    if new:
        rows = [_inspection_row(draft, known, seq) for draft in new]
        ids = _insert_with_ids(session, Inspection, rows, "uid")
        for draft in new:
            draft.id = ids[draft.payload.uid]
    amended = [draft for draft in drafts if draft.before is not None]
    if not amended:
        return
    _update(session, Inspection, [{"key": d.id, **_revised_columns(d, seq)} for d in amended])
    for model in _OF_REVISION:
        table = model.__table__
        theirs = table.c.inspection_id.in_([draft.id for draft in amended])
        session.connection().execute(sa.delete(table).where(theirs))  # type: ignore[arg-type]


def _inspection_row(draft: Draft, known: Known, seq: int) -> Row:
    payload = draft.payload
    return {
        "contract_id": known.contract_id,
        "uid": payload.uid,
        "round_id": draft.round.id,
        "task_id": draft.task.id,
        "device_id": payload.device_id,
        "author_id": draft.user_id,
        **_revised_columns(draft, seq),
    }


def _revised_columns(draft: Draft, seq: int) -> Row:
    payload, exception = draft.payload, draft.payload.exception
    return {
        "seq": seq,
        "room_id": payload.room_id,
        "checklist_number": payload.checklist,
        "revision": draft.revision,
        "verdict": draft.judged.verdict.verdict,
        "phone_verdict": draft.judged.phone_verdict,
        "severity": draft.judged.verdict.severity,
        "received_at": draft.visit.received_at,
        "device_started_at": draft.visit.started_at,
        "device_finished_at": draft.visit.finished_at,
        "clock_offset_seconds": draft.visit.clock_offset_seconds,
        **_attention(draft),
        "scanned_code": payload.scanned_code,
        "remark": payload.remark,
        "exception_reason": exception.reason if exception else None,
        "exception_remark": exception.remark if exception else "",
        "revisit_on": draft.judged.revisit_on,
        "flags": draft.flags,
        "choice": draft.choice,
    }


def _attention(draft: Draft) -> Row:
    """How long it was looked at, and whether it was "all OK": no amendment makes either look better."""
    payload, before = draft.payload, draft.before
    bulk_seconds = before.bulk_seconds if before else None
    if bulk_seconds is None and payload.bulk_ok:
        bulk_seconds = payload.dwell_seconds
    return {
        "dwell_seconds": max(payload.dwell_seconds, before.dwell_seconds if before else 0),
        "bulk_ok": bulk_seconds is not None,
        "bulk_seconds": bulk_seconds,
    }


def _inspection_id(draft_or_id: Any) -> Any:
    return draft_or_id.id if isinstance(draft_or_id, Draft) else draft_or_id


def _write_open_items(session: Session, known: Known, items: list[LedgerItem], seq: int) -> None:
    new = [item for item in items if item.id is None]
    if new:
        rows = [
            {
                "contract_id": known.contract_id,
                "number": item.number,
                "device_id": item.device_id,
                "item": item.item,
                "finding_uid": item.finding_uid,
                "remark": "",
                **_item_columns(item, seq),
            }
            for item in new
        ]
        ids = _insert_with_ids(session, OpenItem, rows, "number")
        for item in new:
            item.id = ids[item.number]
    known_before = [item for item in items if item not in new]
    _update(
        session, OpenItem, [{"key": item.id, **_item_columns(item, seq)} for item in known_before]
    )
    if known.ledger.next_number != known.ledger.first_number:
        next_number = {"next_open_item_number": known.ledger.next_number}
        _update(session, Contract, [{"key": known.contract_id, **next_number}])


def _item_columns(item: LedgerItem, seq: int) -> Row:
    columns = item.columns()
    opened_by = _inspection_id(columns.pop("opened_inspection_id"))
    return {"seq": seq, "room_id": item.room_id, "opened_inspection_id": opened_by, **columns}


def _audit_withdrawals(
    session: Session, known: Known, drafts: Sequence[Draft], items: list[LedgerItem]
) -> None:
    """Note who, by an amendment or a later find, took an open item off the list or put it back."""
    by_key = {draft.key: draft for draft in drafts}
    for item in items:
        if item.was and (item.was == "withdrawn") != (item.state.state == "withdrawn"):
            draft = by_key[item.touched_by]
            audit.record(
                session,
                at=draft.received_at,
                user_id=draft.user_id,
                contract_id=known.contract_id,
                action="change",
                entity="open_item",
                entity_id=item.number,
                diff={
                    "state": [item.was, item.state.state],
                    "why": ["", "amended" if draft.before else "found_again"],
                    "inspection": ["", draft.payload.uid],
                },
            )


def _reading_rows(draft: Draft) -> Iterable[Row]:
    return (_reading_row(draft, reading) for reading in draft.judged.readings)


def _reading_row(draft: Draft, reading: JudgedReading) -> Row:
    given, verdict = reading.given, reading.verdict
    is_text = isinstance(given.value, str)
    # A photo's item has no value of its own: that the photo is there shows in the photos.
    is_number = isinstance(given.value, int | float) and not isinstance(given.value, bool)
    return {
        "inspection_id": draft.id,
        "device_id": draft.payload.device_id,
        "item": given.item,
        "value_number": given.value if is_number else None,
        "value_text": given.value if is_text else None,
        "verdict": verdict.verdict,
        "reason": verdict.reason,
        "severity": verdict.severity,
        "cause": given.cause,
        "action": given.action,
        "remark": given.remark,
        "fixed": given.fixed,
        "question": reading.question,
        "bulk": given.bulk,
    }


def _finding_rows(draft: Draft) -> Iterable[Row]:
    for finding in draft.payload.findings:
        yield {
            "inspection_id": draft.id,
            "uid": finding.uid,
            "text": finding.text,
            "severity": finding.severity,
            "fixed": finding.fixed,
        }


def _use_rows(draft: Draft, known: Known) -> Iterable[Row]:
    for use in draft.payload.consumables:
        yield {
            "contract_id": known.contract_id,
            "inspection_id": draft.id,
            "device_id": draft.payload.device_id,
            "consumable": use.consumable,
            "quantity": use.quantity,
            "used_on": draft.worked_on,
        }


def _answer_rows(draft: Draft) -> Iterable[Row]:
    for item, said in draft.said:
        yield {
            "open_item_id": item.id,
            "inspection_id": draft.id,
            "month": said.month,
            "answer": said.answer,
            "severity": said.severity,
            "cause": said.cause,
            "action": said.action,
            "remark": said.remark,
            "author_id": draft.user_id,
            "answered_at": said.at,
        }


def _record_rows(draft: Draft, known: Known) -> Iterable[Row]:
    """The device record sheet's rows; a room's own checklist has no device to record them on."""
    if draft.payload.device_id is None:
        return
    for record in draft.records:
        yield {
            "contract_id": known.contract_id,
            "device_id": draft.payload.device_id,
            "inspection_id": draft.id,
            "open_item_id": record.open_item.id if record.open_item else None,
            "recorded_on": draft.worked_on,
            "category": record.category,
            "item": record.item,
            "anomaly": record.anomaly,
            "cause": record.cause,
            "action": record.action,
            "part": record.part,
            "result": record.result,
            "recorded_by_id": draft.user_id,
        }


def _revision_row(draft: Draft) -> Row:
    return {
        "inspection_id": draft.id,
        "number": draft.revision,
        "author_id": draft.user_id,
        "operation_id": draft.operation_id,
        "payload": draft.raw,
        "received_at": draft.received_at,
    }


def _write_photos(session: Session, known: Known, drafts: Sequence[Draft], seq: int) -> None:
    new: list[Row] = []
    changed: list[Row] = []
    for draft in drafts:
        for position, photo in enumerate(draft.payload.photos):
            place = {
                "seq": seq,
                "item": photo.item,
                "finding_uid": photo.finding,
                "open_item_number": photo.open_item,
                "position": position,
                "withdrawn": False,
            }
            slot = known.photos.get(photo.id)
            if slot is not None:
                changed.append({"key": slot.id, **place})
                continue
            new.append(
                {
                    "contract_id": known.contract_id,
                    "uid": photo.id,
                    "inspection_id": draft.id,
                    "sha256": photo.sha256,
                    "bytes": photo.bytes,
                    "width": photo.width,
                    "height": photo.height,
                    "device_taken_at": device_time(photo.taken_at),
                    "content_type": "image/jpeg",
                    "perceptual_hash": "",
                    "review": "none",
                    "review_remark": "",
                    "review_marks": [],
                    **place,
                }
            )
    _insert(session, Photo, new)
    _update(session, Photo, changed)
    _withdraw_dropped_photos(session, known, drafts, seq)


def _withdraw_dropped_photos(
    session: Session, known: Known, drafts: Sequence[Draft], seq: int
) -> None:
    """A photo that an amendment no longer names is withdrawn; its bytes stay."""
    amended = {draft.id: draft for draft in drafts if draft.before is not None}
    dropped = []
    for slot in known.photos.values():
        draft = amended.get(slot.inspection_id)
        named = draft is not None and any(p.id == slot.uid for p in draft.payload.photos)
        if draft is not None and not named and not slot.withdrawn:
            dropped.append({"key": slot.id, "seq": seq, "withdrawn": True})
    _update(session, Photo, dropped)


def _write_tasks(session: Session, drafts: Sequence[Draft], seq: int) -> None:
    tasks = {draft.task.id: draft.task for draft in drafts}
    released = [key for task in tasks.values() for key in task.released]
    _update(session, Inspection, [{"key": key, "seq": seq, "choice": ""} for key in released])
    _update(
        session,
        RoundTask,
        [
            {
                "key": task.id,
                "seq": seq,
                "outcome": task.outcome,
                "inspection_id": _inspection_id(task.counting),
                "pair_open": task.pair_open,
                "removed": False,
            }
            for task in tasks.values()
        ],
    )
