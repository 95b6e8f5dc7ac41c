"""Open items and consumables over HTTP (clauses 16 and 18)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from webapp.api.http import CONTRACT, PageArgs, Schema, blueprint, page_of, page_schema, require
from webapp.api.listing import PlacedSchema, file_views, list_views, sort_of, state_of
from webapp.api.rounds import ID, MONTH
from webapp.checklists.queries import current_version
from webapp.db import db, now_utc, unit_of_work
from webapp.desk.open_item_detail import open_item_detail
from webapp.desk.open_item_list import OPEN_ITEMS
from webapp.desk.record_list import CATEGORIES, DEVICE_RECORDS
from webapp.identity.rules import Access
from webapp.listing import all_rows
from webapp.rounds import services
from webapp.rounds.lists import CONSUMABLES
from webapp.rounds.queries import consumables_statement

bp = blueprint("open_items", "Open items, carried from month to month; consumables")
STATES = OPEN_ITEMS.states
OPEN_ITEM = f"{CONTRACT}/open-items/<int(max=2147483647):number>"


class OpenItemArgs(PageArgs):
    """Which open items; ``owner_id`` 0 asks for those that nobody owns, ``month`` for its opening."""

    state = state_of(OPEN_ITEMS)
    building_id = fields.Integer(validate=ID)
    room_id = fields.Integer(validate=ID)
    device_id = fields.Integer(validate=ID)
    owner_id = fields.Integer(validate=validate.Range(0, 2**31 - 1))
    severity = fields.Integer(validate=validate.Range(1, 4))
    month = fields.String(validate=MONTH)
    q = fields.String(load_default="", validate=validate.Length(max=100))
    sort = sort_of(OPEN_ITEMS)


class OpenItemSchema(PlacedSchema):
    """An open item; ``age_months`` is 0 in the month of its opening, and stands still once closed."""

    number = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    severity = fields.Integer(required=True)
    item = fields.String(required=True, allow_none=True)
    item_zh = fields.String(required=True, allow_none=True)
    item_en = fields.String(required=True, allow_none=True)
    text = fields.String(required=True)
    cause_zh = fields.String(required=True)
    cause_en = fields.String(required=True)
    action_zh = fields.String(required=True)
    action_en = fields.String(required=True)
    opened_month = fields.String(required=True)
    opened_at = fields.AwareDateTime(required=True)
    closed_month = fields.String(required=True, allow_none=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    age_months = fields.Integer(required=True)
    owner_id = fields.Integer(required=True, allow_none=True)
    owner = fields.String(required=True, allow_none=True)
    owner_en = fields.String(required=True, allow_none=True)
    due_on = fields.Date(required=True, allow_none=True)
    remark = fields.String(required=True)
    urgency = fields.String(required=True, validate=validate.OneOf(["now", "soon", "calm"]))


class OpenItemAnswerSchema(ma.Schema):
    """What an inspection said of it, with the reading and photos of that day.

    ``counts`` is false where a supervisor set the inspection aside: it is shown, and not listened to.
    """

    month = fields.String(required=True)
    answer = fields.String(required=True, validate=validate.OneOf(["opened", "still", "solved"]))
    counts = fields.Boolean(required=True)
    answered_at = fields.AwareDateTime(required=True)
    author_id = fields.Integer(required=True)
    author = fields.String(required=True)
    author_en = fields.String(required=True)
    inspection_id = fields.Integer(required=True)
    inspection_uid = fields.String(required=True)
    severity = fields.Integer(required=True, allow_none=True)
    cause_zh = fields.String(required=True)
    cause_en = fields.String(required=True)
    action_zh = fields.String(required=True)
    action_en = fields.String(required=True)
    remark = fields.String(required=True)
    value = fields.Raw(required=True, allow_none=True)
    value_zh = fields.String(required=True, allow_none=True)
    value_en = fields.String(required=True, allow_none=True)
    unit = fields.String(required=True)
    photos = fields.List(fields.String(), required=True)


class OpenItemChangeSchema(ma.Schema):
    """Taken off the list or put back; ``why`` is empty for a supervisor's own word."""

    at = fields.AwareDateTime(required=True)
    by = fields.String(required=True, allow_none=True)
    by_en = fields.String(required=True, allow_none=True)
    before = fields.String(required=True, validate=validate.OneOf(STATES))
    after = fields.String(required=True, validate=validate.OneOf(STATES))
    why = fields.String(
        required=True, validate=validate.OneOf(["", "picked", "amended", "found_again"])
    )


class OpenItemDetailSchema(OpenItemSchema):
    """An open item with its story, oldest first."""

    answers = fields.List(fields.Nested(OpenItemAnswerSchema), required=True)
    changes = fields.List(fields.Nested(OpenItemChangeSchema), required=True)


class OpenItemPatchSchema(Schema):
    """What a supervisor sets; null takes owner or due date away.

    Solved is only what an inspection says; ``state`` withdraws an item that no inspection will meet
    again, such as one of a retired device, or puts it back.
    """

    owner_id = fields.Integer(allow_none=True, validate=ID)
    due_on = fields.Date(allow_none=True)
    remark = fields.String(validate=validate.Length(max=2000))
    state = fields.String(validate=validate.OneOf(["open", "withdrawn"]))


class ConsumableArgs(PageArgs):
    """Which consumables."""

    month = fields.String(validate=MONTH)
    room_id = fields.Integer(validate=ID)
    device_id = fields.Integer(validate=ID)
    consumable = fields.String(validate=validate.Length(1, 40))


class ConsumableUseSchema(ma.Schema):
    """A consumable that was replaced; ``used_on`` is the day of the work at the contract's place."""

    id = fields.Integer(required=True)
    consumable = fields.String(required=True)
    quantity = fields.Integer(required=True)
    used_on = fields.Date(required=True)
    month = fields.String(required=True)
    inspection_id = fields.Integer(required=True)
    device_id = fields.Integer(required=True, allow_none=True)
    device_name = fields.String(required=True, allow_none=True)
    room_id = fields.Integer(required=True)
    room_zh = fields.String(required=True)
    room_en = fields.String(required=True)


class DeviceRecordArgs(PageArgs):
    """Which rows of the device records; ``month`` is that of their date."""

    month = fields.String(validate=MONTH)
    building_id = fields.Integer(validate=ID)
    room_id = fields.Integer(validate=ID)
    device_id = fields.Integer(validate=ID)
    category = fields.String(validate=validate.OneOf(list(CATEGORIES)))
    result = state_of(DEVICE_RECORDS)
    q = fields.String(load_default="", validate=validate.Length(max=100))
    sort = sort_of(DEVICE_RECORDS)


class DeviceRecordSchema(PlacedSchema):
    """A row of a device's record (clause 20), in the words of the record sheet."""

    id = fields.Integer(required=True)
    recorded_on = fields.Date(required=True)
    category = fields.String(required=True)
    item = fields.String(required=True, allow_none=True)
    item_zh = fields.String(required=True, allow_none=True)
    item_en = fields.String(required=True, allow_none=True)
    anomaly = fields.String(required=True)
    cause_zh = fields.String(required=True)
    cause_en = fields.String(required=True)
    action_zh = fields.String(required=True)
    action_en = fields.String(required=True)
    part = fields.String(required=True)
    result = fields.String(required=True)
    open_item_number = fields.Integer(required=True, allow_none=True)
    inspection_id = fields.Integer(required=True, allow_none=True)
    recorded_by = fields.String(required=True)
    reviewed_by = fields.String(required=True, allow_none=True)
    case_name = fields.String(required=True, allow_none=True)


list_views(bp, "open-items", OPEN_ITEMS, OpenItemArgs, OpenItemSchema)
list_views(bp, "device-records", DEVICE_RECORDS, DeviceRecordArgs, DeviceRecordSchema)


@bp.get(OPEN_ITEM)
@bp.response(200, OpenItemDetailSchema)
def show_open_item(contract_code: str, number: int) -> dict[str, Any]:
    """One open item with its story."""
    access = require("view", contract_code)
    return open_item_detail(db.session(), access.contract_id, number, now_utc())


@bp.patch(OPEN_ITEM)
@bp.arguments(OpenItemPatchSchema)
@bp.response(200, OpenItemDetailSchema)
def change_open_item(body: dict[str, Any], contract_code: str, number: int) -> dict[str, Any]:
    """Say who sees to it, until when, and what there is to remark."""
    access = require("manage_round", contract_code)
    with unit_of_work() as session:
        services.change_open_item(session, access, number, body, now_utc())
    return open_item_detail(db.session(), access.contract_id, number, now_utc())


@bp.get(f"{CONTRACT}/consumables")
@bp.arguments(ConsumableArgs, location="query")
@bp.response(200, page_schema(ConsumableUseSchema))
def list_consumables(args: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """Consumables that were replaced, latest first."""
    access = require("view", contract_code)
    page, page_size = args.pop("page"), args.pop("page_size")
    return page_of(consumables_statement(access.contract_id, **args), page, page_size)


def _consumables(access: Access, **wanted: Any) -> Iterator[dict[str, Any]]:
    session = db.session()
    current = current_version(session, access.contract_id)
    words = {row["key"]: row for row in (current.content["consumables"] if current else ())}
    for rows in all_rows(session, consumables_statement(access.contract_id, **wanted)):
        for row in rows:
            named = words.get(row.consumable, {})
            names = {"consumable_zh": named.get("zh"), "consumable_en": named.get("en")}
            yield {**row._asdict(), **names}


file_views(bp, "consumables", CONSUMABLES, ConsumableArgs, _consumables)
