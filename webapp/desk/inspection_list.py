"""Inspections as the desk lists them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.checklists.content import ROOM_TYPE
from webapp.estate.models import Building, Device, Room
from webapp.estate.queries import like
from webapp.identity.models import User
from webapp.rounds.models import Inspection, Photo, Round, RoundTask

Row = sa.Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class InspectionFilter:
    """Which inspections; None is all. ``pair`` asks for those of pairs that wait for a choice."""

    month: str | None = None
    building_id: int | None = None
    room_id: int | None = None
    device_id: int | None = None
    type: str | None = None
    author_id: int | None = None
    verdict: str | None = None
    flag: str | None = None
    pair: bool = False
    q: str = ""
    inspection_id: int | None = None
    task_id: int | None = None


def inspection_statement(contract_id: int, wanted: InspectionFilter) -> sa.Select[*tuple[Any, ...]]:
    """The inspections that the filter lets through, with their places and authors, latest first."""
    statement: sa.Select[*tuple[Any, ...]] = (
        sa.select(
            Inspection,
            Round.month,
            RoundTask,
            Room,
            Building,
            Device,
            User.name.label("author"),
            User.name_en.label("author_en"),
        )
        .join(Round, Round.id == Inspection.round_id)
        .join(RoundTask, RoundTask.id == Inspection.task_id)
        .join(Room, Room.id == Inspection.room_id)
        .join(Building, Building.id == Room.building_id)
        .join(User, User.id == Inspection.author_id)
        .outerjoin(Device, Device.id == Inspection.device_id)
        .where(Inspection.contract_id == contract_id, *_conditions(wanted))
    )
    return statement.order_by(Inspection.received_at.desc(), Inspection.id.desc())


def _conditions(wanted: InspectionFilter) -> Iterable[sa.ColumnElement[bool]]:
    equals: tuple[tuple[Any, Any], ...] = (
        (Round.month, wanted.month),
        (Room.building_id, wanted.building_id),
        (Inspection.room_id, wanted.room_id),
        (Inspection.device_id, wanted.device_id),
        (Inspection.author_id, wanted.author_id),
        (Inspection.verdict, wanted.verdict),
        (Inspection.id, wanted.inspection_id),
        (Inspection.task_id, wanted.task_id),
    )
    for column, value in equals:
        if value is not None:
            yield column == value
    if wanted.type == ROOM_TYPE:
        yield Inspection.device_id.is_(None)
    elif wanted.type is not None:
        yield Device.type == wanted.type
    if wanted.flag is not None:
        # The column holds a JSON list of codes; both databases show it as text alike.
        yield sa.cast(Inspection.flags, sa.Text).like(like(f'"{wanted.flag}"'), escape="\\")
    if wanted.pair:
        yield sa.and_(RoundTask.pair_open, Inspection.verdict != "not_tested")
    for word in wanted.q.split():
        pattern = like(word)
        yield sa.or_(
            *(
                column.ilike(pattern, escape="\\")
                for column in (Room.name_zh, Room.name_en, Device.name, Device.asset_number)
            )
        )


def dress_inspections(session: Session, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows of :func:`inspection_statement` as plain data, with their photos counted."""
    photos = _photo_counts(session, [row.Inspection.id for row in rows])
    return [_dressed(row, *photos.get(row.Inspection.id, (0, 0, 0))) for row in rows]


def _photo_counts(
    session: Session, inspection_ids: Sequence[int]
) -> dict[int, tuple[int, int, int]]:
    rows = session.execute(
        sa.select(
            Photo.inspection_id,
            sa.func.count(),
            sa.func.count(Photo.received_at),
            sa.func.count().filter(Photo.review == "returned"),
        )
        .where(Photo.inspection_id.in_(inspection_ids), Photo.withdrawn.is_(False))
        .group_by(Photo.inspection_id)
    )
    return {key: (expected, received, returned) for key, expected, received, returned in rows}


def _dressed(row: Row, expected: int, received: int, returned: int) -> dict[str, Any]:
    inspection, task, device = row.Inspection, row.RoundTask, row.Device
    return {
        "id": inspection.id,
        "uid": inspection.uid,
        "month": row.month,
        "room_id": row.Room.id,
        "room_zh": row.Room.name_zh,
        "room_en": row.Room.name_en,
        "floor": row.Room.floor,
        "building_zh": row.Building.name_zh,
        "building_en": row.Building.name_en,
        "device_id": inspection.device_id,
        "device_name": device.name if device else None,
        "type": device.type if device else ROOM_TYPE,
        "author_id": inspection.author_id,
        "author": row.author,
        "author_en": row.author_en,
        "revision": inspection.revision,
        "verdict": inspection.verdict,
        "severity": inspection.severity,
        "exception_reason": inspection.exception_reason,
        "flags": inspection.flags,
        "counts": task.inspection_id == inspection.id,
        "pair_open": task.pair_open,
        "received_at": inspection.received_at,
        "device_finished_at": inspection.device_finished_at,
        "photos_expected": expected,
        "photos_received": received,
        "photos_returned": returned,
    }
