"""A phone's rescue file, brought by a supervisor: looked into first, and loaded like a sync."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

import marshmallow as ma
from flask import request
from marshmallow import fields

from webapp.api.http import CONTRACT, Schema, blueprint, require, settings
from webapp.api.throttle import at_most
from webapp.db import db, now_utc
from webapp.errors import AppError
from webapp.rescue import load_rescue, preview_rescue
from webapp.storage import object_store
from webapp.sync.rescue import Loader, RecordReport, RescueReport, device_names

bp = blueprint("rescue", "A phone's rescue file, loaded by a supervisor")
_READ_AT_ONCE = 1024 * 1024
# A photo that is here, or comes in, needs no line of its own.
_PLAIN = frozenset({"new", "stored", "duplicate"})


class RescueArgs(Schema):
    """With ``dry_run`` it is only told what is in the file."""

    dry_run = fields.Boolean(load_default=False)


class RescueAuthorSchema(ma.Schema):
    """Who captured the records; ``phone_known`` when this server has heard of his phone before."""

    user_id = fields.Integer(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    state = fields.String(required=True, validate=ma.validate.OneOf(["member", "left", "disabled"]))
    phone_id = fields.String(required=True)
    phone_known = fields.Boolean(required=True)


class RescuedRecordSchema(ma.Schema):
    """One operation of the file, and what becomes of it; ``code`` says why it isn't applied."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    result = fields.String(
        required=True,
        validate=ma.validate.OneOf(
            ["new", "applied", "duplicate", "conflict", "quarantined", "damaged"]
        ),
    )
    code = fields.String(required=True)
    room_id = fields.Integer(required=True, allow_none=True)
    device_id = fields.Integer(required=True, allow_none=True)
    device_name = fields.String(required=True)
    finished_at = fields.String(required=True)
    photos = fields.Integer(required=True)


class RescuedPhotoSchema(ma.Schema):
    """A photo that is not taken, and why; ``waiting`` for its inspection, or part of a draft."""

    id = fields.String(required=True)
    result = fields.String(
        required=True,
        validate=ma.validate.OneOf(["waiting", "unfinished", "damaged", "refused"]),
    )
    code = fields.String(required=True)
    inspection = fields.String(required=True, allow_none=True)


class RescueReportSchema(ma.Schema):
    """What is in the file and, where ``loaded``, what became of it."""

    loaded = fields.Boolean(required=True)
    sha256 = fields.String(required=True)
    bytes = fields.Integer(required=True)
    made_at = fields.String(required=True)
    author = fields.Nested(RescueAuthorSchema, required=True)
    drafts = fields.Integer(required=True)
    records = fields.List(fields.Nested(RescuedRecordSchema), required=True)
    photos = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    photo_problems = fields.List(fields.Nested(RescuedPhotoSchema), required=True)


@bp.post(f"{CONTRACT}/rescue")
@at_most(30)
@bp.arguments(RescueArgs, location="query")
@bp.response(200, RescueReportSchema)
@bp.doc(
    requestBody={
        "required": True,
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
)
def take_rescue_file(args: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """Load a phone's rescue file (the raw body), for who captured it; the same again changes nothing."""
    access = require("manage_round", contract_code)
    loader = Loader(access.user_id, access.user_name, access.contract_id, access.contract_code)
    db.session.rollback()  # No transaction is held while the file comes in.
    with _spooled() as file:
        if args["dry_run"]:
            return _shown(preview_rescue(loader, file))
        maximum = settings().max_photo_bytes
        return _shown(load_rescue(loader, file, object_store(), maximum, now_utc()))


@contextmanager
def _spooled() -> Iterator[BinaryIO]:
    """The body on disk, not in memory, and without a name; gone when it is done with."""
    maximum = settings().max_rescue_bytes
    if (request.content_length or 0) > maximum:
        raise AppError("rescue_too_large", maximum=maximum)
    request.max_content_length = maximum
    with tempfile.TemporaryFile(dir=settings().data_dir) as file:
        while part := request.stream.read(_READ_AT_ONCE):
            file.write(part)
        yield cast(BinaryIO, file)


def _shown(report: RescueReport) -> dict[str, Any]:
    file, author = report.file, report.author
    names = device_names(db.session(), report)
    return {
        "loaded": report.loaded,
        "sha256": file.sha256,
        "bytes": file.size_bytes,
        "made_at": file.manifest.made_at,
        "author": {
            "user_id": author.access.user_id,
            "name": author.access.user_name,
            "name_en": author.name_en,
            "state": author.state,
            "phone_id": author.phone.phone_id,
            "phone_known": author.phone_known,
        },
        "drafts": file.drafts(),
        "records": [_record(record, names) for record in report.records],
        "photos": Counter(photo.result for photo in report.photos),
        "photo_problems": [photo for photo in report.photos if photo.result not in _PLAIN],
    }


def _record(record: RecordReport, names: dict[int, str]) -> dict[str, Any]:
    return {
        "id": record.id,
        "kind": record.kind,
        "result": record.result,
        "code": record.code,
        "room_id": record.room_id,
        "device_id": record.device_id,
        "device_name": names.get(record.device_id or 0, ""),
        "finished_at": record.finished_at,
        "photos": len(record.photos),
    }
