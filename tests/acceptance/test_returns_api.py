"""The supervisor's side over HTTP: send one answer back, see what changed, close it; both in one list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import factories
from tests.rounds import made
from tests.sync.phone import Phone, picture, slot
from webapp.acceptance.models import ReturnedAnswer
from webapp.db import db, now_utc, unit_of_work
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
from webapp.rounds.models import Photo, Round

SignIn = Callable[[User], FlaskClient]


@pytest.fixture
def phone(signed_in: SignIn, engineer: User) -> Phone:
    return Phone(signed_in(engineer))


@pytest.fixture
def desk(signed_in: SignIn, manager: User) -> Phone:
    return Phone(signed_in(manager), phone_id="desk")


def post(desk: Phone, path: str, status: int = 200, **body: Any) -> dict[str, Any]:
    answer: TestResponse = desk.browser.post(desk.url(path), json=body or None)
    assert answer.status_code == status, answer.get_json()
    shown: dict[str, Any] = answer.get_json()
    return shown


def get(desk: Phone, path: str, **query: Any) -> dict[str, Any]:
    answer = desk.browser.get(desk.url(path), query_string=query)
    assert answer.status_code == 200, answer.get_json()
    shown: dict[str, Any] = answer.get_json()
    return shown


def blockers(desk: Phone) -> dict[tuple[str, int | None], int]:
    rows = get(desk, "rounds/2026-03/board")["blockers"]
    return {(row["kind"], row["owner_id"]): row["count"] for row in rows}


def test_an_answer_goes_back_is_answered_and_closed(
    phone: Phone, desk: Phone, first: dict[str, Any], inspection_id: int, engineer: User
) -> None:
    path = f"inspections/{inspection_id}"
    sent = post(desk, f"{path}/returns", 201, item="lamp_hours", remark="与照片不符，请重读")
    assert (sent["state"], sent["item_zh"], sent["changes"]) == ("open", "灯泡时数", [])
    assert (sent["author"], sent["returned_by"]) == (engineer.name, "王建国")
    assert (sent["device_name"], sent["room_zh"]) == ("投影机甲", "西湖厅")
    assert blockers(desk)["answers_returned", engineer.id] == 1
    amended = made.amended(first)
    made.reading(amended, "lamp_hours", 620, "normal", remark="重新读过")
    assert phone.send(amended) == ["applied"]
    counted = blockers(desk)
    assert counted["answers_to_look_at", None] == 1
    assert ("answers_returned", engineer.id) not in counted
    shown = get(desk, f"returns/{sent['key']}")
    assert shown["state"] == "answered"
    assert shown["answered_at"] is not None
    changed = {row["field"]: (row["before"], row["after"]) for row in shown["changes"]}
    assert changed == {
        "readings.lamp_hours.value": (500, 620),
        "readings.lamp_hours.remark": (None, "重新读过"),
    }
    again = post(desk, f"{path}/returns", 201, item="lamp_hours", remark="还是不对")
    assert get(desk, f"returns/{sent['key']}")["state"] == "closed"
    whole = get(desk, path)
    assert whole["returnable"] is True
    assert [row["state"] for row in whole["returns"]] == ["open", "closed"]
    phone.send(made.amended(amended, 2, remark="已核对"))
    closed = post(desk, f"returned-answers/{again['returned_id']}/close")
    assert (closed["state"], closed["closed_by"]) == ("closed", "王建国")
    assert not any(kind.startswith("answers") for kind, _owner in blockers(desk))


def test_words_and_steps_over_http(desk: Phone, inspection_id: int) -> None:
    path = f"inspections/{inspection_id}/returns"
    for body in ({}, {"remark": ""}, {"remark": "  "}, {"remark": "x" * 2001}):
        assert desk.browser.post(desk.url(path), json=body).status_code == 422
    bad = desk.browser.post(desk.url(path), json={"item": "nothing", "remark": "x"})
    assert (bad.status_code, bad.get_json()["fields"]) == (422, {"item": ["unknown"]})
    sent = post(desk, path, 201, remark="请整份再看")
    assert (sent["item"], sent["item_zh"]) == (None, None)
    twice = post(desk, path, 409, remark="再一次")
    assert (twice["code"], twice["details"]) == (
        "already_returned",
        {"returned_id": sent["returned_id"]},
    )
    one = f"returned-answers/{sent['returned_id']}"
    patched = desk.browser.patch(desk.url(one), json={"remark": "请看第二页"})
    assert (patched.status_code, patched.get_json()["remark"]) == (200, "请看第二页")
    refused = post(desk, f"{one}/close", 409)
    assert (refused["code"], refused["details"]) == ("return_changed", {"state": "open"})
    assert post(desk, f"{one}/withdraw")["state"] == "withdrawn"
    assert post(desk, f"{one}/reopen")["state"] == "open"
    assert desk.browser.post(desk.url(f"{one}/burn")).status_code == 404
    assert desk.browser.get(desk.url("returns/answer-x")).status_code == 404


def test_a_peer_takes_his_own_word_back_and_no_others(
    phone: Phone, desk: Phone, inspection_id: int, engineer: User
) -> None:
    sent = post(desk, f"inspections/{inspection_id}/returns", 201, remark="请再看")
    withdraw = f"returned-answers/{sent['returned_id']}/withdraw"
    refused = phone.browser.post(phone.url(withdraw))
    assert (refused.status_code, refused.get_json()["code"]) == (403, "forbidden")
    with unit_of_work() as session:
        session.execute(sa.update(ReturnedAnswer).values(returned_by_id=engineer.id))
    assert phone.browser.post(phone.url(withdraw)).status_code == 200


@pytest.fixture
def photographed(phone: Phone, march: Round, device: Device) -> tuple[dict[str, Any], str, int]:
    """An inspection with a photo that has come: its payload, the photo's uid, its id."""
    line = slot(picture(1), "image")
    payload = made.visit(march, device, photos=[line])
    assert phone.send(payload) == ["applied"]
    assert phone.put(line["id"], picture(1)).status_code == 200
    inspection_id = db.session.scalar(sa.select(Photo.inspection_id))
    assert inspection_id
    return payload, line["id"], inspection_id


def test_a_photo_stands_in_the_same_list_until_the_new_one_was_looked_at(
    phone: Phone, desk: Phone, photographed: tuple[dict[str, Any], str, int]
) -> None:
    payload, uid, inspection_id = photographed

    def only() -> dict[str, Any]:
        (row,) = get(desk, "returns", month="2026-03", kind="photo")["items"]
        return row

    assert get(desk, "returns")["total"] == 0
    mark = {"kind": "circle", "points": [[0.5, 0.25], [0.6, 0.3]], "text": ""}
    desk.post(f"photos/{uid}/review", {"state": "returned", "remark": "看不清", "marks": [mark]})
    assert get(desk, f"returns/photo-{uid}")["marks"] == [mark]
    row = only()
    assert (row["key"], row["state"], row["remark"]) == (f"photo-{uid}", "open", "看不清")
    assert (row["item_zh"], row["new_photo_uid"]) == ("画面", None)
    line = slot(picture(2), "image")
    assert phone.send(made.amended(payload, photos=[line])) == ["applied"]
    assert only()["state"] == "open"  # announced, and not here yet
    assert phone.put(line["id"], picture(2)).status_code == 200
    assert (only()["state"], only()["new_photo_uid"]) == ("answered", line["id"])
    assert get(desk, f"returns/photo-{uid}")["changes"] == []
    desk.post(f"photos/{line['id']}/review", {"state": "accepted"})
    assert only()["state"] == "closed"
    # Of an answer that was left out there is nothing to look at: a supervisor closes it himself.
    desk.post(f"photos/{line['id']}/review", {"state": "returned"})
    assert phone.send(made.amended(payload, 2, photos=[])) == ["applied"]
    states = {row["photo_uid"]: row["state"] for row in get(desk, "returns")["items"]}
    assert states[line["id"]] == "answered"
    left_out = get(desk, f"returns/photo-{line['id']}")
    done = {"uid": line["id"], "state": "none", "seen_at": left_out["returned_at"]}
    (word,) = post(desk, "photos/review", reviews=[done])["results"]
    assert word["result"] == "done"
    assert line["id"] not in {row["photo_uid"] for row in get(desk, "returns")["items"]}
    assert inspection_id == only()["inspection_id"]


def test_another_photo_of_the_same_item_is_no_answer(
    phone: Phone, desk: Phone, march: Round, device: Device
) -> None:
    lines = [slot(picture(number), "image") for number in (1, 2)]
    payload = made.visit(march, device, photos=lines)
    phone.send(payload)
    for number, line in enumerate(lines, 1):
        phone.put(line["id"], picture(number))
    desk.post(f"photos/{lines[0]['id']}/review", {"state": "returned"})
    phone.send(made.amended(payload, photos=lines[1:]))
    (row,) = get(desk, "returns")["items"]
    assert (row["state"], row["new_photo_uid"]) == ("answered", None)


def test_the_list_counts_filters_and_sorts(
    desk: Phone, contract: Contract, engineer: User, march: Round, inspection_id: int
) -> None:
    other = factories.device(factories.room(factories.building(contract, "副楼"), "东海厅"))
    backup = factories.member(contract, "backup_engineer", login="backup", name="赵敏")
    visit = made.visit(march, other)
    (second,) = made.send(contract, backup, visit)
    for number in (inspection_id, second.inspection_id):
        for item in ("lamp_hours", "image", None):
            post(desk, f"inspections/{number}/returns", 201, item=item, remark=f"请看{item}")
    made.send(contract, backup, made.amended(visit))
    listed = get(desk, "returns", month="2026-03")
    assert listed["counts"] == {"answered": 3, "open": 3, "closed": 0, "withdrawn": 0}
    assert listed["total"] == 6
    answered = get(desk, "returns", state="answered")
    assert {row["author"] for row in answered["items"]} == {"赵敏"}
    assert get(desk, "returns", author_id=engineer.id)["total"] == 3
    assert get(desk, "returns", q="东海 lamp")["total"] == 1
    assert get(desk, "returns", inspection_id=inspection_id)["total"] == 3
    assert get(desk, "returns", month="2026-02")["total"] == 0
    assert get(desk, "returns", kind="photo")["total"] == 0
    first = get(desk, "returns", sort="returned_at")["items"]
    assert [row["returned_id"] for row in first] == sorted(row["returned_id"] for row in first)
    text = desk.browser.get(desk.url("returns.csv?language=zh")).data.decode("utf-8-sig")
    assert text.splitlines()[0].replace('"', "").startswith("月份,状态,类别,楼宇")
    assert "等工程师答复" in text


def test_the_list_costs_the_same_whatever_its_size(
    desk: Phone, inspection_id: int, count_queries: Callable[[], int]
) -> None:
    path = f"inspections/{inspection_id}/returns"
    post(desk, path, 201, item="image", remark="请看")
    get(desk, "returns")
    count_queries()
    get(desk, "returns")
    few = count_queries()
    for item in ("lamp_hours", "power", "filter", "inputs", None):
        post(desk, path, 201, item=item, remark="请看")
    count_queries()
    assert get(desk, "returns")["total"] == 6
    assert count_queries() == few <= 8


def test_what_cannot_be_answered_blocks_no_round(
    desk: Phone, contract: Contract, manager: User, march: Round, device: Device, phone: Phone,
    photographed: tuple[dict[str, Any], str, int],
) -> None:  # fmt: skip
    """A photo was sent back, then its inspection was set aside: nobody can take it anew."""
    _payload, uid, inspection_id = photographed
    desk.post(f"photos/{uid}/review", {"state": "returned"})
    post(desk, f"inspections/{inspection_id}/returns", 201, remark="请看")
    (other,) = made.send(contract, manager, made.visit(march, device), now=now_utc())
    post(desk, f"inspections/{other.inspection_id}/pick")
    kinds = {kind for kind, _owner in blockers(desk)}
    assert not kinds & {"photos_returned", "answers_returned", "answers_to_look_at"}
    assert get(desk, "returns")["counts"]["withdrawn"] == 2
    gone = phone.pull()["rows"]
    assert not {"returned_photos", "returned_answers"} & set(gone)
