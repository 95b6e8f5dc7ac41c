"""What could not be applied: held amendments that go in by themselves, the rest by a supervisor."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.acceptance import declared
from webapp.audit import services as audit
from webapp.errors import AppError
from webapp.identity.models import Membership, User
from webapp.identity.rules import Access, Right, rights_of
from webapp.rounds.payloads import InspectionIn
from webapp.rounds.recording import Recorded, Submission, record_inspections
from webapp.sync import cases, kept, queries
from webapp.sync.case_wire import CaseOpenIn, CaseStepIn, HoursLogIn
from webapp.sync.models import Operation, Quarantined
from webapp.sync.rules import decode_payload, order_of_recording
from webapp.sync.self_checks import sign
from webapp.sync.wire import SelfCheckIn

# These wait for a record that is still on its way: nobody has to look at them.
HELD = frozenset({"amendment_held", declared.HELD})
# What a phone hears that asks what has become of a record: it doesn't count.
DISMISSED = "dismissed"
_SELF_CHECK = "self_check"
_OF_CASES = frozenset({"case_open", "case_step", "hours_log"})
# A chain of amendments is let in one revision at a time; nobody amends a thing so often.
_LONGEST_CHAIN = 50


def release_held(session: Session, contract_id: int, uids: Collection[str], now: datetime) -> None:
    """Apply what waited for these inspections: self-checks, and amendments revision after revision."""
    for _ in range(_LONGEST_CHAIN):
        waiting = queries.held_for(session, contract_id, uids) if uids else []
        # What was signed before it was amended is signed before it is amended.
        _sign_held(session, contract_id, [r for r in waiting if r.kind == _SELF_CHECK], now)
        amendments = [row for row in waiting if row.kind != _SELF_CHECK]
        if not amendments:
            return
        uids = _record_held(session, contract_id, amendments, now, forced=False)


def force_held(session: Session, contract_id: int, row_ids: Sequence[int], now: datetime) -> None:
    """Let in what has waited for five days: amendments flagged as forced, without their original.

    A signature is never forced: a self-check whose records have not come goes before a supervisor.
    """
    queries.lock_contract(session, contract_id)
    rows = session.scalars(
        sa.select(Quarantined).where(Quarantined.id.in_(row_ids), Quarantined.state == "held")
    ).all()
    amendments = [row for row in rows if row.kind != _SELF_CHECK]
    uids = _record_held(session, contract_id, amendments, now, forced=True)
    release_held(session, contract_id, uids, now)
    for row in rows:
        if row.kind == _SELF_CHECK and row.state == "held":
            row.state = "open"


def _sign_held(
    session: Session, contract_id: int, rows: Sequence[Quarantined], now: datetime
) -> None:
    """Sign the self-checks whose records have come; one that is refused now goes before a supervisor."""
    rights = _rights(session, contract_id, {row.user_id for row in rows}) if rows else {}
    for row in rows:
        signed = _sign(session, row, rights[row.user_id], now)
        if signed.result == "applied":
            _settle(session, row, row.payload, now)
        elif signed.code not in HELD:
            _reopen(session, row, signed)


def _sign(session: Session, row: Quarantined, rights: frozenset[Right], now: datetime) -> Recorded:
    payload = decode_payload(row.kind, row.version, row.payload)
    if not isinstance(payload, SelfCheckIn):
        raise AppError("payload_invalid", path="$", reason="not_a_self_check")
    return sign(session, row.contract_id, row.operation_id, row.user_id, rights, payload, now)


def _record_held(
    session: Session,
    contract_id: int,
    rows: Sequence[Quarantined],
    now: datetime,
    *,
    forced: bool,
) -> set[str]:
    """Record held rows; one that is refused now for another reason goes before a supervisor."""
    rights = _rights(session, contract_id, {row.user_id for row in rows})
    held = [(row, _inspection_payload(row.kind, row.version, row.payload)) for row in rows]
    held.sort(key=lambda entry: order_of_recording(entry[1]))
    submissions = [
        _submission(row, payload, row.payload, rights[row.user_id], forced=forced)
        for row, payload in held
    ]
    answers = record_inspections(session, contract_id, submissions, now)
    applied: set[str] = set()
    for (row, payload), recorded in zip(held, answers, strict=True):
        if recorded.result == "applied":
            applied.add(payload.uid)
            _settle(session, row, row.payload, now)
        elif recorded.code not in HELD:
            _reopen(session, row, recorded)
    session.flush()  # the next look for held amendments must not find these again
    return applied


def _rights(
    session: Session, contract_id: int, user_ids: Collection[int]
) -> dict[int, frozenset[Right]]:
    """The authors' rights; each could inspect when his record came, whatever he may today."""
    rows = session.execute(
        sa.select(Membership.user_id, Membership.role).where(
            Membership.contract_id == contract_id, Membership.user_id.in_(user_ids)
        )
    )
    roles = {row.user_id: row.role for row in rows}
    inspect: frozenset[Right] = frozenset({"inspect"})
    return {who: inspect | rights_of(roles.get(who), is_admin=False) for who in user_ids}


def _submission(
    row: Quarantined,
    payload: InspectionIn,
    raw: str,
    rights: frozenset[Right],
    *,
    forced: bool = False,
) -> Submission:
    return Submission(
        operation_id=row.operation_id,
        user_id=row.user_id,
        rights=rights,
        payload=payload,
        raw=raw,
        clock_offset_seconds=row.clock_offset_seconds,
        forced=forced,
    )


def _inspection_payload(kind: str, version: int, text: str) -> InspectionIn:
    payload = decode_payload(kind, version, text)
    if not isinstance(payload, InspectionIn):
        raise AppError("payload_invalid", path="$", reason="not_an_inspection")
    return payload


def _settle(
    session: Session, row: Quarantined, text: str, now: datetime, resolved_by_id: int | None = None
) -> None:
    """Note that it was applied, in these words, and give the record its photos that have come."""
    kept.hand_over(session, row.contract_id, text, now)
    row.state, row.resolved_at, row.resolved_by_id = "applied", now, resolved_by_id
    _answer_from_now_on(session, row, "applied", "")


def _reopen(session: Session, row: Quarantined, recorded: Recorded) -> None:
    row.state, row.code, row.details = "open", recorded.code, recorded.details
    _answer_from_now_on(session, row, "quarantined", recorded.code)


def _answer_from_now_on(session: Session, row: Quarantined, result: str, code: str) -> None:
    """A phone that asks again hears what has become of the operation; a conflict's first stays."""
    session.execute(
        sa.update(Operation)
        .where(
            Operation.contract_id == row.contract_id,
            Operation.operation_id == row.operation_id,
            Operation.hash == row.hash,
        )
        .values(result=result, code=code)
    )


def apply(
    session: Session, access: Access, row_id: int, mended: str | None, now: datetime
) -> Quarantined:
    """Apply a quarantined record, with the mended payload or as it came, for its author.

    What the phone sent stays as it is in the quarantine; the difference is in the audit. What somebody
    has signed nobody mends: a self-check is taken as it came, once the room says what was signed.
    What was dismissed may be applied after all; the audit keeps why it had been.

    :param mended: the payload's JSON text, of version 1; with ``amends`` it is recorded as an amendment
    :raise AppError: ``not_found``, ``quarantine_closed``, ``payload_invalid``,
        ``quarantine_refused`` with the code why it still can't be recorded
    """
    row = _row_in(session, access, row_id, ("open", "held", "dismissed"))
    dismissed_for = {"dismissed": [row.remark, None]} if row.state == "dismissed" else {}
    changed = _applied(session, access, row, mended, now)
    row.remark = ""
    _audit(session, access, row, "apply", now, changed | dismissed_for)
    return row


def _applied(
    session: Session, access: Access, row: Quarantined, mended: str | None, now: datetime
) -> dict[str, Any]:
    """What was changed in it to be applied."""
    if row.kind == _SELF_CHECK:
        return _apply_self_check(session, access, row, mended, now)
    if row.kind in _OF_CASES:
        return _apply_case(session, access, row, mended, now)
    text = row.payload if mended is None else mended
    payload = _inspection_payload(_kind_of(text), 1, text)
    submission = _submission(row, payload, text, access.rights | {"inspect"})
    recorded = record_inspections(session, access.contract_id, [submission], now)[0]
    if recorded.result != "applied":
        raise AppError("quarantine_refused", reason=recorded.code, detail=recorded.details)
    _settle(session, row, text, now, access.user_id)
    release_held(session, access.contract_id, {payload.uid}, now)
    return _changes(row.payload, text)


def _apply_self_check(
    session: Session, access: Access, row: Quarantined, mended: str | None, now: datetime
) -> dict[str, Any]:
    if mended is not None and mended != row.payload:
        raise AppError("payload_invalid", path="$", reason="signed")
    rights = _rights(session, row.contract_id, {row.user_id})[row.user_id]
    signed = _sign(session, row, rights, now)
    if signed.result != "applied":
        raise AppError("quarantine_refused", reason=signed.code, detail=signed.details)
    _settle(session, row, row.payload, now, access.user_id)
    return {}


def _apply_case(
    session: Session, access: Access, row: Quarantined, mended: str | None, now: datetime
) -> dict[str, Any]:
    """Take a case's step, or open the case, for who captured it; mended, it may be another step."""
    text, version = (row.payload, row.version) if mended is None else (mended, 1)
    payload = decode_payload(row.kind, version, text)
    if not isinstance(payload, CaseOpenIn | CaseStepIn | HoursLogIn):
        raise AppError("payload_invalid", path="$", reason="not_a_case")
    sender = cases.Sender(_author(session, access, row), row.clock_offset_seconds, row.received_at)
    taken = cases.take(session, sender, row.operation_id, payload, now)
    if taken.result != "applied":
        raise AppError("quarantine_refused", reason=taken.code, detail=taken.details)
    _settle(session, row, text, now, access.user_id)
    return _changes(row.payload, text)


def _author(session: Session, access: Access, row: Quarantined) -> Access:
    """The author with his rights of today; he could view and handle when his record came."""
    rights = _rights(session, row.contract_id, {row.user_id}).get(row.user_id, frozenset())
    handle: frozenset[Right] = frozenset({"view", "handle"})
    name = session.get_one(User, row.user_id).name
    return replace(
        access, user_id=row.user_id, user_name=name, session_id=None, rights=rights | handle
    )


def _kind_of(text: str) -> str:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise AppError("payload_invalid", path="$", reason="not_json") from None
    amends = document.get("amends") if isinstance(document, dict) else None
    return "inspection" if amends is None else "amendment"


def _changes(before: str, after: str) -> dict[str, Any]:
    try:
        old = json.loads(before)
    except (ValueError, RecursionError):
        old = None
    if not isinstance(old, dict):
        old = {"payload": before}
    new = json.loads(after)
    gone = {key: [value, None] for key, value in old.items() if key not in new}
    return audit.differences(old, new) | gone


def dismiss(
    session: Session, access: Access, row_id: int, remark: str, now: datetime
) -> Quarantined:
    """Mark a quarantined operation as not to be applied; it is kept, with the reason.

    :raise AppError: ``not_found``, ``quarantine_closed``
    """
    row = _row_in(session, access, row_id, ("open", "held"))
    row.state, row.remark = DISMISSED, remark
    row.resolved_at, row.resolved_by_id = now, access.user_id
    _answer_from_now_on(session, row, "quarantined", DISMISSED)
    _audit(session, access, row, "dismiss", now, {"remark": ["", remark]})
    return row


def _row_in(session: Session, access: Access, row_id: int, states: Collection[str]) -> Quarantined:
    queries.lock_contract(session, access.contract_id)
    row, _author = queries.quarantined(session, access.contract_id, row_id)
    if row.state not in states:
        raise AppError("quarantine_closed", state=row.state)
    return row


def _audit(
    session: Session,
    access: Access,
    row: Quarantined,
    action: str,
    now: datetime,
    diff: dict[str, Any],
) -> None:
    audit.record(
        session,
        at=now,
        user_id=access.user_id,
        contract_id=access.contract_id,
        action=action,
        entity="quarantined",
        entity_id=row.id,
        diff=diff,
    )
