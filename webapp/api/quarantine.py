"""The quarantine over HTTP: what phones sent and could not be applied, before a supervisor."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from webapp.api.http import (
    CONTRACT,
    PageArgs,
    Schema,
    blueprint,
    page_of,
    page_schema,
    require,
)
from webapp.db import db, now_utc, unit_of_work
from webapp.identity.rules import Access
from webapp.sync import quarantine, queries
from webapp.sync.models import Quarantined

bp = blueprint("quarantine", "Operations that wait for a supervisor")
_STATES = ("open", "held", "applied", "dismissed")


class QuarantineArgs(PageArgs):
    """``state`` names one state, or ``waiting`` for open and held."""

    state = fields.String(
        load_default="waiting", validate=validate.OneOf(["waiting", "all", *_STATES])
    )


class QuarantinedSchema(ma.Schema):
    """One operation as it came, and why it was not applied."""

    id = fields.Integer(required=True)
    operation_id = fields.String(required=True)
    kind = fields.String(required=True)
    inspection_uid = fields.String(required=True)
    code = fields.String(required=True)
    details = fields.Dict(required=True)
    state = fields.String(required=True)
    user_id = fields.Integer(required=True)
    author = fields.String(required=True)
    received_at = fields.AwareDateTime(required=True)
    remark = fields.String(required=True)
    resolved_by_id = fields.Integer(required=True, allow_none=True)
    resolved_at = fields.AwareDateTime(required=True, allow_none=True)


class QuarantinedWholeSchema(QuarantinedSchema):
    """With the payload's text, word for word."""

    version = fields.Integer(required=True)
    hash = fields.String(required=True)
    payload = fields.String(required=True)


class ApplySchema(Schema):
    """The mended payload as JSON text; without it the operation is applied as it came."""

    payload = fields.String(load_default=None, validate=validate.Length(2, 1_000_000))


class DismissSchema(Schema):
    """Why it shall not be applied."""

    remark = fields.String(required=True, validate=validate.Length(1, 2000))


def _out(row: Quarantined, author: str) -> dict[str, Any]:
    names = QuarantinedWholeSchema().fields.keys() - {"author"}
    return {name: getattr(row, name) for name in names} | {"author": author}


def _show(access: Access, row_id: int) -> dict[str, Any]:
    return _out(*queries.quarantined(db.session(), access.contract_id, row_id))


@bp.get(f"{CONTRACT}/quarantine")
@bp.arguments(QuarantineArgs, location="query")
@bp.response(200, page_schema(QuarantinedSchema))
def list_quarantine(args: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """The operations that could not be applied, the latest first."""
    access = require("review", contract_code)
    named = {"waiting": ("open", "held"), "all": _STATES}
    states = named.get(args["state"], (args["state"],))
    found = page_of(
        queries.quarantine_page(access.contract_id, states), args["page"], args["page_size"]
    )
    found["items"] = [_out(row, author) for row, author in found["items"]]
    return found


@bp.get(f"{CONTRACT}/quarantine/<int:row_id>")
@bp.response(200, QuarantinedWholeSchema)
def show_quarantined(contract_code: str, row_id: int) -> dict[str, Any]:
    """One operation, with its payload as it came."""
    return _show(require("review", contract_code), row_id)


@bp.post(f"{CONTRACT}/quarantine/<int:row_id>/apply")
@bp.arguments(ApplySchema)
@bp.response(200, QuarantinedWholeSchema)
def apply_quarantined(body: dict[str, Any], contract_code: str, row_id: int) -> dict[str, Any]:
    """Apply an operation for its author, mended or as it came."""
    access = require("review", contract_code)
    with unit_of_work() as session:
        quarantine.apply(session, access, row_id, body["payload"], now_utc())
    return _show(access, row_id)


@bp.post(f"{CONTRACT}/quarantine/<int:row_id>/dismiss")
@bp.arguments(DismissSchema)
@bp.response(200, QuarantinedWholeSchema)
def dismiss_quarantined(body: dict[str, Any], contract_code: str, row_id: int) -> dict[str, Any]:
    """Mark an operation as not to be applied; it is kept all the same."""
    access = require("review", contract_code)
    with unit_of_work() as session:
        quarantine.dismiss(session, access, row_id, body["remark"], now_utc())
    return _show(access, row_id)
