"""The months' rounds over HTTP: list, open, board, assign, finish, accept (clauses 15-21, 30)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import marshmallow as ma
from flask import Response, jsonify
from marshmallow import fields, validate

from webapp.acceptance.services import act_on_round
from webapp.api.blocker_schemas import BlockerSchema
from webapp.api.http import CONTRACT, Schema, blueprint, require
from webapp.api.listing import file_views
from webapp.api.live import answer_live
from webapp.db import db, now_utc, unit_of_work
from webapp.desk.board import board
from webapp.desk.other_lists import ROUND_ROOMS, round_room_records
from webapp.identity.rules import Access
from webapp.readiness import beyond_of, report_of, version_of
from webapp.rounds import queries, services
from webapp.rounds.lists import ROUNDS
from webapp.rounds.opening import open_round
from webapp.rounds.rules import ACTIONS
from webapp.sheets import Record

bp = blueprint("rounds", "Rounds: one a month and contract")
MONTH = validate.Regexp(r"^20\d{2}-(0[1-9]|1[0-2])$", error="invalid_month")
ID = validate.Range(1, 2**31 - 1)
ROUND = f"{CONTRACT}/rounds/<string:month>"


class ProgressSchema(ma.Schema):
    """Tasks by outcome; ``done`` are those with one."""

    todo = fields.Integer(required=True)
    normal = fields.Integer(required=True)
    abnormal = fields.Integer(required=True)
    not_tested = fields.Integer(required=True)
    total = fields.Integer(required=True)
    done = fields.Integer(required=True)


class RoundSchema(ma.Schema):
    """A round; ``days_left`` is negative after the due day, ``actions`` is what the actor may do."""

    id = fields.Integer(required=True)
    month = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["open", "finished", "accepted"]))
    due_on = fields.Date(required=True)
    days_left = fields.Integer(required=True)
    checklist = fields.Integer(required=True)
    opened_at = fields.AwareDateTime(required=True)
    finished_at = fields.AwareDateTime(required=True, allow_none=True)
    accepted_at = fields.AwareDateTime(required=True, allow_none=True)
    progress = fields.Nested(ProgressSchema, required=True)
    actions = fields.List(fields.String(validate=validate.OneOf(ACTIONS)), required=True)


class RoundOpenSchema(Schema):
    """The month to open."""

    month = fields.String(required=True, validate=MONTH)


class RoomAssignmentSchema(Schema):
    """A room and who shall inspect it; null takes it from whoever has it."""

    room_id = fields.Integer(required=True, validate=ID)
    assignee_id = fields.Integer(required=True, allow_none=True, validate=ID)


class AssignmentsSchema(Schema):
    """Rooms to assign; the others keep theirs."""

    rooms = fields.List(
        fields.Nested(RoomAssignmentSchema), required=True, validate=validate.Length(1, 1000)
    )


class BoardRoomSchema(ProgressSchema):
    """A room on the board."""

    id = fields.Integer(required=True)
    floor = fields.String(required=True)
    name_zh = fields.String(required=True)
    name_en = fields.String(required=True)
    assignee_id = fields.Integer(required=True, allow_none=True)
    pairs = fields.Integer(required=True)
    revisits = fields.Integer(required=True)
    open_items = fields.Integer(required=True)


class BoardBuildingSchema(ma.Schema):
    """A building with its rooms, floor by floor."""

    id = fields.Integer(required=True)
    name_zh = fields.String(required=True)
    name_en = fields.String(required=True)
    rooms = fields.List(fields.Nested(BoardRoomSchema), required=True)


class BoardEngineerSchema(ma.Schema):
    """An engineer: what is his, what he has sent, and where he was last; no role once he has left."""

    user_id = fields.Integer(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    role = fields.String(required=True, allow_none=True)
    progress = fields.Nested(ProgressSchema, required=True)
    inspections = fields.Integer(required=True)
    last_received_at = fields.AwareDateTime(required=True, allow_none=True)
    last_room_id = fields.Integer(required=True, allow_none=True)


class BoardPhoneSchema(ma.Schema):
    """A phone as last heard of; ``clock_offset_seconds`` is its clock minus the server's.

    ``silent`` when it holds something and has not called for days.
    """

    phone_id = fields.String(required=True)
    user_id = fields.Integer(required=True)
    user_name = fields.String(required=True)
    user_name_en = fields.String(required=True)
    unsent_records = fields.Integer(required=True)
    unsent_photos = fields.Integer(required=True)
    clock_offset_seconds = fields.Integer(required=True)
    last_seen_at = fields.AwareDateTime(required=True)
    silent = fields.Boolean(required=True)


class BoardSchema(ma.Schema):
    """The round at a glance."""

    round = fields.Nested(RoundSchema, required=True)
    buildings = fields.List(fields.Nested(BoardBuildingSchema), required=True)
    engineers = fields.List(fields.Nested(BoardEngineerSchema), required=True)
    phones = fields.List(fields.Nested(BoardPhoneSchema), required=True)
    blockers = fields.List(fields.Nested(BlockerSchema), required=True)


@bp.get(f"{CONTRACT}/rounds")
@bp.response(200, RoundSchema(many=True))
def list_rounds(contract_code: str) -> list[dict[str, Any]]:
    """The rounds, latest first."""
    return queries.rounds_list(db.session(), require("view", contract_code), now_utc())


def _listed(access: Access) -> list[dict[str, Any]]:
    rounds = queries.rounds_list(db.session(), access, now_utc())
    return [{**row, **row["progress"]} for row in rounds]


def _rooms(access: Access, month: str) -> Iterable[Record]:
    return round_room_records(db.session(), access.contract_id, month)


file_views(bp, "rounds", ROUNDS, Schema, _listed)
file_views(bp, "rounds/<string:month>/rooms", ROUND_ROOMS, Schema, _rooms)


@bp.post(f"{CONTRACT}/rounds")
@bp.arguments(RoundOpenSchema)
@bp.response(201, RoundSchema)
def open_month(body: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """Open a month's round, with a task for every living device and room."""
    access = require("manage_round", contract_code)
    with unit_of_work() as session:
        open_round(session, access, access.contract_id, body["month"], now_utc())
    return queries.round_shown(db.session(), access, body["month"], now_utc())


@bp.get(ROUND)
@bp.response(200, RoundSchema)
def show_round(contract_code: str, month: str) -> dict[str, Any]:
    """One round."""
    return queries.round_shown(db.session(), require("view", contract_code), month, now_utc())


@bp.get(f"{ROUND}/board")
@bp.response(200, BoardSchema)
def show_board(contract_code: str, month: str) -> Any:
    """The board, live: ask again with ``If-None-Match``, and 304 says that nothing has changed."""
    access = require("view", contract_code)
    session, now = db.session(), now_utc()
    row = queries.round_of(session, access.contract_id, month)
    report = report_of(session, row.id)
    beyond = beyond_of(session, row, report, now)

    def shown() -> Response:
        return jsonify(BoardSchema().dump(board(session, access, row, beyond=beyond, now=now)))

    return answer_live(
        (version_of(session, row, report, beyond, now), sorted(access.rights)), shown
    )


@bp.patch(f"{ROUND}/rooms")
@bp.arguments(AssignmentsSchema)
@bp.response(204)
def assign_rooms(body: dict[str, Any], contract_code: str, month: str) -> None:
    """Give rooms to engineers, backups included (clause 26)."""
    access = require("manage_round", contract_code)
    assignees = {row["room_id"]: row["assignee_id"] for row in body["rooms"]}
    with unit_of_work() as session:
        services.assign_rooms(session, access, month, assignees, now_utc())


@bp.post(f"{ROUND}/<any(finish, accept, reopen):action>")
@bp.response(200, RoundSchema)
def act(contract_code: str, month: str, action: str) -> dict[str, Any]:
    """Finish, accept or reopen; which right it takes depends on the round's state.

    Accepting signs the round, and takes the sign-offs of all its rooms; reopening voids it.
    """
    access = require("view", contract_code)
    with unit_of_work() as session:
        act_on_round(session, access, month, action, now_utc())
    return queries.round_shown(db.session(), access, month, now_utc())
