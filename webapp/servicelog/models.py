"""The service log (clause 14): what people wrote of their days, who signed them, and archived months."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


class LogEntry(Base):
    """One thing that somebody did on a day, in his own words; ``at`` is when, ``day`` where the contract is.

    ``uid`` is made where it was written, so that the same sent twice is one.
    """

    __tablename__ = "service_log_entry"
    __table_args__ = (
        sa.UniqueConstraint("contract_id", "uid"),
        sa.Index("ix_service_log_entry_day", "contract_id", "day", "user_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    uid: Mapped[str] = mapped_column(sa.String(36))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    day: Mapped[date]
    at: Mapped[datetime]
    room_id: Mapped[int | None] = mapped_column(sa.ForeignKey("room.id"), default=None)
    device_id: Mapped[int | None] = mapped_column(sa.ForeignKey("device.id"), default=None)
    case_id: Mapped[int | None] = mapped_column(sa.ForeignKey("service_case.id"), default=None)
    done: Mapped[str] = mapped_column(sa.Text)
    result: Mapped[str] = mapped_column(sa.Text, default="")
    written_at: Mapped[datetime]


class LogDay(Base):
    """A day that its person signed; while ``signed_at`` is null it was opened again.

    ``seen`` holds the marks of the system's lines as they were at the signing, so that what came later
    is known.
    """

    __tablename__ = "service_log_day"
    __table_args__ = (sa.UniqueConstraint("contract_id", "user_id", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    day: Mapped[date]
    remark: Mapped[str] = mapped_column(sa.Text, default="")
    signed_at: Mapped[datetime | None] = mapped_column(default=None)
    seen: Mapped[list[Any]] = mapped_column(default_factory=list)


class LogArchive(Base):
    """A month's log as it was archived (存案留底): frozen, numbered within its month from 1.

    ``content`` is what its files are made from, years later too; ``sha256`` is of its canonical JSON.
    """

    __tablename__ = "service_log_archive"
    __table_args__ = (sa.UniqueConstraint("contract_id", "month", "sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    month: Mapped[str] = mapped_column(sa.String(7))
    sequence: Mapped[int]
    content: Mapped[dict[str, Any]]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    archived_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    archived_at: Mapped[datetime]
