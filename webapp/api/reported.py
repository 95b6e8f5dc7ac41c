"""What a label opens for who has no account: reporting a fault, and following it (screens.md 17)."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import request
from marshmallow import fields, validate

from webapp import links
from webapp.api.cases import STATE, UID
from webapp.api.estate_schemas import text as text_field
from webapp.api.http import Schema, blueprint, settings
from webapp.cases import reported
from webapp.cases.opening import called
from webapp.cases.reporters import ASKED_IN
from webapp.db import db, now_utc, unit_of_work
from webapp.estate.rules import LONGEST_SCAN, parse_label
from webapp.extensions import limiter

bp = blueprint("reported", "Faults reported from a label, for who has no account")
LABEL = f"/api/links/label/<string(maxlength={LONGEST_SCAN}):code>"
FAULT = "/api/links/fault/<string:fault_token>"
# By address: a client's whole office may come through one.
READS, WRITES = "240 per minute", "20 per minute"
# By label: a room full of people, and not a machine. By link: who follows, and has more to say.
WRITES_OF_A_LABEL, WRITES_OF_A_LINK = "10 per 10 minutes", "10 per 10 minutes"


class LabelPlaceSchema(ma.Schema):
    """What a label is on, by its names alone."""

    device_name = fields.String(required=True)
    room_zh = fields.String(required=True)
    room_en = fields.String(required=True)
    floor = fields.String(required=True)
    building_zh = fields.String(required=True)
    building_en = fields.String(required=True)


class ReportFaultSchema(Schema):
    """What is wrong; ``other`` needs words. ``uid`` keeps the same from being reported twice."""

    uid = fields.String(required=True, validate=UID)
    trouble = fields.String(required=True, validate=validate.OneOf(list(reported.TROUBLES)))
    text = text_field(2000, load_default="")
    name = text_field(80, load_default="")
    contact = text_field(200, load_default="")
    language = fields.String(load_default="zh", validate=validate.OneOf(["zh", "en"]))

    @ma.validates_schema
    def _words(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data["trouble"] == "other" and not data["text"].strip():
            raise ma.ValidationError("required", "text")


class ReportedFaultSchema(ma.Schema):
    """The number that the fault is called by, and what makes the link to follow it."""

    name = fields.String(required=True)
    token = fields.String(required=True)


class FaultStateSchema(ma.Schema):
    """A state that it came to."""

    state = fields.String(required=True, validate=STATE)
    at = fields.AwareDateTime(required=True)


class OwnWordsSchema(ma.Schema):
    """What the reporter said."""

    text = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


class OwnPhotoSchema(ma.Schema):
    """A photo that the reporter may see: ``own`` is one that he sent."""

    uid = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    own = fields.Boolean(required=True)


class FollowedFaultSchema(LabelPlaceSchema):
    """A fault or complaint as who reported it sees it; ``live`` while more can be said, with ``more_photos``.

    ``asks`` is what he is asked now: his ``verdict``, a ``rating`` alone, or nothing; ``answer`` is what a
    complaint was answered.
    """

    name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(list(ASKED_IN)))
    asks = fields.String(required=True, validate=validate.OneOf(["", "verdict", "rating"]))
    answer = fields.String(required=True)
    title = fields.String(required=True)
    state = fields.String(required=True, validate=STATE)
    live = fields.Boolean(required=True)
    states = fields.List(fields.Nested(FaultStateSchema), required=True)
    said = fields.List(fields.Nested(OwnWordsSchema), required=True)
    photos = fields.List(fields.Nested(OwnPhotoSchema), required=True)
    more_photos = fields.Integer(required=True)


class FaultWordsSchema(Schema):
    """More words of the reporter; ``uid`` keeps the same from being added twice."""

    uid = fields.String(required=True, validate=UID)
    text = text_field(2000, required=True, shortest=1)


class FaultVerdictSchema(Schema):
    """What the reporter says of what counts as solved or answered; why not needs words (clauses 27, 48)."""

    uid = fields.String(required=True, validate=UID)
    solved = fields.Boolean(required=True)
    rating = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 5))
    text = text_field(2000, load_default="")

    @ma.validates_schema
    def _words(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if not data["solved"] and not data["text"].strip():
            raise ma.ValidationError("required", "text")


def _of_the_label() -> str:
    code = str((request.view_args or {}).get("code", ""))
    return f"label {parse_label(code)}"


def of_the_link() -> str:
    """What requests of one link are counted by."""
    token = str((request.view_args or {}).get("fault_token", ""))
    return f"fault {token[: links.LONGEST_TOKEN].split('.', maxsplit=1)[0]}"


@bp.get(LABEL)
@limiter.limit(READS)
@bp.response(200, LabelPlaceSchema)
def show_label_place(code: str) -> dict[str, Any]:
    """The device that a label is on and where it stands, by names alone."""
    place = reported.place_of(db.session(), code)
    return {
        "device_name": place.device.name,
        "room_zh": place.room.name_zh,
        "room_en": place.room.name_en,
        "floor": place.room.floor,
        "building_zh": place.building.name_zh,
        "building_en": place.building.name_en,
    }


@bp.post(f"{LABEL}/faults")
@limiter.limit(WRITES)
@limiter.limit(WRITES_OF_A_LABEL, key_func=_of_the_label)
@bp.arguments(ReportFaultSchema)
@bp.response(201, ReportedFaultSchema)
def report_fault(body: dict[str, Any], code: str) -> dict[str, Any]:
    """Report a fault; while one of the device waits, it becomes a line of that one."""
    with unit_of_work() as session:
        case, line = reported.report(session, code, reported.Told(**body), now_utc())
        name, line_id = called(case), line.id
    return {"name": name, "token": links.token_for(settings().secret_key, "fault", line_id)}


@bp.get(FAULT)
@limiter.limit(READS)
@bp.response(200, FollowedFaultSchema)
def show_followed_fault(fault_token: str) -> dict[str, Any]:
    """How a reported fault stands."""
    line_id = links.subject_of(settings().secret_key, "fault", fault_token)
    return reported.followed(db.session(), line_id)


@bp.post(f"{FAULT}/words")
@limiter.limit(WRITES)
@limiter.limit(WRITES_OF_A_LINK, key_func=of_the_link)
@bp.arguments(FaultWordsSchema)
@bp.response(204)
def add_fault_words(body: dict[str, Any], fault_token: str) -> None:
    """Add words to a reported fault."""
    line_id = links.subject_of(settings().secret_key, "fault", fault_token)
    with unit_of_work() as session:
        reported.add_words(session, line_id, body["uid"], body["text"].strip(), now_utc())


@bp.post(f"{FAULT}/verdict")
@limiter.limit(WRITES)
@limiter.limit(WRITES_OF_A_LINK, key_func=of_the_link)
@bp.arguments(FaultVerdictSchema)
@bp.response(204)
def settle_fault(body: dict[str, Any], fault_token: str) -> None:
    """Close a solved fault by its reporter's word, or open it again."""
    line_id = links.subject_of(settings().secret_key, "fault", fault_token)
    verdict = reported.Verdict(**body | {"text": body["text"].strip()})
    with unit_of_work() as session:
        reported.settle(session, line_id, verdict, now_utc())
