"""Giving an absent person's work to his stand-in, and what is left of it back (clause 26)."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases import services as cases
from webapp.cases.models import Case
from webapp.cases.opening import called
from webapp.cases.services import Author, Taking
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.identity.rules import Access
from webapp.rounds.models import Round, RoundRoom, RoundTask
from webapp.rounds.services import assign_rooms
from webapp.team.absences import absence_of, handed, note
from webapp.team.models import Absence, HandedOver
from webapp.team.rules import state_of


@dataclass(frozen=True, slots=True)
class RoomOfRound:
    """A room that somebody has still to inspect, in which round."""

    id: int
    room_id: int
    month: str


@dataclass(frozen=True, slots=True)
class Load:
    """What a person has before him: rooms of open rounds with something left to do, and live cases."""

    rooms: Sequence[RoomOfRound]
    cases: Sequence[Case]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing."""
        return not (self.rooms or self.cases)


def load_of(session: Session, contract_id: int, user_id: int) -> Load:
    """What a person has before him; two statements."""
    left = (
        sa.select(RoundTask.id)
        .where(
            RoundTask.round_id == RoundRoom.round_id,
            RoundTask.room_id == RoundRoom.room_id,
            RoundTask.outcome == "todo",
            RoundTask.removed.is_(False),
        )
        .exists()
    )
    rooms = session.execute(
        sa.select(RoundRoom.id, RoundRoom.room_id, Round.month)
        .join(Round, Round.id == RoundRoom.round_id)
        .where(
            Round.contract_id == contract_id,
            Round.state == "open",
            RoundRoom.assignee_id == user_id,
            left,
        )
        .order_by(RoundRoom.id)
    )
    live = session.scalars(
        sa.select(Case)
        .where(Case.contract_id == contract_id, Case.live, Case.owner_id == user_id)
        .order_by(Case.id)
    )
    return Load([RoomOfRound(*row) for row in rooms], list(live))


def hand_over(
    session: Session, access: Access, absence_id: int, today: date, now: datetime
) -> Absence:
    """Give the stand-in all that the absent person has before him; pressed again, what came since.

    :raise AppError: ``not_found``; ``absence_not_running``; ``nothing_to_hand_over``
    """
    take_sequence(session, access.contract_id)
    row = absence_of(session, access.contract_id, absence_id)
    state = state_of(row.from_on, row.to_on, today, cancelled=row.cancelled_at is not None)
    if state != "running":
        raise AppError("absence_not_running")
    load = load_of(session, access.contract_id, row.user_id)
    if load.is_empty:
        raise AppError("nothing_to_hand_over")
    _give(session, access, load, row.stand_in_id, now)
    for room in load.rooms:
        session.add(_handed(row, now, round_room_id=room.id))
    for case in load.cases:
        session.add(_handed(row, now, case_id=case.id))
    note(session, access, "hand_over", row, _what(load), now)
    return row


def give_back(session: Session, access: Access, absence_id: int, now: datetime) -> Absence:
    """Give back what the stand-in still has of it: rooms not yet done, cases still live and still his.

    :raise AppError: ``not_found``; ``nothing_to_give_back``
    """
    take_sequence(session, access.contract_id)
    row = absence_of(session, access.contract_id, absence_id)
    given = handed(session, row.id)
    if not given:
        raise AppError("nothing_to_give_back")
    his: dict[int, Load] = {
        user_id: load_of(session, access.contract_id, user_id)
        for user_id in {one.to_id for one in given}
    }
    rooms = {one.round_room_id for one in given}
    case_ids = {one.case_id for one in given}
    load = Load(
        [room for one in his.values() for room in one.rooms if room.id in rooms],
        [case for one in his.values() for case in one.cases if case.id in case_ids],
    )
    _give(session, access, load, row.user_id, now)
    for one in given:
        one.returned_at = now
    note(session, access, "give_back", row, _what(load), now)
    return row


def _give(session: Session, access: Access, load: Load, to: int, now: datetime) -> None:
    by_month: dict[str, dict[int, int | None]] = defaultdict(dict)
    for room in load.rooms:
        by_month[room.month][room.room_id] = to
    for month, assignees in by_month.items():
        assign_rooms(session, access, month, assignees, now)
    author = Author(access, access.user_name)
    for case in load.cases:
        taking = Taking(uid=str(uuid.uuid4()), step="assign", at=now, fields={"owner": to})
        cases.take_step(session, access.contract_id, author, called(case), taking, now)


def _handed(
    row: Absence, now: datetime, *, round_room_id: int | None = None, case_id: int | None = None
) -> HandedOver:
    return HandedOver(
        absence_id=row.id,
        to_id=row.stand_in_id,
        handed_at=now,
        round_room_id=round_room_id,
        case_id=case_id,
    )


def _what(load: Load) -> dict[str, Any]:
    return {
        "rooms": [None, [room.room_id for room in load.rooms]],
        "cases": [None, _names(load.cases)],
    }


def _names(found: Iterable[Case]) -> list[str]:
    return [called(case) for case in found]
