"""The three-level acceptance: sign-offs, re-checks, and answers that were sent back (clause 30)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, Synced


class SignOff(Base, Synced):
    """One person's word on a room (self-check, peer check) or on the whole round (final acceptance).

    Append-only. ``content_sha256`` is the hash of the canonical form of what was signed; ``digests``
    holds, by task id, ``[inspection uid, revision, sha256]``, so that a later change can be named; the
    final acceptance holds each room's sha256 by its id instead. ``signed_seq`` is the contract's sequence
    at the signing: what has a lower one has not changed since. ``strokes`` is a signature drawn by hand,
    lists of ``[x, y]`` in shares of a 3:1 box (0..1); ``signed_name`` a name typed in its place. A change
    of the content voids it: ``voided_at`` and ``void_reason`` then tell what changed.
    """

    __tablename__ = "sign_off"
    __table_args__ = (
        sa.Index("ix_sign_off_round", "round_id", "level"),
        sa.UniqueConstraint("contract_id", "uid"),
        sa.CheckConstraint("level IN ('self_check', 'peer_check', 'final')", name="level"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    uid: Mapped[str] = mapped_column(sa.String(36))
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"))
    room_id: Mapped[int | None] = mapped_column(sa.ForeignKey("room.id"), default=None)
    level: Mapped[str] = mapped_column(sa.String(16))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    signed_at: Mapped[datetime]
    signed_seq: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    content_sha256: Mapped[str] = mapped_column(sa.String(64))
    digests: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    strokes: Mapped[list[Any]] = mapped_column(default_factory=list)
    signed_name: Mapped[str] = mapped_column(sa.String(80), default="")
    strictness: Mapped[str] = mapped_column(sa.String(16), default="three")
    remark: Mapped[str] = mapped_column(sa.Text, default="")
    voided_at: Mapped[datetime | None] = mapped_column(default=None)
    void_reason: Mapped[list[Any]] = mapped_column(default_factory=list)


class Recheck(Base):
    """A peer's second look at one inspection of the sample: confirmed, or returned (clause 45)."""

    __tablename__ = "recheck"
    __table_args__ = (sa.UniqueConstraint("inspection_id", "revision", "reviewer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    round_id: Mapped[int] = mapped_column(sa.ForeignKey("round.id"), index=True)
    task_id: Mapped[int] = mapped_column(sa.ForeignKey("round_task.id"), index=True)
    inspection_id: Mapped[int] = mapped_column(sa.ForeignKey("inspection.id"))
    revision: Mapped[int]
    reviewer_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    checked_at: Mapped[datetime]
    result: Mapped[str] = mapped_column(sa.String(16))
    remark: Mapped[str] = mapped_column(sa.Text, default="")


class ReturnedAnswer(Base, Synced):
    """One answer of an inspection that was sent back to its author, with words.

    ``item`` is null for the inspection as a whole. It is answered as soon as the inspection has a
    revision above ``revision``, and then waits for whoever sent it back to close it.
    """

    __tablename__ = "returned_answer"
    __table_args__ = (
        # At most one of an item is open. Nulls differ from each other, so the whole has its own index.
        sa.Index(
            "uq_returned_answer_item",
            "inspection_id",
            "item",
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        ),
        sa.Index(
            "uq_returned_answer_whole",
            "inspection_id",
            unique=True,
            sqlite_where=sa.text("state = 'open' AND item IS NULL"),
            postgresql_where=sa.text("state = 'open' AND item IS NULL"),
        ),
        sa.CheckConstraint("state IN ('open', 'closed', 'withdrawn')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    inspection_id: Mapped[int] = mapped_column(sa.ForeignKey("inspection.id"), index=True)
    item: Mapped[str | None] = mapped_column(sa.String(40), default=None)
    revision: Mapped[int]
    remark: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.String(16), default="open")
    returned_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    returned_at: Mapped[datetime]
    closed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
