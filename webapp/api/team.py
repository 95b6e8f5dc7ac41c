"""The team over HTTP: duties, absences and stand-ins (clause 26)."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import marshmallow as ma
import sqlalchemy as sa
from marshmallow import fields, validate

from webapp.api.cases import UID
from webapp.api.http import CONTRACT, Schema, blueprint, require
from webapp.api.rounds import ID
from webapp.db import db, now_utc, unit_of_work
from webapp.identity.models import Contract
from webapp.identity.rules import ROLES, Access
from webapp.team import absences, handing
from webapp.team.absences import Away
from webapp.team.queries import team_view
from webapp.team.rules import REASONS, STATES

bp = blueprint("team", "The team: who is away, who stands in, who has what before him")
ABSENCE = f"{CONTRACT}/absences/<int:absence_id>"


class TeamPersonSchema(ma.Schema):
    """Somebody of the team; ``rooms`` are of open rounds with something left, ``cases`` live ones."""

    user_id = fields.Integer(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    rooms = fields.Integer(required=True)
    cases = fields.Integer(required=True)
    absent = fields.Boolean(required=True)
    stands_in_for = fields.List(fields.Integer(), required=True)


class AbsenceSchema(ma.Schema):
    """An absence. While it runs ``rooms`` and ``cases`` are what is still his; ``given_…`` what the
    stand-in was given and has not given back.
    """

    id = fields.Integer(required=True)
    user_id = fields.Integer(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    from_on = fields.Date(required=True)
    to_on = fields.Date(required=True, allow_none=True)
    reason = fields.String(required=True, validate=validate.OneOf(REASONS))
    text = fields.String(required=True)
    stand_in_id = fields.Integer(required=True)
    stand_in = fields.String(required=True)
    stand_in_en = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    rooms = fields.Integer(required=True)
    cases = fields.Integer(required=True)
    given_rooms = fields.Integer(required=True)
    given_cases = fields.Integer(required=True)


class TeamSchema(ma.Schema):
    """The team on the day that it is where the contract is."""

    today = fields.Date(required=True)
    people = fields.List(fields.Nested(TeamPersonSchema), required=True)
    absences = fields.List(fields.Nested(AbsenceSchema), required=True)
    may_enter_all = fields.Boolean(required=True)
    may_hand_over = fields.Boolean(required=True)


class AwaySchema(Schema):
    """An absence to be entered or changed; days are included, ``to_on`` null is open."""

    user_id = fields.Integer(required=True, validate=ID)
    from_on = fields.Date(required=True)
    to_on = fields.Date(required=True, allow_none=True)
    reason = fields.String(required=True, validate=validate.OneOf(REASONS))
    stand_in_id = fields.Integer(required=True, validate=ID)
    text = fields.String(load_default="", validate=validate.Length(max=200))


class NewAbsenceSchema(AwaySchema):
    """A new absence; ``uid`` keeps the same from being entered twice."""

    uid = fields.String(required=True, validate=UID)


def _shown(access: Access) -> dict[str, Any]:
    statement = sa.select(Contract.time_zone).where(Contract.id == access.contract_id)
    zone = ZoneInfo(db.session.execute(statement).scalar_one())
    return team_view(db.session(), access, now_utc().astimezone(zone).date())


@bp.get(f"{CONTRACT}/team")
@bp.response(200, TeamSchema)
def show_team(contract_code: str) -> dict[str, Any]:
    """Who has what before him, who is away, who stands in."""
    return _shown(require("handle", contract_code))


@bp.post(f"{CONTRACT}/absences")
@bp.arguments(NewAbsenceSchema)
@bp.response(201, TeamSchema)
def enter_absence(body: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """Enter an absence, one's own or anybody's as who manages people."""
    access = require("handle", contract_code)
    uid = body.pop("uid")
    with unit_of_work() as session:
        absences.enter_absence(session, access, uid, Away(**body), now_utc())
    return _shown(access)


@bp.patch(ABSENCE)
@bp.arguments(AwaySchema)
@bp.response(200, TeamSchema)
def change_absence(body: dict[str, Any], contract_code: str, absence_id: int) -> dict[str, Any]:
    """Change an absence's days, reason or stand-in."""
    access = require("handle", contract_code)
    with unit_of_work() as session:
        absences.change_absence(session, access, absence_id, Away(**body), now_utc())
    return _shown(access)


@bp.delete(ABSENCE)
@bp.response(200, TeamSchema)
def cancel_absence(contract_code: str, absence_id: int) -> dict[str, Any]:
    """Cancel an absence that doesn't take place."""
    access = require("handle", contract_code)
    with unit_of_work() as session:
        absences.cancel_absence(session, access, absence_id, now_utc())
    return _shown(access)


@bp.post(f"{ABSENCE}/hand-over")
@bp.response(200, TeamSchema)
def hand_over(contract_code: str, absence_id: int) -> dict[str, Any]:
    """Give the stand-in the absent person's rooms of the round and live cases."""
    access = require("manage_round", contract_code)
    today = _shown(access)["today"]
    with unit_of_work() as session:
        handing.hand_over(session, access, absence_id, today, now_utc())
    return _shown(access)


@bp.post(f"{ABSENCE}/give-back")
@bp.response(200, TeamSchema)
def give_back(contract_code: str, absence_id: int) -> dict[str, Any]:
    """Give back what the stand-in still has of it."""
    access = require("manage_round", contract_code)
    with unit_of_work() as session:
        handing.give_back(session, access, absence_id, now_utc())
    return _shown(access)
