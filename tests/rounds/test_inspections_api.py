"""Inspections, pairs and consumables over HTTP."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.rounds import made
from webapp.db import db
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract, User
from webapp.rounds.models import Inspection, Round, RoundTask

HQ = "/api/contracts/HQ"


def test_listing_inspections_and_its_filters(
    engineer: User, device: Device, pair: tuple[int, int], browser: FlaskClient
) -> None:
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
    engineer: User,
    device: Device,
    march: Round,
    count_queries: Callable[[], int],
    browser: FlaskClient,
) -> None:
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
    # The board asks one or two for each kind of what may block the report.
    board = before.pop("rounds/2026-03/board")
    assert (max(before.values()) <= 15, board <= 24) == (True, True), board


def test_an_inspection_whole(
    contract: Contract, engineer: User, device: Device, browser: FlaskClient
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
    shown = browser.get(f"{HQ}/inspections/{row.id}").get_json()
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
    assert browser.get(f"{HQ}/inspections/999").status_code == 404


def test_an_exception_in_words(
    contract: Contract, manager: User, device: Device, march: Round, browser: FlaskClient
) -> None:
    exception = {"reason": "occupied", "remark": "董事会", "revisit_on": "2026-03-05"}
    (answer,) = made.send(
        contract, manager, made.visit(march, device, readings=[], exception=exception)
    )
    shown = browser.get(f"{HQ}/inspections/{answer.inspection_id}").get_json()
    assert (shown["exception_zh"], shown["exception_remark"], shown["revisit_on"]) == (
        "会议占用",
        "董事会",
        "2026-03-05",
    )


def test_picking_one_of_a_pair(device: Device, pair: tuple[int, int], browser: FlaskClient) -> None:
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
    contract: Contract, engineer: User, device: Device, march: Round, browser: FlaskClient
) -> None:
    (only,) = made.send(contract, engineer, made.visit(march, device))
    answer = browser.post(f"{HQ}/inspections/{only.inspection_id}/pick")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "pair_required")


def test_the_picked_one_has_the_last_word_on_open_items(
    contract: Contract, manager: User, engineer: User, device: Device, browser: FlaskClient
) -> None:
    bad = made.visit(made.opened(contract, "2026-02"), device)
    made.reading(bad, "image", "dim", "abnormal")
    made.send(contract, engineer, bad, now=made.at("2026-02"))
    march = made.opened(contract, "2026-03")
    solved = made.visit(march, device, open_items=[{"number": 1, "answer": "solved"}])
    still = made.visit(march, device, open_items=[{"number": 1, "answer": "still"}])
    (one,) = made.send(contract, engineer, solved)
    made.send(contract, manager, still, now=made.at("2026-03", 4))
    assert browser.get(f"{HQ}/open-items/1").get_json()["state"] == "open"
    browser.post(f"{HQ}/inspections/{one.inspection_id}/pick")
    shown = browser.get(f"{HQ}/open-items/1").get_json()
    assert (shown["state"], shown["closed_month"]) == ("solved", "2026-03")


def test_consumables_are_listed(
    contract: Contract, engineer: User, device: Device, march: Round, browser: FlaskClient
) -> None:
    uses = [{"consumable": "lamp"}, {"consumable": "battery", "quantity": 2}]
    made.send(contract, engineer, made.visit(march, device, consumables=uses))
    found = browser.get(f"{HQ}/consumables?consumable=battery&month=2026-03").get_json()
    assert found["total"] == 1
    (row,) = found["items"]
    assert (row["quantity"], row["device_name"], row["used_on"]) == (2, "投影机甲", "2026-03-03")
    assert browser.get(f"{HQ}/consumables?device_id={device.id}").get_json()["total"] == 2
    assert browser.get(f"{HQ}/consumables?device_id=none").status_code == 422
