"""Whoever scans a label without an account reports a fault, follows it, and learns nothing more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.cases import made
from webapp import links
from webapp.cases.models import Case, CaseEvent
from webapp.db import db, now_utc, unit_of_work
from webapp.estate.models import Device, Label, Room
from webapp.estate.rules import new_code
from webapp.identity.models import Contract, User

SignIn = Callable[[User], FlaskClient]
CASES = "/api/contracts/HQ/cases"


@pytest.fixture
def device(contract: Contract) -> Device:
    room = factories.room(factories.building(contract))
    return factories.device(room, name="投影机甲", serial="SN-1", remark="secret")


@pytest.fixture
def code(contract: Contract, device: Device) -> str:
    return labelled(contract, device)


@pytest.fixture
def passer(app: Flask) -> FlaskClient:
    return app.test_client()


def labelled(contract: Contract, device: Device | None, revoked: bool = False) -> str:
    code = new_code()
    with unit_of_work() as session:
        label = Label(
            contract_id=contract.id,
            code=code,
            device_id=device.id if device else None,
            made_at=now_utc(),
            revoked_at=now_utc() if revoked else None,
        )
        session.add(label)
    return code


def told(**more: Any) -> dict[str, Any]:
    return {"uid": made.uid(), "trouble": "no_picture", **more}


def report(browser: FlaskClient, code: str, status: int = 201, **more: Any) -> dict[str, Any]:
    answer = browser.post(f"/api/links/label/{code}/faults", json=told(**more))
    assert answer.status_code == status, answer.data
    found: dict[str, Any] = answer.get_json()
    return found


def follow(browser: FlaskClient, token: str) -> dict[str, Any]:
    answer = browser.get(f"/api/links/fault/{token}")
    assert answer.status_code == 200, answer.data
    found: dict[str, Any] = answer.get_json()
    return found


def take(browser: FlaskClient, name: str, step: str, **fields: Any) -> dict[str, Any]:
    given = {"uid": made.uid(), "step": step, "fields": fields}
    answer = browser.post(f"{CASES}/{name}/steps", json=given)
    assert answer.status_code == 200, answer.data
    found: dict[str, Any] = answer.get_json()
    return found


def test_a_label_tells_names_and_nothing_else(passer: FlaskClient, code: str) -> None:
    answer = passer.get(f"/api/links/label/{code.lower()}")
    assert answer.get_json() == {
        "device_name": "投影机甲",
        "room_zh": "西湖厅",
        "room_en": "",
        "floor": "8F",
        "building_zh": answer.get_json()["building_zh"],
        "building_en": answer.get_json()["building_en"],
    }


@pytest.mark.parametrize("why", ["unknown", "revoked", "unlinked", "retired"])
def test_a_label_that_leads_nowhere_says_so(
    passer: FlaskClient, contract: Contract, device: Device, why: str
) -> None:
    """An unknown code is one answer; one that was taken away is another, whatever the reason."""
    code = "XXXXXXXX"
    if why != "unknown":
        code = labelled(contract, None if why == "unlinked" else device, why == "revoked")
    if why == "retired":
        with unit_of_work() as session:
            session.get_one(Device, device.id).retired_at = now_utc()
    refusal = (404, "label_unknown") if why == "unknown" else (409, "label_revoked")
    shown = passer.get(f"/api/links/label/{code}")
    sent = passer.post(f"/api/links/label/{code}/faults", json=told())
    assert (shown.status_code, shown.get_json()["code"]) == refusal
    assert (sent.status_code, sent.get_json()["code"]) == refusal


def test_a_report_becomes_a_fault_that_the_desk_handles(
    passer: FlaskClient, code: str, device: Device, engineer: User, signed_in: SignIn
) -> None:
    given = report(passer, code, text="三点有会", name="陈静", contact="138 0000 0000")
    case = signed_in(engineer).get(f"{CASES}/{given['name']}").get_json()
    assert (case["title"], case["text"], case["source"]) == ("没有画面", "三点有会", "label")
    assert (case["device_id"], case["room_zh"]) == (device.id, "西湖厅")
    assert (case["reporter"], case["reporter_contact"]) == ("陈静", "138 0000 0000")
    assert [clock["name"] for clock in case["clocks"]] == ["response"]


def test_the_title_is_in_the_reporters_language(passer: FlaskClient, code: str) -> None:
    report(passer, code, language="en", trouble="no_sound")
    assert db.session.scalars(sa.select(Case.title)).all() == ["No sound"]


def test_the_same_sent_twice_is_one_with_the_same_link(passer: FlaskClient, code: str) -> None:
    uid = made.uid()
    first, again = report(passer, code, uid=uid), report(passer, code, uid=uid)
    assert first["name"] == again["name"]
    assert follow(passer, first["token"]) == follow(passer, again["token"])
    assert db.session.scalar(sa.select(sa.func.count()).select_from(CaseEvent)) == 1


def test_a_uid_of_another_devices_report_is_refused(
    passer: FlaskClient, code: str, contract: Contract, device: Device
) -> None:
    uid = made.uid()
    report(passer, code, uid=uid)
    other = factories.device(db.session.get_one(Room, device.room_id))
    answer = report(passer, labelled(contract, other), 409, uid=uid)
    assert answer["code"] == "conflict"


def test_the_same_device_again_becomes_a_line_of_the_fault_that_waits(
    passer: FlaskClient, code: str, it_lead: User, engineer: User, signed_in: SignIn
) -> None:
    first = report(passer, code, text="黑屏", name="陈静")
    uid = made.uid()
    second = report(passer, code, uid=uid, trouble="no_sound", text="也没声", contact="分机8123")
    again = report(passer, code, uid=uid, trouble="no_sound", contact="分机8123")
    assert again["name"] == second["name"] == first["name"]
    li = signed_in(engineer).get(f"{CASES}/{first['name']}").get_json()
    assert [line["step"] for line in li["timeline"]] == ["opened", "note", "note_internal"]
    assert "也没声" in li["timeline"][1]["text"]
    # How to reach a person is for who handles the fault.
    chen = signed_in(it_lead).get(f"{CASES}/{first['name']}")
    assert "分机8123" not in chen.get_data(as_text=True)
    # Each sees his own words.
    assert [one["text"] for one in follow(passer, first["token"])["said"]] == ["黑屏"]
    assert [one["text"] for one in follow(passer, second["token"])["said"]] == ["没有声音\n也没声"]


def test_a_fault_that_was_solved_and_is_told_again_is_a_new_one(
    passer: FlaskClient, code: str, engineer: User, signed_in: SignIn
) -> None:
    li = signed_in(engineer)
    name = report(passer, code)["name"]
    take(li, name, "arrive")
    take(li, name, "solve", cause="线松", solution="插紧")
    assert report(passer, code)["name"] != name


def test_the_link_shows_states_and_own_words_and_nothing_of_the_others(
    passer: FlaskClient, code: str, engineer: User, signed_in: SignIn
) -> None:
    li = signed_in(engineer)
    given = report(passer, code, text="黑屏", contact="手机一三八")
    take(li, given["name"], "note_internal", text="又是他")
    take(li, given["name"], "note", text="给客户看")
    take(li, given["name"], "take_over")
    uid = made.uid()
    for _ in range(2):
        more = {"uid": uid, "text": "会议改到四点"}
        assert passer.post(f"/api/links/fault/{given['token']}/words", json=more).status_code == 204
    shown = follow(passer, given["token"])
    assert [one["state"] for one in shown["states"]] == ["declared", "taken"]
    assert [one["text"] for one in shown["said"]] == ["黑屏", "会议改到四点"]
    assert (shown["name"], shown["live"]) == (given["name"], True)
    for secret in ("又是他", "给客户看", "SN-1", "secret", "手机一三八"):
        assert secret not in str(shown)


def test_a_folded_fault_is_shown_as_what_it_became(
    passer: FlaskClient, code: str, device: Device, it_lead: User, engineer: User, signed_in: SignIn
) -> None:
    given = report(passer, code, text="黑屏")
    body = {"uid": made.uid(), "kind": "fault", "title": "整间没电", "device_id": device.id}
    other = signed_in(it_lead).post(CASES, json=body).get_json()["name"]
    take(signed_in(engineer), given["name"], "fold", into=other)
    shown = follow(passer, given["token"])
    assert (shown["name"], shown["live"]) == (other, True)
    assert [one["text"] for one in shown["said"]] == ["黑屏"]


def test_what_is_over_takes_no_more_words(
    passer: FlaskClient, code: str, it_lead: User, engineer: User, signed_in: SignIn
) -> None:
    given = report(passer, code)
    li = signed_in(engineer)
    take(li, given["name"], "arrive")
    take(li, given["name"], "solve", cause="线松", solution="插紧")
    take(signed_in(it_lead), given["name"], "close")
    more = {"uid": made.uid(), "text": "又坏了"}
    answer = passer.post(f"/api/links/fault/{given['token']}/words", json=more)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "step_not_now")
    assert follow(passer, given["token"])["live"] is False


def verdict(browser: FlaskClient, token: str, status: int = 204, **more: Any) -> dict[str, Any]:
    given = {"uid": made.uid(), "solved": True, **more}
    answer = browser.post(f"/api/links/fault/{token}/verdict", json=given)
    assert answer.status_code == status, answer.data
    found: dict[str, Any] = answer.get_json(silent=True) or {}
    return found


def test_whoever_reported_it_says_whether_it_is_solved_and_how_content_he_is(
    passer: FlaskClient, code: str, engineer: User, signed_in: SignIn
) -> None:
    given, li = report(passer, code), signed_in(engineer)
    assert verdict(passer, given["token"], 409, rating=5)["code"] == "step_not_now"
    take(li, given["name"], "arrive")
    take(li, given["name"], "solve", cause="线松", solution="插紧")
    assert verdict(passer, given["token"], 422, solved=False)["fields"] == {"text": ["required"]}
    verdict(passer, given["token"], solved=False, text="还是没有画面")
    assert follow(passer, given["token"])["state"] == "declared"
    take(li, given["name"], "arrive")
    take(li, given["name"], "solve", cause="线坏", solution="换线")
    said: dict[str, Any] = {"uid": made.uid(), "rating": 4, "text": "很快"}
    for _ in range(2):
        verdict(passer, given["token"], **said)
    shown = follow(passer, given["token"])
    assert (shown["state"], shown["live"]) == ("closed", False)
    assert [one["text"] for one in shown["said"]] == ["还是没有画面", "很快"]
    assert li.get(f"{CASES}/{given['name']}").get_json()["facts"]["rating"] == 4
    assert verdict(passer, given["token"], 409)["code"] == "step_not_now"


def test_something_else_needs_words(passer: FlaskClient, code: str) -> None:
    assert report(passer, code, 422, trouble="other")["fields"] == {"text": ["required"]}
    assert report(passer, code, trouble="other", text="有异味")["name"] == "F1"


def test_a_link_to_a_report_opens_no_fault(passer: FlaskClient, code: str, app: Flask) -> None:
    token = report(passer, code)["token"]
    line_id = links.subject_of(app.config["SECRET_KEY"], "fault", token)
    foreign = links.token_for(app.config["SECRET_KEY"], "report", line_id)
    answer = passer.get(f"/api/links/fault/{foreign}")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "link_invalid")


def test_one_label_is_not_flooded_from_anywhere(passer: FlaskClient, code: str) -> None:
    answers = [
        passer.post(
            f"/api/links/label/{code}/faults",
            json=told(),
            environ_base={"REMOTE_ADDR": f"10.0.0.{number}"},
        )
        for number in range(11)
    ]
    assert [answer.status_code for answer in answers] == [201] * 10 + [429]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Case)) == 1
