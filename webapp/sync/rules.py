"""What an envelope means, and when an operation is damaged, unknown or invalid. Pure.

The order in which a batch is applied, the clock's offset and the patience with held amendments are
decided here too.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from webapp.errors import AppError
from webapp.rounds.payloads import DeviceTime, InspectionIn, Sha256, Uid
from webapp.sync.case_wire import CaseOpenIn, CaseStepIn, HoursLogIn
from webapp.sync.wire import (
    OperationIn,
    PhoneReport,
    PushIn,
    ScanIn,
    SelfCheckIn,
    Storage,
    Unsent,
    Version,
)

# An amendment waits so long for what it amends; then it goes in by itself, with a flag.
HELD_FOR = timedelta(days=5)
# A phone with something unsent that was not heard of so long is told to the supervisor.
SILENT_AFTER = timedelta(days=2)
# What a phone tells again and again is noted so often; what is news, at once.
HEARD_EVERY = timedelta(minutes=15)
# An object without a row is kept so long, for a worker that may still be writing the row.
ORPHAN_GRACE = timedelta(hours=24)
_LARGEST_OFFSET_SECONDS = 2_000_000_000

# What was captured longer ago by a phone's clock is not believed: the clock was put right since.
LONGEST_UNSENT = timedelta(days=60)
# So much of a clock's difference may be the network's.
_NOT_THE_CLOCK_SECONDS = 60

Payload = InspectionIn | ScanIn | SelfCheckIn | CaseOpenIn | CaseStepIn | HoursLogIn
_decoders: dict[tuple[str, int], msgspec.json.Decoder[Any]] = {
    ("inspection", 1): msgspec.json.Decoder(InspectionIn),
    ("amendment", 1): msgspec.json.Decoder(InspectionIn),
    ("scan", 1): msgspec.json.Decoder(ScanIn),
    ("self_check", 1): msgspec.json.Decoder(SelfCheckIn),
    ("case_open", 1): msgspec.json.Decoder(CaseOpenIn),
    ("case_step", 1): msgspec.json.Decoder(CaseStepIn),
    ("hours_log", 1): msgspec.json.Decoder(HoursLogIn),
}
_envelopes = msgspec.json.Decoder(PushIn)
_phone_reports = msgspec.json.Decoder(PhoneReport)


class _LaxPush(msgspec.Struct, forbid_unknown_fields=True):
    """An envelope whose operations are looked at one by one, because one of them is misshapen."""

    envelope: int
    phone_id: str
    operations: list[msgspec.Raw]
    device_time: DeviceTime = ""
    unsent: Unsent = msgspec.field(default_factory=Unsent)
    app_version: Version = ""
    storage: Storage | None = None


class _LaxOperation(msgspec.Struct):
    """What must be there at least for an answer to name the operation."""

    id: Uid
    hash: Sha256
    payload: str = ""


@dataclass(frozen=True)
class Received:
    """One operation as it came: its payload decoded, or the code of why that failed.

    ``hash_mismatch`` means that the bytes were damaged on the way; every other code is final.
    """

    operation: OperationIn
    payload: Payload | None = None
    code: str = ""
    details: dict[str, Any] = field(default_factory=dict)


def read_push(body: bytes) -> tuple[PushIn, list[Received]]:
    """A push with its operations decoded; one misshapen operation doesn't spoil the others.

    :raise AppError: ``invalid`` with the path of the field, for an envelope that can't be read at all
    """
    try:
        push = _envelopes.decode(body)
    except msgspec.ValidationError as error:
        return _read_push_laxly(body, error)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise AppError("invalid", fields={"body": ["not_json"]}) from None
    return push, [examine(operation) for operation in push.operations]


def read_phone_report(text: str) -> PhoneReport | None:
    """How a phone is, as a pull tells it; None for what can't be read: no pull fails by it."""
    try:
        return _phone_reports.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _read_push_laxly(body: bytes, error: Exception) -> tuple[PushIn, list[Received]]:
    try:
        lax = msgspec.json.decode(body, type=_LaxPush)
        if lax.envelope != 1:
            raise AppError("envelope_unknown", envelope=lax.envelope)
        received = [examine_raw(bytes(raw)) for raw in lax.operations]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # The first reading stopped at its complaint: what comes after may be no JSON at all.
        path, reason = where_and_why(error)
        raise AppError("invalid", fields={path: ["invalid"]}, reason=reason) from None
    push = PushIn(
        envelope=1,
        phone_id=lax.phone_id[:64] or "unknown",
        operations=[one.operation for one in received],
        device_time=lax.device_time,
        unsent=lax.unsent,
        app_version=lax.app_version,
        storage=lax.storage,
    )
    return push, received


def examine_raw(raw: bytes) -> Received:
    """Examine one operation's JSON; one that only tells its id and hash is misshapen, not lost.

    :raise msgspec.DecodeError: for what tells not even these
    """
    try:
        return examine(msgspec.json.decode(raw, type=OperationIn))
    except msgspec.ValidationError as error:
        lax = msgspec.json.decode(raw, type=_LaxOperation)
        path, reason = where_and_why(error)
        payload = lax.payload or raw.decode("utf-8", "replace")
        operation = OperationIn(
            id=lax.id, hash=lax.hash, kind="unknown", version=1, payload=payload
        )
        return Received(operation, None, "operation_invalid", {"path": path, "reason": reason})


def examine(operation: OperationIn) -> Received:
    """Check the hash, and decode the payload by kind and version."""
    if payload_hash(operation.payload) != operation.hash:
        return Received(operation, None, "hash_mismatch")
    if (operation.kind, operation.version) not in _decoders:
        asked = {"kind": operation.kind, "version": operation.version}
        return Received(operation, None, _unknown(operation.kind), asked)
    try:
        payload = decode_payload(operation.kind, operation.version, operation.payload)
    except AppError as error:
        return Received(operation, None, error.code, error.details)
    return Received(operation, payload)


def _unknown(kind: str) -> str:
    return "version_unknown" if any(kind == known for known, _ in _decoders) else "kind_unknown"


def decode_payload(kind: str, version: int, text: str) -> Payload:
    """The payload of an operation. :raise AppError: ``payload_invalid`` with path and reason"""
    if "\\u0000" in text or "\x00" in text:
        raise AppError("payload_invalid", path="$", reason="nul_character")
    decoder = _decoders.get((kind, version))
    if decoder is None:
        raise AppError("payload_invalid", path="$", reason=_unknown(kind))
    try:
        payload: Payload = decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        path, reason = where_and_why(error)
        raise AppError("payload_invalid", path=path, reason=reason) from None
    amends = getattr(payload, "amends", None)
    if (kind == "amendment") != (amends is not None):
        reason = "required" if kind == "amendment" else "not_allowed"
        raise AppError("payload_invalid", path="$.amends", reason=reason)
    return payload


def where_and_why(error: Exception) -> tuple[str, str]:
    """The path and the reason of a decoder's complaint, ``… - at `$.readings[0].item` ``."""
    reason, _, path = str(error).partition(" - at `")
    return (path.rstrip("`") or "$"), reason[:200]


def payload_hash(text: str) -> str:
    """SHA-256, in hex, of a payload's UTF-8 bytes: what the phone computed over the same text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def storable(text: str) -> str:
    """A payload as a text column takes it: a NUL, which PostgreSQL refuses, in its escaped form."""
    return text.replace("\x00", "\\u0000").encode("utf-8", "replace").decode()


def order_of_recording(payload: InspectionIn) -> int:
    """Sorts a batch so that an amendment comes after what it amends, however the phone sent them."""
    return payload.amends or 0


def changes_what_was_seen(payload: InspectionIn, check: SelfCheckIn) -> bool:
    """Whether an inspection makes a later revision of what a self-check was signed over."""
    revision = (payload.amends or 0) + 1
    return any(seen.uid == payload.uid and seen.revision < revision for seen in check.inspections)


def clock_offset_seconds(device_time: str, now: datetime) -> int:
    """Device time less server time, in seconds; 0 for a time that can't be read. Never refused."""
    try:
        told = datetime.fromisoformat(device_time.strip())
    except ValueError:
        return 0
    told = told if told.tzinfo else told.replace(tzinfo=UTC)
    try:
        offset = round((told - now).total_seconds())
    except OverflowError:
        return 0
    return max(-_LARGEST_OFFSET_SECONDS, min(_LARGEST_OFFSET_SECONDS, offset))


def captured_at(device_time: str, offset_seconds: int, now: datetime) -> datetime:
    """When something was captured, by the server's clock: what clocks of a case start and end with.

    A phone's clock that is off is put right by its offset at the push. Nothing was captured after it
    came; a time that can't be read, or is older than any phone keeps something, is now.
    """
    try:
        told = datetime.fromisoformat(device_time.strip())
        told = told if told.tzinfo else told.replace(tzinfo=UTC)
        if abs(offset_seconds) > _NOT_THE_CLOCK_SECONDS:
            told -= timedelta(seconds=offset_seconds)
        told = told.astimezone(UTC)
    except (ValueError, OverflowError):
        return now
    return min(told, now) if now - told <= LONGEST_UNSENT else now
