"""Which photos of a contract a supervisor looks at, and in what order; ``photo_dress`` shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from webapp.checklists.content import ROOM_TYPE
from webapp.desk.fast_bulk import flagged, given_fast
from webapp.estate.models import Building, Device, Room
from webapp.identity.models import Contract, User
from webapp.rounds.models import Finding, Inspection, Photo, Reading, Round
from webapp.rounds.queries import stands

_ORDER = (
    Round.month.desc(),
    Building.position,
    Building.id,
    Room.floor,
    Room.name_zh,
    Room.id,
    Device.name,
    Inspection.id,
    Photo.position,
    Photo.id,
)
_MOST_CHANGES = 1000


@dataclass(frozen=True)
class PhotoFilter:
    """What to look at; None is everything. ``month`` is ``YYYY-MM``, ``q`` names devices and rooms.

    Of those that were sent back, ``review`` shows what is waited for: none of an inspection that was
    set aside, or in whose place a second visit came. ``reused`` repeat an earlier photo; ``fast`` are
    of an "all OK" given in seconds, and ``spot_missing`` of one that left a spot check out.
    """

    month: str | None = None
    room_id: int | None = None
    type: str | None = None
    author_id: int | None = None
    abnormal: bool = False
    reused: bool = False
    fast: bool = False
    spot_missing: bool = False
    review: str | None = None
    item: str | None = None
    inspection_id: int | None = None
    device_id: int | None = None
    uid: str | None = None
    q: str = ""


def photo_statement(contract_id: int, wanted: PhotoFilter) -> sa.Select[*tuple[Any, ...]]:
    """The received photos that the filter lets through, by room, device and item."""
    reviewer = aliased(User)
    statement = (
        sa.select(
            Photo,
            Inspection,
            Round.month,
            Room,
            Building,
            Device,
            User.name.label("author"),
            reviewer.name.label("reviewer"),
            Reading,
            Finding,
        )
        .join(Inspection, Inspection.id == Photo.inspection_id)
        .join(Round, Round.id == Inspection.round_id)
        .join(Room, Room.id == Inspection.room_id)
        .join(Building, Building.id == Room.building_id)
        .join(User, User.id == Inspection.author_id)
        .outerjoin(reviewer, reviewer.id == Photo.reviewed_by_id)
        .outerjoin(Device, Device.id == Inspection.device_id)
        .outerjoin(
            Reading,
            sa.and_(Reading.inspection_id == Inspection.id, Reading.item == Photo.item),
        )
        .outerjoin(
            Finding,
            sa.and_(Finding.inspection_id == Inspection.id, Finding.uid == Photo.finding_uid),
        )
        .where(
            Photo.contract_id == contract_id,
            Photo.received_at.is_not(None),
            Photo.withdrawn.is_(False),
            *_conditions(wanted),
        )
    )
    return statement.order_by(*_ORDER)


def _conditions(wanted: PhotoFilter) -> Iterable[sa.ColumnElement[bool]]:
    equals = (
        (Round.month, wanted.month),
        (Room.id, wanted.room_id),
        (Inspection.author_id, wanted.author_id),
        (Inspection.id, wanted.inspection_id),
        (Inspection.device_id, wanted.device_id),
        (Photo.review, wanted.review),
        (Photo.item, wanted.item),
        (Photo.uid, wanted.uid),
    )
    yield from (column == value for column, value in equals if value is not None)
    if wanted.review == "returned":
        yield stands()
    if wanted.type is not None:
        is_room = wanted.type == ROOM_TYPE
        yield Inspection.device_id.is_(None) if is_room else Device.type == wanted.type
    if wanted.abnormal:
        # A photo of the whole device, a finding or an open item goes with the inspection's verdict.
        yield sa.func.coalesce(Reading.verdict, Inspection.verdict) == "abnormal"
    if wanted.reused:
        yield Photo.reused_of.is_not(None)
    if wanted.fast:
        yield given_fast()
    if wanted.spot_missing:
        yield flagged("spot_check_missing")
    if wanted.q:
        columns = (Device.name, Device.asset_number, Room.name_zh, Room.name_en, Inspection.remark)
        yield sa.or_(*(column.icontains(wanted.q, autoescape=True) for column in columns))


def photos_changed(
    session: Session, contract_id: int, since: int
) -> tuple[int, list[dict[str, Any]]]:
    """What was said of photos after the contract's sequence number ``since``, and the number now.

    A thousand at a time: the number is then that of the last of them, and the rest is asked for next.
    """
    head = session.scalar(sa.select(Contract.head_seq).where(Contract.id == contract_id)) or 0
    rows = session.execute(
        sa.select(Photo, User.name)
        .outerjoin(User, User.id == Photo.reviewed_by_id)
        .where(Photo.contract_id == contract_id, Photo.seq > since, Photo.received_at.is_not(None))
        .order_by(Photo.seq, Photo.id)
        .limit(_MOST_CHANGES)
    ).all()
    last = rows[-1][0].seq if len(rows) == _MOST_CHANGES else head
    return last, [review_of(photo, reviewer) for photo, reviewer in rows]


def review_of(photo: Photo, reviewer: str | None) -> dict[str, Any]:
    """The word on a photo, by which other reviewers' screens follow."""
    return {
        "uid": photo.uid,
        "review": photo.review,
        "review_remark": photo.review_remark,
        "review_marks": photo.review_marks,
        "reviewer_id": photo.reviewed_by_id,
        "reviewer": reviewer,
        "reviewed_at": photo.reviewed_at,
        "received_at": photo.received_at,
        "withdrawn": photo.withdrawn,
    }
