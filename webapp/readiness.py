"""How far a month is from its report: what every domain knows of it, put together for who asks.

The desk's blockers stand below sync and reports; here their figures come together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.desk.blockers import Beyond, People, blockers_of, people_of, rooms_of
from webapp.desk.rules import Blocker
from webapp.identity.models import Contract
from webapp.reports.models import Report
from webapp.rounds import queries as rounds
from webapp.rounds.models import Round
from webapp.sync.phones import phones_of, quarantine_waiting


@dataclass(frozen=True)
class Readiness:
    """What blocks a round's report, with the people's names behind the ids."""

    row: Round
    blockers: list[Blocker]
    people: People
    report: Report | None


def report_of(session: Session, round_id: int) -> Report | None:
    """The report that was issued of a round; its corrections come after it and block nothing."""
    return session.scalar(
        sa.select(Report).where(Report.round_id == round_id, Report.sequence == 0)
    )


def beyond_of(session: Session, row: Round, report: Report | None, now: datetime) -> Beyond:
    """What sync and reports know of a round."""
    quarantined, since = quarantine_waiting(session, row.contract_id)
    return Beyond(
        phones=phones_of(session, row.contract_id, now),
        quarantined=quarantined,
        quarantined_since=since,
        report_issued=report is not None,
    )


def readiness_of(
    session: Session, row: Round, report: Report | None, beyond: Beyond, now: datetime
) -> Readiness:
    """What blocks a round's report now, in a fixed number of statements."""
    zone = session.get_one(Contract, row.contract_id).time_zone
    rooms = rooms_of(session, row, zone, now)
    return Readiness(
        row=row,
        blockers=blockers_of(session, row, rooms, beyond),
        people=people_of(session, row.contract_id),
        report=report,
    )


def version_of(
    session: Session, row: Round, report: Report | None, beyond: Beyond, now: datetime
) -> tuple[object, ...]:
    """All that the board and the blockers are made of, to tell whether anything has changed.

    The contract's sequence counts every change of the rows that phones pull, sign-offs and answers
    that were sent back among them; phones, quarantine and reports carry none and are named here.
    """
    return (
        rounds.version_of(session, row.contract_id, now),
        row.contract_id,
        row.month,
        beyond.phones,
        (beyond.quarantined, beyond.quarantined_since),
        (report.id, report.confirmed_at) if report else None,
    )
