"""The phones of a contract as last heard of: what each still holds, and which fell silent with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.identity.models import Membership, User
from webapp.sync.models import Phone, Quarantined
from webapp.sync.rules import HEARD_EVERY, SILENT_AFTER, storable
from webapp.sync.wire import Storage, Unsent

# A phone that has nothing unsent and was silent this long is left off the board.
FORGOTTEN_AFTER = timedelta(days=60)


@dataclass(frozen=True)
class PhoneState:
    """Which phone speaks, what it still holds, and its clock less the server's.

    ``heard`` is false for a rescue file: the phone itself has not called. ``app_version`` and
    ``storage`` are empty where it doesn't tell.
    """

    phone_id: str
    unsent: Unsent
    clock_offset_seconds: int
    heard: bool = True
    app_version: str = ""
    storage: Storage | None = None


def note_phone(
    session: Session, contract_id: int, user_id: int, phone: PhoneState, now: datetime
) -> None:
    """Note a phone as last heard of; what it doesn't tell stays as it was."""
    told = _told(phone) | {
        "clock_offset_seconds": phone.clock_offset_seconds,
        "last_seen_at": now,
    }
    key = {"contract_id": contract_id, "phone_id": storable(phone.phone_id), "user_id": user_id}
    table = Phone.__table__
    matches = sa.and_(*(table.c[name] == value for name, value in key.items()))
    connection = session.connection()
    if not connection.execute(sa.update(Phone).where(matches).values(told)).rowcount:
        connection.execute(sa.insert(Phone).values(key | {"app_version": ""} | told))


def tells_news(
    session: Session, contract_id: int, user_id: int, phone: PhoneState, now: datetime
) -> bool:
    """Whether what a phone tells is worth a write: it differs, or was last heard some time ago."""
    told = _told(phone)
    columns = [Phone.last_seen_at, *(getattr(Phone, name) for name in told)]
    row = session.execute(
        sa.select(*columns).where(
            Phone.contract_id == contract_id,
            Phone.phone_id == storable(phone.phone_id),
            Phone.user_id == user_id,
        )
    ).one_or_none()
    if row is None:
        return True
    # The room that is used changes with every picture: that alone is no news.
    return now - row.last_seen_at > HEARD_EVERY or any(
        getattr(row, name) != value for name, value in told.items() if not name.endswith("_bytes")
    )


def _told(phone: PhoneState) -> dict[str, Any]:
    told: dict[str, Any] = {
        "unsent_records": phone.unsent.records,
        "unsent_photos": phone.unsent.photos,
        "lost_photos": phone.unsent.lost,
    }
    if phone.app_version:
        told["app_version"] = storable(phone.app_version)
    if phone.storage is not None:
        told["storage_used_bytes"] = phone.storage.used_bytes
        told["storage_quota_bytes"] = phone.storage.quota_bytes
        told["storage_persisted"] = phone.storage.persisted
    return told


def phones_of(session: Session, contract_id: int, now: datetime) -> list[dict[str, Any]]:
    """Who holds which phone, what it said was unsent, and when; the fullest first."""
    unsent = Phone.unsent_records + Phone.unsent_photos
    rows = session.execute(
        sa.select(Phone, User.name, User.name_en, User.disabled_at, Membership.left_at)
        .join(User, User.id == Phone.user_id)
        .outerjoin(Membership, of_member())
        .where(
            Phone.contract_id == contract_id,
            sa.or_(unsent > 0, Phone.last_seen_at > now - FORGOTTEN_AFTER),
        )
        .order_by(unsent.desc(), Phone.last_seen_at.desc(), Phone.id)
    )
    return [dress_phone(now, *row) for row in rows]


def of_member() -> sa.ColumnElement[bool]:
    """Joins a phone's owner to what he is or was in the contract."""
    return sa.and_(Membership.user_id == Phone.user_id, Membership.contract_id == Phone.contract_id)


def dress_phone(
    now: datetime,
    phone: Phone,
    name: str,
    name_en: str,
    disabled_at: datetime | None,
    left_at: datetime | None,
) -> dict[str, Any]:
    """A phone as plain data.

    ``silent``: it holds something, and was not heard of for days. ``user_state`` tells whose phone
    can't send any more, so that only a rescue file brings in what it holds.
    """
    holds = phone.unsent_records + phone.unsent_photos > 0
    return {
        "id": phone.id,
        "phone_id": phone.phone_id,
        "user_id": phone.user_id,
        "user_name": name,
        "user_name_en": name_en,
        "user_state": "disabled" if disabled_at else "left" if left_at else "member",
        "unsent_records": phone.unsent_records,
        "unsent_photos": phone.unsent_photos,
        "lost_photos": phone.lost_photos,
        "app_version": phone.app_version,
        "storage_used_bytes": phone.storage_used_bytes,
        "storage_quota_bytes": phone.storage_quota_bytes,
        "storage_persisted": phone.storage_persisted,
        "clock_offset_seconds": phone.clock_offset_seconds,
        "last_seen_at": phone.last_seen_at,
        "silent": holds and now - phone.last_seen_at > SILENT_AFTER,
    }


def quarantine_waiting(session: Session, contract_id: int) -> tuple[int, datetime | None]:
    """How many operations wait for a supervisor, and since when the oldest does."""
    count, oldest = session.execute(
        sa.select(sa.func.count(), sa.func.min(Quarantined.received_at)).where(
            Quarantined.contract_id == contract_id, Quarantined.state == "open"
        )
    ).one()
    return count, oldest
