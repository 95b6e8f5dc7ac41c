"""The estate: buildings, rooms (with their floor), devices, and the labels on them (clauses 15-16)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, Synced


class Building(Base, Synced):
    """A building of the client's."""

    __tablename__ = "building"
    __table_args__ = (sa.UniqueConstraint("contract_id", "name_zh"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    name_zh: Mapped[str] = mapped_column(sa.String(120))
    name_en: Mapped[str] = mapped_column(sa.String(120), default="")
    position: Mapped[int] = mapped_column(default=0)


class Room(Base, Synced):
    """A meeting room; a floor is the text that it stands on, such as ``B1`` or ``12F``."""

    __tablename__ = "room"
    __table_args__ = (sa.UniqueConstraint("building_id", "floor", "name_zh"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"), index=True)
    building_id: Mapped[int] = mapped_column(sa.ForeignKey("building.id"))
    floor: Mapped[str] = mapped_column(sa.String(20), default="")
    name_zh: Mapped[str] = mapped_column(sa.String(120))
    name_en: Mapped[str] = mapped_column(sa.String(120), default="")
    retired_at: Mapped[datetime | None] = mapped_column(default=None)


class Device(Base, Synced):
    """One device of the asset register; ``register`` holds the fields that checklists compare with.

    ``replaces_id`` is the device that stood here before it and was replaced by it (clause 35).
    """

    __tablename__ = "device"
    __table_args__ = (
        sa.Index(
            "uq_device_asset_number",
            "contract_id",
            "asset_number",
            unique=True,
            sqlite_where=sa.text("asset_number <> ''"),
            postgresql_where=sa.text("asset_number <> ''"),
        ),
        sa.Index("ix_device_contract_id_serial", "contract_id", "serial"),
        sa.CheckConstraint("quantity >= 0", name="quantity_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"), index=True)
    room_id: Mapped[int] = mapped_column(sa.ForeignKey("room.id"), index=True)
    type: Mapped[str] = mapped_column(sa.String(32))
    name: Mapped[str] = mapped_column(sa.String(200))
    maker: Mapped[str] = mapped_column(sa.String(120), default="")
    model: Mapped[str] = mapped_column(sa.String(120), default="")
    serial: Mapped[str] = mapped_column(sa.String(120), default="")
    asset_number: Mapped[str] = mapped_column(sa.String(120), default="")
    ip: Mapped[str] = mapped_column(sa.String(64), default="")
    firmware: Mapped[str] = mapped_column(sa.String(120), default="")
    in_service_on: Mapped[date | None] = mapped_column(default=None)
    warranty_until: Mapped[date | None] = mapped_column(default=None)
    quantity: Mapped[int] = mapped_column(default=1)
    register: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    remark: Mapped[str] = mapped_column(sa.String(2000), default="")
    retired_at: Mapped[datetime | None] = mapped_column(default=None)
    replaces_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("device.id"), default=None, index=True
    )


class Label(Base, Synced):
    """A printed code; it can be revoked and relinked, and its code is never given out again."""

    __tablename__ = "label"
    __table_args__ = (
        sa.Index(
            "uq_label_active_device",
            "device_id",
            unique=True,
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"), index=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True)
    device_id: Mapped[int | None] = mapped_column(sa.ForeignKey("device.id"), index=True)
    made_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
