"""What each quality target comes to in a month: read as the figures and the report read it.

Pass rate and availability are the figures' own (:mod:`webapp.desk.figures.months`); how many clocks were
in time and how content people are is counted as the report's sections count (:mod:`webapp.cases.measures`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, load_only

from webapp.cases.measures import Period, Run, content, in_time, period_of
from webapp.cases.models import Case, CaseClock
from webapp.cases.ratings import Rating, ratings_since
from webapp.cases.runs import runs_of
from webapp.desk.figures.ends import latest_window
from webapp.desk.figures.months import trend_of
from webapp.desk.figures.rules import Share
from webapp.desk.figures.standing import History
from webapp.identity.models import Contract
from webapp.quality.rules import TargetKey
from webapp.rounds.judging import worked_at
from webapp.rounds.models import Inspection, Round, RoundTask
from webapp.rounds.rules import add_months, due_at

Measured = dict[TargetKey, Share]
NOTHING = Share(0, 0)
# The targets that are clocks, by the clock's name.
_CLOCKS: tuple[TargetKey, ...] = ("response", "cause_report", "repair", "complaint")


def measure(
    session: Session, contract: Contract, month: str, months: int = 6
) -> dict[str, Measured]:
    """What each target came to in the last ``months`` months up to ``month``, oldest first.

    A fixed number of statements, however many months and cases.
    """
    wanted = [add_months(month, back) for back in range(1 - months, 1)]
    zone = ZoneInfo(contract.time_zone)
    periods = [period_of(one, contract.due_day, zone) for one in wanted]
    runs = _runs(session, contract.id, periods)
    given = ratings_since(session, contract.id, periods[0].begins)
    found = {period.month: _of_cases(period, runs, given) for period in periods}
    for one, measured in _of_rounds(session, contract.id, month, months).items():
        if one in found:
            found[one] |= measured
    for one, share in _rounds_in_time(session, contract, wanted).items():
        found[one]["round"] = share
    return found


def _runs(session: Session, contract_id: int, periods: Sequence[Period]) -> list[Run]:
    """The runs of the cases that one of the periods tells of, the folded ones too; one statement."""
    rows = session.execute(
        sa.select(CaseClock, Case)
        .join(Case, Case.id == CaseClock.case_id)
        .options(load_only(Case.contract_id, Case.severity, Case.facts))
        .where(
            Case.contract_id == contract_id,
            Case.opened_at < periods[-1].ends,
            sa.or_(Case.ended_at.is_(None), Case.ended_at >= periods[0].begins),
            CaseClock.name.in_(_CLOCKS),
        )
    )
    return [run for row, case in rows for run in runs_of(session, row, case)]


def _of_cases(period: Period, runs: Iterable[Run], given: Iterable[Rating]) -> Measured:
    told = [run for run in runs if period.holds(run.at)]
    measured: Measured = {
        target: Share(*in_time(run for run in told if run.name == target)) for target in _CLOCKS
    }
    ratings = (one.rating for one in given if period.holds(one.at))
    measured["satisfaction"] = Share(*content(ratings))
    return measured


def _of_rounds(session: Session, contract_id: int, month: str, months: int) -> dict[str, Measured]:
    """Pass rate and availability, of the figures."""
    shown = latest_window(session, contract_id, month, months)
    rows = trend_of(session, shown, History(session, shown)) if shown else []
    return {
        row["month"]: {
            "pass_rate": Share(row["pass_rate"]["part"], row["pass_rate"]["whole"]),
            "availability": Share(row["availability"]["part"], row["availability"]["whole"]),
        }
        for row in rows
    }


def _rounds_in_time(
    session: Session, contract: Contract, months: Sequence[str]
) -> dict[str, Share]:
    """Of what each month's round has to inspect, how much was inspected by the end of its due day.

    A phone that was offline tells later what was done in time; three statements.
    """
    rounds = session.execute(
        sa.select(Round.id, Round.month, Round.due_on, Round.opened_at).where(
            Round.contract_id == contract.id, Round.month.in_(months)
        )
    ).all()
    if not rounds:
        return {}
    ends = {row.id: due_at(row.due_on, contract.time_zone) for row in rounds}
    opened = {row.id: row.opened_at for row in rounds}
    early = sa.or_(
        *(
            sa.and_(RoundTask.round_id == round_id, Inspection.received_at < end)
            for round_id, end in ends.items()
        )
    )
    tasks = (RoundTask.round_id.in_(ends), RoundTask.removed.is_(False))
    counted = {
        round_id: (total, in_time or 0)
        for round_id, total, in_time in session.execute(
            sa.select(
                RoundTask.round_id,
                sa.func.count(),
                sa.func.sum(sa.case((sa.and_(RoundTask.outcome != "todo", early), 1), else_=0)),
            )
            .outerjoin(Inspection, Inspection.id == RoundTask.inspection_id)
            .where(*tasks)
            .group_by(RoundTask.round_id)
        )
    }
    late = _done_in_time(session, tasks, early, ends, opened)
    return {
        row.month: Share(counted[row.id][1] + late[row.id], counted[row.id][0])
        for row in rounds
        if row.id in counted
    }


def _done_in_time(
    session: Session,
    tasks: tuple[sa.ColumnElement[bool], ...],
    early: sa.ColumnElement[bool],
    ends: Mapping[int, datetime],
    opened: Mapping[int, datetime],
) -> dict[int, int]:
    """How much of each round came after its due day and had been done by then."""
    found: dict[int, int] = defaultdict(int)
    rows = session.execute(
        sa.select(
            RoundTask.round_id,
            Inspection.device_finished_at,
            Inspection.clock_offset_seconds,
            Inspection.received_at,
        )
        .join(Inspection, Inspection.id == RoundTask.inspection_id)
        .where(*tasks, RoundTask.outcome != "todo", sa.not_(early))
    )
    for round_id, at, offset, received_at in rows:
        done = worked_at(at, offset, opened_at=opened[round_id], received_at=received_at)
        found[round_id] += done < ends[round_id]
    return found
