"""The balance of the free hours, and what is planned and logged of a case."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.measures import Period
from webapp.cases.opening import case_named
from webapp.hours import rules
from webapp.hours.lists import HOURS, worker
from webapp.hours.models import HoursEntry, PlannedWork
from webapp.hours.running_out import counted
from webapp.hours.services import KIND, entry_of, takes_hours
from webapp.hours.settings import starts_of, terms_of
from webapp.identity.models import Contract
from webapp.identity.rules import Access


def balance(
    session: Session, contract_id: int, now: datetime, year: int | None = None
) -> dict[str, Any]:
    """What of the free hours is used, planned and left in a contract year, and when they end.

    Hours are in hours, ``over_amount`` is decimal text. Without a year it is the one under way. Four
    statements, however long the ledger.
    """
    contract = session.get_one(Contract, contract_id)
    terms, starts = terms_of(contract), starts_of(contract)
    today = now.astimezone(ZoneInfo(contract.time_zone)).date()
    current = rules.contract_year(today, starts)
    shown = current if year is None else rules.numbered_year(year, starts)
    standing = counted(session, contract_id, shown.year)
    free, used = terms.free_half_hours, sum(half_hours for _, half_hours in standing)
    planned = _planned_half_hours(session, contract, shown, terms, now)
    end = rules.projection(shown, today, standing, free)
    return {
        "year": shown.year,
        "starts_on": shown.starts_on,
        "ends_on": shown.ends_on,
        "years": sorted({*_years(session, contract_id), current.year}, reverse=True),
        "free_hours": free / 2,
        "used_hours": used / 2,
        "left_hours": max(0, free - used) / 2,
        "planned_hours": planned / 2,
        "over_hours": max(0, used - free) / 2,
        "over_amount": terms.amount_of(max(0, used - free)),
        "rate": terms.rate,
        "currency": terms.currency,
        "rounding": terms.rounding,
        "projection": end.kind,
        "projected_on": end.ends_on,
        "projected_hours": None if end.half_hours_at_end is None else end.half_hours_at_end / 2,
    }


def _years(session: Session, contract_id: int) -> list[int]:
    statement = sa.select(HoursEntry.year).where(HoursEntry.contract_id == contract_id).distinct()
    return list(session.scalars(statement))


def years_told(session: Session, contract_id: int, period: Period) -> list[int]:
    """The contract years that a period's report has something to say of, the earliest first.

    Those that its days lie in, two where a year starts among them, and those that a line was written to
    within it: what is logged or voided late is told too, though its year has ended. Two statements.
    """
    starts = starts_of(session.get_one(Contract, contract_id))
    written = session.scalars(
        sa.select(HoursEntry.year)
        .where(
            HoursEntry.contract_id == contract_id,
            HoursEntry.logged_at >= period.begins,
            HoursEntry.logged_at < period.ends,
        )
        .distinct()
    )
    days = (period.first, period.last)
    return sorted({*written, *(rules.contract_year(day, starts).year for day in days)})


def _planned_half_hours(
    session: Session,
    contract: Contract,
    year: rules.ContractYear,
    terms: rules.HoursTerms,
    now: datetime,
) -> int:
    """What is still to be worked by plan in the year, counted as it would be logged."""
    zone = ZoneInfo(contract.time_zone)
    rows = session.execute(
        sa.select(PlannedWork.from_at, PlannedWork.to_at).where(
            PlannedWork.contract_id == contract.id,
            PlannedWork.withdrawn_at.is_(None),
            PlannedWork.to_at > now,
        )
    )
    return sum(
        rules.counted_half_hours(from_at, to_at, 0, terms.rounding)
        for from_at, to_at in rows
        if year.starts_on <= from_at.astimezone(zone).date() <= year.ends_on
    )


def case_hours(session: Session, access: Access, name: str, now: datetime) -> dict[str, Any]:
    """What is planned and logged of a case, oldest first, and what the reader may do with it.

    ``may_log_for`` are whose hours he may log: ``all``, ``own`` or ``none``. Five statements, however much
    there is. :raise AppError: ``not_found``
    """
    case = case_named(session, access.contract_id, name)
    handles = access.may("handle")
    logs = "all" if access.may("manage_round") else "own"
    entries = session.execute(
        HOURS.select.where(HoursEntry.case_id == case.id).order_by(HoursEntry.number)
    ).all()
    lines = HOURS.dress(session, access.contract_id, entries, now)
    return {
        "name": name,
        "may_plan": handles and case.kind == KIND and case.live,
        "may_log_for": logs if handles and takes_hours(case) else "none",
        "may_void": logs if handles else "none",
        "plan": _plan(session, case.id),
        "entries": lines,
        "hours": sum(line["hours"] for line in lines),
    }


def _plan(session: Session, case_id: int) -> list[dict[str, Any]]:
    rows = session.execute(
        sa.select(PlannedWork, worker.name, worker.name_en)
        .join(worker, worker.id == PlannedWork.user_id)
        .where(PlannedWork.case_id == case_id, PlannedWork.withdrawn_at.is_(None))
        .order_by(PlannedWork.from_at, PlannedWork.id)
    )
    return [
        {
            "id": row.id,
            "user_id": row.user_id,
            "person": name,
            "person_en": name_en,
            "from_at": row.from_at,
            "to_at": row.to_at,
            "task": row.task,
        }
        for row, name, name_en in rows
    ]


def entry_detail(session: Session, contract_id: int, number: int, now: datetime) -> dict[str, Any]:
    """One line of the ledger. :raise AppError: ``not_found``"""
    entry = entry_of(session, contract_id, number)
    row = session.execute(HOURS.select.where(HoursEntry.id == entry.id)).one()
    [line] = HOURS.dress(session, contract_id, [row], now)
    return line
