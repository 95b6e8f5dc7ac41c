"""Documents that are made in the background, and reports that were issued (clauses 3, 21 and 44)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base
from webapp.openings import Opened


class Document(Base):
    """A document asked for: monthly report, check sheets, a device record or a quote, made by a job.

    ``kind`` is report, check_sheets, device_record, service_log or quote; ``format`` pdf, xlsx or docx;
    ``language`` zh,
    en or both. ``step`` and ``done`` of ``total`` are its progress. The file lies in the object store
    under ``object_key``. ``report_id`` names the issued report whose frozen data it shows, ``archive_id``
    the archived month of the service log; ``month`` and ``user_id`` are of a log that is not archived.
    """

    __tablename__ = "document"
    __table_args__ = (
        sa.CheckConstraint("state IN ('queued', 'making', 'ready', 'failed')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(16))
    format: Mapped[str] = mapped_column(sa.String(8))
    language: Mapped[str] = mapped_column(sa.String(8))
    round_id: Mapped[int | None] = mapped_column(sa.ForeignKey("round.id"), default=None)
    room_id: Mapped[int | None] = mapped_column(sa.ForeignKey("room.id"), default=None)
    device_id: Mapped[int | None] = mapped_column(sa.ForeignKey("device.id"), default=None)
    report_id: Mapped[int | None] = mapped_column(sa.ForeignKey("report.id"), default=None)
    month: Mapped[str | None] = mapped_column(sa.String(7), default=None)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
    archive_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("service_log_archive.id"), default=None
    )
    quote_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("quote.id"), default=None, index=True
    )
    state: Mapped[str] = mapped_column(sa.String(16), default="queued")
    step: Mapped[str] = mapped_column(sa.String(32), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(sa.String(200), default="")
    object_key: Mapped[str] = mapped_column(sa.String(200), default="")
    sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    bytes: Mapped[int] = mapped_column(default=0)
    pages: Mapped[int] = mapped_column(default=0)
    content_seq: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None] = mapped_column(default=None)


class Report(Opened, Base):
    """A monthly report as it was issued: numbered, frozen, hashed; or a correction of one.

    ``data_key`` is the canonical JSON that every file of it is made from, in the object store, with
    its SHA-256. ``sequence`` is 0 for the report, 1 and on for its corrections; ``changes`` tells what
    a correction changed.
    """

    __tablename__ = "report"
    __table_args__ = (
        sa.UniqueConstraint("contract_id", "number"),
        sa.UniqueConstraint("round_id", "sequence"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    number: Mapped[str] = mapped_column(sa.String(64))
    sequence: Mapped[int] = mapped_column(default=0)
    language: Mapped[str] = mapped_column(sa.String(8))
    data_key: Mapped[str] = mapped_column(sa.String(200))
    data_sha256: Mapped[str] = mapped_column(sa.String(64))
    changes: Mapped[list[Any]] = mapped_column(default_factory=list)
    remark: Mapped[str] = mapped_column(sa.Text, default="")
    issued_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    issued_at: Mapped[datetime]
    sent_at: Mapped[datetime | None] = mapped_column(default=None)
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)


class ReportAnswer(Base):
    """The client's word on an issued report: a confirmation (客户确认) or a comment.

    ``via`` is link or account; ``name`` is who said so, in his own words, when it came by the link.
    """

    __tablename__ = "report_answer"
    __table_args__ = (sa.CheckConstraint("kind IN ('confirmed', 'comment')", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    report_id: Mapped[int] = mapped_column(sa.ForeignKey("report.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(16))
    name: Mapped[str] = mapped_column(sa.String(80))
    text: Mapped[str] = mapped_column(sa.Text, default="")
    via: Mapped[str] = mapped_column(sa.String(16))
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
    address: Mapped[str] = mapped_column(sa.String(64), default="")
    answered_at: Mapped[datetime]
