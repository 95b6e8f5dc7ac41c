"""Absences with what was handed over, and manuals with who has read them (clauses 26 and 28)."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


class Absence(Base):
    """Somebody is away from ``from_on`` to ``to_on``, both included; null: nobody knows when he is back."""

    __tablename__ = "absence"
    __table_args__ = (
        sa.UniqueConstraint("contract_id", "uid"),
        sa.CheckConstraint(
            "reason IN ('leave', 'sick', 'training', 'departure', 'other')", name="reason"
        ),
        sa.CheckConstraint("to_on IS NULL OR to_on >= from_on", name="days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"), index=True)
    uid: Mapped[str] = mapped_column(sa.String(36))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    from_on: Mapped[date]
    to_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(sa.String(16))
    text: Mapped[str] = mapped_column(sa.String(200), default="")
    stand_in_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    entered_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    entered_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None] = mapped_column(default=None)


class HandedOver(Base):
    """One room of a round, or one case, that a stand-in was given; ``returned_at`` is when that ended."""

    __tablename__ = "absence_handed_over"
    __table_args__ = (
        sa.CheckConstraint("(case_id IS NULL) = (round_room_id IS NOT NULL)", name="one_thing"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    absence_id: Mapped[int] = mapped_column(sa.ForeignKey("absence.id"), index=True)
    round_room_id: Mapped[int | None] = mapped_column(sa.ForeignKey("round_room.id"), default=None)
    case_id: Mapped[int | None] = mapped_column(sa.ForeignKey("service_case.id"), default=None)
    to_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    handed_at: Mapped[datetime]
    returned_at: Mapped[datetime | None] = mapped_column(default=None)


class Manual(Base):
    """A work manual or a set of safety measures; its text lies in its versions."""

    __tablename__ = "manual"
    __table_args__ = (
        sa.UniqueConstraint("contract_id", "uid"),
        sa.CheckConstraint("kind IN ('manual', 'safety')", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    uid: Mapped[str] = mapped_column(sa.String(36))
    kind: Mapped[str] = mapped_column(sa.String(16))
    title: Mapped[str] = mapped_column(sa.String(200))


class ManualVersion(Base):
    """A version of a manual as a file; it counts once ``approved_at`` is set, and never changes."""

    __tablename__ = "manual_version"
    __table_args__ = (sa.UniqueConstraint("manual_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    manual_id: Mapped[int] = mapped_column(sa.ForeignKey("manual.id"))
    number: Mapped[int]
    file_name: Mapped[str] = mapped_column(sa.String(200))
    content_type: Mapped[str] = mapped_column(sa.String(100))
    sha256: Mapped[str] = mapped_column(sa.String(64))
    bytes: Mapped[int]
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    brought_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    brought_at: Mapped[datetime]
    approved_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
    approved_at: Mapped[datetime | None] = mapped_column(default=None)


class ManualReading(Base):
    """Somebody has read a version and understood it."""

    __tablename__ = "manual_reading"
    __table_args__ = (sa.UniqueConstraint("version_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("manual_version.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    at: Mapped[datetime]
