"""Loaners 同级备件: lent for a repair, for longer with the client's consent alone, and taken back (clauses 40-41).

Whichever way the case's step ``lend`` is taken, a loan comes of it; ``take_loaner_back`` ends all of them.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.cases.following import follows
from webapp.cases.models import Case, CaseEvent
from webapp.cases.services import Author, Taking, add_line, take_step
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.estate.models import Device
from webapp.identity.models import Contract
from webapp.identity.rules import Access
from webapp.spares import rules
from webapp.spares.models import Loan, SparePart, StockMovement
from webapp.spares.stock import note_movement, part_of

_RETURNS = uuid.UUID("7d0f7a50-5f0f-49f1-8f2c-0b3f5a8e4e21")


@dataclass(frozen=True, slots=True)
class Lending:
    """What is lent for a repair, in words, and until when; ``uid`` keeps it from being lent twice.

    ``part_id`` is a spare part that leaves the stock, ``device_id`` a device of the estate.
    """

    uid: str
    what: str
    due_on: date | None = None
    part_id: int | None = None
    device_id: int | None = None
    text: str = ""


def lend(session: Session, access: Access, name: str, lending: Lending, now: datetime) -> Loan:
    """Lend something for a repair: the case's step ``lend``, with what stands behind the words.

    :raise AppError: see :func:`webapp.cases.services.take_step`; ``not_found`` for a part,
        ``device_unknown``; ``stock_short``
    """
    take_sequence(session, access.contract_id)
    known = _loan_with(session, access.contract_id, lending.uid)
    if known is not None:
        return known
    part = None
    if lending.part_id is not None:
        part = part_of(session, access.contract_id, lending.part_id)
    _check_device(session, access, lending.device_id)
    fields: dict[str, Any] = {"loaner": lending.what, "text": lending.text}
    if lending.due_on is not None:
        fields["due_back_on"] = lending.due_on.isoformat()
    taking = Taking(uid=lending.uid, step="lend", at=now, fields=fields)
    author = Author(access, access.user_name)
    take_step(session, access.contract_id, author, name, taking, now)
    loan = _loan_with(session, access.contract_id, lending.uid)
    assert loan is not None  # noqa: S101 - the follower below has just made it
    loan.device_id = lending.device_id
    if part is not None:
        loan.part_id = part.id
        _move(session, access, part, loan, "lent", lending.uid, now)
    return loan


def loan_of(session: Session, contract_id: int, loan_id: int) -> Loan:
    """A loan of the contract. :raise AppError: ``not_found``"""
    loan = session.get(Loan, loan_id)
    if loan is None or loan.contract_id != contract_id:
        raise AppError("not_found")
    return loan


def take_back(session: Session, access: Access, loan_id: int, now: datetime) -> Loan:
    """Note that a loaner is back, in whatever state its repair is; twice is once.

    :raise AppError: ``not_found``
    """
    take_sequence(session, access.contract_id)
    loan = loan_of(session, access.contract_id, loan_id)
    if loan.returned_on is None:
        _end(session, loan, access, now)
        case = session.get_one(Case, loan.case_id)
        line_uid = str(uuid.uuid5(_RETURNS, f"line-{loan.uid}"))
        author = Author(access, access.user_name)
        add_line(session, case, author, line_uid, "loan_returned", "", {"loaner": loan.what}, now)
        _audit(session, access.user_id, loan, "return_loaner", {"returned": [False, True]}, now)
    return loan


def consent(
    session: Session, access: Access, loan_id: int, until_on: date, text: str, now: datetime
) -> Loan:
    """The client consents to a longer term of a loaner (clause 40).

    :raise AppError: ``not_found``; ``loan_returned``; ``invalid`` where it is not longer
    """
    take_sequence(session, access.contract_id)
    loan = loan_of(session, access.contract_id, loan_id)
    if loan.returned_on is not None:
        raise AppError("loan_returned")
    if loan.due_on == until_on and loan.consented_by_id == access.user_id:
        return loan
    rules.check_longer(until_on, loan.due_on)
    diff = {"due_on": [_iso(loan.due_on), until_on.isoformat()]}
    loan.due_on, loan.consented_at, loan.consented_by_id = until_on, now, access.user_id
    case = session.get_one(Case, loan.case_id)
    fields = {"loaner": loan.what, "due_back_on": until_on.isoformat()}
    author = Author(access, access.user_name)
    line_uid = str(uuid.uuid5(_RETURNS, f"consent-{loan.uid}-{until_on}"))
    add_line(session, case, author, line_uid, "loan_consented", text.strip(), fields, now)
    _audit(session, access.user_id, loan, "consent_loaner", diff, now)
    return loan


@follows("lend")
def _lent(session: Session, case: Case, event: CaseEvent, author: Author, now: datetime) -> None:
    """The step ``lend`` has been taken, here or anywhere: there is a loan now."""
    due = event.fields.get("due_back_on") or case.facts.get("expected_on")
    loan = Loan(
        contract_id=case.contract_id,
        uid=event.uid,
        case_id=case.id,
        what=str(event.fields["loaner"]),
        lent_on=_day(session, case.contract_id, event.at),
        due_on=date.fromisoformat(due) if due else None,
        lent_by_id=author.user_id,
    )
    session.add(loan)
    session.flush()  # its audit line names its id
    given = {"what": loan.what, "lent_on": _iso(loan.lent_on), "due_on": _iso(loan.due_on)}
    _audit(session, author.user_id, loan, "lend", audit.first_values(given), now)


@follows("take_loaner_back")
def _taken_back(
    session: Session, case: Case, event: CaseEvent, author: Author, now: datetime
) -> None:
    """The step says that the repair's loaners are back: each of them is."""
    if author.access is None:
        return
    out = sa.select(Loan).where(Loan.case_id == case.id, Loan.returned_on.is_(None))
    for loan in session.scalars(out.order_by(Loan.id)):
        _end(session, loan, author.access, event.at)
        diff = {"returned": [False, True]}
        _audit(session, author.user_id, loan, "return_loaner", diff, now)


def _end(session: Session, loan: Loan, access: Access, at: datetime) -> None:
    loan.returned_on = _day(session, loan.contract_id, at)
    loan.returned_by_id = access.user_id
    if loan.part_id is not None:
        part = session.get_one(SparePart, loan.part_id)
        back = str(uuid.uuid5(_RETURNS, loan.uid))
        _move(session, access, part, loan, "returned", back, at)


def _move(
    session: Session,
    access: Access,
    part: SparePart,
    loan: Loan,
    kind: rules.Movement,
    uid: str,
    at: datetime,
) -> None:
    movement = StockMovement(
        contract_id=loan.contract_id,
        uid=uid,
        part_id=part.id,
        kind=kind,
        quantity=1,
        change=0,
        stock=0,
        case_id=loan.case_id,
        moved_by_id=access.user_id,
        moved_at=at,
    )
    note_movement(session, access, part, movement)


def _loan_with(session: Session, contract_id: int, uid: str) -> Loan | None:
    return session.scalar(sa.select(Loan).where(Loan.contract_id == contract_id, Loan.uid == uid))


def _check_device(session: Session, access: Access, device_id: int | None) -> None:
    device = session.get(Device, device_id) if device_id is not None else None
    if device_id is not None and (device is None or device.contract_id != access.contract_id):
        raise AppError("device_unknown", device_id=device_id)


def _day(session: Session, contract_id: int, at: datetime) -> date:
    contract = session.get_one(Contract, contract_id)
    return at.astimezone(ZoneInfo(contract.time_zone)).date()


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _audit(
    session: Session,
    user_id: int | None,
    loan: Loan,
    action: str,
    diff: dict[str, Any],
    now: datetime,
) -> None:
    audit.record(
        session,
        at=now,
        user_id=user_id,
        contract_id=loan.contract_id,
        action=action,
        entity="loan",
        entity_id=loan.id,
        diff=diff,
    )
