"""Documents made in the background: asked for, made by a job with progress, kept for some days.

Whoever makes a kind of file registers it with :func:`renders`; nothing here knows how one is made. A
document of an issued report is made from the report's frozen data; any other from the data of now.
Asking again for what is there already, and unchanged since, gives what is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp import jobs
from webapp.errors import AppError
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract
from webapp.quotes.models import Quote
from webapp.reports.models import Document, Report
from webapp.rounds.models import Round
from webapp.servicelog.models import LogArchive
from webapp.servicelog.queries import people_of_log
from webapp.storage import ObjectStore

Kind = Literal["report", "check_sheets", "device_record", "service_log", "quote"]
Format = Literal["pdf", "xlsx", "docx"]
KINDS: tuple[Kind, ...] = ("report", "check_sheets", "device_record", "service_log", "quote")
# What can be asked for by itself; a quote's file is asked for where the quote is.
ASKED_KINDS: tuple[Kind, ...] = ("report", "check_sheets", "device_record", "service_log")
FORMATS: tuple[Format, ...] = ("pdf", "xlsx", "docx")
LANGUAGES = ("zh", "en", "both")
CONTENT_TYPES: dict[str, str] = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
MAKE_DOCUMENT = "make_document"
# What was only looked at is made again when it is wanted; files of issued reports stay.
KEPT_FOR = timedelta(days=3)
UNFINISHED = ("queued", "making")
# After so many tries a document is called failed: its data breaks the maker, and waiting mends nothing.
MOST_TRIES = 3


@dataclass(frozen=True)
class Made:
    """A finished file; ``pages`` is 0 where a format has none."""

    data: bytes
    pages: int = 0


Progress = Callable[[str, int, int], None]
PhotoBytes = Callable[[str], bytes | None]


@dataclass(frozen=True)
class Source:
    """What a file is made from: plain data, the language, and the bytes of a photo by its SHA-256.

    ``content`` is a :class:`~webapp.reports.shape.ReportContent` for a report, a list of check sheets,
    a device record, or a month's service log. ``photo`` gives None where there is no picture that can be shown.
    ``progress(step, done, total)`` tells how far it is; it may be called often.
    """

    content: Any
    language: str
    photo: PhotoBytes
    progress: Progress


Maker = Callable[[Source], Made]
_makers: dict[tuple[str, str], Maker] = {}


def renders(kind: Kind, format: Format) -> Callable[[Maker], Maker]:
    """Register what makes files of a kind and format; it may ask nothing of the database."""

    def register(maker: Maker) -> Maker:
        _makers[kind, format] = maker
        return maker

    return register


def maker_of(kind: str, format: str) -> Maker:
    """What makes these files. :raise AppError: ``document_unknown``"""
    if (kind, format) not in _makers:
        raise AppError("document_unknown", kind=kind, format=format)
    return _makers[kind, format]


def formats_of(kind: str) -> list[str]:
    """The formats that a kind can be made in."""
    return [one for one in FORMATS if (kind, one) in _makers]


@dataclass(frozen=True)
class Wanted:
    """What is asked for: a month's report or check sheets (of one room, or all), a device's record, or a
    month's service log (of one person, or all; or as it was archived).
    """

    kind: Kind
    format: Format
    language: str
    month: str | None = None
    room_id: int | None = None
    device_id: int | None = None
    user_id: int | None = None
    archive_id: int | None = None


def ask_for_document(
    session: Session, contract_id: int, user_id: int | None, wanted: Wanted, now: datetime
) -> Document:
    """Have a document made from the data of now, unless the very same is there or on its way.

    :raise AppError: ``not_found`` (month, room or device), ``document_unknown``; ``invalid`` when what
        it is of is not named
    """
    maker_of(wanted.kind, wanted.format)
    places = _places(session, contract_id, wanted)
    seq = session.execute(
        sa.select(Contract.head_seq).where(Contract.id == contract_id)
    ).scalar_one()
    same = sa.select(Document).where(
        Document.contract_id == contract_id,
        Document.kind == wanted.kind,
        Document.format == wanted.format,
        Document.language == wanted.language,
        Document.report_id.is_(None),
        Document.content_seq == seq,
        Document.state != "failed",
        *(getattr(Document, name) == value for name, value in places.items()),
    )
    found = session.scalars(same.order_by(Document.id.desc()).limit(1)).first()
    if found is not None:
        return found
    row = Document(
        contract_id=contract_id,
        kind=wanted.kind,
        format=wanted.format,
        language=wanted.language,
        content_seq=seq,
        asked_by_id=user_id,
        asked_at=now,
        **places,
    )
    return _queue(session, row, now)


def _places(session: Session, contract_id: int, wanted: Wanted) -> dict[str, Any]:
    """The columns that tell what is asked for, each thing of this contract."""
    if wanted.kind == "service_log":
        return _places_of_log(session, contract_id, wanted)
    return _places_of_estate(session, contract_id, wanted)


def _places_of_log(session: Session, contract_id: int, wanted: Wanted) -> dict[str, Any]:
    """Of the service log: a month and perhaps a person, or an archive."""
    month, user_id = wanted.month, wanted.user_id
    if wanted.archive_id is not None:
        archived = sa.select(LogArchive.month).where(
            LogArchive.contract_id == contract_id, LogArchive.id == wanted.archive_id
        )
        month, user_id = session.scalar(archived), None
        if month is None:
            raise AppError("not_found")
    if month is None:
        raise AppError("invalid", fields={"month": ["required"]})
    if user_id is not None and user_id not in {
        row.id for row in people_of_log(session, contract_id)
    }:
        raise AppError("not_found")
    return {"month": month, "user_id": user_id, "archive_id": wanted.archive_id}


def _places_of_estate(session: Session, contract_id: int, wanted: Wanted) -> dict[str, int | None]:
    """Of the round and the estate: the month's round, a room, a device."""
    if (wanted.kind == "device_record") != (wanted.device_id is not None):
        raise AppError("invalid", fields={"device_id": ["required"]})
    if (wanted.kind != "device_record") != (wanted.month is not None):
        raise AppError("invalid", fields={"month": ["required"]})
    places: dict[str, int | None] = {"round_id": None, "room_id": None, "device_id": None}
    asked: Mapping[str, tuple[type[Any], str, Any]] = {
        "round_id": (Round, "month", wanted.month),
        "room_id": (Room, "id", wanted.room_id),
        "device_id": (Device, "id", wanted.device_id),
    }
    for name, (model, column, value) in asked.items():
        if value is None:
            continue
        places[name] = session.scalar(
            sa.select(model.id).where(
                model.contract_id == contract_id, getattr(model, column) == value
            )
        )
        if places[name] is None:
            raise AppError("not_found")
    return places


def ask_for_quote(
    session: Session, quote: Quote, language: str, user_id: int | None, now: datetime
) -> Document:
    """Have a quote's PDF made, unless the very same is there or on its way.

    An issued quote's is made once, of its frozen words; a draft's anew with each change.
    """
    seq = session.execute(
        sa.select(Contract.head_seq).where(Contract.id == quote.contract_id)
    ).scalar_one()
    issued = quote.state != "draft"
    # What was made of the draft is not what was issued.
    since = Document.asked_at >= quote.sent_at if issued else Document.content_seq == seq
    same = sa.select(Document).where(
        Document.quote_id == quote.id,
        Document.language == language,
        Document.state != "failed",
        since,
    )
    found = session.scalars(same.order_by(Document.id.desc()).limit(1)).first()
    if found is not None:
        return found
    row = Document(
        contract_id=quote.contract_id,
        kind="quote",
        format="pdf",
        language=language,
        quote_id=quote.id,
        content_seq=seq,
        asked_by_id=user_id,
        asked_at=now,
    )
    return _queue(session, row, now)


def quote_file(session: Session, quote: Quote) -> Document | None:
    """The PDF of an issued quote in the language that it was sent in, however far it is."""
    return session.scalars(
        sa.select(Document)
        .where(
            Document.quote_id == quote.id,
            Document.language == quote.language,
            Document.asked_at >= quote.sent_at,
        )
        .order_by(Document.id.desc())
        .limit(1)
    ).first()


def drop_quote_files(session: Session, quote: Quote) -> list[str]:
    """Forget the files that were made of a draft; the keys of what lies in the store, to be deleted after."""
    of_it = Document.quote_id == quote.id
    keys = session.scalars(sa.select(Document.object_key).where(of_it, Document.object_key != ""))
    found = list(keys)
    session.execute(sa.delete(Document).where(of_it))
    return found


def ask_for_report_files(session: Session, report: Report, user_id: int, now: datetime) -> None:
    """Have every file of an issued report made, from its frozen data."""
    for one in formats_of("report"):
        row = Document(
            contract_id=report.contract_id,
            kind="report",
            format=one,
            language=report.language,
            round_id=report.round_id,
            report_id=report.id,
            asked_by_id=user_id,
            asked_at=now,
        )
        _queue(session, row, now)


def _queue(session: Session, row: Document, now: datetime) -> Document:
    session.add(row)
    session.flush()  # the job names the id
    jobs.enqueue(session, MAKE_DOCUMENT, {"document_id": row.id}, now=now)
    return row


def document_of(session: Session, contract_id: int, document_id: int) -> Document:
    """A document of the contract. :raise AppError: ``not_found``"""
    row = session.get(Document, document_id)
    if row is None or row.contract_id != contract_id:
        raise AppError("not_found")
    return row


def begin(session: Session, document_id: int) -> Document | None:
    """Take a document in hand; None when it is made already, or has broken its maker too often."""
    row = session.get(Document, document_id)
    if row is None or row.state not in UNFINISHED:
        return None
    if row.attempts >= MOST_TRIES:
        row.state = "failed"
        return None
    row.state, row.done, row.total = "making", 0, 0
    row.attempts += 1
    return row


def note_progress(session: Session, document_id: int, step: str, done: int, total: int) -> None:
    """How far a document is."""
    session.execute(
        sa.update(Document)
        .where(Document.id == document_id, Document.state == "making")
        .values(step=step, done=done, total=total)
    )


def note_failed(session: Session, document_id: int, error: str) -> None:
    """A try broke down: ``error`` is for the administrator."""
    session.execute(sa.update(Document).where(Document.id == document_id).values(error=error[:200]))


def keep(store: ObjectStore, contract_id: int, document_id: int, made: Made) -> str:
    """Make the file durable; its key, which ends with the bytes' SHA-256 as a backup asks for."""
    key = f"documents/{contract_id}/{document_id}/{hashlib.sha256(made.data).hexdigest()}"
    store.put(key, made.data)
    return key


def note_made(session: Session, document_id: int, key: str, made: Made, now: datetime) -> None:
    """The file is there."""
    session.execute(
        sa.update(Document)
        .where(Document.id == document_id)
        .values(
            state="ready",
            step="",
            error="",
            object_key=key,
            sha256=hashlib.sha256(made.data).hexdigest(),
            bytes=len(made.data),
            pages=made.pages,
            made_at=now,
        )
    )


def file_of(store: ObjectStore, row: Document) -> bytes:
    """The file's bytes, as they were made. :raise AppError: ``report_not_ready``, ``report_damaged``"""
    if row.state != "ready":
        raise AppError("report_not_ready")
    try:
        data = store.get(row.object_key)
    except FileNotFoundError as error:
        raise AppError("report_damaged", number=str(row.id)) from error
    if hashlib.sha256(data).hexdigest() != row.sha256:
        raise AppError("report_damaged", number=str(row.id))
    return data


def no_such_page() -> AppError:
    """What has no pages is asked for one."""
    return AppError("page_unknown", pages=0)


def old_documents(session: Session, now: datetime, limit: int = 200) -> list[Document]:
    """What was made only to be looked at, and is old enough to go.

    Files of issued reports stay, and those of quotes that were sent. Those of an archived log go too: its
    frozen content gives the same again.
    """
    statement = (
        sa.select(Document)
        .outerjoin(Quote, Quote.id == Document.quote_id)
        .where(
            Document.report_id.is_(None),
            sa.or_(Quote.sent_at.is_(None), Document.asked_at < Quote.sent_at),
            Document.asked_at < now - KEPT_FOR,
        )
        .order_by(Document.id)
        .limit(limit)
    )
    return list(session.scalars(statement))
