"""Work after hours for the phone: who is planned, what was worked, and what of the free hours is left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from webapp.db import chunks, now_utc
from webapp.hours.models import HoursEntry, PlannedWork
from webapp.hours.queries import balance
from webapp.sync.case_wire import HoursLineRow, HoursRow, PlannedRow
from webapp.sync.pull_ask import Ask, moment


def hours_of(ask: Ask, ids: Collection[int]) -> dict[int, HoursRow]:
    """The hours of these cases; six statements for 500 of them. All of them tell the same balance."""
    plan, lines = _plan(ask, ids), _lines(ask, ids)
    # What is left is told as it is now: a year ends without anybody changing a row.
    left = balance(ask.session, ask.contract_id, now_utc())
    return {case_id: _row(left, plan[case_id], lines[case_id]) for case_id in ids}


def _row(left: dict[str, Any], plan: list[PlannedRow], lines: list[HoursLineRow]) -> HoursRow:
    until = left["projected_on"]
    return HoursRow(
        rounding=left["rounding"],
        free=round(left["free_hours"] * 2),
        used=round(left["used_hours"] * 2),
        planned=round(left["planned_hours"] * 2),
        projection=left["projection"],
        projected_on=until.isoformat() if until else None,
        plan=plan,
        lines=lines,
    )


def _plan(ask: Ask, ids: Collection[int]) -> dict[int, list[PlannedRow]]:
    found: dict[int, list[PlannedRow]] = defaultdict(list)
    for some in chunks(ids):
        statement = (
            sa.select(PlannedWork)
            .where(PlannedWork.case_id.in_(some), PlannedWork.withdrawn_at.is_(None))
            .order_by(PlannedWork.from_at, PlannedWork.id)
        )
        for row in ask.session.scalars(statement):
            found[row.case_id].append(
                PlannedRow(row.user_id, moment(row.from_at), moment(row.to_at), row.task)
            )
    return found


def _lines(ask: Ask, ids: Collection[int]) -> dict[int, list[HoursLineRow]]:
    """The lines that say what was worked; one that voids another marks it."""
    voiding = aliased(HoursEntry)
    found: dict[int, list[HoursLineRow]] = defaultdict(list)
    for some in chunks(ids):
        statement = (
            sa.select(HoursEntry, voiding.id)
            .outerjoin(voiding, voiding.voids_id == HoursEntry.id)
            .where(HoursEntry.case_id.in_(some), HoursEntry.voids_id.is_(None))
            .order_by(HoursEntry.began_at, HoursEntry.id)
        )
        for row, voided in ask.rows(statement):
            found[row.case_id].append(
                HoursLineRow(
                    uid=row.uid,
                    user_id=row.user_id,
                    began_at=moment(row.began_at),
                    ended_at=moment(row.ended_at),
                    half_hours=row.half_hours,
                    voided=voided is not None,
                    note=row.note,
                )
            )
    return found
