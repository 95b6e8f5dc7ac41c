"""What is shown of a photo: re-encoded copies, made once and kept; and whether it was seen before.

The original is never shown: it may carry a position, or be more than a picture. Copies are made by
the worker soon after a photo has come, or at the first look when that is sooner.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp import renditions
from webapp.errors import AppError
from webapp.pictures import (
    SAME_ELSEWHERE_BITS,
    SAME_PICTURE_BITS,
    Copies,
    distance,
    tells_enough,
)
from webapp.renditions import Size
from webapp.rounds.models import Inspection, Photo
from webapp.rounds.rules import is_uid
from webapp.storage import ObjectStore

_LOOKED_BACK = timedelta(days=400)


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


def find_photos(session: Session, contract_id: int, uids: Iterable[str]) -> dict[str, PhotoRef]:
    """Of these photos of the contract those that have come, by their ids."""
    rows = session.execute(
        sa.select(*_COLUMNS).where(
            Photo.contract_id == contract_id,
            Photo.uid.in_([uid for uid in uids if is_uid(uid)]),
            Photo.received_at.is_not(None),
        )
    )
    return {photo.uid: photo for photo in (PhotoRef(*row) for row in rows)}


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
    return renditions.shown(store, photo.contract_id, photo.sha256, size)


def keep_copies(store: ObjectStore, photo: PhotoRef) -> Copies:
    """Make both copies and keep them; no transaction is open meanwhile.

    :raise AppError: ``photo_unreadable``
    """
    copies = renditions.make(store, photo.contract_id, photo.sha256)
    renditions.keep(store, photo.contract_id, photo.sha256, copies)
    return copies


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
    same = sa.select(Photo.uid).where(others, Photo.sha256 == photo.sha256)
    uid = session.scalar(same.order_by(Photo.id.desc()).limit(1))
    if uid is not None or not tells_enough(perceptual_hash):
        return uid
    alike = (
        row.uid
        for row in _hashes(session, photo, others)
        if distance(perceptual_hash, row.perceptual_hash)
        <= (SAME_PICTURE_BITS if row.here else SAME_ELSEWHERE_BITS)
    )
    return next(alike, None)


def _hashes(
    session: Session, photo: PhotoRef, others: sa.ColumnElement[bool]
) -> Iterable[sa.Row[*tuple[Any, ...]]]:
    """The hashes of the last thirteen months, the latest first; ``here`` are of the same place."""
    at, item, device_id, room_id = session.execute(
        sa.select(Photo.received_at, Photo.item, Inspection.device_id, Inspection.room_id)
        .join(Inspection, Inspection.id == Photo.inspection_id)
        .where(Photo.id == photo.id)
    ).one()
    if at is None:
        return ()
    here = sa.and_(
        Inspection.room_id == room_id,
        Inspection.device_id.is_(None) if device_id is None else Inspection.device_id == device_id,
        Photo.item.is_(None) if item is None else Photo.item == item,
    )
    return session.execute(
        sa.select(Photo.uid, Photo.perceptual_hash, here.label("here"))
        .join(Inspection, Inspection.id == Photo.inspection_id)
        .where(others, Photo.received_at >= at - _LOOKED_BACK)
        .order_by(Photo.id.desc())
    )
