"""The round's board: rooms by outcome, who is where, and what blocks the report, by owner."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.desk.blockers import Beyond, Rooms, blockers_of, dress_blockers, people_of, rooms_of
from webapp.estate.models import Building, Room
from webapp.identity.models import Contract
from webapp.identity.rules import Access
from webapp.rounds import queries as rounds
from webapp.rounds.models import Inspection, OpenItem, Round, RoundTask
from webapp.rounds.rules import OUTCOMES, progress

Counts = dict[str, int]


def board(
    session: Session,
    access: Access,
    row: Round,
    *,
    beyond: Beyond,
    now: datetime,
) -> dict[str, Any]:
    """The board of a month's round, in a fixed number of statements.

    :param beyond: what the domains above this one know of the round
    """
    zone = session.get_one(Contract, access.contract_id).time_zone
    rooms = rooms_of(session, row, zone, now)
    people = people_of(session, access.contract_id)
    blockers = blockers_of(session, row, rooms, beyond)
    return {
        "round": rounds.round_shown(session, access, row.month, now),
        "buildings": _by_building(session, access.contract_id, rooms),
        "engineers": _engineers(session, row.id, people),
        "phones": list(beyond.phones),
        "blockers": dress_blockers(blockers, people, access, row.month),
    }


def _by_building(session: Session, contract_id: int, rooms: Rooms) -> list[dict[str, Any]]:
    open_items = _open_items(session, contract_id)
    rows = session.execute(
        sa.select(Room, Building)
        .join(Building, Building.id == Room.building_id)
        .where(Room.contract_id == contract_id)
        .order_by(Building.position, Building.id, Room.floor, Room.id)
    )
    buildings: dict[int, dict[str, Any]] = {}
    for room, building in rows:
        if room.id not in rooms:
            continue
        shown = buildings.setdefault(
            building.id,
            {
                "id": building.id,
                "name_zh": building.name_zh,
                "name_en": building.name_en,
                "rooms": [],
            },
        )
        facts = rooms[room.id]
        shown["rooms"].append(
            {
                "id": room.id,
                "floor": room.floor,
                "name_zh": room.name_zh,
                "name_en": room.name_en,
                "assignee_id": facts.assignee_id,
                "pairs": facts.pairs,
                "revisits": facts.revisits,
                "open_items": open_items.get(room.id, 0),
                **progress(facts.counts).as_dict(),
            }
        )
    return list(buildings.values())


def _open_items(session: Session, contract_id: int) -> dict[int, int]:
    rows = session.execute(
        sa.select(OpenItem.room_id, sa.func.count())
        .where(OpenItem.contract_id == contract_id, OpenItem.state == "open")
        .group_by(OpenItem.room_id)
    )
    return dict(rows.all())


def _engineers(
    session: Session, round_id: int, people: Mapping[int, dict[str, Any]]
) -> list[dict[str, Any]]:
    """Per engineer what is his, and what he has sent: how many inspections, and the last when."""
    assigned = session.execute(
        sa.select(
            RoundTask.assignee_id,
            RoundTask.outcome,
            sa.func.count(),
        )
        .where(
            RoundTask.round_id == round_id,
            RoundTask.removed.is_(False),
            RoundTask.assignee_id.is_not(None),
        )
        .group_by(RoundTask.assignee_id, RoundTask.outcome)
    )
    counts: dict[int, Counts] = defaultdict(lambda: dict.fromkeys(OUTCOMES, 0))
    for user_id, outcome, count in assigned:
        counts[user_id or 0][outcome] += count
    sent = {
        user_id: (number, last, room_id)
        for user_id, number, last, room_id in session.execute(_sent(round_id))
    }
    shown = []
    for user_id, person in people.items():
        if user_id not in counts and user_id not in sent:
            continue
        number, last, room_id = sent.get(user_id, (0, None, None))
        shown.append(
            {
                **person,
                "progress": progress(counts[user_id]).as_dict(),
                "inspections": number,
                "last_received_at": last,
                "last_room_id": room_id,
            }
        )
    return shown


def _sent(round_id: int) -> sa.Select[Any, Any, Any, Any]:
    """Author, number of inspections, and when and where the last of them was."""
    last = (
        sa.select(
            Inspection.author_id,
            sa.func.count().label("number"),
            sa.func.max(Inspection.id).label("last_id"),
        )
        .where(Inspection.round_id == round_id)
        .group_by(Inspection.author_id)
        .subquery()
    )
    return sa.select(
        last.c.author_id, last.c.number, Inspection.received_at, Inspection.room_id
    ).join(Inspection, Inspection.id == last.c.last_id)
