"""Photos as they are shown: the reading beside each, its limits, last month's, the one it repeats.

A page costs the same few statements whatever its size.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.checklists.content import ROOM_TYPE, Item, item_of
from webapp.checklists.models import ChecklistVersion
from webapp.desk.photo_list import review_of
from webapp.desk.words import limits_of, option_words, place_of, register_of
from webapp.estate.models import Building, Device, Room
from webapp.identity.models import User
from webapp.rounds.models import Inspection, Photo, Reading, Round

Row = Any
Place = tuple[int, int | None, str | None]


def dress_photos(session: Session, contract_id: int, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows of :func:`photo_statement` as plain data, each with its limits and its predecessor."""
    contents = _contents(session, contract_id, {row.Inspection.checklist_number for row in rows})
    previous = _previous(session, contract_id, rows)
    repeated = _repeated(session, contract_id, rows)
    return [
        {
            **_dressed(row, contents, previous.get(row.Photo.id)),
            "reused": repeated.get(row.Photo.reused_of),
        }
        for row in rows
    ]


def _repeated(session: Session, contract_id: int, rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """The photos that some of these repeat, by uid: whose they are, of what, and how alike."""
    bytes_of = {row.Photo.reused_of: row.Photo.sha256 for row in rows if row.Photo.reused_of}
    if not bytes_of:
        return {}
    found = session.execute(
        sa.select(Photo, Inspection, Round.month, Room, Building, Device, User.name)
        .join(Inspection, Inspection.id == Photo.inspection_id)
        .join(Round, Round.id == Inspection.round_id)
        .join(Room, Room.id == Inspection.room_id)
        .join(Building, Building.id == Room.building_id)
        .join(User, User.id == Inspection.author_id)
        .outerjoin(Device, Device.id == Inspection.device_id)
        .where(Photo.contract_id == contract_id, Photo.uid.in_(bytes_of))
    )
    return {
        photo.uid: {
            "uid": photo.uid,
            "month": month,
            "inspection_id": inspection.id,
            **place_of(room, building, device),
            "item": photo.item,
            "author_id": inspection.author_id,
            "author": author,
            "device_taken_at": photo.device_taken_at,
            "same_bytes": photo.sha256 == bytes_of[photo.uid],
        }
        for photo, inspection, month, room, building, device, author in found
    }


def _contents(
    session: Session, contract_id: int, numbers: Iterable[int]
) -> dict[int, dict[str, Any]]:
    statement = sa.select(ChecklistVersion.number, ChecklistVersion.content).where(
        ChecklistVersion.contract_id == contract_id, ChecklistVersion.number.in_(list(numbers))
    )
    return {row.number: row.content for row in session.execute(statement)}


def _place(inspection: Inspection, photo: Photo) -> Place:
    room_id = 0 if inspection.device_id else inspection.room_id
    return room_id, inspection.device_id, photo.item


def _previous(
    session: Session, contract_id: int, rows: Sequence[Row]
) -> dict[int, tuple[str, str]]:
    """Per photo its predecessor's uid and month: same place and item, the latest earlier month."""
    if not rows:
        return {}
    rooms = {r.Inspection.room_id for r in rows if r.Inspection.device_id is None}
    devices = {r.Inspection.device_id for r in rows if r.Inspection.device_id is not None}
    found = session.execute(
        sa.select(Photo.uid, Photo.item, Round.month, Inspection.device_id, Inspection.room_id)
        .join(Inspection, Inspection.id == Photo.inspection_id)
        .join(Round, Round.id == Inspection.round_id)
        .where(
            Photo.contract_id == contract_id,
            Photo.received_at.is_not(None),
            Photo.withdrawn.is_(False),
            Photo.unreadable.is_(False),
            Photo.finding_uid.is_(None),
            Photo.open_item_number.is_(None),
            Round.month < max(row.month for row in rows),
            sa.or_(
                Inspection.device_id.in_(devices),
                sa.and_(Inspection.device_id.is_(None), Inspection.room_id.in_(rooms)),
            ),
        )
        .order_by(Round.month.desc(), Photo.position)
    )
    by_place: dict[Place, list[tuple[str, str]]] = {}
    for uid, item, month, device_id, room_id in found:
        place = (0 if device_id else room_id, device_id, item)
        by_place.setdefault(place, []).append((uid, month))
    return {
        row.Photo.id: earlier
        for row in rows
        for earlier in [_before(by_place.get(_place(row.Inspection, row.Photo), []), row.month)]
        if earlier is not None
    }


def _before(photos: list[tuple[str, str]], month: str) -> tuple[str, str] | None:
    return next((photo for photo in photos if photo[1] < month), None)


def _dressed(
    row: Row, contents: dict[int, dict[str, Any]], previous: tuple[str, str] | None
) -> dict[str, Any]:
    photo, device = row.Photo, row.Device
    kind = device.type if device else ROOM_TYPE
    content = contents.get(row.Inspection.checklist_number, {"types": []})
    item = item_of(content, kind, photo.item) if photo.item else None
    return {
        **_where(row),
        "item": photo.item,
        "item_zh": item["zh"] if item else None,
        "item_en": item["en"] if item else None,
        "unit": item.get("unit", "") if item else "",
        "finding": row.Finding.text if row.Finding else None,
        "open_item_number": photo.open_item_number,
        "reading": _reading(row.Reading, item) if row.Reading else None,
        "limits": limits_of(item, register_of(device)) if item else None,
        "width": photo.width,
        "height": photo.height,
        "bytes": photo.bytes,
        "unreadable": photo.unreadable,
        "device_taken_at": photo.device_taken_at,
        **review_of(photo, row.reviewer),
        "reused_of": photo.reused_of,
        "previous_uid": previous[0] if previous else None,
        "previous_month": previous[1] if previous else None,
    }


def _where(row: Row) -> dict[str, Any]:
    """Whose photo, of which inspection, room and device."""
    inspection = row.Inspection
    return {
        "uid": row.Photo.uid,
        "month": row.month,
        "inspection_id": inspection.id,
        "inspection_uid": inspection.uid,
        "task_id": inspection.task_id,
        "verdict": inspection.verdict,
        "bulk_ok": inspection.bulk_ok,
        "bulk_seconds": inspection.bulk_seconds,
        "dwell_seconds": inspection.dwell_seconds,
        "flags": inspection.flags,
        **place_of(row.Room, row.Building, row.Device),
        "author_id": inspection.author_id,
        "author": row.author,
    }


def _reading(reading: Reading, item: Item | None) -> dict[str, Any]:
    value = reading.value_text if reading.value_number is None else reading.value_number
    words = option_words(item, value)
    return {
        "value": value,
        "value_zh": words[0],
        "value_en": words[1],
        "verdict": reading.verdict,
        "severity": reading.severity,
        "cause": reading.cause,
        "action": reading.action,
        "remark": reading.remark,
        "fixed": reading.fixed,
    }
