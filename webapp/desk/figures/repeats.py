"""Repeat offenders: the same device, the same item, month after month (features, ours 9)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.checklists.content import ROOM_TYPE, Item, item_of
from webapp.desk.figures.ends import Window, checklist_of, latest_window
from webapp.desk.figures.rules import IN_A_ROW, repeat
from webapp.desk.words import option_words, place_of
from webapp.estate.models import Building, Device, Room
from webapp.rounds.models import OpenItem, Reading, RoundTask
from webapp.rounds.rules import place_key

Row = dict[str, Any]
Place = tuple[int | None, int | None]
# As far back as a row of months is told, as the phone does at the scan.
ROUNDS_BACK = 13


def repeat_offenders(session: Session, contract_id: int, month: str | None = None) -> list[Row]:
    """What was abnormal in two rounds in a row, or in three of the last six, up to ``month``'s.

    The worst first. Each has its place (``room_id``, ``device_id``, …), ``warranty_until``, ``item``
    with ``item_zh`` and ``item_en``, ``in_a_row``, ``of_last``, ``months`` (oldest first, the rounds
    in which it was read: ``month``, ``verdict``, ``value``, ``value_zh``, ``value_en``), ``unit``,
    and ``open_items``, the numbers of its open items. Eight statements, whatever the number.
    """
    shown = latest_window(session, contract_id, month, ROUNDS_BACK)
    if shown is None:
        return []
    readings = _readings(session, shown, _suspects(session, shown))
    content = checklist_of(session, shown.last)
    found = []
    for (place, key), read in readings.items():
        made = repeat(((end, row.verdict == "abnormal") for end, row in read.items()), shown.months)
        if made.offends:
            found.append((place, key, made, read))
    places = _places(session, {place for place, _key, _made, _read in found})
    numbers = _open_items(session, contract_id, places)
    rows = [
        {
            **_place_row(places[place]),
            **_item_row(content, places[place], key, read),
            "in_a_row": made.in_a_row,
            "of_last": made.of_last,
            "open_items": numbers.get((place, key), []),
        }
        for place, key, made, read in found
        if place in places and not _had_left(places[place], shown)
    ]
    return sorted(rows, key=lambda row: (-row["in_a_row"], -row["of_last"], row["device_id"] or 0))


def _had_left(found: Row, shown: Window) -> bool:
    """Whether the device was retired before the round was opened: nobody meets it any more."""
    device: Device | None = found["device"]
    opened = shown.last.opened_at
    return bool(device and device.retired_at and opened and device.retired_at < opened)


def _suspects(session: Session, shown: Window) -> dict[Place, set[str]]:
    """What was abnormal at least twice."""
    rows = session.execute(
        sa.select(RoundTask.room_id, RoundTask.device_id, Reading.item)
        .join(Reading, Reading.inspection_id == RoundTask.inspection_id)
        .where(
            RoundTask.round_id.in_(shown.ids),
            RoundTask.outcome == "abnormal",
            Reading.verdict == "abnormal",
        )
    )
    times: dict[Place, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for room_id, device_id, item in rows:
        times[place_key(room_id, device_id)][item] += 1
    return {
        place: keys
        for place, items in times.items()
        if (keys := {item for item, count in items.items() if count >= IN_A_ROW})
    }


def _readings(
    session: Session, shown: Window, suspects: Mapping[Place, set[str]]
) -> dict[tuple[Place, str], dict[str, Any]]:
    """What was read of the suspects in each month; what had no value was not read."""
    months = {end.id: end.month for end in shown.ends}
    rows = session.execute(
        sa.select(
            RoundTask.room_id,
            RoundTask.device_id,
            RoundTask.round_id,
            Reading.item,
            Reading.verdict,
            Reading.value_number,
            Reading.value_text,
        )
        .join(Reading, Reading.inspection_id == RoundTask.inspection_id)
        .where(
            RoundTask.round_id.in_(shown.ids),
            _of_places(RoundTask, suspects),
            Reading.item.in_({key for keys in suspects.values() for key in keys}),
            Reading.verdict != "not_tested",
        )
    )
    found: dict[tuple[Place, str], dict[str, Any]] = defaultdict(dict)
    for row in rows:
        place = place_key(row.room_id, row.device_id)
        if row.item in suspects.get(place, ()):
            found[place, row.item][months[row.round_id]] = row
    return found


def _of_places(
    model: type[RoundTask | OpenItem], places: Collection[Place]
) -> sa.ColumnElement[bool]:
    devices = {device_id for device_id, _room in places if device_id is not None}
    rooms = {room_id for device_id, room_id in places if device_id is None}
    of_room = sa.and_(model.device_id.is_(None), model.room_id.in_(rooms))
    return sa.or_(model.device_id.in_(devices), of_room)


def _places(session: Session, wanted: Collection[Place]) -> dict[Place, Row]:
    """Where each stands now: two statements."""
    place = sa.select(Room, Building).join(Building, Building.id == Room.building_id)
    devices = session.execute(
        sa.select(Device, Room, Building)
        .join(Room, Room.id == Device.room_id)
        .join(Building, Building.id == Room.building_id)
        .where(Device.id.in_({device_id for device_id, _room in wanted if device_id}))
    )
    rooms = session.execute(
        place.where(Room.id.in_({room_id for device_id, room_id in wanted if device_id is None}))
    )
    found: dict[Place, Row] = {
        (device.id, None): {"device": device, "room": room, "building": building}
        for device, room, building in devices
    }
    for room, building in rooms:
        found[None, room.id] = {"device": None, "room": room, "building": building}
    return found


def _place_row(found: Row) -> Row:
    device: Device | None = found["device"]
    return {
        **place_of(found["room"], found["building"], device),
        "warranty_until": device.warranty_until if device else None,
    }


def _item_row(content: Row, found: Row, key: str, read: Mapping[str, Any]) -> Row:
    device: Device | None = found["device"]
    item = item_of(content, device.type if device else ROOM_TYPE, key)
    return {
        "item": key,
        "item_zh": item["zh"] if item else key,
        "item_en": item["en"] if item else key,
        "unit": item.get("unit", "") if item else "",
        "months": [_read_row(item, month, read[month]) for month in sorted(read)],
    }


def _read_row(item: Item | None, month: str, row: Any) -> Row:
    value = row.value_text if row.value_number is None else row.value_number
    words = option_words(item, value)
    return {
        "month": month,
        "verdict": row.verdict,
        "value": value,
        "value_zh": words[0],
        "value_en": words[1],
    }


def _open_items(
    session: Session, contract_id: int, places: Collection[Place]
) -> dict[tuple[Place, str], list[int]]:
    rows = session.execute(
        sa.select(OpenItem.room_id, OpenItem.device_id, OpenItem.item, OpenItem.number)
        .where(
            OpenItem.contract_id == contract_id,
            OpenItem.state == "open",
            OpenItem.item.is_not(None),
            _of_places(OpenItem, places),
        )
        .order_by(OpenItem.number)
    )
    found: dict[tuple[Place, str], list[int]] = defaultdict(list)
    for room_id, device_id, item, number in rows:
        found[place_key(room_id, device_id), item or ""].append(number)
    return found
