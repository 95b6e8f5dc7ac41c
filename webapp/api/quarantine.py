"""The quarantine over HTTP: what phones sent and could not be applied, before a supervisor."""

from __future__ import annotations

from typing import Any, cast

import marshmallow as ma
from flask import Response
from marshmallow import fields, validate

from webapp import renditions
from webapp.api.estate_schemas import text
from webapp.api.files import PICTURE, picture
from webapp.api.http import CONTRACT, PageArgs, Schema, blueprint, require
from webapp.api.listing import list_views, sort_of, state_of
from webapp.db import db, now_utc, unit_of_work
from webapp.identity.rules import Access
from webapp.renditions import Size
from webapp.storage import object_store
from webapp.sync import kept, quarantine, queries
from webapp.sync.quarantine_list import QUARANTINE, dress_quarantined

bp = blueprint("quarantine", "Operations that wait for a supervisor")


class QuarantineArgs(PageArgs):
    """``waiting`` are those that a supervisor or an earlier record has still to settle."""

    state = state_of(QUARANTINE, default="waiting")
    sort = sort_of(QUARANTINE)
    q = fields.String(load_default="", validate=validate.Length(max=100))


class QuarantinedSchema(ma.Schema):
    """One operation as it came, and why it was not applied."""

    id = fields.Integer(required=True)
    operation_id = fields.String(required=True)
    kind = fields.String(required=True)
    inspection_uid = fields.String(required=True)
    code = fields.String(required=True)
    details = fields.Dict(required=True)
    state = fields.String(required=True)
    user_id = fields.Integer(required=True)
    author = fields.String(required=True)
    received_at = fields.AwareDateTime(required=True)
    remark = fields.String(required=True)
    resolved_by_id = fields.Integer(required=True, allow_none=True)
    resolved_at = fields.AwareDateTime(required=True, allow_none=True)


class KeptPhotoSchema(ma.Schema):
    """A photo that the operation names; what was applied has handed its photos over to the record."""

    uid = fields.String(required=True)
    received = fields.Boolean(required=True)
    unreadable = fields.Boolean(required=True)


class QuarantinedWholeSchema(QuarantinedSchema):
    """With the payload's text, word for word, and its photos."""

    photos = fields.List(fields.Nested(KeptPhotoSchema), required=True)

    version = fields.Integer(required=True)
    hash = fields.String(required=True)
    payload = fields.String(required=True)


class KeptImageArgs(Schema):
    """``full`` is 1,600 pixels at the longest side, ``thumb`` 320."""

    size = fields.String(load_default="full", validate=validate.OneOf(["full", "thumb"]))


class ApplySchema(Schema):
    """The mended payload as JSON text, of version 1; without it the operation is applied as it came."""

    payload = fields.String(load_default=None, validate=validate.Length(2, 1_000_000))


class DismissSchema(Schema):
    """Why it shall not be applied."""

    remark = text(2000, required=True, shortest=1)


def _show(access: Access, row_id: int) -> dict[str, Any]:
    row, author = queries.quarantined(db.session(), access.contract_id, row_id)
    photos = kept.photos_of(db.session(), row)
    return dress_quarantined(row, author) | {
        "photos": [
            {"uid": one.uid, "received": one.received_at is not None, "unreadable": one.unreadable}
            for one in photos
        ]
    }


list_views(bp, "quarantine", QUARANTINE, QuarantineArgs, QuarantinedSchema, right="review")


@bp.get(f"{CONTRACT}/quarantine/<int:row_id>")
@bp.response(200, QuarantinedWholeSchema)
def show_quarantined(contract_code: str, row_id: int) -> dict[str, Any]:
    """One operation, with its payload as it came."""
    return _show(require("review", contract_code), row_id)


@bp.get(f"{CONTRACT}/quarantine/<int:row_id>/photos/<string(maxlength=36):kept_uid>/image")
@bp.arguments(KeptImageArgs, location="query")
@bp.doc(responses=PICTURE)
def show_kept_photo(
    args: dict[str, Any], contract_code: str, row_id: int, kept_uid: str
) -> Response:
    """A photo of what waits, re-encoded as JPEG without its metadata."""
    access = require("review", contract_code)
    row, _author = queries.quarantined(db.session(), access.contract_id, row_id)
    sha256 = kept.photo_of(db.session(), row, kept_uid).sha256
    db.session.rollback()
    size = cast(Size, args["size"])
    return picture(
        sha256, size, lambda: renditions.shown(object_store(), access.contract_id, sha256, size)
    )


@bp.post(f"{CONTRACT}/quarantine/<int:row_id>/apply")
@bp.arguments(ApplySchema)
@bp.response(200, QuarantinedWholeSchema)
def apply_quarantined(body: dict[str, Any], contract_code: str, row_id: int) -> dict[str, Any]:
    """Apply an operation for its author, mended or as it came; one that was dismissed too."""
    access = require("review", contract_code)
    with unit_of_work() as session:
        quarantine.apply(session, access, row_id, body["payload"], now_utc())
    return _show(access, row_id)


@bp.post(f"{CONTRACT}/quarantine/<int:row_id>/dismiss")
@bp.arguments(DismissSchema)
@bp.response(200, QuarantinedWholeSchema)
def dismiss_quarantined(body: dict[str, Any], contract_code: str, row_id: int) -> dict[str, Any]:
    """Mark an operation as not to be applied; it is kept all the same."""
    access = require("review", contract_code)
    with unit_of_work() as session:
        quarantine.dismiss(session, access, row_id, body["remark"], now_utc())
    return _show(access, row_id)
