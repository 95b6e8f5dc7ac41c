"""Makes what a test needs, by the product's own services where there are some."""

from __future__ import annotations

from functools import cache
from typing import Any

from argon2 import PasswordHasher

from webapp.db import now_utc, unit_of_work
from webapp.estate.models import Building, Device, Room
from webapp.identity import services as identity
from webapp.identity.models import Contract, User

PASSWORD = "correct horse"


@cache
def _password_hash() -> str:
    # A cheap one: thousands of tests sign somebody in, and the hash itself says what it costs to check.
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def user(login: str, name: str = "", **fields: Any) -> User:
    """A person with the suite's password."""
    with unit_of_work() as session:
        return identity.create_user(
            session,
            login=login,
            password_hash=_password_hash(),
            name=name or login,
            now=now_utc(),
            actor_id=None,
            **fields,
        )


def contract(code: str = "HQ", **fields: Any) -> Contract:
    """A contract whose quarters and years are counted from January 2026."""
    fields = {"name_zh": f"{code}会议室运维", "anchor_month": "2026-01", **fields}
    with unit_of_work() as session:
        return identity.create_contract(session, code=code, now=now_utc(), actor_id=None, **fields)


def member(of: Contract, role: str, *, login: str, name: str = "", **fields: Any) -> User:
    """A person with a role in the contract."""
    person = user(login, name, **fields)
    join(of, person, role)
    return person


def join(of: Contract, person: User, role: str) -> None:
    """Give a person a role in the contract."""
    with unit_of_work() as session:
        identity.add_member(
            session,
            contract_id=of.id,
            user_id=person.id,
            role=role,
            now=now_utc(),
            actor_id=None,
        )


def building(of: Contract, name_zh: str = "总部大楼", **fields: Any) -> Building:
    """A building."""
    with unit_of_work() as session:
        row = Building(contract_id=of.id, name_zh=name_zh, **fields)
        session.add(row)
    return row


def room(in_building: Building, name_zh: str = "西湖厅", floor: str = "8F", **fields: Any) -> Room:
    """A room."""
    with unit_of_work() as session:
        row = Room(
            contract_id=in_building.contract_id,
            building_id=in_building.id,
            floor=floor,
            name_zh=name_zh,
            **fields,
        )
        session.add(row)
    return row


def device(in_room: Room, type: str = "projector", name: str = "", **fields: Any) -> Device:
    """A device."""
    with unit_of_work() as session:
        row = Device(
            contract_id=in_room.contract_id,
            room_id=in_room.id,
            type=type,
            name=name or f"{in_room.name_zh}{type}",
            **fields,
        )
        session.add(row)
    return row
