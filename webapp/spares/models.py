"""Spare parts, the movements of their stock, and loaners (clauses 32, 40-41)."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


class SparePart(Base):
    """One kind of spare part; ``threshold`` is the stock that it shall not fall below, in pieces."""

    __tablename__ = "spare_part"
    __table_args__ = (
        sa.UniqueConstraint("contract_id", "uid"),
        sa.CheckConstraint("threshold >= 0", name="threshold"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    uid: Mapped[str] = mapped_column(sa.String(36))
    name: Mapped[str] = mapped_column(sa.String(120))
    model: Mapped[str] = mapped_column(sa.String(120), default="")
    place: Mapped[str] = mapped_column(sa.String(120), default="")
    threshold: Mapped[int] = mapped_column(default=0)
    remark: Mapped[str] = mapped_column(sa.Text, default="")
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None] = mapped_column(default=None)


class StockMovement(Base):
    """One movement of a stock; append-only. ``change`` is in pieces, the stock is the sum of them.

    ``quantity`` is what was said: how many were moved, or how many were counted.
    """

    __tablename__ = "stock_movement"
    __table_args__ = (
        sa.UniqueConstraint("contract_id", "uid"),
        sa.CheckConstraint("stock >= 0", name="stock"),
        sa.CheckConstraint(
            "kind IN ('received', 'used', 'returned', 'lent', 'counted')", name="kind"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    uid: Mapped[str] = mapped_column(sa.String(36))
    part_id: Mapped[int] = mapped_column(sa.ForeignKey("spare_part.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(16))
    quantity: Mapped[int]
    change: Mapped[int]
    stock: Mapped[int]
    case_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("service_case.id"), default=None, index=True
    )
    device_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("device.id"), default=None, index=True
    )
    note: Mapped[str] = mapped_column(sa.Text, default="")
    moved_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    moved_at: Mapped[datetime]


class Loan(Base):
    """A loaner lent for a repair: what, since when, until when, and whether it is back.

    ``uid`` is that of the case's step that lent it. ``what`` is in words; a part of the stock or a device
    of the estate may stand behind it. ``due_on`` is moved by the client's consent alone (clause 40).
    """

    __tablename__ = "loan"
    __table_args__ = (
        sa.UniqueConstraint("contract_id", "uid"),
        sa.Index("ix_loan_out", "contract_id", "returned_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    uid: Mapped[str] = mapped_column(sa.String(36))
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("service_case.id"), index=True)
    what: Mapped[str] = mapped_column(sa.String(200))
    part_id: Mapped[int | None] = mapped_column(sa.ForeignKey("spare_part.id"), default=None)
    device_id: Mapped[int | None] = mapped_column(sa.ForeignKey("device.id"), default=None)
    lent_on: Mapped[date]
    due_on: Mapped[date | None] = mapped_column(default=None)
    lent_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
    consented_at: Mapped[datetime | None] = mapped_column(default=None)
    consented_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
    returned_on: Mapped[date | None] = mapped_column(default=None)
    returned_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
