"""Reading what was told, and the mails that wait."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.notifications.mail import Outgoing
from webapp.notifications.models import Mail, Notification
from webapp.notifications.rules import unique_key


def waiting_mail(session: Session, mail_id: int) -> Outgoing | None:
    """A mail that waits to be sent; None when it is sent already, or given up."""
    row = session.execute(
        sa.select(
            Mail.id,
            Mail.contract_id,
            Mail.unique_key,
            Mail.to_address,
            Mail.to_name,
            Mail.subject,
            Mail.text,
            Mail.reply_to,
            Mail.link_for,
            Mail.created_at,
            Mail.useful_until,
            Mail.attempts,
        ).where(Mail.id == mail_id, Mail.state == "waiting")
    ).one_or_none()
    return Outgoing(**row._mapping) if row else None  # noqa: SLF001 - the documented way


def mail_of_key(session: Session, unique_key: str) -> Mail | None:
    """The mail of a key, to show whether it has gone out (``state``, ``sent_at``, ``last_error``)."""
    return session.scalar(sa.select(Mail).where(Mail.unique_key == unique_key))


def mails_to(session: Session, address: str, key_begins: str, since: datetime) -> int:
    """How many mails of a kind, by the beginning of their keys, one address got since then."""
    statement = sa.select(sa.func.count()).where(
        Mail.to_address == address,
        Mail.created_at > since,
        Mail.unique_key.startswith(key_begins, autoescape=True),
    )
    return session.scalar(statement) or 0


def told_of(session: Session, contract_id: int, keys: Collection[str]) -> set[str]:
    """Which of these keys somebody of the contract was told of."""
    stored = {unique_key(contract_id, key): key for key in keys}
    rows = session.scalars(
        sa.select(Notification.unique_key)
        .where(Notification.contract_id == contract_id, Notification.unique_key.in_(stored))
        .distinct()
    )
    return {stored[key] for key in rows}


def told_to(user_id: int, contract_ids: Collection[int]) -> sa.Select[Notification]:
    """What a person was told of the contracts that he still sees, the latest first."""
    return (
        sa.select(Notification)
        .where(Notification.user_id == user_id, Notification.contract_id.in_(contract_ids))
        .order_by(Notification.id.desc())
    )


def unread(session: Session, user_id: int, contract_ids: Collection[int]) -> int:
    """How much of it he has not read."""
    rows = told_to(user_id, contract_ids).where(Notification.read_at.is_(None)).order_by(None)
    return session.scalar(sa.select(sa.func.count()).select_from(rows.subquery())) or 0
