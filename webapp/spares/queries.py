"""One part with its movements, one loan, and what of both belongs to a case."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.kinds import KINDS
from webapp.cases.models import Case
from webapp.cases.opening import case_named
from webapp.identity.rules import Access
from webapp.listing import Listing
from webapp.spares.lists import LOANS, MOVEMENTS, PARTS
from webapp.spares.loans import loan_of
from webapp.spares.models import Loan, SparePart, StockMovement
from webapp.spares.stock import part_of

# Older ones are in the list of all movements.
MOST_MOVEMENTS = 100


def part_detail(session: Session, contract_id: int, part_id: int, now: datetime) -> dict[str, Any]:
    """A part with its last movements, the latest first. :raise AppError: ``not_found``"""
    part_of(session, contract_id, part_id)
    [line] = _lines(session, contract_id, PARTS, SparePart.id == part_id, now)
    moved = StockMovement.part_id == part_id
    return {**line, "movements": _lines(session, contract_id, MOVEMENTS, moved, now)}


def loan_detail(session: Session, contract_id: int, loan_id: int, now: datetime) -> dict[str, Any]:
    """A loan. :raise AppError: ``not_found``"""
    loan_of(session, contract_id, loan_id)
    [line] = _lines(session, contract_id, LOANS, Loan.id == loan_id, now)
    return line


def case_parts(session: Session, access: Access, name: str, now: datetime) -> dict[str, Any]:
    """The parts moved for a case and what was lent for it, and whether the reader may do either.

    :raise AppError: ``not_found``
    """
    case = case_named(session, access.contract_id, name)
    handles = access.may("handle")
    moved, lent = StockMovement.case_id == case.id, Loan.case_id == case.id
    return {
        "name": name,
        "may_use": handles and case.live,
        "may_lend": handles and _may_be_lent_for(case),
        "movements": _lines(session, access.contract_id, MOVEMENTS, moved, now),
        "loans": _lines(session, access.contract_id, LOANS, lent, now),
    }


def _may_be_lent_for(case: Case) -> bool:
    return any(
        step.key == "lend" and step.fits(case.state, case.facts) for step in KINDS[case.kind].steps
    )


def _lines(
    session: Session,
    contract_id: int,
    listing: Listing,
    condition: sa.ColumnElement[bool],
    now: datetime,
) -> list[dict[str, Any]]:
    statement = listing.statement(contract_id, {}).where(condition).limit(MOST_MOVEMENTS)
    return listing.dress(session, contract_id, session.execute(statement).all(), now)
