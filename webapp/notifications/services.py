"""Telling people: a line in the app, and a mail, written with the change that they tell of."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from webapp import jobs
from webapp.errors import AppError
from webapp.notifications import pushes
from webapp.notifications.choosing import plan
from webapp.notifications.models import Mail, Notification
from webapp.notifications.rules import (
    MAXIMUM_SUBJECT,
    Recipient,
    is_address,
    one_line,
    unique_key,
)
from webapp.notifications.sentences import sentence
from webapp.notifications.words import Message, notice

SEND_MAIL = "send_mail"


def mail(
    session: Session,
    to: str,
    subject: str,
    text: str,
    key: str,
    *,
    now: datetime,
    to_name: str = "",
    reply_to: str = "",
    link_for: str = "",
    contract_id: int | None = None,
    useful_for: timedelta | None = None,
    send_at: datetime | None = None,
) -> bool:
    """Have an e-mail sent once this transaction is committed; a mail of this key only once for ever.

    :param text: plain text; ``{here}`` in it becomes the server's address (``BASE_URL``)
    :param link_for: what ``{link}`` in the text leads to, see :func:`webapp.links.path_for`
    :param key: unique to the server, at most 120 characters, see :func:`webapp.notifications.rules.unique_key`
    :param useful_for: after so long it isn't sent any more; without it, it waits for its server for ever
    :param send_at: no sooner than then, such as after somebody's quiet hours; without it, at once
    :returns: whether it is a new one
    :raise AppError: ``address_invalid``
    """
    if not is_address(to) or (reply_to and not is_address(reply_to)):
        raise AppError("address_invalid")
    values = {
        "contract_id": contract_id,
        "unique_key": key,
        "to_address": to,
        "to_name": one_line(to_name, 80),
        "subject": one_line(subject, MAXIMUM_SUBJECT),
        "text": text,
        "reply_to": reply_to,
        "link_for": link_for,
        "useful_until": (send_at or now) + useful_for if useful_for else None,
        "state": "waiting",
        "attempts": 0,
        "last_error": "",
        "created_at": now,
    }
    mail_id = insert_once(session, Mail, values)
    if mail_id is None:
        return False
    jobs.enqueue(session, SEND_MAIL, {"mail_id": mail_id}, now=send_at or now)
    return True


def tell(
    session: Session,
    to: Recipient,
    *,
    contract_id: int,
    kind: str,
    details: dict[str, Any],
    path: str,
    key: str,
    now: datetime,
    escalated: bool = False,
    urgent: bool = False,
    message: Message | None = None,
    useful_for: timedelta | None = None,
) -> bool:
    """Tell one person something, once: THE way that every notice goes.

    The app has it in any case; whether and when he is mailed and pushed to is his own choice, by
    :func:`webapp.notifications.choosing.plan`. A person without an address that can be written to gets no mail.

    :param kind: ``notify.<kind>`` in the client's catalogues, with ``details`` as its parameters
    :param path: the screen that the line leads to
    :param key: what is told, unique to person and contract: the same is told once for ever
    :param urgent: a fault of severity 1: goes through his quiet hours where he lets it, and into no digest
    :param message: the mail's own words; without them it says the notice's sentence
    :returns: whether it is new to him
    """
    way = plan(kind, to.choice, now, to.zone, urgent=urgent)
    can_mail = is_address(to.email)
    values = {
        "contract_id": contract_id,
        "user_id": to.user_id,
        "kind": kind,
        "details": details,
        "path": path,
        "escalated": escalated,
        "for_digest": way.digest and can_mail,
        "unique_key": unique_key(contract_id, key),
        "created_at": now,
        "read_at": None,
    }
    notification_id = insert_once(session, Notification, values)
    if notification_id is None:
        return False
    if way.push_at is not None and to.has_push:
        pushes.push(session, to.user_id, notification_id, way.push_at, urgent=urgent)
    if way.mail_at is not None and can_mail:
        words = message or _plain(kind, details, to, path)
        mail(
            session,
            to.email,
            words.subject,
            words.text,
            unique_key("tell", contract_id, to.user_id, key),
            now=now,
            to_name=to.name,
            contract_id=contract_id,
            useful_for=useful_for,
            send_at=way.mail_at,
        )
    return True


def in_contract(path: str, code: str) -> str:
    """A notice's path, with the contract that it is of: who follows it may have another before him."""
    if "contract=" in path:
        return path
    return f"{path}{'&' if '?' in path else '?'}contract={code}"


def _plain(kind: str, details: dict[str, Any], to: Recipient, path: str) -> Message:
    said = sentence(kind, details, to.reads)
    return notice(said, to.contract, name=to.name, path=path, language=to.reads)


def mark_read(session: Session, user_id: int, now: datetime, *, up_to: int) -> None:
    """Mark as read all that a person was told up to the line of that id: a later one stays unread."""
    session.execute(
        sa.update(Notification)
        .where(
            Notification.user_id == user_id,
            Notification.id <= up_to,
            Notification.read_at.is_(None),
        )
        .values(read_at=now)
    )


def mark_one_read(session: Session, user_id: int, notification_id: int, now: datetime) -> None:
    """Mark one line as read. :raise AppError: ``not_found`` when it is not the person's own"""
    row = session.get(Notification, notification_id)
    if row is None or row.user_id != user_id:
        raise AppError("not_found")
    row.read_at = row.read_at or now


def insert_once(session: Session, model: type[Any], values: dict[str, Any]) -> int | None:
    """Insert a row unless its unique key is there already; its id, or None. Two may try at once."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(model).values(values).on_conflict_do_nothing()
    return session.execute(statement.returning(model.id)).scalar_one_or_none()


def retry_mail(session: Session, contract_id: int, mail_id: int, now: datetime) -> str:
    """Have a mail sent again that was refused or has lapsed; the state that it was in.

    :raise AppError: ``not_found``; ``conflict`` when it was sent, or still waits
    """
    row = session.get(Mail, mail_id, with_for_update=True)
    if row is None or row.contract_id != contract_id:
        raise AppError("not_found")
    before = row.state
    if before not in ("failed", "lapsed"):
        raise AppError("conflict")
    row.state, row.useful_until = "waiting", None
    jobs.enqueue(session, SEND_MAIL, {"mail_id": mail_id}, now=now)
    return before


def note_sent(session: Session, mail_id: int, now: datetime) -> None:
    """The server, or the folder, has the mail."""
    _note(session, mail_id, state="sent", sent_at=now, last_error="")


def note_not_sent(session: Session, mail_id: int, state: str, error: str) -> None:
    """It was tried and not taken: still ``waiting``, or ``failed`` or ``lapsed`` for good."""
    _note(session, mail_id, state=state, last_error=one_line(error, 300))


def _note(session: Session, mail_id: int, **values: Any) -> None:
    session.execute(
        sa.update(Mail)
        .where(Mail.id == mail_id, Mail.state == "waiting")
        .values(attempts=Mail.attempts + 1, **values)
    )
