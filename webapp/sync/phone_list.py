"""The phones as a supervisor's desk lists them: which hold something, and which fell silent with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.db import UtcDateTime, now_utc
from webapp.identity.models import Membership, User
from webapp.listing import Column, Listing, Rows, containing
from webapp.sync.models import Phone
from webapp.sync.phones import dress_phone, of_member
from webapp.sync.rules import SILENT_AFTER

_UNSENT = Phone.unsent_records + Phone.unsent_photos
_SILENT_BEFORE = sa.bindparam(
    "silent_before", callable_=lambda: now_utc() - SILENT_AFTER, type_=UtcDateTime()
)
_STATE = sa.case(
    (_UNSENT == 0, "sent"), (Phone.last_seen_at < _SILENT_BEFORE, "silent"), else_="unsent"
)


def _holding(_asked: bool) -> sa.ColumnElement[bool]:
    return _UNSENT > 0


def _dress(_session: Session, _contract_id: int, rows: Rows, now: datetime) -> list[dict[str, Any]]:
    return [dress_phone(now, *row) for row in rows]


PHONES = Listing(
    name="phones",
    title=("手机", "Phones"),
    select=sa.select(Phone, User.name, User.name_en, User.disabled_at, Membership.left_at)
    .join(User, User.id == Phone.user_id)
    .outerjoin(Membership, of_member()),
    contract=Phone.contract_id,
    filters={
        "state": _STATE,
        "user_id": Phone.user_id,
        "holding": _holding,
        "q": containing(User.name, User.name_en, Phone.app_version),
    },
    sorts={
        "engineer": (User.name, Phone.last_seen_at),
        "unsent": (_UNSENT, Phone.last_seen_at),
        "last_seen_at": (Phone.last_seen_at,),
        "app_version": (Phone.app_version, User.name),
        "storage": (Phone.storage_used_bytes,),
    },
    sort="-unsent",
    tie=Phone.id,
    tab="state",
    states=("silent", "unsent", "sent"),
    dress=_dress,
    columns=(
        Column("user_name", "工程师", "Engineer"),
        Column("unsent_records", "未上传记录", "Unsent records"),
        Column("unsent_photos", "未上传照片", "Unsent photos"),
        Column("lost_photos", "手机上已损坏或丢失", "Damaged or gone on the phone"),
        Column("last_seen_at", "最后联系", "Last contact"),
        Column("app_version", "应用版本", "App version"),
        Column("storage_used_bytes", "已用空间（字节）", "Room used (bytes)"),
        Column("storage_quota_bytes", "可用空间（字节）", "Room allowed (bytes)"),
        Column("clock_offset_seconds", "时钟差（秒）", "Clock off by (seconds)"),
        Column("phone_id", "手机编号", "Phone"),
    ),
)
