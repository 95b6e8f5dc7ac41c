"""What a label that was scanned with a step proves: that somebody stood there (clause 38)."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.models import Case
from webapp.estate.models import Device, Label
from webapp.estate.rules import parse_label

Proof = Literal["on_device", "in_room", "elsewhere", "unknown_label"]


def proof_of(session: Session, case: Case, scanned: str) -> Proof:
    """Where a label is, against where the case is; a revoked one proves its place as well."""
    code = parse_label(scanned)
    statement = (
        sa.select(Device.id, Device.room_id)
        .join(Label, Label.device_id == Device.id)
        .where(Label.contract_id == case.contract_id, Label.code == code)
    )
    found = session.execute(statement).first() if code else None
    if found is None:
        return "unknown_label"
    if found.id == case.device_id:
        return "on_device"
    return "in_room" if found.room_id == case.room_id else "elsewhere"
