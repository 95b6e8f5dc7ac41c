"""The three-level acceptance over HTTP: rooms with their sign-offs, the second look, signing (clause 30)."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from webapp.acceptance import queries, services
from webapp.acceptance.rechecks import Check, recheck
from webapp.acceptance.rules import (
    FINAL,
    LEVELS,
    MOST_POINTS,
    MOST_STROKES,
    REASONS,
    RISKS,
    ROOM_LEVELS,
)
from webapp.acceptance.signing import Signature
from webapp.api.http import Schema, blueprint, require
from webapp.api.inspections import ChangeSchema
from webapp.api.rounds import ID, ROUND, ProgressSchema
from webapp.db import db, now_utc, unit_of_work
from webapp.identity.contract_settings import STRICTNESSES

bp = blueprint("acceptance", "Acceptance: self-check, peer check, final acceptance")
LEVEL = validate.OneOf(LEVELS)
REASON = validate.OneOf(["", *REASONS])
RESULTS = ("confirmed", "returned")
WHY_VOID = ("amended", "altered", "second_visit", "picked", "joined", "left", "reopened")
REMARK = validate.Length(max=1000)


class PersonSchema(ma.Schema):
    """Who it was."""

    user_id = fields.Integer(required=True)
    user = fields.String(required=True)
    user_en = fields.String(required=True)


class VoidItemSchema(ma.Schema):
    """An item of the checklist whose reading or photo changed."""

    item = fields.String(required=True)
    item_zh = fields.String(required=True)
    item_en = fields.String(required=True)


class VoidReasonSchema(ma.Schema):
    """What changed of what was signed; ``parts`` are the parts of the inspection that differ.

    Without a device it is the room's own checklist, without a task the round.
    """

    why = fields.String(required=True, validate=validate.OneOf(WHY_VOID))
    task_id = fields.Integer(required=True, allow_none=True)
    room_id = fields.Integer(required=True, allow_none=True)
    device_id = fields.Integer(required=True, allow_none=True)
    device_name = fields.String(required=True, allow_none=True)
    type = fields.String(required=True)
    items = fields.List(fields.Nested(VoidItemSchema), required=True)
    parts = fields.List(fields.String(), required=True)
    changes = fields.List(fields.Nested(ChangeSchema), required=True)
    from_revision = fields.Integer(required=True, allow_none=True)
    to_revision = fields.Integer(required=True, allow_none=True)
    by = fields.Nested(PersonSchema, required=True, allow_none=True)


STROKES = fields.List(fields.List(fields.List(fields.Float())), required=True)


class SignOffSchema(PersonSchema):
    """A sign-off: who, when, over which hash; voided since when ``voided_at`` is set, and why."""

    uid = fields.String(required=True)
    level = fields.String(required=True, validate=LEVEL)
    room_id = fields.Integer(required=True, allow_none=True)
    signed_at = fields.AwareDateTime(required=True)
    sha256 = fields.String(required=True)
    strictness = fields.String(required=True, validate=validate.OneOf(STRICTNESSES))
    remark = fields.String(required=True)
    signed_name = fields.String(required=True)
    drawn = fields.Boolean(required=True)
    strokes = STROKES
    voided_at = fields.AwareDateTime(required=True, allow_none=True)
    reasons = fields.List(fields.Nested(VoidReasonSchema), required=True)


class WhyNotSchema(ma.Schema):
    """Why the actor may not do it; empty when he may."""

    self_check = fields.String(required=True, validate=REASON)
    peer_check = fields.String(required=True, validate=REASON)
    recheck = fields.String(required=True, validate=REASON)


class AcceptanceRoomSchema(ProgressSchema):
    """A room with its standing sign-offs; ``voided`` are the last ones where none stands.

    ``sample`` is how many inspections are to be looked at again, ``sample_left`` how many still are.
    """

    id = fields.Integer(required=True)
    floor = fields.String(required=True)
    name_zh = fields.String(required=True)
    name_en = fields.String(required=True)
    assignee_ids = fields.List(fields.Integer(), required=True)
    author_ids = fields.List(fields.Integer(), required=True)
    pairs = fields.Integer(required=True)
    returned = fields.Integer(required=True)
    sample = fields.Integer(required=True)
    sample_left = fields.Integer(required=True)
    self_check = fields.Nested(SignOffSchema, required=True, allow_none=True)
    peer_check = fields.Nested(SignOffSchema, required=True, allow_none=True)
    voided = fields.List(fields.Nested(SignOffSchema), required=True)
    why_not = fields.Nested(WhyNotSchema, required=True)


class AcceptanceBuildingSchema(ma.Schema):
    """A building with its rooms, floor by floor."""

    id = fields.Integer(required=True)
    name_zh = fields.String(required=True)
    name_en = fields.String(required=True)
    rooms = fields.List(fields.Nested(AcceptanceRoomSchema), required=True)


class AcceptanceBlockerSchema(ma.Schema):
    """What still keeps the round from being accepted."""

    kind = fields.String(required=True, validate=validate.OneOf(queries.BLOCKERS))
    count = fields.Integer(required=True)


class AcceptanceSchema(ma.Schema):
    """The acceptance of a round; ``history`` holds the last sign-offs, voided or not, latest first."""

    month = fields.String(required=True)
    state = fields.String(required=True)
    strictness = fields.String(required=True, validate=validate.OneOf(STRICTNESSES))
    drawn_signatures = fields.Boolean(required=True)
    blockers = fields.List(fields.Nested(AcceptanceBlockerSchema), required=True)
    final = fields.Nested(SignOffSchema, required=True, allow_none=True)
    why_not_final = fields.String(required=True, validate=REASON)
    buildings = fields.List(fields.Nested(AcceptanceBuildingSchema), required=True)
    history = fields.List(fields.Nested(SignOffSchema), required=True)


class SampleArgs(Schema):
    """The room to look at."""

    room_id = fields.Integer(required=True, validate=ID)


class RecheckedSchema(PersonSchema):
    """A colleague's word on a revision."""

    revision = fields.Integer(required=True)
    result = fields.String(required=True, validate=validate.OneOf(RESULTS))
    remark = fields.String(required=True)
    checked_at = fields.AwareDateTime(required=True)


class SampleTaskSchema(ma.Schema):
    """One device, or (without one) the room's own checklist: in the sample when ``why`` says so.

    ``checked`` is where the second look at the revision that counts stands.
    """

    id = fields.Integer(required=True)
    device_id = fields.Integer(required=True, allow_none=True)
    device_name = fields.String(required=True, allow_none=True)
    type = fields.String(required=True)
    outcome = fields.String(required=True)
    inspection_id = fields.Integer(required=True, allow_none=True)
    revision = fields.Integer(required=True)
    author_id = fields.Integer(required=True, allow_none=True)
    author = fields.String(required=True)
    author_en = fields.String(required=True)
    why = fields.List(fields.String(validate=validate.OneOf(RISKS)), required=True)
    checked = fields.String(required=True, validate=validate.OneOf(["", *RESULTS]))
    checks = fields.List(fields.Nested(RecheckedSchema), required=True)


class SampleSchema(ma.Schema):
    """A room for whoever looks at it again; ``history`` are all its sign-offs, with their drawings."""

    month = fields.String(required=True)
    state = fields.String(required=True)
    drawn_signatures = fields.Boolean(required=True)
    room = fields.Nested(AcceptanceRoomSchema, required=True)
    tasks = fields.List(fields.Nested(SampleTaskSchema), required=True)
    history = fields.List(fields.Nested(SignOffSchema), required=True)


class RecheckSchema(Schema):
    """A word on the revision of an inspection that was seen; ``item`` is the answer that goes back."""

    inspection_id = fields.Integer(required=True, validate=ID)
    revision = fields.Integer(required=True, validate=ID)
    result = fields.String(required=True, validate=validate.OneOf(RESULTS))
    item = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 40))
    remark = fields.String(load_default="", validate=REMARK)


class RechecksSchema(Schema):
    """Several words at once: all of them are taken, or none."""

    checks = fields.List(
        fields.Nested(RecheckSchema), required=True, validate=validate.Length(1, 500)
    )


POINT = fields.List(fields.Float(), validate=validate.Length(equal=2))
STROKE = fields.List(POINT, validate=validate.Length(max=MOST_POINTS))


class SignSchema(Schema):
    """What is signed: rooms at their level, or without rooms the final acceptance.

    ``strokes`` are lists of points ``[x, y]`` in shares of a box three times as wide as high; ``name``
    is typed where no hand can draw.
    """

    level = fields.String(required=True, validate=LEVEL)
    room_ids = fields.List(
        fields.Integer(validate=ID), load_default=list, validate=validate.Length(max=1000)
    )
    strokes = fields.List(STROKE, load_default=list, validate=validate.Length(max=MOST_STROKES))
    name = fields.String(load_default="", validate=validate.Length(max=80))
    remark = fields.String(load_default="", validate=REMARK)

    @ma.validates_schema
    def _rooms_as_the_level_asks(self, data: dict[str, Any], **_: Any) -> None:
        if (data["level"] in ROOM_LEVELS) != bool(data["room_ids"]):
            raise ma.ValidationError("invalid", "room_ids")


@bp.get(f"{ROUND}/acceptance")
@bp.response(200, AcceptanceSchema)
def show_acceptance(contract_code: str, month: str) -> dict[str, Any]:
    """Every room with its sign-offs, who may sign what and why not, and what blocks the rest."""
    access = require("view", contract_code)
    return queries.acceptance(db.session(), access, month)


@bp.get(f"{ROUND}/sample")
@bp.arguments(SampleArgs, location="query")
@bp.response(200, SampleSchema)
def show_sample(args: dict[str, Any], contract_code: str, month: str) -> dict[str, Any]:
    """One room's inspections: which are to be looked at again, and why."""
    access = require("view", contract_code)
    return queries.room_sample(db.session(), access, month, args["room_id"])


@bp.post(f"{ROUND}/rechecks")
@bp.arguments(RechecksSchema)
@bp.response(204)
def recheck_work(body: dict[str, Any], contract_code: str, month: str) -> None:
    """Confirm others' work, or send an answer back to its author with words."""
    access = require("view", contract_code)
    checks = [Check(**one) for one in body["checks"]]
    with unit_of_work() as session:
        recheck(session, access, month, checks, now_utc())


@bp.post(f"{ROUND}/sign-offs")
@bp.arguments(SignSchema)
@bp.response(204)
def sign(body: dict[str, Any], contract_code: str, month: str) -> None:
    """Sign rooms, or accept the round; which right it takes depends on the level."""
    access = require("view", contract_code)
    signature = Signature(body["strokes"], body["name"], body["remark"])
    with unit_of_work() as session:
        if body["level"] == FINAL:
            services.accept_round(session, access, month, signature, now_utc())
            return
        services.sign_rooms(
            session, access, month, body["level"], body["room_ids"], signature, now_utc()
        )
