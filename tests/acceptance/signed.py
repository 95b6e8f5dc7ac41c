"""Signs as three people would: engineers their own rooms, a colleague after a second look, the manager."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from tests import factories
from tests.rounds import made
from webapp.acceptance import services
from webapp.acceptance.facts import RoomState, round_state
from webapp.acceptance.models import SignOff
from webapp.acceptance.rechecks import Check, recheck
from webapp.acceptance.rules import Level
from webapp.acceptance.signing import Signature
from webapp.db import db, unit_of_work
from webapp.identity.models import Contract, Membership, User
from webapp.identity.rules import Access, rights_of
from webapp.rounds import services as round_services
from webapp.rounds.queries import round_of

MONTH = "2026-03"
LATER = made.at(MONTH, 8)


def access_of(of: Contract, user: User) -> Access:
    """What a member may do in the contract."""
    role = db.session.scalar(
        sa.select(Membership.role).where(
            Membership.contract_id == of.id, Membership.user_id == user.id
        )
    )
    rights = rights_of(role, is_admin=user.is_admin)
    return Access(user.id, user.name, None, of.id, of.code, role or "", rights)


def rooms_of(of: Contract, month: str = MONTH) -> dict[int, RoomState]:
    """The rooms of a round as the rules see them."""
    db.session.rollback()
    return round_state(db.session(), round_of(db.session(), of.id, month)).rooms


def sign(
    of: Contract,
    user: User,
    level: Level,
    *room_ids: int,
    month: str = MONTH,
    now: datetime = LATER,
    signature: Signature | None = None,
) -> list[SignOff]:
    """Sign rooms in a transaction of its own; all rooms of the round when none is named."""
    chosen = room_ids or tuple(rooms_of(of, month))
    with unit_of_work() as session:
        return services.sign_rooms(
            session, access_of(of, user), month, level, chosen, signature or Signature(), now
        )


def look_again(of: Contract, user: User, *room_ids: int, month: str = MONTH) -> int:
    """Confirm the samples of rooms; how many inspections that were."""
    rooms = rooms_of(of, month)
    checks = [
        Check(task.inspection_id, task.revision, "confirmed")
        for room_id in room_ids or tuple(rooms)
        for task in rooms[room_id].tasks
        if task.id in rooms[room_id].sample and task.inspection_id is not None
    ]
    with unit_of_work() as session:
        recheck(session, access_of(of, user), month, checks, LATER)
    return len(checks)


def colleague(of: Contract) -> User:
    """Somebody who has inspected nothing: the contract's peer."""
    found = db.session.scalar(sa.select(User).where(User.login == f"{of.code}-peer".lower()))
    return found or factories.member(
        of, "on_site_engineer", login=f"{of.code}-peer".lower(), name="李互检"
    )


def sign_all_rooms(of: Contract, month: str = MONTH) -> User:
    """Every room's self-check by one who inspected there, and its peer check; who made the latter."""
    for room in rooms_of(of, month).values():
        if not room.signers("self_check"):
            author = db.session.get_one(User, min(room.authors))
            sign(of, author, "self_check", room.id, month=month)
    peer = colleague(of)
    unchecked = [room.id for room in rooms_of(of, month).values() if not room.signers("peer_check")]
    if unchecked:
        look_again(of, peer, *unchecked, month=month)
        sign(of, peer, "peer_check", *unchecked, month=month)
    return peer


def accept(of: Contract, manager: User, month: str = MONTH) -> SignOff:
    """All of it: the rooms signed, the round finished and accepted."""
    sign_all_rooms(of, month)
    access = access_of(of, manager)
    with unit_of_work() as session:
        if round_of(session, of.id, month).state == "open":
            round_services.act(session, access, month, "finish", LATER)
        return services.accept_round(session, access, month, Signature(), LATER)
