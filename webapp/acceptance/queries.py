"""The acceptance of a round as screens and reports show it; statements don't grow with the rooms."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.acceptance.facts import RoomState, RoundState, round_state, signer_of
from webapp.acceptance.models import Recheck, SignOff
from webapp.acceptance.rules import (
    PEER_CHECK,
    ROOM_LEVELS,
    SELF_CHECK,
    Signer,
    why_not,
    why_not_final,
    why_not_recheck,
)
from webapp.acceptance.services import round_facts
from webapp.checklists.content import ROOM_TYPE, item_of
from webapp.checklists.models import ChecklistVersion
from webapp.estate.models import Building, Device, Room
from webapp.identity.models import Membership, User
from webapp.identity.rules import Access
from webapp.rounds import queries as rounds
from webapp.rounds.models import Round, RoundTask
from webapp.rounds.rules import progress

HISTORY = 60
# What may keep a round from being accepted, in the order in which it is told.
BLOCKERS = (
    "todo",
    "pairs",
    "self_checks",
    "peer_checks",
    "answers_returned",
    "answers_to_look_at",
    "photos_returned",
)
Record = dict[str, Any]


def standing_sign_offs(session: Session, round_id: int) -> Sequence[SignOff]:
    """The sign-offs of a round that count, oldest first; the final acceptance has no room."""
    return session.scalars(
        sa.select(SignOff)
        .where(SignOff.round_id == round_id, SignOff.voided_at.is_(None))
        .order_by(SignOff.id)
    ).all()


def acceptance(session: Session, access: Access, month: str) -> Record:
    """Every room of a round with its sign-offs, who may sign what and why not, and what blocks the rest.

    :raise AppError: ``not_found``
    """
    of_round = rounds.round_of(session, access.contract_id, month)
    state = round_state(session, of_round)
    who = signer_of(access, state.settings)
    facts = round_facts(session, state)
    rows = _history(session, of_round.id)
    teller = _Teller(session, of_round, [*rows, *_latest_void(session, of_round.id, state)])
    return {
        "month": month,
        "state": of_round.state,
        "strictness": state.settings.acceptance_strictness,
        "drawn_signatures": state.settings.drawn_signatures,
        "blockers": [
            {"kind": kind, "count": facts.missing[kind]} for kind in BLOCKERS if facts.missing[kind]
        ],
        "final": teller.sign_off(state.final, strokes=True) if state.final else None,
        "why_not_final": why_not_final(facts, who),
        "buildings": _buildings(session, state, who, teller),
        "history": [teller.sign_off(row) for row in rows],
    }


def room_sample(session: Session, access: Access, month: str, room_id: int) -> Record:
    """One room for whoever looks at it again: its inspections, which of them and why, and its history.

    :raise AppError: ``not_found``
    """
    of_round = rounds.round_of(session, access.contract_id, month)
    state = round_state(session, of_round, [room_id])
    room = state.rooms[room_id]
    rows = session.scalars(
        sa.select(SignOff)
        .where(SignOff.round_id == of_round.id, SignOff.room_id == room_id)
        .order_by(SignOff.id.desc())
    ).all()
    _latest_void(session, of_round.id, state)
    teller = _Teller(session, of_round, rows)
    (building,) = _buildings(session, state, signer_of(access, state.settings), teller)
    return {
        "month": month,
        "state": of_round.state,
        "drawn_signatures": state.settings.drawn_signatures,
        "room": building["rooms"][0],
        "tasks": _tasks(session, room, teller),
        "history": [teller.sign_off(row, strokes=True) for row in rows],
    }


def _history(session: Session, round_id: int) -> Sequence[SignOff]:
    return session.scalars(
        sa.select(SignOff)
        .where(SignOff.round_id == round_id)
        .order_by(sa.func.coalesce(SignOff.voided_at, SignOff.signed_at).desc(), SignOff.id.desc())
        .limit(HISTORY)
    ).all()


def _latest_void(session: Session, round_id: int, state: RoundState) -> list[SignOff]:
    """Of each room and level without a standing sign-off the last one that was voided."""
    last = (
        sa.select(sa.func.max(SignOff.id))
        .where(SignOff.round_id == round_id, SignOff.room_id.is_not(None))
        .group_by(SignOff.room_id, SignOff.level)
    )
    rows = session.scalars(
        sa.select(SignOff).where(SignOff.id.in_(last), SignOff.voided_at.is_not(None))
    )
    found = [row for row in rows if row.room_id in state.rooms]
    for row in found:
        state.rooms[row.room_id or 0].voided[row.level] = row
    return found


def _buildings(session: Session, state: RoundState, who: Signer, teller: _Teller) -> list[Record]:
    rows = session.execute(
        sa.select(Room, Building)
        .join(Building, Building.id == Room.building_id)
        .where(Room.id.in_(list(state.rooms)))
        .order_by(Building.position, Building.id, Room.floor, Room.name_zh, Room.id)
    )
    buildings: dict[int, Record] = {}
    for room, building in rows:
        names = {"name_zh": building.name_zh, "name_en": building.name_en}
        shown = buildings.setdefault(building.id, {"id": building.id, **names, "rooms": []})
        shown["rooms"].append(_room(room, state.rooms[room.id], state, who, teller))
    return list(buildings.values())


def _room(room: Room, known: RoomState, state: RoundState, who: Signer, teller: _Teller) -> Record:
    facts = known.facts
    counts: dict[str, int] = {}
    for task in known.tasks:
        counts[task.outcome] = counts.get(task.outcome, 0) + 1
    return {
        "id": room.id,
        "floor": room.floor,
        "name_zh": room.name_zh,
        "name_en": room.name_en,
        **progress(counts).as_dict(),
        "assignee_ids": sorted(facts.assignees),
        "author_ids": sorted(facts.authors),
        "pairs": sum(task.pair_open for task in known.tasks),
        "returned": facts.returned,
        "sample": len(known.sample),
        "sample_left": facts.sample_left,
        "self_check": teller.standing(known, SELF_CHECK),
        "peer_check": teller.standing(known, PEER_CHECK),
        "voided": [
            teller.sign_off(known.voided[level]) for level in ROOM_LEVELS if level in known.voided
        ],
        "why_not": {
            **{level: why_not(level, facts, who, state.round.state) for level in ROOM_LEVELS},
            "recheck": why_not_recheck(facts, who),
        },
    }


def _tasks(session: Session, room: RoomState, teller: _Teller) -> list[Record]:
    devices = _devices(session, {task.device_id for task in room.tasks})
    checks: dict[int, list[Record]] = {}
    for row in session.scalars(
        sa.select(Recheck)
        .where(Recheck.task_id.in_([task.id for task in room.tasks]))
        .order_by(Recheck.checked_at, Recheck.id)
    ):
        checks.setdefault(row.task_id, []).append(_check(row, teller))
    shown = []
    for task in room.tasks:
        device = devices.get(task.device_id or 0)
        own = checks.get(task.id, [])
        shown.append(
            {
                "id": task.id,
                "device_id": task.device_id,
                "device_name": device.name if device else None,
                "type": device.type if device else ROOM_TYPE,
                "outcome": task.outcome,
                "inspection_id": task.inspection_id,
                "revision": task.revision,
                "author_id": task.author_id,
                "author": teller.person(task.author_id)["user"],
                "author_en": teller.person(task.author_id)["user_en"],
                "why": list(room.sample.get(task.id, ())),
                "checked": _checked(room, task.id, task.revision, own),
                "checks": own,
            }
        )
    # What is to be looked at comes first, then the devices by name, the room's own checklist last.
    return sorted(
        shown,
        key=lambda row: (not row["why"], row["device_name"] is None, row["device_name"] or ""),
    )


def _checked(room: RoomState, task_id: int, revision: int, checks: Iterable[Record]) -> str:
    """Where the second look at a task stands: ``""``, ``confirmed`` or ``returned``."""
    if task_id in room.checked:
        return "confirmed"
    now = [check for check in checks if check["revision"] == revision]
    return "returned" if any(check["result"] == "returned" for check in now) else ""


def _check(row: Recheck, teller: _Teller) -> Record:
    return {
        "revision": row.revision,
        "result": row.result,
        "remark": row.remark,
        "checked_at": row.checked_at,
        **teller.person(row.reviewer_id),
    }


def _devices(session: Session, ids: Collection[int | None]) -> dict[int, Device]:
    rows = session.scalars(sa.select(Device).where(Device.id.in_([i for i in ids if i])))
    return {row.id: row for row in rows}


class _Teller:
    """Tells sign-offs with the names of people, devices and items; read once for all of them."""

    def __init__(self, session: Session, of_round: Round, rows: Iterable[SignOff]) -> None:
        reasons = [reason for row in rows for reason in row.void_reason]
        self._devices = _devices(session, {reason.get("device_id") for reason in reasons})
        self._rooms = _rooms_of_tasks(session, {reason.get("task_id") for reason in reasons})
        self._content = session.scalar(
            sa.select(ChecklistVersion.content).where(ChecklistVersion.id == of_round.checklist_id)
        ) or {"types": []}
        self._people = {
            user_id: {"user_id": user_id, "user": name, "user_en": name_en}
            for user_id, name, name_en in session.execute(
                sa.select(User.id, User.name, User.name_en)
                .join(Membership, Membership.user_id == User.id)
                .where(Membership.contract_id == of_round.contract_id)
            )
        }

    def person(self, user_id: int | None) -> Record:
        """A person's id and names; one who never was a member has none."""
        unknown = {"user_id": user_id, "user": "", "user_en": ""}
        return self._people.get(user_id or 0, unknown)

    def standing(self, room: RoomState, level: str) -> Record | None:
        """The first sign-off of a level that stands in a room."""
        row = next((row for row in room.standing if row.level == level), None)
        return self.sign_off(row) if row else None

    def sign_off(self, row: SignOff, *, strokes: bool = False) -> Record:
        """A sign-off as plain data; the drawing itself only where it is asked for."""
        return {
            "uid": row.uid,
            "level": row.level,
            "room_id": row.room_id,
            **self.person(row.user_id),
            "signed_at": row.signed_at,
            "sha256": row.content_sha256,
            "strictness": row.strictness,
            "remark": row.remark,
            "signed_name": row.signed_name,
            "drawn": bool(row.strokes),
            "strokes": row.strokes if strokes else [],
            "voided_at": row.voided_at,
            "reasons": [self._reason(reason) for reason in row.void_reason],
        }

    def _reason(self, reason: Mapping[str, Any]) -> Record:
        device = self._devices.get(reason.get("device_id") or 0)
        kind = device.type if device else ROOM_TYPE
        items = [(key, item_of(self._content, kind, key)) for key in reason.get("items", [])]
        before, after = reason.get("from"), reason.get("to")
        return {
            "why": reason["why"],
            "task_id": reason["task_id"],
            "room_id": self._rooms.get(reason["task_id"] or 0),
            "device_id": reason.get("device_id"),
            "device_name": device.name if device else None,
            "type": kind,
            "items": [
                {
                    "item": key,
                    "item_zh": item["zh"] if item else key,
                    "item_en": item["en"] if item else key,
                }
                for key, item in items
            ],
            "parts": reason.get("parts", []),
            "changes": reason.get("changes", []),
            "from_revision": before[1] if before else None,
            "to_revision": after[1] if after else None,
            "by": self.person(reason["by"]) if reason.get("by") else None,
        }


def _rooms_of_tasks(session: Session, ids: Collection[int | None]) -> dict[int, int]:
    rows = session.execute(
        sa.select(RoundTask.id, RoundTask.room_id).where(RoundTask.id.in_([i for i in ids if i]))
    )
    return dict(rows.all())
