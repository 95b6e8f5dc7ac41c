"""A photo comes in: checked by its bytes, made durable, and only then noted as received.

The object is written outside any transaction. A worker that dies between file and row leaves an
object whose slot still waits: the phone sends again, and the sweep spares what a slot names.
"""

from __future__ import annotations

import base64
import binascii
import errno
import hashlib
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.models import Case, CaseFile
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.pictures import Picture, examine
from webapp.rounds.models import Photo
from webapp.storage import ObjectStore, photo_key
from webapp.sync import queries
from webapp.sync.models import KeptPhoto
from webapp.sync.queries import Slot
from webapp.sync.rules import ORPHAN_GRACE

# In one piece where it can be: each turn of the loop costs the server more than the hashing does.
_READ_AT_ONCE = 1024 * 1024
_DIGEST = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]+):")
_KEY = re.compile(r"photos/(\d+)/[0-9a-f]/([0-9a-f]{64})")
# The sweep holds the lock of a contract so long as it takes to look at so many objects, and deletes for no
# longer than so many seconds: a phone's push waits for it. What is left is the next day's.
_SWEPT_AT_ONCE = 50
_SWEEPS_FOR_SECONDS = 1.0
# Built once: a phone sends hundreds, and building a statement costs more than running it.
_FILL_SLOT = (
    sa.update(Photo)
    .where(Photo.id == sa.bindparam("photo_id"), Photo.received_at.is_(None))
    .values(
        received_at=sa.bindparam("now"),
        content_type=sa.bindparam("kind"),
        unreadable=sa.bindparam("not_readable"),
        width=sa.bindparam("real_width"),
        height=sa.bindparam("real_height"),
        seq=sa.bindparam("number"),
    )
)


@dataclass(frozen=True)
class Upload:
    """A photo's bytes, read whole, with their own SHA-256 and what they turned out to be."""

    data: bytes
    sha256: str
    picture: Picture


def digest_in(header: str | None) -> str:
    """The SHA-256, in hex, of a ``Repr-Digest`` (RFC 9530). :raise AppError: ``digest_missing``"""
    match = _DIGEST.search(header or "")
    try:
        digest = base64.b64decode(match[1], validate=True) if match else b""
    except binascii.Error:
        digest = b""
    if len(digest) != hashlib.sha256().digest_size:
        raise AppError("digest_missing")
    return digest.hex()


def find_slot(session: Session, contract_id: int, uid: str, sha256: str) -> Slot:
    """The slot that an inspection or a case has declared for a photo, or what waits in quarantine.

    :raise AppError: ``photo_not_expected`` until its record has come, and for another contract's;
        ``digest_mismatch`` when other bytes are announced than the manifest named
    """
    slot = queries.slot(session, contract_id, uid)
    if slot is None:
        raise AppError("photo_not_expected", id=uid)
    if slot.sha256 != sha256:
        raise AppError("digest_mismatch", expected=slot.sha256)
    return slot


def find_slots(session: Session, contract_id: int, uids: Sequence[str]) -> list[Slot]:
    """The slots of photos that come in one body, in its order.

    :raise AppError: ``photo_not_expected``, as for one alone
    """
    found = queries.slots(session, contract_id, uids)
    for uid in uids:
        if uid not in found:
            raise AppError("photo_not_expected", id=uid)
    return [found[uid] for uid in uids]


def portion(read: Callable[[int], bytes], size: int) -> Callable[[int], bytes]:
    """Read no further than so many bytes: one photo of a body that carries several."""
    left = size

    def read_on(most: int) -> bytes:
        nonlocal left
        part = read(min(most, left)) if left else b""
        left -= len(part)
        return part

    return read_on


def read_upload(read: Callable[[int], bytes], slot: Slot, maximum_bytes: int) -> Upload:
    """Read a body to its end, hashing while it comes; nothing is stored of what is refused.

    :raise AppError: ``too_large``, ``photo_empty``, ``photo_size_mismatch``, ``digest_mismatch``,
        ``photo_kind_unsupported``, ``photo_too_many_pixels``
    """
    digest, parts, length = hashlib.sha256(), [], 0
    while part := read(_READ_AT_ONCE):
        length += len(part)
        if length > maximum_bytes:
            raise AppError("too_large", maximum=maximum_bytes)
        digest.update(part)
        parts.append(part)
    if length == 0:
        raise AppError("photo_empty")
    if length != slot.bytes:
        raise AppError("photo_size_mismatch", expected=slot.bytes, received=length)
    if digest.hexdigest() != slot.sha256:
        raise AppError("digest_mismatch", expected=slot.sha256)
    data = b"".join(parts)
    return Upload(data, slot.sha256, examine(data))


def store_object(store: ObjectStore, contract_id: int, upload: Upload) -> None:
    """Make the bytes durable; the same bytes again are the same object. :raise AppError: ``disk_full``"""
    try:
        store.put(photo_key(contract_id, upload.sha256), upload.data)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise AppError("disk_full") from error
        raise


def note_received(
    session: Session, contract_id: int, slot: Slot, picture: Picture, now: datetime
) -> int | None:
    """Fill the slot, whose object is durable, and give the contract's new head.

    None when another request has filled it meanwhile.

    What is no readable picture is received too: its bytes are what the engineer saw as saved.
    """
    number = take_sequence(session, contract_id)
    if slot.of == "case":
        return number if _fill_file(session, slot, picture, number, now) else None
    if slot.of == "quarantined":
        if _fill_kept(session, slot, picture, now):
            return number
        # Its record may have been applied while the bytes came: the slot is the record's now.
        moved = queries.slot(session, contract_id, slot.uid)
        if moved is None or moved.of == "quarantined" or moved.sha256 != slot.sha256:
            return None
        return note_received(session, contract_id, moved, picture, now)
    values = {
        "photo_id": slot.photo_id,
        "now": now,
        "kind": picture.content_type,
        "not_readable": not picture.readable,
        "real_width": picture.width,
        "real_height": picture.height,
        "number": number,
    }
    return number if session.connection().execute(_FILL_SLOT, values).rowcount else None


def _fill_file(session: Session, slot: Slot, picture: Picture, number: int, now: datetime) -> bool:
    """Fill the slot of a case's photo, and have phones hear of the case."""
    filled = session.execute(
        sa.update(CaseFile)
        .where(CaseFile.id == slot.photo_id, CaseFile.received_at.is_(None))
        .values(_received(picture, now))
        .returning(CaseFile.case_id)
    ).scalar_one_or_none()
    if filled is not None:
        session.execute(sa.update(Case).where(Case.id == filled).values(seq=number))
    return filled is not None


def _fill_kept(session: Session, slot: Slot, picture: Picture, now: datetime) -> bool:
    waiting = sa.and_(KeptPhoto.id == slot.photo_id, KeptPhoto.received_at.is_(None))
    filled = sa.update(KeptPhoto).where(waiting).values(_received(picture, now))
    return session.execute(filled.returning(KeptPhoto.id)).first() is not None


def _received(picture: Picture, now: datetime) -> dict[str, Any]:
    return {
        "received_at": now,
        "content_type": picture.content_type,
        "unreadable": not picture.readable,
        "width": picture.width,
        "height": picture.height,
    }


def orphan_candidates(store: ObjectStore, now: datetime) -> tuple[dict[int, list[str]], list[str]]:
    """Objects past the grace period: photos' hashes by contract, and keys of what was never finished."""
    before = (now - ORPHAN_GRACE).timestamp()
    photos: dict[int, list[str]] = {}
    rubbish: list[str] = []
    for key, changed_at in store.keys("photos/"):
        if changed_at >= before:
            continue
        match = _KEY.fullmatch(key)
        if match:
            photos.setdefault(int(match[1]), []).append(match[2])
        elif key.endswith(".part"):
            rubbish.append(key)
    return photos, rubbish


def sweep_orphans(session: Session, store: ObjectStore, contract_id: int, hashes: list[str]) -> int:
    """Delete those of the objects that no photo of the contract names, received or expected.

    The contract is locked meanwhile, so no push can declare one of them between look and deletion.
    """
    queries.lock_contract(session, contract_id)
    named = {
        sha256
        for of in (Photo, CaseFile, KeptPhoto)
        for sha256 in session.scalars(
            sa.select(of.sha256).where(of.contract_id == contract_id, of.sha256.in_(hashes))
        )
    }
    orphans = [sha256 for sha256 in hashes if sha256 not in named]
    until = time.monotonic() + _SWEEPS_FOR_SECONDS
    for done, sha256 in enumerate(orphans, 1):
        store.delete(photo_key(contract_id, sha256))
        if time.monotonic() > until:
            return done
    return len(orphans)


def in_portions(hashes: list[str]) -> list[list[str]]:
    """Cut a long list so that no lock is held for long."""
    starts = range(0, len(hashes), _SWEPT_AT_ONCE)
    return [hashes[start : start + _SWEPT_AT_ONCE] for start in starts]
