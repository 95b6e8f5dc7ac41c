"""Reading what was told, and the mails that wait."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.notifications.mail import Outgoing
from webapp.notifications.models import Mail


def waiting_mail(session: Session, mail_id: int) -> Outgoing | None:
    """A mail that waits to be sent; None when it is sent already, or given up."""
    row = session.execute(
        sa.select(
            Mail.id,
            Mail.unique_key,
            Mail.to_address,
            Mail.to_name,
            Mail.subject,
            Mail.text,
            Mail.reply_to,
            Mail.created_at,
            Mail.useful_until,
            Mail.attempts,
        ).where(Mail.id == mail_id, Mail.state == "waiting")
    ).one_or_none()
    return Outgoing(**row._mapping) if row else None  # noqa: SLF001 - the documented way


def mail_of_key(session: Session, unique_key: str) -> Mail | None:
    """The mail of a key, to show whether it has gone out (``state``, ``sent_at``, ``last_error``)."""
    return session.scalar(sa.select(Mail).where(Mail.unique_key == unique_key))
