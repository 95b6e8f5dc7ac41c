"""What is shown of a photo: re-encoded copies, made once and kept; and whether it was seen before.

The original is never shown: it may carry a position, or be more than a picture. Copies are made by
the worker soon after a photo has come, or at the first look when that is sooner.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.errors import AppError
from webapp.pictures import SAME_PICTURE_BITS, Copies, distance, make_copies, tells_enough
from webapp.rounds.models import Photo
from webapp.rounds.rules import is_uid
from webapp.storage import ObjectStore, photo_key, rendition_key

Size = Literal["thumb", "full"]
_LOOKED_BACK = timedelta(days=400)
# A picture of 60 megapixels takes half a gigabyte while it is decoded: never two of them at once.
_decoding = threading.Lock()


@dataclass(frozen=True)
class PhotoRef:
    """A received photo and where its bytes lie."""

    id: int
    contract_id: int
    inspection_id: int
    uid: str
    sha256: str
    unreadable: bool

    @classmethod
    def of(cls, photo: Photo) -> PhotoRef:
        """The reference to a photo's row."""
        return cls(*(getattr(photo, field.name) for field in fields(cls)))


_COLUMNS = (
    Photo.id,
    Photo.contract_id,
    Photo.inspection_id,
    Photo.uid,
    Photo.sha256,
    Photo.unreadable,
)


def find_photo(session: Session, contract_id: int, uid: str) -> PhotoRef:
    """A photo of the contract that has come.

    :raise AppError: ``not_found``; ``photo_missing`` while its bytes are still on a phone
    """
    if not is_uid(uid):
        raise AppError("not_found")
    row = session.execute(
        sa.select(*_COLUMNS, Photo.received_at).where(
            Photo.contract_id == contract_id, Photo.uid == uid
        )
    ).one_or_none()
    if row is None:
        raise AppError("not_found")
    if row.received_at is None:
        raise AppError("photo_missing")
    return PhotoRef(*row[:-1])


def without_copies(session: Session, limit: int) -> list[PhotoRef]:
    """The photos that came and have no copies yet, the oldest first."""
    rows = session.execute(
        sa.select(*_COLUMNS)
        .where(
            Photo.received_at.is_not(None),
            Photo.perceptual_hash == "",
            Photo.unreadable.is_(False),
        )
        .order_by(Photo.received_at, Photo.id)
        .limit(limit)
    )
    return [PhotoRef(*row) for row in rows]


def copy_of(store: ObjectStore, photo: PhotoRef, size: Size) -> bytes:
    """The copy of a photo as JPEG: the longest side 320 (``thumb``) or 1,600 pixels (``full``).

    :raise AppError: ``photo_unreadable``
    """
    if photo.unreadable:
        raise AppError("photo_unreadable")
    with suppress(FileNotFoundError):
        return store.get(rendition_key(photo.contract_id, photo.sha256, size))
    copies = _make(store, photo)
    # A full disk doesn't keep anybody from looking.
    with suppress(OSError):
        _keep(store, photo, copies)
    return copies.thumb if size == "thumb" else copies.full


def keep_copies(store: ObjectStore, photo: PhotoRef) -> Copies:
    """Make both copies and keep them; no transaction is open meanwhile.

    :raise AppError: ``photo_unreadable``
    """
    copies = _make(store, photo)
    _keep(store, photo, copies)
    return copies


def _make(store: ObjectStore, photo: PhotoRef) -> Copies:
    original = store.get(photo_key(photo.contract_id, photo.sha256))
    with _decoding:
        return make_copies(original)


def _keep(store: ObjectStore, photo: PhotoRef, copies: Copies) -> None:
    store.put(rendition_key(photo.contract_id, photo.sha256, "thumb"), copies.thumb)
    store.put(rendition_key(photo.contract_id, photo.sha256, "full"), copies.full)


def note_copies(
    session: Session, photo: PhotoRef, perceptual_hash: str, repeated: str | None
) -> None:
    """Note that the copies exist, and which earlier photo this one repeats (feature 12)."""
    session.execute(
        sa.update(Photo)
        .where(Photo.id == photo.id)
        .values(perceptual_hash=perceptual_hash, reused_of=repeated)
    )


def note_unreadable(session: Session, photo: PhotoRef) -> None:
    """Note that the bytes, which are the ones declared, can't be decoded."""
    session.execute(sa.update(Photo).where(Photo.id == photo.id).values(unreadable=True))


def repeated_photo(session: Session, photo: PhotoRef, perceptual_hash: str) -> str | None:
    """The uid of the latest photo of another inspection with the same bytes, or the same to the eye.

    Of whatever device: the same bytes ever, the same to the eye among those of the last thirteen
    months. Those are asked that have their copies already, so the later of a pair is the one that is
    marked. Nothing is refused: the reviewer is shown both.
    """
    others = sa.and_(
        Photo.contract_id == photo.contract_id,
        Photo.inspection_id != photo.inspection_id,
        Photo.perceptual_hash != "",
    )
    latest = Photo.id.desc()
    same = sa.select(Photo.uid).where(others, Photo.sha256 == photo.sha256).order_by(latest)
    if not tells_enough(perceptual_hash):
        return session.scalar(same.limit(1))
    received_at = sa.select(Photo.received_at).where(Photo.id == photo.id)
    since = (session.scalar(received_at) or datetime.now(UTC)) - _LOOKED_BACK
    hashes = session.execute(
        sa.select(Photo.uid, Photo.perceptual_hash)
        .where(others, Photo.received_at >= since)
        .order_by(latest)
    )
    alike = (uid for uid, other in hashes if distance(perceptual_hash, other) <= SAME_PICTURE_BITS)
    return session.scalar(same.limit(1)) or next(alike, None)
