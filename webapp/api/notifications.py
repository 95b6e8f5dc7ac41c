"""What a person was told: his own lines, over all the contracts that he sees, and nobody else's."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response, jsonify
from marshmallow import fields, validate

from webapp.api.http import PageArgs, Schema, blueprint, page_of, page_schema, signed_in
from webapp.api.live import answer_live
from webapp.db import db, now_utc, unit_of_work
from webapp.identity.models import Contract, User
from webapp.identity.queries import contracts_of
from webapp.notifications import queries, services
from webapp.notifications.models import Notification

bp = blueprint("notifications", "What a person was told, in the app")
_ID = validate.Range(1, 2**31 - 1)


class NotificationSchema(ma.Schema):
    """A line that somebody was told.

    ``kind`` is a key of the client's texts and ``details`` its parameters; ``path`` is the screen that
    it leads to, in the contract of ``contract_code``. ``escalated``: told because another did not act.
    """

    id = fields.Integer(required=True)
    contract_code = fields.String(required=True)
    contract_zh = fields.String(required=True)
    contract_en = fields.String(required=True)
    kind = fields.String(required=True)
    details = fields.Dict(required=True)
    path = fields.String(required=True)
    escalated = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(required=True)
    read_at = fields.AwareDateTime(required=True, allow_none=True)


class UnreadSchema(ma.Schema):
    """How many lines the actor has not read."""

    unread = fields.Integer(required=True)


class UpToSchema(Schema):
    """The latest line that the actor has in sight: what comes after it stays unread."""

    up_to = fields.Integer(required=True, validate=_ID)


@bp.get("/api/notifications")
@bp.arguments(PageArgs, location="query")
@bp.response(200, page_schema(NotificationSchema))
def list_notifications(args: dict[str, Any]) -> dict[str, Any]:
    """What the actor was told, the latest first."""
    user = signed_in().user
    contracts = _contracts(user)
    shown = page_of(queries.told_to(user.id, list(contracts)), args["page"], args["page_size"])
    items = [_out(row.Notification, contracts) for row in shown["items"]]
    return {**shown, "items": items}


def _contracts(user: User) -> dict[int, Contract]:
    """What was told of a contract is not shown any more to who has left it."""
    return {contract.id: contract for contract, _role in contracts_of(db.session(), user)}


def _out(row: Notification, contracts: dict[int, Contract]) -> dict[str, Any]:
    contract = contracts[row.contract_id]
    return {
        "id": row.id,
        "contract_code": contract.code,
        "contract_zh": contract.name_zh,
        "contract_en": contract.name_en,
        "kind": row.kind,
        "details": row.details,
        "path": row.path,
        "escalated": row.escalated,
        "created_at": row.created_at,
        "read_at": row.read_at,
    }


@bp.get("/api/notifications/unread")
@bp.response(200, UnreadSchema)
def count_unread() -> Any:
    """How much the actor has not read; asked every minute, and answered 304 while it stays the same."""
    user = signed_in().user
    number = queries.unread(db.session(), user.id, list(_contracts(user)))

    def shown() -> Response:
        return jsonify(UnreadSchema().dump({"unread": number}))

    return answer_live((user.id, number), shown)


@bp.post("/api/notifications/<int:notification_id>/read")
@bp.response(204)
def read_one(notification_id: int) -> None:
    """Mark one of the actor's lines as read."""
    user_id = signed_in().live.user_id
    with unit_of_work() as session:
        services.mark_one_read(session, user_id, notification_id, now_utc())


@bp.post("/api/notifications/read")
@bp.arguments(UpToSchema)
@bp.response(204)
def read_all(body: dict[str, Any]) -> None:
    """Mark all of the actor's lines as read, up to the latest that he has in sight."""
    user_id = signed_in().live.user_id
    with unit_of_work() as session:
        services.mark_read(session, user_id, now_utc(), up_to=body["up_to"])
