"""The shapes of photos and of the words on them."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import fields, validate

from webapp.api.http import PageArgs, Schema, page_schema
from webapp.api.listing import PlacedSchema

MOST_REVIEWS = 500
_MONTH = validate.Regexp(r"^\d{4}-(0[1-9]|1[0-2])$", error="invalid_month")
_SHARE = validate.Range(0, 1)


class PhotoArgs(PageArgs):
    """What photos to list; without ``month`` those of every round.

    ``reused`` repeat an earlier photo, ``fast`` are of an "all OK" given in less than the contract's
    seconds, ``spot_missing`` of one whose spot checks were not looked at.
    """

    month = fields.String(validate=_MONTH)
    room_id = fields.Integer()
    device_id = fields.Integer()
    inspection_id = fields.Integer()
    type = fields.String(validate=validate.Length(1, 32))
    author_id = fields.Integer()
    abnormal = fields.Boolean(load_default=False)
    reused = fields.Boolean(load_default=False)
    fast = fields.Boolean(load_default=False)
    spot_missing = fields.Boolean(load_default=False)
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
    """The supervisor's word; ``none`` takes an earlier one back.

    ``seen_at`` is the ``reviewed_at`` of the review that he saw, null where there was none. Has a
    colleague said something else since, it is refused. Without it only his own word is replaced.
    """

    state = fields.String(required=True, validate=validate.OneOf(["accepted", "returned", "none"]))
    remark = fields.String(load_default="", validate=validate.Length(max=2000))
    marks = fields.List(
        fields.Nested(MarkSchema), load_default=list, validate=validate.Length(max=50)
    )
    seen_at = fields.AwareDateTime(allow_none=True)


class OnePhotoReviewSchema(PhotoReviewSchema):
    """The word on one of several photos."""

    uid = fields.String(required=True, validate=validate.Length(equal=36))


class PhotoReviewsSchema(Schema):
    """Words on several photos: all that can be said are said, in one transaction."""

    reviews = fields.List(
        fields.Nested(OnePhotoReviewSchema),
        required=True,
        validate=validate.Length(1, MOST_REVIEWS),
    )


class PhotoSaidSchema(ma.Schema):
    """The word that stands on a photo, and whose it is."""

    uid = fields.String(required=True)
    review = fields.String(required=True)
    review_remark = fields.String(required=True)
    review_marks = fields.List(fields.Dict(), required=True)
    reviewer_id = fields.Integer(required=True, allow_none=True)
    reviewer = fields.String(required=True, allow_none=True)
    reviewed_at = fields.AwareDateTime(required=True, allow_none=True)
    received_at = fields.AwareDateTime(required=True)
    withdrawn = fields.Boolean(required=True)


class PhotoReviewedSchema(ma.Schema):
    """What came of a word on one photo; ``shown`` is what stands now, where there is such a photo."""

    uid = fields.String(required=True)
    result = fields.String(
        required=True,
        validate=validate.OneOf(
            ["done", "unchanged", "photo_reviewed", "not_found", "photo_missing", "round_not_open"]
        ),
    )
    shown = fields.Nested(PhotoSaidSchema, required=True, allow_none=True)


class PhotosReviewedSchema(ma.Schema):
    """An answer for each photo, in the order of the request."""

    results = fields.List(fields.Nested(PhotoReviewedSchema), required=True)


class PhotoChangesArgs(Schema):
    """``since`` is the ``head`` of an earlier answer, of the list's or of this."""

    since = fields.Integer(required=True, validate=validate.Range(0, 2**62))


class PhotoChangesSchema(ma.Schema):
    """What was said of photos since; ``head`` is what to ask by next."""

    head = fields.Integer(required=True)
    photos = fields.List(fields.Nested(PhotoSaidSchema), required=True)


class ReusedPhotoSchema(PlacedSchema):
    """The earlier photo that one repeats: of what it was, and whether it is the same to the byte."""

    uid = fields.String(required=True)
    month = fields.String(required=True)
    inspection_id = fields.Integer(required=True)
    item = fields.String(required=True, allow_none=True)
    author_id = fields.Integer(required=True)
    author = fields.String(required=True)
    device_taken_at = fields.AwareDateTime(required=True, allow_none=True)
    same_bytes = fields.Boolean(required=True)


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


class PhotoSchema(PhotoSaidSchema, PlacedSchema):
    """A photo with the reading beside it, its limits, and the photo of the last month that has one.

    ``reused`` is the earlier photo that it repeats, of whatever device. Whether its inspection was
    answered by "all OK" stands beside it, after how many seconds, and how long it was seen in all.
    """

    month = fields.String(required=True)
    inspection_id = fields.Integer(required=True)
    inspection_uid = fields.String(required=True)
    task_id = fields.Integer(required=True)
    verdict = fields.String(required=True)
    bulk_ok = fields.Boolean(required=True)
    bulk_seconds = fields.Integer(required=True, allow_none=True)
    dwell_seconds = fields.Integer(required=True)
    flags = fields.List(fields.String(), required=True)
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
    reused_of = fields.String(required=True, allow_none=True)
    reused = fields.Nested(ReusedPhotoSchema, required=True, allow_none=True)
    previous_uid = fields.String(required=True, allow_none=True)
    previous_month = fields.String(required=True, allow_none=True)


class PhotoPageSchema(page_schema(PhotoSchema)):  # type: ignore[misc]
    """A page of photos; ``head`` is what their changes are asked by, ``listed_at`` the server's time."""

    head = fields.Integer(required=True)
    listed_at = fields.AwareDateTime(required=True)
