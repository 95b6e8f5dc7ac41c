"""二、设备状态汇总: outcomes by type, pass rate 合格率, availability 可用性, and six months of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import sqlalchemy as sa

from webapp.checklists.content import ROOM_TYPE
from webapp.reports.facts import MonthFacts, TaskFacts
from webapp.reports.readings import rate
from webapp.reports.sections.overview import counts_of
from webapp.reports.shape import Anomaly, Repeat, Status, TrendMonth, TypeStatus
from webapp.rounds.models import OpenItem, Round
from webapp.rounds.queries import outcome_counts
from webapp.rounds.rules import add_months, progress

TREND_MONTHS = 6


def status(facts: MonthFacts, found: list[Anomaly]) -> Status:
    """How the devices are."""
    total = counts_of(facts.tasks)
    return {
        "by_type": _by_type(facts),
        "total": total,
        "pass_rate": rate(total["normal"], total["normal"] + total["abnormal"]),
        "availability": rate(0, 0),
        "unavailable": [],
        "trend": list(_trend(facts)),
        "repeats": _repeats(found),
    }


def _by_type(facts: MonthFacts) -> list[TypeStatus]:
    """In the checklist's order of types."""
    grouped: dict[str, list[TaskFacts]] = defaultdict(list)
    for row in facts.tasks:
        grouped[row.type].append(row)
    order = [row["key"] for row in facts.content["types"]]
    kinds = sorted(
        grouped,
        key=lambda kind: (
            kind == ROOM_TYPE,
            order.index(kind) if kind in order else len(order),
            kind,
        ),
    )
    rows: list[TypeStatus] = []
    for kind in kinds:
        counts = counts_of(grouped[kind])
        rows.append(
            {
                "type": kind,
                "name": facts.type_name(kind),
                "counts": counts,
                "pass_rate": rate(counts["normal"], counts["normal"] + counts["abnormal"]),
            }
        )
    return rows


def _trend(facts: MonthFacts) -> Iterator[TrendMonth]:
    session, contract_id = facts.session, facts.contract.id
    first = add_months(facts.month, 1 - TREND_MONTHS)
    months = dict(
        session.execute(
            sa.select(Round.id, Round.month)
            .where(
                Round.contract_id == contract_id,
                Round.month >= first,
                Round.month <= facts.month,
            )
            .order_by(Round.month)
        ).all()
    )
    counts = outcome_counts(session, list(months))
    items = session.execute(
        sa.select(OpenItem.opened_month, OpenItem.closed_month).where(
            OpenItem.contract_id == contract_id, OpenItem.state != "withdrawn"
        )
    ).all()
    for round_id, month in months.items():
        counted = progress(counts.get(round_id, {}))
        yield {
            "month": month,
            "normal": counted.normal,
            "abnormal": counted.abnormal,
            "not_tested": counted.not_tested,
            "todo": counted.todo,
            "pass_rate": rate(counted.normal, counted.normal + counted.abnormal),
            "availability": rate(0, 0),
            "opened": sum(row.opened_month == month for row in items),
            "closed": sum(row.closed_month == month for row in items),
            "open": sum(
                row.opened_month <= month and (row.closed_month is None or row.closed_month > month)
                for row in items
            ),
        }


def _repeats(found: list[Anomaly]) -> list[Repeat]:
    """What was abnormal in this month and the ones before it, the longest first."""
    repeats: list[Repeat] = [
        {
            "place": row["place"],
            "device": row["device"],
            "item": row["item"],
            "months": row["months"],
        }
        for row in found
        if row["item"] is not None and row["months"] > 1
    ]
    return sorted(repeats, key=lambda row: -row["months"])
