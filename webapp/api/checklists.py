"""Checklist versions over HTTP: draft, save, publish, retire, compare (clause 45)."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from webapp.api.http import CONTRACT, Schema, blueprint, require
from webapp.api.listing import file_views
from webapp.checklists import queries, services
from webapp.checklists.compare import compare_contents
from webapp.checklists.document import normalise, plain
from webapp.checklists.lists import CHECKLISTS
from webapp.checklists.models import ChecklistVersion
from webapp.db import db, now_utc, unit_of_work
from webapp.errors import AppError
from webapp.identity.rules import Access
from webapp.rounds.checklist_use import months_working_with, rounds_by_checklist
from webapp.rounds.models import Round

bp = blueprint("checklists", "Checklist versions: drafts, publishing, comparing")
STATES = ("draft", "published", "retired")
VERSION = f"{CONTRACT}/checklists/<int(max=2147483647):number>"


class ChecklistRoundSchema(ma.Schema):
    """A round that uses a version."""

    id = fields.Integer(required=True)
    month = fields.String(required=True)
    state = fields.String(required=True)


class ChecklistProblemSchema(ma.Schema):
    """What keeps a draft from being published: its place in the content, a code, and details."""

    path = fields.String(required=True)
    code = fields.String(required=True)
    params = fields.Dict(required=True)


class ChecklistSummarySchema(ma.Schema):
    """A version in the list; ``current`` is the one that a round opened now would use."""

    number = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    current = fields.Boolean(required=True)
    note = fields.String(required=True)
    content_hash = fields.String(required=True)
    type_count = fields.Integer(required=True)
    item_count = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)
    created_by = fields.String(required=True, allow_none=True)
    published_at = fields.AwareDateTime(required=True, allow_none=True)
    published_by = fields.String(required=True, allow_none=True)
    rounds = fields.List(fields.Nested(ChecklistRoundSchema), required=True)


class ChecklistSchema(ChecklistSummarySchema):
    """A version whole; ``problems`` is empty for all but drafts."""

    content = fields.Dict(
        required=True,
        metadata={
            "description": "The content as webapp/checklists/content.py describes it: "
            "format, types, causes, actions, exceptions."
        },
    )
    problems = fields.List(fields.Nested(ChecklistProblemSchema), required=True)


class ChecklistCreateSchema(Schema):
    """A new draft from a version; from the current one when ``from_number`` is absent."""

    from_number = fields.Integer(
        load_default=None, allow_none=True, validate=validate.Range(1, 2**31 - 1)
    )
    note = fields.String(load_default="", validate=validate.Length(max=500))


class ChecklistPatchSchema(Schema):
    """What is saved of a draft; ``expected_hash`` is the ``content_hash`` that the editor saw."""

    content = fields.Dict()
    note = fields.String(validate=validate.Length(max=500))
    expected_hash = fields.String(validate=validate.Length(equal=64))


class ChecklistDifferenceSchema(ma.Schema):
    """One difference: where it is, and both values; ``item`` is the key of the row in its list."""

    area = fields.String(
        required=True,
        validate=validate.OneOf(["types", "causes", "actions", "exceptions", "consumables"]),
    )
    type = fields.String(required=True, allow_none=True)
    item = fields.String(required=True, allow_none=True)
    field = fields.String(required=True, allow_none=True)
    change = fields.String(
        required=True, validate=validate.OneOf(["added", "removed", "changed", "reordered"])
    )
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)


class ChecklistComparisonSchema(ma.Schema):
    """The differences from version ``before`` to version ``after``."""

    before = fields.Integer(required=True)
    after = fields.Integer(required=True)
    differences = fields.List(fields.Nested(ChecklistDifferenceSchema), required=True)


def _summary(
    row: ChecklistVersion,
    made_by: str | None,
    published_by: str | None,
    current_id: int | None,
    rounds: list[Round],
) -> dict[str, Any]:
    types = row.content["types"]
    return {
        "number": row.number,
        "state": row.state,
        "current": row.id == current_id,
        "note": row.note,
        "content_hash": row.content_hash,
        "type_count": len(types),
        "item_count": sum(len(device_type["items"]) for device_type in types),
        "created_at": row.created_at,
        "created_by": made_by,
        "published_at": row.published_at,
        "published_by": published_by,
        "rounds": [{"id": r.id, "month": r.month, "state": r.state} for r in rounds],
    }


def _summaries(
    access: Access, number: int | None = None
) -> list[tuple[ChecklistVersion, dict[str, Any]]]:
    session = db.session()
    current = queries.current_version(session, access.contract_id)
    rounds = rounds_by_checklist(session, access.contract_id)
    current_id = current.id if current else None
    return [
        (row, _summary(row, made_by, published_by, current_id, rounds.get(row.id, [])))
        for row, made_by, published_by in queries.versions(session, access.contract_id, number)
    ]


def _whole(access: Access, number: int) -> dict[str, Any]:
    found = _summaries(access, number)
    if not found:
        raise AppError("not_found")
    row, summary = found[0]
    problems = normalise(row.content).problems if row.state == "draft" else []
    return {**summary, "content": row.content, "problems": [plain(p) for p in problems]}


@bp.get(f"{CONTRACT}/checklists")
@bp.response(200, ChecklistSummarySchema(many=True))
def list_checklists(contract_code: str) -> list[dict[str, Any]]:
    """The contract's versions, the latest first, each with the rounds that use it."""
    access = require("view", contract_code)
    return [summary for _row, summary in _summaries(access)]


def _listed(access: Access) -> list[dict[str, Any]]:
    return [
        {**summary, "months": [used["month"] for used in summary["rounds"]]}
        for _row, summary in _summaries(access)
    ]


file_views(bp, "checklists", CHECKLISTS, Schema, _listed)


@bp.post(f"{CONTRACT}/checklists")
@bp.arguments(ChecklistCreateSchema)
@bp.response(201, ChecklistSchema)
def create_checklist(body: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """Begin a draft from a version."""
    access = require("manage_checklists", contract_code)
    with unit_of_work() as session:
        number = services.create_draft(session, access, now=now_utc(), **body).number
    return _whole(access, number)


@bp.get(VERSION)
@bp.response(200, ChecklistSchema)
def show_checklist(contract_code: str, number: int) -> dict[str, Any]:
    """One version whole; a draft with what keeps it from being published."""
    return _whole(require("view", contract_code), number)


@bp.patch(VERSION)
@bp.arguments(ChecklistPatchSchema)
@bp.response(200, ChecklistSchema)
def save_checklist(body: dict[str, Any], contract_code: str, number: int) -> dict[str, Any]:
    """Save a draft; problems are answered, and only publishing refuses them."""
    access = require("manage_checklists", contract_code)
    with unit_of_work() as session:
        services.save_draft(
            session,
            access,
            number,
            now=now_utc(),
            document=body.get("content"),
            note=body.get("note"),
            expected_hash=body.get("expected_hash"),
        )
    return _whole(access, number)


@bp.post(f"{VERSION}/publish")
@bp.response(200, ChecklistSchema)
def publish_checklist(contract_code: str, number: int) -> dict[str, Any]:
    """Publish a draft: rounds opened from now on use it, and it is never edited again."""
    access = require("manage_checklists", contract_code)
    with unit_of_work() as session:
        services.publish(session, access, number, now=now_utc())
    return _whole(access, number)


@bp.post(f"{VERSION}/retire")
@bp.response(200, ChecklistSchema)
def retire_checklist(contract_code: str, number: int) -> dict[str, Any]:
    """Retire a version that no open round works with, or put a draft away."""
    access = require("manage_checklists", contract_code)
    with unit_of_work() as session:
        row = queries.version(session, access.contract_id, number)
        months = months_working_with(session, access.contract_id, row.id)
        services.retire(session, access, number, used_by_months=months, now=now_utc())
    return _whole(access, number)


@bp.get(f"{VERSION}/compare/<int(max=2147483647):other>")
@bp.response(200, ChecklistComparisonSchema)
def compare_checklists(contract_code: str, number: int, other: int) -> dict[str, Any]:
    """What differs from one version to another, field by field."""
    access = require("view", contract_code)
    before = queries.version(db.session(), access.contract_id, number)
    after = queries.version(db.session(), access.contract_id, other)
    return {
        "before": before.number,
        "after": after.number,
        "differences": compare_contents(before.content, after.content),
    }
