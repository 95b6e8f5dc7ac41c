"""Loaners that are out for longer than was agreed: whoever lent them is told once (clauses 40-41)."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.models import Case
from webapp.cases.opening import called
from webapp.db import take_sequence
from webapp.identity.models import Contract
from webapp.identity.queries import reachable
from webapp.notifications import queries
from webapp.notifications import services as notifications
from webapp.notifications.rules import is_time_to_tell, local
from webapp.spares.models import Loan

# No clock of the world is further ahead of UTC.
_FURTHEST = timedelta(hours=14)
Late = tuple[Contract, Loan]


def contracts_to_tell(session: Session, now: datetime) -> list[int]:
    """The contracts with a loaner that is overdue and that nobody was told of."""
    return sorted({contract.id for contract, _ in _untold(session, now)})


def tell_of_loaners(session: Session, contract_id: int, now: datetime) -> int:
    """Tell of the loaners of a contract that are overdue; a longer term that is over too is told anew."""
    take_sequence(session, contract_id)
    late = [pair for pair in _untold(session, now) if pair[0].id == contract_id]
    people = reachable(session, contract_id) if late else []
    for contract, loan in late:
        case = session.get_one(Case, loan.case_id)
        details = {"what": loan.what, "case": called(case), "day": str(loan.due_on)}
        for one in people:
            if "manage_round" in one.rights or one.recipient.user_id == loan.lent_by_id:
                notifications.tell(
                    session,
                    one.recipient,
                    contract_id=contract_id,
                    kind="loan_overdue",
                    details=details,
                    path=f"/desk/cases/{called(case)}?contract={contract.code}",
                    key=_key(loan),
                    now=now,
                )
    return len(late)


def _untold(session: Session, now: datetime) -> list[Late]:
    rows = session.execute(
        sa.select(Contract, Loan)
        .join(Contract, Contract.id == Loan.contract_id)
        .where(Loan.returned_on.is_(None), Loan.due_on < (now + _FURTHEST).date())
        .order_by(Loan.id)
        .execution_options(populate_existing=True)
    )
    late: dict[int, list[Late]] = {}
    for contract, loan in rows:
        there = local(now, contract.time_zone)
        if is_time_to_tell(there.hour) and loan.due_on is not None and loan.due_on < there.date():
            late.setdefault(contract.id, []).append((contract, loan))
    found: list[Late] = []
    for contract_id, pairs in late.items():
        told = queries.told_of(session, contract_id, [_key(loan) for _, loan in pairs])
        found += [pair for pair in pairs if _key(pair[1]) not in told]
    return found


def _key(loan: Loan) -> str:
    return f"loan_overdue:{loan.id}:{loan.due_on}"
