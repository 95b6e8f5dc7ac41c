"""Webhooks: where a contract's events are sent, what was sent, and each time that it was tried."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


class Webhook(Base):
    """An address that is told of a contract's events.

    The secret is derived from the server's own and ``salt``, and stored nowhere; after a renewal what
    ``previous_salt`` gives still signs for a day. ``off_reason`` says why it is switched off: ``by_hand``,
    ``failing`` for days, or ``gone``; ``rest_until`` spares an address that has just failed.
    """

    __tablename__ = "webhook"
    __table_args__ = (
        sa.CheckConstraint("off_reason IN ('', 'by_hand', 'failing', 'gone')", name="off_reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    address: Mapped[str] = mapped_column(sa.String(500))
    events: Mapped[list[Any]] = mapped_column(default_factory=list)
    salt: Mapped[str] = mapped_column(sa.String(64))
    previous_salt: Mapped[str] = mapped_column(sa.String(64), default="")
    renewed_at: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime]
    off_at: Mapped[datetime | None] = mapped_column(default=None)
    off_reason: Mapped[str] = mapped_column(sa.String(16), default="")
    failing_since: Mapped[datetime | None] = mapped_column(default=None)
    rest_until: Mapped[datetime | None] = mapped_column(default=None)


class WebhookDelivery(Base):
    """One event for one address, written with the event itself; ``body`` is the very text that is sent."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'given_up')", name="state"),
        sa.Index("ix_webhook_delivery_webhook_id_id", "webhook_id", "id"),
        sa.Index(
            "ix_webhook_delivery_waiting",
            "created_at",
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    webhook_id: Mapped[int] = mapped_column(sa.ForeignKey("webhook.id"))
    uid: Mapped[str] = mapped_column(sa.String(40), unique=True)
    event: Mapped[str] = mapped_column(sa.String(40))
    body: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(sa.String(16), default="waiting")


class WebhookAttempt(Base):
    """One try: ``status`` is the answer's, or ``reason`` says why there was none."""

    __tablename__ = "webhook_attempt"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    delivery_id: Mapped[int] = mapped_column(sa.ForeignKey("webhook_delivery.id"), index=True)
    at: Mapped[datetime]
    milliseconds: Mapped[int]
    status: Mapped[int | None] = mapped_column(default=None)
    reason: Mapped[str] = mapped_column(sa.String(20), default="")
    answer: Mapped[str] = mapped_column(sa.String(500), default="")
