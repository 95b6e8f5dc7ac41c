"""How sync is: each phone as last heard of, and what the server expects but lacks."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from webapp.api.http import CONTRACT, PageArgs, blueprint, page_of, page_schema, require
from webapp.db import db, now_utc
from webapp.sync.lacking import inspections_lacking_photos
from webapp.sync.phones import phones_of

bp = blueprint("sync_health", "How the phones are, and which photos never came")


class PhoneSchema(ma.Schema):
    """A phone as last heard of; ``silent`` when it holds something and has not called for days.

    ``lost_photos`` of the unsent ones can't be sent by it any more. What it did not tell is empty or
    null. ``clock_offset_seconds`` is its clock minus the server's.
    """

    phone_id = fields.String(required=True)
    user_id = fields.Integer(required=True)
    user_name = fields.String(required=True)
    user_name_en = fields.String(required=True)
    user_state = fields.String(
        required=True, validate=validate.OneOf(["member", "left", "disabled"])
    )
    unsent_records = fields.Integer(required=True)
    unsent_photos = fields.Integer(required=True)
    lost_photos = fields.Integer(required=True)
    app_version = fields.String(required=True)
    storage_used_bytes = fields.Integer(required=True, allow_none=True)
    storage_quota_bytes = fields.Integer(required=True, allow_none=True)
    storage_persisted = fields.Boolean(required=True, allow_none=True)
    clock_offset_seconds = fields.Integer(required=True)
    last_seen_at = fields.AwareDateTime(required=True)
    silent = fields.Boolean(required=True)


class LackingArgs(PageArgs):
    """Of one author only, where he is named."""

    author_id = fields.Integer(load_default=None, validate=validate.Range(1, 2**31 - 1))


class LackingSchema(ma.Schema):
    """An inspection of which photos were declared and have not come, since ``received_at``."""

    id = fields.Integer(required=True)
    round_id = fields.Integer(required=True)
    month = fields.String(required=True)
    room_id = fields.Integer(required=True)
    device_id = fields.Integer(required=True, allow_none=True)
    device_name = fields.String(required=True, allow_none=True)
    author_id = fields.Integer(required=True)
    author = fields.String(required=True)
    author_en = fields.String(required=True)
    received_at = fields.AwareDateTime(required=True)
    declared = fields.Integer(required=True)
    lacking = fields.Integer(required=True)


@bp.get(f"{CONTRACT}/phones")
@bp.response(200, PhoneSchema(many=True))
def list_phones(contract_code: str) -> list[dict[str, Any]]:
    """Every phone that spoke within two months or still holds something; the fullest first."""
    access = require("manage_round", contract_code)
    return phones_of(db.session(), access.contract_id, now_utc())


@bp.get(f"{CONTRACT}/missing-photos")
@bp.arguments(LackingArgs, location="query")
@bp.response(200, page_schema(LackingSchema))
def list_missing_photos(args: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """The inspections whose declared photos have not all come, the longest waiting first."""
    access = require("manage_round", contract_code)
    statement = inspections_lacking_photos(access.contract_id, args["author_id"])
    return page_of(statement, args["page"], args["page_size"])
