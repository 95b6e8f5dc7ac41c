"""Work after hours: who is planned for it, and the ledger of what was worked (clauses 23-24)."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


class PlannedWork(Base):
    """Somebody planned for a case after hours: from when to when, for what. ``withdrawn_at`` takes it back."""

    __tablename__ = "planned_work"
    __table_args__ = (
        sa.UniqueConstraint("contract_id", "uid"),
        sa.CheckConstraint("from_at < to_at", name="span"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    uid: Mapped[str] = mapped_column(sa.String(36))
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("service_case.id"), index=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    from_at: Mapped[datetime]
    to_at: Mapped[datetime]
    task: Mapped[str] = mapped_column(sa.String(200), default="")
    planned_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    planned_at: Mapped[datetime]
    withdrawn_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None)


class HoursEntry(Base):
    """One line of the ledger; append-only: a wrong one is voided by a second, never changed.

    ``number`` counts within the contract. ``half_hours`` is what :mod:`webapp.hours.rules` counted when
    it was logged, the same below zero on a line that voids another (``voids_id``); its ``note`` is the
    reason then. ``worked_on`` is the local day of the begin; ``year`` the contract year of it, a copy
    for sums that is reckoned again when the year's start is settled anew.
    """

    __tablename__ = "hours_entry"
    __table_args__ = (
        sa.UniqueConstraint("contract_id", "uid"),
        sa.UniqueConstraint("contract_id", "number"),
        sa.UniqueConstraint("voids_id"),
        sa.Index("ix_hours_entry_year", "contract_id", "year"),
        sa.Index("ix_hours_entry_person", "user_id", "began_at"),
        sa.CheckConstraint("began_at < ended_at", name="span"),
        sa.CheckConstraint("break_minutes >= 0", name="break"),
        sa.CheckConstraint(
            "(voids_id IS NULL AND half_hours > 0) OR (voids_id IS NOT NULL AND half_hours < 0)",
            name="sign",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    uid: Mapped[str] = mapped_column(sa.String(36))
    number: Mapped[int]
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("service_case.id"), index=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    break_minutes: Mapped[int] = mapped_column(default=0)
    half_hours: Mapped[int]
    worked_on: Mapped[date]
    year: Mapped[int]
    note: Mapped[str] = mapped_column(sa.Text, default="")
    voids_id: Mapped[int | None] = mapped_column(sa.ForeignKey("hours_entry.id"), default=None)
    logged_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    logged_at: Mapped[datetime]
