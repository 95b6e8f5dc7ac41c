"""One answer or photo that was sent back, with what the amendment changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.desk.return_list import RETURNS, dress_returns
from webapp.errors import AppError
from webapp.rounds.models import InspectionRevision, Photo
from webapp.rounds.revisions import changes


def return_detail(session: Session, contract_id: int, key: str) -> dict[str, Any]:
    """The row of the list, with ``changes`` since it was sent back, and the ``marks`` on a photo.

    :param key: ``answer-<id>`` or ``photo-<uid>``
    :raise AppError: ``not_found``
    """
    row = session.execute(RETURNS.statement(contract_id, {"key": key})).one_or_none()
    if row is None:
        raise AppError("not_found")
    shown = dress_returns(session, contract_id, [row])[0]
    texts, answered_at = _revisions(session, shown)
    compared = changes(texts[0], texts[-1]) if len(texts) > 1 else []
    marks = session.scalar(
        sa.select(Photo.review_marks).where(
            Photo.contract_id == contract_id, Photo.uid == shown["photo_uid"]
        )
    )
    return {**shown, "changes": compared, "answered_at": answered_at, "marks": marks or []}


def _revisions(session: Session, shown: dict[str, Any]) -> tuple[Sequence[str], datetime | None]:
    """What was sent before it went back and what is there now, and when the first answer came."""
    if shown["returned_revision"] is None:
        return [], None
    rows = session.execute(
        sa.select(InspectionRevision.payload, InspectionRevision.received_at)
        .where(
            InspectionRevision.inspection_id == shown["inspection_id"],
            InspectionRevision.number >= shown["returned_revision"],
        )
        .order_by(InspectionRevision.number)
    ).all()
    return [row.payload for row in rows], rows[1].received_at if len(rows) > 1 else None


def returns_of(session: Session, contract_id: int, inspection_id: int) -> list[dict[str, Any]]:
    """All answers of an inspection that were ever sent back, the latest first."""
    statement = RETURNS.statement(
        contract_id, {"inspection_id": inspection_id, "kind": "answer"}, "-returned_at"
    )
    return dress_returns(session, contract_id, session.execute(statement).all())
