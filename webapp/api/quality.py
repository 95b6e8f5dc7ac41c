"""Quality targets and periodic checks over HTTP (clause 28): the provider's own."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from webapp.api.cases import UID
from webapp.api.http import CONTRACT, PageArgs, Schema, blueprint, require
from webapp.api.listing import list_views, sort_of, state_of
from webapp.api.rounds import ID, MONTH
from webapp.db import db, now_utc, unit_of_work
from webapp.quality import checks
from webapp.quality.checks import Acting, Holding, Planning
from webapp.quality.lists import CHECKS
from webapp.quality.queries import check_detail
from webapp.quality.rules import MOST_MONTHS, STATES, TARGETS, Finding
from webapp.quality.targets import settle_targets, targets_view

bp = blueprint("quality", "Quality targets, periodic checks and corrective actions")
CHECK = f"{CONTRACT}/quality-checks/<int(max=2147483647):check_id>"
ACTION = f"{CONTRACT}/quality-actions/<int(max=2147483647):action_id>"
_TARGET = validate.OneOf(TARGETS)


class TargetArgs(Schema):
    """Which month; without one the latest that has a round."""

    month = fields.String(load_default=None, allow_none=True, validate=MONTH)


class TargetPointSchema(ma.Schema):
    """What a target came to in a month, in per cent; null where there was nothing to count."""

    month = fields.String(required=True)
    percent = fields.Float(required=True, allow_none=True)


class QualityTargetSchema(ma.Schema):
    """A target: its threshold in per cent (null: none here), and ``part`` of ``whole`` in the month."""

    key = fields.String(required=True, validate=_TARGET)
    threshold = fields.Float(required=True, allow_none=True)
    part = fields.Integer(required=True)
    whole = fields.Integer(required=True)
    percent = fields.Float(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    trend = fields.List(fields.Nested(TargetPointSchema), required=True)


class QualityTargetsSchema(ma.Schema):
    """The targets in a month; cases count from ``first_on`` to ``last_on``, the rest by its round."""

    month = fields.String(required=True)
    months = fields.List(fields.String(), required=True)
    first_on = fields.Date(required=True)
    last_on = fields.Date(required=True)
    targets = fields.List(fields.Nested(QualityTargetSchema), required=True)
    may_settle = fields.Boolean(required=True)


class SettleTargetsSchema(Schema):
    """The thresholds to be settled, in per cent; null: it is no target here."""

    targets = fields.Dict(
        keys=fields.String(validate=_TARGET),
        values=fields.Float(allow_none=True, validate=validate.Range(0, 100)),
        required=True,
        validate=validate.Length(1, len(TARGETS)),
    )


class CheckArgs(PageArgs):
    """Which quality checks."""

    state = state_of(CHECKS)
    q = fields.String(load_default="", validate=validate.Length(max=100))
    sort = sort_of(CHECKS)


class QualityCheckSchema(ma.Schema):
    """A quality check; ``due_on`` is what it waits for: being held, or the first of its open actions."""

    id = fields.Integer(required=True)
    number = fields.Integer(required=True)
    title = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(CHECKS.states))
    planned_on = fields.Date(required=True)
    every_months = fields.Integer(required=True)
    holder_id = fields.Integer(required=True)
    holder = fields.String(required=True)
    holder_en = fields.String(required=True)
    held_on = fields.Date(required=True, allow_none=True)
    month = fields.String(required=True, allow_none=True)
    actions = fields.Integer(required=True)
    open_actions = fields.Integer(required=True)
    due_on = fields.Date(required=True, allow_none=True)
    overdue = fields.Boolean(required=True)
    conclusion = fields.String(required=True)


class QualityFindingSchema(ma.Schema):
    """What a check found of a target, and as it was measured when it was held."""

    target = fields.String(required=True, validate=_TARGET)
    text = fields.String(required=True)
    threshold = fields.Float(required=True, allow_none=True)
    part = fields.Integer(required=True)
    whole = fields.Integer(required=True)
    percent = fields.Float(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))


class QualityActionSchema(ma.Schema):
    """A corrective action; ``target`` is empty where it belongs to none."""

    id = fields.Integer(required=True)
    target = fields.String(required=True, validate=validate.OneOf(("", *TARGETS)))
    text = fields.String(required=True)
    owner_id = fields.Integer(required=True)
    owner = fields.String(required=True)
    owner_en = fields.String(required=True)
    due_on = fields.Date(required=True)
    overdue = fields.Boolean(required=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    closed_by = fields.String(required=True, allow_none=True)
    closed_by_en = fields.String(required=True, allow_none=True)
    result = fields.String(required=True)
    may_close = fields.Boolean(required=True)


class QualityCheckDetailSchema(QualityCheckSchema):
    """A check whole, and what the reader may do with it."""

    findings = fields.List(fields.Nested(QualityFindingSchema), required=True)
    corrections = fields.List(fields.Nested(QualityActionSchema), required=True)
    may_plan = fields.Boolean(required=True)
    may_hold = fields.Boolean(required=True)
    may_act = fields.Boolean(required=True)


class CheckPlanSchema(Schema):
    """A check to come: when, by whom, and after how many months again (0: once)."""

    title = fields.String(required=True, validate=validate.Length(1, 200))
    planned_on = fields.Date(required=True)
    holder_id = fields.Integer(required=True, validate=ID)
    every_months = fields.Integer(load_default=0, validate=validate.Range(0, MOST_MONTHS))


class NewCheckSchema(CheckPlanSchema):
    """A new check; ``uid`` keeps the same from being planned twice."""

    uid = fields.String(required=True, validate=UID)


class NewActionSchema(Schema):
    """What is to be corrected; ``uid`` keeps the same from being written twice."""

    uid = fields.String(required=True, validate=UID)
    text = fields.String(required=True, validate=validate.Length(1, 1000))
    owner_id = fields.Integer(required=True, validate=ID)
    due_on = fields.Date(required=True)
    target = fields.String(load_default="", validate=validate.OneOf(("", *TARGETS)))


class NewFindingSchema(Schema):
    """What was found of a target, in words."""

    target = fields.String(required=True, validate=_TARGET)
    text = fields.String(required=True, validate=validate.Length(1, 2000))


class HoldCheckSchema(Schema):
    """The result of a check, in the figures of a month."""

    held_on = fields.Date(required=True)
    month = fields.String(required=True, validate=MONTH)
    findings = fields.List(
        fields.Nested(NewFindingSchema),
        load_default=list,
        validate=validate.Length(max=len(TARGETS)),
    )
    conclusion = fields.String(load_default="", validate=validate.Length(max=4000))
    actions = fields.List(
        fields.Nested(NewActionSchema), load_default=list, validate=validate.Length(max=50)
    )


class CloseActionSchema(Schema):
    """What was done."""

    result = fields.String(required=True, validate=validate.Length(1, 1000))


list_views(bp, "quality-checks", CHECKS, CheckArgs, QualityCheckSchema, "handle")


@bp.get(f"{CONTRACT}/quality-targets")
@bp.arguments(TargetArgs, location="query")
@bp.response(200, QualityTargetsSchema)
def show_quality_targets(args: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """The targets with what they came to in a month, and in the five before it."""
    access = require("handle", contract_code)
    return targets_view(db.session(), access, args["month"], now_utc())


@bp.patch(f"{CONTRACT}/quality-targets")
@bp.arguments(SettleTargetsSchema)
@bp.response(200, QualityTargetsSchema)
def settle_quality_targets(body: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """Settle the thresholds of some targets."""
    access = require("accept", contract_code)
    now = now_utc()
    with unit_of_work() as session:
        settle_targets(session, access, body["targets"], now)
    return targets_view(db.session(), access, None, now)


@bp.post(f"{CONTRACT}/quality-checks")
@bp.arguments(NewCheckSchema)
@bp.response(201, QualityCheckDetailSchema)
def plan_quality_check(body: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """Plan a check; the same ``uid`` again plans nothing more."""
    access = require("accept", contract_code)
    now, uid = now_utc(), body.pop("uid")
    with unit_of_work() as session:
        check_id = checks.plan_check(session, access, uid, Planning(**body), now).id
    return check_detail(db.session(), access, check_id, now)


@bp.get(CHECK)
@bp.response(200, QualityCheckDetailSchema)
def show_quality_check(contract_code: str, check_id: int) -> dict[str, Any]:
    """One check whole."""
    return check_detail(db.session(), require("handle", contract_code), check_id, now_utc())


@bp.patch(CHECK)
@bp.arguments(CheckPlanSchema)
@bp.response(200, QualityCheckDetailSchema)
def change_quality_check(body: dict[str, Any], contract_code: str, check_id: int) -> dict[str, Any]:
    """Change a check that is still to come."""
    access = require("accept", contract_code)
    now = now_utc()
    with unit_of_work() as session:
        checks.change_check(session, access, check_id, Planning(**body), now)
    return check_detail(db.session(), access, check_id, now)


@bp.delete(CHECK)
@bp.response(200, QualityCheckDetailSchema)
def cancel_quality_check(contract_code: str, check_id: int) -> dict[str, Any]:
    """Cancel a check that is not to be held."""
    access = require("accept", contract_code)
    now = now_utc()
    with unit_of_work() as session:
        checks.cancel_check(session, access, check_id, now)
    return check_detail(db.session(), access, check_id, now)


@bp.post(f"{CHECK}/result")
@bp.arguments(HoldCheckSchema)
@bp.response(200, QualityCheckDetailSchema)
def hold_quality_check(body: dict[str, Any], contract_code: str, check_id: int) -> dict[str, Any]:
    """Write down what a check found: its holder, or who accepts rounds."""
    access = require("handle", contract_code)
    now = now_utc()
    holding = Holding(
        held_on=body["held_on"],
        month=body["month"],
        findings=[Finding(**one) for one in body["findings"]],
        conclusion=body["conclusion"],
        actions=[Acting(**one) for one in body["actions"]],
    )
    with unit_of_work() as session:
        checks.hold_check(session, access, check_id, holding, now)
    return check_detail(db.session(), access, check_id, now)


@bp.post(f"{CHECK}/actions")
@bp.arguments(NewActionSchema)
@bp.response(201, QualityCheckDetailSchema)
def add_quality_action(body: dict[str, Any], contract_code: str, check_id: int) -> dict[str, Any]:
    """One more thing to be corrected after a check that was held."""
    access = require("review", contract_code)
    now = now_utc()
    with unit_of_work() as session:
        checks.add_action(session, access, check_id, Acting(**body), now)
    return check_detail(db.session(), access, check_id, now)


@bp.post(f"{ACTION}/close")
@bp.arguments(CloseActionSchema)
@bp.response(200, QualityCheckDetailSchema)
def close_quality_action(
    body: dict[str, Any], contract_code: str, action_id: int
) -> dict[str, Any]:
    """Say what was done: its owner, or who accepts rounds."""
    access = require("handle", contract_code)
    now = now_utc()
    with unit_of_work() as session:
        check_id = checks.close_action(session, access, action_id, body["result"], now).check_id
    return check_detail(db.session(), access, check_id, now)
