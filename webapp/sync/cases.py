"""Faults that were declared, steps that were taken, and hours that were logged, on phones without a network.

The desk's own services take them, with the time of capture; what they refuse is kept like any record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases import files
from webapp.cases.models import Case, CaseEvent
from webapp.cases.opening import Opening, called
from webapp.cases.services import Author, Taking, open_case, take_step
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.hours.services import Logging, log_hours
from webapp.identity.rules import Access
from webapp.rounds.judging import Refused
from webapp.rounds.models import Inspection, OpenItem, OpenItemAnswer
from webapp.rounds.recording import Recorded
from webapp.sync.case_wire import CaseOpenIn, CaseStepIn, HoursLogIn
from webapp.sync.rules import captured_at

CaseIn = CaseOpenIn | CaseStepIn | HoursLogIn


@dataclass(frozen=True)
class Sender:
    """Who captured it, how far his phone's clock was from the server's, and since when that has it.

    ``received_at`` is None for what comes just now.
    """

    access: Access
    clock_offset_seconds: int
    received_at: datetime | None = None

    def captured_at(self, told: str, now: datetime) -> datetime:
        """When something was captured, by the server's clock."""
        return captured_at(told, self.clock_offset_seconds, self.received_at or now)


def take(
    session: Session, sender: Sender, operation_id: str, payload: CaseIn, now: datetime
) -> Recorded:
    """Open a case, take a step, or log hours; the answer says why it was not done, as for any record."""
    # Before the savepoint: a number that is given back with it would be given twice.
    take_sequence(session, sender.access.contract_id)
    try:
        with session.begin_nested():
            if isinstance(payload, HoursLogIn):
                _log(session, sender, payload, now)
            else:
                _say(session, sender, payload, now)
            session.flush()
    except (AppError, Refused) as refusal:
        return Recorded(operation_id, "quarantined", refusal.code, refusal.details)
    return Recorded(operation_id, "applied")


def _say(session: Session, sender: Sender, payload: CaseOpenIn | CaseStepIn, now: datetime) -> None:
    """A line of a case's story, with its photos."""
    if isinstance(payload, CaseOpenIn):
        line = _open(session, sender, payload, now)
    else:
        line = _step(session, sender, payload, now)
    photos = [
        files.Declared(one.id, one.sha256, one.bytes, one.width, one.height)
        for one in payload.photos
    ]
    files.declare(session, line, photos, sender.access.user_id, now)


def _log(session: Session, sender: Sender, payload: HoursLogIn, now: datetime) -> None:
    """What he has worked; what a fast clock says to be not over yet is put right by its offset.

    :raise AppError: ``case_unknown``; what :func:`webapp.hours.services.log_hours` refuses
    """
    access = sender.access
    case = _case_with(session, access.contract_id, payload.case)
    ahead = timedelta(seconds=max(0, sender.clock_offset_seconds))
    fast = ahead if payload.ended_at > now else timedelta(0)
    logging = Logging(
        uid=payload.uid,
        user_id=access.user_id,
        began_at=payload.began_at - fast,
        ended_at=payload.ended_at - fast,
        break_minutes=payload.break_minutes,
        note=payload.note,
    )
    log_hours(session, access, called(case), logging, now)


def _case_with(session: Session, contract_id: int, uid: str) -> Case:
    """A case by the uid that it was made with. :raise AppError: ``case_unknown``"""
    case = session.scalar(sa.select(Case).where(Case.contract_id == contract_id, Case.uid == uid))
    if case is None:
        raise AppError("case_unknown", name=uid)
    return case


def _open(session: Session, sender: Sender, payload: CaseOpenIn, now: datetime) -> CaseEvent:
    access = sender.access
    number = payload.open_item or _found_by(session, access.contract_id, payload)
    of_a_round = number is not None or payload.inspection is not None
    opening = Opening(
        uid=payload.uid,
        kind="fault",
        title=payload.title,
        at=sender.captured_at(payload.at, now),
        text=payload.text,
        severity=payload.severity,
        room_id=payload.room_id,
        device_id=payload.device_id,
        open_item=number,
        source="round" if of_a_round else "phone",
    )
    author = Author(access, access.user_name)
    case = open_case(session, access.contract_id, author, opening, now)
    line = sa.select(CaseEvent).where(CaseEvent.case_id == case.id, CaseEvent.uid == payload.uid)
    return session.scalars(line).one()


def _found_by(session: Session, contract_id: int, payload: CaseOpenIn) -> int | None:
    """The open item that an inspection's item or finding has become.

    None where the inspection is held up or made none: a fault waits for no record.
    """
    if payload.inspection is None or (payload.item is None and payload.finding is None):
        return None
    found = (
        OpenItem.item == payload.item
        if payload.finding is None
        else OpenItem.finding_uid == payload.finding
    )
    statement = (
        sa.select(OpenItem.number)
        .join(OpenItemAnswer, OpenItemAnswer.open_item_id == OpenItem.id)
        .join(Inspection, Inspection.id == OpenItemAnswer.inspection_id)
        .where(Inspection.contract_id == contract_id, Inspection.uid == payload.inspection, found)
        .order_by(OpenItem.id)
        .limit(1)
    )
    return session.scalar(statement)


def _step(session: Session, sender: Sender, payload: CaseStepIn, now: datetime) -> CaseEvent:
    """:raise AppError: ``case_unknown``; what :func:`webapp.cases.services.take_step` refuses"""
    access = sender.access
    case = _case_with(session, access.contract_id, payload.case)
    at = sender.captured_at(payload.at, now)
    # Nothing was done with a case before it was there.
    taking = Taking(payload.uid, payload.step, max(at, case.opened_at), payload.fields)
    author = Author(access, access.user_name)
    return take_step(session, access.contract_id, author, called(case), taking, now)
