"""Spare parts, their stock, and loaners over HTTP (clauses 32-35, 40-41)."""

from __future__ import annotations

from datetime import date
from typing import Any

import marshmallow as ma
import sqlalchemy as sa
from flask import request
from marshmallow import fields, validate

from webapp.api.cases import CASE, UID
from webapp.api.http import CONTRACT, PageArgs, Schema, blueprint, require
from webapp.api.listing import list_views, sort_of, state_of
from webapp.api.rounds import ID
from webapp.db import db, now_utc, unit_of_work
from webapp.identity.models import Contract
from webapp.rounds.rules import today_in
from webapp.spares import loans, queries, stock
from webapp.spares.lists import LOANS, MOVEMENTS, PARTS
from webapp.spares.loans import Lending
from webapp.spares.rules import BY_HAND, MOST_PIECES
from webapp.spares.rules import MOVEMENTS as KINDS
from webapp.spares.stock import Moving

bp = blueprint("spares", "Spare parts with stock and threshold; loaners lent for repairs")
PART = f"{CONTRACT}/spare-parts/<int(max=2147483647):part_id>"
LOAN = f"{CONTRACT}/loans/<int(max=2147483647):loan_id>"
_PIECES = validate.Range(0, MOST_PIECES)


def _words(most: int) -> fields.String:
    return fields.String(load_default="", validate=validate.Length(max=most))


class PartArgs(PageArgs):
    """Which spare parts."""

    state = state_of(PARTS)
    q = _words(100)
    sort = sort_of(PARTS)


class MovementArgs(PageArgs):
    """Which movements of stock."""

    kind = state_of(MOVEMENTS)
    part_id = fields.Integer(validate=ID)
    q = _words(100)
    sort = sort_of(MOVEMENTS)


class LoanArgs(PageArgs):
    """Which loaners; ``overdue`` asks for those that should have been back by the contract's today."""

    state = state_of(LOANS)
    overdue = fields.Boolean(load_default=False)
    q = _words(100)
    sort = sort_of(LOANS)

    @ma.post_load
    def _as_of_today(self, data: dict[str, Any], **_more: Any) -> dict[str, Any]:
        data["overdue_on"] = _today() if data.pop("overdue") else None
        return data


def _today() -> date:
    """The day in the contract that the address names; who may not see it is told so later."""
    code = (request.view_args or {})["contract_code"]
    zone = db.session.scalar(sa.select(Contract.time_zone).where(Contract.code == code))
    return today_in(zone or "UTC", now_utc())


class SparePartSchema(ma.Schema):
    """A kind of spare part, in pieces; ``low`` is a stock below the threshold."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    model = fields.String(required=True)
    place = fields.String(required=True)
    stock = fields.Integer(required=True)
    threshold = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(PARTS.states))
    remark = fields.String(required=True)
    moved_at = fields.AwareDateTime(required=True, allow_none=True)


class StockMovementSchema(ma.Schema):
    """A movement of a stock: by how many pieces, and how many were there after it."""

    id = fields.Integer(required=True)
    part_id = fields.Integer(required=True)
    part = fields.String(required=True)
    model = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    change = fields.Integer(required=True)
    stock = fields.Integer(required=True)
    case_name = fields.String(required=True, allow_none=True)
    device_id = fields.Integer(required=True, allow_none=True)
    device_name = fields.String(required=True, allow_none=True)
    note = fields.String(required=True)
    moved_by = fields.String(required=True)
    moved_by_en = fields.String(required=True)
    moved_at = fields.AwareDateTime(required=True)


class SparePartDetailSchema(SparePartSchema):
    """A part with its last movements, the latest first."""

    movements = fields.List(fields.Nested(StockMovementSchema), required=True)


class LoanSchema(ma.Schema):
    """A loaner: what, for which repair, since when, until when; ``consented_by`` agreed to a longer term."""

    id = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(LOANS.states))
    what = fields.String(required=True)
    part_id = fields.Integer(required=True, allow_none=True)
    device_id = fields.Integer(required=True, allow_none=True)
    device_name = fields.String(required=True, allow_none=True)
    case_name = fields.String(required=True)
    case_title = fields.String(required=True)
    lent_on = fields.Date(required=True)
    due_on = fields.Date(required=True, allow_none=True)
    overdue = fields.Boolean(required=True)
    lent_by = fields.String(required=True, allow_none=True)
    lent_by_en = fields.String(required=True, allow_none=True)
    consented_at = fields.AwareDateTime(required=True, allow_none=True)
    consented_by = fields.String(required=True, allow_none=True)
    consented_by_en = fields.String(required=True, allow_none=True)
    returned_on = fields.Date(required=True, allow_none=True)


class CasePartsSchema(ma.Schema):
    """The parts moved for a case, and what was lent for it."""

    name = fields.String(required=True)
    may_use = fields.Boolean(required=True)
    may_lend = fields.Boolean(required=True)
    movements = fields.List(fields.Nested(StockMovementSchema), required=True)
    loans = fields.List(fields.Nested(LoanSchema), required=True)


class SparePartPatchSchema(Schema):
    """What is changed of a part; ``retired`` takes it off the list or puts it back."""

    name = fields.String(validate=validate.Length(1, 120))
    model = fields.String(validate=validate.Length(max=120))
    place = fields.String(validate=validate.Length(max=120))
    threshold = fields.Integer(validate=_PIECES)
    remark = fields.String(validate=validate.Length(max=2000))
    retired = fields.Boolean()


class AddSparePartSchema(Schema):
    """A new kind of spare part; its stock begins at none."""

    uid = fields.String(required=True, validate=UID)
    name = fields.String(required=True, validate=validate.Length(1, 120))
    model = _words(120)
    place = _words(120)
    threshold = fields.Integer(load_default=0, validate=_PIECES)
    remark = _words(2000)


class MoveStockSchema(Schema):
    """A movement by hand; ``counted`` says how many there are, what is ``used`` names a case or device."""

    uid = fields.String(required=True, validate=UID)
    kind = fields.String(required=True, validate=validate.OneOf(BY_HAND))
    quantity = fields.Integer(required=True, validate=_PIECES)
    case = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=10))
    device_id = fields.Integer(load_default=None, allow_none=True, validate=ID)
    note = _words(2000)


class LendSchema(Schema):
    """What is lent for a repair, until when; from the stock (``part_id``), or a device of the estate."""

    uid = fields.String(required=True, validate=UID)
    what = fields.String(required=True, validate=validate.Length(1, 200))
    due_on = fields.Date(load_default=None, allow_none=True)
    part_id = fields.Integer(load_default=None, allow_none=True, validate=ID)
    device_id = fields.Integer(load_default=None, allow_none=True, validate=ID)
    text = _words(2000)


class ConsentSchema(Schema):
    """The client's consent to a longer term of a loaner."""

    until_on = fields.Date(required=True)
    text = _words(2000)


list_views(bp, "spare-parts", PARTS, PartArgs, SparePartSchema)
list_views(bp, "stock-movements", MOVEMENTS, MovementArgs, StockMovementSchema)
list_views(bp, "loans", LOANS, LoanArgs, LoanSchema)


@bp.post(f"{CONTRACT}/spare-parts")
@bp.arguments(AddSparePartSchema)
@bp.response(201, SparePartDetailSchema)
def add_spare_part(body: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """Add a kind of spare part; the same ``uid`` again adds nothing more."""
    access = require("manage_estate", contract_code)
    now = now_utc()
    with unit_of_work() as session:
        part_id = stock.add_part(session, access, body.pop("uid"), body, now).id
    return queries.part_detail(db.session(), access.contract_id, part_id, now)


@bp.get(PART)
@bp.response(200, SparePartDetailSchema)
def show_spare_part(contract_code: str, part_id: int) -> dict[str, Any]:
    """One spare part with its last movements."""
    access = require("view", contract_code)
    return queries.part_detail(db.session(), access.contract_id, part_id, now_utc())


@bp.patch(PART)
@bp.arguments(SparePartPatchSchema)
@bp.response(200, SparePartDetailSchema)
def change_spare_part(body: dict[str, Any], contract_code: str, part_id: int) -> dict[str, Any]:
    """Change a spare part."""
    access = require("manage_estate", contract_code)
    now = now_utc()
    with unit_of_work() as session:
        stock.change_part(session, access, part_id, body, now)
    return queries.part_detail(db.session(), access.contract_id, part_id, now)


@bp.post(f"{PART}/movements")
@bp.arguments(MoveStockSchema)
@bp.response(201, SparePartDetailSchema)
def move_stock(body: dict[str, Any], contract_code: str, part_id: int) -> dict[str, Any]:
    """Move a stock by hand; the same ``uid`` again moves nothing more."""
    access = require("handle", contract_code)
    now = now_utc()
    with unit_of_work() as session:
        stock.move_stock(session, access, part_id, Moving(**body), now)
    return queries.part_detail(db.session(), access.contract_id, part_id, now)


@bp.get(LOAN)
@bp.response(200, LoanSchema)
def show_loan(contract_code: str, loan_id: int) -> dict[str, Any]:
    """One loaner."""
    access = require("view", contract_code)
    return queries.loan_detail(db.session(), access.contract_id, loan_id, now_utc())


@bp.post(f"{LOAN}/return")
@bp.response(200, LoanSchema)
def return_loan(contract_code: str, loan_id: int) -> dict[str, Any]:
    """A loaner is back; twice is once."""
    access = require("handle", contract_code)
    now = now_utc()
    with unit_of_work() as session:
        loans.take_back(session, access, loan_id, now)
    return queries.loan_detail(db.session(), access.contract_id, loan_id, now)


@bp.post(f"{LOAN}/consent")
@bp.arguments(ConsentSchema)
@bp.response(200, LoanSchema)
def consent_to_loan(body: dict[str, Any], contract_code: str, loan_id: int) -> dict[str, Any]:
    """The client consents to a longer term."""
    access = require("confirm", contract_code)
    now = now_utc()
    with unit_of_work() as session:
        loans.consent(session, access, loan_id, body["until_on"], body["text"], now)
    return queries.loan_detail(db.session(), access.contract_id, loan_id, now)


@bp.get(f"{CASE}/parts")
@bp.response(200, CasePartsSchema)
def show_case_parts(contract_code: str, name: str) -> dict[str, Any]:
    """The parts moved for a case, and what was lent for it."""
    access = require("view", contract_code)
    return queries.case_parts(db.session(), access, name, now_utc())


@bp.post(f"{CASE}/loans")
@bp.arguments(LendSchema)
@bp.response(201, CasePartsSchema)
def lend(body: dict[str, Any], contract_code: str, name: str) -> dict[str, Any]:
    """Lend something for a repair; the same ``uid`` again lends nothing more."""
    access = require("handle", contract_code)
    now = now_utc()
    with unit_of_work() as session:
        loans.lend(session, access, name, Lending(**body), now)
    return queries.case_parts(db.session(), access, name, now)
