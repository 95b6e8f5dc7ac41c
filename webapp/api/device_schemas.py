"""The shape of a device's life."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import fields

from webapp.api.estate_schemas import DeviceSchema
from webapp.api.figure_schemas import CounterForecastSchema


class LifeItemSchema(ma.Schema):
    """A line of today's checklist for the device, which names the readings."""

    key = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    unit = fields.String(required=True)


class LifeInspectionSchema(ma.Schema):
    """An inspection; ``counts`` where there were two in a month."""

    id = fields.Integer(required=True)
    uid = fields.String(required=True)
    month = fields.String(required=True)
    verdict = fields.String(required=True)
    severity = fields.Integer(required=True, allow_none=True)
    author = fields.String(required=True)
    received_at = fields.AwareDateTime(required=True)
    revision = fields.Integer(required=True)
    counts = fields.Boolean(required=True)
    exception_reason = fields.String(required=True, allow_none=True)
    remark = fields.String(required=True)


class LifeRecordSchema(ma.Schema):
    """A row of the device record sheet (clause 20)."""

    id = fields.Integer(required=True)
    recorded_on = fields.Date(required=True)
    category = fields.String(required=True)
    item = fields.String(required=True, allow_none=True)
    anomaly = fields.String(required=True)
    cause = fields.String(required=True)
    action = fields.String(required=True)
    part = fields.String(required=True)
    result = fields.String(required=True)
    recorded_by = fields.String(required=True)
    reviewed_by = fields.String(required=True, allow_none=True)
    case_name = fields.String(required=True, allow_none=True)
    open_item_number = fields.Integer(required=True, allow_none=True)
    inspection_id = fields.Integer(required=True, allow_none=True)


class LifePointSchema(ma.Schema):
    """One month's reading."""

    month = fields.String(required=True)
    value = fields.Float(required=True)
    verdict = fields.String(required=True)


class LifeTrendSchema(ma.Schema):
    """A number item over the months; the normal range is today's, inclusive.

    ``replaced`` are the months in which its consumable was; ``forecast`` is a counter's of hours.
    """

    item = fields.String(required=True)
    minimum = fields.Float(required=True, allow_none=True)
    maximum = fields.Float(required=True, allow_none=True)
    points = fields.List(fields.Nested(LifePointSchema), required=True)
    replaced = fields.List(fields.String(), required=True)
    forecast = fields.Nested(CounterForecastSchema, required=True, allow_none=True)


class LifeOpenItemSchema(ma.Schema):
    """An open item of the device, solved ones too."""

    number = fields.Integer(required=True)
    item = fields.String(required=True, allow_none=True)
    text = fields.String(required=True)
    cause = fields.String(required=True)
    action = fields.String(required=True)
    severity = fields.Integer(required=True)
    state = fields.String(required=True)
    opened_month = fields.String(required=True)
    closed_month = fields.String(required=True, allow_none=True)
    owner = fields.String(required=True, allow_none=True)
    due_on = fields.Date(required=True, allow_none=True)


class LifePhotoSchema(ma.Schema):
    """A photo; the picture itself is at ``photos/<uid>/image``."""

    uid = fields.String(required=True)
    month = fields.String(required=True)
    item = fields.String(required=True, allow_none=True)
    inspection_id = fields.Integer(required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)
    review = fields.String(required=True)


class LifeConsumableSchema(ma.Schema):
    """A consumable that was replaced."""

    consumable = fields.String(required=True)
    quantity = fields.Integer(required=True)
    used_on = fields.Date(required=True)


class LifeLabelSchema(ma.Schema):
    """A label that the device has, or had when it was revoked."""

    code = fields.String(required=True)
    state = fields.String(required=True)
    made_at = fields.AwareDateTime(required=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)
    reason = fields.String(required=True)


class LifeChangeSchema(ma.Schema):
    """Who changed what in the register; ``diff`` is ``{field: [before, after]}``."""

    at = fields.AwareDateTime(required=True)
    by = fields.String(required=True, allow_none=True)
    action = fields.String(required=True)
    diff = fields.Dict(required=True)


class OtherDeviceSchema(ma.Schema):
    """A device as another one names it."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    serial = fields.String(required=True)


class DeviceLifeSchema(ma.Schema):
    """Everything that is known of one device, the latest first (trends: the oldest first).

    ``replaces`` stood here before it, ``replaced_by`` after it.
    """

    device = fields.Nested(DeviceSchema, required=True)
    replaces = fields.Nested(OtherDeviceSchema, required=True, allow_none=True)
    replaced_by = fields.Nested(OtherDeviceSchema, required=True, allow_none=True)
    items = fields.List(fields.Nested(LifeItemSchema), required=True)
    inspections = fields.List(fields.Nested(LifeInspectionSchema), required=True)
    records = fields.List(fields.Nested(LifeRecordSchema), required=True)
    trends = fields.List(fields.Nested(LifeTrendSchema), required=True)
    open_items = fields.List(fields.Nested(LifeOpenItemSchema), required=True)
    photos = fields.List(fields.Nested(LifePhotoSchema), required=True)
    consumables = fields.List(fields.Nested(LifeConsumableSchema), required=True)
    labels = fields.List(fields.Nested(LifeLabelSchema), required=True)
    changes = fields.List(fields.Nested(LifeChangeSchema), required=True)
