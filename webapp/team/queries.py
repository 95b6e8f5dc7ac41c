"""What the team's screens show: duties and absences, manuals and who has not read them yet."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.models import Case
from webapp.identity.models import Membership, User
from webapp.identity.rules import ROLE_RIGHTS, Access
from webapp.rounds.models import Round, RoundRoom, RoundTask
from webapp.team.models import Absence, HandedOver, Manual, ManualReading, ManualVersion
from webapp.team.rules import STATES, state_of

Row = dict[str, Any]
# What is over is history; so much of it is looked at.
_MOST_ABSENCES = 200


def team_view(session: Session, access: Access, today: date) -> Row:
    """Everybody with what he has before him, and the absences, running ones first; six statements."""
    people = _people(session, access.contract_id)
    rooms, cases = _loads(session, access.contract_id)
    given = _given(session, access.contract_id)
    absences = [
        _absence(row, today, people, rooms, cases, given)
        for row in session.scalars(
            sa.select(Absence)
            .where(Absence.contract_id == access.contract_id)
            .order_by(Absence.from_on.desc(), Absence.id.desc())
            .limit(_MOST_ABSENCES)
        )
    ]
    running = [one for one in absences if one["state"] == "running"]
    return {
        "today": today,
        "people": [
            {
                **person,
                "rooms": rooms[person["user_id"]],
                "cases": cases[person["user_id"]],
                "absent": any(one["user_id"] == person["user_id"] for one in running),
                "stands_in_for": [
                    one["user_id"] for one in running if one["stand_in_id"] == person["user_id"]
                ],
            }
            for person in people.values()
            if not person["left"]
        ],
        "absences": sorted(absences, key=lambda one: STATES.index(one["state"])),
        "may_enter_all": access.may("manage_people"),
        "may_hand_over": access.may("manage_round"),
    }


def _people(session: Session, contract_id: int) -> dict[int, Row]:
    roles = [role for role, rights in ROLE_RIGHTS.items() if "handle" in rights]
    statement = (
        sa.select(User.id, User.name, User.name_en, Membership.role, Membership.left_at)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.contract_id == contract_id, Membership.role.in_(roles))
        .order_by(Membership.id)
    )
    return {
        row.id: {
            "user_id": row.id,
            "name": row.name,
            "name_en": row.name_en,
            "role": row.role,
            "left": row.left_at is not None,
        }
        for row in session.execute(statement)
    }


def _loads(session: Session, contract_id: int) -> tuple[Counter[int], Counter[int]]:
    """How many rooms with something left and how many live cases each has."""
    waiting = (
        sa.select(RoundTask.round_id, RoundTask.room_id)
        .where(
            RoundTask.contract_id == contract_id,
            RoundTask.outcome == "todo",
            RoundTask.removed.is_(False),
        )
        .distinct()
        .subquery()
    )
    rooms = session.execute(
        sa.select(RoundRoom.assignee_id, sa.func.count())
        .join(Round, Round.id == RoundRoom.round_id)
        .join(
            waiting,
            sa.and_(
                waiting.c.round_id == RoundRoom.round_id, waiting.c.room_id == RoundRoom.room_id
            ),
        )
        .where(
            Round.contract_id == contract_id,
            Round.state == "open",
            RoundRoom.assignee_id.is_not(None),
        )
        .group_by(RoundRoom.assignee_id)
    )
    cases = session.execute(
        sa.select(Case.owner_id, sa.func.count())
        .where(Case.contract_id == contract_id, Case.live, Case.owner_id.is_not(None))
        .group_by(Case.owner_id)
    )
    return Counter(_counts(rooms)), Counter(_counts(cases))


def _counts(rows: Iterable[Any]) -> dict[int, int]:
    return {row[0]: row[1] for row in rows}


def _given(session: Session, contract_id: int) -> Mapping[int, Counter[str]]:
    """How many rooms and cases each absence's stand-in has been given and not given back."""
    statement = (
        sa.select(
            HandedOver.absence_id,
            sa.func.count(HandedOver.round_room_id),
            sa.func.count(HandedOver.case_id),
        )
        .join(Absence, Absence.id == HandedOver.absence_id)
        .where(Absence.contract_id == contract_id, HandedOver.returned_at.is_(None))
        .group_by(HandedOver.absence_id)
    )
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for absence_id, rooms, cases in session.execute(statement):
        found[absence_id] = Counter(rooms=rooms, cases=cases)
    return found


def _absence(
    row: Absence,
    today: date,
    people: Mapping[int, Row],
    rooms: Counter[int],
    cases: Counter[int],
    given: Mapping[int, Counter[str]],
) -> Row:
    state = state_of(row.from_on, row.to_on, today, cancelled=row.cancelled_at is not None)
    running = state == "running"
    nobody = {"name": "", "name_en": ""}
    return {
        "id": row.id,
        "user_id": row.user_id,
        "name": people.get(row.user_id, nobody)["name"],
        "name_en": people.get(row.user_id, nobody)["name_en"],
        "from_on": row.from_on,
        "to_on": row.to_on,
        "reason": row.reason,
        "text": row.text,
        "stand_in_id": row.stand_in_id,
        "stand_in": people.get(row.stand_in_id, nobody)["name"],
        "stand_in_en": people.get(row.stand_in_id, nobody)["name_en"],
        "state": state,
        "rooms": rooms[row.user_id] if running else 0,
        "cases": cases[row.user_id] if running else 0,
        "given_rooms": given[row.id]["rooms"],
        "given_cases": given[row.id]["cases"],
    }


def manuals_view(session: Session, access: Access) -> Row:
    """The manuals with their versions, and of the one that counts who has read it; four statements."""
    people = [one for one in _people(session, access.contract_id).values() if not one["left"]]
    versions: dict[int, list[Row]] = defaultdict(list)
    for row in session.execute(_versions(access.contract_id)):
        versions[row.ManualVersion.manual_id].append(_version(row))
    read: dict[int, dict[int, datetime]] = defaultdict(dict)
    for reading in session.scalars(
        sa.select(ManualReading)
        .join(ManualVersion, ManualVersion.id == ManualReading.version_id)
        .join(Manual, Manual.id == ManualVersion.manual_id)
        .where(Manual.contract_id == access.contract_id)
    ):
        read[reading.version_id][reading.user_id] = reading.at
    manuals = session.scalars(
        sa.select(Manual)
        .where(Manual.contract_id == access.contract_id)
        .order_by(Manual.kind, Manual.title, Manual.id)
    )
    handles = access.may("handle")
    return {
        "manuals": [_manual(one, versions[one.id], read, people, handles) for one in manuals],
        "may_bring": access.may("review"),
        "may_approve": access.may("accept"),
        "may_read": handles and any(one["user_id"] == access.user_id for one in people),
    }


def _versions(contract_id: int) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(ManualVersion, User.name, User.name_en)
        .join(Manual, Manual.id == ManualVersion.manual_id)
        .join(User, User.id == ManualVersion.brought_by_id)
        .where(Manual.contract_id == contract_id)
        .order_by(ManualVersion.number.desc())
    )


def _version(row: sa.Row[*tuple[Any, ...]]) -> Row:
    version = row.ManualVersion
    return {
        "id": version.id,
        "number": version.number,
        "file_name": version.file_name,
        "bytes": version.bytes,
        "note": version.note,
        "brought_by": row.name,
        "brought_by_en": row.name_en,
        "brought_at": version.brought_at,
        "approved_at": version.approved_at,
    }


def _manual(
    manual: Manual,
    versions: list[Row],
    read: Mapping[int, Mapping[int, datetime]],
    people: list[Row],
    handles: bool,
) -> Row:
    """``versions`` are the latest first; who doesn't handle cases sees approved ones alone."""
    shown = [one for one in versions if handles or one["approved_at"]]
    counts = next((one for one in versions if one["approved_at"]), None)
    readers = read[counts["id"]] if counts else {}
    return {
        "id": manual.id,
        "kind": manual.kind,
        "title": manual.title,
        "current": counts["number"] if counts else None,
        "versions": shown,
        "readers": [{**one, "read_at": readers.get(one["user_id"])} for one in people]
        if counts
        else [],
    }
