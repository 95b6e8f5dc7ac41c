"""The service desk over HTTP: what each side may open and do, and what it sees of it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.cases import made
from webapp.cases.models import Case
from webapp.db import db
from webapp.estate.models import Device
from webapp.identity.models import Contract, User

SignIn = Callable[[User], FlaskClient]
CASES = "/api/contracts/HQ/cases"


@pytest.fixture
def device(contract: Contract) -> Device:
    return factories.device(factories.room(factories.building(contract)), name="投影机甲")


@pytest.fixture
def chen(it_lead: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(it_lead)


@pytest.fixture
def li(engineer: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(engineer)


def body(**more: Any) -> dict[str, Any]:
    return {"uid": made.uid(), "kind": "fault", "title": "没有声音", **more}


def declare(browser: FlaskClient, status: int = 201, **more: Any) -> dict[str, Any]:
    answer = browser.post(CASES, json=body(**more))
    assert answer.status_code == status, answer.data
    found: dict[str, Any] = answer.get_json()
    return found


def take(
    browser: FlaskClient, name: str, step: str, status: int = 200, **fields: Any
) -> dict[str, Any]:
    given = {"uid": made.uid(), "step": step, "fields": fields}
    answer = browser.post(f"{CASES}/{name}/steps", json=given)
    assert answer.status_code == status, answer.data
    found: dict[str, Any] = answer.get_json()
    return found


def test_the_client_declares_and_the_engineer_sees_it_with_its_clock(
    chen: FlaskClient, li: FlaskClient, device: Device
) -> None:
    case = declare(chen, device_id=device.id, severity=2)
    assert (case["name"], case["state"], case["room_zh"]) == ("F1", "declared", "西湖厅")
    listed = li.get(CASES).get_json()
    assert [row["name"] for row in listed["items"]] == ["F1"]
    [clock] = listed["items"][0]["clocks"]
    assert (clock["name"], clock["state"]) == ("response", "running")
    assert listed["counts"] == {"live": 1, "over": 0}


def test_each_side_is_offered_its_own_steps(
    chen: FlaskClient, li: FlaskClient, device: Device
) -> None:
    name = declare(chen)["name"]
    assert [step["key"] for step in chen.get(f"{CASES}/{name}").get_json()["steps"]] == ["note"]
    offered = [step["key"] for step in li.get(f"{CASES}/{name}").get_json()["steps"]]
    assert offered[:2] == ["take_over", "arrive"]
    assert take(chen, name, "take_over", 403)["code"] == "forbidden"
    assert take(li, name, "solve", 409, cause="x", solution="y")["code"] == "step_not_now"
    assert take(li, name, "fly", 422)["code"] == "step_unknown"


def test_what_is_internal_stays_with_who_handles_cases(chen: FlaskClient, li: FlaskClient) -> None:
    name = declare(chen)["name"]
    take(li, name, "note_internal", text="客户很急")
    take(li, name, "note", text="马上到")
    theirs = chen.get(f"{CASES}/{name}").get_json()
    assert [line["step"] for line in theirs["timeline"]] == ["opened", "note"]
    ours = li.get(f"{CASES}/{name}").get_json()
    assert [line["step"] for line in ours["timeline"]] == ["opened", "note_internal", "note"]
    assert "客户很急" not in chen.get(f"{CASES}/{name}").text


def test_a_step_says_field_by_field_what_is_wrong(chen: FlaskClient, li: FlaskClient) -> None:
    name = declare(chen)["name"]
    take(li, name, "arrive")
    refusal = take(li, name, "explain", 422, cause="", cost="abc")
    assert refusal["fields"] == {"cause": ["missing"], "plan": ["missing"], "cost": ["invalid"]}
    assert li.get(f"{CASES}/{name}").get_json()["state"] == "on_site"


def test_the_client_opens_what_is_his_to_open(chen: FlaskClient, li: FlaskClient) -> None:
    kinds = {kind["key"]: kind for kind in chen.get("/api/contracts/HQ/case-kinds").get_json()}
    assert {key for key, kind in kinds.items() if kind["may_open"]} == {
        "fault",
        "change",
        "after_hours",
        "complaint",
    }
    assert declare(chen, 403, kind="training")["code"] == "forbidden"
    fields = {"from_at": "2026-12-01T19:00:00+08:00", "to_at": "2026-12-01T22:00:00+08:00"}
    event = declare(chen, kind="after_hours", fields={"occasion": "event", **fields})
    assert event["name"] == "A1"
    refusal = declare(chen, 422, kind="after_hours", fields={"occasion": "party"})
    assert refusal["fields"] == {
        "occasion": ["invalid"],
        "from_at": ["missing"],
        "to_at": ["missing"],
    }


def test_a_chain_is_seen_from_both_ends(chen: FlaskClient, li: FlaskClient, device: Device) -> None:
    fault = declare(chen, device_id=device.id)
    assert "repair" in li.get(f"{CASES}/F1").get_json()["may_come"]
    assert chen.get(f"{CASES}/F1").get_json()["may_come"] == []
    repair = declare(li, kind="repair", parent=fault["name"], fields={"way": "warranty"})
    assert (repair["parent"]["name"], repair["device_id"]) == ("F1", device.id)
    [child] = li.get(f"{CASES}/F1").get_json()["children"]
    assert (child["name"], child["state"]) == ("R1", "planned")


def test_the_same_request_again_opens_nothing_new(chen: FlaskClient) -> None:
    sent = body()
    for _ in range(2):
        assert chen.post(CASES, json=sent).get_json()["name"] == "F1"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Case)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": "   "},
        {"kind": "wish"},
        {"severity": 0},
        {"uid": "x"},
        {"text": "x" * 4001},
        {"source": "label"},
        {"device_id": 99},
        {"fields": {"colour": "red"}},
        {"fields": []},
        {"colour": "red"},
    ],
)
def test_what_is_wrong_is_refused_and_nothing_kept(
    chen: FlaskClient, wrong: dict[str, Any]
) -> None:
    assert chen.post(CASES, json=body(**wrong)).status_code == 422
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Case)) == 0


@pytest.mark.parametrize("name", ["F9", "X1", "f1", "1", "F0"])
def test_no_such_case(chen: FlaskClient, name: str) -> None:
    declare(chen)
    assert chen.get(f"{CASES}/{name}").status_code == 404
    assert take(chen, name, "note", 404, text="?")["code"] == "not_found"


def test_strangers_find_nothing(chen: FlaskClient, stranger: User, signed_in: SignIn) -> None:
    declare(chen)
    theirs = signed_in(stranger)
    for path in (CASES, f"{CASES}/F1", f"{CASES}.csv"):
        assert theirs.get(path).status_code == 404


def test_what_waits_for_the_clients_word_is_found_until_he_has_spoken(
    chen: FlaskClient, li: FlaskClient, device: Device
) -> None:
    declare(li, kind="repair", device_id=device.id, fields={"way": "paid", "origin": "domestic"})
    declare(li, device_id=device.id)

    def waiting() -> list[str]:
        rows = chen.get(CASES, query_string={"waiting_for_client": True}).get_json()["items"]
        return [row["name"] for row in rows]

    assert waiting() == ["R1"]
    take(chen, "R1", "approve")
    assert waiting() == []


def test_filters_sorts_and_files(chen: FlaskClient, li: FlaskClient, device: Device) -> None:
    declare(chen, device_id=device.id, severity=1, title="黑屏")
    declare(chen, kind="complaint", title="来得太慢")
    declare(chen, title="声音小")
    take(li, "F2", "solve", 409, cause="a", solution="b")
    take(li, "F2", "take_over")
    take(li, "F2", "solve", cause="音量", solution="调大")
    take(chen, "F2", "close", rating=4)

    def names(**query: Any) -> list[str]:
        rows = li.get(CASES, query_string=query).get_json()["items"]
        return [row["name"] for row in rows]

    # What falls due first stands first; what has no clock any more comes last.
    assert names() == ["F1", "C1", "F2"]
    assert names(state="live") == ["F1", "C1"]
    assert names(state="over", kind="fault") == ["F2"]
    assert names(stage="closed") == ["F2"]
    assert names(q="F1") == ["F1"]
    assert names(q="西湖厅 黑屏") == ["F1"]
    assert names(severity=1) == ["F1"]
    assert names(device_id=device.id) == ["F1"]
    assert names(open_item=1) == []
    assert names(waiting_for_client=True) == []
    assert names(overdue=True) == []
    assert names(owner_id=0) == ["F1", "C1"]
    assert names(sort="number") == ["C1", "F1", "F2"]
    assert names(sort="-number") == ["F2", "F1", "C1"]
    text = li.get(f"{CASES}.csv").text
    assert "黑屏" in text
    assert "已关闭" in text


def test_the_file_names_the_day_that_a_term_ends_with_and_not_the_midnight_after_it(
    chen: FlaskClient, li: FlaskClient
) -> None:
    declare(chen, kind="complaint", title="没有回音")
    declare(chen, severity=1, title="黑屏")
    sheet = csv.DictReader(io.StringIO(li.get(f"{CASES}.csv").data.decode("utf-8-sig")))
    due = {row["编号"]: row["最近时限"] for row in sheet}
    [complaint] = li.get(CASES, query_string={"kind": "complaint"}).get_json()["items"]
    assert due["C1"] == complaint["clocks"][0]["due_on"]
    # A term in hours ends with a moment.
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", due["F1"])


def test_the_list_and_the_story_take_a_fixed_number_of_statements(
    chen: FlaskClient, li: FlaskClient, device: Device, count_queries: Callable[[], int]
) -> None:
    def asked() -> list[int]:
        found = []
        for path in (CASES, f"{CASES}/F1"):
            count_queries()
            assert li.get(path).status_code == 200
            found.append(count_queries())
        return found

    declare(chen, device_id=device.id)
    before = asked()
    for _ in range(5):
        declare(chen, device_id=device.id)
        take(chen, "F1", "note", text="还在等")
    assert asked() == before


def test_a_fault_that_is_under_way_goes_with_its_device_into_another_room(
    chen: FlaskClient,
    li: FlaskClient,
    manager: User,
    signed_in: SignIn,
    device: Device,
    contract: Contract,
) -> None:
    other = factories.room(factories.building(contract, "二号楼"), "钱塘厅")
    over, live = declare(chen, device_id=device.id), declare(chen, device_id=device.id)
    take(li, over["name"], "fold", into=live["name"])
    moved = signed_in(manager).patch(
        f"/api/contracts/HQ/devices/{device.id}", json={"room_id": other.id}
    )
    assert moved.status_code == 200
    found = li.get(f"/api/contracts/HQ/cases?room_id={other.id}").get_json()["items"]
    assert [case["name"] for case in found] == [live["name"]]
    assert li.get(f"/api/contracts/HQ/cases/{live['name']}").get_json()["room_zh"] == "钱塘厅"
