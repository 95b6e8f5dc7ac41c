"""The job that takes mails in: read and looked at outside any transaction, one after the other.

One mail that breaks something keeps no other from being taken.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from flask import current_app
from sqlalchemy.exc import OperationalError

from webapp import jobs, log, renditions
from webapp.cases.files import MOST_OF_A_REPORTER
from webapp.db import db, now_utc, unit_of_work
from webapp.errors import AppError
from webapp.inbox import services
from webapp.inbox.applying import Photo
from webapp.inbox.matching import match
from webapp.inbox.message import Incoming, UnreadableError, read
from webapp.jobs import TryLater, handles
from webapp.mailboxes import Mailbox, MailboxError
from webapp.notifications.mail import Sender
from webapp.pictures import examine
from webapp.storage import object_store, photo_key

RECEIVE_MAIL = "receive_mail"
REST = timedelta(minutes=2)
# What is smaller both ways is a signature's logo, and shows no fault.
SMALLEST_SIDE = 200
_ROOT = uuid.UUID("3f1e8a34-6c7b-5b19-8c5e-756e72656164")


def look_for_mail(now: datetime) -> None:
    """Have one worker look into the mailbox."""
    if _mailbox().has_news():
        with unit_of_work() as session:
            jobs.enqueue(session, RECEIVE_MAIL, {}, now=now, key=RECEIVE_MAIL)


def receive_mail(_arguments: dict[str, Any]) -> None:
    """Take in what waits in the mailbox. :raise TryLater: when it can't be read now"""
    taken = 0
    try:
        for arrived in _mailbox().arrivals():
            now = now_utc()
            arrived.settle(take_message(arrived.raw, arrived.name, now))
            taken += 1
            with unit_of_work() as session:
                jobs.keep_lease(session, now)
    except MailboxError as error:
        db.session.rollback()
        raise TryLater(str(error), at=now_utc() + REST) from error
    if taken:
        log.event("mails_received", mails=taken)


def take_message(raw: bytes | None, name: str, now: datetime) -> str:
    """Take one message in, whatever it is; why it could not be read, or nothing.

    What has no sender stands before the supervisors with its words, and stays where it came as well.

    :raise OperationalError: the database is away or full; the message stays where it is
    """
    try:
        mail = read_message(raw)
    except UnreadableError as error:
        _keep_unreadable(raw, name, str(error), now)
        return str(error)
    reason = "" if mail.address else "no_sender"
    if mail.address == cast(Sender, current_app.extensions["mail_sender"]).address.lower():
        mail = replace(mail, automatic=True)  # Our own came back: answering it would go in circles.
    if services.known(db.session(), mail):
        return reason
    try:
        take_mail(mail, raw or b"", now)
    except (OperationalError, OSError):
        raise
    except Exception:  # noqa: BLE001 - one mail, whatever is wrong with it, blocks no other
        db.session.rollback()
        log.failure("mail_poisoned", message=name)
        _keep_unreadable(raw, name, "unexpected", now)
        return "unexpected"
    return reason


def read_message(raw: bytes | None) -> Incoming:
    """A message from its bytes; without an id of its own it is known by them. :raise UnreadableError:"""
    if raw is None:
        raise UnreadableError("too_large")
    mail = read(raw)
    if mail.message_id:
        return mail
    return replace(mail, message_id=hashlib.sha256(raw).hexdigest())


def take_mail(mail: Incoming, raw: bytes, now: datetime) -> None:
    """Make of a mail what it is; what its case refuses is sorted by a supervisor."""
    found = match(db.session(), mail, now)
    contract_id = None if found.reason else found.contract_id
    photos = photos_of(mail, contract_id) if contract_id is not None else []
    raw_key = "" if contract_id is not None else _keep_raw(raw)
    try:
        with unit_of_work() as session:
            services.take_in(session, mail, found, photos, raw_key, now)
    except AppError as error:
        log.event("mail_not_applied", code=error.code)
        found.reason, found.case_id = "refused", None
        raw_key = _keep_raw(raw)
        with unit_of_work() as session:
            services.take_in(session, mail, found, [], raw_key, now)


def photos_of(mail: Incoming, contract_id: int) -> list[Photo]:
    """A mail's pictures, re-encoded and kept; what is none that can be shown is left out."""
    db.session.rollback()  # No picture work is done inside a transaction.
    photos: list[Photo] = []
    for data in mail.pictures:
        if len(photos) == MOST_OF_A_REPORTER:
            break
        try:
            seen = examine(data)
            if not seen.readable or max(seen.width, seen.height) < SMALLEST_SIDE:
                continue
            full = renditions.of_bytes(data).full
        except AppError:
            continue
        sha256 = hashlib.sha256(full).hexdigest()
        if all(photo.sha256 != sha256 for photo in photos):
            object_store().put(photo_key(contract_id, sha256), full)
            photos.append(Photo(sha256, len(full), examine(full)))
    return photos


def _keep_raw(raw: bytes) -> str:
    """Keep a message whole until it is sorted; its key."""
    db.session.rollback()
    key = f"incoming/{hashlib.sha256(raw).hexdigest()}.eml"
    object_store().put(key, raw)
    return key


def _keep_unreadable(raw: bytes | None, name: str, reason: str, now: datetime) -> None:
    uid = str(uuid.uuid5(_ROOT, hashlib.sha256(raw).hexdigest() if raw is not None else name))
    raw_key = _keep_raw(raw) if raw is not None else ""
    with unit_of_work() as session:
        services.note_unreadable(session, uid, reason, raw_key, now)


def register() -> None:
    """Have the worker look for mails, and take them in."""
    handles(RECEIVE_MAIL)(receive_mail)
    jobs.every_minute(look_for_mail)


def _mailbox() -> Mailbox:
    return cast(Mailbox, current_app.extensions["mailbox"])
