"""The shapes of buildings, rooms, devices and of an import's report."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from webapp.api.http import PageArgs, Schema, page_schema

MAX_ID = 2**31 - 1
_SORTS = ("place", "name", "type", "asset_number", "warranty_until", "in_service_on")
_ID = validate.Range(1, MAX_ID)
UID = validate.Regexp(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")


class Text(fields.String):
    """One text without blanks around it, and without characters that no screen can show."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        found = super()._deserialize(value, attr, data, **kwargs)
        if any(ord(letter) < 32 and letter not in "\n\t" for letter in found):
            raise ma.ValidationError("control_character")
        return found.strip()


def text(longest: int, *, required: bool = False, shortest: int = 0, **more: Any) -> Text:
    """A text field between two lengths, in characters."""
    return Text(required=required, validate=validate.Length(shortest, longest), **more)


class BuildingSchema(ma.Schema):
    """A building of the client's."""

    id = fields.Integer(required=True)
    name_zh = fields.String(required=True)
    name_en = fields.String(required=True)
    position = fields.Integer(required=True)


class RoomSchema(ma.Schema):
    """A room and the floor that it stands on."""

    id = fields.Integer(required=True)
    building_id = fields.Integer(required=True)
    floor = fields.String(required=True)
    name_zh = fields.String(required=True)
    name_en = fields.String(required=True)
    retired = fields.Boolean(required=True)


class RoomListedSchema(RoomSchema):
    """A room with the number of its devices in use."""

    device_count = fields.Integer(required=True)


class FloorSchema(ma.Schema):
    """A floor of a building."""

    floor = fields.String(required=True)
    rooms = fields.List(fields.Nested(RoomListedSchema), required=True)


class BuildingTreeSchema(BuildingSchema):
    """A building with its floors and rooms."""

    device_count = fields.Integer(required=True)
    floors = fields.List(fields.Nested(FloorSchema), required=True)


class EstateSchema(ma.Schema):
    """The contract's whole estate, without the devices."""

    buildings = fields.List(fields.Nested(BuildingTreeSchema), required=True)


class BuildingCreateSchema(Schema):
    """A new building."""

    name_zh = text(120, required=True, shortest=1)
    name_en = text(120, load_default="")
    position = fields.Integer(validate=validate.Range(0, 100_000))


class BuildingPatchSchema(Schema):
    """What changes of a building."""

    name_zh = text(120, shortest=1)
    name_en = text(120)
    position = fields.Integer(validate=validate.Range(0, 100_000))


class RoomArgs(PageArgs):
    """Which rooms."""

    building_id = fields.Integer(load_default=None, validate=_ID)
    q = text(100, load_default="")


class RoomCreateSchema(Schema):
    """A new room."""

    building_id = fields.Integer(required=True, validate=_ID)
    floor = text(20, load_default="")
    name_zh = text(120, required=True, shortest=1)
    name_en = text(120, load_default="")


class RoomPatchSchema(Schema):
    """What changes of a room; ``retired`` takes it out of coming rounds, or back."""

    building_id = fields.Integer(validate=_ID)
    floor = text(20)
    name_zh = text(120, shortest=1)
    name_en = text(120)
    retired = fields.Boolean()


class DeviceArgs(PageArgs):
    """Which devices, in which order; a minus in front of ``sort`` turns it round."""

    q = text(100, load_default="")
    building_id = fields.Integer(load_default=None, validate=_ID)
    room_id = fields.Integer(load_default=None, validate=_ID)
    type = text(32, load_default="")
    retired = fields.String(load_default="false", validate=validate.OneOf(["false", "true", "all"]))
    unlabelled = fields.Boolean(load_default=False)
    sort = fields.String(
        load_default="place", validate=validate.OneOf([*_SORTS, *(f"-{name}" for name in _SORTS)])
    )


class DeviceSchema(ma.Schema):
    """A device with its place and the code of its active label."""

    id = fields.Integer(required=True)
    room_id = fields.Integer(required=True)
    type = fields.String(required=True)
    name = fields.String(required=True)
    maker = fields.String(required=True)
    model = fields.String(required=True)
    serial = fields.String(required=True)
    asset_number = fields.String(required=True)
    ip = fields.String(required=True)
    firmware = fields.String(required=True)
    in_service_on = fields.Date(required=True, allow_none=True)
    warranty_until = fields.Date(required=True, allow_none=True)
    quantity = fields.Integer(required=True)
    register = fields.Dict(required=True)
    remark = fields.String(required=True)
    retired = fields.Boolean(required=True)
    room = fields.Nested(RoomSchema, required=True)
    building = fields.Nested(BuildingSchema, required=True)
    label = fields.String(required=True, allow_none=True)


class PlainValue(fields.Raw):
    """A register field's value: a text, a number, yes or no; null takes the field away."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, (bool, int, float, str)):
            raise ma.ValidationError("not_a_plain_value")
        if isinstance(value, str) and len(value) > 200:
            raise ma.ValidationError("too_long")
        if isinstance(value, (int, float)) and not -1e12 < value < 1e12:
            raise ma.ValidationError("out_of_range")
        return value


def _register() -> fields.Dict:
    keys = fields.String(validate=validate.Regexp(r"^[a-z][a-z0-9_]{0,39}$"))
    return fields.Dict(
        keys=keys,
        values=PlainValue(allow_none=True),
        validate=validate.Length(max=60),
        metadata={"description": "The fields that checklists compare with; null takes one away."},
    )


class DevicePatchSchema(Schema):
    """What changes of a device; absent fields stay, dates may be null. ``case`` names the change request
    that it is changed for, which keeps a line of it.
    """

    room_id = fields.Integer(validate=_ID)
    type = fields.String(validate=validate.Regexp(r"^[a-z][a-z0-9_]{0,31}$"))
    name = text(200, shortest=1)
    maker = text(120)
    model = text(120)
    serial = text(120)
    asset_number = text(120)
    ip = text(64)
    firmware = text(120)
    in_service_on = fields.Date(allow_none=True)
    warranty_until = fields.Date(allow_none=True)
    quantity = fields.Integer(strict=True, validate=validate.Range(0, 1_000_000))
    register = _register()
    remark = text(2000)
    retired = fields.Boolean()
    case = fields.String(validate=validate.Length(2, 10))


class DeviceCreateSchema(DevicePatchSchema):
    """A new device; with ``case``, the same ``uid`` again adds no other."""

    class Meta(Schema.Meta):
        exclude = ("retired",)

    room_id = fields.Integer(required=True, validate=_ID)
    type = fields.String(required=True, validate=validate.Regexp(r"^[a-z][a-z0-9_]{0,31}$"))
    name = text(200, required=True, shortest=1)
    uid = fields.String(validate=UID)


class ImportArgs(Schema):
    """The file's name, and whether only to say what would happen."""

    filename = text(200, load_default="")
    dry_run = fields.Boolean(load_default=False)


class ImportProblemSchema(ma.Schema):
    """One line of the report; an ``error`` leaves the row out, a ``warning`` only the cell."""

    row = fields.Integer(required=True)
    column = fields.String(required=True)
    code = fields.String(required=True)
    severity = fields.String(required=True, validate=validate.OneOf(["error", "warning"]))
    sheet = fields.String(required=True)
    details = fields.Dict(required=True)
    message = fields.String(required=True)


class ImportReportSchema(ma.Schema):
    """What an import did, or with ``dry_run`` would do."""

    dry_run = fields.Boolean(required=True)
    rooms = fields.Integer(required=True)
    devices = fields.Integer(required=True)
    created = fields.Integer(required=True)
    updated = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    problems = fields.List(fields.Nested(ImportProblemSchema), required=True)


class ExportArgs(Schema):
    """The language of headers and type words."""

    language = fields.String(load_default="zh", validate=validate.OneOf(["zh", "en"]))


RoomPageSchema = page_schema(RoomListedSchema)
DevicePageSchema = page_schema(DeviceSchema)
