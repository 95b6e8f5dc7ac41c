"""Hours that are logged once the client has confirmed the case: marked as such, and told to him (clauses 24, 31)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.models import Case, CaseEvent
from webapp.cases.opening import called
from webapp.hours.models import HoursEntry
from webapp.identity.models import Contract, User
from webapp.identity.queries import reachable
from webapp.notifications import services as notifications


def is_after_confirming(case: Case, logged_at: datetime) -> bool:
    """Whether the client had confirmed the case before the line was there."""
    return case.state == "confirmed" and case.ended_at is not None and logged_at > case.ended_at


def tell_who_confirmed(session: Session, case: Case, row: HoursEntry, now: datetime) -> None:
    """Tell of a line that came after the confirming who has confirmed; where he has left, the client's IT leads."""
    if not is_after_confirming(case, row.logged_at):
        return
    by = session.scalar(
        sa.select(CaseEvent.author_id)
        .where(CaseEvent.case_id == case.id, CaseEvent.step == "confirm")
        .order_by(CaseEvent.id.desc())
        .limit(1)
    )
    people = reachable(session, case.contract_id)
    to = [one for one in people if one.recipient.user_id == by]
    contract = session.get_one(Contract, case.contract_id)
    worker = session.get_one(User, row.user_id)
    details = {
        "case": called(case),
        "title": case.title,
        "hours": f"{row.half_hours / 2:g}",
        "person": worker.name,
        "person_en": worker.name_en,
    }
    for one in to or [one for one in people if one.role == "client_it_lead"]:
        notifications.tell(
            session,
            one.recipient,
            contract_id=contract.id,
            kind="hours_after_confirming",
            details=details,
            path=f"/desk/cases/{called(case)}?contract={contract.code}",
            key=f"hours_after_confirming:{row.id}",
            now=now,
        )
