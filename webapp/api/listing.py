"""The addresses of a list: its pages as JSON, and all that is filtered as CSV and as XLSX."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import marshmallow as ma
import sqlalchemy as sa
from flask import Response
from marshmallow import fields, validate

from webapp.api.files import sent_file
from webapp.api.http import CONTRACT, Blueprint, PageArgs, Schema, page_schema, require
from webapp.db import db, now_utc
from webapp.identity.models import Contract
from webapp.identity.rules import Access, Right
from webapp.listing import ALL, Listing
from webapp.sheets import CONTENT_TYPES, FORMATS, Format, Record, Table

Records = Callable[..., Iterable[Record]]


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


def _not_narrowed(_access: Access) -> Mapping[str, Any]:
    return {}


def list_views(
    bp: Blueprint,
    path: str,
    listing: Listing,
    args_schema: type[PageArgs],
    item_schema: type[ma.Schema],
    right: Right = "view",
    narrowed: Callable[[Access], Mapping[str, Any]] = _not_narrowed,
) -> None:
    """Bind ``path`` of a contract to the list's pages, and its files to the whole of it.

    ``narrowed`` gives filters that the reader himself can't choose: what is not for his eyes.
    """
    page = _counted(item_schema, listing)

    def show(args: dict[str, Any], contract_code: str) -> dict[str, Any]:
        access = require(right, contract_code)
        asked = {name: args.pop(name) for name in ("sort", "page", "page_size")}
        wanted = {**args, **narrowed(access)}
        return listing.page(db.session(), access.contract_id, wanted, **asked, now=now_utc())

    def records(access: Access, sort: str, **wanted: Any) -> Iterable[Record]:
        wanted |= narrowed(access)
        return listing.records(db.session(), access.contract_id, wanted, sort=sort, now=now_utc())

    show.__doc__ = f"A page of the {listing.name}, and how many there are in each state."
    asked_for = bp.arguments(args_schema, location="query")
    bp.get(f"{CONTRACT}/{path}", endpoint=f"list_{listing.name}")(
        asked_for(bp.response(200, page)(show))
    )
    file_views(bp, path, listing.table, args_schema, records, right)


def file_views(
    bp: Blueprint,
    path: str,
    table: Table,
    args_schema: type[Schema],
    records: Records,
    right: Right = "view",
) -> None:
    """Bind ``path.csv`` and ``path.xlsx`` of a contract to all that ``records(access, **args)`` gives.

    ``args_schema`` is what the list itself is asked by; pages mean nothing to a file. What the path
    names is given to ``records`` too.
    """
    for kind in FORMATS:

        def save(args: dict[str, Any], contract_code: str, kind: Format = kind, **ids: Any) -> Any:
            access = require(right, contract_code)
            statement = sa.select(Contract.time_zone).where(Contract.id == access.contract_id)
            zone = ZoneInfo(db.session.execute(statement).scalar_one())
            language = _without_pages(args)
            found = records(access, **args, **ids)
            return _sent_table(table, kind, found, language, zone, f"{access.contract_code}-")

        bind_file(bp, f"{CONTRACT}/{path}", kind, table, args_schema, save)


def server_file_views(bp: Blueprint, path: str, table: Table, records: Records) -> None:
    """Bind ``path.csv`` and ``path.xlsx``, outside of any contract, to all that ``records()`` gives.

    ``records`` asks who may; times are UTC, because a server stands in no contract's zone.
    """
    for kind in FORMATS:

        def save(args: dict[str, Any], kind: Format = kind) -> Response:
            return _sent_table(table, kind, records(), args["language"], ZoneInfo("UTC"))

        bind_file(bp, path, kind, table, Schema, save)


def bind_file(
    bp: Blueprint,
    address: str,
    kind: Format,
    table: Table,
    args_schema: type[Schema],
    view: Callable[..., Any],
) -> None:
    """Bind the file of one kind, in the language that is asked for, and describe it."""
    in_language = {
        "language": fields.String(load_default="zh", validate=validate.OneOf(["zh", "en"]))
    }
    name = args_schema.__name__ if args_schema is not Schema else table.name.title()
    args = type(f"{name}{kind.title()}", (args_schema,), in_language)
    view.__doc__ = f"All of the {table.name} that the filters let through, as {kind.upper()}."
    content = CONTENT_TYPES[kind].partition(";")[0]
    whole = bp.response(200, {"type": "string", "format": "binary"}, content_type=content)
    bp.get(f"{address}.{kind}", endpoint=f"save_{table.name}_{kind}")(
        bp.arguments(args, location="query")(whole(view))
    )


def _without_pages(args: dict[str, Any]) -> str:
    """Take out of ``args`` what a file isn't asked by, and give its language."""
    for name in ("page", "page_size"):
        args.pop(name, None)
    language: str = args.pop("language")
    return language


def _sent_table(
    table: Table,
    kind: Format,
    records: Iterable[Record],
    language: str,
    zone: ZoneInfo,
    prefix: str = "",
) -> Response:
    file = table.write(kind, records, language, zone)
    return sent_file(file, CONTENT_TYPES[kind], f"{prefix}{table.name}.{kind}")


def _counted(item: type[ma.Schema], listing: Listing) -> type[ma.Schema]:
    """A page of ``item`` with its ``counts`` by state."""
    name = item.__name__.removesuffix("Schema")
    figures = {state: fields.Integer(required=True) for state in listing.states}
    counts = type(f"{name}CountsSchema", (ma.Schema,), figures)
    with_counts = {"counts": fields.Nested(counts, required=True)}
    return type(f"{name}PageSchema", (page_schema(item),), with_counts)
