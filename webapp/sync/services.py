"""Receiving what phones push: each operation once, with its answer, in one transaction.

``receive`` is given a batch that :mod:`webapp.sync.rules` has examined before any lock was taken.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.kinds_of_repair import REPLACE
from webapp.db import Base
from webapp.estate.models import Device
from webapp.identity.rules import Access
from webapp.rounds.payloads import InspectionIn
from webapp.rounds.recording import Recorded, Submission, record_inspections
from webapp.sync import cases, kept, quarantine, queries
from webapp.sync.case_wire import CaseOpenIn, CaseStepIn, HoursLogIn
from webapp.sync.models import KeptPhoto, Operation, Quarantined, Scan, ServerState
from webapp.sync.phones import PhoneState, note_phone
from webapp.sync.rules import Received, order_of_recording, storable
from webapp.sync.self_checks import Entry, in_runs, sign
from webapp.sync.wire import OperationOut, ScanIn, SelfCheckIn


@dataclass
class _Batch:
    """What a push has come to so far: the answer of each operation, by its position."""

    access: Access
    phone: PhoneState
    now: datetime
    answers: dict[int, OperationOut] = field(default_factory=dict)
    fresh: list[tuple[int, Received]] = field(default_factory=list)
    operations: list[dict[str, Any]] = field(default_factory=list)
    quarantined: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, position: int, one: Received, recorded: Recorded) -> None:
        """Note what became of a fresh operation, to be stored with its effect."""
        operation = one.operation
        self.answers[position] = OperationOut(
            id=operation.id,
            hash=operation.hash,
            result=recorded.result,
            code=recorded.code,
            detail=recorded.details,
        )
        self.operations.append(
            {
                "contract_id": self.access.contract_id,
                "operation_id": operation.id,
                "hash": operation.hash,
                "kind": operation.kind,
                "result": recorded.result,
                "code": recorded.code,
                "user_id": self.access.user_id,
                "received_at": self.now,
            }
        )
        if recorded.result == "quarantined":
            self.keep(one, recorded.code, recorded.details)

    def keep(self, one: Received, code: str, details: dict[str, Any]) -> None:
        """Put an operation into the quarantine, word for word."""
        operation = one.operation
        uid = one.payload.uid if isinstance(one.payload, InspectionIn) else ""
        self.quarantined.append(
            {
                "contract_id": self.access.contract_id,
                "operation_id": operation.id,
                "hash": operation.hash,
                "kind": operation.kind,
                "version": operation.version,
                "payload": storable(operation.payload),
                "inspection_uid": uid,
                "code": code,
                "details": details,
                "state": "held" if code in quarantine.HELD else "open",
                "user_id": self.access.user_id,
                "clock_offset_seconds": self.phone.clock_offset_seconds,
                "received_at": self.now,
                "remark": "",
            }
        )


def receive(
    session: Session,
    access: Access,
    phone: PhoneState,
    received: Sequence[Received],
    now: datetime,
) -> list[OperationOut]:
    """Apply a push; the answers stand in the order of the operations.

    Unknown operations are applied or quarantined, known ones answered as they were the first time.
    The contract's row is locked first, so the same push ten times at once is applied by one of them.
    """
    queries.lock_contract(session, access.contract_id)
    batch = _Batch(access, phone, now)
    _sort_out_known(session, batch, received)
    for part in _parts(batch.fresh):
        for inspections, checks in in_runs(part):
            _record_inspections(session, batch, inspections)
            _sign_self_checks(session, batch, checks)
        _take_cases(session, batch, part)
    _record_scans(session, batch)
    _insert(session, Operation, batch.operations)
    _insert(session, Quarantined, batch.quarantined)
    _insert(session, KeptPhoto, kept.expect(session, batch.quarantined))
    if phone.heard:
        note_phone(session, access.contract_id, access.user_id, phone, now)
    return [batch.answers[position] for position in range(len(received))]


def _sort_out_known(session: Session, batch: _Batch, received: Sequence[Received]) -> None:
    ids = {one.operation.id for one in received}
    known = queries.known_operations(session, batch.access.contract_id, ids)
    first: dict[str, int] = {}
    for position, one in enumerate(received):
        operation = one.operation
        if one.code == "hash_mismatch":
            # The bytes were damaged on the way: nothing to keep, the phone has the good ones.
            batch.answers[position] = _out(one, "retry", "hash_mismatch")
        elif operation.id in known:
            _answer_known(session, batch, position, one, known[operation.id])
        elif operation.id in first:
            if received[first[operation.id]].operation.hash == operation.hash:
                batch.answers[position] = _out(one, "duplicate")
            else:
                _keep_conflict(session, batch, position, one)
        else:
            first[operation.id] = position
            _take(batch, position, one)


def _take(batch: _Batch, position: int, one: Received) -> None:
    if one.payload is None:
        refused = Recorded(one.operation.id, "quarantined", one.code, one.details)
        batch.answer(position, one, refused)
    else:
        batch.fresh.append((position, one))


def _answer_known(
    session: Session, batch: _Batch, position: int, one: Received, known: queries.Known
) -> None:
    if known.hash != one.operation.hash:
        _keep_conflict(session, batch, position, one)
        return
    batch.answers[position] = _out(one, "duplicate", known.code, {"result": known.result})


def _keep_conflict(session: Session, batch: _Batch, position: int, one: Received) -> None:
    """Another payload under a known operation id: both are kept, a supervisor looks."""
    batch.answers[position] = _out(one, "conflict", "operation_conflict")
    kept = session.scalar(
        sa.select(Quarantined.id).where(
            Quarantined.contract_id == batch.access.contract_id,
            Quarantined.operation_id == one.operation.id,
            Quarantined.hash == one.operation.hash,
        )
    )
    here = {(row["operation_id"], row["hash"]) for row in batch.quarantined}
    if kept is None and (one.operation.id, one.operation.hash) not in here:
        batch.keep(one, "operation_conflict", {})


def _out(
    one: Received, result: Any, code: str = "", detail: dict[str, Any] | None = None
) -> OperationOut:
    return OperationOut(
        id=one.operation.id,
        hash=one.operation.hash,
        result=result,
        code=code,
        detail=detail or {},
    )


def _record_inspections(
    session: Session, batch: _Batch, entries: Sequence[tuple[int, Received]]
) -> None:
    mine = [
        (position, one, one.payload)
        for position, one in entries
        if isinstance(one.payload, InspectionIn)
    ]
    if not mine:
        return
    mine.sort(key=lambda entry: order_of_recording(entry[2]))
    submissions = [
        Submission(
            operation_id=one.operation.id,
            user_id=batch.access.user_id,
            rights=batch.access.rights,
            payload=payload,
            raw=one.operation.payload,
            clock_offset_seconds=batch.phone.clock_offset_seconds,
        )
        for _, one, payload in mine
    ]
    answers = record_inspections(session, batch.access.contract_id, submissions, batch.now)
    for (position, one, _), recorded in zip(mine, answers, strict=True):
        batch.answer(position, one, recorded)
    changed = {
        payload.uid
        for (_, _, payload), recorded in zip(mine, answers, strict=True)
        if recorded.result == "applied"
    }
    quarantine.release_held(session, batch.access.contract_id, changed, batch.now)


def _sign_self_checks(
    session: Session, batch: _Batch, entries: Sequence[tuple[int, Received]]
) -> None:
    for position, one in entries:
        if isinstance(one.payload, SelfCheckIn):
            access = batch.access
            signed = sign(
                session,
                access.contract_id,
                one.operation.id,
                access.user_id,
                access.rights,
                one.payload,
                batch.now,
            )
            batch.answer(position, one, signed)


def _parts(fresh: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """Usually all at once; cut after each replacement: what follows it was seen on the new device."""
    begin = 0
    for place, (_, one) in enumerate(fresh, start=1):
        if isinstance(one.payload, CaseStepIn) and one.payload.step == REPLACE:
            yield fresh[begin:place]
            begin = place
    yield fresh[begin:]


def _take_cases(session: Session, batch: _Batch, part: Sequence[Entry]) -> None:
    """Cases in the order in which they were sent, after the inspections whose open items they name."""
    sender = cases.Sender(batch.access, batch.phone.clock_offset_seconds)
    for position, one in part:
        if isinstance(one.payload, CaseOpenIn | CaseStepIn | HoursLogIn):
            taken = cases.take(session, sender, one.operation.id, one.payload, batch.now)
            batch.answer(position, one, taken)


def _record_scans(session: Session, batch: _Batch) -> None:
    scans = [
        (position, one, one.payload)
        for position, one in batch.fresh
        if isinstance(one.payload, ScanIn)
    ]
    if not scans:
        return
    contract_id = batch.access.contract_id
    devices = _own_devices(session, contract_id, (scan.device_id for _, _, scan in scans))
    uids = {scan.uid for _, _, scan in scans}
    known = set(
        session.scalars(
            sa.select(Scan.uid).where(Scan.contract_id == contract_id, Scan.uid.in_(uids))
        )
    )
    rows: dict[str, dict[str, Any]] = {}
    for position, one, scan in scans:
        batch.answer(position, one, Recorded(one.operation.id, "applied"))
        if scan.uid not in known:
            device_id = scan.device_id if scan.device_id in devices else None
            rows.setdefault(scan.uid, _scan_row(batch, scan, device_id))
    _insert(session, Scan, list(rows.values()))


def _scan_row(batch: _Batch, scan: ScanIn, device_id: int | None) -> dict[str, Any]:
    return {
        "contract_id": batch.access.contract_id,
        "uid": scan.uid,
        "code": scan.code,
        "device_id": device_id,
        "user_id": batch.access.user_id,
        "result": scan.result,
        "device_scanned_at": _device_time(scan.at),
        "received_at": batch.now,
    }


def _device_time(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
        return at if at.tzinfo and 1 < at.year < 9999 else None
    except ValueError:
        return None


def _own_devices(
    session: Session, contract_id: int, device_ids: Iterable[int | None]
) -> set[int | None]:
    wanted = {device_id for device_id in device_ids if device_id is not None}
    statement = sa.select(Device.id).where(Device.contract_id == contract_id, Device.id.in_(wanted))
    return set(session.scalars(statement)) if wanted else set()


def _insert(session: Session, model: type[Base], rows: list[dict[str, Any]]) -> None:
    if rows:
        session.connection().execute(sa.insert(model.__table__), rows)  # type: ignore[arg-type]


def ensure_epoch(session: Session) -> None:
    """Give the database its first epoch, unless it has one."""
    statement = sa.text(
        "INSERT INTO server_state (key, value) VALUES (:key, :value) ON CONFLICT (key) DO NOTHING"
    )
    session.execute(statement, {"key": queries.EPOCH, "value": secrets.token_hex(8)})


def new_epoch(session: Session) -> str:
    """Begin a new epoch, as after a restored backup: phones offer everything that they still hold."""
    ensure_epoch(session)
    epoch = secrets.token_hex(8)
    session.execute(
        sa.update(ServerState).where(ServerState.key == queries.EPOCH).values(value=epoch)
    )
    return epoch
