"""What several people at a desk press at the same moment, against a real threaded server."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from tests import factories
from tests.rounds import made
from tests.sync import test_at_once as together
from tests.sync.phone import digest, inspection, picture, slot
from tests.sync.test_at_once import at_once, cookie_of, push_request
from webapp.db import db, unit_of_work
from webapp.estate.models import Device, Label
from webapp.identity.models import Contract, Membership, User
from webapp.rounds.models import Round

port = together.port
TIMES = 6


@pytest.fixture
def march(contract: Contract, devices: list[Device]) -> Round:
    made.checklist(contract)
    return made.opened(contract)


@pytest.fixture
def devices(contract: Contract) -> list[Device]:
    room = factories.room(factories.building(contract))
    return [factories.device(room, "display") for _ in range(3)]


def asked(method: str, path: str, body: Any = None, cookie: str = "") -> Any:
    headers = {"Content-Type": "application/json"} | ({"Cookie": cookie} if cookie else {})
    return method, path, json.dumps(body).encode() if body is not None else b"", headers


def statuses(answers: list[tuple[int, Any]]) -> list[int]:
    return sorted(status for status, _ in answers)


def test_two_project_managers_who_remove_each_other_leave_one(
    port: int, contract: Contract, manager: User
) -> None:
    other = factories.member(contract, "project_manager", login="second")
    ids = dict(db.session.execute(sa.select(Membership.user_id, Membership.id)).all())
    pairs = [(manager, other), (other, manager)]
    requests = [
        asked("DELETE", f"members/{ids[of.id]}", cookie=cookie_of(port, by)) for by, of in pairs
    ]
    given = at_once(port, "", requests)
    assert statuses(given)[0] == 204
    db.session.rollback()
    left = db.session.scalars(sa.select(Membership).where(Membership.left_at.is_(None))).all()
    assert [one.role for one in left] == ["project_manager"]


def test_a_label_that_is_pressed_for_several_times_is_one_that_counts(
    port: int, devices: list[Device], manager: User
) -> None:
    requests = [asked("POST", f"devices/{devices[0].id}/label")] * TIMES
    assert set(statuses(at_once(port, cookie_of(port, manager), requests))) <= {200, 201}
    db.session.rollback()
    active = sa.select(Label).where(Label.device_id == devices[0].id, Label.revoked_at.is_(None))
    assert len(db.session.scalars(active).all()) == 1


def test_a_calendars_address_that_is_pressed_for_several_times_is_given(
    port: int, contract: Contract, engineer: User
) -> None:
    requests = [asked("POST", "/api/calendar", {})] * TIMES
    assert set(statuses(at_once(port, cookie_of(port, engineer), requests))) <= {200, 201}


def test_of_several_who_take_one_name_one_has_it_and_the_others_are_told(
    port: int, contract: Contract, manager: User
) -> None:
    with unit_of_work() as session:
        session.get_one(User, manager.id).is_admin = True
    cookie = cookie_of(port, manager)
    person = {"login": "sun", "role": "backup_engineer", "name": "孙丽", "password": "long enough"}
    given = at_once(port, cookie, [asked("POST", "members", person)] * TIMES)
    assert statuses(given) == [204] + [409] * (TIMES - 1)
    body = {"code": "NEW", "name_zh": "新合同"}
    given = at_once(port, cookie, [asked("POST", "/api/contracts", body)] * TIMES)
    assert statuses(given) == [201] + [409] * (TIMES - 1)
    assert {body["code"] for status, body in given if status == 409} == {"code_taken"}


def test_photos_are_reviewed_while_the_phone_sends_corrections_of_their_inspections(
    port: int, march: Round, devices: list[Device], engineer: User, manager: User
) -> None:
    data = picture()
    line = slot(data, "image")
    visit = made.visit(march, devices[0], photos=[line])
    phone, desk = cookie_of(port, engineer), cookie_of(port, manager)
    at_once(port, phone, [push_request(inspection(visit))])
    put = {"Repr-Digest": digest(data), "Content-Type": "image/jpeg"}
    at_once(port, phone, [("PUT", f"photos/{line['id']}", data, put)])

    def corrects(number: int) -> int:
        again = inspection(made.amended(visit, remark=f"第 {number} 次"))
        return at_once(port, phone, [push_request(again)])[0][0]

    def reviews(number: int) -> int:
        word = {"state": "accepted" if number % 2 else "none"}
        return at_once(port, desk, [asked("POST", f"photos/{line['id']}/review", word)])[0][0]

    with ThreadPoolExecutor(2) as pool:
        sent = pool.submit(lambda: [corrects(number) for number in range(25)])
        seen = pool.submit(lambda: [reviews(number) for number in range(25)])
        assert 500 not in {*sent.result(), *seen.result()}
