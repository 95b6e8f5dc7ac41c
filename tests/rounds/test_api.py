"""Rounds, inspections, pairs and open items over HTTP: every endpoint, every kind of answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.rounds import made
from webapp.audit.models import AuditRow
from webapp.db import db, now_utc, unit_of_work
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract, User
from webapp.rounds.models import Inspection, OpenItem, Photo, Round, RoundTask
from webapp.sync.models import Phone

SignIn = Callable[[User], FlaskClient]
HQ = "/api/contracts/HQ"


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


READS = (
    "rounds",
    "rounds/2026-03",
    "rounds/2026-03/board",
    "inspections",
    "inspections/1",
    "open-items",
    "open-items/1",
    "consumables",
)
WRITES = (
    ("POST", "rounds", {"month": "2026-05"}, "inspection_engineer"),
    ("PATCH", "rounds/2026-03/rooms", {"rooms": [{"room_id": 1, "assignee_id": None}]}, "backup"),
    ("POST", "rounds/2026-03/finish", None, "client_it_lead"),
    ("POST", "inspections/1/pick", None, "inspection_engineer"),
    ("PATCH", "open-items/1", {"remark": "订货"}, "inspection_engineer"),
)


@pytest.mark.parametrize("path", READS)
def test_reading_takes_a_member(
    path: str, client: FlaskClient, stranger: User, signed_in: SignIn, pair: tuple[int, int]
) -> None:
    assert client.get(f"{HQ}/{path}").status_code == 401
    assert signed_in(stranger).get(f"{HQ}/{path}").status_code == 404


@pytest.mark.parametrize("path", READS)
def test_the_clients_it_lead_reads_everything(
    path: str, it_lead: User, signed_in: SignIn, pair: tuple[int, int]
) -> None:
    assert signed_in(it_lead).get(f"{HQ}/{path}").status_code == 200


@pytest.mark.parametrize("path", ["rounds/2026-03", "inspections/1", "open-items/1"])
def test_another_contracts_rows_are_not_found(
    path: str, stranger: User, signed_in: SignIn, pair: tuple[int, int]
) -> None:
    assert signed_in(stranger).get(f"/api/contracts/OTHER/{path}").status_code == 404


@pytest.mark.parametrize(("method", "path", "body", "_role"), WRITES)
def test_writing_takes_a_right(
    method: str,
    path: str,
    body: Any,
    _role: str,
    client: FlaskClient,
    engineer: User,
    stranger: User,
    signed_in: SignIn,
    pair: tuple[int, int],
) -> None:
    def ask(browser: FlaskClient, code: str = "HQ") -> int:
        return browser.open(f"/api/contracts/{code}/{path}", method=method, json=body).status_code

    assert ask(client) == 401
    assert ask(signed_in(stranger)) == 404
    assert ask(signed_in(engineer)) == 403
    if path != "rounds":
        assert ask(signed_in(stranger), "OTHER") == 404


def test_opening_a_month(manager: User, signed_in: SignIn, device: Device) -> None:
    browser = signed_in(manager)
    answer = browser.post(f"{HQ}/rounds", json={"month": "2026-05"})
    assert answer.status_code == 201
    shown = answer.get_json()
    assert (shown["due_on"], shown["state"], shown["checklist"]) == ("2026-05-10", "open", 1)
    assert shown["progress"]["total"] == 2
    assert shown["actions"] == ["finish"]
    again = browser.post(f"{HQ}/rounds", json={"month": "2026-05"})
    assert (again.status_code, again.get_json()["code"]) == (409, "round_exists")
    wrong = browser.post(f"{HQ}/rounds", json={"month": "2026-13"})
    assert wrong.status_code == 422
    assert [row["month"] for row in browser.get(f"{HQ}/rounds").get_json()] == ["2026-05"]


def test_a_round_without_a_checklist(manager: User, signed_in: SignIn, contract: Contract) -> None:
    answer = signed_in(manager).post(f"{HQ}/rounds", json={"month": "2026-05"})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "checklist_missing")


def test_listing_rounds_takes_a_fixed_number_of_statements(
    contract: Contract,
    manager: User,
    signed_in: SignIn,
    device: Device,
    count_queries: Callable[[], int],
) -> None:
    browser = signed_in(manager)
    made.opened(contract, "2026-01")
    browser.get(f"{HQ}/rounds")
    count_queries()
    browser.get(f"{HQ}/rounds")
    before = count_queries()
    for month in ("2026-02", "2026-03", "2026-04"):
        made.opened(contract, month)
    count_queries()
    assert len(browser.get(f"{HQ}/rounds").get_json()) == 4
    assert count_queries() <= before


def test_from_open_to_accepted_and_back(
    contract: Contract,
    manager: User,
    engineer: User,
    signed_in: SignIn,
    device: Device,
    march: Round,
) -> None:
    browser = signed_in(manager)

    def act(action: str) -> tuple[int, Any]:
        answer = browser.post(f"{HQ}/rounds/2026-03/{action}")
        body = answer.get_json()
        return answer.status_code, body.get("code") or body["state"]

    assert act("accept") == (409, "round_transition_refused")
    refused = browser.post(f"{HQ}/rounds/2026-03/finish").get_json()
    assert (refused["code"], refused["details"]["missing"]) == ("round_not_complete", {"todo": 2})
    room = db.session.get_one(Room, device.room_id)
    made.send(contract, engineer, made.visit(march, device), made.visit(march, None, room=room))
    assert act("finish") == (200, "finished")
    visit = made.visit(march, device, photos=[made.photo("image")])
    made.send(contract, engineer, visit)
    assert act("accept") == (409, "round_not_complete")
    second = db.session.scalars(sa.select(Inspection).where(Inspection.uid == visit["uid"])).one()
    assert browser.post(f"{HQ}/inspections/{second.id}/pick").status_code == 200
    with unit_of_work() as session:
        photo = session.scalars(sa.select(Photo)).one()
        photo.received_at, photo.review = now_utc(), "returned"
    assert act("accept") == (409, "round_not_complete")
    with unit_of_work() as session:
        session.scalars(sa.select(Photo)).one().review = "accepted"
    assert act("accept") == (200, "accepted")
    assert browser.get(f"{HQ}/rounds/2026-03").get_json()["accepted_at"]
    assert act("finish") == (409, "round_transition_refused")
    assert act("reopen") == (200, "open")
    shown = browser.get(f"{HQ}/rounds/2026-03").get_json()
    assert (shown["accepted_at"], shown["finished_at"]) == (None, None)
    actions = db.session.scalars(sa.select(AuditRow.action).where(AuditRow.entity == "round"))
    assert list(actions) == ["open", "finish", "accept", "reopen"]


def test_an_engineer_may_not_finish(engineer: User, signed_in: SignIn, march: Round) -> None:
    answer = signed_in(engineer).post(f"{HQ}/rounds/2026-03/finish")
    assert answer.status_code == 403
    assert signed_in(engineer).get(f"{HQ}/rounds/2026-03").get_json()["actions"] == []
    assert signed_in(engineer).post(f"{HQ}/rounds/2026-03/explode").status_code == 404


def test_assigning_rooms(
    contract: Contract,
    manager: User,
    engineer: User,
    it_lead: User,
    stranger: User,
    signed_in: SignIn,
    device: Device,
    march: Round,
) -> None:
    browser = signed_in(manager)

    def assign(room_id: int, user_id: int | None) -> tuple[int, Any]:
        rooms = [{"room_id": room_id, "assignee_id": user_id}]
        answer = browser.patch(f"{HQ}/rounds/2026-03/rooms", json={"rooms": rooms})
        return answer.status_code, (answer.get_json(silent=True) or {}).get("code")

    before = db.session.get_one(Contract, contract.id).head_seq
    assert assign(device.room_id, engineer.id) == (204, None)
    db.session.rollback()
    db.session.expire_all()
    tasks = db.session.scalars(sa.select(RoundTask)).all()
    assert {task.assignee_id for task in tasks} == {engineer.id}
    assert all(task.seq > before for task in tasks)
    assert assign(device.room_id, it_lead.id) == (422, "not_a_member")
    assert assign(device.room_id, stranger.id) == (422, "not_a_member")
    assert assign(999, engineer.id) == (404, "not_found")
    assert assign(device.room_id, 0) == (422, "invalid")
    assert assign(device.room_id, None) == (204, None)
    with unit_of_work() as session:
        session.get_one(Round, march.id).state = "accepted"
    assert assign(device.room_id, engineer.id) == (409, "round_not_open")


def test_the_board(
    contract: Contract,
    manager: User,
    engineer: User,
    signed_in: SignIn,
    device: Device,
    march: Round,
    pair: tuple[int, int],
) -> None:
    browser = signed_in(manager)
    rooms = [{"room_id": device.room_id, "assignee_id": engineer.id}]
    browser.patch(f"{HQ}/rounds/2026-03/rooms", json={"rooms": rooms})
    with unit_of_work() as session:
        session.add(
            Phone(
                contract_id=contract.id,
                phone_id="p1",
                user_id=engineer.id,
                unsent_records=3,
                unsent_photos=4,
                last_seen_at=now_utc() - timedelta(hours=2),
            )
        )
    answer = browser.get(f"{HQ}/rounds/2026-03/board")
    shown = answer.get_json()
    assert shown["round"]["progress"]["done"] == 1
    (building,) = shown["buildings"]
    (room,) = building["rooms"]
    assert (room["id"], room["assignee_id"]) == (device.room_id, engineer.id)
    assert (room["normal"], room["todo"], room["total"]) == (1, 1, 2)
    assert (room["pairs"], room["open_items"]) == (1, 1)
    people = {row["name"]: row for row in shown["engineers"]}
    assert people["李明"]["progress"]["total"] == 2
    assert people["李明"]["inspections"] == 1
    assert people["李明"]["last_room_id"] == device.room_id
    assert people["王建国"]["inspections"] == 1
    assert shown["phones"][0]["user_name"] == "李明"
    blockers = {(row["kind"], row["owner_name"]): row["count"] for row in shown["blockers"]}
    assert blockers == {("pairs", ""): 1, ("todo", "李明"): 1, ("unsent", "李明"): 7}


def test_the_board_says_when_nothing_changed(
    contract: Contract,
    manager: User,
    engineer: User,
    signed_in: SignIn,
    device: Device,
    march: Round,
) -> None:
    browser = signed_in(manager)
    path = f"{HQ}/rounds/2026-03/board"
    etag = browser.get(path).headers["ETag"]
    unchanged = browser.get(path, headers={"If-None-Match": etag})
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    made.send(contract, engineer, made.visit(march, device))
    assert browser.get(path, headers={"If-None-Match": etag}).status_code == 200
    assert browser.get(f"{HQ}/rounds/2026-04/board").status_code == 404


def test_listing_inspections_and_its_filters(
    contract: Contract,
    manager: User,
    engineer: User,
    signed_in: SignIn,
    device: Device,
    march: Round,
    pair: tuple[int, int],
) -> None:
    browser = signed_in(manager)

    def ids(query: str) -> list[int]:
        answer = browser.get(f"{HQ}/inspections?{query}")
        assert answer.status_code == 200, answer.get_json()
        return [row["id"] for row in answer.get_json()["items"]]

    first, second = pair
    assert ids("") == [second, first]
    assert ids("month=2026-03&pair=true") == [second, first]
    assert ids("month=2026-02") == []
    assert ids(f"room_id={device.room_id}&author_id={engineer.id}") == [first]
    assert ids(f"device_id={device.id}&verdict=abnormal") == [second]
    assert ids("type=projector&q=投影机 西湖") == [second, first]
    assert ids("type=room") == []
    assert ids("q=%25") == []
    assert ids("flag=photo_missing") == [second, first]
    assert ids("flag=photo") == []
    assert ids("page_size=1&page=2") == [first]
    row = browser.get(f"{HQ}/inspections").get_json()["items"][1]
    assert (row["author"], row["counts"], row["pair_open"]) == ("李明", True, True)
    assert browser.get(f"{HQ}/inspections?verdict=fine").status_code == 422
    assert browser.get(f"{HQ}/inspections?room_id={10**12}").status_code == 422


def test_lists_take_a_fixed_number_of_statements(
    contract: Contract,
    manager: User,
    engineer: User,
    signed_in: SignIn,
    device: Device,
    march: Round,
    count_queries: Callable[[], int],
) -> None:
    browser = signed_in(manager)

    def cost(path: str) -> int:
        count_queries()
        assert browser.get(f"{HQ}/{path}").status_code == 200
        return count_queries()

    def one_more(device: Device) -> None:
        visit = made.visit(
            march,
            device,
            photos=[made.photo("image")],
            consumables=[{"consumable": "lamp"}],
        )
        made.reading(visit, "image", "dim", "abnormal")
        made.send(contract, engineer, visit)

    paths = ("inspections", "open-items", "consumables", "rounds/2026-03/board")
    one_more(device)
    before = {path: cost(path) for path in paths}
    room = db.session.get_one(Room, device.room_id)
    for _ in range(5):
        one_more(factories.device(room))
    assert {path: cost(path) for path in paths} == before
    assert max(before.values()) <= 15


def test_an_inspection_whole(
    contract: Contract, manager: User, engineer: User, signed_in: SignIn, device: Device
) -> None:
    for month, hours in (("2026-01", 2300), ("2026-02", 2400)):
        visit = made.visit(made.opened(contract, month), device)
        made.reading(visit, "lamp_hours", hours, "normal")
        made.reading(visit, "image", "dim", "abnormal")
        made.send(contract, engineer, visit, now=made.at(month))
    march = made.opened(contract, "2026-03")
    photo = made.photo("lamp_hours")
    visit = made.visit(
        march,
        device,
        photos=[photo],
        open_items=[{"number": 1, "answer": "still", "remark": "等配件"}],
        findings=[{"uid": made.uid(), "text": "漏水"}],
        consumables=[{"consumable": "battery", "quantity": 2}],
    )
    made.reading(visit, "lamp_hours", 2600, "abnormal", cause="lamp_aged")
    visit["readings"] = [row for row in visit["readings"] if row["item"] != "screen"]
    changed = made.amended(visit, remark="再看过")
    made.reading(changed, "lamp_hours", 2610, "abnormal", cause="自己写的")
    made.send(contract, engineer, visit, changed)
    row = db.session.scalars(sa.select(Inspection).where(Inspection.uid == visit["uid"])).one()
    shown = signed_in(manager).get(f"{HQ}/inspections/{row.id}").get_json()
    assert (shown["revision"], shown["verdict"], shown["remark"]) == (2, "abnormal", "再看过")
    lamp = next(reading for reading in shown["readings"] if reading["item"] == "lamp_hours")
    assert (lamp["value"], lamp["unit"], lamp["verdict"], lamp["reason"]) == (
        2610,
        "h",
        "abnormal",
        "above_max",
    )
    assert lamp["limits"]["maximum"] == 2550
    assert lamp["previous"] == 2400
    assert lamp["trend"] == [
        {"month": "2026-01", "value": 2300, "verdict": "normal"},
        {"month": "2026-02", "value": 2400, "verdict": "normal"},
    ]
    assert lamp["cause_zh"] == "自己写的"
    image = next(reading for reading in shown["readings"] if reading["item"] == "image")
    assert (image["value_zh"], image["previous_en"], image["repeat"]) == ("正常", "dim", 2)
    assert [item["item"] for item in shown["unanswered"]] == ["screen"]
    assert [(o["number"], o["answer"], o["age_months"]) for o in shown["open_items"]] == [
        (1, "still", 2),
        (2, "opened", 0),
        (3, "opened", 0),
    ]
    assert shown["findings"][0]["text"] == "漏水"
    assert shown["consumables"] == [{"consumable": "battery", "quantity": 2}]
    assert [p["uid"] for p in shown["photos"]] == [photo["id"]]
    first, second = shown["revisions"]
    assert (first["changes"], second["author"]) == ([], "李明")
    assert second["changes"] == [
        {"field": "readings.lamp_hours.cause", "before": "lamp_aged", "after": "自己写的"},
        {"field": "readings.lamp_hours.value", "before": 2600, "after": 2610},
        {"field": "remark", "before": None, "after": "再看过"},
    ]
    assert shown["pair"] == []
    assert signed_in(manager).get(f"{HQ}/inspections/999").status_code == 404


def test_an_exception_in_words(
    contract: Contract, manager: User, signed_in: SignIn, device: Device, march: Round
) -> None:
    exception = {"reason": "occupied", "remark": "董事会", "revisit_on": "2026-03-05"}
    (answer,) = made.send(
        contract, manager, made.visit(march, device, readings=[], exception=exception)
    )
    shown = signed_in(manager).get(f"{HQ}/inspections/{answer.inspection_id}").get_json()
    assert (shown["exception_zh"], shown["exception_remark"], shown["revisit_on"]) == (
        "会议占用",
        "董事会",
        "2026-03-05",
    )


def test_picking_one_of_a_pair(
    manager: User, signed_in: SignIn, device: Device, pair: tuple[int, int]
) -> None:
    browser = signed_in(manager)
    first, second = pair
    shown = browser.get(f"{HQ}/inspections/{first}").get_json()
    assert [other["id"] for other in shown["pair"]] == [second]
    values = {r["item"]: r["value"] for r in shown["pair"][0]["readings"]}
    assert values["image"] == "dim"
    picked = browser.post(f"{HQ}/inspections/{second}/pick").get_json()
    assert (picked["counts"], picked["pair_open"], picked["picked"]) == (True, False, True)
    task = db.session.scalars(sa.select(RoundTask).where(RoundTask.device_id == device.id)).one()
    assert (task.outcome, task.inspection_id) == ("abnormal", second)
    assert browser.get(f"{HQ}/inspections?pair=true").get_json()["total"] == 0
    assert browser.post(f"{HQ}/inspections/{first}/pick").status_code == 200
    assert browser.post(f"{HQ}/inspections/999/pick").status_code == 404


def test_there_is_nothing_to_pick_without_a_pair(
    contract: Contract,
    manager: User,
    engineer: User,
    signed_in: SignIn,
    device: Device,
    march: Round,
) -> None:
    (only,) = made.send(contract, engineer, made.visit(march, device))
    answer = signed_in(manager).post(f"{HQ}/inspections/{only.inspection_id}/pick")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "pair_required")


def test_the_picked_one_has_the_last_word_on_open_items(
    contract: Contract, manager: User, engineer: User, signed_in: SignIn, device: Device
) -> None:
    bad = made.visit(made.opened(contract, "2026-02"), device)
    made.reading(bad, "image", "dim", "abnormal")
    made.send(contract, engineer, bad, now=made.at("2026-02"))
    march = made.opened(contract, "2026-03")
    solved = made.visit(march, device, open_items=[{"number": 1, "answer": "solved"}])
    still = made.visit(march, device, open_items=[{"number": 1, "answer": "still"}])
    (one,) = made.send(contract, engineer, solved)
    made.send(contract, manager, still, now=made.at("2026-03", 4))
    browser = signed_in(manager)
    assert browser.get(f"{HQ}/open-items/1").get_json()["state"] == "open"
    browser.post(f"{HQ}/inspections/{one.inspection_id}/pick")
    shown = browser.get(f"{HQ}/open-items/1").get_json()
    assert (shown["state"], shown["closed_month"]) == ("solved", "2026-03")


def test_open_items_list_story_and_change(
    contract: Contract,
    manager: User,
    engineer: User,
    stranger: User,
    signed_in: SignIn,
    device: Device,
    pair: tuple[int, int],
) -> None:
    browser = signed_in(manager)

    def numbers(query: str) -> list[int]:
        answer = browser.get(f"{HQ}/open-items?{query}")
        assert answer.status_code == 200, answer.get_json()
        return [row["number"] for row in answer.get_json()["items"]]

    assert numbers("state=open&severity=3") == [1]
    assert numbers(f"room_id={device.room_id}&device_id={device.id}&month=2026-03") == [1]
    assert numbers("q=%231 投影机") == [1]
    assert numbers("q=看不清&sort=age") == [1]
    assert numbers("owner_id=0") == [1]
    assert numbers("state=solved") == []
    row = browser.get(f"{HQ}/open-items").get_json()["items"][0]
    assert (row["item_zh"], row["text"], row["device_name"]) == ("画面", "看不清", "投影机甲")
    assert row["age_months"] >= 0

    change = {"owner_id": engineer.id, "due_on": "2026-04-01", "remark": "订货"}
    changed = browser.patch(f"{HQ}/open-items/1", json=change)
    assert changed.status_code == 200
    shown = changed.get_json()
    assert (shown["owner"], shown["due_on"], shown["remark"]) == ("李明", "2026-04-01", "订货")
    assert shown["urgency"] == "now"
    (opening,) = shown["answers"]
    assert (opening["answer"], opening["value_zh"], opening["author"]) == (
        "opened",
        "偏暗",
        "王建国",
    )
    assert numbers(f"owner_id={engineer.id}&sort=due_on") == [1]
    cleared = browser.patch(f"{HQ}/open-items/1", json={"owner_id": None}).get_json()
    assert (cleared["owner"], cleared["remark"]) == (None, "订货")
    assert browser.patch(f"{HQ}/open-items/1", json={"owner_id": stranger.id}).status_code == 422
    assert browser.patch(f"{HQ}/open-items/1", json={"state": "solved"}).status_code == 422
    assert browser.patch(f"{HQ}/open-items/99", json={"remark": ""}).status_code == 404
    assert browser.get(f"{HQ}/open-items/99").status_code == 404
    assert browser.get(f"{HQ}/open-items?sort=mood").status_code == 422
    audit = db.session.scalars(sa.select(AuditRow).where(AuditRow.entity == "open_item")).all()
    assert audit[0].diff["remark"] == ["", "订货"]


def test_withdrawing_an_item_that_no_inspection_will_meet_again(
    contract: Contract,
    manager: User,
    engineer: User,
    signed_in: SignIn,
    device: Device,
    march: Round,
    pair: tuple[int, int],
) -> None:
    browser = signed_in(manager)

    def change(state: str) -> tuple[int, str]:
        answer = browser.patch(f"{HQ}/open-items/1", json={"state": state})
        body = answer.get_json()
        return answer.status_code, body.get("code") or body["state"]

    assert change("withdrawn") == (200, "withdrawn")
    assert browser.get(f"{HQ}/open-items/1").get_json()["closed_at"]
    assert change("withdrawn") == (200, "withdrawn")
    assert change("open") == (200, "open")
    assert browser.get(f"{HQ}/open-items/1").get_json()["closed_at"] is None
    solved = made.visit(march, device, open_items=[{"number": 1, "answer": "solved"}])
    made.send(contract, engineer, solved, now=made.at("2026-03", 5))
    assert change("withdrawn") == (409, "conflict")


def test_the_age_grows_from_month_to_month_and_the_number_stays(
    contract: Contract, manager: User, engineer: User, signed_in: SignIn, device: Device
) -> None:
    """The carry-over from end to end: opened, still there, solved."""
    browser = signed_in(manager)
    ages = []
    for month, answer in (("2026-01", None), ("2026-02", "still"), ("2026-03", "solved")):
        assert browser.post(f"{HQ}/rounds", json={"month": month}).status_code == 201
        row = db.session.scalars(sa.select(Round).where(Round.month == month)).one()
        said = [{"number": 1, "answer": answer}] if answer else []
        visit = made.visit(row, device, open_items=said)
        if answer != "solved":
            made.reading(visit, "image", "dim", "abnormal")
        (recorded,) = made.send(contract, engineer, visit, now=made.at(month))
        detail = browser.get(f"{HQ}/inspections/{recorded.inspection_id}").get_json()
        (item,) = detail["open_items"]
        ages.append((item["number"], item["age_months"], item["answer"], item["state"]))
    assert ages == [(1, 0, "opened", "open"), (1, 1, "still", "open"), (1, 2, "solved", "solved")]
    story = browser.get(f"{HQ}/open-items/1").get_json()
    assert [said["month"] for said in story["answers"]] == ["2026-01", "2026-02", "2026-03"]
    assert story["age_months"] == 2
    assert db.session.scalars(sa.select(OpenItem.number)).all() == [1]


def test_consumables_are_listed(
    contract: Contract,
    manager: User,
    engineer: User,
    signed_in: SignIn,
    device: Device,
    march: Round,
) -> None:
    uses = [{"consumable": "lamp"}, {"consumable": "battery", "quantity": 2}]
    made.send(contract, engineer, made.visit(march, device, consumables=uses))
    browser = signed_in(manager)
    found = browser.get(f"{HQ}/consumables?consumable=battery&month=2026-03").get_json()
    assert found["total"] == 1
    (row,) = found["items"]
    assert (row["quantity"], row["device_name"], row["used_on"]) == (2, "投影机甲", "2026-03-03")
    assert browser.get(f"{HQ}/consumables?device_id={device.id}").get_json()["total"] == 2
    assert browser.get(f"{HQ}/consumables?device_id=none").status_code == 422


def test_the_round_under_way_follows_the_estate(
    contract: Contract, manager: User, signed_in: SignIn, device: Device, march: Round
) -> None:
    browser = signed_in(manager)

    def total() -> int:
        shown = browser.get(f"{HQ}/rounds/2026-03").get_json()
        count: int = shown["progress"]["total"]
        return count

    assert total() == 2
    room = {"building_id": 1, "floor": "9F", "name_zh": "新厅"}
    made_room = browser.post(f"{HQ}/rooms", json=room)
    assert made_room.status_code == 201, made_room.get_json()
    new = {"room_id": made_room.get_json()["id"], "type": "codec", "name": "新终端"}
    answer = browser.post(f"{HQ}/devices", json=new)
    assert answer.status_code == 201, answer.get_json()
    assert total() == 4
    path = f"{HQ}/devices/{answer.get_json()['id']}"
    assert browser.patch(path, json={"retired": True}).status_code == 200
    assert total() == 3
    assert browser.patch(path, json={"retired": False}).status_code == 200
    assert browser.patch(path, json={"room_id": device.room_id}).status_code == 200
    (building,) = browser.get(f"{HQ}/rounds/2026-03/board").get_json()["buildings"]
    assert [row["total"] for row in building["rooms"]] == [3, 1]
