"""Which rounds use which checklist version; asked by the checklists' face, which may know rounds."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.rounds.models import Round


def rounds_by_checklist(session: Session, contract_id: int) -> dict[int, list[Round]]:
    """The rounds of a contract by the id of the checklist version that they use, latest first."""
    rounds: dict[int, list[Round]] = {}
    for row in session.scalars(
        sa.select(Round).where(Round.contract_id == contract_id).order_by(Round.month.desc())
    ):
        rounds.setdefault(row.checklist_id, []).append(row)
    return rounds


def months_working_with(session: Session, contract_id: int, checklist_id: int) -> list[str]:
    """The months of the rounds that are not accepted yet and work with the version."""
    return list(
        session.scalars(
            sa.select(Round.month)
            .where(
                Round.contract_id == contract_id,
                Round.checklist_id == checklist_id,
                Round.state != "accepted",
            )
            .order_by(Round.month)
        )
    )
