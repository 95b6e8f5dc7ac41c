"""What is shown of a photo: re-encoded copies, made once and kept; and whether it was seen before.

The original is never shown: it may carry a position, or be more than a picture. Copies are made by
the worker soon after a photo has come, or at the first look when that is sooner.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.errors import AppError
from webapp.pictures import SAME_PICTURE_BITS, Copies, distance, make_copies, tells_enough
from webapp.rounds.models import Photo
from webapp.rounds.rules import is_uid
from webapp.storage import ObjectStore, photo_key, rendition_key

Size = Literal["thumb", "full"]
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


def note_copies(session: Session, photo: PhotoRef, perceptual_hash: str) -> None:
    """Note that the copies exist, and which earlier photo this one repeats (feature 12)."""
    session.execute(
        sa.update(Photo)
        .where(Photo.id == photo.id)
        .values(
            perceptual_hash=perceptual_hash,
            reused_of=_repeated(session, photo, perceptual_hash),
        )
    )


def note_unreadable(session: Session, photo: PhotoRef) -> None:
    """Note that the bytes, which are the ones declared, can't be decoded."""
    session.execute(sa.update(Photo).where(Photo.id == photo.id).values(unreadable=True))


def _repeated(session: Session, photo: PhotoRef, perceptual_hash: str) -> str | None:
    """The latest photo of another inspection with the same bytes, or the same to the eye.

    Those are asked that have their copies already, so the later of a pair is the one that is marked.
    """
    earlier = session.execute(
        sa.select(Photo.uid, Photo.sha256, Photo.perceptual_hash)
        .where(
            Photo.contract_id == photo.contract_id,
            Photo.inspection_id != photo.inspection_id,
            Photo.perceptual_hash != "",
        )
        .order_by(Photo.id.desc())
    ).all()
    telling = tells_enough(perceptual_hash)
    for row in earlier:
        alike = telling and distance(perceptual_hash, row.perceptual_hash) <= SAME_PICTURE_BITS
        if alike or row.sha256 == photo.sha256:
            return str(row.uid)
    return None
