"""Photos of a case over HTTP: added to one's own line, shown re-encoded, marked for who reported it."""

from __future__ import annotations

import hashlib
from typing import Any, cast

from flask import Response, request
from marshmallow import fields, validate

from webapp import links, renditions
from webapp.api.cases import CASE, UID
from webapp.api.files import PICTURE, picture
from webapp.api.http import Schema, blueprint, require, settings
from webapp.api.reported import FAULT, READS, WRITES, WRITES_OF_A_LINK, of_the_link
from webapp.api.throttle import at_most
from webapp.cases import files, reported
from webapp.cases.files import Brought, FileRef
from webapp.db import db, now_utc, unit_of_work
from webapp.errors import AppError
from webapp.extensions import limiter
from webapp.pictures import examine
from webapp.renditions import Size
from webapp.rounds.rules import is_uid
from webapp.storage import object_store, photo_key

bp = blueprint("case_files", "Photos of cases")
PHOTO = f"{CASE}/photos/<string(maxlength=36):file_uid>"
FAULT_PHOTO = f"{FAULT}/photos/<string(maxlength=36):fault_photo_uid>"
# A phone makes 300 KB of a photo; who has no account sends what his camera made.
LARGEST_OF_A_REPORTER = 8 * 1024 * 1024
_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_BODY = {
    "required": True,
    "content": dict.fromkeys(("image/jpeg", "image/png", "image/webp"), _BINARY),
}


class LineArgs(Schema):
    """The ``uid`` of the line that a photo belongs to."""

    line = fields.String(required=True, validate=UID)


class CaseImageArgs(Schema):
    """``full`` is 1,600 pixels at the longest side, ``thumb`` 320."""

    size = fields.String(load_default="full", validate=validate.OneOf(["full", "thumb"]))


class ShownSchema(Schema):
    """Whether who reported the fault may see it."""

    shown = fields.Boolean(required=True)


@bp.put(PHOTO)
@at_most(120)
@bp.arguments(LineArgs, location="query")
@bp.doc(requestBody=_BODY)
@bp.response(204)
def add_case_photo(args: dict[str, Any], contract_code: str, name: str, file_uid: str) -> None:
    """Add a photo to one's own line of the timeline, or for who handles cases to any."""
    access = require("view", contract_code)
    _check_uid(file_uid)
    files.line_of(db.session(), access, name, args["line"])
    data = _read(settings().max_photo_bytes)
    seen = examine(data)
    if not seen.readable:
        raise AppError("photo_unreadable")
    sha256 = hashlib.sha256(data).hexdigest()
    object_store().put(photo_key(access.contract_id, sha256), data)
    with unit_of_work() as session:
        event = files.line_of(session, access, name, args["line"])
        photo = Brought(file_uid, sha256, len(data), seen)
        files.add(session, event, photo, access.user_id, now_utc())


@bp.get(f"{PHOTO}/image")
@bp.arguments(CaseImageArgs, location="query")
@bp.doc(responses=PICTURE)
def show_case_photo(args: dict[str, Any], contract_code: str, name: str, file_uid: str) -> Response:
    """The picture, re-encoded as JPEG without its metadata."""
    access = require("view", contract_code)
    return _picture(files.file_of(db.session(), access, name, file_uid), args["size"])


@bp.patch(PHOTO)
@bp.arguments(ShownSchema)
@bp.response(204)
def mark_case_photo(body: dict[str, Any], contract_code: str, name: str, file_uid: str) -> None:
    """Let who reported the fault see a photo, or no longer."""
    access = require("handle", contract_code)
    with unit_of_work() as session:
        files.show(session, access, name, file_uid, now_utc(), shown=body["shown"])


@bp.put(FAULT_PHOTO)
@limiter.limit(WRITES)
@limiter.limit(WRITES_OF_A_LINK, key_func=of_the_link)
@bp.doc(requestBody=_BODY)
@bp.response(204)
def add_fault_photo(fault_token: str, fault_photo_uid: str) -> None:
    """Add a photo to a reported fault, three at most; only its re-encoded copy is kept."""
    line_id = links.subject_of(settings().secret_key, "fault", fault_token)
    _check_uid(fault_photo_uid)
    contract_id = reported.taking_photos(db.session(), line_id)
    data = _read(LARGEST_OF_A_REPORTER)
    if not examine(data).readable:
        raise AppError("photo_unreadable")
    copies = renditions.of_bytes(data)
    sha256 = hashlib.sha256(copies.full).hexdigest()
    object_store().put(photo_key(contract_id, sha256), copies.full)
    photo = Brought(fault_photo_uid, sha256, len(copies.full), examine(copies.full))
    with unit_of_work() as session:
        reported.add_photo(session, line_id, photo, now_utc())


@bp.get(f"{FAULT_PHOTO}/image")
@limiter.limit(READS)
@bp.arguments(CaseImageArgs, location="query")
@bp.doc(responses=PICTURE)
def show_fault_photo(args: dict[str, Any], fault_token: str, fault_photo_uid: str) -> Response:
    """A photo of a reported fault that its reporter may see."""
    line_id = links.subject_of(settings().secret_key, "fault", fault_token)
    return _picture(reported.photo_of(db.session(), line_id, fault_photo_uid), args["size"])


def _check_uid(uid: str) -> None:
    if not is_uid(uid):
        raise AppError("not_found")


def _read(maximum_bytes: int) -> bytes:
    """The body, read whole outside any transaction. :raise AppError: ``too_large``, ``photo_empty``"""
    db.session.rollback()
    if (request.content_length or 0) > maximum_bytes:
        raise AppError("too_large", maximum=maximum_bytes)
    request.max_content_length = maximum_bytes
    data = request.get_data(cache=False)
    if not data:
        raise AppError("photo_empty")
    return data


def _picture(file: FileRef, size: str) -> Response:
    db.session.rollback()
    return picture(
        file.sha256,
        size,
        lambda: renditions.shown(object_store(), file.contract_id, file.sha256, cast(Size, size)),
    )
