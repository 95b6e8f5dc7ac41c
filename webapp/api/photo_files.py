"""The photos that a filter lets through as files: a table, and the pictures themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Response
from marshmallow import fields, validate

from webapp.api.http import CONTRACT, blueprint, require
from webapp.api.listing import file_views
from webapp.api.photo_schemas import PhotoArgs
from webapp.db import db
from webapp.desk.photo_archive import archive, photos_to_pack
from webapp.desk.photo_list import PhotoFilter
from webapp.desk.photo_table import PHOTOS, photo_records
from webapp.identity.models import Contract
from webapp.identity.rules import Access
from webapp.sheets import Record
from webapp.storage import object_store

bp = blueprint("photo_files", "Photos as files: a table, the pictures by folder")


class PhotoZipArgs(PhotoArgs):
    """The language of the folders and of the list beside them."""

    language = fields.String(load_default="zh", validate=validate.OneOf(["zh", "en"]))


def _records(access: Access, **wanted: Any) -> Iterable[Record]:
    return photo_records(db.session(), access.contract_id, PhotoFilter(**wanted))


file_views(bp, "photos", PHOTOS, PhotoArgs, _records)


@bp.get(f"{CONTRACT}/photos.zip")
@bp.arguments(PhotoZipArgs, location="query")
@bp.response(200, {"type": "string", "format": "binary"}, content_type="application/zip")
def save_pictures(args: dict[str, Any], contract_code: str) -> Response:
    """The pictures that the filter lets through, by building, room and device, as shown: re-encoded."""
    access = require("view", contract_code)
    language = args.pop("language")
    wanted = {name: args[name] for name in args if name not in ("page", "page_size")}
    statement = sa.select(Contract.time_zone).where(Contract.id == access.contract_id)
    zone = ZoneInfo(db.session.execute(statement).scalar_one())
    found = photos_to_pack(db.session(), access.contract_id, PhotoFilter(**wanted), language, zone)
    db.session.rollback()
    table = (("照片清单.csv", "photos.csv")[language == "en"], found[1])
    response = Response(archive(object_store(), found[0], table), mimetype="application/zip")
    name = f"{access.contract_code}-photos.zip"
    response.headers["Content-Disposition"] = f"attachment; filename={quote(name)}"
    response.headers["Cache-Control"] = "no-store"
    return response
