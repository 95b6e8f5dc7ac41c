"""The month's round: its tasks, the inspections, and what follows from them (clauses 15-21)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, Synced


class Round(Base, Synced):
    """One month's round of a contract; ``month`` is ``YYYY-MM``, due at the end of ``due_on``."""

    __tablename__ = "round"
    __table_args__ = (
        sa.UniqueConstraint("contract_id", "month"),
        sa.CheckConstraint("state IN ('open', 'finished', 'accepted')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    month: Mapped[str] = mapped_column(sa.String(7))
    state: Mapped[str] = mapped_column(sa.String(16), default="open")
    due_on: Mapped[date]
    checklist_id: Mapped[int] = mapped_column(sa.ForeignKey("checklist_version.id"))
    opened_at: Mapped[datetime]
    opened_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    accepted_at: Mapped[datetime | None] = mapped_column(default=None)


class RoundRoom(Base):
    """Who inspects a room in a round."""

    __tablename__ = "round_room"
    __table_args__ = (sa.UniqueConstraint("round_id", "room_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    room_id: Mapped[int] = mapped_column(sa.ForeignKey("room.id"), index=True)
    assignee_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)


class RoundTask(Base, Synced):
    """One device, or one room's own checklist (``device_id`` null), to be inspected in a round.

    ``not_due`` lists the items whose quarter or year has not come; ``previous`` is what the last
    inspected month said, ``repeat`` counts the months in a row that an item was abnormal: both are
    written once, when the round opens. ``inspection_id`` is the inspection that counts; ``removed``
    marks a task whose device or room left the estate before anybody had inspected it.
    """

    __tablename__ = "round_task"
    __table_args__ = (
        sa.Index("uq_round_task_device", "round_id", "device_id", unique=True),
        sa.Index(
            "uq_round_task_room",
            "round_id",
            "room_id",
            unique=True,
            sqlite_where=sa.text("device_id IS NULL"),
            postgresql_where=sa.text("device_id IS NULL"),
        ),
        sa.CheckConstraint(
            "outcome IN ('todo', 'normal', 'abnormal', 'not_tested')", name="outcome"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"), index=True)
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    room_id: Mapped[int] = mapped_column(sa.ForeignKey("room.id"), index=True)
    device_id: Mapped[int | None] = mapped_column(sa.ForeignKey("device.id"), index=True)
    assignee_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
    outcome: Mapped[str] = mapped_column(sa.String(16), default="todo")
    inspection_id: Mapped[int | None] = mapped_column(default=None)
    pair_open: Mapped[bool] = mapped_column(default=False)
    not_due: Mapped[list[Any]] = mapped_column(default_factory=list)
    previous: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON, default=None)
    repeat: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    removed: Mapped[bool] = mapped_column(default=False)


class Inspection(Base, Synced):
    """One device inspected once by one engineer; append-only, amended by revisions.

    ``verdict`` is the server's own; ``phone_verdict`` what the phone had said. Times named
    ``device_…`` come from the phone's clock and are information only; ``clock_offset_seconds`` is the
    phone's clock minus the server's. ``choice`` is what a supervisor made of it in a pair: picked, set
    aside, or nothing yet. What is set aside stays whole and says nothing of open items.
    ``dwell_seconds`` is how long it was in sight on the phone, in all its revisions; ``bulk_seconds``
    how long when its "all OK" was first sent, null without one. Neither is made less by an amendment.
    """

    __tablename__ = "inspection"
    __table_args__ = (
        sa.UniqueConstraint("contract_id", "uid"),
        sa.Index("ix_inspection_round_device", "round_id", "device_id"),
        sa.CheckConstraint("choice IN ('', 'picked', 'set_aside')", name="choice"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    uid: Mapped[str] = mapped_column(sa.String(36))
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    task_id: Mapped[int] = mapped_column(sa.ForeignKey("round_task.id"), index=True)
    room_id: Mapped[int] = mapped_column(sa.ForeignKey("room.id"))
    device_id: Mapped[int | None] = mapped_column(sa.ForeignKey("device.id"), index=True)
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    checklist_number: Mapped[int]
    revision: Mapped[int] = mapped_column(default=1)
    verdict: Mapped[str] = mapped_column(sa.String(16))
    phone_verdict: Mapped[str] = mapped_column(sa.String(16), default="")
    severity: Mapped[int | None] = mapped_column(default=None)
    device_started_at: Mapped[datetime | None] = mapped_column(default=None)
    device_finished_at: Mapped[datetime | None] = mapped_column(default=None)
    clock_offset_seconds: Mapped[int] = mapped_column(default=0)
    received_at: Mapped[datetime]
    dwell_seconds: Mapped[int] = mapped_column(default=0)
    bulk_ok: Mapped[bool] = mapped_column(default=False)
    bulk_seconds: Mapped[int | None] = mapped_column(default=None)
    scanned_code: Mapped[str | None] = mapped_column(sa.String(16), default=None)
    remark: Mapped[str] = mapped_column(sa.Text, default="")
    exception_reason: Mapped[str | None] = mapped_column(sa.String(32), default=None)
    exception_remark: Mapped[str] = mapped_column(sa.Text, default="")
    revisit_on: Mapped[date | None] = mapped_column(default=None)
    flags: Mapped[list[Any]] = mapped_column(default_factory=list)
    choice: Mapped[str] = mapped_column(sa.String(16), default="")


class InspectionRevision(Base):
    """What was sent, word for word, for each revision of an inspection."""

    __tablename__ = "inspection_revision"
    __table_args__ = (sa.UniqueConstraint("inspection_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    inspection_id: Mapped[int] = mapped_column(sa.ForeignKey("inspection.id"))
    number: Mapped[int]
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    operation_id: Mapped[str] = mapped_column(sa.String(36))
    payload: Mapped[str] = mapped_column(sa.Text)
    received_at: Mapped[datetime]


class Reading(Base):
    """One item's reading, of the inspection's current revision (clause 17: also when normal).

    ``bulk`` is one that "all OK" gave and nobody has touched since.
    """

    __tablename__ = "reading"
    __table_args__ = (
        sa.UniqueConstraint("inspection_id", "item"),
        sa.Index("ix_reading_device_item", "device_id", "item"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    inspection_id: Mapped[int] = mapped_column(sa.ForeignKey("inspection.id"))
    device_id: Mapped[int | None] = mapped_column(sa.ForeignKey("device.id"))
    item: Mapped[str] = mapped_column(sa.String(40))
    value_number: Mapped[float | None] = mapped_column(default=None)
    value_text: Mapped[str | None] = mapped_column(sa.String(500), default=None)
    verdict: Mapped[str] = mapped_column(sa.String(16))
    reason: Mapped[str] = mapped_column(sa.String(32), default="")
    severity: Mapped[int | None] = mapped_column(default=None)
    cause: Mapped[str] = mapped_column(sa.String(200), default="")
    action: Mapped[str] = mapped_column(sa.String(200), default="")
    remark: Mapped[str] = mapped_column(sa.Text, default="")
    fixed: Mapped[bool] = mapped_column(default=False)
    question: Mapped[str] = mapped_column(sa.String(40), default="")
    bulk: Mapped[bool] = mapped_column(default=False)


class Finding(Base):
    """A new problem found outside the test (clause 19)."""

    __tablename__ = "finding"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    inspection_id: Mapped[int] = mapped_column(sa.ForeignKey("inspection.id"), index=True)
    uid: Mapped[str] = mapped_column(sa.String(36))
    text: Mapped[str] = mapped_column(sa.Text)
    severity: Mapped[int]
    fixed: Mapped[bool] = mapped_column(default=False)


class ConsumableUse(Base):
    """A consumable that was replaced during an inspection (clause 16)."""

    __tablename__ = "consumable_use"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"), index=True)
    inspection_id: Mapped[int] = mapped_column(sa.ForeignKey("inspection.id"), index=True)
    device_id: Mapped[int | None] = mapped_column(sa.ForeignKey("device.id"), index=True)
    consumable: Mapped[str] = mapped_column(sa.String(40))
    quantity: Mapped[int]
    used_on: Mapped[date]


class OpenItem(Base, Synced):
    """An open item, with its number for life (clause 18); ``item`` is null for a finding.

    ``state`` is open, solved, or withdrawn: nothing that counts says any more that it is there, or a
    supervisor took it off the list at ``withdrawn_at``.
    """

    __tablename__ = "open_item"
    __table_args__ = (
        sa.UniqueConstraint("contract_id", "number"),
        sa.Index("ix_open_item_device", "contract_id", "state", "device_id"),
        # What stood at the end of a month is found without the years before it.
        sa.Index("ix_open_item_closed", "contract_id", "closed_month"),
        sa.CheckConstraint("state IN ('open', 'solved', 'withdrawn')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    number: Mapped[int]
    room_id: Mapped[int] = mapped_column(sa.ForeignKey("room.id"), index=True)
    device_id: Mapped[int | None] = mapped_column(sa.ForeignKey("device.id"), index=True)
    item: Mapped[str | None] = mapped_column(sa.String(40), default=None)
    finding_uid: Mapped[str | None] = mapped_column(sa.String(36), default=None)
    text: Mapped[str] = mapped_column(sa.Text, default="")
    cause: Mapped[str] = mapped_column(sa.String(200), default="")
    action: Mapped[str] = mapped_column(sa.String(200), default="")
    severity: Mapped[int]
    state: Mapped[str] = mapped_column(sa.String(16), default="open")
    opened_month: Mapped[str] = mapped_column(sa.String(7))
    opened_at: Mapped[datetime]
    opened_inspection_id: Mapped[int] = mapped_column(sa.ForeignKey("inspection.id"), index=True)
    closed_month: Mapped[str | None] = mapped_column(sa.String(7), default=None)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None)
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
    due_on: Mapped[date | None] = mapped_column(default=None)
    remark: Mapped[str] = mapped_column(sa.Text, default="")


class OpenItemAnswer(Base):
    """What an inspection said of an open item: ``opened``, ``still`` there, or ``solved``.

    The open item itself is what all its answers make of it, so that an amendment can take one back.
    """

    __tablename__ = "open_item_answer"
    __table_args__ = (sa.UniqueConstraint("open_item_id", "inspection_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    open_item_id: Mapped[int] = mapped_column(sa.ForeignKey("open_item.id"))
    inspection_id: Mapped[int] = mapped_column(sa.ForeignKey("inspection.id"), index=True)
    month: Mapped[str] = mapped_column(sa.String(7))
    answer: Mapped[str] = mapped_column(sa.String(8))
    severity: Mapped[int | None] = mapped_column(default=None)
    cause: Mapped[str] = mapped_column(sa.String(200), default="")
    action: Mapped[str] = mapped_column(sa.String(200), default="")
    remark: Mapped[str] = mapped_column(sa.Text, default="")
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    answered_at: Mapped[datetime]


class DeviceRecord(Base):
    """A row of the device record sheet (clause 20): what was wrong, why, what was done, the result.

    ``category`` is inspection, fault, repair, replacement or upgrade; ``result`` is fixed, open_item or
    replaced. ``anomaly`` is in the words of the sheet: the value with its unit, and the remark. Of a row
    that a case has made ``case_id`` is that case. Who looked at it again is read, not stored:
    :mod:`webapp.cases.reviewing`.
    """

    __tablename__ = "device_record"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    device_id: Mapped[int] = mapped_column(sa.ForeignKey("device.id"), index=True)
    inspection_id: Mapped[int | None] = mapped_column(sa.ForeignKey("inspection.id"), index=True)
    open_item_id: Mapped[int | None] = mapped_column(sa.ForeignKey("open_item.id"), default=None)
    recorded_on: Mapped[date]
    category: Mapped[str] = mapped_column(sa.String(16))
    item: Mapped[str | None] = mapped_column(sa.String(40), default=None)
    anomaly: Mapped[str] = mapped_column(sa.Text, default="")
    cause: Mapped[str] = mapped_column(sa.String(200), default="")
    action: Mapped[str] = mapped_column(sa.String(200), default="")
    part: Mapped[str] = mapped_column(sa.String(200), default="")
    result: Mapped[str] = mapped_column(sa.String(32), default="")
    recorded_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    case_id: Mapped[int | None] = mapped_column(sa.ForeignKey("service_case.id"), default=None)


class Photo(Base, Synced):
    """A photo: an expected slot from its inspection's manifest, filled when ``received_at`` is set.

    ``sha256`` and ``bytes`` are what the phone declared and what the stored object must equal.
    ``unreadable`` bytes equal it too, and are kept, but are no picture that can be shown.
    ``perceptual_hash`` is set with the re-encoded copies; ``reused_of`` is then the uid of the
    earlier photo of another inspection that this one repeats.
    """

    __tablename__ = "photo"
    __table_args__ = (
        sa.UniqueConstraint("contract_id", "uid"),
        sa.Index(
            "ix_photo_without_copies",
            "received_at",
            sqlite_where=sa.text("perceptual_hash = '' AND NOT unreadable"),
            postgresql_where=sa.text("perceptual_hash = '' AND NOT unreadable"),
        ),
        sa.Index(
            "ix_photo_returned",
            "contract_id",
            sqlite_where=sa.text("review = 'returned'"),
            postgresql_where=sa.text("review = 'returned'"),
        ),
        sa.CheckConstraint("review IN ('none', 'accepted', 'returned')", name="review"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    uid: Mapped[str] = mapped_column(sa.String(36))
    inspection_id: Mapped[int] = mapped_column(sa.ForeignKey("inspection.id"), index=True)
    item: Mapped[str | None] = mapped_column(sa.String(40), default=None)
    finding_uid: Mapped[str | None] = mapped_column(sa.String(36), default=None)
    open_item_number: Mapped[int | None] = mapped_column(default=None)
    position: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    bytes: Mapped[int]
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    device_taken_at: Mapped[datetime | None] = mapped_column(default=None)
    received_at: Mapped[datetime | None] = mapped_column(default=None)
    withdrawn: Mapped[bool] = mapped_column(default=False)
    content_type: Mapped[str] = mapped_column(sa.String(32), default="image/jpeg")
    unreadable: Mapped[bool] = mapped_column(default=False)
    perceptual_hash: Mapped[str] = mapped_column(sa.String(64), default="")
    reused_of: Mapped[str | None] = mapped_column(sa.String(36), default=None)
    review: Mapped[str] = mapped_column(sa.String(16), default="none")
    review_remark: Mapped[str] = mapped_column(sa.Text, default="")
    review_marks: Mapped[list[Any]] = mapped_column(default_factory=list)
    reviewed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
    reviewed_at: Mapped[datetime | None] = mapped_column(default=None)
