"""A contract with a checklist, a room, three devices and March's round; an engineer's phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests import factories
from tests.rounds import made
from tests.sync.phone import Phone
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract, User
from webapp.rounds.models import Round


@pytest.fixture
def room(contract: Contract) -> Room:
    made.checklist(contract)
    return factories.room(factories.building(contract))


@pytest.fixture
def devices(room: Room) -> list[Device]:
    return [
        factories.device(room, name=f"投影机{number}", register={"rated_lamp_hours": 3000})
        for number in range(3)
    ]


@pytest.fixture
def march(contract: Contract, devices: list[Device]) -> Round:
    return made.opened(contract, "2026-03")


@pytest.fixture
def phone(signed_in: Callable[[User], FlaskClient], engineer: User) -> Phone:
    return Phone(signed_in(engineer))
