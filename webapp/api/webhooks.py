"""A contract's webhooks over HTTP: who is told of its events, and whether he was."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from webapp.api.http import CONTRACT, PageArgs, Schema, blueprint, page_of, page_schema, require
from webapp.api.http import settings as server_settings
from webapp.api.throttle import at_most
from webapp.db import db, now_utc, unit_of_work
from webapp.errors import AppError
from webapp.outgoing import NotSentError, target_of
from webapp.webhooks import queries, services
from webapp.webhooks.models import Webhook
from webapp.webhooks.rules import EVENTS, secret_of, shown_secret

bp = blueprint("webhooks", "Webhooks: other programs are told of a contract's events")
HOOKS = f"{CONTRACT}/webhooks"
HOOK = f"{HOOKS}/<int:hook_id>"
_STATES = ("waiting", "delivered", "given_up")


def _events() -> ma.fields.List[str]:
    return fields.List(
        fields.String(validate=validate.OneOf(EVENTS)), validate=validate.Length(1, len(EVENTS))
    )


class WebhookPatchSchema(Schema):
    """What changes of a webhook; ``on`` switches it."""

    name = fields.String(validate=validate.Length(1, 80))
    address = fields.String(validate=validate.Length(1, 500))
    events = _events()
    on = fields.Boolean()


class WebhookCreateSchema(Schema):
    """A new webhook: an https address, and the events that it is told of."""

    name = fields.String(required=True, validate=validate.Length(1, 80))
    address = fields.String(required=True, validate=validate.Length(1, 500))
    events = fields.List(
        fields.String(validate=validate.OneOf(EVENTS)),
        required=True,
        validate=validate.Length(1, len(EVENTS)),
    )


class WebhookSchema(ma.Schema):
    """A webhook without its secret; ``failing_since`` is the first of the tries that failed in a row."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    address = fields.String(required=True)
    events = fields.List(fields.String(), required=True)
    on = fields.Boolean(required=True)
    off_reason = fields.String(required=True)
    off_at = fields.AwareDateTime(required=True, allow_none=True)
    failing_since = fields.AwareDateTime(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)


class WebhookMadeSchema(WebhookSchema):
    """A webhook with its secret, which is shown when it is made or renewed."""

    secret = fields.String(required=True)


class AttemptSchema(ma.Schema):
    """One try: the answer's ``status``, or the ``reason`` why there was none."""

    at = fields.AwareDateTime(required=True)
    milliseconds = fields.Integer(required=True)
    status = fields.Integer(required=True, allow_none=True)
    reason = fields.String(required=True)
    answer = fields.String(required=True)


class DeliverySchema(ma.Schema):
    """One event for one webhook: the very text that is sent, and each try."""

    id = fields.Integer(required=True)
    uid = fields.String(required=True)
    event = fields.String(required=True)
    body = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(_STATES))
    created_at = fields.AwareDateTime(required=True)
    attempts = fields.List(fields.Nested(AttemptSchema), required=True)


@bp.get(HOOKS)
@bp.response(200, WebhookSchema(many=True))
def list_webhooks(contract_code: str) -> list[dict[str, Any]]:
    """The contract's webhooks."""
    access = require("manage_people", contract_code)
    return [_out(row) for row in queries.webhooks_of(db.session(), access.contract_id)]


@bp.post(HOOKS)
@bp.arguments(WebhookCreateSchema)
@bp.response(201, WebhookMadeSchema)
def make_webhook(body: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """Make a webhook; its secret is in this answer."""
    access = require("manage_people", contract_code)
    _check_address(body["address"])
    with unit_of_work() as session:
        row = services.make_webhook(
            session, access.contract_id, access.user_id, **body, now=now_utc()
        )
    return _with_secret(row)


@bp.patch(HOOK)
@bp.arguments(WebhookPatchSchema)
@bp.response(204)
def change_webhook(body: dict[str, Any], contract_code: str, hook_id: int) -> None:
    """Change a webhook, or switch it on and off."""
    access = require("manage_people", contract_code)
    if "address" in body:
        _check_address(body["address"])
    with unit_of_work() as session:
        services.change_webhook(
            session, access.contract_id, access.user_id, hook_id, body, now_utc()
        )


@bp.delete(HOOK)
@bp.response(204)
def remove_webhook(contract_code: str, hook_id: int) -> None:
    """Remove a webhook, with the log of what it was sent."""
    access = require("manage_people", contract_code)
    with unit_of_work() as session:
        services.remove_webhook(session, access.contract_id, access.user_id, hook_id, now_utc())


@bp.post(f"{HOOK}/secret")
@bp.response(200, WebhookMadeSchema)
def renew_secret(contract_code: str, hook_id: int) -> dict[str, Any]:
    """A new secret; the one before signs beside it for a day."""
    access = require("manage_people", contract_code)
    with unit_of_work() as session:
        row = services.renew_secret(session, access.contract_id, access.user_id, hook_id, now_utc())
    return _with_secret(row)


@bp.post(f"{HOOK}/test")
@at_most(10)
@bp.response(204)
def test_webhook(contract_code: str, hook_id: int) -> None:
    """Send a test; what came of it stands among the deliveries."""
    access = require("manage_people", contract_code)
    with unit_of_work() as session:
        services.send_test(session, access.contract_id, access.user_id, hook_id, now_utc())


@bp.get(f"{HOOK}/deliveries")
@bp.arguments(PageArgs, location="query")
@bp.response(200, page_schema(DeliverySchema))
def list_deliveries(args: dict[str, Any], contract_code: str, hook_id: int) -> dict[str, Any]:
    """What a webhook was sent in the last thirty days, the latest first."""
    access = require("manage_people", contract_code)
    services.webhook_of(db.session(), access.contract_id, hook_id)
    shown = page_of(queries.deliveries_of(hook_id), args["page"], args["page_size"])
    rows = [row.WebhookDelivery for row in shown["items"]]
    attempts = queries.attempts_of(db.session(), [row.id for row in rows])
    names = ("id", "uid", "event", "body", "state", "created_at")
    items = [
        {name: getattr(row, name) for name in names} | {"attempts": attempts.get(row.id, [])}
        for row in rows
    ]
    return {**shown, "items": items}


@bp.post(f"{HOOK}/deliveries/<int:delivery_id>/send")
@at_most(60)
@bp.response(204)
def send_again(contract_code: str, hook_id: int, delivery_id: int) -> None:
    """Send something again, under its old id."""
    access = require("manage_people", contract_code)
    with unit_of_work() as session:
        services.send_again(
            session, access.contract_id, access.user_id, hook_id, delivery_id, now_utc()
        )


def _check_address(address: str) -> None:
    try:
        target_of(address, server_settings().webhook_hosts)
    except NotSentError as error:
        code = f"webhook_{error.reason}"
        raise AppError(code, fields={"address": [code]}) from error


def _with_secret(row: Webhook) -> dict[str, Any]:
    return {**_out(row), "secret": shown_secret(secret_of(server_settings().secret_key, row.salt))}


def _out(row: Webhook) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "address": row.address,
        "events": row.events,
        "on": row.off_at is None,
        "off_reason": row.off_reason,
        "off_at": row.off_at,
        "failing_since": row.failing_since,
        "created_at": row.created_at,
    }
