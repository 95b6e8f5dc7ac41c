"""A round with one device that was inspected once; who supervises, and who may not."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories
from tests.acceptance.walked import Walked, walk
from tests.rounds import made
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
from webapp.identity.rules import ROLE_RIGHTS, Access
from webapp.rounds.models import Round


@pytest.fixture
def device(contract: Contract) -> Device:
    made.checklist(contract)
    room = factories.room(factories.building(contract))
    return factories.device(room, name="投影机甲", register={"rated_lamp_hours": 3000})


@pytest.fixture
def march(contract: Contract, device: Device) -> Round:
    return made.opened(contract, "2026-03")


@pytest.fixture
def first(march: Round, device: Device) -> dict[str, Any]:
    """The payload of the device's inspection."""
    return made.visit(march, device)


@pytest.fixture
def inspection_id(contract: Contract, engineer: User, first: dict[str, Any]) -> int:
    (answer,) = made.send(contract, engineer, first)
    assert answer.inspection_id
    return answer.inspection_id


@pytest.fixture
def walked(contract: Contract, engineer: User) -> Walked:
    return walk(contract, engineer)


def access_of(contract: Contract, user: User, role: str = "project_manager") -> Access:
    """What a service is told of who acts."""
    return Access(
        user_id=user.id,
        user_name=user.name,
        session_id=None,
        contract_id=contract.id,
        contract_code=contract.code,
        role=role,
        rights=ROLE_RIGHTS[role],
    )
