"""Writing a service log, signing its days, archiving its months (clause 14)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.cases.opening import case_named
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.estate.models import Device, Room
from webapp.identity.rules import Access
from webapp.servicelog.content import month_content
from webapp.servicelog.models import LogArchive, LogDay, LogEntry
from webapp.servicelog.queries import one_day, zone_of
from webapp.servicelog.rules import check_writable, day_of, mark_of, moment_of


@dataclass(frozen=True, slots=True)
class Written:
    """One entry as it is written: ``clock`` is ``HH:MM`` where the contract is, ``case`` a name like F12.

    A device gives its room.
    """

    clock: str
    done: str
    result: str = ""
    room_id: int | None = None
    device_id: int | None = None
    case: str | None = None


def write_entry(
    session: Session, access: Access, uid: str, day: date, written: Written, now: datetime
) -> LogEntry:
    """Write an entry into one's own day; the same ``uid`` again gives the entry that it had become.

    :raise AppError: ``log_day_to_come``, ``log_day_signed``; ``invalid``; ``room_unknown``,
        ``device_unknown``, ``case_unknown``
    """
    take_sequence(session, access.contract_id)
    known = session.scalar(
        sa.select(LogEntry).where(LogEntry.contract_id == access.contract_id, LogEntry.uid == uid)
    )
    if known is not None:
        return known
    _check_open(session, access, day, now)
    entry = LogEntry(
        contract_id=access.contract_id,
        uid=uid,
        user_id=access.user_id,
        day=day,
        written_at=now,
        **_values(session, access.contract_id, day, written),
    )
    session.add(entry)
    session.flush()  # the audit row names its id
    _audit(session, access, "write", entry.id, audit.first_values(_told(entry)), now)
    return entry


def change_entry(
    session: Session, access: Access, entry_id: int, written: Written, now: datetime
) -> LogEntry:
    """Write one of one's own entries anew, while its day is not signed.

    :raise AppError: ``not_found``, and what :func:`write_entry` refuses
    """
    take_sequence(session, access.contract_id)
    entry = _own_entry(session, access, entry_id)
    _check_open(session, access, entry.day, now)
    before = _told(entry)
    for name, value in _values(session, access.contract_id, entry.day, written).items():
        setattr(entry, name, value)
    entry.written_at = now
    _audit(session, access, "change", entry.id, audit.differences(before, _told(entry)), now)
    return entry


def remove_entry(session: Session, access: Access, entry_id: int, now: datetime) -> date:
    """Take one of one's own entries out; the audit trail keeps what it said. Gives its day.

    :raise AppError: ``not_found``, ``log_day_signed``
    """
    take_sequence(session, access.contract_id)
    entry = _own_entry(session, access, entry_id)
    _check_open(session, access, entry.day, now)
    day = entry.day
    diff = {name: [value, None] for name, value in _told(entry).items() if value}
    _audit(session, access, "remove", entry.id, diff, now)
    session.delete(entry)
    return day


def sign_day(session: Session, access: Access, day: date, remark: str, now: datetime) -> LogDay:
    """Sign one's own day: it is whole. What the system learns of it later is marked as later.

    :raise AppError: ``log_day_to_come``, ``log_day_signed``, ``log_day_empty``
    """
    take_sequence(session, access.contract_id)
    _check_open(session, access, day, now)
    found = one_day(session, access.contract_id, access.user_id, day)
    if not (found.lines or found.entries or remark.strip()):
        raise AppError("log_day_empty", day=day.isoformat())
    row = found.signature
    if row is None:
        row = LogDay(contract_id=access.contract_id, user_id=access.user_id, day=day)
        session.add(row)
    row.signed_at, row.remark = now, remark.strip()
    row.seen = [mark_of(line) for line in found.lines]
    diff = audit.first_values(
        {"day": day.isoformat(), "remark": row.remark, "entries": len(found.entries)}
    )
    session.flush()  # the audit row names its id
    _audit(session, access, "sign", row.id, diff, now, "service_log_day")
    return row


def open_day_again(
    session: Session, access: Access, user_id: int, day: date, reason: str, now: datetime
) -> LogDay:
    """Take a signature back, one's own or as the project manager, with a reason.

    :raise AppError: ``forbidden``; ``log_day_not_signed``
    """
    take_sequence(session, access.contract_id)
    if user_id != access.user_id and not access.may("accept"):
        raise AppError("forbidden", right="accept")
    row = _signature(session, access.contract_id, user_id, day)
    if row is None or row.signed_at is None:
        raise AppError("log_day_not_signed", day=day.isoformat())
    diff = {"signed_at": [row.signed_at.isoformat(), None], "reason": [None, reason.strip()]}
    row.signed_at = None
    _audit(session, access, "open_again", row.id, diff, now, "service_log_day")
    return row


def archive_month(session: Session, access: Access, month: str, now: datetime) -> LogArchive:
    """Freeze everybody's log of a month under the next number (存案留底).

    :raise AppError: ``not_found``; ``log_month_empty``
    """
    take_sequence(session, access.contract_id)
    content = month_content(session, access.contract_id, month, now)
    if not content["people"]:
        raise AppError("log_month_empty", month=month)
    last = session.scalar(
        sa.select(sa.func.max(LogArchive.sequence)).where(
            LogArchive.contract_id == access.contract_id, LogArchive.month == month
        )
    )
    sequence = (last or 0) + 1
    content["number"] = f"{access.contract_code}-LOG-{month.replace('-', '')}-{sequence}"
    row = LogArchive(
        contract_id=access.contract_id,
        month=month,
        sequence=sequence,
        content=content,
        sha256=_digest(content),
        archived_by_id=access.user_id,
        archived_at=now,
    )
    session.add(row)
    session.flush()  # the audit row names its id
    diff = audit.first_values({"number": content["number"], "sha256": row.sha256})
    _audit(session, access, "archive", row.id, diff, now, "service_log_archive")
    return row


def _digest(content: Mapping[str, Any]) -> str:
    """The SHA-256 of the canonical JSON."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _check_open(session: Session, access: Access, day: date, now: datetime) -> None:
    signature = _signature(session, access.contract_id, access.user_id, day)
    today = day_of(now, zone_of(session, access.contract_id))
    check_writable(day, today, signature.signed_at if signature else None)


def _signature(session: Session, contract_id: int, user_id: int, day: date) -> LogDay | None:
    return session.scalar(
        sa.select(LogDay).where(
            LogDay.contract_id == contract_id, LogDay.user_id == user_id, LogDay.day == day
        )
    )


def _own_entry(session: Session, access: Access, entry_id: int) -> LogEntry:
    entry = session.get(LogEntry, entry_id)
    if entry is None or entry.contract_id != access.contract_id or entry.user_id != access.user_id:
        raise AppError("not_found")
    return entry


def _values(session: Session, contract_id: int, day: date, written: Written) -> dict[str, Any]:
    """The columns that an entry's writing fills."""
    done = written.done.strip()
    if not done:
        raise AppError("invalid", fields={"done": ["missing"]})
    room_id = written.room_id
    if written.device_id is not None:
        device = session.get(Device, written.device_id)
        if device is None or device.contract_id != contract_id:
            raise AppError("device_unknown", device_id=written.device_id)
        room_id = device.room_id
    if room_id is not None:
        room = session.get(Room, room_id)
        if room is None or room.contract_id != contract_id:
            raise AppError("room_unknown", room_id=room_id)
    return {
        "at": moment_of(day, written.clock, zone_of(session, contract_id)),
        "room_id": room_id,
        "device_id": written.device_id,
        "case_id": _case_id(session, contract_id, written.case),
        "done": done,
        "result": written.result.strip(),
    }


def _case_id(session: Session, contract_id: int, name: str | None) -> int | None:
    if not name:
        return None
    try:
        return case_named(session, contract_id, name).id
    except AppError as error:
        raise AppError("case_unknown", name=name) from error


def _told(entry: LogEntry) -> dict[str, Any]:
    """What an entry says, for the audit trail."""
    return {
        "at": entry.at.isoformat(),
        "room_id": entry.room_id,
        "device_id": entry.device_id,
        "case_id": entry.case_id,
        "done": entry.done,
        "result": entry.result,
    }


def _audit(
    session: Session,
    access: Access,
    action: str,
    entity_id: int,
    diff: dict[str, Any],
    now: datetime,
    entity: str = "service_log_entry",
) -> None:
    audit.record(
        session,
        at=now,
        user_id=access.user_id,
        contract_id=access.contract_id,
        action=f"service_log_{action}",
        entity=entity,
        entity_id=entity_id,
        diff=diff,
    )
