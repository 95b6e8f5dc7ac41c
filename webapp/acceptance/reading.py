"""Reads the content that is signed: a fixed number of statements, whatever the size of the round."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.acceptance.content import (
    ConsumableForm,
    ExceptionForm,
    FindingForm,
    InspectionForm,
    OpenItemForm,
    PhotoForm,
    ReadingForm,
    TaskForm,
    task_digest,
)
from webapp.rounds.models import (
    ConsumableUse,
    Finding,
    Inspection,
    OpenItem,
    OpenItemAnswer,
    Photo,
    Reading,
    RoundTask,
)

Digest = list[Any]
Rows = Mapping[int, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class TaskContent:
    """A task as it can be signed now; ``uid`` is None and ``revision`` 0 before it was inspected."""

    task_id: int
    room_id: int
    device_id: int | None
    uid: str | None
    revision: int
    sha256: str

    @property
    def entry(self) -> Digest:
        """What a sign-off keeps of it: ``[inspection uid, revision, sha256]``."""
        return [self.uid, self.revision, self.sha256]


def room_contents(
    session: Session, round_id: int, room_ids: Collection[int] | None = None
) -> dict[int, dict[int, TaskContent]]:
    """What each room of a round says now, as ``{room id: {task id: content}}``; all rooms with None."""
    tasks = [RoundTask.round_id == round_id, RoundTask.removed.is_(False)]
    if room_ids is not None:
        tasks.append(RoundTask.room_id.in_(room_ids))
    parts = _Parts(session, sa.and_(*tasks))
    rows = session.execute(
        sa.select(RoundTask.id, RoundTask.room_id, RoundTask.device_id, *_INSPECTION)
        .outerjoin(Inspection, Inspection.id == RoundTask.inspection_id)
        .where(*tasks)
    )
    rooms: dict[int, dict[int, TaskContent]] = defaultdict(dict)
    for row in rows:
        inspection = parts.inspection(row) if row.inspection_id is not None else None
        form = TaskForm(row.id, row.device_id, inspection)
        rooms[row.room_id][row.id] = TaskContent(
            row.id, row.room_id, row.device_id, row.uid, row.revision or 0, task_digest(form)
        )
    return dict(rooms)


_INSPECTION = (
    Inspection.id.label("inspection_id"),
    Inspection.uid,
    Inspection.revision,
    Inspection.author_id,
    Inspection.checklist_number,
    Inspection.verdict,
    Inspection.severity,
    Inspection.remark,
    Inspection.exception_reason,
    Inspection.exception_remark,
    Inspection.revisit_on,
)


class _Parts:
    """The rows that belong to the inspections that count, by the inspection's id."""

    def __init__(self, session: Session, tasks: sa.ColumnElement[bool]) -> None:
        self._session = session
        self._tasks = tasks
        self._readings = self._by_inspection(
            Reading.inspection_id,
            (
                Reading.item,
                Reading.value_text,
                Reading.value_number,
                Reading.verdict,
                Reading.severity,
                Reading.cause,
                Reading.action,
                Reading.remark,
                Reading.fixed,
            ),
        )
        self._findings = self._by_inspection(
            Finding.inspection_id, (Finding.uid, Finding.text, Finding.severity, Finding.fixed)
        )
        self._consumables = self._by_inspection(
            ConsumableUse.inspection_id, (ConsumableUse.consumable, ConsumableUse.quantity)
        )
        self._open_items = self._by_inspection(
            OpenItemAnswer.inspection_id,
            (
                OpenItem.number,
                OpenItemAnswer.answer,
                OpenItemAnswer.severity,
                OpenItemAnswer.cause,
                OpenItemAnswer.action,
                OpenItemAnswer.remark,
            ),
            sa.select(OpenItemAnswer).join(OpenItem, OpenItem.id == OpenItemAnswer.open_item_id),
        )
        self._photos = self._by_inspection(
            Photo.inspection_id,
            (
                Photo.uid,
                Photo.sha256,
                Photo.item,
                Photo.finding_uid,
                Photo.open_item_number,
            ),
            sa.select(Photo).where(Photo.withdrawn.is_(False)),
        )

    def _by_inspection(
        self,
        key: InstrumentedAttribute[int],
        columns: Iterable[Any],
        source: sa.Select[Any] | None = None,
    ) -> dict[int, list[tuple[Any, ...]]]:
        base = source if source is not None else sa.select(key.class_)
        statement = (
            base.with_only_columns(key, *columns, maintain_column_froms=True)
            .join(RoundTask, RoundTask.inspection_id == key)
            .where(self._tasks)
        )
        found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for inspection_id, *values in self._session.execute(statement):
            found[inspection_id].append(tuple(values))
        return found

    def inspection(self, row: Any) -> InspectionForm:
        """The form of the inspection in a row of :data:`_INSPECTION`."""
        key = row.inspection_id
        exception = None
        if row.exception_reason is not None:
            exception = ExceptionForm(row.exception_reason, row.exception_remark, row.revisit_on)
        return InspectionForm(
            uid=row.uid,
            inspector=row.author_id,
            checklist=row.checklist_number,
            verdict=row.verdict,
            severity=row.severity,
            remark=row.remark,
            exception=exception,
            readings=tuple(
                ReadingForm(item, text if number is None else number, *rest)
                for item, text, number, *rest in self._readings.get(key, ())
            ),
            findings=tuple(FindingForm(*values) for values in self._findings.get(key, ())),
            consumables=tuple(ConsumableForm(*values) for values in self._consumables.get(key, ())),
            open_items=tuple(OpenItemForm(*values) for values in self._open_items.get(key, ())),
            photos=tuple(PhotoForm(*values) for values in self._photos.get(key, ())),
        )
