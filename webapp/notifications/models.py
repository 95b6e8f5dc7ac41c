"""What people are told, in the app and by e-mail: rows written with the change that they tell of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


class Notification(Base):
    """A line for one person in the app; ``unique_key`` keeps the same from being told twice.

    ``kind`` is a key of the catalogues with ``details`` as its parameters; ``path`` is the screen
    that it leads to. ``escalated`` marks what was told to somebody because another did not act;
    ``for_digest`` waits for his next digest.
    """

    __tablename__ = "notification"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "unique_key"),
        sa.Index("ix_notification_for_digest", "for_digest", "contract_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"), index=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    kind: Mapped[str] = mapped_column(sa.String(40))
    details: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    path: Mapped[str] = mapped_column(sa.String(200), default="")
    escalated: Mapped[bool] = mapped_column(default=False)
    for_digest: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    unique_key: Mapped[str] = mapped_column(sa.String(120))
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None] = mapped_column(default=None)


class Mail(Base):
    """An e-mail, waiting to be sent or sent; ``unique_key`` keeps it from being sent twice.

    ``text`` is plain text; ``{here}`` in it stands for the server's address. What is still waiting
    after ``useful_until`` has lapsed and is not sent any more: a reminder of last week helps nobody.
    ``link_for`` (``fault:12``) is what ``{link}`` in the text leads to: the link is signed when the mail
    is sent, and stands in no row.
    """

    __tablename__ = "mail"
    __table_args__ = (
        sa.Index("ix_mail_to_address", "to_address", "created_at"),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed', 'lapsed')", name="state"),
        sa.Index(
            "ix_mail_waiting",
            "created_at",
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contract.id"), default=None)
    unique_key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    to_address: Mapped[str] = mapped_column(sa.String(200))
    to_name: Mapped[str] = mapped_column(sa.String(80), default="")
    subject: Mapped[str] = mapped_column(sa.String(300))
    text: Mapped[str] = mapped_column(sa.Text)
    reply_to: Mapped[str] = mapped_column(sa.String(200), default="")
    link_for: Mapped[str] = mapped_column(sa.String(40), default="", server_default="")
    useful_until: Mapped[datetime | None] = mapped_column(default=None)
    state: Mapped[str] = mapped_column(sa.String(16), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(sa.String(300), default="")
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None] = mapped_column(default=None)


class NoticeChoice(Base):
    """How a person wants to hear of what he is told; who has no row has chosen nothing.

    ``mail`` is ``now``, ``digest`` or ``off`` and ``push`` true or false by group; ``quiet_from`` and
    ``quiet_to`` are local times ``HH:MM``; ``digest_weekday`` 0 is Monday.
    """

    __tablename__ = "notice_choice"
    __table_args__ = (
        sa.CheckConstraint("digest_every IN ('day', 'week')", name="digest_every"),
        sa.CheckConstraint("digest_weekday BETWEEN 0 AND 6", name="digest_weekday"),
        sa.CheckConstraint("digest_hour BETWEEN 0 AND 23", name="digest_hour"),
    )

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), primary_key=True)
    mail: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    push: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    quiet_from: Mapped[str | None] = mapped_column(sa.String(5), default=None)
    quiet_to: Mapped[str | None] = mapped_column(sa.String(5), default=None)
    urgent_through: Mapped[bool] = mapped_column(default=True)
    digest_every: Mapped[str] = mapped_column(sa.String(8), default="day")
    digest_weekday: Mapped[int] = mapped_column(default=0)
    digest_hour: Mapped[int] = mapped_column(default=8)
    changed_at: Mapped[datetime]


class PushSubscription(Base):
    """A browser that takes part in pushes, of one session: it ends with it.

    ``endpoint`` is where its push service listens; ``p256dh`` and ``auth`` are the browser's public key
    and secret, base64url. ``last_error`` is why the last push did not get there.
    """

    __tablename__ = "push_subscription"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("user_session.id"), index=True)
    endpoint: Mapped[str] = mapped_column(sa.String(1000), unique=True)
    p256dh: Mapped[str] = mapped_column(sa.String(100))
    auth: Mapped[str] = mapped_column(sa.String(40))
    created_at: Mapped[datetime]
    last_sent_at: Mapped[datetime | None] = mapped_column(default=None)
    last_error: Mapped[str] = mapped_column(sa.String(300), default="")


class PushDelivery(Base):
    """One notice on its way to one browser: once, however often it is tried."""

    __tablename__ = "push_delivery"
    __table_args__ = (
        sa.UniqueConstraint("notification_id", "subscription_id"),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed', 'lapsed')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    notification_id: Mapped[int] = mapped_column(sa.ForeignKey("notification.id"))
    subscription_id: Mapped[int] = mapped_column(
        sa.ForeignKey("push_subscription.id", ondelete="CASCADE"), index=True
    )
    state: Mapped[str] = mapped_column(sa.String(16), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(sa.String(300), default="")
    sent_at: Mapped[datetime | None] = mapped_column(default=None)
