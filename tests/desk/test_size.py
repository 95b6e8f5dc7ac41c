"""The desk's views with 200 rooms and 2,000 devices: what they cost does not grow by the row."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.rounds import made
from webapp.db import db, unit_of_work
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract, User

SignIn = Callable[[User], FlaskClient]
BATCH = 100


@pytest.fixture
def full_round(contract: Contract, engineer: User) -> None:
    """A round in which all of 2,000 devices were inspected, every twentieth abnormal."""
    made.checklist(contract)
    house = factories.building(contract)
    with unit_of_work() as session:
        rooms = [
            Room(contract_id=contract.id, building_id=house.id, name_zh=f"{n}号厅")
            for n in range(200)
        ]
        session.add_all(rooms)
        session.flush()
        session.add_all(
            Device(contract_id=contract.id, room_id=rooms[n % 200].id, type="codec", name=f"{n}")
            for n in range(2000)
        )
    march = made.opened(contract)
    devices = db.session.scalars(sa.select(Device).order_by(Device.id)).all()
    visits = [made.visit(march, device, photos=[made.photo("boot")]) for device in devices]
    for visit in visits[::20]:
        made.reading(visit, "loss", 4, "abnormal")
    for start in range(0, len(visits), BATCH):
        answers = made.send(contract, engineer, *visits[start : start + BATCH])
        assert {answer.result for answer in answers} == {"applied"}
    db.session.remove()


@pytest.mark.usefixtures("full_round")
def test_two_thousand_devices(
    manager: User, signed_in: SignIn, count_queries: Callable[[], int]
) -> None:
    browser = signed_in(manager)
    for path in (
        "rounds",
        "rounds/2026-03/board",
        "rounds/2026-03/ready",
        "inspections?page_size=200",
        "inspections?flag=photo_missing&q=号厅&page_size=200",
        "open-items?page_size=200",
        "photos?page_size=200",
        "devices?page_size=200",
        "devices?q=1999&sort=-name&page_size=200",
        "labels?page_size=200",
    ):
        count_queries()
        answer = browser.get(f"/api/contracts/HQ/{path}")
        assert answer.status_code == 200
        assert count_queries() <= 22, path
    board = browser.get("/api/contracts/HQ/rounds/2026-03/board").get_json()
    assert board["round"]["progress"]["abnormal"] == 100
    assert sum(len(house["rooms"]) for house in board["buildings"]) == 200
    assert browser.get("/api/contracts/HQ/open-items").get_json()["total"] == 100
