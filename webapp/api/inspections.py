"""Inspections over HTTP: the list, one whole, and the choice out of a pair."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from webapp.api.http import CONTRACT, PageArgs, blueprint, require
from webapp.api.listing import PlacedSchema, list_views, sort_of, state_of
from webapp.api.photo_schemas import LimitsSchema
from webapp.api.return_schemas import ReturnSchema
from webapp.api.rounds import ID, MONTH
from webapp.db import db, now_utc, unit_of_work
from webapp.desk.inspection_detail import inspection_detail
from webapp.desk.inspection_list import INSPECTIONS
from webapp.rounds import services

bp = blueprint("inspections", "Inspections: list, detail, pairs")
VERDICT = validate.OneOf(["normal", "abnormal", "not_tested"])
INSPECTION = f"{CONTRACT}/inspections/<int(max=2147483647):inspection_id>"


class InspectionArgs(PageArgs):
    """Which inspections; ``pair`` asks for those that wait for a choice, ``fast`` for an "all OK" in seconds."""

    month = fields.String(validate=MONTH)
    building_id = fields.Integer(validate=ID)
    room_id = fields.Integer(validate=ID)
    device_id = fields.Integer(validate=ID)
    type = fields.String(validate=validate.Length(1, 32))
    author_id = fields.Integer(validate=ID)
    verdict = state_of(INSPECTIONS)
    flag = fields.String(validate=validate.Regexp(r"^[a-z_]{1,40}$", error="invalid_flag"))
    fast = fields.Boolean(load_default=False)
    pair = fields.Boolean(load_default=False)
    q = fields.String(load_default="", validate=validate.Length(max=100))
    sort = sort_of(INSPECTIONS)


class InspectionSchema(PlacedSchema):
    """An inspection in the list; ``counts`` is whether it is the one of its task that counts.

    ``dwell_seconds`` is how long it was in sight in all, ``bulk_seconds`` when its "all OK" was sent.
    """

    id = fields.Integer(required=True)
    uid = fields.String(required=True)
    month = fields.String(required=True)
    author_id = fields.Integer(required=True)
    author = fields.String(required=True)
    author_en = fields.String(required=True)
    revision = fields.Integer(required=True)
    verdict = fields.String(required=True, validate=VERDICT)
    severity = fields.Integer(required=True, allow_none=True)
    exception_reason = fields.String(required=True, allow_none=True)
    flags = fields.List(fields.String(), required=True)
    bulk_ok = fields.Boolean(required=True)
    bulk_seconds = fields.Integer(required=True, allow_none=True)
    dwell_seconds = fields.Integer(required=True)
    counts = fields.Boolean(required=True)
    pair_open = fields.Boolean(required=True)
    received_at = fields.AwareDateTime(required=True)
    device_finished_at = fields.AwareDateTime(required=True, allow_none=True)
    photos_expected = fields.Integer(required=True)
    photos_received = fields.Integer(required=True)
    photos_returned = fields.Integer(required=True)


class TrendPointSchema(ma.Schema):
    """An earlier month's reading."""

    month = fields.String(required=True)
    value = fields.Float(required=True)
    verdict = fields.String(required=True, validate=VERDICT)


class ReadingSchema(ma.Schema):
    """A reading beside its limits, last month's value and the twelve months before.

    ``bulk`` is one that "all OK" gave and nobody has touched since.

    ``repeat`` is for how many months in a row the item had been abnormal before; ``question`` the
    doubt about its plausibility.
    """

    item = fields.String(required=True)
    item_zh = fields.String(required=True)
    item_en = fields.String(required=True)
    kind = fields.String(required=True)
    unit = fields.String(required=True)
    value = fields.Raw(required=True, allow_none=True)
    value_zh = fields.String(required=True, allow_none=True)
    value_en = fields.String(required=True, allow_none=True)
    verdict = fields.String(required=True, validate=VERDICT)
    reason = fields.String(required=True)
    severity = fields.Integer(required=True, allow_none=True)
    cause_zh = fields.String(required=True)
    cause_en = fields.String(required=True)
    action_zh = fields.String(required=True)
    action_en = fields.String(required=True)
    remark = fields.String(required=True)
    fixed = fields.Boolean(required=True)
    question = fields.String(required=True)
    bulk = fields.Boolean(required=True)
    limits = fields.Nested(LimitsSchema, required=True)
    previous = fields.Raw(required=True, allow_none=True)
    previous_zh = fields.String(required=True, allow_none=True)
    previous_en = fields.String(required=True, allow_none=True)
    repeat = fields.Integer(required=True)
    trend = fields.List(fields.Nested(TrendPointSchema), required=True)


class UnansweredSchema(ma.Schema):
    """An item that was due and has no reading."""

    item = fields.String(required=True)
    item_zh = fields.String(required=True)
    item_en = fields.String(required=True)


class SpotCheckSchema(UnansweredSchema):
    """An item that "all OK" left to the hand, and how it was seen."""

    seen = fields.String(required=True, validate=validate.OneOf(["hand", "photo", "no"]))


class FindingSchema(ma.Schema):
    """A new problem outside the test (clause 19)."""

    uid = fields.String(required=True)
    text = fields.String(required=True)
    severity = fields.Integer(required=True)
    fixed = fields.Boolean(required=True)


class UsedConsumableSchema(ma.Schema):
    """A consumable that was replaced during the inspection (clause 16)."""

    consumable = fields.String(required=True)
    quantity = fields.Integer(required=True)


class InspectionOpenItemSchema(ma.Schema):
    """An open item that the inspection opened or answered."""

    number = fields.Integer(required=True)
    item = fields.String(required=True, allow_none=True)
    text = fields.String(required=True)
    severity = fields.Integer(required=True)
    state = fields.String(required=True)
    opened_month = fields.String(required=True)
    age_months = fields.Integer(required=True)
    answer = fields.String(required=True, validate=validate.OneOf(["opened", "still", "solved"]))
    remark = fields.String(required=True)


class InspectionPhotoSchema(ma.Schema):
    """A photo of the manifest; it has come when ``received_at`` is set."""

    uid = fields.String(required=True)
    item = fields.String(required=True, allow_none=True)
    finding_uid = fields.String(required=True, allow_none=True)
    open_item_number = fields.Integer(required=True, allow_none=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)
    received_at = fields.AwareDateTime(required=True, allow_none=True)
    withdrawn = fields.Boolean(required=True)
    unreadable = fields.Boolean(required=True)
    review = fields.String(required=True)
    review_remark = fields.String(required=True)
    review_marks = fields.List(fields.Dict(), required=True)
    reused_of = fields.String(required=True, allow_none=True)


class ChangeSchema(ma.Schema):
    """A field that a revision changed; its path, such as ``readings.lamp_hours.value``."""

    field = fields.String(required=True)
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)


class RevisionSchema(ma.Schema):
    """A revision: who sent it, when it came, and what it changed."""

    number = fields.Integer(required=True)
    author_id = fields.Integer(required=True)
    author = fields.String(required=True)
    author_en = fields.String(required=True)
    received_at = fields.AwareDateTime(required=True)
    changes = fields.List(fields.Nested(ChangeSchema), required=True)


class PairReadingSchema(ma.Schema):
    """A reading of the other inspection, for laying side by side."""

    item = fields.String(required=True)
    value = fields.Raw(required=True, allow_none=True)
    verdict = fields.String(required=True, validate=VERDICT)
    remark = fields.String(required=True)


class PairedInspectionSchema(InspectionSchema):
    """Another inspection of the same task."""

    readings = fields.List(fields.Nested(PairReadingSchema), required=True)


class VerifiedCaseSchema(ma.Schema):
    """A case of the device that was put right before, and what this inspection said of it."""

    name = fields.String(required=True)
    title = fields.String(required=True)
    word = fields.String(required=True, validate=validate.OneOf(("verified", "still", "anomaly")))


class InspectionDetailSchema(InspectionSchema):
    """An inspection whole; ``returns`` are its answers that were ever sent back, the latest first.

    ``returnable`` while more can be: its round still takes, and it was not set aside.
    """

    task_id = fields.Integer(required=True)
    checklist = fields.Integer(required=True)
    phone_verdict = fields.String(required=True)
    picked = fields.Boolean(required=True)
    device_started_at = fields.AwareDateTime(required=True, allow_none=True)
    clock_offset_seconds = fields.Integer(required=True)
    scanned_code = fields.String(required=True, allow_none=True)
    remark = fields.String(required=True)
    exception_zh = fields.String(required=True)
    exception_en = fields.String(required=True)
    exception_remark = fields.String(required=True)
    revisit_on = fields.Date(required=True, allow_none=True)
    maker = fields.String(required=True)
    model = fields.String(required=True)
    serial = fields.String(required=True)
    asset_number = fields.String(required=True)
    warranty_until = fields.Date(required=True, allow_none=True)
    readings = fields.List(fields.Nested(ReadingSchema), required=True)
    unanswered = fields.List(fields.Nested(UnansweredSchema), required=True)
    spot_checks = fields.List(fields.Nested(SpotCheckSchema), required=True)
    findings = fields.List(fields.Nested(FindingSchema), required=True)
    consumables = fields.List(fields.Nested(UsedConsumableSchema), required=True)
    open_items = fields.List(fields.Nested(InspectionOpenItemSchema), required=True)
    photos = fields.List(fields.Nested(InspectionPhotoSchema), required=True)
    revisions = fields.List(fields.Nested(RevisionSchema), required=True)
    pair = fields.List(fields.Nested(PairedInspectionSchema), required=True)
    returns = fields.List(fields.Nested(ReturnSchema), required=True)
    returnable = fields.Boolean(required=True)
    verifies = fields.List(fields.Nested(VerifiedCaseSchema), required=True)


list_views(bp, "inspections", INSPECTIONS, InspectionArgs, InspectionSchema)


@bp.get(INSPECTION)
@bp.response(200, InspectionDetailSchema)
def show_inspection(contract_code: str, inspection_id: int) -> dict[str, Any]:
    """One inspection whole."""
    access = require("view", contract_code)
    return inspection_detail(db.session(), access.contract_id, inspection_id)


@bp.post(f"{INSPECTION}/pick")
@bp.response(200, InspectionDetailSchema)
def pick_inspection(contract_code: str, inspection_id: int) -> dict[str, Any]:
    """Let this one of a pair count; the other stays, visibly."""
    access = require("review", contract_code)
    with unit_of_work() as session:
        services.pick(session, access, inspection_id, now_utc())
    return inspection_detail(db.session(), access.contract_id, inspection_id)
