"""What the demo's supervisor has sent back: one answer that waits, and one that was answered."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.acceptance.returns import return_answer
from webapp.demo.payloads import uid_of
from webapp.estate.models import Device
from webapp.identity.rules import ROLE_RIGHTS, Access
from webapp.rounds.models import Inspection, InspectionRevision, Round
from webapp.rounds.payloads import InspectionIn
from webapp.rounds.recording import Submission, record_inspections

TOO_FEW = "台账上不止这个数,请再数一遍；少了的请写明去向"
DIFFERS = "灯泡时数与照片上的不一致，请重新读数"
READ_AGAIN = "重新读过,上次看错一位"


def send_back(
    session: Session, supervisor: Access, people: dict[str, int], current: Round, now: datetime
) -> None:
    """A count of zhang's microphones goes back and waits; liu has read a lamp's hours again."""
    waits = _normal_one(session, current, people["zhang"], "microphone")
    at = now - timedelta(minutes=40)
    return_answer(session, supervisor, waits.id, "count", TOO_FEW, at)
    answered = _normal_one(session, current, people["liu"], "projector")
    at = now - timedelta(minutes=90)
    return_answer(session, supervisor, answered.id, "lamp_hours", DIFFERS, at)
    _answer(session, answered, now - timedelta(minutes=25))


def _normal_one(session: Session, current: Round, author_id: int, kind: str) -> Inspection:
    """The author's last inspection of such a device in the round that found it normal."""
    return session.scalars(
        sa.select(Inspection)
        .join(Device, Device.id == Inspection.device_id)
        .where(
            Inspection.round_id == current.id,
            Inspection.author_id == author_id,
            Inspection.verdict == "normal",
            Inspection.choice == "",
            Device.type == kind,
        )
        .order_by(Inspection.id.desc())
        .limit(1)
    ).one()


def _answer(session: Session, inspection: Inspection, at: datetime) -> None:
    """The author amends it from his phone: another figure, and why."""
    text = session.scalars(
        sa.select(InspectionRevision.payload)
        .where(InspectionRevision.inspection_id == inspection.id)
        .order_by(InspectionRevision.number.desc())
        .limit(1)
    ).one()
    payload: dict[str, Any] = json.loads(text)
    for reading in payload["readings"]:
        if reading["item"] == "lamp_hours":
            reading |= {"value": reading["value"] + 10, "remark": READ_AGAIN}
    payload |= {
        "amends": inspection.revision,
        "finished_at": at.isoformat(timespec="seconds"),
    }
    raw = json.dumps(payload, ensure_ascii=False)
    submission = Submission(
        uid_of(f"answer:{inspection.uid}", at),
        inspection.author_id,
        ROLE_RIGHTS["inspection_engineer"],
        msgspec.json.decode(raw, type=InspectionIn),
        raw,
    )
    (answer,) = record_inspections(session, inspection.contract_id, [submission], at)
    if answer.result != "applied":
        raise RuntimeError(f"the demo's own amendment was refused: {answer}")
