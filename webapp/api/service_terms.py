"""The contract's terms of service over HTTP: the clocks' terms, and the calendar (clauses 38-42, 48)."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from webapp.api.http import CONTRACT, Schema, blueprint, require
from webapp.cases import settings
from webapp.cases.terms import KINDS, UNITS
from webapp.db import db, now_utc, unit_of_work

bp = blueprint(
    "service_terms", "What the contract grants the service desk's clocks, and its calendar"
)
TERMS = f"{CONTRACT}/service-terms"


class TermsSchema(ma.Schema):
    """One clock's terms; ``amount`` and the steps before and after are in ``unit``."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    amount = fields.Float(required=True)
    unit = fields.String(required=True, validate=validate.OneOf(UNITS))
    pausable = fields.Boolean(required=True)
    warn_before = fields.List(fields.Float(), required=True)
    escalate_after = fields.List(fields.Float(), required=True)


class ClockTermsSchema(TermsSchema):
    """A clock's terms, and those of the severities that have their own."""

    by_severity = fields.Dict(
        keys=fields.String(), values=fields.Nested(TermsSchema), required=True
    )


class NamedDaySchema(ma.Schema):
    """A holiday or a make-up working day; ``name`` is the key of its name, or the words for it."""

    on = fields.Date(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(("holiday", "make_up")))
    name = fields.String(required=True)


class ServiceTermsSchema(ma.Schema):
    """What holds, and what of it the contract has settled itself."""

    terms = fields.List(fields.Nested(ClockTermsSchema), required=True)
    standard = fields.List(fields.Nested(TermsSchema), required=True)
    clocks = fields.Dict(required=True)
    calendar = fields.Dict(required=True)
    known_years = fields.List(fields.Integer(), required=True, allow_none=True)
    days = fields.List(fields.Nested(NamedDaySchema), required=True)


class SettleTermsSchema(Schema):
    """What the contract settles; what is left out stays, and an empty object is the default again."""

    clocks = fields.Dict()
    calendar = fields.Dict()


@bp.get(TERMS)
@bp.response(200, ServiceTermsSchema)
def show_service_terms(contract_code: str) -> dict[str, Any]:
    """The terms of each clock, and the calendar that they are reckoned by."""
    access = require("view", contract_code)
    return settings.service_terms(db.session(), access.contract_id, now_utc())


@bp.patch(TERMS)
@bp.arguments(SettleTermsSchema)
@bp.response(200, ServiceTermsSchema)
def settle_service_terms(body: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """Settle terms or calendar; every clock that runs is reckoned by them at once."""
    access = require("manage_people", contract_code)
    with unit_of_work() as session:
        settings.settle_terms(session, access, body, now_utc())
    return settings.service_terms(db.session(), access.contract_id, now_utc())
