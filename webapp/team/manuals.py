"""Work manuals and safety measures: versions, approval, read and understood (clause 28)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.identity.rules import Access
from webapp.storage import ObjectStore
from webapp.team.models import Manual, ManualReading, ManualVersion
from webapp.team.rules import content_type_of
from webapp.team.telling import tell_of_manual


@dataclass(frozen=True, slots=True)
class File:
    """A manual's file: its bytes lie in the store already."""

    name: str
    content_type: str
    sha256: str
    bytes: int


def manual_key(contract_id: int, sha256: str) -> str:
    """Where the bytes of a manual lie; the key ends with their SHA-256."""
    return f"manuals/{contract_id}/{sha256}"


def keep_file(store: ObjectStore, contract_id: int, name: str, data: bytes) -> File:
    """Make a manual's file durable, before the transaction that names it.

    :raise AppError: ``manual_unreadable``
    """
    content_type = content_type_of(name, data)
    sha256 = hashlib.sha256(data).hexdigest()
    store.put(manual_key(contract_id, sha256), data)
    return File(name[-200:], content_type, sha256, len(data))


def bring_manual(
    session: Session,
    access: Access,
    uid: str,
    kind: str,
    title: str,
    file: File,
    now: datetime,
) -> Manual:
    """Bring a new manual with its first version; the same ``uid`` again is the same.

    :raise AppError: ``invalid``
    """
    take_sequence(session, access.contract_id)
    known = session.scalar(
        sa.select(Manual).where(Manual.contract_id == access.contract_id, Manual.uid == uid)
    )
    if known is not None:
        return known
    title = " ".join(title.split())
    if not title:
        raise AppError("invalid", fields={"title": ["missing"]})
    row = Manual(contract_id=access.contract_id, uid=uid, kind=kind, title=title)
    session.add(row)
    session.flush()  # its version names its id
    _add_version(session, access, row, 1, file, "", now)
    return row


def bring_version(
    session: Session, access: Access, manual_id: int, file: File, text: str, now: datetime
) -> ManualVersion:
    """Bring the next version; it counts once it is approved.

    :raise AppError: ``not_found``; ``manual_unchanged`` where it is the last version's very file
    """
    take_sequence(session, access.contract_id)
    row = manual_of(session, access.contract_id, manual_id)
    last = session.scalars(
        sa.select(ManualVersion)
        .where(ManualVersion.manual_id == row.id)
        .order_by(ManualVersion.number.desc())
        .limit(1)
    ).one()
    if last.sha256 == file.sha256:
        raise AppError("manual_unchanged", number=last.number)
    return _add_version(session, access, row, last.number + 1, file, text, now)


def approve(
    session: Session, access: Access, manual_id: int, number: int, now: datetime
) -> ManualVersion:
    """Approve a version: from now on it is the one to be read. Again changes nothing.

    :raise AppError: ``not_found``
    """
    take_sequence(session, access.contract_id)
    row = manual_of(session, access.contract_id, manual_id)
    version = version_of(session, row, number)
    if version.approved_at is None:
        version.approved_at, version.approved_by_id = now, access.user_id
        _audit(session, access, "approve", row, {"approved": [None, number]}, now)
        tell_of_manual(session, row, version, access.user_id, now)
    return version


def note_read(
    session: Session, access: Access, manual_id: int, number: int, now: datetime
) -> ManualReading:
    """The actor has read a version and understood it; again changes nothing.

    :raise AppError: ``not_found``; ``manual_not_approved``
    """
    take_sequence(session, access.contract_id)
    row = manual_of(session, access.contract_id, manual_id)
    version = version_of(session, row, number)
    if version.approved_at is None:
        raise AppError("manual_not_approved")
    known = session.scalar(
        sa.select(ManualReading).where(
            ManualReading.version_id == version.id, ManualReading.user_id == access.user_id
        )
    )
    if known is not None:
        return known
    reading = ManualReading(version_id=version.id, user_id=access.user_id, at=now)
    session.add(reading)
    _audit(session, access, "read", row, {"read": [None, number]}, now)
    return reading


def manual_of(session: Session, contract_id: int, manual_id: int) -> Manual:
    """A manual of the contract. :raise AppError: ``not_found``"""
    row = session.get(Manual, manual_id)
    if row is None or row.contract_id != contract_id:
        raise AppError("not_found")
    return row


def version_of(session: Session, manual: Manual, number: int) -> ManualVersion:
    """A version of a manual. :raise AppError: ``not_found``"""
    version = session.scalar(
        sa.select(ManualVersion).where(
            ManualVersion.manual_id == manual.id, ManualVersion.number == number
        )
    )
    if version is None:
        raise AppError("not_found")
    return version


def _add_version(
    session: Session,
    access: Access,
    row: Manual,
    number: int,
    file: File,
    text: str,
    now: datetime,
) -> ManualVersion:
    version = ManualVersion(
        manual_id=row.id,
        number=number,
        file_name=file.name,
        content_type=file.content_type,
        sha256=file.sha256,
        bytes=file.bytes,
        note=text.strip(),
        brought_by_id=access.user_id,
        brought_at=now,
    )
    session.add(version)
    given = {"title": row.title, "version": number, "sha256": file.sha256, "file": file.name}
    _audit(session, access, "bring", row, audit.first_values(given), now)
    return version


def _audit(
    session: Session, access: Access, action: str, row: Manual, diff: dict[str, Any], now: datetime
) -> None:
    audit.record(
        session,
        at=now,
        user_id=access.user_id,
        contract_id=access.contract_id,
        action=f"manual_{action}",
        entity="manual",
        entity_id=row.id,
        diff=diff,
    )
