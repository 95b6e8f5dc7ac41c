"""What the server expects and lacks: inspections whose declared photos have not come."""

from __future__ import annotations

import sqlalchemy as sa

from webapp.estate.models import Device
from webapp.identity.models import User
from webapp.rounds.models import Inspection, Photo, Round


def inspections_lacking_photos(
    contract_id: int, author_id: int | None = None
) -> sa.Select[int, int, str, int, int | None, str | None, int, str, str, object, int, int]:
    """The inspections of which photos were declared and never came, the longest waiting first."""
    absent = Photo.received_at.is_(None)
    photos = (
        sa.select(
            Photo.inspection_id,
            sa.func.count().label("declared"),
            sa.func.sum(sa.case((absent, 1), else_=0)).label("lacking"),
        )
        .where(Photo.contract_id == contract_id, Photo.withdrawn.is_(False))
        .group_by(Photo.inspection_id)
        .having(sa.func.sum(sa.case((absent, 1), else_=0)) > 0)
        .subquery()
    )
    statement = (
        sa.select(
            Inspection.id,
            Inspection.round_id,
            Round.month,
            Inspection.room_id,
            Inspection.device_id,
            Device.name.label("device_name"),
            Inspection.author_id,
            User.name.label("author"),
            User.name_en.label("author_en"),
            Inspection.received_at,
            photos.c.declared,
            photos.c.lacking,
        )
        .join(photos, photos.c.inspection_id == Inspection.id)
        .join(Round, Round.id == Inspection.round_id)
        .join(User, User.id == Inspection.author_id)
        .outerjoin(Device, Device.id == Inspection.device_id)
        .order_by(Inspection.received_at, Inspection.id)
    )
    return statement if author_id is None else statement.where(Inspection.author_id == author_id)
