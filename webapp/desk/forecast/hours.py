"""Counters of hours on a consumable: when each lamp comes to its limit (clause 16)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.checklists.content import Item
from webapp.checklists.rules import applies, normal_range
from webapp.desk.figures.ends import Window
from webapp.desk.forecast.rules import STATES, Point, forecast, wear
from webapp.desk.forecast.uses import Use, named, replaced_in
from webapp.desk.words import place_of, register_of
from webapp.estate.models import Building, Device, Room
from webapp.rounds.models import Reading, RoundTask

Row = dict[str, Any]


def hour_counters(content: Mapping[str, Any]) -> dict[str, list[Item]]:
    """The items that count the hours of a consumable, by device type."""
    found = {
        row["key"]: [item for item in row["items"] if counts_hours(item)]
        for row in content["types"]
    }
    return {key: items for key, items in found.items() if items}


def counts_hours(item: Item) -> bool:
    """Whether an item counts the hours of a consumable."""
    return item["kind"] == "number" and item.get("unit") == "h" and bool(item.get("consumable"))


def hours_rows(
    session: Session,
    shown: Window,
    content: Row,
    counters: Mapping[str, list[Item]],
    uses: list[Use],
) -> list[Row]:
    """A row for each counter of each living device, the soonest first; two statements."""
    readings = _readings(session, shown, counters)
    by_device: dict[int | None, list[Use]] = defaultdict(list)
    for use in uses:
        by_device[use.device_id].append(use)
    devices = session.execute(
        sa.select(Device, Room, Building)
        .join(Room, Room.id == Device.room_id)
        .join(Building, Building.id == Room.building_id)
        .where(
            Device.contract_id == shown.contract_id,
            Device.type.in_(counters),
            Device.retired_at.is_(None),
        )
        .order_by(Building.position, Building.id, Room.floor, Room.id, Device.id)
    )
    rows = [
        {
            **place_of(room, building, device),
            "maker": device.maker,
            "model": device.model,
            "item": item["key"],
            "item_zh": item["zh"],
            "item_en": item["en"],
            **named(content, item["consumable"]),
            **counter_row(
                item,
                device,
                readings.get((device.id, item["key"]), []),
                replaced_in(by_device[device.id], device.id, item["consumable"]),
                shown.last.month,
            ),
        }
        for device, room, building in devices
        for item in counters[device.type]
        if applies(item, register_of(device))
    ]
    return sorted(rows, key=_soonest)


def counter_row(
    item: Item, device: Device, points: list[Point], replaced: set[str], month: str
) -> Row:
    """The forecast of one counter of a device, as seen from ``month``."""
    limit = normal_range(item, register_of(device)).maximum
    worn = wear(points, replaced)
    made = forecast(worn, limit, month) if worn else None
    return {
        "hours": worn.hours if worn else None,
        "read_in": worn.month if worn else None,
        "since": worn.since if worn else None,
        "not_reset": worn.not_reset if worn else False,
        "limit": limit,
        "rate": round(made.rate, 1) if made and made.rate is not None else None,
        "state": made.state if made else "no_rate" if limit is not None else "no_limit",
        "due_month": made.month if made else None,
        "confidence": made.confidence if made else "none",
        "readings": [{"month": point.month, "hours": point.hours} for point in points],
        "replaced": sorted(replaced),
    }


def _soonest(row: Row) -> tuple[Any, ...]:
    limit = row["limit"] or 0
    left = limit - (row["hours"] or 0)
    return (STATES.index(row["state"]), row["due_month"] or "", left)


def _readings(
    session: Session, shown: Window, counters: Mapping[str, list[Item]]
) -> dict[tuple[int | None, str], list[Point]]:
    """The counters' readings by device and item, oldest first."""
    rows = session.execute(
        sa.select(RoundTask.round_id, RoundTask.device_id, Reading.item, Reading.value_number)
        .join(Device, Device.id == RoundTask.device_id)
        .join(Reading, Reading.inspection_id == RoundTask.inspection_id)
        .where(
            RoundTask.round_id.in_(shown.ids),
            Device.contract_id == shown.contract_id,
            Device.type.in_(counters),
            Reading.item.in_({item["key"] for items in counters.values() for item in items}),
            Reading.value_number.is_not(None),
        )
    )
    months = {end.id: end.month for end in shown.ends}
    found: dict[tuple[int | None, str], list[Point]] = defaultdict(list)
    for round_id, device_id, item, value in rows:
        found[device_id, item].append(Point(months[round_id], value or 0.0))
    for points in found.values():
        points.sort(key=lambda point: point.month)
    return found
