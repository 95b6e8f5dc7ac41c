"""Photos of a case: declared by a phone and filled later, or brought by a browser at once.

Each belongs to a line of the timeline. Who has an account and may see the line sees its photos; who
reported the fault without one sees his own, and those that somebody who handles it has marked ``shown``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.cases.models import Case, CaseEvent, CaseFile
from webapp.cases.opening import called, case_named
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.identity.rules import Access
from webapp.pictures import Picture
from webapp.rounds.judging import Refused

# A line tells with so many photos at most; a reporter without an account sends fewer.
MOST_OF_A_LINE, MOST_OF_A_REPORTER = 10, 3


@dataclass(frozen=True, slots=True)
class Declared:
    """A photo that a phone will send: its bytes must have this SHA-256 and length."""

    uid: str
    sha256: str
    bytes: int
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Brought:
    """A photo whose bytes are in the store already, under their SHA-256."""

    uid: str
    sha256: str
    bytes: int
    picture: Picture


@dataclass(frozen=True, slots=True)
class FileRef:
    """A photo of a case that has come."""

    contract_id: int
    sha256: str


def declare(
    session: Session,
    event: CaseEvent,
    photos: Sequence[Declared],
    user_id: int,
    now: datetime,
) -> None:
    """Expect a phone's photos of a line of the timeline; the same again changes nothing.

    :raise Refused: ``photo_id_taken``
    """
    for photo in photos:
        known = _file(session, event.contract_id, photo.uid)
        if known is not None:
            if (known.event_id, known.sha256) != (event.id, photo.sha256):
                raise Refused("photo_id_taken", photo=photo.uid)
            continue
        session.add(
            CaseFile(
                contract_id=event.contract_id,
                case_id=event.case_id,
                event_id=event.id,
                uid=photo.uid,
                content_type="image/jpeg",
                sha256=photo.sha256,
                bytes=photo.bytes,
                width=photo.width,
                height=photo.height,
                added_at=now,
                added_by_id=user_id,
            )
        )


def add(
    session: Session, event: CaseEvent, photo: Brought, user_id: int | None, now: datetime
) -> None:
    """Add a photo to a line; the same again changes nothing. A reporter without an account has no id.

    :raise AppError: ``conflict`` when the ``uid`` is another's; ``too_many_photos``
    """
    take_sequence(session, event.contract_id)  # nobody else adds one meanwhile
    known = _file(session, event.contract_id, photo.uid)
    if known is not None:
        if (known.event_id, known.sha256) != (event.id, photo.sha256):
            raise AppError("conflict")
        return
    most = MOST_OF_A_REPORTER if user_id is None else MOST_OF_A_LINE
    statement = sa.select(sa.func.count()).where(CaseFile.event_id == event.id)
    if session.scalar(statement) >= most:  # type: ignore[operator]
        raise AppError("too_many_photos", maximum=most)
    session.add(
        CaseFile(
            contract_id=event.contract_id,
            case_id=event.case_id,
            event_id=event.id,
            uid=photo.uid,
            content_type=photo.picture.content_type,
            sha256=photo.sha256,
            bytes=photo.bytes,
            width=photo.picture.width,
            height=photo.picture.height,
            added_at=now,
            received_at=now,
            added_by_id=user_id,
        )
    )
    case = session.get_one(Case, event.case_id)
    _audit(session, case, "add_photo", user_id, {"photo": [None, photo.uid]}, now)


def line_of(session: Session, access: Access, name: str, line: str) -> CaseEvent:
    """The line of a case to which the actor may add photos: his own, or any for who handles cases.

    :raise AppError: ``not_found``
    """
    case = case_named(session, access.contract_id, name)
    event = session.scalar(
        sa.select(CaseEvent).where(CaseEvent.case_id == case.id, CaseEvent.uid == line)
    )
    if event is None or not (access.may("handle") or event.author_id == access.user_id):
        raise AppError("not_found")
    return event


def show(
    session: Session, access: Access, name: str, uid: str, now: datetime, *, shown: bool
) -> None:
    """Let who reported the fault see a photo, or no longer. :raise AppError: ``not_found``"""
    take_sequence(session, access.contract_id)
    case = case_named(session, access.contract_id, name)
    file = _file(session, access.contract_id, uid)
    if file is None or file.case_id != case.id:
        raise AppError("not_found")
    if file.shown == shown:
        return
    file.shown = shown
    # What the client sees is there for him, or gone.
    diff: dict[str, list[object]] = {"shown_photo": [None, uid] if shown else [uid, None]}
    _audit(session, case, "show_photo", access.user_id, diff, now)


def file_of(session: Session, access: Access, name: str, uid: str) -> FileRef:
    """A photo that the actor may see.

    :raise AppError: ``not_found``; ``photo_missing`` while its bytes are on a phone; ``photo_unreadable``
    """
    case = case_named(session, access.contract_id, name)
    row = session.execute(
        sa.select(CaseFile, CaseEvent.internal)
        .outerjoin(CaseEvent, CaseEvent.id == CaseFile.event_id)
        .where(CaseFile.case_id == case.id, CaseFile.uid == uid)
    ).one_or_none()
    if row is None or (row.internal and not access.may("handle")):
        raise AppError("not_found")
    return _ref(row[0])


def reporters_files(session: Session, case: Case, line: CaseEvent) -> list[CaseFile]:
    """What who reported a fault may see: what came with his line, and what is marked for him."""
    statement = (
        sa.select(CaseFile)
        .where(
            sa.or_(
                CaseFile.event_id == line.id,
                sa.and_(CaseFile.case_id == case.id, CaseFile.shown),
            ),
            CaseFile.received_at.is_not(None),
            ~CaseFile.unreadable,
        )
        .order_by(CaseFile.id)
    )
    return list(session.scalars(statement))


def reporters_file(session: Session, case: Case, line: CaseEvent, uid: str) -> FileRef:
    """One of them. :raise AppError: ``not_found``"""
    for file in reporters_files(session, case, line):
        if file.uid == uid:
            return _ref(file)
    raise AppError("not_found")


def without_copies(session: Session, limit: int) -> list[tuple[int, FileRef]]:
    """Photos that came and have no copies yet, the oldest first, by their row's id."""
    statement = (
        sa.select(CaseFile.id, CaseFile.contract_id, CaseFile.sha256)
        .where(CaseFile.received_at.is_not(None), ~CaseFile.copied, ~CaseFile.unreadable)
        .order_by(CaseFile.received_at, CaseFile.id)
        .limit(limit)
    )
    return [(row_id, FileRef(of, sha256)) for row_id, of, sha256 in session.execute(statement)]


def note_copies(session: Session, row_id: int, *, readable: bool) -> None:
    """Note that the copies of a photo are made, or that none can be."""
    session.execute(
        sa.update(CaseFile)
        .where(CaseFile.id == row_id)
        .values(copied=readable, unreadable=not readable)
    )


def _ref(file: CaseFile) -> FileRef:
    if file.received_at is None:
        raise AppError("photo_missing")
    if file.unreadable:
        raise AppError("photo_unreadable")
    return FileRef(file.contract_id, file.sha256)


def _file(session: Session, contract_id: int, uid: str) -> CaseFile | None:
    return session.scalar(
        sa.select(CaseFile).where(CaseFile.contract_id == contract_id, CaseFile.uid == uid)
    )


def _audit(
    session: Session,
    case: Case,
    action: str,
    user_id: int | None,
    diff: dict[str, list[object]],
    now: datetime,
) -> None:
    audit.record(
        session,
        at=now,
        user_id=user_id,
        contract_id=case.contract_id,
        action=f"case_{action}",
        entity="case",
        entity_id=called(case),
        diff=diff,
    )
