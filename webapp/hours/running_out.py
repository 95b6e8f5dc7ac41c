"""The free hours of a contract year run out: who is told, at four fifths and at the end (clause 24)."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from webapp.hours import rules
from webapp.hours.models import HoursEntry
from webapp.hours.settings import terms_of
from webapp.identity.models import Contract
from webapp.identity.queries import reachable
from webapp.notifications import services as notifications

# Both sides of the ledger: whoever plans, and whoever pays for what is beyond.
_ROLES = ("project_manager", "client_it_lead")


def counted(session: Session, contract_id: int, year: int) -> list[tuple[date, int]]:
    """Day and half hours of each entry that stands: a line and the one that voids it are none."""
    voiding = aliased(HoursEntry)
    rows = session.execute(
        sa.select(HoursEntry.worked_on, HoursEntry.half_hours)
        .outerjoin(voiding, voiding.voids_id == HoursEntry.id)
        .where(
            HoursEntry.contract_id == contract_id,
            HoursEntry.year == year,
            HoursEntry.voids_id.is_(None),
            voiding.id.is_(None),
        )
    )
    return [(day, half_hours) for day, half_hours in rows]


def tell_of_free_hours(session: Session, contract_id: int, year: int, now: datetime) -> None:
    """Tell that the free hours of a contract year run out, or are used up; each once a year for ever."""
    contract = session.get_one(Contract, contract_id)
    free = terms_of(contract).free_half_hours
    used = sum(half_hours for _, half_hours in counted(session, contract_id, year))
    kind = rules.running_out(used, free)
    if not kind:
        return
    for one in reachable(session, contract_id):
        if one.role in _ROLES:
            notifications.tell(
                session,
                one.recipient,
                contract_id=contract_id,
                kind=kind,
                details={"year": str(year), "used": _hours(used), "free": _hours(free)},
                path=f"/desk/hours?contract={contract.code}",
                key=f"{kind}:{year}",
                now=now,
            )


def _hours(half_hours: int) -> str:
    return f"{half_hours / 2:g}"
