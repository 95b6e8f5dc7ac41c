"""What makes sync exact: operations and their answers, the quarantine, phones, and the epoch."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


class Operation(Base):
    """An operation that was received, with its answer: kept for ever, unique per contract."""

    __tablename__ = "operation"

    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"), primary_key=True)
    operation_id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    hash: Mapped[str] = mapped_column(sa.String(64))
    kind: Mapped[str] = mapped_column(sa.String(16))
    result: Mapped[str] = mapped_column(sa.String(16))
    code: Mapped[str] = mapped_column(sa.String(40), default="")
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    received_at: Mapped[datetime]


class Quarantined(Base):
    """An operation that could not be applied, word for word; never thrown away.

    ``state``: open (a supervisor looks), held (waits for what it amends), applied, dismissed.
    ``remark`` is why a supervisor dismissed it.
    """

    __tablename__ = "quarantined"
    __table_args__ = (
        sa.UniqueConstraint("contract_id", "operation_id", "hash"),
        sa.Index("ix_quarantined_state", "contract_id", "state"),
        sa.CheckConstraint("state IN ('open', 'held', 'applied', 'dismissed')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    operation_id: Mapped[str] = mapped_column(sa.String(36))
    hash: Mapped[str] = mapped_column(sa.String(64))
    kind: Mapped[str] = mapped_column(sa.String(16))
    version: Mapped[int]
    payload: Mapped[str] = mapped_column(sa.Text)
    inspection_uid: Mapped[str] = mapped_column(sa.String(36), default="", index=True)
    code: Mapped[str] = mapped_column(sa.String(40))
    details: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    state: Mapped[str] = mapped_column(sa.String(16), default="open")
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    clock_offset_seconds: Mapped[int] = mapped_column(default=0)
    received_at: Mapped[datetime]
    remark: Mapped[str] = mapped_column(sa.Text, default="")
    resolved_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
    resolved_at: Mapped[datetime | None] = mapped_column(default=None)


class KeptPhoto(Base):
    """A photo that an operation in quarantine names, and no record declares yet.

    It is taken like any other, and handed over to the record once it is applied; expected until
    ``received_at`` is set. ``operation_id`` and ``hash`` are its operation's in the quarantine.
    """

    __tablename__ = "kept_photo"
    __table_args__ = (
        sa.UniqueConstraint("contract_id", "uid"),
        sa.Index("ix_kept_photo_operation", "contract_id", "operation_id"),
        sa.Index("ix_kept_photo_sha256", "contract_id", "sha256"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    operation_id: Mapped[str] = mapped_column(sa.String(36))
    hash: Mapped[str] = mapped_column(sa.String(64))
    uid: Mapped[str] = mapped_column(sa.String(36))
    sha256: Mapped[str] = mapped_column(sa.String(64))
    bytes: Mapped[int]
    received_at: Mapped[datetime | None] = mapped_column(default=None)
    content_type: Mapped[str] = mapped_column(sa.String(64), default="", server_default="")
    unreadable: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    width: Mapped[int] = mapped_column(default=0, server_default="0")
    height: Mapped[int] = mapped_column(default=0, server_default="0")


class Phone(Base):
    """A phone as last heard of: who holds it, and what it said was still unsent.

    ``lost_photos`` of the unsent ones can't be sent by it any more. What the phone has not told (its
    app is of before, or its browser doesn't say) is empty or null.
    """

    __tablename__ = "phone"
    __table_args__ = (sa.UniqueConstraint("contract_id", "phone_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    phone_id: Mapped[str] = mapped_column(sa.String(64))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    unsent_records: Mapped[int] = mapped_column(default=0)
    unsent_photos: Mapped[int] = mapped_column(default=0)
    lost_photos: Mapped[int] = mapped_column(default=0)
    app_version: Mapped[str] = mapped_column(sa.String(40), default="")
    storage_used_bytes: Mapped[int | None] = mapped_column(sa.BigInteger, default=None)
    storage_quota_bytes: Mapped[int | None] = mapped_column(sa.BigInteger, default=None)
    storage_persisted: Mapped[bool | None] = mapped_column(default=None)
    clock_offset_seconds: Mapped[int] = mapped_column(default=0)
    last_seen_at: Mapped[datetime]


class Scan(Base):
    """A scan of a label: proof of presence, as far as a scan can prove it."""

    __tablename__ = "scan"
    __table_args__ = (sa.UniqueConstraint("contract_id", "uid"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    uid: Mapped[str] = mapped_column(sa.String(36))
    code: Mapped[str] = mapped_column(sa.String(16))
    device_id: Mapped[int | None] = mapped_column(sa.ForeignKey("device.id"), index=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    result: Mapped[str] = mapped_column(sa.String(16))
    device_scanned_at: Mapped[datetime | None] = mapped_column(default=None)
    received_at: Mapped[datetime]


class ServerState(Base):
    """Facts about this database itself; ``epoch`` changes when a backup is restored."""

    __tablename__ = "server_state"

    key: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    value: Mapped[str] = mapped_column(sa.String(200))
