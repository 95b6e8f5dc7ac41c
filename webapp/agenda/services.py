"""Giving a person's calendar an address, renewing it, taking it back."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy.orm import Session

from webapp.agenda.models import CalendarFeed
from webapp.audit import services as audit
from webapp.errors import AppError
from webapp.identity.models import User

LONGEST_TOKEN = 100


def feed_of(session: Session, user_id: int) -> CalendarFeed | None:
    """The person's calendar, if it has an address now."""
    return session.scalar(
        sa.select(CalendarFeed).where(
            CalendarFeed.user_id == user_id, CalendarFeed.off_at.is_(None)
        )
    )


def renew_feed(session: Session, user_id: int, now: datetime) -> CalendarFeed:
    """Give the person's calendar a new address; the one before leads nowhere from now on."""
    # Pressed twice, the second waits for the first.
    session.execute(sa.select(User.id).where(User.id == user_id).with_for_update())
    row = session.scalar(sa.select(CalendarFeed).where(CalendarFeed.user_id == user_id))
    if row is None:
        row = CalendarFeed(user_id=user_id, made_at=now)
        session.add(row)
        session.flush()  # the audit row names the id
        diff: dict[str, object] = {"version": [None, 1]}
    else:
        diff = {"version": [row.version, row.version + 1]}
        row.version, row.made_at, row.off_at = row.version + 1, now, None
    _audit(session, row, "renew", diff, now)
    return row


def end_feed(session: Session, user_id: int, now: datetime) -> None:
    """Take the address back. :raise AppError: ``not_found``"""
    row = feed_of(session, user_id)
    if row is None:
        raise AppError("not_found")
    row.off_at = now
    _audit(session, row, "end", {"off_at": [None, now.isoformat()]}, now)


def token_of(secret_key: str, row: CalendarFeed) -> str:
    """What makes the address."""
    return _signer(secret_key).dumps([row.user_id, row.version])


def owner_of(session: Session, secret_key: str, token: str) -> User:
    """Whose calendar an address shows. :raise AppError: ``link_invalid``"""
    try:
        if len(token) > LONGEST_TOKEN:
            raise BadData("too long")
        user_id, version = _signer(secret_key).loads(token)
    except (BadData, TypeError, ValueError) as error:
        raise AppError("link_invalid") from error
    row = feed_of(session, user_id)
    user = session.get(User, user_id)
    if row is None or row.version != version or user is None or user.disabled_at is not None:
        raise AppError("link_invalid")
    return user


def _signer(secret_key: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret_key, salt="roundbook.calendar")


def _audit(
    session: Session, row: CalendarFeed, action: str, diff: dict[str, object], now: datetime
) -> None:
    audit.record(
        session,
        at=now,
        user_id=row.user_id,
        contract_id=None,
        action=action,
        entity="calendar_feed",
        entity_id=row.id,
        diff=diff,
    )
