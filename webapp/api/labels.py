"""Labels over HTTP: lists, revoking and relinking, sheets to print."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response
from marshmallow import fields, validate

from webapp.api.estate_schemas import MAX_ID, text
from webapp.api.files import sent_file
from webapp.api.http import (
    CONTRACT,
    PageArgs,
    Schema,
    blueprint,
    require,
    settings,
)
from webapp.api.listing import list_views, sort_of, state_of
from webapp.db import db, now_utc, unit_of_work
from webapp.errors import AppError
from webapp.estate import label_sheet, labels, queries
from webapp.estate.label_drawing import label_png
from webapp.estate.label_grid import PRESETS, Grid, check_grid
from webapp.estate.models import Device
from webapp.estate.rules import LONGEST_SCAN, is_only_here
from webapp.identity.rules import Access

bp = blueprint("labels", "Labels on devices")
ID = f"<int(max={MAX_ID}):"
MOST_ON_SHEETS = 2_000
_MM = validate.Range(0, 1000)


class LabelSchema(ma.Schema):
    """A label; ``unlinked`` is one that is printed and stands for no device now."""

    code = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(queries.LABELS.states))
    device_id = fields.Integer(required=True, allow_none=True)
    device_name = fields.String(required=True, allow_none=True)
    room_name_zh = fields.String(required=True, allow_none=True)
    room_name_en = fields.String(required=True, allow_none=True)
    building_name_zh = fields.String(required=True, allow_none=True)
    building_name_en = fields.String(required=True, allow_none=True)
    floor = fields.String(required=True, allow_none=True)
    made_at = fields.AwareDateTime(required=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)
    reason = fields.String(required=True)


class LabelArgs(PageArgs):
    """Which labels."""

    q = text(100, load_default="")
    device_id = fields.Integer(load_default=None, validate=validate.Range(1, MAX_ID))
    state = state_of(queries.LABELS)
    sort = sort_of(queries.LABELS)


class LabelRevokeSchema(Schema):
    """Why a label is revoked."""

    reason = text(200, required=True, shortest=1)


class LabelRelinkSchema(Schema):
    """The device that a label stands for from now on."""

    device_id = fields.Integer(required=True, validate=validate.Range(1, MAX_ID))


class LabelIssueSchema(Schema):
    """Where devices without a label get one; everywhere when nothing is named."""

    building_id = fields.Integer(load_default=None, validate=validate.Range(1, MAX_ID))
    room_id = fields.Integer(load_default=None, validate=validate.Range(1, MAX_ID))


class LabelIssuedSchema(ma.Schema):
    """How many labels were given out."""

    issued = fields.Integer(required=True)


class LabelGridSchema(ma.Schema):
    """How labels lie on a page; lengths in millimetres."""

    key = fields.String(required=True)
    name = fields.String(required=True)
    page_width = fields.Float(required=True)
    page_height = fields.Float(required=True)
    columns = fields.Integer(required=True)
    rows = fields.Integer(required=True)
    label_width = fields.Float(required=True)
    label_height = fields.Float(required=True)
    margin_left = fields.Float(required=True)
    margin_top = fields.Float(required=True)
    gap_x = fields.Float(required=True)
    gap_y = fields.Float(required=True)


class LabelAddressSchema(ma.Schema):
    """The address on the labels; ``only_here`` when no phone's own camera could open it."""

    base_url = fields.String(required=True)
    only_here = fields.Boolean(required=True)


class LabelSheetArgs(Schema):
    """What to print on which sheet; ``start`` is the first free place of a used sheet, from 1.

    With ``preset=custom`` the grid's fields are needed; lengths are in millimetres.
    """

    preset = fields.String(
        load_default="L7160", validate=validate.OneOf([*PRESETS, label_sheet.CUSTOM])
    )
    building_id = fields.List(fields.Integer(validate=validate.Range(1, MAX_ID)), load_default=list)
    room_id = fields.List(fields.Integer(validate=validate.Range(1, MAX_ID)), load_default=list)
    device_id = fields.List(fields.Integer(validate=validate.Range(1, MAX_ID)), load_default=list)
    start = fields.Integer(load_default=1, validate=validate.Range(1, 1000))
    outlines = fields.Boolean(load_default=False)
    page_width = fields.Float(load_default=210.0, validate=_MM)
    page_height = fields.Float(load_default=297.0, validate=_MM)
    columns = fields.Integer(load_default=1, validate=validate.Range(1, 30))
    rows = fields.Integer(load_default=1, validate=validate.Range(1, 60))
    label_width = fields.Float(load_default=0.0, validate=_MM)
    label_height = fields.Float(load_default=0.0, validate=_MM)
    margin_left = fields.Float(load_default=0.0, validate=_MM)
    margin_top = fields.Float(load_default=0.0, validate=_MM)
    gap_x = fields.Float(load_default=0.0, validate=_MM)
    gap_y = fields.Float(load_default=0.0, validate=_MM)


list_views(bp, "labels", queries.LABELS, LabelArgs, LabelSchema)


@bp.get(f"{CONTRACT}/labels/presets")
@bp.response(200, LabelGridSchema(many=True))
def list_presets(contract_code: str) -> list[dict[str, Any]]:
    """The label sheets that are known by name."""
    require("view", contract_code)
    return [label_sheet.preset_row(key) for key in PRESETS]


@bp.get(f"{CONTRACT}/labels/address")
@bp.response(200, LabelAddressSchema)
def show_label_address(contract_code: str) -> dict[str, Any]:
    """What labels lead to, so that nobody prints a hundred that lead nowhere."""
    require("view", contract_code)
    base_url = settings().base_url
    return {"base_url": base_url, "only_here": is_only_here(base_url)}


@bp.get(f"{CONTRACT}/labels/<string(maxlength={LONGEST_SCAN}):code>")
@bp.response(200, LabelSchema)
def show_label(contract_code: str, code: str) -> dict[str, Any]:
    """What a code stands for; a revoked one says that it is revoked."""
    return _label(require("view", contract_code), code)


def _label(access: Access, code: str) -> dict[str, Any]:
    label = queries.label_of(db.session(), access.contract_id, code)
    statement = queries.LABELS.statement(access.contract_id, {"code": label.code})
    rows = db.session.execute(statement).all()
    return queries.dress_labels(db.session(), access.contract_id, rows)[0]


@bp.post(f"{CONTRACT}/labels/issue")
@bp.arguments(LabelIssueSchema)
@bp.response(200, LabelIssuedSchema)
def issue_missing(body: dict[str, Any], contract_code: str) -> dict[str, int]:
    """Give a label to every device in use that has none."""
    access = require("manage_estate", contract_code)
    with unit_of_work() as session:
        return {"issued": labels.issue_missing_labels(session, access, now_utc(), **body)}


@bp.post(f"{CONTRACT}/devices/{ID}device_id>/label")
@bp.response(201, LabelSchema)
def replace_label(contract_code: str, device_id: int) -> dict[str, Any]:
    """Give a device a new label; the one that it had is revoked as replaced."""
    access = require("manage_estate", contract_code)
    with unit_of_work() as session:
        code = labels.replace_label(session, access, device_id, now_utc()).code
    return _label(access, code)


@bp.post(f"{CONTRACT}/labels/<string(maxlength={LONGEST_SCAN}):code>/revoke")
@bp.arguments(LabelRevokeSchema)
@bp.response(200, LabelSchema)
def revoke_label(body: dict[str, Any], contract_code: str, code: str) -> dict[str, Any]:
    """Revoke a label for good."""
    access = require("manage_estate", contract_code)
    with unit_of_work() as session:
        labels.revoke_label(session, access, code, body["reason"], now_utc())
    return _label(access, code)


@bp.post(f"{CONTRACT}/labels/<string(maxlength={LONGEST_SCAN}):code>/relink")
@bp.arguments(LabelRelinkSchema)
@bp.response(200, LabelSchema)
def relink_label(body: dict[str, Any], contract_code: str, code: str) -> dict[str, Any]:
    """Put a label on another device, as when two were swapped."""
    access = require("manage_estate", contract_code)
    with unit_of_work() as session:
        labels.relink_label(session, access, code, body["device_id"], now_utc())
    return _label(access, code)


@bp.get(f"{CONTRACT}/labels/sheet.pdf")
@bp.arguments(LabelSheetArgs, location="query")
@bp.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def print_sheet(args: dict[str, Any], contract_code: str) -> Response:
    """Sheets of labels as PDF: of buildings, rooms or devices, or of the whole contract."""
    access = require("view", contract_code)
    grid = check_grid(_grid(args), start=args["start"])
    statement = queries.printable_statement(
        access.contract_id,
        building_ids=args["building_id"],
        room_ids=args["room_id"],
        device_ids=args["device_id"],
    )
    rows = db.session.execute(statement.limit(MOST_ON_SHEETS + 1)).all()
    if len(rows) > MOST_ON_SHEETS:
        raise AppError("too_large", maximum=MOST_ON_SHEETS)
    wanted = [label_sheet.label_text(row[0], row[1], row[2], row[3]) for row in rows]
    db.session.rollback()  # the drawing takes a while and needs no database
    data = label_sheet.sheet_pdf(
        wanted, grid, settings().base_url, start=args["start"], outlines=args["outlines"]
    )
    return sent_file(data, "application/pdf", f"{access.contract_code}-labels.pdf")


def _grid(args: dict[str, Any]) -> Grid:
    if args["preset"] != label_sheet.CUSTOM:
        return PRESETS[args["preset"]]
    return Grid(**{name: args[name] for name in Grid.__dataclass_fields__ if name != "name"})


@bp.get(f"{CONTRACT}/devices/{ID}device_id>/label.png")
@bp.response(200, {"type": "string", "format": "binary"}, content_type="image/png")
def label_picture(contract_code: str, device_id: int) -> Response:
    """One device's label as a picture, with its text."""
    access = require("view", contract_code)
    queries.belonging(db.session(), Device, access.contract_id, device_id)
    statement = queries.printable_statement(access.contract_id, device_ids=[device_id])
    row = db.session.execute(statement).first()
    if row is None:
        raise AppError("label_unknown")
    wanted = label_sheet.label_text(row[0], row[1], row[2], row[3])
    data = label_png(wanted, settings().base_url)
    return sent_file(data, "image/png", f"{wanted.code}.png", download=False)
