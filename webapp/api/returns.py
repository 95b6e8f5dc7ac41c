"""What was sent back over HTTP: send one answer back, the list, close, withdraw (feature 5)."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from webapp.acceptance import returns
from webapp.acceptance.returns import Step
from webapp.api.http import CONTRACT, PageArgs, Schema, blueprint, require
from webapp.api.inspections import INSPECTION, ChangeSchema
from webapp.api.listing import list_views, sort_of, state_of
from webapp.api.return_schemas import ReturnSchema
from webapp.api.rounds import ID, MONTH
from webapp.db import db, now_utc, unit_of_work
from webapp.desk.return_detail import return_detail
from webapp.desk.return_list import RETURNS

bp = blueprint("returns", "What was sent back: answers and photos, and what became of them")
RETURNED = f"{CONTRACT}/returned-answers/<int(max=2147483647):returned_id>"
_WORDS = validate.Length(1, 2000)


class ReturnArgs(PageArgs):
    """Which of them; without ``month`` those of every round."""

    state = state_of(RETURNS)
    kind = fields.String(validate=validate.OneOf(["answer", "photo"]))
    month = fields.String(validate=MONTH)
    room_id = fields.Integer(validate=ID)
    author_id = fields.Integer(validate=ID)
    inspection_id = fields.Integer(validate=ID)
    q = fields.String(load_default="", validate=validate.Length(max=100))
    sort = sort_of(RETURNS)


class ReturnDetailSchema(ReturnSchema):
    """One of them, with what its inspection's later revisions changed, since when they are there, and
    what was drawn on a photo.
    """

    changes = fields.List(fields.Nested(ChangeSchema), required=True)
    answered_at = fields.AwareDateTime(required=True, allow_none=True)
    marks = fields.List(fields.Dict(), required=True)


class ReturnAnswerSchema(Schema):
    """Which item is sent back, null for the inspection as a whole, and what is wrong with it."""

    item = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 40))
    remark = fields.String(required=True, validate=_WORDS)


class ReturnPatchSchema(Schema):
    """Other words for what is wrong."""

    remark = fields.String(required=True, validate=_WORDS)


list_views(bp, "returns", RETURNS, ReturnArgs, ReturnSchema)


@bp.get(f"{CONTRACT}/returns/<string(maxlength=60):key>")
@bp.response(200, ReturnDetailSchema)
def show_return(contract_code: str, key: str) -> dict[str, Any]:
    """One of them, by its key, with what was changed."""
    access = require("view", contract_code)
    return return_detail(db.session(), access.contract_id, key)


@bp.post(f"{INSPECTION}/returns")
@bp.arguments(ReturnAnswerSchema)
@bp.response(201, ReturnDetailSchema)
def return_answer(body: dict[str, Any], contract_code: str, inspection_id: int) -> dict[str, Any]:
    """Send one answer back to its author; what was answered meanwhile is so sent back again."""
    access = require("review", contract_code)
    with unit_of_work() as session:
        row = returns.return_answer(
            session, access, inspection_id, body["item"], body["remark"], now_utc()
        )
    return return_detail(db.session(), access.contract_id, f"answer-{row.id}")


@bp.patch(RETURNED)
@bp.arguments(ReturnPatchSchema)
@bp.response(200, ReturnDetailSchema)
def change_return(body: dict[str, Any], contract_code: str, returned_id: int) -> dict[str, Any]:
    """Say it in other words, as long as it is open."""
    access = require("view", contract_code)
    with unit_of_work() as session:
        returns.change_words(session, access, returned_id, body["remark"], now_utc())
    return return_detail(db.session(), access.contract_id, f"answer-{returned_id}")


@bp.post(f"{RETURNED}/<any(close, withdraw, reopen):step>")
@bp.response(200, ReturnDetailSchema)
def act_on_return(contract_code: str, returned_id: int, step: Step) -> dict[str, Any]:
    """Close what was answered, withdraw what is open, or take either back.

    For who may review, and for a peer who sent it back himself.
    """
    access = require("view", contract_code)
    with unit_of_work() as session:
        returns.act_on_return(session, access, returned_id, step, now_utc())
    return return_detail(db.session(), access.contract_id, f"answer-{returned_id}")
