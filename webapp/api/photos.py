"""The photos of a contract over HTTP: the review grid, the pictures, the supervisor's word."""

from __future__ import annotations

from typing import Any, cast

import marshmallow as ma
from flask import Response, request
from marshmallow import fields, validate

from webapp.api.http import (
    CONTRACT,
    PageArgs,
    Schema,
    blueprint,
    page_of,
    page_schema,
    require,
)
from webapp.api.listing import PlacedSchema
from webapp.db import db, now_utc, unit_of_work
from webapp.desk import photo_copies, photo_review
from webapp.desk.photo_list import PhotoFilter, dress_photos, photo_statement
from webapp.desk.photo_review import Review
from webapp.errors import AppError
from webapp.identity.rules import Access
from webapp.storage import object_store

bp = blueprint("photos", "Photos: list, pictures, review")
_MONTH = validate.Regexp(r"^\d{4}-(0[1-9]|1[0-2])$", error="invalid_month")
_SHARE = validate.Range(0, 1)


class PhotoArgs(PageArgs):
    """What photos to list; without ``month`` those of every round."""

    month = fields.String(validate=_MONTH)
    room_id = fields.Integer()
    device_id = fields.Integer()
    inspection_id = fields.Integer()
    type = fields.String(validate=validate.Length(1, 32))
    author_id = fields.Integer()
    abnormal = fields.Boolean(load_default=False)
    review = fields.String(validate=validate.OneOf(["none", "accepted", "returned"]))
    item = fields.String(validate=validate.Length(1, 40))
    q = fields.String(load_default="", validate=validate.Length(max=100))


class MarkSchema(Schema):
    """A mark drawn on a photo; points are ``[x, y]`` in shares of its sides, from the top left."""

    kind = fields.String(required=True, validate=validate.OneOf(["arrow", "circle", "text"]))
    points = fields.List(
        fields.List(fields.Float(validate=_SHARE), validate=validate.Length(equal=2)),
        required=True,
        validate=validate.Length(1, 8),
    )
    text = fields.String(load_default="", validate=validate.Length(max=200))


class PhotoReviewSchema(Schema):
    """The supervisor's word; ``none`` takes an earlier one back."""

    state = fields.String(required=True, validate=validate.OneOf(["accepted", "returned", "none"]))
    remark = fields.String(load_default="", validate=validate.Length(max=2000))
    marks = fields.List(
        fields.Nested(MarkSchema), load_default=list, validate=validate.Length(max=50)
    )


class PhotoReadingSchema(ma.Schema):
    """The reading that a photo shows; words are given where the value is an option's key."""

    value = fields.Raw(required=True, allow_none=True)
    value_zh = fields.String(required=True, allow_none=True)
    value_en = fields.String(required=True, allow_none=True)
    verdict = fields.String(required=True)
    severity = fields.Integer(required=True, allow_none=True)
    cause = fields.String(required=True)
    action = fields.String(required=True)
    remark = fields.String(required=True)
    fixed = fields.Boolean(required=True)


class LimitsSchema(ma.Schema):
    """What is normal for the item on this device; bounds are inclusive, in the item's unit.

    ``lacking`` names the register fields that the rule needs and the device doesn't have.
    """

    minimum = fields.Float(required=True, allow_none=True)
    maximum = fields.Float(required=True, allow_none=True)
    equals = fields.String(required=True, allow_none=True)
    options = fields.List(fields.String(), required=True, allow_none=True)
    lacking = fields.List(fields.String(), required=True)


class PhotoSchema(PlacedSchema):
    """A photo with the reading beside it, its limits, and the photo of the last month that has one."""

    uid = fields.String(required=True)
    month = fields.String(required=True)
    inspection_id = fields.Integer(required=True)
    inspection_uid = fields.String(required=True)
    task_id = fields.Integer(required=True)
    verdict = fields.String(required=True)
    author_id = fields.Integer(required=True)
    author = fields.String(required=True)
    item = fields.String(required=True, allow_none=True)
    item_zh = fields.String(required=True, allow_none=True)
    item_en = fields.String(required=True, allow_none=True)
    unit = fields.String(required=True)
    finding = fields.String(required=True, allow_none=True)
    open_item_number = fields.Integer(required=True, allow_none=True)
    reading = fields.Nested(PhotoReadingSchema, required=True, allow_none=True)
    limits = fields.Nested(LimitsSchema, required=True, allow_none=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)
    bytes = fields.Integer(required=True)
    unreadable = fields.Boolean(required=True)
    device_taken_at = fields.AwareDateTime(required=True, allow_none=True)
    received_at = fields.AwareDateTime(required=True)
    review = fields.String(required=True)
    review_remark = fields.String(required=True)
    review_marks = fields.List(fields.Dict(), required=True)
    reviewer = fields.String(required=True, allow_none=True)
    reviewed_at = fields.AwareDateTime(required=True, allow_none=True)
    reused_of = fields.String(required=True, allow_none=True)
    previous_uid = fields.String(required=True, allow_none=True)
    previous_month = fields.String(required=True, allow_none=True)


class ImageArgs(Schema):
    """The longest side: 320 pixels (``thumb``) or 1,600 (``full``)."""

    size = fields.String(load_default="full", validate=validate.OneOf(["thumb", "full"]))


@bp.get(f"{CONTRACT}/photos")
@bp.arguments(PhotoArgs, location="query")
@bp.response(200, page_schema(PhotoSchema))
def list_photos(args: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """The photos that came, by room and device."""
    access = require("view", contract_code)
    page, page_size = args.pop("page"), args.pop("page_size")
    statement = photo_statement(access.contract_id, PhotoFilter(**args))
    found = page_of(statement, page, page_size)
    found["items"] = dress_photos(db.session(), access.contract_id, found["items"])
    return found


def _photo(access: Access, uid: str) -> dict[str, Any]:
    statement = photo_statement(access.contract_id, PhotoFilter(uid=uid))
    rows = db.session.execute(statement).all()
    if not rows:
        raise AppError("not_found")
    return dress_photos(db.session(), access.contract_id, rows)[0]


@bp.get(f"{CONTRACT}/photos/<photo_uid>")
@bp.response(200, PhotoSchema)
def show_photo(contract_code: str, photo_uid: str) -> dict[str, Any]:
    """One photo."""
    return _photo(require("view", contract_code), photo_uid)


@bp.get(f"{CONTRACT}/photos/<photo_uid>/image")
@bp.arguments(ImageArgs, location="query")
@bp.doc(
    responses={
        200: {
            "description": "OK",
            "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
        }
    }
)
def show_image(args: dict[str, Any], contract_code: str, photo_uid: str) -> Response:
    """The picture, re-encoded as JPEG without its metadata.

    A browser may keep it but must ask each time: on a shared phone the next user is not let in,
    and who may see it is answered by 304 without a byte of the picture.
    """
    access = require("view", contract_code)
    photo = photo_copies.find_photo(db.session(), access.contract_id, photo_uid)
    db.session.rollback()
    size = cast(photo_copies.Size, args["size"])
    etag = f"{photo.sha256}-{size}"
    if etag in request.if_none_match:
        response = Response(status=304)
    else:
        copy = photo_copies.copy_of(object_store(), photo, size)
        response = Response(copy, mimetype="image/jpeg")
        response.headers["Content-Disposition"] = f'inline; filename="{photo.sha256[:16]}.jpg"'
    response.set_etag(etag)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@bp.post(f"{CONTRACT}/photos/<photo_uid>/review")
@bp.arguments(PhotoReviewSchema)
@bp.response(200, PhotoSchema)
def review_photo(body: dict[str, Any], contract_code: str, photo_uid: str) -> dict[str, Any]:
    """Accept a photo, or send it back to its author with words and marks."""
    access = require("review", contract_code)
    review = Review(body["state"], body["remark"], tuple(body["marks"]))
    with unit_of_work() as session:
        photo_review.review_photo(session, access, photo_uid, review, now_utc())
    return _photo(access, photo_uid)
