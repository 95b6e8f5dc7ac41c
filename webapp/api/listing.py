"""The addresses of a list: its pages as JSON, and all that is filtered as CSV."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import marshmallow as ma
import sqlalchemy as sa
from flask import Response
from marshmallow import fields, validate

from webapp.api.files import sent_file
from webapp.api.http import CONTRACT, Blueprint, PageArgs, page_schema, require
from webapp.db import db, now_utc
from webapp.identity.models import Contract
from webapp.identity.rules import Right
from webapp.listing import ALL, Listing

_CSV = "text/csv; charset=utf-8"


class PlacedSchema(ma.Schema):
    """Where a row is, and of what; ``device_id`` is null for a room's own checklist."""

    room_id = fields.Integer(required=True)
    room_zh = fields.String(required=True)
    room_en = fields.String(required=True)
    floor = fields.String(required=True)
    building_zh = fields.String(required=True)
    building_en = fields.String(required=True)
    device_id = fields.Integer(required=True, allow_none=True)
    device_name = fields.String(required=True, allow_none=True)
    type = fields.String(required=True)


def sort_of(listing: Listing) -> fields.String:
    """The field ``sort``: a key of the list, or the key with ``-`` before it for the other way round."""
    keys = [sign + key for key in listing.sorts for sign in ("", "-")]
    return fields.String(load_default=listing.sort, validate=validate.OneOf(keys))


def state_of(listing: Listing, default: str = ALL) -> fields.String:
    """The field that the list is counted by: one state, or ``all``."""
    return fields.String(load_default=default, validate=validate.OneOf([*listing.states, ALL]))


def list_views(
    bp: Blueprint,
    path: str,
    listing: Listing,
    args_schema: type[PageArgs],
    item_schema: type[ma.Schema],
    right: Right = "view",
) -> None:
    """Bind ``path`` of a contract to the list's pages, and ``path.csv`` to the whole of it."""
    page = _counted(item_schema, listing)
    in_language = {
        "language": fields.String(load_default="zh", validate=validate.OneOf(["zh", "en"]))
    }
    csv_args = type(args_schema.__name__ + "Csv", (args_schema,), in_language)

    def show(args: dict[str, Any], contract_code: str) -> dict[str, Any]:
        access = require(right, contract_code)
        asked = {name: args.pop(name) for name in ("sort", "page", "page_size")}
        return listing.page(db.session(), access.contract_id, args, **asked, now=now_utc())

    def save(args: dict[str, Any], contract_code: str) -> Response:
        access = require(right, contract_code)
        asked = {name: args.pop(name) for name in ("sort", "language")}
        wanted = {name: args[name] for name in args if name not in ("page", "page_size")}
        zone = sa.select(Contract.time_zone).where(Contract.id == access.contract_id)
        data = listing.csv(
            db.session(),
            access.contract_id,
            wanted,
            **asked,
            zone=ZoneInfo(db.session.execute(zone).scalar_one()),
            now=now_utc(),
        )
        return sent_file(data, _CSV, f"{access.contract_code}-{listing.name}.csv")

    show.__doc__ = f"A page of the {listing.name}, and how many there are in each state."
    save.__doc__ = f"All of the {listing.name} that the filters let through, as CSV."
    asked_for = bp.arguments(args_schema, location="query")
    bp.get(f"{CONTRACT}/{path}", endpoint=f"list_{listing.name}")(
        asked_for(bp.response(200, page)(show))
    )
    whole = bp.response(200, {"type": "string", "format": "binary"}, content_type="text/csv")
    bp.get(f"{CONTRACT}/{path}.csv", endpoint=f"save_{listing.name}")(
        bp.arguments(csv_args, location="query")(whole(save))
    )


def _counted(item: type[ma.Schema], listing: Listing) -> type[ma.Schema]:
    """A page of ``item`` with its ``counts`` by state."""
    name = item.__name__.removesuffix("Schema")
    figures = {state: fields.Integer(required=True) for state in listing.states}
    counts = type(f"{name}CountsSchema", (ma.Schema,), figures)
    with_counts = {"counts": fields.Nested(counts, required=True)}
    return type(f"{name}PageSchema", (page_schema(item),), with_counts)
