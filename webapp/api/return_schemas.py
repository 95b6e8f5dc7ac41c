"""What was sent back, as the API shows it."""

from __future__ import annotations

from marshmallow import fields, validate

from webapp.acceptance.return_rules import STATES
from webapp.api.listing import PlacedSchema


class ReturnSchema(PlacedSchema):
    """An answer or a photo that was sent back.

    ``key`` names it among both. ``item`` is null for the inspection as a whole, or a photo of the
    whole. An answer has ``returned_id`` and the revision that was sent back; a photo has its uid, and
    that of the one in its place.
    """

    key = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["answer", "photo"]))
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    returned_id = fields.Integer(required=True, allow_none=True)
    returned_revision = fields.Integer(required=True, allow_none=True)
    photo_uid = fields.String(required=True, allow_none=True)
    new_photo_uid = fields.String(required=True, allow_none=True)
    item = fields.String(required=True, allow_none=True)
    item_zh = fields.String(required=True, allow_none=True)
    item_en = fields.String(required=True, allow_none=True)
    remark = fields.String(required=True)
    month = fields.String(required=True)
    inspection_id = fields.Integer(required=True)
    inspection_uid = fields.String(required=True)
    revision = fields.Integer(required=True)
    author_id = fields.Integer(required=True)
    author = fields.String(required=True)
    author_en = fields.String(required=True)
    returned_by_id = fields.Integer(required=True, allow_none=True)
    returned_by = fields.String(required=True, allow_none=True)
    returned_by_en = fields.String(required=True, allow_none=True)
    returned_at = fields.AwareDateTime(required=True)
    closed_by = fields.String(required=True, allow_none=True)
    closed_by_en = fields.String(required=True, allow_none=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
