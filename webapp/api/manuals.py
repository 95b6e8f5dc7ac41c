"""Work manuals and safety measures over HTTP: files, approval, read and understood (clause 28)."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response, request
from marshmallow import fields, validate

from webapp.api.cases import UID
from webapp.api.files import sent_file
from webapp.api.http import CONTRACT, Schema, blueprint, require, settings
from webapp.db import db, now_utc, unit_of_work
from webapp.errors import AppError
from webapp.identity.rules import ROLES
from webapp.storage import object_store
from webapp.team import manuals
from webapp.team.queries import manuals_view
from webapp.team.rules import DOCX, KINDS, PDF

bp = blueprint("manuals", "Work manuals and safety measures, and who has read them")
MANUAL = f"{CONTRACT}/manuals/<int:manual_id>"
VERSION = f"{MANUAL}/versions/<int:version>"
_FILE_NAME = fields.String(required=True, validate=validate.Length(1, 200))
BINARY = {"type": "string", "format": "binary"}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": BINARY}},
    }
}


class ManualReaderSchema(ma.Schema):
    """Somebody of the team, and when he has read the version that counts; null: not yet."""

    user_id = fields.Integer(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    read_at = fields.AwareDateTime(required=True, allow_none=True)


class ManualVersionSchema(ma.Schema):
    """A version as a file; it counts once it is approved."""

    number = fields.Integer(required=True)
    file_name = fields.String(required=True)
    bytes = fields.Integer(required=True)
    note = fields.String(required=True)
    brought_by = fields.String(required=True)
    brought_by_en = fields.String(required=True)
    brought_at = fields.AwareDateTime(required=True)
    approved_at = fields.AwareDateTime(required=True, allow_none=True)


class ManualSchema(ma.Schema):
    """A manual; ``current`` is the version that counts, null while none is approved."""

    id = fields.Integer(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    title = fields.String(required=True)
    current = fields.Integer(required=True, allow_none=True)
    versions = fields.List(fields.Nested(ManualVersionSchema), required=True)
    readers = fields.List(fields.Nested(ManualReaderSchema), required=True)


class ManualsSchema(ma.Schema):
    """The manuals, and what the reader may do with them."""

    manuals = fields.List(fields.Nested(ManualSchema), required=True)
    may_bring = fields.Boolean(required=True)
    may_approve = fields.Boolean(required=True)
    may_read = fields.Boolean(required=True)


class NewManualArgs(Schema):
    """What goes with a new manual's file; ``uid`` keeps the same from being brought twice."""

    uid = fields.String(required=True, validate=UID)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    title = fields.String(required=True, validate=validate.Length(1, 200))
    filename = _FILE_NAME


class NewVersionArgs(Schema):
    """What goes with a new version's file."""

    filename = _FILE_NAME
    note = fields.String(load_default="", validate=validate.Length(max=200))


def _body() -> bytes:
    limit = settings().max_import_bytes
    if (request.content_length or 0) > limit:
        raise AppError("too_large", maximum=limit)
    request.max_content_length = limit
    return request.get_data(cache=False)


@bp.get(f"{CONTRACT}/manuals")
@bp.response(200, ManualsSchema)
def show_manuals(contract_code: str) -> dict[str, Any]:
    """The manuals, their versions, and who has read the ones that count."""
    return manuals_view(db.session(), require("view", contract_code))


@bp.post(f"{CONTRACT}/manuals")
@bp.arguments(NewManualArgs, location="query")
@bp.response(201, ManualsSchema)
@bp.doc(**_BODY)
def bring_manual(args: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """Bring a new manual: PDF or DOCX, the raw body."""
    access = require("review", contract_code)
    db.session.rollback()  # No transaction is held while the file comes in.
    file = manuals.keep_file(object_store(), access.contract_id, args["filename"], _body())
    with unit_of_work() as session:
        manuals.bring_manual(
            session, access, args["uid"], args["kind"], args["title"], file, now_utc()
        )
    return manuals_view(db.session(), access)


@bp.post(f"{MANUAL}/versions")
@bp.arguments(NewVersionArgs, location="query")
@bp.response(201, ManualsSchema)
@bp.doc(**_BODY)
def bring_version(args: dict[str, Any], contract_code: str, manual_id: int) -> dict[str, Any]:
    """Bring the next version of a manual: PDF or DOCX, the raw body."""
    access = require("review", contract_code)
    manuals.manual_of(db.session(), access.contract_id, manual_id)
    db.session.rollback()
    file = manuals.keep_file(object_store(), access.contract_id, args["filename"], _body())
    with unit_of_work() as session:
        manuals.bring_version(session, access, manual_id, file, args["note"], now_utc())
    return manuals_view(db.session(), access)


@bp.post(f"{VERSION}/approve")
@bp.response(200, ManualsSchema)
def approve_version(contract_code: str, manual_id: int, version: int) -> dict[str, Any]:
    """Approve a version: it is the one to be read from now on."""
    access = require("accept", contract_code)
    with unit_of_work() as session:
        manuals.approve(session, access, manual_id, version, now_utc())
    return manuals_view(db.session(), access)


@bp.post(f"{VERSION}/read")
@bp.response(200, ManualsSchema)
def note_read(contract_code: str, manual_id: int, version: int) -> dict[str, Any]:
    """Say that one has read a version and understood it."""
    access = require("handle", contract_code)
    with unit_of_work() as session:
        manuals.note_read(session, access, manual_id, version, now_utc())
    return manuals_view(db.session(), access)


@bp.get(f"{VERSION}/file")
@bp.response(200, BINARY, content_type=PDF)
@bp.doc(
    responses={
        "200": {
            "description": "OK",
            "content": {kind: {"schema": BINARY} for kind in (PDF, DOCX)},
        }
    }
)
def show_file(contract_code: str, manual_id: int, version: int) -> Response:
    """A version's file. Who doesn't handle cases is given approved ones alone.

    :raise AppError: ``not_found``, also of what a restore had to do without
    """
    access = require("view", contract_code)
    session = db.session()
    row = manuals.version_of(
        session, manuals.manual_of(session, access.contract_id, manual_id), version
    )
    if row.approved_at is None and not access.may("handle"):
        raise AppError("not_found")
    try:
        data = object_store().get(manuals.manual_key(access.contract_id, row.sha256))
    except FileNotFoundError as error:
        raise AppError("not_found") from error
    return sent_file(data, row.content_type, row.file_name)
