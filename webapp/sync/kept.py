"""Photos of what waits in quarantine: taken like any other, and handed over when their record is applied.

A phone has nothing more to do for a record that it has handed in; nor for that record's photos. What
is dismissed keeps them, as it keeps its words.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.errors import AppError
from webapp.pictures import Picture
from webapp.rounds.payloads import Sha256
from webapp.rounds.rules import is_uid
from webapp.sync import queries
from webapp.sync.models import KeptPhoto, Quarantined
from webapp.sync.photos import note_received

# More than any record has: what names thousands names none that an engineer took.
_MOST = 200


class _Line(msgspec.Struct):
    """What there must be of a line of the manifest; the rest of it may be what is wrong."""

    id: str
    sha256: Sha256
    bytes: Annotated[int, msgspec.Meta(ge=1, le=20_000_000)]


def _named(payload: str) -> list[_Line]:
    """The photos that a payload names, whatever else is wrong with it."""
    try:
        document = json.loads(payload)
    except (ValueError, RecursionError):
        return []
    lines = document.get("photos") if isinstance(document, dict) else None
    if not isinstance(lines, list):
        return []
    found = filter(None, map(_whole, lines[:_MOST]))
    return list({line.id: line for line in found}.values())


def _whole(told: object) -> _Line | None:
    try:
        line = msgspec.convert(told, _Line)
    except msgspec.ValidationError:
        return None
    return line if is_uid(line.id) else None


def expect(session: Session, quarantined: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the photos that new rows of the quarantine name, and nothing else declares."""
    rows: dict[str, dict[str, Any]] = {}
    contract_id = 0
    for row in quarantined:
        contract_id = row["contract_id"]
        of = {name: row[name] for name in ("contract_id", "operation_id", "hash")}
        for line in _named(row["payload"]):
            named = {"uid": line.id, "sha256": line.sha256, "bytes": line.bytes}
            rows.setdefault(line.id, {**of, **named})
    known = queries.photo_slots(session, contract_id, rows) if rows else {}
    return [row for uid, row in rows.items() if uid not in known]


def hand_over(session: Session, contract_id: int, payload: str, now: datetime) -> None:
    """Give the photos that have come to the record that now declares them."""
    session.flush()
    uids = [line.id for line in _named(payload)]
    for kept in session.scalars(
        sa.select(KeptPhoto).where(KeptPhoto.contract_id == contract_id, KeptPhoto.uid.in_(uids))
    ).all():
        slot = queries.slot(session, contract_id, kept.uid)
        if slot is None or slot.of == "quarantined":
            continue
        if kept.received_at is not None and slot.sha256 == kept.sha256 and not slot.received:
            picture = Picture(kept.content_type, kept.width, kept.height, not kept.unreadable)
            note_received(session, contract_id, slot, picture, now)
        session.delete(kept)


def photos_of(session: Session, row: Quarantined) -> Sequence[KeptPhoto]:
    """The photos of a row of the quarantine, those that have not come too."""
    return session.scalars(
        sa.select(KeptPhoto)
        .where(
            KeptPhoto.contract_id == row.contract_id,
            KeptPhoto.operation_id == row.operation_id,
            KeptPhoto.hash == row.hash,
        )
        .order_by(KeptPhoto.id)
    ).all()


def photo_of(session: Session, row: Quarantined, uid: str) -> KeptPhoto:
    """One of them that has come and can be read. :raise AppError: ``not_found``, ``photo_unreadable``"""
    found = next((one for one in photos_of(session, row) if one.uid == uid), None)
    if found is None or found.received_at is None:
        raise AppError("not_found")
    if found.unreadable:
        raise AppError("photo_unreadable")
    return found
