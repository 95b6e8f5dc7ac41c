"""The service log over HTTP: days and months, entries, signatures, archives (clause 14)."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from webapp.api.cases import UID
from webapp.api.http import CONTRACT, Schema, blueprint, require
from webapp.api.rounds import ID
from webapp.cases.kinds import KINDS
from webapp.db import db, now_utc, unit_of_work
from webapp.servicelog import queries, services
from webapp.servicelog.rules import LONGEST_WORDS, day_named
from webapp.servicelog.services import Written

bp = blueprint(
    "service_log", "The service log: what the system knows of a day, and what was written"
)
DAY = f"{CONTRACT}/service-log/<string(length=10):day>"
ENTRY = f"{CONTRACT}/service-log-entries/<int:entry_id>"
LOG_MONTH = f"{CONTRACT}/service-log-months/<string(length=7):month>"
_LINE_KINDS = ("case", "visit", "signed")


class WhoseLogArgs(Schema):
    """Whose log; without it one's own, or that of the engineer on the site."""

    user_id = fields.Integer(load_default=None, allow_none=True, validate=ID)


class LogPersonSchema(ma.Schema):
    """Somebody who has a log in this contract; ``left`` when he is of it no more."""

    user_id = fields.Integer(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    left = fields.Boolean(required=True)


class LogPlaceSchema(ma.Schema):
    """Where something was done, and for which case; empty where it was nowhere in particular."""

    room_id = fields.Integer(required=True, allow_none=True)
    room_zh = fields.String(required=True)
    room_en = fields.String(required=True)
    floor = fields.String(required=True)
    building_zh = fields.String(required=True)
    building_en = fields.String(required=True)
    device_id = fields.Integer(required=True, allow_none=True)
    device_name = fields.String(required=True, allow_none=True)
    case = fields.String(required=True, allow_none=True)
    case_kind = fields.String(required=True, allow_none=True, validate=validate.OneOf(list(KINDS)))
    case_title = fields.String(required=True)


class LogLineSchema(LogPlaceSchema):
    """A line of the system's: a step of a case, a room inspected, a level signed.

    ``devices`` counts what a visit inspected, or the rooms that were signed; ``photos`` are
    the uids of a step's own, shown where its case shows them; ``late`` is what came after the day's
    signature.
    """

    key = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(_LINE_KINDS))
    at = fields.AwareDateTime(required=True)
    until = fields.AwareDateTime(required=True, allow_none=True)
    step = fields.String(required=True)
    before = fields.String(required=True)
    after = fields.String(required=True)
    text = fields.String(required=True)
    devices = fields.Integer(required=True)
    abnormal = fields.Integer(required=True)
    not_tested = fields.Integer(required=True)
    scanned = fields.Integer(required=True)
    photos = fields.List(fields.String(), required=True)
    late = fields.Boolean(required=True)


class LogEntrySchema(LogPlaceSchema):
    """An entry that somebody wrote; ``clock`` is its time where the contract is."""

    id = fields.Integer(required=True)
    uid = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    clock = fields.String(required=True)
    done = fields.String(required=True)
    result = fields.String(required=True)
    written_at = fields.AwareDateTime(required=True)


class LogDaySchema(ma.Schema):
    """One person's day: the system's lines, his entries, his signature."""

    day = fields.Date(required=True)
    user_id = fields.Integer(required=True)
    people = fields.List(fields.Nested(LogPersonSchema), required=True)
    lines = fields.List(fields.Nested(LogLineSchema), required=True)
    entries = fields.List(fields.Nested(LogEntrySchema), required=True)
    remark = fields.String(required=True)
    signed_at = fields.AwareDateTime(required=True, allow_none=True)
    may_write = fields.Boolean(required=True)
    may_reopen = fields.Boolean(required=True)


class LogMonthDaySchema(ma.Schema):
    """How much is in a day; ``late`` counts what came after its signature."""

    day = fields.Date(required=True)
    faults = fields.Integer(required=True)
    cases = fields.Integer(required=True)
    rooms = fields.Integer(required=True)
    devices = fields.Integer(required=True)
    entries = fields.Integer(required=True)
    signed_at = fields.AwareDateTime(required=True, allow_none=True)
    late = fields.Integer(required=True)
    empty = fields.Boolean(required=True)


class LogArchiveSchema(ma.Schema):
    """A month as it was archived."""

    id = fields.Integer(required=True)
    sequence = fields.Integer(required=True)
    archived_at = fields.AwareDateTime(required=True)
    archived_by = fields.String(required=True)
    archived_by_en = fields.String(required=True)


class LogMonthSchema(ma.Schema):
    """One person's month, and everybody's archives of it."""

    month = fields.String(required=True)
    user_id = fields.Integer(required=True)
    people = fields.List(fields.Nested(LogPersonSchema), required=True)
    days = fields.List(fields.Nested(LogMonthDaySchema), required=True)
    archives = fields.List(fields.Nested(LogArchiveSchema), required=True)
    may_archive = fields.Boolean(required=True)


class WriteEntrySchema(Schema):
    """An entry to be written; a device gives its room, ``case`` is a name like F12."""

    clock = fields.String(required=True, validate=validate.Regexp(r"^([01]\d|2[0-3]):[0-5]\d$"))
    done = fields.String(required=True, validate=validate.Length(1, LONGEST_WORDS))
    result = fields.String(load_default="", validate=validate.Length(max=LONGEST_WORDS))
    room_id = fields.Integer(load_default=None, allow_none=True, validate=ID)
    device_id = fields.Integer(load_default=None, allow_none=True, validate=ID)
    case = fields.String(load_default=None, allow_none=True, validate=validate.Length(2, 10))


class NewEntrySchema(WriteEntrySchema):
    """A new entry; ``uid`` keeps the same from being written twice."""

    uid = fields.String(required=True, validate=UID)


class SignDaySchema(Schema):
    """What is to be said of the whole day."""

    remark = fields.String(load_default="", validate=validate.Length(max=LONGEST_WORDS))


class OpenDaySchema(Schema):
    """Whose day is opened again, and why."""

    user_id = fields.Integer(load_default=None, allow_none=True, validate=ID)
    reason = fields.String(required=True, validate=validate.Length(1, LONGEST_WORDS))


@bp.get(DAY)
@bp.arguments(WhoseLogArgs, location="query")
@bp.response(200, LogDaySchema)
def show_day(args: dict[str, Any], contract_code: str, day: str) -> dict[str, Any]:
    """A day of the log: the system's lines and the entries."""
    access = require("view", contract_code)
    return queries.day_view(db.session(), access, args["user_id"], day_named(day))


@bp.get(LOG_MONTH)
@bp.arguments(WhoseLogArgs, location="query")
@bp.response(200, LogMonthSchema)
def show_month(args: dict[str, Any], contract_code: str, month: str) -> dict[str, Any]:
    """A month of the log, day by day, and its archives."""
    access = require("view", contract_code)
    return queries.month_view(db.session(), access, args["user_id"], month)


@bp.post(f"{DAY}/entries")
@bp.arguments(NewEntrySchema)
@bp.response(201, LogDaySchema)
def write_entry(body: dict[str, Any], contract_code: str, day: str) -> dict[str, Any]:
    """Write an entry into one's own day."""
    access = require("handle", contract_code)
    uid, on = body.pop("uid"), day_named(day)
    with unit_of_work() as session:
        services.write_entry(session, access, uid, on, Written(**body), now_utc())
    return queries.day_view(db.session(), access, access.user_id, on)


@bp.patch(ENTRY)
@bp.arguments(WriteEntrySchema)
@bp.response(200, LogDaySchema)
def change_entry(body: dict[str, Any], contract_code: str, entry_id: int) -> dict[str, Any]:
    """Write one of one's own entries anew."""
    access = require("handle", contract_code)
    with unit_of_work() as session:
        on = services.change_entry(session, access, entry_id, Written(**body), now_utc()).day
    return queries.day_view(db.session(), access, access.user_id, on)


@bp.delete(ENTRY)
@bp.response(200, LogDaySchema)
def remove_entry(contract_code: str, entry_id: int) -> dict[str, Any]:
    """Take one of one's own entries out."""
    access = require("handle", contract_code)
    with unit_of_work() as session:
        on = services.remove_entry(session, access, entry_id, now_utc())
    return queries.day_view(db.session(), access, access.user_id, on)


@bp.post(f"{DAY}/signature")
@bp.arguments(SignDaySchema)
@bp.response(200, LogDaySchema)
def sign_day(body: dict[str, Any], contract_code: str, day: str) -> dict[str, Any]:
    """Sign one's own day."""
    access = require("handle", contract_code)
    on = day_named(day)
    with unit_of_work() as session:
        services.sign_day(session, access, on, body["remark"], now_utc())
    return queries.day_view(db.session(), access, access.user_id, on)


@bp.post(f"{DAY}/open")
@bp.arguments(OpenDaySchema)
@bp.response(200, LogDaySchema)
def open_day_again(body: dict[str, Any], contract_code: str, day: str) -> dict[str, Any]:
    """Take the signature of a day back: one's own, or anybody's as the project manager."""
    access = require("handle", contract_code)
    on, user_id = day_named(day), body["user_id"] or access.user_id
    with unit_of_work() as session:
        services.open_day_again(session, access, user_id, on, body["reason"], now_utc())
    return queries.day_view(db.session(), access, user_id, on)


@bp.post(f"{LOG_MONTH}/archives")
@bp.response(201, LogArchiveSchema(many=True))
def archive_month(contract_code: str, month: str) -> list[dict[str, Any]]:
    """Freeze everybody's log of a month under the next number; gives the month's archives."""
    access = require("accept", contract_code)
    with unit_of_work() as session:
        services.archive_month(session, access, month, now_utc())
    return queries.archives(db.session(), access.contract_id, month)
