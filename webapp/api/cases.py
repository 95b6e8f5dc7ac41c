"""The service desk over HTTP: one list, one detail, one way to take a step (clauses 7-14, 22-24, 32-48)."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from webapp.api.device_schemas import OtherDeviceSchema
from webapp.api.estate_schemas import UID as UID  # noqa: PLC0414 - other views take it from here
from webapp.api.http import CONTRACT, PageArgs, Schema, blueprint, require
from webapp.api.listing import list_views, sort_of, state_of
from webapp.api.rounds import ID
from webapp.cases import services
from webapp.cases.kinds import KINDS
from webapp.cases.lists import CASES
from webapp.cases.opening import Opening, called
from webapp.cases.queries import case_detail, field_line
from webapp.cases.register import WORDS as REGISTER_WORDS
from webapp.cases.services import Author, Taking
from webapp.cases.words import CLOCK_WORDS, SOURCE_WORDS, STATE_WORDS
from webapp.db import db, now_utc, unit_of_work
from webapp.identity.rules import Access
from webapp.spares import replacing  # noqa: F401 - follows a repair's step

bp = blueprint(
    "cases", "The service desk: faults, repairs, changes, complaints and the rest, with clocks"
)
CASE = f"{CONTRACT}/cases/<string(maxlength=10):name>"
_KIND = validate.OneOf(list(KINDS))
STATE = validate.OneOf(list(STATE_WORDS))


class CaseArgs(PageArgs):
    """Which cases: those that still wait for somebody, or those that are over; ``stage`` is the state
    within their kind. ``owner_id`` 0 asks for those that nobody owns, ``overdue`` for those past a clock,
    ``waiting_for_client`` for those that the client's word alone leads on, ``unregistered`` for changes that
    are done while nobody has said what became of the asset register.
    """

    state = state_of(CASES)
    kind = fields.String(validate=_KIND)
    stage = fields.String(validate=STATE)
    source = fields.String(validate=validate.OneOf(list(SOURCE_WORDS)))
    severity = fields.Integer(validate=validate.Range(1, 4))
    room_id = fields.Integer(validate=ID)
    device_id = fields.Integer(validate=ID)
    open_item = fields.Integer(validate=ID)
    owner_id = fields.Integer(validate=validate.Range(0, 2**31 - 1))
    overdue = fields.Boolean(load_default=False)
    waiting_for_client = fields.Boolean(load_default=False)
    unregistered = fields.Boolean(load_default=False)
    q = fields.String(load_default="", validate=validate.Length(max=100))
    sort = sort_of(CASES)

    @ma.post_load
    def _as_of_now(self, data: dict[str, Any], **_more: Any) -> dict[str, Any]:
        data["overdue_at"] = now_utc() if data.pop("overdue") else None
        return data


class ClockSchema(ma.Schema):
    """A clock. ``due_on`` is the local day that a term in days ends with; ``provisional`` while the
    holidays of a year that it leans on are not published; ``ended_at`` when it stopped for good.
    """

    name = fields.String(required=True, validate=validate.OneOf(list(CLOCK_WORDS)))
    turn = fields.Integer(required=True)
    state = fields.String(required=True)
    started_at = fields.AwareDateTime(required=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)
    due_on = fields.Date(required=True, allow_none=True)
    provisional = fields.Boolean(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class CaseSchema(ma.Schema):
    """A case; ``name`` is what people call it by, ``due_at`` the next end of a running clock. ``register``
    is what a change has done to the asset register; ``missing`` where it is done and nobody has said.
    """

    name = fields.String(required=True)
    kind = fields.String(required=True, validate=_KIND)
    state = fields.String(required=True, validate=STATE)
    live = fields.Boolean(required=True)
    severity = fields.Integer(required=True, allow_none=True)
    level = fields.Integer(required=True)
    title = fields.String(required=True)
    source = fields.String(required=True, validate=validate.OneOf(list(SOURCE_WORDS)))
    room_id = fields.Integer(required=True, allow_none=True)
    room_zh = fields.String(required=True)
    room_en = fields.String(required=True)
    floor = fields.String(required=True)
    building_zh = fields.String(required=True)
    building_en = fields.String(required=True)
    device_id = fields.Integer(required=True, allow_none=True)
    device_name = fields.String(required=True, allow_none=True)
    type = fields.String(required=True)
    opened_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    owner_id = fields.Integer(required=True, allow_none=True)
    owner = fields.String(required=True, allow_none=True)
    owner_en = fields.String(required=True, allow_none=True)
    reporter = fields.String(required=True)
    reporter_en = fields.String(required=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)
    overdue = fields.Boolean(required=True)
    clocks = fields.List(fields.Nested(ClockSchema), required=True)
    register = fields.String(
        required=True, allow_none=True, validate=validate.OneOf(REGISTER_WORDS)
    )


class FieldSchema(ma.Schema):
    """What a step asks for."""

    key = fields.String(required=True)
    kind = fields.String(required=True)
    required = fields.Boolean(required=True)
    choices = fields.List(fields.String(), required=True)
    longest = fields.Integer(required=True, metadata={"description": "A text's characters."})


class StepSchema(ma.Schema):
    """A step that the reader can take now; ``to`` is null where the case stays in its state."""

    key = fields.String(required=True)
    to = fields.String(required=True, allow_none=True)
    fields_ = fields.List(
        fields.Nested(FieldSchema), required=True, attribute="fields", data_key="fields"
    )


class CaseFileSchema(ma.Schema):
    """A photo or document of a case; ``received`` is false while its bytes are on a phone, ``shown``
    whether who reported the fault without an account may see it."""

    uid = fields.String(required=True)
    name = fields.String(required=True)
    content_type = fields.String(required=True)
    bytes = fields.Integer(required=True)
    received = fields.Boolean(required=True)
    unreadable = fields.Boolean(required=True)
    shown = fields.Boolean(required=True)


class CaseEventSchema(ma.Schema):
    """A line of the timeline; ``at`` is when it was done, ``received_at`` when the server had it,
    ``own`` whether the reader wrote it."""

    id = fields.Integer(required=True)
    uid = fields.String(required=True)
    own = fields.Boolean(required=True)
    step = fields.String(required=True)
    before = fields.String(required=True)
    after = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    received_at = fields.AwareDateTime(required=True)
    author = fields.String(required=True)
    author_en = fields.String(required=True)
    text = fields.String(required=True)
    given = fields.Dict(required=True, attribute="fields")
    internal = fields.Boolean(required=True)
    files = fields.List(fields.Nested(CaseFileSchema), required=True)


class RelatedCaseSchema(ma.Schema):
    """A case that this one came of, or that came of this one."""

    name = fields.String(required=True)
    kind = fields.String(required=True, validate=_KIND)
    state = fields.String(required=True, validate=STATE)
    live = fields.Boolean(required=True)
    title = fields.String(required=True)


class VerificationSchema(ma.Schema):
    """What the first inspection after a fault or repair said of it; ``waiting`` until there is one."""

    word = fields.String(
        required=True, validate=validate.OneOf(("waiting", "verified", "still", "anomaly"))
    )
    inspection_id = fields.Integer(required=True, allow_none=True)
    month = fields.String(required=True)
    at = fields.AwareDateTime(required=True, allow_none=True)
    by = fields.String(required=True)
    by_en = fields.String(required=True)
    scanned = fields.Boolean(required=True)


class CaseDetailSchema(CaseSchema):
    """A case with its story, oldest first; ``may_come`` are the kinds that can be opened out of it.

    ``verification`` is null where nothing was put right yet, or no device is named.
    """

    text = fields.String(required=True)
    received_at = fields.AwareDateTime(required=True)
    reporter_contact = fields.String(required=True)
    facts = fields.Dict(required=True)
    open_item = fields.Integer(required=True, allow_none=True)
    steps = fields.List(fields.Nested(StepSchema), required=True)
    states = fields.List(fields.String(validate=STATE), required=True)
    may_come = fields.List(fields.String(validate=_KIND), required=True)
    timeline = fields.List(fields.Nested(CaseEventSchema), required=True)
    parent = fields.Nested(RelatedCaseSchema, required=True, allow_none=True)
    children = fields.List(fields.Nested(RelatedCaseSchema), required=True)
    verification = fields.Nested(VerificationSchema, required=True, allow_none=True)
    new_device = fields.Nested(OtherDeviceSchema, required=True, allow_none=True)


class CaseKindSchema(ma.Schema):
    """A kind of case as a form is made of it; ``may_open`` is whether the reader may."""

    key = fields.String(required=True, validate=_KIND)
    prefix = fields.String(required=True)
    has_severity = fields.Boolean(required=True)
    may_open = fields.Boolean(required=True)
    states = fields.List(fields.String(validate=STATE), required=True)
    opening = fields.List(fields.Nested(FieldSchema), required=True)


class OpenCaseSchema(Schema):
    """A new case. A device gives its room; ``open_item`` is a number, ``parent`` a case's name."""

    uid = fields.String(required=True, validate=UID)
    kind = fields.String(required=True, validate=_KIND)
    title = fields.String(required=True, validate=validate.Length(1, 200))
    text = fields.String(load_default="", validate=validate.Length(max=4000))
    severity = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 4))
    room_id = fields.Integer(load_default=None, allow_none=True, validate=ID)
    device_id = fields.Integer(load_default=None, allow_none=True, validate=ID)
    open_item = fields.Integer(load_default=None, allow_none=True, validate=ID)
    parent = fields.String(load_default=None, allow_none=True, validate=validate.Length(2, 10))
    source = fields.String(
        load_default="desk", validate=validate.OneOf(["desk", "hotline", "mail"])
    )
    reporter_name = fields.String(load_default="", validate=validate.Length(max=80))
    reporter_contact = fields.String(load_default="", validate=validate.Length(max=200))
    fields_ = fields.Dict(load_default=dict, attribute="fields", data_key="fields")


class TakeStepSchema(Schema):
    """A step, with what it asks for; ``uid`` keeps the same from being taken twice."""

    uid = fields.String(required=True, validate=UID)
    step = fields.String(required=True, validate=validate.Length(1, 24))
    fields_ = fields.Dict(load_default=dict, attribute="fields", data_key="fields")


list_views(bp, "cases", CASES, CaseArgs, CaseSchema)


@bp.get(f"{CONTRACT}/case-kinds")
@bp.response(200, CaseKindSchema(many=True))
def list_case_kinds(contract_code: str) -> list[dict[str, Any]]:
    """The kinds of case, and what is asked when one is opened."""
    access = require("view", contract_code)
    return [
        {
            "key": kind.key,
            "prefix": kind.prefix,
            "has_severity": kind.has_severity,
            "may_open": access.may(kind.declare),
            "states": list(kind.states),
            "opening": [field_line(one) for one in kind.opening],
        }
        for kind in KINDS.values()
    ]


@bp.post(f"{CONTRACT}/cases")
@bp.arguments(OpenCaseSchema)
@bp.response(201, CaseDetailSchema)
def open_case(body: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """Open a case; the same ``uid`` again gives the case that it had become."""
    access = require("view", contract_code)
    now = now_utc()
    with unit_of_work() as session:
        opening = Opening(**body, at=now)
        case = services.open_case(session, access.contract_id, _author(access), opening, now)
        name = called(case)
    return case_detail(db.session(), access, name, now)


@bp.get(CASE)
@bp.response(200, CaseDetailSchema)
def show_case(contract_code: str, name: str) -> dict[str, Any]:
    """One case with its story, and the steps that the reader can take now."""
    access = require("view", contract_code)
    return case_detail(db.session(), access, name, now_utc())


@bp.post(f"{CASE}/steps")
@bp.arguments(TakeStepSchema)
@bp.response(200, CaseDetailSchema)
def take_step(body: dict[str, Any], contract_code: str, name: str) -> dict[str, Any]:
    """Take a step of a case; the same ``uid`` again changes nothing."""
    access = require("view", contract_code)
    now = now_utc()
    with unit_of_work() as session:
        taking = Taking(**body, at=now)
        services.take_step(session, access.contract_id, _author(access), name, taking, now)
    return case_detail(db.session(), access, name, now)


def _author(access: Access) -> Author:
    return Author(access, access.user_name)
