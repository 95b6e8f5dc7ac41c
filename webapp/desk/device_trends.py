"""A device's readings over time, with what is normal, what was replaced, and how a counter goes on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.checklists.content import Item
from webapp.checklists.rules import normal_range
from webapp.desk.figures.ends import Window, latest_window
from webapp.desk.forecast.buying import ROUNDS_BACK
from webapp.desk.forecast.hours import counter_row, counts_hours
from webapp.desk.forecast.rules import Point
from webapp.desk.words import register_of
from webapp.estate.models import Device
from webapp.rounds.models import ConsumableUse, Inspection, Reading, Round, RoundTask

MONTHS_OF_TREND = 36
Row = dict[str, Any]


def device_trends(session: Session, device: Device, items: Mapping[str, Item]) -> list[Row]:
    """One trend for each item that has figures, in the checklist's order; four statements.

    ``points`` has one a month, the oldest first, from the inspections that count; ``minimum`` and
    ``maximum`` are the normal range of today's checklist for this device, inclusive; ``replaced`` are
    the months in which the item's consumable was; ``forecast`` is what the list of forecasts says of a
    counter of hours, else None.
    """
    points = _points(session, device, items)
    replaced = _replaced(session, device)
    shown = latest_window(session, device.contract_id, None, ROUNDS_BACK)
    return [
        {
            "item": key,
            **_normal(items.get(key), device),
            "points": listed,
            "replaced": sorted(replaced[items[key].get("consumable", "")] if key in items else ()),
            "forecast": _forecast(items.get(key), device, listed, replaced, shown),
        }
        for key, listed in points.items()
        if listed
    ]


def _points(session: Session, device: Device, items: Mapping[str, Item]) -> dict[str, list[Row]]:
    statement = (
        sa.select(Round.month, Reading.item, Reading.value_number, Reading.verdict)
        .join(Inspection, Inspection.id == Reading.inspection_id)
        .join(RoundTask, RoundTask.inspection_id == Inspection.id)
        .join(Round, Round.id == Inspection.round_id)
        .where(Reading.device_id == device.id, Reading.value_number.is_not(None))
        .order_by(Round.month.desc(), Reading.id)
        .limit(MONTHS_OF_TREND * max(len(items), 1))
    )
    points: dict[str, list[Row]] = {key: [] for key in items}
    for month, key, value, verdict in session.execute(statement):
        points.setdefault(key, []).append({"month": month, "value": value, "verdict": verdict})
    return {key: listed[:MONTHS_OF_TREND][::-1] for key, listed in points.items()}


def _replaced(session: Session, device: Device) -> dict[str, set[str]]:
    """The months in which each consumable was replaced, by the inspections that count."""
    rows = session.execute(
        sa.select(ConsumableUse.consumable, Round.month)
        .join(Inspection, Inspection.id == ConsumableUse.inspection_id)
        .join(RoundTask, RoundTask.id == Inspection.task_id)
        .join(Round, Round.id == Inspection.round_id)
        .where(
            ConsumableUse.device_id == device.id,
            ConsumableUse.quantity > 0,
            RoundTask.inspection_id == Inspection.id,
        )
    )
    found: dict[str, set[str]] = defaultdict(set)
    for consumable, month in rows:
        found[consumable].add(month)
    return found


def _normal(item: Item | None, device: Device) -> Row:
    if item is None:
        return {"minimum": None, "maximum": None}
    limits = normal_range(item, register_of(device))
    return {"minimum": limits.minimum, "maximum": limits.maximum}


def _forecast(
    item: Item | None,
    device: Device,
    points: list[Row],
    replaced: Mapping[str, set[str]],
    shown: Window | None,
) -> Row | None:
    """The same as the list's: of the same rounds, by the same rule."""
    if item is None or shown is None or not counts_hours(item):
        return None
    months = set(shown.months)
    read = [Point(row["month"], row["value"]) for row in points if row["month"] in months]
    known = {month for month in replaced[item["consumable"]] if month in months}
    return counter_row(item, device, read, known, shown.last.month) if read else None
