"""What a phone's rescue file comes to: who made it, what of it is here, and taking the rest.

It is the one place where the author is not the session's: who captured the records stands in the
file. Who loaded it, and the file's SHA-256, go into the audit with every record and photo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.db import chunks
from webapp.errors import AppError
from webapp.estate.models import Device
from webapp.identity.models import Membership, User
from webapp.identity.rules import Access, rights_of
from webapp.rounds.payloads import InspectionIn
from webapp.sync import queries, services
from webapp.sync.case_wire import CaseOpenIn, CaseStepIn
from webapp.sync.models import Phone
from webapp.sync.phones import PhoneState
from webapp.sync.rescue_file import RescuedPhoto, RescuedRecord, RescueFile
from webapp.sync.rules import Received
from webapp.sync.wire import OperationOut, SelfCheckIn, Unsent

AuthorState = Literal["member", "left", "disabled"]
RecordResult = Literal["new", "applied", "duplicate", "conflict", "quarantined", "damaged"]
PhotoResult = Literal["new", "stored", "duplicate", "waiting", "unfinished", "damaged", "refused"]


@dataclass(frozen=True)
class Loader:
    """Who loads a rescue file into which contract; ``user_id`` is None for the command line."""

    user_id: int | None
    name: str
    contract_id: int
    contract_code: str


@dataclass(frozen=True)
class Author:
    """Who captured what is in the file, with the rights of then: he could inspect, whatever he may today."""

    access: Access
    name_en: str
    state: AuthorState
    phone: PhoneState
    phone_known: bool


@dataclass(frozen=True)
class RecordReport:
    """What is, or was, to become of one operation; ``code`` says why it was not applied.

    ``photos`` are those that it declares: their SHA-256 by their id.
    """

    id: str
    kind: str
    result: RecordResult
    code: str = ""
    room_id: int | None = None
    device_id: int | None = None
    finished_at: str = ""
    photos: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PhotoReport:
    """The same of one photo; ``inspection`` is the uid of what it belongs to, where it has any."""

    id: str
    result: PhotoResult
    code: str = ""
    inspection: str | None = None


@dataclass
class RescueReport:
    """What is in the file and, where ``loaded``, what became of it."""

    file: RescueFile
    author: Author
    loaded: bool
    records: list[RecordReport] = field(default_factory=list)
    photos: list[PhotoReport] = field(default_factory=list)


def author_of(session: Session, loader: Loader, file: RescueFile) -> Author:
    """Who made the file: anybody who is or was in the contract, also disabled meanwhile.

    :raise AppError: ``rescue_other_contract``, ``rescue_author_unknown``
    """
    manifest = file.manifest
    if manifest.contract != loader.contract_code:
        raise AppError("rescue_other_contract", contract=manifest.contract[:80])
    row = session.execute(
        sa.select(User, Membership)
        .join(Membership, Membership.user_id == User.id)
        .where(User.id == manifest.user_id, Membership.contract_id == loader.contract_id)
    ).one_or_none()
    if row is None:
        raise AppError("rescue_author_unknown")
    user, member = row
    offset = _clock_offset_seconds(session, loader, file)
    return Author(
        access=Access(
            user_id=user.id,
            user_name=user.name,
            session_id=None,
            contract_id=loader.contract_id,
            contract_code=loader.contract_code,
            role=member.role,
            rights=rights_of(member.role, is_admin=False) | {"inspect"},
        ),
        name_en=user.name_en,
        state="disabled" if user.disabled_at else "left" if member.left_at else "member",
        phone=PhoneState(manifest.phone_id, Unsent(), offset or 0, heard=False),
        phone_known=offset is not None,
    )


def _clock_offset_seconds(session: Session, loader: Loader, file: RescueFile) -> int | None:
    """The phone's clock less the server's, as last heard; None for a phone that never called."""
    return session.scalar(
        sa.select(Phone.clock_offset_seconds).where(
            Phone.contract_id == loader.contract_id,
            Phone.user_id == file.manifest.user_id,
            Phone.phone_id == file.manifest.phone_id,
        )
    )


def preview_records(
    session: Session, contract_id: int, records: Sequence[RescuedRecord]
) -> list[RecordReport]:
    """What loading these would begin with; whether the round still takes them, only loading tells."""
    known = queries.known_operations(session, contract_id, [one.id for one in records])
    return [_previewed(one, known.get(one.id)) for one in records]


def _previewed(one: RescuedRecord, known: queries.Known | None) -> RecordReport:
    received = one.received
    if received is None or received.code == "hash_mismatch":
        return damaged(one.id)
    if known is not None:
        same = known.hash == received.operation.hash
        return _report(received, "duplicate" if same else "conflict", known.code if same else "")
    return _report(received, "quarantined" if received.code else "new", received.code)


def damaged(operation_id: str) -> RecordReport:
    """The report of an operation whose envelope in the file is missing or not what it was."""
    return RecordReport(operation_id, "unknown", "damaged", "rescue_record_damaged")


def _report(received: Received, result: RecordResult, code: str) -> RecordReport:
    payload = received.payload
    operation = received.operation
    if isinstance(payload, SelfCheckIn):
        place = (payload.room_id, None, payload.at)
        return RecordReport(operation.id, operation.kind, result, code, *place)
    if isinstance(payload, CaseOpenIn | CaseStepIn):
        device = (
            (payload.room_id, payload.device_id)
            if isinstance(payload, CaseOpenIn)
            else (None, None)
        )
        return RecordReport(
            operation.id, operation.kind, result, code, *device, payload.at, _photos_of(payload)
        )
    if not isinstance(payload, InspectionIn):
        return RecordReport(operation.id, operation.kind, result, code)
    return RecordReport(
        id=operation.id,
        kind=operation.kind,
        result=result,
        code=code,
        room_id=payload.room_id,
        device_id=payload.device_id,
        finished_at=payload.finished_at,
        photos=_photos_of(payload),
    )


def _photos_of(payload: InspectionIn | CaseOpenIn | CaseStepIn) -> dict[str, str]:
    return {photo.id: photo.sha256 for photo in payload.photos}


def receive_rescued(
    session: Session,
    loader: Loader,
    author: Author,
    file: RescueFile,
    received: Sequence[Received],
    now: datetime,
) -> list[OperationOut]:
    """Receive operations as from their author's phone, and note beside them who loaded which file."""
    ids = [one.operation.id for one in received]
    before = queries.kept_conflicts(session, loader.contract_id, ids)
    answers = services.receive(session, author.access, author.phone, received, now)
    effects = {
        answer.id: answer.result
        for answer in answers
        if answer.result in ("applied", "quarantined")
        or (answer.result == "conflict" and (answer.id, answer.hash) not in before)
    }
    if effects:
        _audit(session, loader, author, file, "load", file.sha256, effects, now)
    return answers


def note_photo(
    session: Session, loader: Loader, author: Author, file: RescueFile, uid: str, now: datetime
) -> None:
    """Note who brought a photo in, by which file."""
    _audit(session, loader, author, file, "load_photo", uid, {uid: "stored"}, now)


def _audit(
    session: Session,
    loader: Loader,
    author: Author,
    file: RescueFile,
    action: str,
    entity_id: str,
    effects: dict[str, Any],
    now: datetime,
) -> None:
    audit.record(
        session,
        at=now,
        user_id=loader.user_id,
        contract_id=loader.contract_id,
        action=action,
        entity="rescue_file",
        entity_id=entity_id,
        diff={
            "loaded_by": [None, loader.name],
            "file_sha256": [None, file.sha256],
            "author_id": [None, author.access.user_id],
            "phone_id": [None, file.manifest.phone_id],
            "brought": [None, effects],
        },
    )


def reported(received: Received, answer: OperationOut) -> RecordReport:
    """The report of an operation that was received."""
    if answer.result == "retry":
        return damaged(answer.id)
    return _report(received, answer.result, answer.code)


def preview_photos(
    session: Session, contract_id: int, file: RescueFile, records: Sequence[RecordReport]
) -> list[PhotoReport]:
    """What loading would do with each photo; the bytes of those that are not here are hashed."""
    declared = {
        uid: sha256
        for record in records
        if record.result in ("new", "quarantined")
        for uid, sha256 in record.photos.items()
    }
    slots = queries.photo_slots(session, contract_id, [photo.id for photo in file.manifest.photos])
    session.rollback()  # No read transaction is held while a gigabyte is hashed.
    return [
        _previewed_photo(file, photo, slots.get(photo.id), declared.get(photo.id))
        for photo in file.manifest.photos
    ]


def _previewed_photo(
    file: RescueFile, photo: RescuedPhoto, slot: tuple[str, bool] | None, declared: str | None
) -> PhotoReport:
    expected = slot[0] if slot else declared
    if expected is None:
        return unexpected_photo(photo)
    if slot is not None and slot == (photo.sha256, True):
        return PhotoReport(photo.id, "duplicate", "", photo.inspection)
    if expected != photo.sha256 or not file.photo_is_whole(photo):
        return PhotoReport(photo.id, "damaged", "digest_mismatch", photo.inspection)
    return PhotoReport(photo.id, "new", "", photo.inspection)


def unexpected_photo(photo: RescuedPhoto) -> PhotoReport:
    """The report of a photo that no recorded inspection names: it waits, in the file, for one."""
    result: PhotoResult = "unfinished" if photo.state == "draft" else "waiting"
    return PhotoReport(photo.id, result, "photo_not_expected", photo.inspection)


def device_names(session: Session, report: RescueReport) -> dict[int, str]:
    """The names of the contract's devices that the file's records are of, by their ids."""
    wanted = {record.device_id for record in report.records if record.device_id is not None}
    contract_id = report.author.access.contract_id
    names: dict[int, str] = {}
    for some in chunks(sorted(wanted)):
        rows = session.execute(
            sa.select(Device.id, Device.name).where(
                Device.contract_id == contract_id, Device.id.in_(some)
            )
        )
        names.update((row.id, row.name) for row in rows)
    return names
