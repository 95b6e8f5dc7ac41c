"""Firmware baselines, and which devices an upgrade is of (clause 11)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


class FirmwareBaseline(Base):
    """The version that every device of a model is to run; what it runs stands in the register."""

    __tablename__ = "firmware_baseline"
    __table_args__ = (sa.UniqueConstraint("contract_id", "maker", "model"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    maker: Mapped[str] = mapped_column(sa.String(120))
    model: Mapped[str] = mapped_column(sa.String(120))
    version: Mapped[str] = mapped_column(sa.String(120))
    note: Mapped[str] = mapped_column(sa.String(500), default="")
    set_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    set_at: Mapped[datetime]


class UpgradeDevice(Base):
    """A device of an upgrade: what it ran ``before``, and how it went.

    ``state``: ``planned``; ``done`` (the register has the new version); ``failed``, with the reason;
    ``restored`` (it was done, and the register has the version of before again).
    """

    __tablename__ = "upgrade_device"
    __table_args__ = (
        sa.UniqueConstraint("case_id", "device_id"),
        sa.CheckConstraint("state IN ('planned', 'done', 'failed', 'restored')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("service_case.id"))
    device_id: Mapped[int] = mapped_column(sa.ForeignKey("device.id"), index=True)
    before: Mapped[str] = mapped_column(sa.String(120))
    state: Mapped[str] = mapped_column(sa.String(16), default="planned")
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    settled_at: Mapped[datetime | None] = mapped_column(default=None)
    settled_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
