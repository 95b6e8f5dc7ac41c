"""The job that makes a document: read, make, keep, each outside the others' transactions."""

from __future__ import annotations

import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp import jobs
from webapp.db import db, now_utc, unit_of_work
from webapp.desk import photo_copies
from webapp.errors import AppError
from webapp.quotes.content import quote_content
from webapp.quotes.models import Quote
from webapp.reports import documents, docx, pdf, quote_pdf, xlsx
from webapp.reports.content import check_sheets_content, device_record_content, report_content
from webapp.reports.issuing import data_of
from webapp.reports.models import Document, Report
from webapp.reports.typeset.setting import sweep_folders
from webapp.rounds.models import Photo, Round
from webapp.servicelog.content import month_content
from webapp.servicelog.models import LogArchive
from webapp.storage import ObjectStore, object_store, rendition_key

# What makes files registers itself when it is imported.
MAKERS = (docx, pdf, quote_pdf, xlsx)
# A sign of life and a figure on the screen; more often would only write.
_TOLD_EVERY_SECONDS = 1.0


def make_document(arguments: dict[str, Any]) -> None:
    """Make one document, unless it is made already; it bears being begun again anywhere."""
    document_id = arguments["document_id"]
    with unit_of_work() as session:
        row = documents.begin(session, document_id)
    if row is None:
        return
    try:
        made = _made(row)
    except Exception as error:
        db.session.rollback()
        with unit_of_work() as session:
            documents.note_failed(session, document_id, repr(error))
        raise
    key = documents.keep(object_store(), row.contract_id, document_id, made)
    with unit_of_work() as session:
        documents.note_made(session, document_id, key, made, now_utc())


def drop_old_documents(now: Any) -> None:
    """Drop what was made only to be looked at; the rows first, so that none names what is gone."""
    sweep_folders(Path(tempfile.gettempdir()), now)
    old = documents.old_documents(db.session(), now)
    if not old:
        return
    keys = [row.object_key for row in old if row.object_key]
    with unit_of_work() as session:
        session.execute(sa.delete(Document).where(Document.id.in_([row.id for row in old])))
    for key in keys:
        object_store().delete(key)


def register() -> None:
    """Have the worker make documents, and drop old ones."""
    jobs.handles(documents.MAKE_DOCUMENT)(make_document)
    jobs.every_minute(drop_old_documents)


def _made(row: Document) -> documents.Made:
    maker = documents.maker_of(row.kind, row.format)
    content = _content(row)
    db.session.rollback()  # No transaction is held while a file is made.
    store, contract_id = object_store(), row.contract_id
    source = documents.Source(
        content=content,
        language=row.language,
        photo=lambda sha256: _picture(store, contract_id, sha256),
        progress=_Telling(row.id),
    )
    return maker(source)


def _content(row: Document) -> Any:
    session, now = db.session(), now_utc()
    if row.report_id is not None:
        return data_of(object_store(), session.get_one(Report, row.report_id))
    if row.kind == "service_log":
        return _log_content(session, row, now)
    if row.kind == "quote":
        return quote_content(session, session.get_one(Quote, row.quote_id), now)
    if row.kind == "device_record":
        return device_record_content(session, row.contract_id, cast(int, row.device_id), now)
    month = session.execute(sa.select(Round.month).where(Round.id == row.round_id)).scalar_one()
    if row.kind == "check_sheets":
        return check_sheets_content(session, row.contract_id, month, now, room_id=row.room_id)
    return report_content(session, row.contract_id, month, now)


def _log_content(session: Session, row: Document, now: datetime) -> Any:
    """A month's service log as it was archived, or as it stands."""
    if row.archive_id is not None:
        return session.get_one(LogArchive, row.archive_id).content
    return month_content(session, row.contract_id, cast(str, row.month), now, row.user_id)


def _picture(store: ObjectStore, contract_id: int, sha256: str) -> bytes | None:
    """The re-encoded copy of a photo; made now where nobody has looked at it yet."""
    try:
        return store.get(rendition_key(contract_id, sha256, "full"))
    except FileNotFoundError:
        pass
    uid = db.session.scalar(
        sa.select(Photo.uid).where(Photo.contract_id == contract_id, Photo.sha256 == sha256)
    )
    if uid is None:
        return None
    try:
        return photo_copies.keep_copies(
            store, photo_copies.find_photo(db.session(), contract_id, uid)
        ).full
    except (AppError, FileNotFoundError):
        return None
    finally:
        db.session.rollback()


class _Telling:
    """Writes down how far a document is, now and then."""

    def __init__(self, document_id: int) -> None:
        self._document_id = document_id
        self._told_at = 0.0

    def __call__(self, step: str, done: int, total: int) -> None:
        if time.monotonic() - self._told_at < _TOLD_EVERY_SECONDS:
            return
        self._told_at = time.monotonic()
        with unit_of_work() as session:
            documents.note_progress(session, self._document_id, step, done, total)
            jobs.keep_lease(session, now_utc())
