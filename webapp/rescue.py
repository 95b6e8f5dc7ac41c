"""Previewing and loading a phone's rescue file, in transactions of a phone's own size.

It goes the way of a sync: the same operations, the same photos, the same answers. So a load that
was broken off is simply done again, and a second load changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import BinaryIO

from webapp.db import db
from webapp.errors import AppError
from webapp.storage import ObjectStore
from webapp.sync import photos, rescue
from webapp.sync.rescue import Author, Loader, PhotoReport, RecordReport, RescueReport
from webapp.sync.rescue_file import RescuedPhoto, RescuedRecord, RescueFile, open_rescue_file
from webapp.taking import take_operations, take_photos

# The bytes of these are not what the phone had hashed: no second try mends them.
_DAMAGED = frozenset({"digest_mismatch", "photo_size_mismatch", "photo_empty"})
# The server, not the photo, is at fault: the load ends, and is done again.
_OURS = frozenset({"disk_full", "busy", "unexpected"})


def preview_rescue(loader: Loader, file: BinaryIO) -> RescueReport:
    """Tell whose the file is and what of it is here already; nothing is written.

    :raise AppError: ``rescue_unreadable``, ``rescue_format_unknown``, ``rescue_other_contract``,
        ``rescue_author_unknown``
    """
    opened = open_rescue_file(file)
    session = db.session()
    report = RescueReport(opened, rescue.author_of(session, loader, opened), loaded=False)
    for batch in opened.batches():
        report.records += rescue.preview_records(session, loader.contract_id, batch)
    report.photos = rescue.preview_photos(session, loader.contract_id, opened, report.records)
    return report


def load_rescue(
    loader: Loader, file: BinaryIO, store: ObjectStore, maximum_photo_bytes: int, now: datetime
) -> RescueReport:
    """Take what is in the file for its author; each record and photo is answered by itself.

    :raise AppError: as :func:`preview_rescue`; ``disk_full``, after which it is loaded again
    """
    opened = open_rescue_file(file)
    author = rescue.author_of(db.session(), loader, opened)
    load = _Load(loader, opened, author, store, maximum_photo_bytes, now)
    report = RescueReport(opened, author, loaded=True)
    for batch in opened.batches():
        report.records += load.records(batch)
    report.photos = [load.photo(photo) for photo in opened.manifest.photos]
    return report


class _Load:
    """One load under way: who loads which file, for whom, into what."""

    def __init__(
        self,
        loader: Loader,
        file: RescueFile,
        author: Author,
        store: ObjectStore,
        maximum_photo_bytes: int,
        now: datetime,
    ) -> None:
        self._of = (loader, author, file)
        self._file = file
        self._contract_id = loader.contract_id
        self._store = store
        self._maximum_photo_bytes = maximum_photo_bytes
        self._now = now

    def records(self, batch: list[RescuedRecord]) -> list[RecordReport]:
        """Take a batch of operations; the reports stand in the batch's order."""
        received = [one.received for one in batch if one.received is not None]
        answers = take_operations(
            lambda session, some: rescue.receive_rescued(session, *self._of, some, self._now),
            received,
        )
        answered = dict(zip(map(id, received), answers, strict=True))
        return [
            rescue.reported(one.received, answered[id(one.received)])
            if one.received is not None
            else rescue.damaged(one.id)
            for one in batch
        ]

    def photo(self, photo: RescuedPhoto) -> PhotoReport:
        """Take one photo, if a recorded inspection expects it."""
        try:
            stored = self._store_photo(photo)
        except AppError as error:
            if error.code in _OURS:
                raise
            if error.code == "photo_not_expected":
                return rescue.unexpected_photo(photo)
            if error.code in _DAMAGED:
                return PhotoReport(photo.id, "damaged", error.code, photo.inspection)
            return PhotoReport(photo.id, "refused", error.code, photo.inspection)
        return PhotoReport(photo.id, "stored" if stored else "duplicate", "", photo.inspection)

    def _store_photo(self, photo: RescuedPhoto) -> bool:
        slot = photos.find_slot(db.session(), self._contract_id, photo.id, photo.sha256)
        if slot.received:
            return False
        if not self._file.has_photo(photo):
            raise AppError("photo_empty")
        taken = take_photos(
            self._store,
            self._contract_id,
            [(slot, self._file.photo_reader(photo))],
            self._maximum_photo_bytes,
            self._now,
            beside=lambda session: rescue.note_photo(session, *self._of, photo.id, self._now),
        )
        return bool(taken.stored)
