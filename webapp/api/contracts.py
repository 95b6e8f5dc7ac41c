"""Contracts and their settings over HTTP."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

import marshmallow as ma
from marshmallow import fields, validate

from webapp.api.http import CONTRACT, Schema, administrator, blueprint, require, signed_in
from webapp.api.listing import server_file_views
from webapp.checklists.services import ensure_default
from webapp.db import db, now_utc, unit_of_work
from webapp.identity import queries, services
from webapp.identity.contract_settings import (
    NAMES,
    REPORT_LANGUAGES,
    STRICTNESSES,
    as_plain,
    contract_settings,
)
from webapp.identity.lists import CONTRACTS
from webapp.identity.models import Contract, User
from webapp.identity.rules import rights_of

bp = blueprint("contracts", "Contracts and their settings")
_MONTH = validate.Regexp(r"^\d{4}-(0[1-9]|1[0-2])$", error="invalid_month")
_CODE = validate.Regexp(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$", error="invalid_code")


class ContractAccessSchema(ma.Schema):
    """A contract with the actor's role and rights in it."""

    id = fields.Integer(required=True)
    code = fields.String(required=True)
    name_zh = fields.String(required=True)
    name_en = fields.String(required=True)
    client_zh = fields.String(required=True)
    client_en = fields.String(required=True)
    time_zone = fields.String(required=True)
    due_day = fields.Integer(required=True)
    opens_day = fields.Integer(required=True, allow_none=True)
    anchor_month = fields.String(required=True)
    acceptance_strictness = fields.String(required=True, validate=validate.OneOf(STRICTNESSES))
    recheck_share = fields.Float(required=True)
    fast_bulk_seconds = fields.Integer(required=True)
    disabling_severity = fields.Integer(required=True)
    drawn_signatures = fields.Boolean(required=True)
    remind_days_before = fields.List(fields.Integer(), required=True)
    escalate_days_after = fields.List(fields.Integer(), required=True)
    report_language = fields.String(required=True, validate=validate.OneOf(REPORT_LANGUAGES))
    role = fields.String(required=True)
    rights = fields.List(fields.String(), required=True)


def _known_time_zone(value: str) -> None:
    if value not in available_timezones():
        raise ma.ValidationError("unknown_time_zone")


def _days() -> ma.fields.List[int]:
    """A few numbers of days, counted from the due day."""
    return fields.List(
        fields.Integer(validate=validate.Range(0, 27)), validate=validate.Length(max=10)
    )


class ContractWriteSchema(Schema):
    """A contract's settings; ``due_day`` and ``opens_day`` are days of the month.

    The others are those of :class:`webapp.identity.contract_settings.ContractSettings`.
    """

    name_zh = fields.String(validate=validate.Length(1, 200))
    name_en = fields.String(validate=validate.Length(max=200))
    client_zh = fields.String(validate=validate.Length(max=200))
    client_en = fields.String(validate=validate.Length(max=200))
    time_zone = fields.String(validate=_known_time_zone)
    due_day = fields.Integer(validate=validate.Range(1, 28))
    opens_day = fields.Integer(validate=validate.Range(1, 28), allow_none=True)
    anchor_month = fields.String(validate=_MONTH)
    acceptance_strictness = fields.String(validate=validate.OneOf(STRICTNESSES))
    recheck_share = fields.Float(validate=validate.Range(0, 1))
    fast_bulk_seconds = fields.Integer(validate=validate.Range(0, 600))
    disabling_severity = fields.Integer(validate=validate.Range(1, 4))
    drawn_signatures = fields.Boolean()
    remind_days_before = _days()
    escalate_days_after = _days()
    report_language = fields.String(validate=validate.OneOf(REPORT_LANGUAGES))


class ContractCreateSchema(ContractWriteSchema):
    """A new contract."""

    code = fields.String(required=True, validate=_CODE)
    name_zh = fields.String(required=True, validate=validate.Length(1, 200))


def contract_out(contract: Contract, role: str, user: User) -> dict[str, Any]:
    """A contract as plain data, with what a person may do in it."""
    return {
        "id": contract.id,
        "code": contract.code,
        "name_zh": contract.name_zh,
        "name_en": contract.name_en,
        "client_zh": contract.client_zh,
        "client_en": contract.client_en,
        "time_zone": contract.time_zone,
        "due_day": contract.due_day,
        "opens_day": contract.opens_day,
        "anchor_month": contract.anchor_month,
        **as_plain(contract_settings(contract.settings)),
        "role": role,
        "rights": sorted(rights_of(role, is_admin=user.is_admin)),
    }


@bp.get("/api/contracts")
@bp.response(200, ContractAccessSchema(many=True))
def list_contracts() -> list[dict[str, Any]]:
    """The contracts that the actor sees."""
    return _contracts()


def _contracts() -> list[dict[str, Any]]:
    actor = signed_in()
    only = actor.api_token.contract_code if actor.api_token else None
    seen = queries.contracts_of(db.session(), actor.user)
    return [contract_out(row, role, actor.user) for row, role in seen if only in (None, row.code)]


server_file_views(bp, "/api/contracts", CONTRACTS, _contracts)


@bp.post("/api/contracts")
@bp.arguments(ContractCreateSchema)
@bp.response(201, ContractAccessSchema)
def create_contract(body: dict[str, Any]) -> dict[str, Any]:
    """Make a contract (administrator)."""
    actor = administrator()
    now = now_utc()
    body.setdefault("anchor_month", now.strftime("%Y-%m"))
    body["settings"] = {name: body.pop(name) for name in NAMES if name in body}
    with unit_of_work() as session:
        contract = services.create_contract(session, now=now, actor_id=actor.user.id, **body)
        # A round can be opened at once, with the checklists that the product ships.
        ensure_default(session, contract.id, now=now, actor_id=actor.user.id)
    return contract_out(contract, "administrator", actor.user)


@bp.patch(CONTRACT)
@bp.arguments(ContractWriteSchema)
@bp.response(204)
def change_contract(body: dict[str, Any], contract_code: str) -> None:
    """Change the contract's settings."""
    access = require("manage_people", contract_code)
    with unit_of_work() as session:
        services.change_contract(session, access, body, now_utc())
