"""The shapes of the figures (clauses 10, 16, 18 and 44)."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import fields, validate

from webapp.api.http import Schema
from webapp.api.listing import PlacedSchema
from webapp.api.rounds import MONTH, ProgressSchema
from webapp.desk.figures.months import MOST_MONTHS
from webapp.desk.forecast.rules import CONFIDENCES, STATES
from webapp.rounds.rules import STATES as ROUND_STATES


class TrendArgs(Schema):
    """So many rounds up to ``month``'s, or up to the latest."""

    months = fields.Integer(load_default=12, validate=validate.Range(1, MOST_MONTHS))
    month = fields.String(validate=MONTH)


class AsOfArgs(Schema):
    """As seen from ``month``, or from the latest round."""

    month = fields.String(validate=MONTH)


class ShareSchema(ma.Schema):
    """A part of a whole; ``percent`` has one decimal, cut off, and is null of nothing."""

    part = fields.Integer(required=True)
    whole = fields.Integer(required=True)
    percent = fields.Float(required=True, allow_none=True)


class TestedSchema(ProgressSchema):
    """Inspections by outcome; ``tested`` are the normal and abnormal ones."""

    tested = fields.Integer(required=True)


class FlowSchema(ma.Schema):
    """Open items: carried + new - closed - withdrawn = standing."""

    carried = fields.Integer(required=True)
    new = fields.Integer(required=True)
    closed = fields.Integer(required=True)
    withdrawn = fields.Integer(required=True)
    standing = fields.Integer(required=True)


class MonthTrendSchema(ma.Schema):
    """A month in the trend; ``anomalies`` are abnormal readings."""

    month = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(ROUND_STATES))
    inspections = fields.Nested(TestedSchema, required=True)
    pass_rate = fields.Nested(ShareSchema, required=True)
    availability = fields.Nested(ShareSchema, required=True)
    anomalies = fields.Integer(required=True)
    open_items = fields.Nested(FlowSchema, required=True)


class TrendSchema(ma.Schema):
    """The rounds of the trend, oldest first."""

    months = fields.List(fields.Nested(MonthTrendSchema), required=True)


class TypeStatusSchema(ProgressSchema):
    """Inspections of one device type by outcome; ``room`` is the rooms' own checklist."""

    type = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    pass_rate = fields.Nested(ShareSchema, required=True)


class DisabledRoomSchema(ma.Schema):
    """A room that can't hold a meeting, and the open items that say so."""

    room_id = fields.Integer(required=True)
    room_zh = fields.String(required=True)
    room_en = fields.String(required=True)
    floor = fields.String(required=True)
    building_zh = fields.String(required=True)
    building_en = fields.String(required=True)
    numbers = fields.List(fields.Integer(), required=True)


class RoomFiguresSchema(ma.Schema):
    """Rooms of the round: all, inspected, and able to hold a meeting at its end."""

    total = fields.Integer(required=True)
    inspected = fields.Integer(required=True)
    able = fields.Integer(required=True)
    disabled = fields.List(fields.Nested(DisabledRoomSchema), required=True)


class AgeBandSchema(ma.Schema):
    """Open items of an age in months, by severity; the last band has no ``to_months``."""

    from_months = fields.Integer(required=True)
    to_months = fields.Integer(required=True, allow_none=True)
    severities = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    total = fields.Integer(required=True)


class MonthFiguresSchema(MonthTrendSchema):
    """All figures of a month's round; from ``disabling_severity`` on a room is disabled."""

    disabling_severity = fields.Integer(required=True)
    rooms = fields.Nested(RoomFiguresSchema, required=True)
    types = fields.List(fields.Nested(TypeStatusSchema), required=True)
    ageing = fields.List(fields.Nested(AgeBandSchema), required=True)


class RepeatMonthSchema(ma.Schema):
    """What was read of a repeat offender in a month."""

    month = fields.String(required=True)
    verdict = fields.String(required=True, validate=validate.OneOf(["normal", "abnormal"]))
    value = fields.Raw(required=True, allow_none=True)
    value_zh = fields.String(required=True, allow_none=True)
    value_en = fields.String(required=True, allow_none=True)


class RepeatOffenderSchema(PlacedSchema):
    """An item of a device that was abnormal again and again; ``months`` oldest first."""

    warranty_until = fields.Date(required=True, allow_none=True)
    item = fields.String(required=True)
    item_zh = fields.String(required=True)
    item_en = fields.String(required=True)
    unit = fields.String(required=True)
    in_a_row = fields.Integer(required=True)
    of_last = fields.Integer(required=True)
    months = fields.List(fields.Nested(RepeatMonthSchema), required=True)
    open_items = fields.List(fields.Integer(), required=True)


class ConsumableNameSchema(ma.Schema):
    """A consumable by its key and names."""

    consumable = fields.String(required=True)
    consumable_zh = fields.String(required=True)
    consumable_en = fields.String(required=True)


class HoursReadSchema(ma.Schema):
    """A counter's reading in a month."""

    month = fields.String(required=True)
    hours = fields.Float(required=True)


class CounterForecastSchema(ma.Schema):
    """When a counter of hours comes to its limit; ``rate`` in hours a month.

    ``hours`` are those of the part that runs now, since ``since`` where it was replaced.
    """

    hours = fields.Float(required=True, allow_none=True)
    read_in = fields.String(required=True, allow_none=True)
    since = fields.String(required=True, allow_none=True)
    not_reset = fields.Boolean(required=True)
    limit = fields.Float(required=True, allow_none=True)
    rate = fields.Float(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    due_month = fields.String(required=True, allow_none=True)
    confidence = fields.String(required=True, validate=validate.OneOf(CONFIDENCES))
    readings = fields.List(fields.Nested(HoursReadSchema), required=True)
    replaced = fields.List(fields.String(), required=True)


class HourCounterSchema(CounterForecastSchema, PlacedSchema, ConsumableNameSchema):
    """A counter of hours on a consumable of a device."""

    maker = fields.String(required=True)
    model = fields.String(required=True)
    item = fields.String(required=True)
    item_zh = fields.String(required=True)
    item_en = fields.String(required=True)


class ConsumableAverageSchema(ConsumableNameSchema):
    """What was used of a consumable in the last ``rounds``; ``ahead`` by the months to come."""

    total = fields.Integer(required=True)
    rounds = fields.Integer(required=True)
    average = fields.Float(required=True)
    ahead = fields.List(fields.Integer(), required=True)


class ToBuySchema(ConsumableNameSchema):
    """So many of a consumable, by the months to come."""

    maker = fields.String(required=True)
    model = fields.String(required=True)
    quantities = fields.List(fields.Integer(), required=True)
    quantity = fields.Integer(required=True)


class ForecastSchema(ma.Schema):
    """The forecast as seen from ``month``, which is null without a round; ``months`` to buy for."""

    month = fields.String(required=True, allow_none=True)
    months = fields.List(fields.String(), required=True)
    hours = fields.List(fields.Nested(HourCounterSchema), required=True)
    uses = fields.List(fields.Nested(ConsumableAverageSchema), required=True)
    buy = fields.List(fields.Nested(ToBuySchema), required=True)
