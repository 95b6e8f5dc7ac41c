"""How sync is: each phone as last heard of, and what the server expects but lacks."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import fields, validate

from webapp.api.http import PageArgs, blueprint
from webapp.api.listing import list_views, sort_of, state_of
from webapp.api.rounds import MONTH
from webapp.sync.lacking import LACKING
from webapp.sync.phone_list import PHONES

bp = blueprint("sync_health", "How the phones are, and which photos never came")


class PhoneSchema(ma.Schema):
    """A phone as last heard of; ``silent`` when it holds something and has not called for days.

    ``lost_photos`` of the unsent ones can't be sent by it any more. What it did not tell is empty or
    null. ``clock_offset_seconds`` is its clock minus the server's.
    """

    id = fields.Integer(required=True)
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


class PhonesArgs(PageArgs):
    """``silent`` hold something and have not called for days; ``unsent`` hold something, ``holding`` both."""

    state = state_of(PHONES)
    sort = sort_of(PHONES)
    q = fields.String(load_default="", validate=validate.Length(max=100))
    user_id = fields.Integer(load_default=None, validate=validate.Range(1, 2**31 - 1))
    holding = fields.Boolean(load_default=False)


class LackingArgs(PageArgs):
    """``late`` have waited for days, ``under_way`` not so long."""

    state = state_of(LACKING)
    sort = sort_of(LACKING)
    q = fields.String(load_default="", validate=validate.Length(max=100))
    month = fields.String(load_default=None, validate=MONTH)
    author_id = fields.Integer(load_default=None, validate=validate.Range(1, 2**31 - 1))


class LackingSchema(ma.Schema):
    """An inspection of which photos were declared and have not come, since ``received_at``."""

    id = fields.Integer(required=True)
    month = fields.String(required=True)
    building_zh = fields.String(required=True)
    building_en = fields.String(required=True)
    floor = fields.String(required=True)
    room_zh = fields.String(required=True)
    room_en = fields.String(required=True)
    device_name = fields.String(required=True, allow_none=True)
    author_id = fields.Integer(required=True)
    author = fields.String(required=True)
    author_en = fields.String(required=True)
    received_at = fields.AwareDateTime(required=True)
    declared = fields.Integer(required=True)
    lacking = fields.Integer(required=True)


list_views(bp, "phones", PHONES, PhonesArgs, PhoneSchema, right="manage_round")
list_views(bp, "missing-photos", LACKING, LackingArgs, LackingSchema, right="manage_round")
