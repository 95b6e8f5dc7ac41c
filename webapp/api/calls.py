"""The hotline over HTTP: a call is taken in one go, and becomes the right case at once (clauses 7, 47)."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from webapp.api.cases import UID, CaseDetailSchema
from webapp.api.estate_schemas import text as text_field
from webapp.api.http import CONTRACT, Schema, blueprint, require
from webapp.api.rounds import ID
from webapp.cases import callers
from webapp.cases.opening import Opening, called
from webapp.cases.queries import case_detail
from webapp.cases.services import Author
from webapp.db import db, now_utc, unit_of_work

bp = blueprint("calls", "The hotline: calls, and who calls")
# What a caller may want (clause 47), and the case that it is.
KINDS = ("fault", "complaint", "question", "wish", "care")


class CallerArgs(Schema):
    """What is typed of a name, a number or an address."""

    q = fields.String(load_default="", validate=validate.Length(max=100))


class CallerSchema(ma.Schema):
    """Somebody who may call; ``role`` is empty for who has no account."""

    name = fields.String(required=True)
    name_en = fields.String(required=True)
    contact = fields.String(required=True)
    role = fields.String(required=True)


class TakeCallSchema(Schema):
    """A call: who, what kind, where, in whose words; ``called_at`` where it was a while ago."""

    uid = fields.String(required=True, validate=UID)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    caller = text_field(80, required=True, shortest=1)
    contact = text_field(200, load_default="")
    language = fields.String(load_default="zh", validate=validate.OneOf(["zh", "en"]))
    text = text_field(4000, required=True, shortest=1)
    severity = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 4))
    room_id = fields.Integer(load_default=None, allow_none=True, validate=ID)
    device_id = fields.Integer(load_default=None, allow_none=True, validate=ID)
    called_at = fields.AwareDateTime(load_default=None, allow_none=True)
    answer = text_field(4000, load_default="")


@bp.get(f"{CONTRACT}/callers")
@bp.arguments(CallerArgs, location="query")
@bp.response(200, CallerSchema(many=True))
def list_callers(args: dict[str, Any], contract_code: str) -> list[dict[str, Any]]:
    """Who calls, as far as is known: eight at most."""
    access = require("handle", contract_code)
    return callers.known_callers(db.session(), access.contract_id, args["q"])


@bp.post(f"{CONTRACT}/calls")
@bp.arguments(TakeCallSchema)
@bp.response(201, CaseDetailSchema)
def take_call(body: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """Take a call down; a fault's clocks run from the time of the call."""
    access = require("handle", contract_code)
    now = now_utc()
    of_hotline = body["kind"] not in ("fault", "complaint")
    opening = Opening(
        uid=body["uid"],
        kind="hotline" if of_hotline else body["kind"],
        title=_title(body["text"]),
        at=body["called_at"] or now,
        text=body["text"],
        severity=body["severity"] if body["kind"] == "fault" else None,
        room_id=body["room_id"],
        device_id=body["device_id"],
        source="hotline",
        reporter_name=body["caller"],
        reporter_contact=body["contact"],
        fields={"category": body["kind"]} if of_hotline else {},
    )
    call = callers.Call(opening, body["language"], body["answer"].strip())
    with unit_of_work() as session:
        author = Author(access, access.user_name)
        case = callers.take_call(session, access.contract_id, author, call, now)
        name = called(case)
    return case_detail(db.session(), access, name, now)


def _title(text: str) -> str:
    """The first line of what was said, cut where it becomes long."""
    line = next(line.strip() for line in text.splitlines() if line.strip())
    return line if len(line) <= 80 else f"{line[:79]}…"
