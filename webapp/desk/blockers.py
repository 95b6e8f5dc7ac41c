"""Reading what blocks a month's report, for the board, the reminders, acceptance and report.

Each figure is counted from the rows themselves, in a fixed number of statements. What domains above
this one know (phones, quarantine, the report) is passed in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.acceptance.models import ReturnedAnswer, SignOff
from webapp.acceptance.return_queries import state_column
from webapp.desk.rules import (
    Blocker,
    RoomFacts,
    Tally,
    address_of,
    revisits_until,
    tally_room,
)
from webapp.identity.models import Membership, User
from webapp.identity.rules import Access
from webapp.rounds.models import Inspection, Photo, Round, RoundRoom, RoundTask
from webapp.rounds.queries import stands
from webapp.rounds.rules import OUTCOMES, today_in

Rooms = dict[int, RoomFacts]
People = Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True)
class Beyond:
    """What the domains above know: ``phones`` as :func:`webapp.sync.phones.phones_of` tells them,
    the operations in quarantine with the oldest's time, and whether the report is issued."""

    phones: Sequence[Mapping[str, Any]] = field(default_factory=list)
    quarantined: int = 0
    quarantined_since: datetime | None = None
    report_issued: bool = False


def blockers_of(session: Session, row: Round, rooms: Rooms, beyond: Beyond) -> list[Blocker]:
    """What stands between now and a round's report; nothing once it is issued.

    :param rooms: what :func:`rooms_of` tells of the round
    """
    if beyond.report_issued:
        return []
    tally = Tally()
    accepted = row.state == "accepted"
    for room in rooms.values():
        tally_room(tally, room, row.opened_at, accepted=accepted)
    _tally_pairs(session, tally, row.id)
    _tally_photos(session, tally, row.id)
    _tally_returned(session, tally, row.id)
    for phone in beyond.phones:
        unsent = phone["unsent_records"] + phone["unsent_photos"]
        tally.add("unsent", phone["user_id"], unsent, phone["last_seen_at"])
    tally.add("quarantine", None, beyond.quarantined, beyond.quarantined_since)
    if accepted:
        tally.add("report", None, 1, row.accepted_at)
    else:
        tally.add("acceptance", None, 1, row.finished_at or row.opened_at)
    return tally.blockers()


def dress_blockers(
    blockers: Sequence[Blocker], people: People, access: Access, month: str
) -> list[dict[str, Any]]:
    """Blockers as plain data: the owner's name, whether he has left, and where each is listed."""
    return [_dressed(row, people.get(row.owner_id or 0, {}), access, month) for row in blockers]


def _dressed(row: Blocker, owner: Mapping[str, Any], access: Access, month: str) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "group": row.group,
        "owner_id": row.owner_id,
        "owner_name": owner.get("name", ""),
        "owner_name_en": owner.get("name_en", ""),
        "owner_has_left": row.owner_id is not None and owner.get("role") is None,
        "count": row.count,
        "oldest_at": row.oldest_at,
        "path": address_of(row, month, access.rights),
    }


def people_of(session: Session, contract_id: int) -> dict[int, dict[str, Any]]:
    """Everybody who was ever of the contract: a record's author may have left, and has no role then."""
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


def rooms_of(session: Session, row: Round, zone: str, now: datetime) -> Rooms:
    """The rooms of a round by id: tasks by outcome, second visits, and the checks that stand."""
    checks = _checks(session, row.id)
    today = today_in(zone, now)
    rooms: Rooms = {}
    for one in session.execute(_rooms_statement(row, today)):
        rooms[one.room_id] = RoomFacts(
            room_id=one.room_id,
            assignee_id=one.assignee_id,
            counts={outcome: getattr(one, outcome) for outcome in OUTCOMES},
            pairs=one.pairs,
            revisits=one.revisits,
            first_revisit_at=_midnight(one.first_revisit_on, zone),
            author_id=one.first_author_id if one.first_author_id == one.last_author_id else None,
            last_at=one.last_at,
        )
    for (room_id, level), at in checks.items():
        if room_id in rooms and level == "self_check":
            rooms[room_id] = replace(rooms[room_id], self_checked_at=at)
        elif room_id in rooms:
            rooms[room_id] = replace(rooms[room_id], peer_checked_at=at)
    return rooms


def _rooms_statement(row: Round, today: date) -> sa.Select[*tuple[Any, ...]]:
    again = sa.and_(
        RoundTask.outcome == "not_tested",
        Inspection.revisit_on <= revisits_until(row.due_on, today),
    )
    counted = (
        sa.func.count().filter(RoundTask.outcome == outcome).label(outcome) for outcome in OUTCOMES
    )
    return (
        sa.select(
            RoundTask.room_id,
            RoundRoom.assignee_id,
            *counted,
            sa.func.count().filter(RoundTask.pair_open).label("pairs"),
            sa.func.count().filter(again).label("revisits"),
            sa.func.min(Inspection.revisit_on).filter(again).label("first_revisit_on"),
            sa.func.min(Inspection.author_id).label("first_author_id"),
            sa.func.max(Inspection.author_id).label("last_author_id"),
            sa.func.max(Inspection.received_at).label("last_at"),
        )
        .outerjoin(
            RoundRoom,
            sa.and_(
                RoundRoom.round_id == RoundTask.round_id, RoundRoom.room_id == RoundTask.room_id
            ),
        )
        .outerjoin(Inspection, Inspection.id == RoundTask.inspection_id)
        .where(RoundTask.round_id == row.id, RoundTask.removed.is_(False))
        .group_by(RoundTask.room_id, RoundRoom.assignee_id)
    )


def _midnight(day: date | None, zone: str) -> datetime | None:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC) if day else None


def _checks(session: Session, round_id: int) -> dict[tuple[int, str], datetime]:
    """When a room was signed, by room and level, of the sign-offs that stand."""
    rows = session.execute(
        sa.select(SignOff.room_id, SignOff.level, sa.func.max(SignOff.signed_at))
        .where(
            SignOff.round_id == round_id,
            SignOff.level.in_(("self_check", "peer_check")),
            SignOff.voided_at.is_(None),
        )
        .group_by(SignOff.room_id, SignOff.level)
    )
    return {(room_id or 0, level): at for room_id, level, at in rows}


def _tally_pairs(session: Session, tally: Tally, round_id: int) -> None:
    """Pairs, each since its later inspection came."""
    arisen = (
        sa.select(sa.func.max(Inspection.received_at).label("at"))
        .select_from(RoundTask)
        .join(Inspection, Inspection.task_id == RoundTask.id)
        .where(
            RoundTask.round_id == round_id,
            RoundTask.pair_open,
            RoundTask.removed.is_(False),
        )
        .group_by(RoundTask.id)
        .subquery()
    )
    count, oldest = session.execute(sa.select(sa.func.count(), sa.func.min(arisen.c.at))).one()
    tally.add("pairs", None, count, oldest)


def _tally_photos(session: Session, tally: Tally, round_id: int) -> None:
    """Photos that have not come, that nobody has looked at, and that were sent back."""
    missing = Photo.received_at.is_(None)
    unseen = sa.and_(Photo.received_at.is_not(None), Photo.review == "none")
    back = sa.and_(Photo.review == "returned", stands())
    rows = session.execute(
        sa.select(
            Inspection.author_id,
            sa.func.count().filter(missing),
            sa.func.min(Inspection.received_at).filter(missing),
            sa.func.count().filter(unseen),
            sa.func.min(Photo.received_at).filter(unseen),
            sa.func.count().filter(back),
            sa.func.min(Photo.reviewed_at).filter(back),
        )
        .select_from(Photo)
        .join(Inspection, Inspection.id == Photo.inspection_id)
        .where(Inspection.round_id == round_id, Photo.withdrawn.is_(False))
        .group_by(Inspection.author_id)
    )
    for author, missing_count, since, unseen_count, came, back_count, reviewed in rows:
        tally.add("photos_missing", author, missing_count, since)
        tally.add("photos_unreviewed", None, unseen_count, came)
        tally.add("photos_returned", author, back_count, reviewed)


def _tally_returned(session: Session, tally: Tally, round_id: int) -> None:
    """Answers that were sent back, and those that were given and wait to be looked at again."""
    state = state_column().label("shown")
    rows = session.execute(
        sa.select(
            Inspection.author_id, state, sa.func.count(), sa.func.min(ReturnedAnswer.returned_at)
        )
        .select_from(ReturnedAnswer)
        .join(Inspection, Inspection.id == ReturnedAnswer.inspection_id)
        .where(Inspection.round_id == round_id, stands(), ReturnedAnswer.state == "open")
        .group_by(Inspection.author_id, sa.literal_column("2"))
    )
    for author, shown, count, since in rows:
        tally.add(
            "answers_returned" if shown == "open" else "answers_to_look_at", author, count, since
        )
