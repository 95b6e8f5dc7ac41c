"""A supervisor accepts a photo, or sends it back to its author with words and marks (feature 5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.errors import AppError
from webapp.identity.rules import Access
from webapp.rounds.models import Inspection, Photo, Round
from webapp.rounds.rules import TAKING


@dataclass(frozen=True)
class Review:
    """The supervisor's word on a photo; ``marks`` are drawn on it, in shares of its sides (0..1)."""

    state: Literal["accepted", "returned", "none"]
    remark: str = ""
    marks: tuple[dict[str, Any], ...] = ()


def review_photo(session: Session, access: Access, uid: str, review: Review, now: datetime) -> None:
    """Accept or return a photo, or take that back with ``none``.

    A returned one reaches its author by the next pull, until the round is accepted; one that is
    accepted afterwards leaves the author's list.

    :raise AppError: ``not_found``; ``photo_missing`` before its bytes have come; ``round_not_open``
    """
    row = session.execute(
        sa.select(Photo, Round.state)
        .join(Inspection, Inspection.id == Photo.inspection_id)
        .join(Round, Round.id == Inspection.round_id)
        .where(Photo.contract_id == access.contract_id, Photo.uid == uid)
        .with_for_update(of=Photo)
    ).one_or_none()
    if row is None:
        raise AppError("not_found")
    photo, round_state = row
    if photo.received_at is None:
        raise AppError("photo_missing")
    if round_state not in TAKING:
        raise AppError("round_not_open", state=round_state)
    before = _said_of(photo)
    photo.review, photo.review_remark = review.state, review.remark
    photo.review_marks = list(review.marks)
    photo.reviewed_by_id, photo.reviewed_at = access.user_id, now
    audit.record(
        session,
        at=now,
        user_id=access.user_id,
        contract_id=access.contract_id,
        action="review",
        entity="photo",
        entity_id=photo.uid,
        diff=audit.differences(before, _said_of(photo)),
    )


def _said_of(photo: Photo) -> dict[str, Any]:
    return {
        "review": photo.review,
        "remark": photo.review_remark,
        "marks": list(photo.review_marks),
    }
