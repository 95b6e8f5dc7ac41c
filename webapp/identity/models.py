"""People, contracts, who belongs to which, and their sessions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, Synced


class User(Base):
    """A person; what he may do stands in his memberships (clauses 25-26)."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    login: Mapped[str] = mapped_column(sa.String(80), unique=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    name_en: Mapped[str] = mapped_column(sa.String(80), default="")
    phone: Mapped[str] = mapped_column(sa.String(40), default="")
    email: Mapped[str] = mapped_column(sa.String(200), default="")
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    language: Mapped[str] = mapped_column(sa.String(8), default="zh")
    is_admin: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None] = mapped_column(default=None)


class Contract(Base, Synced):
    """One service contract; everything below belongs to exactly one.

    ``due_day`` is the day of the month, ``time_zone`` its place (clause 21 ∆); ``anchor_month``
    (``YYYY-MM``) is the month that quarterly and yearly items are counted from. ``head_seq`` is the
    sequence that phones pull by; ``next_open_item_number`` gives open items their number for life.
    """

    __tablename__ = "contract"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    code: Mapped[str] = mapped_column(sa.String(32), unique=True)
    name_zh: Mapped[str] = mapped_column(sa.String(200))
    name_en: Mapped[str] = mapped_column(sa.String(200), default="")
    client_zh: Mapped[str] = mapped_column(sa.String(200), default="")
    client_en: Mapped[str] = mapped_column(sa.String(200), default="")
    time_zone: Mapped[str] = mapped_column(sa.String(64), default="Asia/Shanghai")
    due_day: Mapped[int] = mapped_column(default=10)
    opens_day: Mapped[int | None] = mapped_column(default=None)
    anchor_month: Mapped[str] = mapped_column(sa.String(7))
    starts_on: Mapped[date | None] = mapped_column(default=None)
    ends_on: Mapped[date | None] = mapped_column(default=None)
    settings: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    head_seq: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    next_open_item_number: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]

    @property
    def contract_id(self) -> int:
        """Its own id, so that a contract is numbered like the rows that belong to it."""
        return self.id


class Membership(Base, Synced):
    """A person's role in a contract; ``left_at`` ends it without forgetting who he was."""

    __tablename__ = "membership"
    __table_args__ = (sa.UniqueConstraint("contract_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    role: Mapped[str] = mapped_column(sa.String(32))
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None] = mapped_column(default=None)


class UserSession(Base):
    """One sign-in on one device; revocable, and listed to its owner."""

    __tablename__ = "user_session"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    device_name: Mapped[str] = mapped_column(sa.String(120), default="")
    address: Mapped[str] = mapped_column(sa.String(64), default="")
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class ApiToken(Base):
    """What a program signs in with for a person; ``prefix`` is shown, the rest only its hash knows.

    ``scopes`` are of :data:`webapp.identity.token_rules.SCOPES`; without ``contract_id`` it reaches all
    contracts of its maker.
    """

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    contract_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contract.id"), default=None)
    name: Mapped[str] = mapped_column(sa.String(80))
    prefix: Mapped[str] = mapped_column(sa.String(16))
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    scopes: Mapped[list[Any]] = mapped_column(default_factory=list)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class ExternalIdentity(Base):
    """An account of an OpenID Connect issuer that a person signs in with."""

    __tablename__ = "external_identity"
    __table_args__ = (
        sa.UniqueConstraint("issuer", "subject"),
        sa.UniqueConstraint("issuer", "user_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    issuer: Mapped[str] = mapped_column(sa.String(300))
    subject: Mapped[str] = mapped_column(sa.String(255))
    bound_at: Mapped[datetime]


class Passkey(Base):
    """A key on a person's own device that he signs in with; ``sign_count`` never goes back."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(sa.LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(sa.LargeBinary)
    sign_count: Mapped[int] = mapped_column(sa.BigInteger)
    transports: Mapped[list[Any]] = mapped_column(default_factory=list)
    name: Mapped[str] = mapped_column(sa.String(120))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None] = mapped_column(default=None)
