"""An opened round with one device, two inspections of it, and the project manager's browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests import factories
from tests.rounds import made
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
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
def pair(
    contract: Contract, engineer: User, manager: User, device: Device, march: Round
) -> tuple[int, int]:
    """The ids of two tested inspections of one device: a normal one, then an abnormal one."""
    (first,) = made.send(contract, engineer, made.visit(march, device))
    visit = made.visit(march, device)
    made.reading(visit, "image", "dim", "abnormal", cause="lamp_aged", remark="看不清")
    (second,) = made.send(contract, manager, visit, now=made.at("2026-03", 4))
    assert first.inspection_id
    assert second.inspection_id
    return first.inspection_id, second.inspection_id


@pytest.fixture
def browser(manager: User, signed_in: Callable[[User], FlaskClient]) -> FlaskClient:
    """The project manager's browser."""
    return signed_in(manager)
