"""The figures of one month's round, and their trend over the rounds before it.

``month_figures`` and ``trend`` make a month of the same parts, so that they cannot differ.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.checklists.content import ROOM_TYPE
from webapp.desk.figures.ends import (
    RoundEnd,
    Window,
    checklist_of,
    latest_window,
    type_words,
    window,
)
from webapp.desk.figures.rules import Share, availability, disabled_rooms, flow, pass_rate
from webapp.desk.figures.standing import History, Standing, ageing_rows
from webapp.estate.models import Building, Device, Room
from webapp.rounds.models import Reading, RoundTask
from webapp.rounds.rules import OUTCOMES, Progress, progress

Row = dict[str, Any]
MOST_MONTHS = 36


def trend(
    session: Session, contract_id: int, month: str | None = None, rounds: int = 12
) -> list[Row]:
    """The figures of the last ``rounds`` rounds up to ``month``'s (or the latest), oldest first.

    Each is ``{"month", "state"}`` with ``inspections`` (``normal``, ``abnormal``, ``not_tested``,
    ``todo``, ``total``, ``done``, and ``tested``), ``pass_rate`` and ``availability`` (``part``,
    ``whole``, ``percent`` with one decimal or None), ``anomalies`` (abnormal readings), and
    ``open_items`` (``carried``, ``new``, ``closed``, ``withdrawn``, ``standing``). Inspections are of
    devices and of the rooms' own checklists, one counting for each. Seven statements, however many.
    """
    shown = latest_window(session, contract_id, month, rounds)
    return trend_of(session, shown, History(session, shown)) if shown else []


def trend_of(session: Session, shown: Window, history: History) -> list[Row]:
    """:func:`trend` of a window whose open items were read."""
    outcomes = _outcomes(session, shown)
    anomalies = _anomalies(session, shown)
    return [_month(end, outcomes[end.id], anomalies.get(end.id, 0), history) for end in shown.ends]


def month_figures(session: Session, contract_id: int, month: str) -> Row:
    """All figures of a month's round.

    Those of :func:`trend`, with ``rooms`` (``total``, ``inspected``, ``able``, and ``disabled``: the
    rooms that can't hold a meeting, each with the ``numbers`` of the open items that say so),
    ``types`` (``type``, ``zh``, ``en``, ``normal``, ``abnormal``, ``not_tested``, ``todo``,
    ``total``, ``done``, ``pass_rate``), ``ageing`` (see ``ageing_rows``) and ``disabling_severity``.

    :raise AppError: ``not_found``
    """
    shown = window(session, contract_id, month, 1)
    return month_figures_of(session, shown, History(session, shown))


def month_figures_of(session: Session, shown: Window, history: History) -> Row:
    """:func:`month_figures` of a window's last round."""
    end = shown.last
    by_room = _outcomes(session, shown)[end.id]
    anomalies = _anomalies(session, shown)
    standing = history.standing(end)
    inspected = _inspected(by_room)
    disabled = _disabled(inspected, standing, shown.disabling_severity)
    return {
        **_month(end, by_room, anomalies.get(end.id, 0), history),
        "disabling_severity": shown.disabling_severity,
        "rooms": {
            "total": len(by_room),
            "inspected": len(inspected),
            "able": len(inspected) - len(disabled),
            "disabled": _disabled_rows(session, disabled, standing, shown.disabling_severity),
        },
        "types": _types(session, end),
        "ageing": ageing_rows(standing),
    }


def _month(end: RoundEnd, by_room: Mapping[int, Progress], anomalies: int, history: History) -> Row:
    whole = progress(
        {name: sum(getattr(room, name) for room in by_room.values()) for name in OUTCOMES}
    )
    inspected = _inspected(by_room)
    disabled = _disabled(inspected, history.standing(end), history.window.disabling_severity)
    changes = flow(change.kind for change in history.changes(end))
    return {
        "month": end.month,
        "state": end.state,
        "inspections": {**whole.as_dict(), "tested": whole.normal + whole.abnormal},
        "pass_rate": share_row(pass_rate(whole.normal, whole.abnormal)),
        "availability": share_row(availability(inspected, disabled)),
        "anomalies": anomalies,
        "open_items": asdict(changes),
    }


def share_row(share: Share) -> Row:
    """A share as plain data."""
    return {"part": share.part, "whole": share.whole, "percent": share.percent}


def _inspected(by_room: Mapping[int, Progress]) -> set[int]:
    return {room_id for room_id, room in by_room.items() if room.normal + room.abnormal}


def _disabled(
    inspected: Collection[int], standing: Collection[Standing], disabling_severity: int
) -> set[int]:
    items = ((item.room_id, item.severity) for item in standing)
    return disabled_rooms(inspected, items, disabling_severity)


def _outcomes(session: Session, shown: Window) -> dict[int, dict[int, Progress]]:
    """Tasks by outcome of each room of each round."""
    rows = session.execute(
        sa.select(RoundTask.round_id, RoundTask.room_id, RoundTask.outcome, sa.func.count())
        .where(RoundTask.round_id.in_(shown.ids), RoundTask.removed.is_(False))
        .group_by(RoundTask.round_id, RoundTask.room_id, RoundTask.outcome)
    )
    counts: dict[int, dict[int, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for round_id, room_id, outcome, count in rows:
        counts[round_id][room_id][outcome] = count
    return {
        end.id: {room_id: progress(room) for room_id, room in counts[end.id].items()}
        for end in shown.ends
    }


def _anomalies(session: Session, shown: Window) -> dict[int, int]:
    """Abnormal readings of the inspections that count, by round."""
    rows = session.execute(
        sa.select(RoundTask.round_id, sa.func.count())
        .join(Reading, Reading.inspection_id == RoundTask.inspection_id)
        .where(
            RoundTask.round_id.in_(shown.ids),
            RoundTask.removed.is_(False),
            RoundTask.outcome == "abnormal",
            Reading.verdict == "abnormal",
        )
        .group_by(RoundTask.round_id)
    )
    return dict(rows.all())


def _types(session: Session, end: RoundEnd) -> list[Row]:
    """Status by device type, in the checklist's order, the rooms' own checklists as ``room``."""
    kind = sa.func.coalesce(Device.type, ROOM_TYPE)
    rows = session.execute(
        sa.select(kind, RoundTask.outcome, sa.func.count())
        .outerjoin(Device, Device.id == RoundTask.device_id)
        .where(RoundTask.round_id == end.id, RoundTask.removed.is_(False))
        .group_by(sa.literal_column("1"), RoundTask.outcome)
    )
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for type_key, outcome, count in rows:
        counts[type_key][outcome] = count
    words = type_words(checklist_of(session, end))
    known = [key for key in words if key in counts]
    others = sorted(key for key in counts if key not in words)
    return [_type(key, words.get(key), progress(counts[key])) for key in [*known, *others]]


def _type(key: str, words: Mapping[str, str] | None, counts: Progress) -> Row:
    return {
        "type": key,
        **(words or {"zh": key, "en": key}),
        **counts.as_dict(),
        "pass_rate": share_row(pass_rate(counts.normal, counts.abnormal)),
    }


def _disabled_rows(
    session: Session,
    disabled: Collection[int],
    standing: Collection[Standing],
    disabling_severity: int,
) -> list[Row]:
    rows = session.execute(
        sa.select(Room, Building)
        .join(Building, Building.id == Room.building_id)
        .where(Room.id.in_(disabled))
        .order_by(Building.position, Building.id, Room.floor, Room.id)
    )
    return [
        {
            "room_id": room.id,
            "room_zh": room.name_zh,
            "room_en": room.name_en,
            "floor": room.floor,
            "building_zh": building.name_zh,
            "building_en": building.name_en,
            "numbers": [
                item.number
                for item in standing
                if item.room_id == room.id and item.severity <= disabling_severity
            ],
        }
        for room, building in rows
    ]
