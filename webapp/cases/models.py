"""The service desk: cases, what was done with them, and their clocks (clauses 7-14, 22-24, 32-48)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, Synced


class Case(Base, Synced):
    """One numbered matter of the service desk, of a kind of :mod:`webapp.cases.kinds`.

    ``number`` counts within contract and kind; with the kind's letter it is what people call it: F12.
    ``uid`` is made where the case was made, so that the same sent twice is one. ``opened_at`` is when it
    was made there, ``received_at`` when the server had it: clocks start at the first (clause 38).
    ``facts`` holds what opening and steps have settled, by field. ``reporter_name`` and ``reporter_contact``
    are of who has no account; ``token_hash`` is the hash of what he follows it by. ``level`` is 2 once it
    was handed to level-2 support (clause 2). ``parent_id`` is the case that it came of: a repair's fault.
    """

    __tablename__ = "service_case"
    __table_args__ = (
        sa.UniqueConstraint("contract_id", "kind", "number"),
        sa.UniqueConstraint("contract_id", "uid"),
        sa.Index("ix_service_case_state", "contract_id", "kind", "state"),
        sa.Index("ix_service_case_live", "contract_id", "live", "kind"),
        sa.Index(
            "ix_service_case_open_faults",
            "severity",
            sqlite_where=sa.text("live = 1 AND kind = 'fault'"),
            postgresql_where=sa.text("live AND kind = 'fault'"),
        ),
        sa.CheckConstraint("severity BETWEEN 1 AND 4", name="severity"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    uid: Mapped[str] = mapped_column(sa.String(36))
    kind: Mapped[str] = mapped_column(sa.String(16))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(sa.String(24))
    live: Mapped[bool] = mapped_column(default=True)
    severity: Mapped[int | None] = mapped_column(default=None)
    level: Mapped[int] = mapped_column(default=1)
    title: Mapped[str] = mapped_column(sa.String(200))
    text: Mapped[str] = mapped_column(sa.Text, default="")
    source: Mapped[str] = mapped_column(sa.String(16), default="desk")
    room_id: Mapped[int | None] = mapped_column(sa.ForeignKey("room.id"), default=None, index=True)
    device_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("device.id"), default=None, index=True
    )
    open_item_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("open_item.id"), default=None, index=True
    )
    parent_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("service_case.id"), default=None, index=True
    )
    opened_at: Mapped[datetime]
    received_at: Mapped[datetime]
    opened_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None, index=True)
    reporter_name: Mapped[str] = mapped_column(sa.String(80), default="")
    reporter_contact: Mapped[str] = mapped_column(sa.String(200), default="")
    token_hash: Mapped[str | None] = mapped_column(sa.String(64), default=None, unique=True)
    facts: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


class CaseEvent(Base):
    """One line of a case's timeline; append-only. ``step`` is one of its kind's, ``opened`` or ``note``.

    ``at`` is when it was done, ``received_at`` when the server had it. ``fields`` is what was given with
    it. ``internal`` lines are the provider's own.
    """

    __tablename__ = "case_event"
    __table_args__ = (
        sa.UniqueConstraint("contract_id", "uid"),
        # What somebody did on a day, for his service log.
        sa.Index("ix_case_event_author", "author_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("service_case.id"), index=True)
    uid: Mapped[str] = mapped_column(sa.String(36))
    step: Mapped[str] = mapped_column(sa.String(24))
    before: Mapped[str] = mapped_column(sa.String(24), default="")
    after: Mapped[str] = mapped_column(sa.String(24))
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
    author_name: Mapped[str] = mapped_column(sa.String(80), default="")
    text: Mapped[str] = mapped_column(sa.Text, default="")
    fields: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    internal: Mapped[bool] = mapped_column(default=False)


class CaseClock(Base):
    """One clock of a case (clauses 38-42, 48): what befell it, and how it stands.

    ``events`` is what :mod:`webapp.cases.clocks` folds; the other columns are what that gave, kept so
    that lists and the tick need not reckon. ``turn`` counts its runs: a reopened fault begins another.
    ``due_on`` is the local day that a term in days ends with, ``provisional`` while a year's holidays are
    not published. ``next_at`` is when it has something to say: a warning, its end, an escalation; null
    when it is at rest. What fell due up to ``told_at`` has been told.
    """

    __tablename__ = "case_clock"
    __table_args__ = (
        sa.UniqueConstraint("case_id", "name"),
        sa.Index("ix_case_clock_next", "next_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"), index=True)
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("service_case.id"))
    name: Mapped[str] = mapped_column(sa.String(24))
    turn: Mapped[int] = mapped_column(default=1)
    events: Mapped[list[Any]] = mapped_column(default_factory=list)
    state: Mapped[str] = mapped_column(sa.String(16), default="running")
    started_at: Mapped[datetime]
    due_at: Mapped[datetime | None] = mapped_column(default=None)
    due_on: Mapped[date | None] = mapped_column(default=None)
    provisional: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    next_at: Mapped[datetime | None] = mapped_column(default=None)
    told_at: Mapped[datetime | None] = mapped_column(default=None)


class CaseFile(Base):
    """A photo or document that belongs to a case; its bytes lie in the store under their SHA-256.

    It is expected until ``received_at`` is set. ``shown`` is marked for who reported the fault without an
    account; ``added_by_id`` is null for what he sent. ``copied`` once its re-encoded copies are made.
    """

    __tablename__ = "case_file"
    __table_args__ = (
        sa.UniqueConstraint("contract_id", "uid"),
        sa.Index("ix_case_file_sha256", "contract_id", "sha256"),
        sa.Index(
            "ix_case_file_without_copies",
            "received_at",
            sqlite_where=sa.text("NOT copied AND NOT unreadable"),
            postgresql_where=sa.text("NOT copied AND NOT unreadable"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("service_case.id"), index=True)
    event_id: Mapped[int | None] = mapped_column(sa.ForeignKey("case_event.id"), default=None)
    uid: Mapped[str] = mapped_column(sa.String(36))
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    content_type: Mapped[str] = mapped_column(sa.String(64))
    sha256: Mapped[str] = mapped_column(sa.String(64))
    bytes: Mapped[int]
    width: Mapped[int] = mapped_column(default=0, server_default="0")
    height: Mapped[int] = mapped_column(default=0, server_default="0")
    added_at: Mapped[datetime]
    received_at: Mapped[datetime | None] = mapped_column(default=None)
    shown: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    unreadable: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    copied: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    added_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)


class CaseReporter(Base):
    """Somebody without an account who told of a case and is answered by mail; ``event_id`` is his own line.

    ``address`` is in small letters; ``language`` (zh or en) is the one that he is written to in.
    """

    __tablename__ = "case_reporter"
    __table_args__ = (
        sa.UniqueConstraint("event_id"),
        sa.Index("ix_case_reporter_address", "address"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("service_case.id"), index=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("case_event.id"))
    address: Mapped[str] = mapped_column(sa.String(200))
    language: Mapped[str] = mapped_column(sa.String(8))
    added_at: Mapped[datetime]
