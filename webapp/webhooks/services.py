"""Telling other programs: an event's row is written with the event, and sent after the commit."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp import jobs
from webapp.audit import services as audit
from webapp.errors import AppError
from webapp.webhooks.models import Webhook, WebhookAttempt, WebhookDelivery
from webapp.webhooks.rules import (
    ANSWER_LENGTH,
    GONE,
    KEPT_FOR,
    MOST_HOOKS,
    OLD_SECRET_SIGNS,
    REST,
    TEST,
    is_given_up,
    is_taken,
)

SEND_WEBHOOK = "send_webhook"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One delivery as the sender needs it; ``salts`` make its secrets."""

    delivery_id: int
    uid: str
    address: str
    body: bytes
    salts: tuple[str, ...]
    rest_until: datetime | None


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one try: a ``status``, or the ``reason`` why there was none."""

    at: datetime
    milliseconds: int
    status: int | None = None
    reason: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a try means: whether to try again, and the webhook if it was switched off now."""

    again: bool
    switched_off: Webhook | None = None


def emit(
    session: Session,
    contract_id: int,
    event: str,
    data: Mapping[str, Any],
    now: datetime,
    *,
    key: str | None = None,
) -> None:
    """Have a contract's webhooks told of an event, once this transaction is committed.

    :param key: what is told, where it could be told twice: each webhook is told of it once for ever
    """
    hooks = session.execute(
        sa.select(Webhook.id, Webhook.events)
        .where(Webhook.contract_id == contract_id, Webhook.off_at.is_(None))
        .order_by(Webhook.id)
    )
    for hook_id, events in hooks.all():
        if event in events:
            uid = _uid_of(hook_id, key)
            if key is None or not _is_told(session, uid):
                _queue(session, hook_id, uid, event, data, now)


def _uid_of(hook_id: int, key: str | None) -> str:
    if key is None:
        return f"msg_{secrets.token_hex(12)}"
    return f"msg_{hashlib.sha256(f'{hook_id}:{key}'.encode()).hexdigest()[:24]}"


def _is_told(session: Session, uid: str) -> bool:
    told = sa.select(WebhookDelivery.id).where(WebhookDelivery.uid == uid)
    return session.scalar(told) is not None


def _queue(
    session: Session, hook_id: int, uid: str, event: str, data: Mapping[str, Any], now: datetime
) -> WebhookDelivery:
    told = {"type": event, "timestamp": now.isoformat(), "data": data}
    row = WebhookDelivery(
        webhook_id=hook_id,
        uid=uid,
        event=event,
        body=json.dumps(told, ensure_ascii=False, separators=(",", ":"), default=str),
        created_at=now,
    )
    session.add(row)
    session.flush()  # the job names its id
    _enqueue(session, row.id, now)
    return row


def _enqueue(session: Session, delivery_id: int, now: datetime) -> None:
    arguments = {"delivery_id": delivery_id}
    jobs.enqueue(session, SEND_WEBHOOK, arguments, now=now, key=f"webhook:{delivery_id}")


def make_webhook(
    session: Session,
    contract_id: int,
    user_id: int,
    *,
    name: str,
    address: str,
    events: list[str],
    now: datetime,
) -> Webhook:
    """A new webhook of a contract; whether its address may be written to was looked at before.

    :raise AppError: ``too_many_webhooks``
    """
    there = sa.select(sa.func.count()).select_from(Webhook).filter_by(contract_id=contract_id)
    if (session.scalar(there) or 0) >= MOST_HOOKS:
        raise AppError("too_many_webhooks", most=MOST_HOOKS)
    row = Webhook(
        contract_id=contract_id,
        name=name,
        address=address,
        events=events,
        salt=secrets.token_hex(16),
        created_at=now,
    )
    session.add(row)
    session.flush()  # the audit row names the id
    first = {"name": name, "address": address, "events": events}
    _audit(session, row, user_id, "create", audit.first_values(first), now)
    return row


def webhook_of(session: Session, contract_id: int, hook_id: int) -> Webhook:
    """One of the contract's webhooks. :raise AppError: ``not_found``"""
    row = session.get(Webhook, hook_id)
    if row is None or row.contract_id != contract_id:
        raise AppError("not_found")
    return row


def change_webhook(
    session: Session,
    contract_id: int,
    user_id: int,
    hook_id: int,
    changes: Mapping[str, Any],
    now: datetime,
) -> None:
    """Change a webhook: ``name``, ``address``, ``events``, or switch it ``on`` and off.

    :raise AppError: ``not_found``
    """
    row = webhook_of(session, contract_id, hook_id)
    before = {name: _value(row, name) for name in changes}
    for name, value in changes.items():
        if name != "on":
            setattr(row, name, value)
        elif value:
            row.off_at, row.off_reason = None, ""
        elif row.off_at is None:
            row.off_at, row.off_reason = now, "by_hand"
            _give_up_waiting(session, row)
    if changes.get("on") or "address" in changes:
        row.failing_since = row.rest_until = None
    diff = audit.differences(before, dict(changes))
    if diff:
        _audit(session, row, user_id, "change", diff, now)


def _value(row: Webhook, name: str) -> Any:
    return row.off_at is None if name == "on" else getattr(row, name)


def renew_secret(
    session: Session, contract_id: int, user_id: int, hook_id: int, now: datetime
) -> Webhook:
    """Give a webhook a new secret; the one before signs too for a day. :raise AppError: ``not_found``"""
    row = webhook_of(session, contract_id, hook_id)
    row.previous_salt, row.salt, row.renewed_at = row.salt, secrets.token_hex(16), now
    _audit(session, row, user_id, "renew", {"secret": ["", "renewed"]}, now)
    return row


def remove_webhook(
    session: Session, contract_id: int, user_id: int, hook_id: int, now: datetime
) -> None:
    """Remove a webhook with what it was sent. :raise AppError: ``not_found``"""
    row = webhook_of(session, contract_id, hook_id)
    _forget(session, WebhookDelivery.webhook_id == hook_id)
    _audit(session, row, user_id, "remove", {"address": [row.address, None]}, now)
    session.delete(row)


def send_test(
    session: Session, contract_id: int, user_id: int, hook_id: int, now: datetime
) -> WebhookDelivery:
    """Send one event of no meaning, tried once, even where the webhook is switched off.

    :raise AppError: ``not_found``
    """
    row = webhook_of(session, contract_id, hook_id)
    delivery = _queue(session, row.id, _uid_of(row.id, None), TEST, {"webhook": row.name}, now)
    _audit(session, row, user_id, "test", {"delivery": [None, delivery.uid]}, now)
    return delivery


def send_again(
    session: Session, contract_id: int, user_id: int, hook_id: int, delivery_id: int, now: datetime
) -> None:
    """Send something again, under its old id. :raise AppError: ``not_found``, ``webhook_waiting``"""
    row = webhook_of(session, contract_id, hook_id)
    delivery = session.get(WebhookDelivery, delivery_id)
    if delivery is None or delivery.webhook_id != row.id:
        raise AppError("not_found")
    if delivery.state == "waiting":
        raise AppError("webhook_waiting")
    before, delivery.state = delivery.state, "waiting"
    _enqueue(session, delivery.id, now)
    diff = {"delivery": ["", delivery.uid], "state": [before, "waiting"]}
    _audit(session, row, user_id, "send_again", diff, now)


def to_send(session: Session, delivery_id: int, now: datetime) -> Outgoing | None:
    """What is to be sent, unless it was sent, given up or removed meanwhile."""
    found = session.execute(
        sa.select(WebhookDelivery, Webhook)
        .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
        .where(WebhookDelivery.id == delivery_id, WebhookDelivery.state == "waiting")
    ).one_or_none()
    if found is None:
        return None
    delivery, hook = found
    both = hook.renewed_at is not None and now - hook.renewed_at < OLD_SECRET_SIGNS
    salts = (hook.salt, hook.previous_salt) if both else (hook.salt,)
    rest = None if delivery.event == TEST else hook.rest_until
    body = delivery.body.encode()
    return Outgoing(delivery.id, delivery.uid, hook.address, body, salts, rest)


def note_try(session: Session, delivery_id: int, tried: Tried) -> Outcome:
    """Note a try and what it means for the delivery and for its webhook."""
    delivery = session.get(WebhookDelivery, delivery_id)
    if delivery is None:
        return Outcome(again=False)
    hook = session.get_one(Webhook, delivery.webhook_id)
    session.add(
        WebhookAttempt(
            delivery_id=delivery_id,
            at=tried.at,
            milliseconds=tried.milliseconds,
            status=tried.status,
            reason=tried.reason,
            answer=tried.answer[:ANSWER_LENGTH],
        )
    )
    if is_taken(tried.status):
        delivery.state = "delivered"
        hook.failing_since = hook.rest_until = None
        return Outcome(again=False)
    if delivery.event == TEST:
        delivery.state = "given_up"
        return Outcome(again=False)
    return _failed(session, hook, delivery, tried)


def _failed(session: Session, hook: Webhook, delivery: WebhookDelivery, tried: Tried) -> Outcome:
    hook.failing_since = hook.failing_since or tried.at
    hook.rest_until = tried.at + REST
    if hook.off_at is not None:
        # Sent again by hand to an address that is switched off: tried once.
        delivery.state = "given_up"
        return Outcome(again=False)
    if tried.status == GONE or is_given_up(hook.failing_since, tried.at):
        hook.off_at, hook.off_reason = tried.at, "gone" if tried.status == GONE else "failing"
        _give_up_waiting(session, hook)
        change = {"on": [True, False], "off_reason": ["", hook.off_reason]}
        _audit(session, hook, None, "change", change, tried.at)
        return Outcome(again=False, switched_off=hook)
    if is_given_up(delivery.created_at, tried.at):
        delivery.state = "given_up"
        return Outcome(again=False)
    return Outcome(again=True)


def _give_up_waiting(session: Session, hook: Webhook) -> None:
    waiting = sa.and_(WebhookDelivery.webhook_id == hook.id, WebhookDelivery.state == "waiting")
    session.execute(sa.update(WebhookDelivery).where(waiting).values(state="given_up"))


def forget_old(session: Session, now: datetime) -> None:
    """Forget what was sent longer ago than :data:`webapp.webhooks.rules.KEPT_FOR`."""
    _forget(session, WebhookDelivery.created_at < now - KEPT_FOR)


def has_old(session: Session, now: datetime) -> bool:
    """Whether there is something to forget; looked at without the write lock."""
    old = WebhookDelivery.created_at < now - KEPT_FOR
    return session.scalar(sa.select(WebhookDelivery.id).where(old).limit(1)) is not None


def _forget(session: Session, which: sa.ColumnElement[bool]) -> None:
    ids = sa.select(WebhookDelivery.id).where(which)
    session.execute(sa.delete(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(ids)))
    session.execute(sa.delete(WebhookDelivery).where(which))


def _audit(
    session: Session,
    row: Webhook,
    user_id: int | None,
    action: str,
    diff: dict[str, Any],
    now: datetime,
) -> None:
    audit.record(
        session,
        at=now,
        user_id=user_id,
        contract_id=row.contract_id,
        action=action,
        entity="webhook",
        entity_id=row.id,
        diff=diff,
    )
