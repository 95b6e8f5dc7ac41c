"""Which objects of the store the rows name, and what becomes of a row whose object is lost.

A new column that names an object belongs here: what is not named here is in no backup. The copies that
are shown of photos (``renditions/``) are left out on purpose, because they are made anew.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp import jobs
from webapp.cases.models import CaseFile
from webapp.db import chunks
from webapp.estate.models import Device, Room
from webapp.identity.models import User
from webapp.inbox.models import IncomingMail
from webapp.reports.documents import MAKE_DOCUMENT
from webapp.reports.models import Document, Report
from webapp.rounds.models import Inspection, Photo, Round
from webapp.storage import photo_key
from webapp.sync.models import KeptPhoto
from webapp.team.manuals import manual_key
from webapp.team.models import Manual, ManualVersion

INCOMING = "incoming/"
_PHOTO_KEY = re.compile(r"photos/(\d+)/[0-9a-f]/([0-9a-f]{64})")
_OF_PHOTOS = (Photo, CaseFile, KeptPhoto)


def named_keys(session: Session) -> set[str]:
    """The keys of all objects that a row says are there."""
    return {*_photo_keys(session), *_document_keys(session), *_mail_keys(session)}


def is_whole(key: str, data: bytes) -> bool:
    """Whether these are the bytes that were kept: a key ends with their SHA-256, a mail's with ``.eml`` too."""
    sha256 = key.rpartition("/")[2].removesuffix(".eml")
    return hashlib.sha256(data).hexdigest() == sha256 and ".." not in key.split("/")


def mark_lost(session: Session, keys: Iterable[str], now: datetime) -> None:
    """Have the rows say that these objects are not there.

    A photo is expected again, so that a phone that still holds it offers it and the desk shows it as
    lacking. A document is made once more. A mail can only be set aside. Nothing can be done for the frozen
    data of a report and for a manual: who asks for them is told.
    """
    lost = set(keys)
    photos: dict[int, list[str]] = {}
    for key in lost:
        if match := _PHOTO_KEY.fullmatch(key):
            photos.setdefault(int(match[1]), []).append(match[2])
    for contract_id, hashes in photos.items():
        _expect_again(session, contract_id, hashes)
    for some in chunks(lost):
        _make_again(session, some, now)
        mails = sa.update(IncomingMail).where(IncomingMail.raw_key.in_(some))
        session.execute(mails.values(raw_key=""))


def described(session: Session, key: str) -> str:
    """What an object is, in words for the administrator who lacks it."""
    match = _PHOTO_KEY.fullmatch(key)
    if match is None:
        return _KINDS.get(key.partition("/")[0], "a file")
    row = session.execute(
        sa.select(Round.month, Room.name_zh, Device.name, User.name)
        .select_from(Photo)
        .join(Inspection, Inspection.id == Photo.inspection_id)
        .join(Round, Round.id == Inspection.round_id)
        .join(Room, Room.id == Inspection.room_id)
        .join(User, User.id == Inspection.author_id)
        .outerjoin(Device, Device.id == Inspection.device_id)
        .where(Photo.contract_id == int(match[1]), Photo.sha256 == match[2])
        .limit(1)
    ).first()
    if row is None:
        return "a photo of a case, or of a record in quarantine"
    return "a photo: " + ", ".join(word for word in row if word)


_KINDS = {
    "documents": "a file that was made",
    "incoming": "a mail that waits to be sorted",
    "manuals": "a manual",
    "reports": "the data of an issued report",
}


def _photo_keys(session: Session) -> Iterator[str]:
    for of in _OF_PHOTOS:
        received = sa.select(of.contract_id, of.sha256).where(of.received_at.is_not(None))
        for contract_id, sha256 in session.execute(received):
            yield photo_key(contract_id, sha256)


def _document_keys(session: Session) -> Iterator[str]:
    """Documents that are made, the frozen data of issued reports, and manuals."""
    yield from session.scalars(sa.select(Document.object_key).where(Document.state == "ready"))
    yield from session.scalars(sa.select(Report.data_key))
    manuals = sa.select(Manual.contract_id, ManualVersion.sha256).join(
        ManualVersion, ManualVersion.manual_id == Manual.id
    )
    for contract_id, sha256 in session.execute(manuals):
        yield manual_key(contract_id, sha256)


def _mail_keys(session: Session) -> Iterator[str]:
    """Mails that are kept whole until somebody has sorted them."""
    yield from session.scalars(sa.select(IncomingMail.raw_key).where(IncomingMail.raw_key != ""))


def _expect_again(session: Session, contract_id: int, hashes: list[str]) -> None:
    for some in chunks(hashes):
        for of in _OF_PHOTOS:
            lost = sa.update(of).where(of.contract_id == contract_id, of.sha256.in_(some))
            session.execute(lost.values(received_at=None))


def _make_again(session: Session, keys: list[str], now: datetime) -> None:
    """Queue the documents anew; all but those of a draft or a running month come out as they were."""
    of_them = sa.select(Document).where(Document.object_key.in_(keys), Document.state == "ready")
    for row in session.scalars(of_them).all():
        row.state, row.attempts, row.done, row.total = "queued", 0, 0, 0
        row.object_key, row.sha256, row.bytes, row.pages, row.made_at = "", "", 0, 0, None
        jobs.enqueue(session, MAKE_DOCUMENT, {"document_id": row.id}, now=now)
