"""The phones of a contract as last heard of, for the round's board."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.identity.models import User
from webapp.sync.models import Phone, Quarantined

# A phone that has nothing unsent and was silent this long is left off the board.
FORGOTTEN_AFTER = timedelta(days=60)


def phones_of(session: Session, contract_id: int, now: datetime) -> list[dict[str, Any]]:
    """Who holds which phone, what it said was unsent, and when; the fullest first."""
    unsent = Phone.unsent_records + Phone.unsent_photos
    rows = session.execute(
        sa.select(Phone, User.name, User.name_en)
        .join(User, User.id == Phone.user_id)
        .where(
            Phone.contract_id == contract_id,
            sa.or_(unsent > 0, Phone.last_seen_at > now - FORGOTTEN_AFTER),
        )
        .order_by(unsent.desc(), Phone.last_seen_at.desc(), Phone.id)
    )
    return [
        {
            "phone_id": phone.phone_id,
            "user_id": phone.user_id,
            "user_name": name,
            "user_name_en": name_en,
            "unsent_records": phone.unsent_records,
            "unsent_photos": phone.unsent_photos,
            "clock_offset_seconds": phone.clock_offset_seconds,
            "last_seen_at": phone.last_seen_at,
        }
        for phone, name, name_en in rows
    ]


def waiting_in_quarantine(session: Session, contract_id: int) -> int:
    """How many operations wait for a supervisor."""
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(Quarantined)
            .where(Quarantined.contract_id == contract_id, Quarantined.state == "open")
        )
        or 0
    )
