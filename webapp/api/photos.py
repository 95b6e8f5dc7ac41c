"""The photos of a contract over HTTP: the review grid, the pictures, the supervisors' words."""

from __future__ import annotations

from typing import Any, cast

from flask import Response, jsonify, request
from marshmallow import fields, validate

from webapp.api import photo_schemas as shapes
from webapp.api.files import PICTURE, picture
from webapp.api.http import CONTRACT, Schema, blueprint, page_of, require
from webapp.db import db, now_utc, unit_of_work
from webapp.desk import photo_copies, photo_review
from webapp.desk.photo_dress import dress_photos
from webapp.desk.photo_list import PhotoFilter, photo_statement, photos_changed
from webapp.desk.photo_review import Review
from webapp.errors import AppError
from webapp.identity.rules import Access
from webapp.renditions import Size
from webapp.rounds.queries import version_of
from webapp.storage import object_store

bp = blueprint("photos", "Photos: list, pictures, review")


class ImageArgs(Schema):
    """The longest side: 320 pixels (``thumb``) or 1,600 (``full``)."""

    size = fields.String(load_default="full", validate=validate.OneOf(["thumb", "full"]))


@bp.get(f"{CONTRACT}/photos")
@bp.arguments(shapes.PhotoArgs, location="query")
@bp.response(200, shapes.PhotoPageSchema)
def list_photos(args: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """The photos that came, by room and device."""
    access = require("view", contract_code)
    page, page_size = args.pop("page"), args.pop("page_size")
    # Before the rows: a change that comes between the two is told again, never left out.
    head, _today = version_of(db.session(), access.contract_id, now := now_utc())
    statement = photo_statement(access.contract_id, PhotoFilter(**args))
    found = page_of(statement, page, page_size)
    found["items"] = dress_photos(db.session(), access.contract_id, found["items"])
    return {**found, "head": head, "listed_at": now}


@bp.get(f"{CONTRACT}/photos/changes")
@bp.arguments(shapes.PhotoChangesArgs, location="query")
@bp.response(200, shapes.PhotoChangesSchema)
def list_changes(args: dict[str, Any], contract_code: str) -> Any:
    """What was said of photos meanwhile, and which came; 304 while the contract stands still."""
    access = require("view", contract_code)
    head, _today = version_of(db.session(), access.contract_id, now_utc())
    etag = f"{access.contract_id}-{head}"
    if etag in request.if_none_match:
        response = Response(status=304)
    else:
        last, photos = photos_changed(db.session(), access.contract_id, args["since"])
        shown = {"head": last, "photos": photos}
        response = jsonify(shapes.PhotoChangesSchema().dump(shown))
    response.set_etag(etag)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _photo(access: Access, uid: str) -> dict[str, Any]:
    statement = photo_statement(access.contract_id, PhotoFilter(uid=uid))
    rows = db.session.execute(statement).all()
    if not rows:
        raise AppError("not_found")
    return dress_photos(db.session(), access.contract_id, rows)[0]


@bp.get(f"{CONTRACT}/photos/<photo_uid>")
@bp.response(200, shapes.PhotoSchema)
def show_photo(contract_code: str, photo_uid: str) -> dict[str, Any]:
    """One photo."""
    return _photo(require("view", contract_code), photo_uid)


@bp.get(f"{CONTRACT}/photos/<photo_uid>/image")
@bp.arguments(ImageArgs, location="query")
@bp.doc(responses=PICTURE)
def show_image(args: dict[str, Any], contract_code: str, photo_uid: str) -> Response:
    """The picture, re-encoded as JPEG without its metadata."""
    access = require("view", contract_code)
    photo = photo_copies.find_photo(db.session(), access.contract_id, photo_uid)
    db.session.rollback()
    size = cast(Size, args["size"])
    return picture(photo.sha256, size, lambda: photo_copies.copy_of(object_store(), photo, size))


def _review(body: dict[str, Any]) -> Review:
    return Review(
        body["state"], body["remark"], tuple(body["marks"]), body.get("seen_at", "unseen")
    )


@bp.post(f"{CONTRACT}/photos/<photo_uid>/review")
@bp.arguments(shapes.PhotoReviewSchema)
@bp.response(200, shapes.PhotoSchema)
def review_photo(body: dict[str, Any], contract_code: str, photo_uid: str) -> dict[str, Any]:
    """Accept a photo, or send it back to its author with words and marks."""
    access = require("review", contract_code)
    with unit_of_work() as session:
        photo_review.review_photo(session, access, photo_uid, _review(body), now_utc())
    return _photo(access, photo_uid)


@bp.post(f"{CONTRACT}/photos/review")
@bp.arguments(shapes.PhotoReviewsSchema)
@bp.response(200, shapes.PhotosReviewedSchema)
def review_photos(body: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """Accept or send back several photos at once; each has its own answer."""
    access = require("review", contract_code)
    reviews = [(row["uid"], _review(row)) for row in body["reviews"]]
    with unit_of_work() as session:
        results = photo_review.review_photos(session, access, reviews, now_utc())
    return {"results": results}
