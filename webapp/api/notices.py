"""How the actor wants to hear of what he is told: by mail and by push, quiet hours, the digest."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from urllib.parse import urlsplit

import marshmallow as ma
from flask import current_app
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from webapp.api.http import Schema, blueprint, signed_in
from webapp.audit import services as audit
from webapp.db import db, now_utc, unit_of_work
from webapp.errors import AppError
from webapp.extensions import limiter
from webapp.jobs import enqueue
from webapp.notifications import choices, pushes
from webapp.notifications.choosing import BY_MAIL, EVERY
from webapp.notifications.webpush import MAXIMUM_ENDPOINT, Pusher, Target

bp = blueprint("notices", "How a person wants to hear of what he is told")
_CLOCK = validate.Regexp(r"([01]\d|2[0-3]):[0-5]\d\Z", error="invalid")


class ByGroupMailSchema(Schema):
    """By group of notices: mailed at once, gathered in the digest, or not mailed."""

    round = fields.String(required=True, validate=validate.OneOf(BY_MAIL))
    cases = fields.String(required=True, validate=validate.OneOf(BY_MAIL))
    clocks = fields.String(required=True, validate=validate.OneOf(BY_MAIL))
    money = fields.String(required=True, validate=validate.OneOf(BY_MAIL))
    team = fields.String(required=True, validate=validate.OneOf(BY_MAIL))


class ByGroupPushSchema(Schema):
    """By group of notices: whether the devices that take part are told at once."""

    round = fields.Boolean(required=True)
    cases = fields.Boolean(required=True)
    clocks = fields.Boolean(required=True)
    money = fields.Boolean(required=True)
    team = fields.Boolean(required=True)


class ChoiceSchema(Schema):
    """A person's choice, whole.

    ``quiet_from`` and ``quiet_to`` are ``HH:MM`` at the contract's place, null or equal: no quiet hours.
    ``urgent_through``: a fault of severity 1 is told in them too. ``digest_weekday`` 0 is Monday.
    """

    mail = fields.Nested(ByGroupMailSchema, required=True)
    push = fields.Nested(ByGroupPushSchema, required=True)
    quiet_from = fields.String(required=True, allow_none=True, validate=_CLOCK)
    quiet_to = fields.String(required=True, allow_none=True, validate=_CLOCK)
    urgent_through = fields.Boolean(required=True)
    digest_every = fields.String(required=True, validate=validate.OneOf(EVERY))
    digest_weekday = fields.Integer(required=True, validate=validate.Range(0, 6))
    digest_hour = fields.Integer(required=True, validate=validate.Range(0, 23))

    @ma.validates_schema
    def _both_or_none(self, data: dict[str, Any], **_: Any) -> None:
        if (data["quiet_from"] is None) != (data["quiet_to"] is None):
            raise ma.ValidationError("missing", "quiet_to")


class PushDeviceSchema(ma.Schema):
    """How pushes to the browser that asks have gone so far."""

    endpoint = fields.String(required=True)
    last_sent_at = fields.AwareDateTime(required=True, allow_none=True)
    last_error = fields.String(required=True)


class NoticesSchema(ma.Schema):
    """The actor's choice, and where what he is told goes.

    Mails go nowhere while ``email`` is empty. A browser subscribes with ``push_key``; ``device`` is null
    while the one that asks takes no part.
    """

    choice = fields.Nested(ChoiceSchema, required=True)
    email = fields.String(required=True)
    push_key = fields.String(required=True)
    device = fields.Nested(PushDeviceSchema, required=True, allow_none=True)


class SubscriptionSchema(Schema):
    """What a browser's ``PushSubscription`` says: its address at the push service, its key and secret."""

    endpoint = fields.String(required=True, validate=validate.Length(1, MAXIMUM_ENDPOINT))
    p256dh = fields.String(required=True, validate=validate.Length(1, 100))
    auth = fields.String(required=True, validate=validate.Length(1, 40))


@bp.get("/api/me/notices")
@bp.response(200, NoticesSchema)
def show_choice() -> dict[str, Any]:
    """How the actor wants to hear of what he is told."""
    actor = signed_in()
    chosen = choices.choice_for(db.session(), actor.user.id)
    return {
        "choice": choices.plain(chosen),
        "email": actor.user.email,
        "push_key": _pusher().public_key,
        "device": pushes.of_session(db.session(), actor.session_id),
    }


@bp.post("/api/me/notices")
@bp.arguments(ChoiceSchema)
@bp.response(204)
def change_choice(body: dict[str, Any]) -> None:
    """Choose anew; the app's own list has everything in any case."""
    user_id, now = signed_in().live.user_id, now_utc()
    with unit_of_work() as session:
        diff = choices.choose(session, user_id, body, now)
        if diff:
            _audit(session, user_id, "change", "notice_choice", user_id, diff, now)


@bp.post("/api/me/push")
@limiter.limit("30 per minute")
@bp.arguments(SubscriptionSchema)
@bp.response(204)
def take_part(body: dict[str, Any]) -> None:
    """Have this browser take part in pushes, as long as its session lasts."""
    actor, now = signed_in(), now_utc()
    with unit_of_work() as session:
        row = pushes.subscribe(
            session,
            actor.live.user_id,
            actor.session_id,
            Target(**body),
            now,
            private_hosts=_pusher().private_hosts,
        )
        diff = {"endpoint": [None, urlsplit(row.endpoint).hostname]}
        _audit(session, row.user_id, "subscribe", "push_subscription", row.id, diff, now)


@bp.delete("/api/me/push")
@bp.response(204)
def take_no_part() -> None:
    """Have this browser take no part any more; again changes nothing."""
    actor, now = signed_in(), now_utc()
    with unit_of_work() as session:
        for ended in pushes.end(session, [actor.session_id]):
            _audit(session, actor.live.user_id, "unsubscribe", "push_subscription", ended, {}, now)


@bp.post("/api/me/push/trial")
@limiter.limit("10 per minute")
@bp.response(204)
def try_push() -> None:
    """Push a word to this browser, to see that pushes arrive. :raise AppError: ``no_push_here``"""
    actor, now = signed_in(), now_utc()
    with unit_of_work() as session:
        row = pushes.of_session(session, actor.session_id)
        if row is None:
            raise AppError("no_push_here")
        arguments = {"subscription_id": row.id, "user_id": row.user_id, "path": "/me/notices"}
        enqueue(session, pushes.TRY_PUSH, arguments, now=now, key=f"try_push:{row.id}")
        _audit(session, row.user_id, "try", "push_subscription", row.id, {}, now)


def _pusher() -> Pusher:
    return cast(Pusher, current_app.extensions["pusher"])


def _audit(
    session: Session,
    user_id: int,
    action: str,
    entity: str,
    entity_id: int,
    diff: dict[str, Any],
    now: datetime,
) -> None:
    audit.record(
        session,
        at=now,
        user_id=user_id,
        contract_id=None,
        action=action,
        entity=entity,
        entity_id=entity_id,
        diff=diff,
    )
