"""Open items over HTTP: their list, their story, what a supervisor changes."""

from __future__ import annotations

import sqlalchemy as sa
from flask.testing import FlaskClient

from tests.rounds import made
from webapp.audit.models import AuditRow
from webapp.db import db
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
from webapp.rounds.models import OpenItem, Round

HQ = "/api/contracts/HQ"


def test_open_items_list_story_and_change(
    engineer: User, stranger: User, device: Device, pair: tuple[int, int], browser: FlaskClient
) -> None:
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
    audit = db.session.scalars(
        sa.select(AuditRow).where(AuditRow.entity == "open_item").order_by(AuditRow.id)
    ).all()
    assert audit[0].diff["remark"] == ["", "订货"]


def test_withdrawing_an_item_that_no_inspection_will_meet_again(
    contract: Contract,
    engineer: User,
    device: Device,
    march: Round,
    pair: tuple[int, int],
    browser: FlaskClient,
) -> None:
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
    contract: Contract, engineer: User, device: Device, browser: FlaskClient
) -> None:
    """The carry-over from end to end: opened, still there, solved."""
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
