"""What was sent back, on its way to the phone of whoever has to answer it (feature 5).

That is the author, and whoever the room was given to since. It leaves the phone when it is answered,
accepted, closed or withdrawn, when its inspection was set aside or a second visit took its place, and
with its round.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from webapp.acceptance.models import ReturnedAnswer
from webapp.acceptance.return_rules import state_of
from webapp.rounds.models import Inspection, InspectionRevision, Photo, Round, RoundTask
from webapp.rounds.rules import TAKING, stands
from webapp.sync import wire
from webapp.sync.pull_ask import Ask, moment

_WHOSE = (
    Inspection.uid.label("inspection_uid"),
    Inspection.task_id,
    Inspection.author_id,
    Inspection.revision,
    Inspection.verdict,
    Inspection.choice,
    (RoundTask.inspection_id == Inspection.id).label("counts"),
    RoundTask.assignee_id,
    Round.state.label("round_state"),
    InspectionRevision.payload,
)


def _is_for(ask: Ask, row: Any) -> bool:
    takes = row.round_state in TAKING and _stands(row)
    return takes and ask.user_id in (row.author_id, row.assignee_id)


def _stands(row: Any) -> bool:
    return stands(row.verdict, row.choice, counts=row.counts)


def _of_inspections(
    statement: sa.Select[*tuple[Any, ...]], is_open: sa.ColumnElement[bool]
) -> sa.Select[*tuple[Any, ...]]:
    """Join what the row is told by; the payload is read of what is open alone."""
    current = sa.and_(
        InspectionRevision.inspection_id == Inspection.id,
        InspectionRevision.number == Inspection.revision,
        is_open,
    )
    return (
        statement.join(RoundTask, RoundTask.id == Inspection.task_id)
        .join(Round, Round.id == Inspection.round_id)
        .outerjoin(InspectionRevision, current)
    )


def returned_photos(ask: Ask, rows: wire.PullRows, gone: wire.Gone) -> None:
    """Photos that were sent back."""
    statement = sa.select(
        Photo.uid,
        Photo.review,
        Photo.withdrawn,
        Photo.item,
        Photo.review_remark,
        Photo.review_marks,
        Photo.reviewed_by_id,
        Photo.reviewed_at,
        *_WHOSE,
    ).join(Inspection, Inspection.id == Photo.inspection_id)
    statement = _of_inspections(statement, Photo.review == "returned").where(
        Photo.contract_id == ask.contract_id,
        Photo.reviewed_at.is_not(None),
        ask.of_rounds(Photo.seq, RoundTask.seq),
    )
    for row in ask.rows(statement):
        if row.review == "returned" and not row.withdrawn and _is_for(ask, row):
            rows.returned_photos.append(_photo(row))
        else:
            gone.returned_photos.append(row.uid)


def _photo(row: Any) -> wire.ReturnedPhotoRow:
    return wire.ReturnedPhotoRow(
        id=row.uid,
        task_id=row.task_id,
        inspection_uid=row.inspection_uid,
        author_id=row.author_id,
        item=row.item,
        remark=row.review_remark,
        marks=row.review_marks,
        returned_by_id=row.reviewed_by_id,
        returned_at=moment(row.reviewed_at),
        revision=row.revision,
        payload=row.payload or "",
    )


def returned_answers(ask: Ask, rows: wire.PullRows, gone: wire.Gone) -> None:
    """Answers that were sent back, and inspections as a whole."""
    statement = sa.select(
        ReturnedAnswer.id,
        ReturnedAnswer.item,
        ReturnedAnswer.remark,
        ReturnedAnswer.state,
        ReturnedAnswer.revision.label("returned_revision"),
        ReturnedAnswer.returned_by_id,
        ReturnedAnswer.returned_at,
        *_WHOSE,
    ).join(Inspection, Inspection.id == ReturnedAnswer.inspection_id)
    statement = _of_inspections(statement, ReturnedAnswer.state == "open").where(
        ReturnedAnswer.contract_id == ask.contract_id,
        ask.of_rounds(ReturnedAnswer.seq, Inspection.seq, RoundTask.seq),
    )
    for row in ask.rows(statement):
        shown = state_of(row.state, row.returned_revision, row.revision, stands=_stands(row))
        if shown == "open" and _is_for(ask, row):
            rows.returned_answers.append(_answer(row))
        else:
            gone.returned_answers.append(row.id)


def _answer(row: Any) -> wire.ReturnedAnswerRow:
    return wire.ReturnedAnswerRow(
        id=row.id,
        task_id=row.task_id,
        inspection_uid=row.inspection_uid,
        author_id=row.author_id,
        revision=row.returned_revision,
        item=row.item,
        remark=row.remark,
        returned_by_id=row.returned_by_id,
        returned_at=moment(row.returned_at),
        payload=row.payload or "",
    )
