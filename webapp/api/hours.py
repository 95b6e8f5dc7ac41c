"""Work after hours over HTTP: the plan, the ledger, the balance of the free hours (clauses 23-24)."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from webapp.api.cases import CASE, UID
from webapp.api.http import CONTRACT, PageArgs, Schema, blueprint, require
from webapp.api.listing import list_views, sort_of, state_of
from webapp.api.rounds import ID
from webapp.db import db, now_utc, unit_of_work
from webapp.hours import planning, queries, services, settings
from webapp.hours.lists import HOURS
from webapp.hours.planning import Planning
from webapp.hours.rules import ROUNDINGS
from webapp.hours.services import Logging

bp = blueprint("hours", "Work after hours: who is planned, the ledger, the free hours' balance")
ENTRY = f"{CONTRACT}/hours/<int(max=2147483647):entry_number>"
_YEAR = validate.Range(2000, 2200)
_WHOSE = validate.OneOf(["all", "own", "none"])


class HoursArgs(PageArgs):
    """Which lines of the ledger; ``year`` is the contract year, by the year that it starts in."""

    state = state_of(HOURS)
    year = fields.Integer(validate=_YEAR)
    user_id = fields.Integer(validate=ID)
    q = fields.String(load_default="", validate=validate.Length(max=100))
    sort = sort_of(HOURS)


class HoursEntrySchema(ma.Schema):
    """A line of the ledger, in hours; what voids another counts below zero.

    ``left_hours`` are the free hours that the year has left after it; ``charged_hours`` what of it lies
    beyond them, ``amount`` their price as decimal text, null where no rate is agreed. ``voids`` and
    ``voided_by`` are numbers of lines; ``after_confirming``: the client had confirmed the case before.
    """

    number = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(HOURS.states))
    case_name = fields.String(required=True)
    case_title = fields.String(required=True)
    user_id = fields.Integer(required=True)
    person = fields.String(required=True)
    person_en = fields.String(required=True)
    worked_on = fields.Date(required=True)
    began_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True)
    break_minutes = fields.Integer(required=True)
    hours = fields.Float(required=True)
    year = fields.Integer(required=True)
    total_hours = fields.Float(required=True)
    left_hours = fields.Float(required=True)
    charged_hours = fields.Float(required=True)
    amount = fields.String(required=True, allow_none=True)
    currency = fields.String(required=True)
    note = fields.String(required=True)
    voids = fields.Integer(required=True, allow_none=True)
    voided_by = fields.Integer(required=True, allow_none=True)
    logged_by = fields.String(required=True)
    logged_by_en = fields.String(required=True)
    logged_at = fields.AwareDateTime(required=True)
    after_confirming = fields.Boolean(required=True)


class PlannedWorkSchema(ma.Schema):
    """Somebody planned for a case, from when to when, for what."""

    id = fields.Integer(required=True)
    user_id = fields.Integer(required=True)
    person = fields.String(required=True)
    person_en = fields.String(required=True)
    from_at = fields.AwareDateTime(required=True)
    to_at = fields.AwareDateTime(required=True)
    task = fields.String(required=True)


class CaseHoursSchema(ma.Schema):
    """A case's plan and log; ``may_log_for`` and ``may_void`` are whose: all, own or none."""

    name = fields.String(required=True)
    may_plan = fields.Boolean(required=True)
    may_log_for = fields.String(required=True, validate=_WHOSE)
    may_void = fields.String(required=True, validate=_WHOSE)
    plan = fields.List(fields.Nested(PlannedWorkSchema), required=True)
    entries = fields.List(fields.Nested(HoursEntrySchema), required=True)
    hours = fields.Float(required=True)


class BalanceArgs(Schema):
    """Of which contract year; without it, of the one under way."""

    year = fields.Integer(load_default=None, allow_none=True, validate=_YEAR)


class HoursBalanceSchema(ma.Schema):
    """The free hours of a contract year.

    ``projection`` says what ``projected_on`` is: ``used_up`` and ``ends`` name the day, ``lasts`` is beyond
    the year's end, ``early`` has no pace yet, ``over`` is a year that has ended within them.
    ``projected_hours`` is what the whole year takes at the pace so far.
    """

    year = fields.Integer(required=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    years = fields.List(fields.Integer(), required=True)
    free_hours = fields.Float(required=True)
    used_hours = fields.Float(required=True)
    left_hours = fields.Float(required=True)
    planned_hours = fields.Float(required=True)
    over_hours = fields.Float(required=True)
    over_amount = fields.String(required=True, allow_none=True)
    rate = fields.String(required=True)
    currency = fields.String(required=True)
    rounding = fields.String(required=True, validate=validate.OneOf(ROUNDINGS))
    projection = fields.String(
        required=True, validate=validate.OneOf(["used_up", "ends", "lasts", "early", "over"])
    )
    projected_on = fields.Date(required=True, allow_none=True)
    projected_hours = fields.Float(required=True, allow_none=True)


class PlanWorkSchema(Schema):
    """Who is planned, oneself where nobody is named; ``uid`` keeps the same from being planned twice."""

    uid = fields.String(required=True, validate=UID)
    user_id = fields.Integer(load_default=None, allow_none=True, validate=ID)
    from_at = fields.AwareDateTime(required=True)
    to_at = fields.AwareDateTime(required=True)
    task = fields.String(load_default="", validate=validate.Length(max=200))


class LogHoursSchema(Schema):
    """What was worked, by oneself where nobody is named; ``uid`` keeps it from being logged twice."""

    uid = fields.String(required=True, validate=UID)
    user_id = fields.Integer(load_default=None, allow_none=True, validate=ID)
    began_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True)
    break_minutes = fields.Integer(load_default=0, validate=validate.Range(0, 24 * 60))
    note = fields.String(load_default="", validate=validate.Length(max=2000))


class VoidHoursSchema(Schema):
    """Why a line is voided; ``uid`` keeps it from being voided twice."""

    uid = fields.String(required=True, validate=UID)
    reason = fields.String(required=True, validate=validate.Length(1, 2000))


class HoursTermsSchema(ma.Schema):
    """What holds; ``year_begins`` is ``MM-DD``, whoever has settled it: ``year_starts`` or the contract."""

    free_hours = fields.Float(required=True)
    year_starts = fields.String(required=True, allow_none=True)
    year_begins = fields.String(required=True)
    rounding = fields.String(required=True, validate=validate.OneOf(ROUNDINGS))
    rate_key = fields.String(required=True)
    rate = fields.String(required=True)
    currency = fields.String(required=True)


class SettleHoursTermsSchema(Schema):
    """What the contract settles; what is left out stays. ``rate_key``: of the rate card, empty for none."""

    free_hours = fields.Float()
    year_starts = fields.String(allow_none=True)
    rounding = fields.String(validate=validate.OneOf(ROUNDINGS))
    rate_key = fields.String(validate=validate.Length(max=32))


list_views(bp, "hours", HOURS, HoursArgs, HoursEntrySchema)


@bp.get(f"{CONTRACT}/hours/balance")
@bp.arguments(BalanceArgs, location="query")
@bp.response(200, HoursBalanceSchema)
def show_hours_balance(args: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """The balance of the free hours, with its projected end."""
    access = require("view", contract_code)
    return queries.balance(db.session(), access.contract_id, now_utc(), args["year"])


@bp.get(ENTRY)
@bp.response(200, HoursEntrySchema)
def show_hours_entry(contract_code: str, entry_number: int) -> dict[str, Any]:
    """One line of the ledger."""
    access = require("view", contract_code)
    return queries.entry_detail(db.session(), access.contract_id, entry_number, now_utc())


@bp.post(f"{ENTRY}/void")
@bp.arguments(VoidHoursSchema)
@bp.response(201, HoursEntrySchema)
def void_hours(body: dict[str, Any], contract_code: str, entry_number: int) -> dict[str, Any]:
    """Void a line by a second one; answers the line that was voided."""
    access = require("handle", contract_code)
    now = now_utc()
    with unit_of_work() as session:
        services.void_hours(session, access, entry_number, body["uid"], body["reason"], now)
    return queries.entry_detail(db.session(), access.contract_id, entry_number, now)


@bp.get(f"{CASE}/hours")
@bp.response(200, CaseHoursSchema)
def show_case_hours(contract_code: str, name: str) -> dict[str, Any]:
    """Who is planned for a case, and what was worked on it."""
    access = require("view", contract_code)
    return queries.case_hours(db.session(), access, name, now_utc())


@bp.post(f"{CASE}/hours")
@bp.arguments(LogHoursSchema)
@bp.response(201, CaseHoursSchema)
def log_hours(body: dict[str, Any], contract_code: str, name: str) -> dict[str, Any]:
    """Log what somebody has worked, confirmed or not; the same ``uid`` again logs nothing more."""
    access = require("handle", contract_code)
    now = now_utc()
    body["user_id"] = body["user_id"] or access.user_id
    with unit_of_work() as session:
        services.log_hours(session, access, name, Logging(**body), now)
    return queries.case_hours(db.session(), access, name, now)


@bp.post(f"{CASE}/plan")
@bp.arguments(PlanWorkSchema)
@bp.response(201, CaseHoursSchema)
def plan_work(body: dict[str, Any], contract_code: str, name: str) -> dict[str, Any]:
    """Plan somebody for a case; the same ``uid`` again plans nothing more."""
    access = require("handle", contract_code)
    now = now_utc()
    body["user_id"] = body["user_id"] or access.user_id
    with unit_of_work() as session:
        planning.plan_work(session, access, name, Planning(**body), now)
    return queries.case_hours(db.session(), access, name, now)


@bp.delete(f"{CONTRACT}/planned-work/<int(max=2147483647):planned_id>")
@bp.response(204)
def withdraw_plan(contract_code: str, planned_id: int) -> None:
    """Take back that somebody is planned, and tell him."""
    access = require("handle", contract_code)
    with unit_of_work() as session:
        planning.withdraw_plan(session, access, planned_id, now_utc())


@bp.get(f"{CONTRACT}/after-hours-terms")
@bp.response(200, HoursTermsSchema)
def show_hours_terms(contract_code: str) -> dict[str, Any]:
    """How many hours are free a year, from when to when a year goes, and what is beyond."""
    access = require("view", contract_code)
    return settings.terms_shown(db.session(), access.contract_id)


@bp.patch(f"{CONTRACT}/after-hours-terms")
@bp.arguments(SettleHoursTermsSchema)
@bp.response(200, HoursTermsSchema)
def settle_hours_terms(body: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """Settle the terms; what is left out stays."""
    access = require("manage_people", contract_code)
    with unit_of_work() as session:
        settings.settle_terms(session, access, body, now_utc())
    return settings.terms_shown(db.session(), access.contract_id)
