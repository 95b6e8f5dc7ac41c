"""Periodic quality checks and the corrective actions that came of them (clause 28)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


class QualityCheck(Base):
    """A quality check: planned for a day and somebody, held, over when all its actions are.

    ``number`` counts within the contract. ``every_months`` is after how many months the next one is
    planned by itself, 0 for once. ``month`` is the month that it looked at; ``findings`` are
    ``{"target", "text", "threshold", "part", "whole", "percent"}``, as measured when it was held.
    """

    __tablename__ = "quality_check"
    __table_args__ = (
        sa.UniqueConstraint("contract_id", "uid"),
        sa.UniqueConstraint("contract_id", "number"),
        sa.Index("ix_quality_check_state", "contract_id", "state"),
        sa.CheckConstraint("state IN ('planned', 'acting', 'closed', 'cancelled')", name="state"),
        sa.CheckConstraint("every_months BETWEEN 0 AND 24", name="every_months"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    uid: Mapped[str] = mapped_column(sa.String(36))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(200))
    planned_on: Mapped[date]
    every_months: Mapped[int] = mapped_column(default=0)
    holder_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    planned_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    planned_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(sa.String(16), default="planned")
    held_on: Mapped[date | None] = mapped_column(default=None)
    held_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
    held_at: Mapped[datetime | None] = mapped_column(default=None)
    month: Mapped[str | None] = mapped_column(sa.String(7), default=None)
    findings: Mapped[list[Any]] = mapped_column(default_factory=list)
    conclusion: Mapped[str] = mapped_column(sa.Text, default="")


class QualityAction(Base):
    """What is to be corrected after a check, by whom, until when; ``result`` says what was done."""

    __tablename__ = "quality_action"
    __table_args__ = (sa.UniqueConstraint("contract_id", "uid"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    uid: Mapped[str] = mapped_column(sa.String(36))
    check_id: Mapped[int] = mapped_column(sa.ForeignKey("quality_check.id"), index=True)
    target: Mapped[str] = mapped_column(sa.String(24), default="")
    text: Mapped[str] = mapped_column(sa.String(1000))
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    due_on: Mapped[date]
    made_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    made_at: Mapped[datetime]
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    closed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
    result: Mapped[str] = mapped_column(sa.String(1000), default="")
