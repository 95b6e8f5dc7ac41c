"""A live case stands where its device stands."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.cases.models import Case
from webapp.db import take_sequence
from webapp.estate.models import Device


def follow_devices(session: Session, contract_id: int, now: datetime) -> int:
    """Let live cases go with their devices into another room, where who looks for them goes (clause 8).

    What is over stays where it was. One statement where no device has moved; how many cases went.
    """
    session.flush()  # a device that was just moved is read with its new room
    moved = session.execute(
        sa.select(Case, Device.room_id)
        .join(Device, Device.id == Case.device_id)
        .where(
            Case.contract_id == contract_id,
            Case.live,
            Case.room_id.is_distinct_from(Device.room_id),
        )
        .order_by(Case.id)
    ).all()
    for case, room_id in moved:
        diff = {"room_id": [case.room_id, room_id]}
        case.room_id, case.seq = room_id, take_sequence(session, contract_id)
        audit.record(
            session,
            at=now,
            user_id=None,
            contract_id=contract_id,
            action="case_follow_device",
            entity="case",
            entity_id=case.id,
            diff=diff,
        )
    return len(moved)
