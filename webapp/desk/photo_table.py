"""The photos of a contract as a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.desk.photo_dress import dress_photos
from webapp.desk.photo_list import PhotoFilter, photo_statement
from webapp.desk.words import FLAGS, PLACE_COLUMNS, VERDICTS
from webapp.listing import all_rows
from webapp.sheets import Column, Table

_REVIEWS = {
    "none": ("待审", "To review"),
    "accepted": ("已通过", "Accepted"),
    "returned": ("已退回", "Sent back"),
}
_VALUES = {"pass": ("正常", "Pass"), "fail": ("异常", "Fail")}
PHOTOS = Table(
    "photos",
    ("照片", "Photos"),
    (
        Column("month", "月份", "Month"),
        *PLACE_COLUMNS,
        Column("item", "检查项", "Item"),
        Column("finding", "新问题", "Finding"),
        Column("open_item_number", "遗留问题编号", "Open item"),
        Column("value", "读数", "Reading", _VALUES),
        Column("unit", "单位", "Unit"),
        Column("outcome", "结果", "Outcome", VERDICTS),
        Column("author", "拍摄人", "Taken by"),
        Column("device_taken_at", "拍摄时间", "Taken"),
        Column("received_at", "收到时间", "Received"),
        Column("review", "审核", "Review", _REVIEWS),
        Column("review_remark", "审核意见", "Reviewer's words"),
        Column("reviewer", "审核人", "Reviewed by"),
        Column("reviewed_at", "审核时间", "Reviewed"),
        Column("reused_month", "重复的月份", "Repeats a photo of"),
        Column("bulk_ok", "一键正常", "Set all to OK"),
        Column("bulk_seconds", "一键正常用时（秒）", "All OK after (seconds)"),
        Column("dwell_seconds", "用时（秒）", "Seconds spent"),
        Column("flags", "提示", "Flags", FLAGS),
        Column("bytes", "字节", "Bytes"),
        Column("uid", "照片编号", "Photo"),
    ),
)


def photo_records(
    session: Session, contract_id: int, wanted: PhotoFilter
) -> Iterator[dict[str, Any]]:
    """The photos that the filter lets through, by room and device. :raise AppError: ``too_large``"""
    for rows in all_rows(session, photo_statement(contract_id, wanted)):
        yield from (flat(photo) for photo in dress_photos(session, contract_id, rows))


def flat(photo: Mapping[str, Any]) -> dict[str, Any]:
    """A dressed photo with its reading and the month of the one that it repeats in its own columns."""
    reading, reused = photo["reading"] or {}, photo["reused"] or {}
    value = reading.get("value")
    return {
        **photo,
        # A photo that is its own reading has no more to say than its verdict.
        "value": None if value is True else value,
        "value_zh": reading.get("value_zh"),
        "value_en": reading.get("value_en"),
        "outcome": reading.get("verdict", photo["verdict"]),
        "reused_month": reused.get("month"),
    }


def count_photos(session: Session, contract_id: int, wanted: PhotoFilter) -> int:
    """How many photos the filter lets through."""
    statement = photo_statement(contract_id, wanted).order_by(None)
    return session.scalar(sa.select(sa.func.count()).select_from(statement.subquery())) or 0
