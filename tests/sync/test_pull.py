"""Pull: everything once, then what changed, and the ids to drop; never a row skipped."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.rounds import made
from tests.sync.phone import Phone, picture, slot
from webapp.checklists.models import ChecklistVersion
from webapp.db import db, now_utc, take_sequence, unit_of_work
from webapp.estate.models import Building, Device, Label, Room
from webapp.identity import services as identity
from webapp.identity.models import Contract, Membership, User
from webapp.rounds.models import OpenItem, Round, RoundTask
from webapp.rounds.opening import sync_tasks_with_estate
from webapp.sync import services


def in_any_order(rows: dict[str, list[Any]]) -> dict[str, list[str]]:
    """A pull's rows, which come in whatever order the database reads them."""
    return {name: sorted(json.dumps(row) for row in some) for name, some in rows.items()}


def change(row: Any, **fields: Any) -> None:
    """Change a row as the desk would."""
    with unit_of_work() as session:
        fresh = session.get_one(type(row), row.id)
        for name, value in fields.items():
            setattr(fresh, name, value)


def since(phone: Phone, answer: dict[str, Any]) -> dict[str, Any]:
    return phone.pull(answer["head"], answer["epoch"])


def test_the_first_pull_is_whole(
    phone: Phone, march: Round, devices: list[Device], room: Room, engineer: User
) -> None:
    with unit_of_work() as session:
        session.add(
            Label(
                contract_id=room.contract_id,
                code="BCDF",
                device_id=devices[0].id,
                made_at=now_utc(),
            )
        )
    answer = phone.pull()
    rows = answer["rows"]
    assert answer["full"] is True
    assert answer["gone"] == {}
    assert [row["code"] for row in rows["contract"]] == ["HQ"]
    assert [(row["id"], row["role"]) for row in rows["people"]] == [
        (engineer.id, "inspection_engineer")
    ]
    assert [row["id"] for row in rows["rooms"]] == [room.id]
    assert {row["id"] for row in rows["devices"]} == {device.id for device in devices}
    assert rows["devices"][0]["register"] == {"rated_lamp_hours": 3000}
    assert rows["labels"] == [{"id": 1, "code": "BCDF", "device_id": devices[0].id}]
    assert [row["number"] for row in rows["checklists"]] == [1]
    assert [(row["month"], row["checklist"]) for row in rows["rounds"]] == [("2026-03", 1)]
    # Three devices, and the room's own checklist.
    assert [row.get("device_id") for row in rows["tasks"]].count(None) == 1
    assert len(rows["tasks"]) == 4
    assert "outcome" not in rows["tasks"][0]


def test_nothing_new_is_next_to_nothing(
    phone: Phone, march: Round, count_queries: Callable[[], int]
) -> None:
    first = phone.pull()
    count_queries()
    answer = phone.browser.get(
        phone.url(f"sync/pull?cursor={first['head']}&epoch={first['epoch']}")
    )
    assert count_queries() <= 6
    body = answer.get_json()
    assert (body["full"], body["rows"], body["gone"]) == (False, {}, {})
    assert len(answer.data) + len(str(answer.headers)) < 1000


def test_a_change_brings_its_row_alone(phone: Phone, march: Round, devices: list[Device]) -> None:
    first = phone.pull()
    change(devices[1], serial="X9")
    rows = since(phone, first)["rows"]
    assert list(rows) == ["devices"]
    assert [(row["id"], row["serial"]) for row in rows["devices"]] == [(devices[1].id, "X9")]


def test_what_was_retired_is_gone(
    phone: Phone, march: Round, devices: list[Device], room: Room
) -> None:
    first = phone.pull()
    change(devices[0], retired_at=now_utc())
    change(room, retired_at=now_utc())
    answer = since(phone, first)
    assert answer["gone"] == {"rooms": [room.id], "devices": [devices[0].id]}
    whole = phone.pull()
    assert devices[0].id not in {row["id"] for row in whole["rows"]["devices"]}
    assert "rooms" not in whole["rows"]


def test_a_device_that_was_inspected_stays_on_the_phones_until_its_round_is_accepted(
    phone: Phone, contract: Contract, march: Round, devices: list[Device]
) -> None:
    phone.send(made.visit(march, devices[0]))
    first = phone.pull()
    with unit_of_work() as session:
        session.get_one(Device, devices[0].id).retired_at = now_utc()
        session.flush()
        sync_tasks_with_estate(session, contract.id, now_utc())
    second = since(phone, first)
    assert [(row["id"], row["retired"]) for row in second["rows"]["devices"]] == [
        (devices[0].id, True)
    ]
    assert "gone" not in second or "devices" not in second["gone"]
    # So what is sent back of it has a name and a checklist, on a phone that comes anew too.
    whole = {row["id"]: row.get("retired", False) for row in phone.pull()["rows"]["devices"]}
    assert whole[devices[0].id]
    assert not whole[devices[1].id]
    change(march, state="accepted")
    assert since(phone, second)["gone"]["devices"] == [devices[0].id]
    assert devices[0].id not in {row["id"] for row in phone.pull()["rows"]["devices"]}
    third = phone.pull()
    change(march, state="open")
    assert [row["id"] for row in since(phone, third)["rows"]["devices"]] == [devices[0].id]


def test_a_device_that_is_retired_takes_its_task_along(
    phone: Phone, contract: Contract, march: Round, devices: list[Device]
) -> None:
    first = phone.pull()
    [lost] = [row["id"] for row in first["rows"]["tasks"] if row.get("device_id") == devices[0].id]
    with unit_of_work() as session:
        session.get_one(Device, devices[0].id).retired_at = now_utc()
        session.flush()
        assert sync_tasks_with_estate(session, contract.id, now_utc()) == 1
    answer = since(phone, first)
    assert answer["gone"] == {"devices": [devices[0].id], "tasks": [lost]}
    assert "tasks" not in answer["rows"]
    assert lost not in {row["id"] for row in phone.pull()["rows"]["tasks"]}
    # And brings it back where it comes back.
    with unit_of_work() as session:
        session.get_one(Device, devices[0].id).retired_at = None
        session.flush()
        sync_tasks_with_estate(session, contract.id, now_utc())
    assert [row["id"] for row in since(phone, answer)["rows"]["tasks"]] == [lost]


def test_a_revoked_label_stays_known(phone: Phone, march: Round, devices: list[Device]) -> None:
    with unit_of_work() as session:
        label = Label(
            contract_id=march.contract_id, code="BCDF", device_id=devices[0].id, made_at=now_utc()
        )
        session.add(label)
    first = phone.pull()
    change(label, revoked_at=now_utc())
    assert since(phone, first)["rows"]["labels"][0]["revoked"] is True


def test_a_member_who_left_keeps_his_name_without_a_role(
    phone: Phone, march: Round, manager: User
) -> None:
    first = phone.pull()
    with unit_of_work() as session:
        session.scalars(
            sa.select(Membership).filter_by(user_id=manager.id)
        ).one().left_at = now_utc()
    [row] = since(phone, first)["rows"]["people"]
    assert (row["name"], row["role"]) == ("王建国", None)


def test_a_new_name_reaches_the_phones(phone: Phone, march: Round, manager: User) -> None:
    first = phone.pull()
    with unit_of_work() as session:
        identity.change_user(
            session,
            manager.id,
            changes={"name": "王新国"},
            new_hash=None,
            now=now_utc(),
            actor_id=manager.id,
        )
    assert [row["name"] for row in since(phone, first)["rows"]["people"]] == ["王新国"]


def test_an_inspection_brings_its_task_and_later_its_photo(
    phone: Phone, march: Round, devices: list[Device], engineer: User
) -> None:
    first = phone.pull()
    data = picture()
    line = slot(data, "image")
    payload = made.visit(march, devices[0], photos=[line])
    phone.send(payload)
    second = since(phone, first)
    [task] = second["rows"]["tasks"]
    assert (task["device_id"], task["outcome"]) == (devices[0].id, "normal")
    assert task["inspection_uid"] == payload["uid"]
    [row] = second["rows"]["inspections"]
    assert (row["uid"], row["author_id"], row["task_id"]) == (
        payload["uid"],
        engineer.id,
        task["id"],
    )
    assert (row["photos_expected"], row.get("photos_received", 0)) == (1, 0)
    phone.put(line["id"], data)
    [row] = since(phone, second)["rows"]["inspections"]
    assert (row["photos_expected"], row["photos_received"]) == (1, 1)


def test_the_day_of_a_second_visit_reaches_every_phone(
    phone: Phone, march: Round, devices: list[Device]
) -> None:
    exception = {"reason": "occupied", "remark": "", "revisit_on": "2026-03-05"}
    phone.send(made.visit(march, devices[0], readings=[], exception=exception))
    phone.send(made.visit(march, devices[1]))
    rows = phone.pull()["rows"]
    task = {row["id"]: row.get("device_id") for row in rows["tasks"]}
    told = {task[row["task_id"]]: row.get("revisit_on") for row in rows["inspections"]}
    assert told == {devices[0].id: "2026-03-05", devices[1].id: None}


def test_an_open_item_comes_and_goes(
    phone: Phone,
    march: Round,
    devices: list[Device],
    manager: User,
    signed_in: Callable[[User], FlaskClient],
) -> None:
    first = phone.pull()
    payload = made.visit(march, devices[0])
    made.reading(payload, "power", "fail", "abnormal", cause="fuse")
    phone.send(payload)
    second = since(phone, first)
    [item] = second["rows"]["open_items"]
    assert (item["device_id"], item["item"], item["opened_month"]) == (
        devices[0].id,
        "power",
        "2026-03",
    )
    # By it a phone knows what its own record has opened: a correction of that answers no such item.
    assert item["opened_uid"] == payload["uid"]
    [others] = Phone(signed_in(manager)).pull()["rows"]["open_items"]
    assert (others["id"], others.get("opened_uid")) == (item["id"], None)
    change(db.session.get_one(OpenItem, item["id"]), state="solved")
    assert since(phone, second)["gone"]["open_items"] == [item["id"]]
    assert "open_items" not in phone.pull()["rows"]


def test_an_accepted_round_is_gone_with_all_that_is_its_own(
    phone: Phone, march: Round, devices: list[Device]
) -> None:
    payload = made.visit(march, devices[0])
    phone.send(payload)
    first = phone.pull()
    change(march, state="finished")
    second = since(phone, first)
    assert second["rows"]["rounds"][0]["state"] == "finished"
    change(march, state="accepted")
    gone = since(phone, second)["gone"]
    assert gone["rounds"] == [march.id]
    assert len(gone["tasks"]) == 4
    assert gone["inspections"] == [payload["uid"]]
    whole = phone.pull()["rows"]
    assert not {"rounds", "tasks", "inspections"} & set(whole)
    third = phone.pull()
    change(march, state="open")
    reopened = since(phone, third)["rows"]
    assert len(reopened["tasks"]) == 4
    assert [row["uid"] for row in reopened["inspections"]] == [payload["uid"]]


def test_a_late_round_stays_on_the_phone_beside_the_next(
    phone: Phone, contract: Contract, march: Round, devices: list[Device]
) -> None:
    first = phone.pull()
    april = made.opened(contract, "2026-04")
    new = since(phone, first)["rows"]
    assert [row["month"] for row in new["rounds"]] == ["2026-04"]
    whole = phone.pull()["rows"]
    assert {row["month"] for row in whole["rounds"]} == {"2026-03", "2026-04"}
    of_rounds = [row["round_id"] for row in whole["tasks"]]
    assert (of_rounds.count(march.id), of_rounds.count(april.id)) == (4, 4)
    # What is done late goes to the round that it belongs to.
    phone.send(made.visit(march, devices[0]))
    [task] = [row for row in phone.pull()["rows"]["tasks"] if "outcome" in row]
    assert (task["round_id"], task["device_id"]) == (march.id, devices[0].id)


def test_a_checklist_stays_while_a_round_uses_it(
    phone: Phone, contract: Contract, march: Round
) -> None:
    first = phone.pull()
    made.checklist(contract, number=2)
    old = db.session.scalars(sa.select(ChecklistVersion).filter_by(number=1)).one()
    change(old, state="retired")
    second = since(phone, first)
    assert sorted(row["number"] for row in second["rows"]["checklists"]) == [1, 2]
    change(march, state="accepted")
    third = since(phone, second)
    assert third["gone"]["checklists"] == [old.id]
    assert "checklists" not in third["rows"]
    change(march, state="open")
    assert [row["number"] for row in since(phone, third)["rows"]["checklists"]] == [1]


def test_a_draft_checklist_stays_at_the_desk(
    phone: Phone, contract: Contract, march: Round
) -> None:
    first = phone.pull()
    row = made.checklist(contract, number=2)
    change(row, state="draft")
    answer = since(phone, first)
    assert (answer["rows"], answer["gone"]) == ({}, {})


@pytest.mark.parametrize("cursor", [10_000, 0, -3])
def test_a_cursor_of_another_life_gets_everything(phone: Phone, march: Round, cursor: int) -> None:
    first = phone.pull()
    answer = phone.pull(cursor, first["epoch"])
    assert answer["full"] is True
    assert in_any_order(answer["rows"]) == in_any_order(first["rows"])


def test_a_new_epoch_gets_everything(phone: Phone, march: Round) -> None:
    first = phone.pull()
    with unit_of_work() as session:
        services.new_epoch(session)
    answer = since(phone, first)
    assert answer["full"] is True
    assert answer["epoch"] != first["epoch"]
    assert phone.browser.get(phone.url("sync/pull?cursor=x&epoch=%00")).status_code == 200


def test_a_returned_photo_reaches_its_author_alone_until_it_is_accepted(
    phone: Phone,
    contract: Contract,
    march: Round,
    devices: list[Device],
    manager: User,
    signed_in: Callable[[User], FlaskClient],
) -> None:
    other = factories.member(contract, "backup_engineer", login="backup")
    theirs, desk = Phone(signed_in(other)), Phone(signed_in(manager))
    data = picture()
    line = slot(data, "image")
    phone.send(made.visit(march, devices[0], photos=[line]))
    phone.put(line["id"], data)
    first, others = phone.pull(), theirs.pull()
    mark = {"kind": "circle", "points": [[0.5, 0.25], [0.6, 0.3]], "text": ""}
    review = {"state": "returned", "remark": "太暗", "marks": [mark]}
    assert desk.post(f"photos/{line['id']}/review", review).status_code == 200
    second = since(phone, first)
    [row] = second["rows"]["returned_photos"]
    assert (row["id"], row["remark"], row["marks"]) == (line["id"], "太暗", [mark])
    assert "returned_photos" not in since(theirs, others)["rows"]
    assert [row["id"] for row in phone.pull()["rows"]["returned_photos"]] == [line["id"]]
    # Whoever the room is given to has it to do.
    with unit_of_work() as session:
        task = session.scalars(sa.select(RoundTask).filter_by(device_id=devices[0].id)).one()
        task.assignee_id = other.id
    assert len(since(theirs, others)["rows"]["returned_photos"]) == 1
    desk.post(f"photos/{line['id']}/review", {"state": "accepted"})
    assert since(phone, second)["gone"]["returned_photos"] == [line["id"]]


def test_the_previous_month_comes_with_the_task(
    phone: Phone, contract: Contract, march: Round, devices: list[Device]
) -> None:
    phone.send(made.visit(march, devices[0]))
    change(march, state="accepted")
    made.opened(contract, "2026-04")
    tasks = phone.pull()["rows"]["tasks"]
    [task] = [row for row in tasks if row.get("device_id") == devices[0].id]
    assert task["previous"]["month"] == "2026-03"
    assert task["previous"]["readings"]["lamp_hours"] == 500
    assert all("previous" not in row for row in tasks if row is not task)


def test_a_pull_costs_the_same_statements_whatever_its_size(
    phone: Phone, march: Round, room: Room, count_queries: Callable[[], int]
) -> None:
    phone.pull()
    count_queries()
    phone.pull()
    few = count_queries()
    for number in range(20):
        factories.device(room, name=f"屏{number}")
    count_queries()
    assert len(phone.pull()["rows"]["devices"]) == 23
    assert count_queries() == few <= 20


def test_a_big_answer_is_compressed_for_those_who_can(phone: Phone, march: Round) -> None:
    plain = phone.browser.get(phone.url("sync/pull?cursor=0"))
    small = phone.browser.get(
        phone.url("sync/pull?cursor=0"), headers={"Accept-Encoding": "gzip, br"}
    )
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert len(small.data) < len(plain.data) / 2
    rows = json.loads(gzip.decompress(small.data))["rows"]
    assert in_any_order(rows) == in_any_order(plain.get_json()["rows"])


def test_a_late_commit_is_not_skipped(app: Flask, phone: Phone, march: Round) -> None:
    """Two changes interleaved: the one that takes its number first commits last.

    The second waits for the first one's commit to get its number, so no pull in between can see the
    higher number without the lower one.
    """
    cursor, contract_id = phone.pull(), march.contract_id
    taken, go_on = threading.Event(), threading.Event()
    order: list[str] = []

    def slow() -> None:
        with app.app_context():
            with unit_of_work() as session:
                take_sequence(session, contract_id)
                taken.set()
                go_on.wait(10)
                session.add(Building(contract_id=contract_id, name_zh="慢"))
                order.append("slow")
            db.session.remove()

    def quick() -> None:
        taken.wait(10)
        with app.app_context():
            with unit_of_work() as session:
                session.add(Building(contract_id=contract_id, name_zh="快"))
                session.flush()
                order.append("quick")
            db.session.remove()

    threads = [threading.Thread(target=work) for work in (slow, quick)]
    for thread in threads:
        thread.start()
    taken.wait(10)
    threads[1].join(0.3)
    between = since(phone, cursor)
    go_on.set()
    for thread in threads:
        thread.join(20)
    after = since(phone, between)
    seen = [
        row["name_zh"] for pulled in (between, after) for row in pulled["rows"].get("buildings", [])
    ]
    assert sorted(seen) == sorted(["慢", "快"])
    assert order == ["slow", "quick"]


def test_who_may_not_see_the_contract_pulls_nothing(
    march: Round, stranger: User, client: FlaskClient, signed_in: Callable[[User], FlaskClient]
) -> None:
    assert client.get("/api/contracts/HQ/sync/pull").status_code == 401
    assert signed_in(stranger).get("/api/contracts/HQ/sync/pull").status_code == 404


def test_held_amendments_go_in_after_five_days_with_a_flag(
    phone: Phone, march: Round, devices: list[Device], app: Flask
) -> None:
    from webapp import background
    from webapp.rounds.models import Inspection

    original = made.visit(march, devices[0])
    phone.send(made.amended(original, 1, remark="alone"))
    background.force_long_held_amendments(now_utc() + timedelta(days=4))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Inspection)) == 0
    background.force_long_held_amendments(now_utc() + timedelta(days=5, minutes=1))
    [row] = db.session.scalars(sa.select(Inspection)).all()
    assert row.remark == "alone"
    assert "amendment_forced" in row.flags
