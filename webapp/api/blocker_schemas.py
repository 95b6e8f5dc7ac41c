"""What blocks a month's report, as the board and the screen "ready for the 10th" show it."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import fields, validate

from webapp.desk.rules import GROUPS, KINDS


class BlockerSchema(ma.Schema):
    """What keeps the report waiting, whose it is, and where it is listed.

    ``group`` is ``person`` for what has an owner; else nobody's yet (``unassigned``), another
    engineer's (``peers``), or of those who review or accept. ``oldest_at`` is since when the oldest of
    them waits; ``path`` the screen that lists exactly those, null for who may not see it.
    """

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    group = fields.String(required=True, validate=validate.OneOf(GROUPS))
    owner_id = fields.Integer(required=True, allow_none=True)
    owner_name = fields.String(required=True)
    owner_name_en = fields.String(required=True)
    owner_has_left = fields.Boolean(required=True)
    count = fields.Integer(required=True)
    oldest_at = fields.AwareDateTime(required=True, allow_none=True)
    path = fields.String(required=True, allow_none=True)
