"""Firmware baselines, who runs what, and upgrades of chosen devices over HTTP (clause 11)."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from webapp.api.cases import CASE, UID
from webapp.api.http import CONTRACT, PageArgs, Schema, blueprint, require
from webapp.api.listing import list_views, sort_of, state_of
from webapp.api.rounds import ID
from webapp.cases.opening import called
from webapp.db import db, now_utc, unit_of_work
from webapp.firmware import baselines, upgrades
from webapp.firmware.lists import MODELS
from webapp.firmware.queries import model_detail, upgrade_devices
from webapp.firmware.rules import DEVICE_STATES, MOST_DEVICES, OUTCOMES, UPGRADE_STATES
from webapp.firmware.upgrades import Planning

bp = blueprint("firmware", "Firmware baselines, who runs what, and upgrades")
MODEL = f"{CONTRACT}/firmware/<int(max=2147483647):device_id>"
_VERSION = validate.Length(1, 120)


class FirmwareArgs(PageArgs):
    """Which models."""

    state = state_of(MODELS)
    type = fields.String(load_default="", validate=validate.Length(max=32))
    q = fields.String(load_default="", validate=validate.Length(max=100))
    sort = sort_of(MODELS)


class FirmwareModelSchema(ma.Schema):
    """A model; ``id`` is a device of it, ``baseline`` null where none is settled.

    ``untold`` is how many devices tell no version.
    """

    id = fields.Integer(required=True)
    maker = fields.String(required=True)
    model = fields.String(required=True)
    type = fields.String(required=True)
    baseline = fields.String(required=True, allow_none=True)
    note = fields.String(required=True)
    set_at = fields.AwareDateTime(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(MODELS.states))
    devices = fields.Integer(required=True)
    on = fields.Integer(required=True)
    off = fields.Integer(required=True)
    untold = fields.Integer(required=True)
    versions = fields.Integer(required=True)


class FirmwareDeviceSchema(ma.Schema):
    """What a device runs; ``read`` is what the round last read, ``upgrade`` the case that it waits for."""

    device_id = fields.Integer(required=True)
    name = fields.String(required=True)
    asset_number = fields.String(required=True)
    room_zh = fields.String(required=True)
    room_en = fields.String(required=True)
    building_zh = fields.String(required=True)
    building_en = fields.String(required=True)
    floor = fields.String(required=True)
    firmware = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(DEVICE_STATES))
    read = fields.String(required=True, allow_none=True)
    upgrade = fields.String(required=True, allow_none=True)


class FirmwareUpgradeSchema(ma.Schema):
    """An upgrade of devices of a model, and how many of them failed."""

    name = fields.String(required=True)
    title = fields.String(required=True)
    state = fields.String(required=True)
    version = fields.String(required=True)
    devices = fields.Integer(required=True)
    failed = fields.Integer(required=True)


class FirmwareModelDetailSchema(FirmwareModelSchema):
    """A model with its devices and upgrades."""

    runs = fields.List(fields.Nested(FirmwareDeviceSchema), required=True)
    upgrades = fields.List(fields.Nested(FirmwareUpgradeSchema), required=True)
    may_set = fields.Boolean(required=True)
    may_plan = fields.Boolean(required=True)


class SetBaselineSchema(Schema):
    """The version that a model's devices are to run; an empty one settles none."""

    version = fields.String(required=True, validate=validate.Length(max=120))
    note = fields.String(load_default="", validate=validate.Length(max=500))


class PlanUpgradeSchema(Schema):
    """Which devices are to run which version; ``uid`` keeps it from being planned twice."""

    uid = fields.String(required=True, validate=UID)
    title = fields.String(required=True, validate=validate.Length(1, 200))
    version = fields.String(required=True, validate=_VERSION)
    device_ids = fields.List(
        fields.Integer(validate=ID), required=True, validate=validate.Length(1, MOST_DEVICES)
    )
    planned_on = fields.Date(load_default=None, allow_none=True)
    text = fields.String(load_default="", validate=validate.Length(max=4000))


class PlannedUpgradeSchema(ma.Schema):
    """The case that an upgrade has become."""

    name = fields.String(required=True)


class UpgradeDeviceSchema(ma.Schema):
    """A device of an upgrade: what it ran before, what it runs, and how it went."""

    device_id = fields.Integer(required=True)
    device = fields.String(required=True)
    room_zh = fields.String(required=True)
    room_en = fields.String(required=True)
    floor = fields.String(required=True)
    before = fields.String(required=True)
    firmware = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(UPGRADE_STATES))
    reason = fields.String(required=True)
    settled_at = fields.AwareDateTime(required=True, allow_none=True)
    settled_by = fields.String(required=True, allow_none=True)
    settled_by_en = fields.String(required=True, allow_none=True)


class UpgradeSchema(ma.Schema):
    """An upgrade's devices."""

    name = fields.String(required=True)
    version = fields.String(required=True)
    may_settle = fields.Boolean(required=True)
    devices = fields.List(fields.Nested(UpgradeDeviceSchema), required=True)


class SettleUpgradeSchema(Schema):
    """How it went with one device; ``planned`` takes back what was said."""

    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    reason = fields.String(load_default="", validate=validate.Length(max=500))


list_views(bp, "firmware", MODELS, FirmwareArgs, FirmwareModelSchema)


@bp.get(MODEL)
@bp.response(200, FirmwareModelDetailSchema)
def show_firmware(contract_code: str, device_id: int) -> dict[str, Any]:
    """The model of a device: its baseline, who runs what, its upgrades."""
    return model_detail(db.session(), require("view", contract_code), device_id, now_utc())


@bp.patch(MODEL)
@bp.arguments(SetBaselineSchema)
@bp.response(200, FirmwareModelDetailSchema)
def set_firmware_baseline(
    body: dict[str, Any], contract_code: str, device_id: int
) -> dict[str, Any]:
    """Settle the version that the devices of a model are to run."""
    access = require("manage_estate", contract_code)
    now = now_utc()
    with unit_of_work() as session:
        baselines.set_baseline(session, access, device_id, body["version"], body["note"], now)
    return model_detail(db.session(), access, device_id, now)


@bp.post(f"{MODEL}/upgrades")
@bp.arguments(PlanUpgradeSchema)
@bp.response(201, PlannedUpgradeSchema)
def plan_upgrade(body: dict[str, Any], contract_code: str, device_id: int) -> dict[str, Any]:
    """Plan an upgrade of chosen devices of a model; the same ``uid`` again plans nothing more."""
    access = require("handle", contract_code)
    with unit_of_work() as session:
        case = upgrades.plan_upgrade(session, access, device_id, Planning(**body), now_utc())
    return {"name": called(case)}


@bp.get(f"{CASE}/upgrade")
@bp.response(200, UpgradeSchema)
def show_upgrade(contract_code: str, name: str) -> dict[str, Any]:
    """The devices of an upgrade, and how it went with each."""
    return upgrade_devices(db.session(), require("view", contract_code), name)


@bp.post(f"{CASE}/upgrade/<int(max=2147483647):device_id>")
@bp.arguments(SettleUpgradeSchema)
@bp.response(200, UpgradeSchema)
def settle_upgrade_device(
    body: dict[str, Any], contract_code: str, name: str, device_id: int
) -> dict[str, Any]:
    """Say how it went with one device while the upgrade is under way."""
    access = require("handle", contract_code)
    with unit_of_work() as session:
        upgrades.settle_device(
            session, access, name, device_id, body["outcome"], body["reason"], now_utc()
        )
    return upgrade_devices(db.session(), access, name)
