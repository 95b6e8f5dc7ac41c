"""An answer that was sent back, on the phone of whoever has to give it anew, and on no other."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.rounds import made
from tests.sync.phone import Phone, picture, slot
from tests.sync.test_pull import change, since
from webapp.db import db, unit_of_work
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
from webapp.rounds.models import Inspection, Round, RoundTask


@pytest.fixture
def desk(signed_in: Callable[[User], FlaskClient], manager: User) -> Phone:
    return Phone(signed_in(manager))


@pytest.fixture
def theirs(contract: Contract, signed_in: Callable[[User], FlaskClient]) -> Phone:
    return Phone(signed_in(factories.member(contract, "backup_engineer", login="backup")))


@pytest.fixture
def payload(phone: Phone, march: Round, devices: list[Device]) -> dict[str, Any]:
    """An inspection with a photo, as the phone sent it."""
    line = slot(picture(), "image")
    payload = made.visit(march, devices[0], photos=[line])
    assert phone.send(payload) == ["applied"]
    assert phone.put(line["id"], picture()).status_code == 200
    return payload


def send_back(desk: Phone, item: str | None = "image", remark: str = "请重测") -> int:
    inspection_id = db.session.scalar(sa.select(sa.func.min(Inspection.id)))
    answer = desk.post(f"inspections/{inspection_id}/returns", {"item": item, "remark": remark})
    assert answer.status_code == 201, answer.get_json()
    returned_id: int = answer.get_json()["returned_id"]
    return returned_id


def returned(answer: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = answer["rows"].get("returned_answers", [])
    return rows


def test_it_comes_with_all_that_the_amendment_begins_with(
    phone: Phone, theirs: Phone, desk: Phone, payload: dict[str, Any], manager: User, engineer: User
) -> None:
    first, others = phone.pull(), theirs.pull()
    returned_id = send_back(desk)
    answer = since(phone, first)
    assert list(answer["rows"]) == ["returned_answers"]
    (row,) = returned(answer)
    assert json.loads(row.pop("payload")) == payload
    assert row.pop("returned_at").endswith("Z")
    assert row == {
        "id": returned_id,
        "task_id": row["task_id"],
        "inspection_uid": payload["uid"],
        "author_id": engineer.id,
        "revision": 1,
        "item": "image",
        "remark": "请重测",
        "returned_by_id": manager.id,
    }
    assert [one["id"] for one in returned(phone.pull())] == [returned_id]
    assert returned(since(theirs, others)) == returned(theirs.pull()) == []


def test_it_leaves_when_it_is_answered_withdrawn_or_its_round_accepted(
    phone: Phone, desk: Phone, payload: dict[str, Any], march: Round
) -> None:
    first = phone.pull()
    answered, withdrawn = send_back(desk), send_back(desk, None)
    came = since(phone, first)
    assert {row["id"] for row in returned(came)} == {answered, withdrawn}
    desk.post(f"returned-answers/{withdrawn}/withdraw", {})
    left = since(phone, came)
    assert left["gone"] == {"returned_answers": [withdrawn]}
    phone.send(made.amended(payload))
    after = since(phone, left)
    assert answered in after["gone"]["returned_answers"]
    # Closing it is nothing new to the phone; sending it back again is.
    desk.post(f"returned-answers/{answered}/close", {})
    again = send_back(desk, remark="还是不对")
    back = since(phone, after)
    assert [(row["id"], row["revision"]) for row in returned(back)] == [(again, 2)]
    assert json.loads(returned(back)[0]["payload"])["amends"] == 1
    change(march, state="accepted")
    assert again in since(phone, back)["gone"]["returned_answers"]
    assert returned(phone.pull()) == []
    change(march, state="open")
    assert [row["id"] for row in returned(phone.pull())] == [again]


def test_other_words_reach_the_phone(phone: Phone, desk: Phone, payload: dict[str, Any]) -> None:
    returned_id = send_back(desk)
    first = phone.pull()
    url = desk.url(f"returned-answers/{returned_id}")
    assert desk.browser.patch(url, json={"remark": "请用标准测试卡"}).status_code == 200
    assert [row["remark"] for row in returned(since(phone, first))] == ["请用标准测试卡"]


def test_whoever_takes_the_room_over_gets_it_and_answers_it(
    phone: Phone, theirs: Phone, desk: Phone, payload: dict[str, Any], devices: list[Device]
) -> None:
    returned_id = send_back(desk)
    before = theirs.pull()
    assert returned(before) == []
    backup_id = db.session.scalar(sa.select(User.id).filter_by(login="backup"))
    with unit_of_work() as session:
        task = session.scalars(sa.select(RoundTask).filter_by(device_id=devices[0].id)).one()
        task.assignee_id = backup_id
    (row,) = returned(since(theirs, before))
    assert row["id"] == returned_id
    # His phone never held the record: the payload that came along is amended.
    amended = {**json.loads(row["payload"]), "amends": row["revision"], "remark": "已重测"}
    mine = phone.pull()
    assert theirs.send(amended) == ["applied"]
    assert since(phone, mine)["gone"]["returned_answers"] == [returned_id]


def test_a_photo_too_comes_with_its_record(
    phone: Phone, desk: Phone, payload: dict[str, Any], manager: User
) -> None:
    uid = payload["photos"][0]["id"]
    desk.post(f"photos/{uid}/review", {"state": "returned", "remark": "太暗"})
    (row,) = phone.pull()["rows"]["returned_photos"]
    assert (row["id"], row["revision"], row["returned_by_id"]) == (uid, 1, manager.id)
    assert json.loads(row["payload"]) == payload
