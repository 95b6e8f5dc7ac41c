"""The acceptance over HTTP: each endpoint's 401, 403, 404, 422, 409 and success."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.acceptance import over_http, signed
from tests.acceptance.walked import Walked
from tests.rounds import made
from webapp.db import unit_of_work
from webapp.identity.models import Contract, User

SignIn = Callable[[User], FlaskClient]
HQ = "/api/contracts/HQ"
ROUND = f"{HQ}/rounds/2026-03"


class Desk:
    """One person's browser."""

    def __init__(self, browser: FlaskClient) -> None:
        self.browser = browser

    def get(self, path: str) -> Any:
        answer = self.browser.get(f"{HQ}/{path}")
        assert answer.status_code == 200, answer.get_json()
        return answer.get_json()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self.browser.post(f"{HQ}/{path}", json=body)
        assert answer.status_code in (200, 204), answer.get_json()
        return answer.get_json(silent=True)

    def refused(self, path: str, body: Any, method: str = "POST") -> tuple[int, str, Any]:
        answer = self.browser.open(f"{HQ}/{path}", method=method, json=body)
        problem = answer.get_json()
        return answer.status_code, problem["code"], problem["details"]


@pytest.fixture
def desk_of(signed_in: SignIn) -> Callable[[User], Desk]:
    return lambda user: Desk(signed_in(user))


def rooms(shown: dict[str, Any]) -> dict[int, dict[str, Any]]:
    return {room["id"]: room for house in shown["buildings"] for room in house["rooms"]}


def test_the_whole_way_over_http(
    walked: Walked, manager: User, desk_of: Callable[[User], Desk]
) -> None:
    engineer, other, boss = desk_of(walked.engineer), desk_of(walked.other), desk_of(manager)
    shown = engineer.get("rounds/2026-03/acceptance")
    assert (shown["state"], shown["strictness"], shown["final"]) == ("open", "three", None)
    assert shown["why_not_final"] == "no_right"
    assert [(row["kind"], row["count"]) for row in shown["blockers"]] == [("self_checks", 2)]
    east = rooms(shown)[walked.east.id]
    assert (east["total"], east["normal"], east["sample"], east["sample_left"]) == (4, 3, 1, 1)
    assert east["why_not"] == {
        "self_check": "",
        "peer_check": "own_work",
        "recheck": "own_work",
    }
    assert over_http.self_check(engineer, "2026-03") == [walked.east.id]
    assert over_http.self_check(other, "2026-03") == [walked.west.id]
    # Each looks at the other's room: both inspected, and neither his own.
    assert over_http.peer_check(other, "2026-03") == [walked.east.id]
    assert over_http.peer_check(engineer, "2026-03") == [walked.west.id]
    assert boss.get("rounds/2026-03/acceptance")["why_not_final"] == "round_not_finished"
    boss.post("rounds/2026-03/finish", {})
    assert boss.get("rounds/2026-03/acceptance")["why_not_final"] == ""
    boss.post("rounds/2026-03/sign-offs", {"level": "final", "remark": "同意"})
    shown = boss.get("rounds/2026-03/acceptance")
    assert (shown["state"], shown["final"]["remark"], shown["final"]["user"]) == (
        "accepted",
        "同意",
        "王建国",
    )
    assert len(shown["final"]["sha256"]) == 64
    assert [row["level"] for row in shown["history"]] == [
        "final",
        *["peer_check"] * 2,
        *["self_check"] * 2,
    ]
    assert rooms(shown)[walked.east.id]["peer_check"]["user_id"] == walked.other.id


def test_what_a_change_voided_is_told_by_name(
    walked: Walked, desk_of: Callable[[User], Desk]
) -> None:
    signed.sign_all_rooms(walked.contract)
    device = walked.devices[0]
    payload = made.amended(walked.visit_of(device))
    made.reading(payload, "lamp_hours", 2999, "abnormal", remark="快到期")
    made.send(walked.contract, walked.engineer, payload)
    engineer = desk_of(walked.engineer)
    east = rooms(engineer.get("rounds/2026-03/acceptance"))[walked.east.id]
    assert (east["self_check"], east["peer_check"]) == (None, None)
    assert [row["level"] for row in east["voided"]] == ["self_check", "peer_check"]
    (reason,) = east["voided"][0]["reasons"]
    assert (reason["why"], reason["device_name"], reason["room_id"]) == (
        "amended",
        device.name,
        walked.east.id,
    )
    assert [item["item_en"] for item in reason["items"]] == ["Lamp hours"]
    assert (reason["from_revision"], reason["to_revision"]) == (1, 2)
    assert reason["by"]["user"] == "李明"
    sample = engineer.get(f"rounds/2026-03/sample?room_id={walked.east.id}")
    assert [row["voided_at"] is None for row in sample["history"]] == [False, False]
    assert sample["room"]["voided"] == east["voided"]
    # Signed again, the old ones are history.
    over_http.self_check(engineer, "2026-03")
    east = rooms(engineer.get("rounds/2026-03/acceptance"))[walked.east.id]
    assert east["self_check"]["user"] == "李明"
    assert [row["level"] for row in east["voided"]] == ["peer_check"]


def test_a_rooms_sample(walked: Walked, desk_of: Callable[[User], Desk]) -> None:
    signed.sign(walked.contract, walked.engineer, "self_check", walked.east.id)
    peer = desk_of(walked.other)
    path = f"rounds/2026-03/sample?room_id={walked.east.id}"
    sample = peer.get(path)
    assert [bool(task["why"]) for task in sample["tasks"]] == [True, False, False, False]
    first = sample["tasks"][0]
    assert (first["why"], first["checked"], first["revision"]) == (["drawn"], "", 1)
    check = {
        "inspection_id": first["inspection_id"],
        "revision": 1,
        "result": "returned",
        "item": None,
        "remark": "请补拍",
    }
    peer.post("rounds/2026-03/rechecks", {"checks": [check]})
    sample = peer.get(path)
    first = next(task for task in sample["tasks"] if task["id"] == first["id"])
    assert first["checked"] == "returned"
    assert [(row["user"], row["remark"]) for row in first["checks"]] == [("赵磊", "请补拍")]
    assert (sample["room"]["returned"], sample["room"]["why_not"]["peer_check"]) == (
        1,
        "answers_returned",
    )


def test_refusals(
    walked: Walked,
    it_lead: User,
    stranger: User,
    client: FlaskClient,
    desk_of: Callable[[User], Desk],
) -> None:
    engineer, lead = desk_of(walked.engineer), desk_of(it_lead)
    east, west = walked.east.id, walked.west.id
    sign = {"level": "self_check", "room_ids": [east]}
    assert client.get(f"{ROUND}/acceptance").status_code == 401
    assert client.post(f"{ROUND}/sign-offs", json=sign).status_code == 401
    assert desk_of(stranger).refused("rounds/2026-03/sign-offs", sign)[0] == 404
    assert lead.refused("rounds/2026-03/sign-offs", sign)[:2] == (403, "forbidden")
    assert lead.refused("rounds/2026-03/sign-offs", {"level": "final"})[0] == 409
    assert engineer.refused("rounds/2026-09/sign-offs", sign)[0] == 404
    assert engineer.refused("rounds/2026-09/acceptance", None, "GET")[0] == 404
    assert engineer.refused("rounds/2026-03/sample?room_id=99999", None, "GET")[0] == 404
    assert engineer.refused("rounds/2026-03/sample", None, "GET")[0] == 422
    code = engineer.refused("rounds/2026-03/sign-offs", {**sign, "room_ids": [east, west]})
    assert code == (
        409,
        "sign_off_refused",
        {"level": "self_check", "rooms": {str(west): "not_inspected_here"}},
    )
    check = {"inspection_id": 1, "revision": 1, "result": "confirmed"}
    one = {"checks": [check]}
    assert lead.refused("rounds/2026-03/rechecks", one)[:2] == (403, "forbidden")
    assert engineer.refused("rounds/2026-03/rechecks", one)[2] == {"reason": "own_work"}
    gone = {"checks": [{**check, "inspection_id": 99_999}]}
    assert engineer.refused("rounds/2026-03/rechecks", gone)[0] == 404


@pytest.mark.parametrize(
    "body",
    [
        {"level": "self_check"},
        {"level": "final", "room_ids": [1]},
        {"level": "fourth", "room_ids": [1]},
        {"level": "self_check", "room_ids": [0]},
        {"level": "self_check", "room_ids": [1], "strokes": [[[0.1]]]},
        {"level": "self_check", "room_ids": [1], "strokes": "M0 0"},
        {"level": "self_check", "room_ids": [1], "strokes": [[["x", 0]]]},
        {"level": "self_check", "room_ids": [1], "strokes": [[[float("nan"), 0]]]},
        {"level": "self_check", "room_ids": [1], "strokes": [[]] * 101},
        {"level": "self_check", "room_ids": [1], "name": "x" * 81},
        {"level": "self_check", "room_ids": [1], "user_id": 7},
        {"level": "self_check", "room_ids": [1], "signed_at": "2020-01-01"},
    ],
)
def test_what_cant_be_a_signature_is_refused(
    walked: Walked, body: dict[str, Any], desk_of: Callable[[User], Desk]
) -> None:
    status, code, _ = desk_of(walked.engineer).refused("rounds/2026-03/sign-offs", body)
    assert (status, code) == (422, "invalid")


def test_a_drawn_signature_is_shown_again(walked: Walked, desk_of: Callable[[User], Desk]) -> None:
    with unit_of_work() as session:
        session.get_one(Contract, walked.contract.id).settings = {"drawn_signatures": True}
    engineer = desk_of(walked.engineer)
    sign = {"level": "self_check", "room_ids": [walked.east.id]}
    assert engineer.refused("rounds/2026-03/sign-offs", sign)[:2] == (422, "signature_missing")
    outside = {**sign, "strokes": [[[0, 0], [1.2, 0]]]}
    assert engineer.refused("rounds/2026-03/sign-offs", outside)[:2] == (
        422,
        "signature_unreadable",
    )
    engineer.post("rounds/2026-03/sign-offs", {**sign, "strokes": [[[0, 0.5], [1, 0.25]]]})
    room = rooms(engineer.get("rounds/2026-03/acceptance"))[walked.east.id]
    assert (room["self_check"]["drawn"], room["self_check"]["strokes"]) == (True, [])
    sample = engineer.get(f"rounds/2026-03/sample?room_id={walked.east.id}")
    assert sample["history"][0]["strokes"] == [[[0, 0.5], [1, 0.25]]]


def test_the_screens_ask_no_more_for_many_rooms(
    walked: Walked, manager: User, desk_of: Callable[[User], Desk], count_queries: Any
) -> None:
    desk = desk_of(manager)
    desk.get("rounds/2026-03/acceptance")
    count_queries()
    desk.get("rounds/2026-03/acceptance")
    few = count_queries()
    signed.sign_all_rooms(walked.contract)
    for device in walked.devices:
        payload = made.amended(walked.visit_of(device))
        made.reading(payload, "lamp_hours", 2999, "abnormal")
        rights: Any = frozenset({"inspect", "review"})
        made.record(walked.contract, [made.submission(payload, walked.engineer, rights=rights)])
    count_queries()
    desk.get("rounds/2026-03/acceptance")
    assert count_queries() <= few + 2 <= 26
