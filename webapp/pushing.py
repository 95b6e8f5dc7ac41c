"""The jobs that push: outside any transaction, each browser once."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, cast

from flask import current_app

from webapp import jobs, log
from webapp.cases.words import CLOCK_WORDS
from webapp.db import db, now_utc, unit_of_work
from webapp.identity.models import Contract, User
from webapp.identity.queries import reachable
from webapp.jobs import TryLater, handles
from webapp.notifications import pushes
from webapp.notifications.rules import Language, one_line
from webapp.notifications.sentences import sentence
from webapp.notifications.services import in_contract
from webapp.notifications.webpush import (
    GoneError,
    Pusher,
    RefusedError,
    Target,
    UnreachableError,
)

# What nobody has seen by then is in the app's list; a push of yesterday helps nobody.
USEFUL_FOR = timedelta(days=1)
_LONGEST_TITLE = 300
_TRIAL: dict[Language, str] = {
    "zh": "巡检簿的推送会到这台设备",
    "en": "Roundbook's pushes come to this device",
}


def send_push(arguments: dict[str, Any]) -> None:
    """Push one notice to its reader's browsers. :raise TryLater: when one of them can't be reached now"""
    notification_id: int = arguments["notification_id"]
    targets = pushes.waiting(db.session(), notification_id)
    payload = _payload(notification_id) if targets else None
    db.session.rollback()  # No transaction is held while a push service is talked to.
    later: UnreachableError | None = None
    for delivery_id, subscription_id, target in targets:
        if payload is None:
            _note(subscription_id, delivery_id, "lapsed")
            continue
        try:
            _send(subscription_id, delivery_id, target, payload, urgent=arguments["urgent"])
        except UnreachableError as error:
            later = error
    if later is not None:
        raise TryLater(str(later), at=now_utc() + timedelta(seconds=later.after_seconds))


def try_push(arguments: dict[str, Any]) -> None:
    """Push a word to one browser, so that its user sees whether pushes arrive; not tried again."""
    subscription_id: int = arguments["subscription_id"]
    user = db.session().get(User, arguments["user_id"])
    target = pushes.target_of(db.session(), subscription_id)
    language: Language = "en" if user and user.language == "en" else "zh"
    db.session.rollback()
    if target is not None:
        try:
            payload = _packed(_TRIAL[language], arguments["path"])
            _send(subscription_id, None, target, payload, urgent=True)
        except UnreachableError as error:
            log.event("push_put_off", subscription=subscription_id, reason=str(error))


def _payload(notification_id: int) -> bytes | None:
    """Title and path, in the reader's language; None once it is read, too old, or not his any more."""
    notice = pushes.notice_of(db.session(), notification_id)
    if notice is None or notice.read or now_utc() > notice.created_at + 2 * USEFUL_FOR:
        return None
    people = reachable(db.session(), notice.contract_id)
    reader = next((one for one in people if one.recipient.user_id == notice.user_id), None)
    if reader is None:
        return None
    contract = db.session().get_one(Contract, notice.contract_id)
    title = sentence(notice.kind, notice.details, reader.recipient.reads, CLOCK_WORDS)
    return _packed(title, in_contract(notice.path, contract.code))


def _packed(title: str, path: str) -> bytes:
    said = {"title": one_line(title, _LONGEST_TITLE), "path": path}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _send(
    subscription_id: int, delivery_id: int | None, target: Target, payload: bytes, *, urgent: bool
) -> None:
    now = now_utc()
    try:
        _pusher().send(target, payload, now=now, urgent=urgent, keep_for=USEFUL_FOR)
    except GoneError:
        log.event("push_gone", subscription=subscription_id)
        with unit_of_work() as session:
            pushes.remove(session, subscription_id)
    except RefusedError as error:
        log.event("push_refused", subscription=subscription_id, reason=str(error))
        _note(subscription_id, delivery_id, "failed", str(error))
    except UnreachableError as error:
        _note(subscription_id, delivery_id, "waiting", str(error))
        raise
    else:
        _note(subscription_id, delivery_id, "sent")


def _note(subscription_id: int, delivery_id: int | None, state: str, error: str = "") -> None:
    now: datetime = now_utc()
    with unit_of_work() as session:
        pushes.note(session, subscription_id, delivery_id, state, now, error)
        # A person with many devices may keep it longer than a lease lasts.
        jobs.keep_lease(session, now)


def _pusher() -> Pusher:
    return cast(Pusher, current_app.extensions["pusher"])


def register() -> None:
    """Have the worker push."""
    handles(pushes.SEND_PUSH)(send_push)
    handles(pushes.TRY_PUSH)(try_push)
