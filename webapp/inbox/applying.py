"""A mail becomes a case or a line of one, with its pictures; its sender is told the number (clauses 8, 46)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases import files, reported
from webapp.cases.models import Case, CaseEvent, CaseFile
from webapp.cases.opening import Opening, called
from webapp.cases.reporters import Reporter, remember
from webapp.cases.services import Author, Taking, add_line, open_case, take_step
from webapp.db import take_sequence
from webapp.inbox import rules
from webapp.inbox.matching import Sender
from webapp.inbox.message import MOST_TEXT
from webapp.inbox.models import IncomingMail
from webapp.pictures import Picture

SortedAs = Literal["fault", "complaint", "question", "wish"]
_UNTITLED = {"zh": "（无主题）", "en": "(no subject)"}


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture of a mail, re-encoded and in the contract's store already."""

    sha256: str
    bytes: int
    picture: Picture


@dataclass(frozen=True, slots=True)
class Sorting:
    """What is made of a mail: a line of ``case``, or a new case of a kind.

    ``parent`` is the case that a new one comes of; ``names`` one that it may belong to, as its story says.
    """

    kind: SortedAs = "fault"
    case: str = ""
    room_id: int | None = None
    device_id: int | None = None
    parent: str = ""
    names: str = ""


def apply(
    session: Session,
    row: IncomingMail,
    sorting: Sorting,
    sender: Sender,
    photos: Sequence[Photo],
    now: datetime,
    uid: str = "",
) -> Case:
    """Make of a mail what it is sorted as: a case, or a line of one.

    :param uid: of the new line where it was another one before; it then counts from when the mail came
    :raise AppError: what opening a case or the step ``note`` refuses
    """
    contract_id = row.contract_id
    assert contract_id is not None  # noqa: S101 - whoever calls has seen to it
    take_sequence(session, contract_id)
    author, at = Author(None, sender.name), row.received_at if uid else now
    # Who sorts it again says that it is new.
    waiting = "" if sorting.case or uid else _same_fault(session, contract_id, sorting)
    if sorting.case or waiting:
        words = rules.own_words(row.text) if sorting.case else _told(row)
        text = shortened(words) or row.subject or "…"
        taking = Taking(uid or row.uid, "note", at, {"text": text})
        line = take_step(session, contract_id, author, sorting.case or waiting, taking, now)
        case = session.get_one(Case, line.case_id)
    else:
        opening = _opening(row, uid or row.uid, sorting, sender, at)
        case = open_case(session, contract_id, author, opening, now)
        line = reported.opening_line(session, case)
        if sorting.names:
            names, given = own_uid(row, "names"), {"case": sorting.names}
            add_line(session, case, author, names, "mail_names", "", given, now)
    row.case_id, row.event_id = case.id, line.id
    _add_photos(session, line, photos, now)
    if not sorting.case:
        greeted = sender.greeting if contract_id in sender.member_of else ""
        reporter = Reporter(row.address, sender.language, greeted, by_mail=True)
        remember(session, case, line, reporter, now)
    return case


def _same_fault(session: Session, contract_id: int, sorting: Sorting) -> str:
    """The fault of the same device that still waits: the same told twice becomes a line of it."""
    if sorting.kind != "fault" or sorting.device_id is None:
        return ""
    case = reported.waiting_fault(session, contract_id, sorting.device_id)
    return called(case) if case is not None else ""


def _told(row: IncomingMail) -> str:
    return "\n".join(filter(None, (rules.subject_of(row.subject, ""), row.text)))


def _opening(
    row: IncomingMail, uid: str, sorting: Sorting, sender: Sender, at: datetime
) -> Opening:
    of_hotline = sorting.kind in ("question", "wish")
    return Opening(
        uid=uid,
        kind="hotline" if of_hotline else sorting.kind,
        title=rules.subject_of(row.subject, row.text) or _UNTITLED[sender.language],
        at=at,
        text=row.text,
        room_id=sorting.room_id,
        device_id=sorting.device_id,
        parent=sorting.parent or None,
        source="mail",
        reporter_name=sender.name,
        reporter_contact=row.address,
        fields={"category": sorting.kind} if of_hotline else {},
    )


def photos_of(session: Session, row: IncomingMail) -> list[Photo]:
    """The pictures that came with a mail, as they lie in its line."""
    statement = (
        sa.select(CaseFile)
        .where(
            CaseFile.event_id == row.event_id,
            CaseFile.added_by_id.is_(None),
            CaseFile.received_at.is_not(None),
        )
        .order_by(CaseFile.id)
    )
    return [
        Photo(
            file.sha256,
            file.bytes,
            Picture(file.content_type, file.width, file.height, not file.unreadable),
        )
        for file in session.scalars(statement)
    ]


def _add_photos(session: Session, line: CaseEvent, photos: Sequence[Photo], now: datetime) -> None:
    for number, photo in enumerate(photos[: files.MOST_OF_A_REPORTER]):
        uid = str(uuid.uuid5(uuid.UUID(line.uid), f"photo {number}"))
        files.add(
            session, line, files.Brought(uid, photo.sha256, photo.bytes, photo.picture), None, now
        )


def sender_of(row: IncomingMail) -> Sender:
    """Whose mail it is, as its row has kept him."""
    return Sender(row.name, rules.language_of(row.subject, row.text))


def own_uid(row: IncomingMail, what: str) -> str:
    """The id of another line that comes of a mail; the same for the same."""
    return str(uuid.uuid5(uuid.UUID(row.uid), what))


def shortened(text: str) -> str:
    """No longer than a case's words may be."""
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"
