"""The round's board: rooms by outcome, who is where, and what blocks the report, by owner."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.acceptance.return_queries import waiting_by_author
from webapp.estate.models import Building, Room
from webapp.identity.models import Membership, User
from webapp.identity.rules import Access
from webapp.rounds import queries as rounds
from webapp.rounds.models import Inspection, OpenItem, Photo, RoundRoom, RoundTask
from webapp.rounds.rules import OUTCOMES, SET_ASIDE, progress

Counts = dict[str, int]


def board(
    session: Session,
    access: Access,
    month: str,
    *,
    phones: Sequence[Mapping[str, Any]],
    quarantined: int,
    now: datetime,
) -> dict[str, Any]:
    """The board of a month's round, in a fixed number of statements.

    :param phones: what :func:`webapp.sync.phones.phones_of` tells; sync stands above this domain
    :param quarantined: operations that wait for a supervisor
    :raise AppError: ``not_found``
    """
    shown = rounds.round_shown(session, access, month, now)
    rooms = _rooms(session, shown["id"])
    people = _people(session, access.contract_id)
    photos = _photos(session, shown["id"])
    returned = waiting_by_author(session, shown["id"])
    return {
        "round": shown,
        "buildings": _by_building(session, access.contract_id, rooms),
        "engineers": _engineers(session, shown["id"], people),
        "phones": list(phones),
        "blockers": _blockers(rooms, phones, photos, returned, quarantined, people),
    }


def _rooms(session: Session, round_id: int) -> dict[int, dict[str, Any]]:
    counts = session.execute(
        sa.select(
            RoundTask.room_id,
            RoundRoom.assignee_id,
            RoundTask.outcome,
            sa.func.count(),
            sa.func.count().filter(RoundTask.pair_open),
        )
        .outerjoin(
            RoundRoom,
            sa.and_(
                RoundRoom.round_id == RoundTask.round_id, RoundRoom.room_id == RoundTask.room_id
            ),
        )
        .where(RoundTask.round_id == round_id, RoundTask.removed.is_(False))
        .group_by(RoundTask.room_id, RoundRoom.assignee_id, RoundTask.outcome)
    )
    rooms: dict[int, dict[str, Any]] = {}
    for room_id, assignee_id, outcome, count, pairs in counts:
        room = rooms.setdefault(room_id, {"counts": defaultdict(int), "pairs": 0})
        room["assignee_id"] = assignee_id
        room["counts"][outcome] += count
        room["pairs"] += pairs
    return rooms


def _by_building(
    session: Session, contract_id: int, rooms: Mapping[int, dict[str, Any]]
) -> list[dict[str, Any]]:
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
                "assignee_id": facts["assignee_id"],
                "pairs": facts["pairs"],
                "open_items": open_items.get(room.id, 0),
                **progress(facts["counts"]).as_dict(),
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


def _people(session: Session, contract_id: int) -> dict[int, dict[str, Any]]:
    """Everybody who was ever of the contract: a record's author may have left."""
    rows = session.execute(
        sa.select(User.id, User.name, User.name_en, Membership.role, Membership.left_at)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.contract_id == contract_id)
        .order_by(User.name)
    )
    return {
        user_id: {
            "user_id": user_id,
            "name": name,
            "name_en": name_en,
            "role": None if left_at else role,
        }
        for user_id, name, name_en, role, left_at in rows
    }


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


def _photos(session: Session, round_id: int) -> list[tuple[int, int, int, int]]:
    """Per author: photos that have not come, that nobody has looked at, that were sent back."""
    here = Photo.received_at.is_not(None)
    rows = session.execute(
        sa.select(
            Inspection.author_id,
            sa.func.count().filter(Photo.received_at.is_(None)),
            sa.func.count().filter(here, Photo.review == "none"),
            sa.func.count().filter(Photo.review == "returned", Inspection.choice != SET_ASIDE),
        )
        .select_from(Photo)
        .join(Inspection, Inspection.id == Photo.inspection_id)
        .where(Inspection.round_id == round_id, Photo.withdrawn.is_(False))
        .group_by(Inspection.author_id)
    )
    return [(author, missing, unseen, back) for author, missing, unseen, back in rows]


def _blockers(
    rooms: Mapping[int, dict[str, Any]],
    phones: Sequence[Mapping[str, Any]],
    photos: Sequence[tuple[int, int, int, int]],
    returned: Sequence[tuple[int, int, int]],
    quarantined: int,
    people: Mapping[int, dict[str, Any]],
) -> list[dict[str, Any]]:
    """What stands between now and the report, by who has to do it; no owner means the supervisors."""
    counts: dict[tuple[str, int | None], int] = defaultdict(int)
    for room in rooms.values():
        counts["todo", room["assignee_id"]] += room["counts"].get("todo", 0)
        counts["pairs", None] += room["pairs"]
    for phone in phones:
        unsent = phone["unsent_records"] + phone["unsent_photos"]
        counts["unsent", phone["user_id"]] += unsent
    for author, missing, unseen, back in photos:
        counts["photos_missing", author] += missing
        counts["photos_unreviewed", None] += unseen
        counts["photos_returned", author] += back
    for author, asked, answered in returned:
        counts["answers_returned", author] += asked
        counts["answers_to_look_at", None] += answered
    counts["quarantine", None] += quarantined
    return [
        {
            "kind": kind,
            "owner_id": owner_id,
            "owner_name": people.get(owner_id or 0, {}).get("name", ""),
            "owner_name_en": people.get(owner_id or 0, {}).get("name_en", ""),
            "count": count,
        }
        for (kind, owner_id), count in sorted(counts.items(), key=lambda row: (row[0][0], -row[1]))
        if count
    ]
