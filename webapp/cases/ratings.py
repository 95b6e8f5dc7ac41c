"""How content the client says he is: of each case the word that stands, by when it was given (clause 27)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.kinds import KINDS
from webapp.cases.models import CaseEvent

_STEPS = [step for kind in KINDS.values() for step in kind.steps]
_RATE = {step.key for step in _STEPS if any(field.kind == "rating" for field in step.fields)}
_FORGET = {step.key for step in _STEPS if "rating" in step.forgets}


@dataclass(frozen=True, slots=True)
class Rating:
    """1..5, and when it was given."""

    at: datetime
    rating: int


def ratings_since(session: Session, contract_id: int, since: datetime) -> list[Rating]:
    """The ratings given since then that stand: not what a later one, or a reopening, took back.

    One statement.
    """
    statement = (
        sa.select(CaseEvent.case_id, CaseEvent.step, CaseEvent.at, CaseEvent.fields)
        .where(
            CaseEvent.contract_id == contract_id,
            CaseEvent.step.in_(_RATE | _FORGET),
            CaseEvent.at >= since,
        )
        .order_by(CaseEvent.received_at, CaseEvent.id)
    )
    standing: dict[int, Rating] = {}
    for case_id, step, at, fields in session.execute(statement):
        if step in _FORGET:
            standing.pop(case_id, None)
        elif "rating" in fields:
            standing[case_id] = Rating(at, int(fields["rating"]))
    return list(standing.values())
