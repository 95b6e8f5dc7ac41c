"""Rounds over HTTP: opened, assigned, watched on the board, finished, accepted and reopened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient

from tests.acceptance import signed
from tests.rounds import made
from webapp.audit.models import AuditRow
from webapp.db import db, now_utc, unit_of_work
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract, User
from webapp.rounds.models import Inspection, Photo, Round, RoundTask
from webapp.sync.models import Phone

SignIn = Callable[[User], FlaskClient]
HQ = "/api/contracts/HQ"


def test_opening_a_month(device: Device, browser: FlaskClient) -> None:
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


def test_a_round_without_a_checklist(browser: FlaskClient) -> None:
    answer = browser.post(f"{HQ}/rounds", json={"month": "2026-05"})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "checklist_missing")


def test_listing_rounds_takes_a_fixed_number_of_statements(
    contract: Contract, device: Device, count_queries: Callable[[], int], browser: FlaskClient
) -> None:
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
    contract: Contract, engineer: User, device: Device, march: Round, browser: FlaskClient
) -> None:
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
    assert act("accept") == (409, "round_not_complete")
    signed.sign_all_rooms(contract)
    assert act("accept") == (200, "accepted")
    assert browser.get(f"{HQ}/rounds/2026-03").get_json()["accepted_at"]
    assert act("finish") == (409, "round_transition_refused")
    assert act("reopen") == (200, "open")
    shown = browser.get(f"{HQ}/rounds/2026-03").get_json()
    assert (shown["accepted_at"], shown["finished_at"]) == (None, None)
    actions = db.session.scalars(
        sa.select(AuditRow.action).where(AuditRow.entity == "round").order_by(AuditRow.id)
    )
    assert list(actions) == ["open", "finish", "accept", "reopen"]


def test_an_engineer_may_not_finish(engineer: User, signed_in: SignIn, march: Round) -> None:
    answer = signed_in(engineer).post(f"{HQ}/rounds/2026-03/finish")
    assert answer.status_code == 403
    assert signed_in(engineer).get(f"{HQ}/rounds/2026-03").get_json()["actions"] == []
    assert signed_in(engineer).post(f"{HQ}/rounds/2026-03/explode").status_code == 404


def test_assigning_rooms(
    contract: Contract,
    engineer: User,
    it_lead: User,
    stranger: User,
    device: Device,
    march: Round,
    browser: FlaskClient,
) -> None:
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
    contract: Contract, engineer: User, device: Device, pair: tuple[int, int], browser: FlaskClient
) -> None:
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
    assert blockers == {
        ("pairs", ""): 1,
        ("todo", "李明"): 1,
        ("unsent", "李明"): 7,
        ("acceptance", ""): 1,
    }


def test_the_board_says_when_nothing_changed(
    contract: Contract, engineer: User, device: Device, march: Round, browser: FlaskClient
) -> None:
    path = f"{HQ}/rounds/2026-03/board"
    etag = browser.get(path).headers["ETag"]
    unchanged = browser.get(path, headers={"If-None-Match": etag})
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    made.send(contract, engineer, made.visit(march, device))
    assert browser.get(path, headers={"If-None-Match": etag}).status_code == 200
    assert browser.get(f"{HQ}/rounds/2026-04/board").status_code == 404


def test_the_round_under_way_follows_the_estate(
    device: Device, march: Round, browser: FlaskClient
) -> None:
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
