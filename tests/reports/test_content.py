"""The report's data is the month's: the same rows and figures as the screens, in a few statements."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests import factories
from tests.reports.conftest import NOW, Month
from tests.rounds import made
from webapp.db import db
from webapp.errors import AppError
from webapp.identity.models import Contract, User
from webapp.reports.content import check_sheets_content, device_record_content, report_content
from webapp.reports.shape import ReportContent

HQ = "/api/contracts/HQ"


def content(month: Month) -> ReportContent:
    """April's report."""
    return report_content(db.session(), month.contract.id, "2026-04", NOW)


def test_it_is_plain_json_and_the_same_each_time(month: Month) -> None:
    first = content(month)
    assert json.loads(json.dumps(first)) == first
    db.session.remove()
    assert content(month) == first


def test_the_overview_tells_rooms_done_and_missed_with_the_reason(month: Month) -> None:
    told = content(month)["overview"]
    assert told["rooms"] == {"planned": 3, "done": 1, "partly": 0, "missed": 2}
    assert [(row["place"]["room"]["zh"], row["outcome"]) for row in told["missed"]] == [
        ("地下室", "todo"),
        ("钱塘厅", "not_tested"),
        ("钱塘厅", "todo"),
    ]
    occupied = told["missed"][1]
    assert (occupied["reason"], occupied["remark"]) == (
        {"zh": "会议占用", "en": "room occupied"},
        "全天有会",
    )
    assert (told["dates"]["first_on"], told["dates"]["due_on"]) == ("2026-04-03", "2026-04-10")
    assert (told["dates"]["finished_on"], told["dates"]["days_left"]) == (None, 2)
    assert [(row["person"]["name"]["zh"], row["inspections"]) for row in told["people"]] == [
        ("李明", 4),
        ("王建国", 0),
    ]


def test_every_anomaly_is_there_with_its_words_and_photos(month: Month) -> None:
    found = content(month)["anomalies"]
    assert [(row["seq"], row["text"]) for row in found] == [
        (1, "画面偏暗"),
        (2, "线松了"),
        (3, "地毯绊脚 画面偏暗"),
    ]
    dim, sound, carpet = found
    assert dim["item"] == {"zh": "画面", "en": "Image"}
    assert dim["reading"] == {"zh": "偏暗", "en": "dim"}
    assert dim["normal"] == {"zh": "正常", "en": "good"}
    assert dim["cause"] == {"zh": "灯泡老化", "en": "lamp aged"}
    assert (dim["months"], dim["open_item"], len(dim["photos"])) == (2, 1, 1)
    assert (sound["fixed"], sound["open_item"]) == (True, None)
    assert (carpet["item"], carpet["open_item"], carpet["severity"]) == (None, 2, 4)


def test_open_items_are_carried_new_and_closed(
    month: Month, contract: Contract, engineer: User
) -> None:
    told = content(month)["open_items"]
    assert told["counts"] == {
        "carried": 1,
        "new": 1,
        "closed": 0,
        "withdrawn": 0,
        "open": 2,
        "overdue": 1,
    }
    assert [(row["number"], row["change"], row["age_months"]) for row in told["items"]] == [
        (1, "carried", 1),
        (2, "new", 0),
    ]
    assert told["items"][0]["owner"]["zh"] == "王建国"
    solved = made.visit(
        month.round, month.projector, open_items=[{"number": 1, "answer": "solved"}]
    )
    may = made.opened(contract, "2026-05")
    made.send(contract, engineer, {**solved, "round_id": may.id}, now=made.at("2026-05"))
    db.session.remove()
    assert content(month)["open_items"]["counts"]["open"] == 2, "April's report is of April"


def test_the_check_sheet_has_every_reading_also_the_normal_ones(month: Month) -> None:
    sheets = check_sheets_content(
        db.session(), month.contract.id, "2026-04", NOW, room_id=month.rooms[0].id
    )
    (sheet,) = sheets
    assert (sheet["started_at"], sheet["ended_at"]) == ("2026-04-03 09:40", "2026-04-03 09:55")
    assert [row["device"]["name"] if row["device"] else "" for row in sheet["devices"]] == [
        "投影机甲",
        "电视乙",
        "",
    ]
    rows = sheet["devices"][0]["rows"]
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    lamp = next(row for row in rows if row["item"]["en"] == "Lamp hours")
    assert lamp["normal"]["zh"] == "0–2550 h"
    assert lamp["reading"]["zh"].endswith(" h")
    assert [row["text"] for row in sheet["findings"]] == ["地毯绊脚 画面偏暗"]
    assert sheet["consumables"][0]["consumable"] == {"zh": "滤网", "en": "filter"}
    assert [row["number"] for row in sheet["open_items"]] == [1, 2]


def test_the_device_record_has_a_row_for_each_thing_that_happened(month: Month) -> None:
    record = device_record_content(db.session(), month.contract.id, month.projector.id, NOW)
    assert [(row["recorded_on"], row["category"]) for row in record["rows"]] == [
        ("2026-03-03", "inspection"),
        ("2026-04-03", "inspection"),
        ("2026-04-03", "replacement"),
    ]
    assert record["rows"][1]["anomaly"] == {"zh": "偏暗；画面偏暗", "en": "dim; 画面偏暗"}
    assert record["rows"][2]["part"] == {"zh": "滤网", "en": "filter"}


def test_a_foreign_device_and_an_unknown_month_are_not_found(month: Month, stranger: User) -> None:
    with pytest.raises(AppError, match="not_found"):
        device_record_content(db.session(), month.contract.id + 1, month.projector.id, NOW)
    with pytest.raises(AppError, match="not_found"):
        report_content(db.session(), month.contract.id, "2025-01", NOW)


def test_the_numbers_are_those_of_the_screens(
    month: Month, manager: User, signed_in: Callable[[User], FlaskClient]
) -> None:
    desk = signed_in(manager)

    def ask(path: str) -> Any:
        answer = desk.get(f"{HQ}/{path}")
        assert answer.status_code == 200, answer.get_json()
        return answer.get_json()

    same_numbers(content(month), ask)


def same_numbers(told: ReportContent, ask: Callable[[str], Any]) -> None:
    """The report's figures are those of board, figures, open items, forecast and repeat offenders."""
    month = told["cover"]["month"]
    board = ask(f"rounds/{month}/board")
    assert told["overview"]["tasks"] == board["round"]["progress"]
    rooms = [room for building in board["buildings"] for room in building["rooms"]]
    assert told["overview"]["rooms"]["planned"] == len(rooms)
    sheets = {row["place"]["room_id"]: row["counts"] for row in told["check_sheets"]}
    for room in rooms:
        assert {key: room[key] for key in sheets[room["id"]]} == sheets[room["id"]]

    figures = ask(f"rounds/{month}/figures")
    assert _same_rate(told["status"]["pass_rate"], figures["pass_rate"])
    assert _same_rate(told["status"]["availability"], figures["availability"])
    for row, shown in zip(told["status"]["by_type"], figures["types"], strict=True):
        assert (row["type"], row["counts"]["abnormal"]) == (shown["type"], shown["abnormal"])
        assert _same_rate(row["pass_rate"], shown["pass_rate"])
    readings = [row for row in told["anomalies"] if row["item"] is not None]
    assert len(readings) == figures["anomalies"]
    bands = [row["count"] for row in told["open_items"]["ageing"]]
    assert bands == [row["total"] for row in figures["ageing"]]

    for past, shown in zip(told["status"]["trend"], ask("figures?months=6")["months"], strict=True):
        assert (past["month"], past["anomalies"]) == (shown["month"], shown["anomalies"])
        assert _same_rate(past["pass_rate"], shown["pass_rate"])
        assert past["open"] == shown["open_items"]["standing"]

    listed = ask("open-items?state=open&page_size=200&sort=number")
    assert told["open_items"]["counts"]["open"] == listed["total"]
    standing = sorted(
        row["number"] for row in told["open_items"]["items"] if row["change"] in ("carried", "new")
    )
    assert standing == sorted(row["number"] for row in listed["items"])
    since = {row["number"]: row["opened_month"] for row in listed["items"]}
    told_since = {row["number"]: row["opened_month"] for row in told["open_items"]["items"]}
    assert since == {number: told_since[number] for number in since}

    forecast = ask("forecast")
    told_hours = [(row["device"]["id"], row["month"]) for row in told["consumables"]["forecast"]]
    assert told_hours == [(row["device_id"], row["due_month"]) for row in forecast["hours"]]
    bought = [(row["consumable"]["zh"], row["quantity"]) for row in told["plan"]["purchases"]]
    assert bought == [(row["consumable_zh"], row["quantity"]) for row in forecast["buy"]]
    repeats = [(row["item"]["zh"], row["in_a_row"]) for row in told["status"]["repeats"]]
    shown_repeats = [(row["item_zh"], row["in_a_row"]) for row in ask("repeat-offenders")]
    assert repeats == shown_repeats


def _same_rate(rate: Any, share: Any) -> bool:
    told = (rate["count"], rate["of"], rate["percent"])
    return bool(told == (share["part"], share["whole"], share["percent"]))


def test_a_larger_estate_takes_no_more_statements(
    month: Month, engineer: User, count_queries: Callable[[], int]
) -> None:
    count_queries()
    content(month)
    few = count_queries()
    room = factories.room(factories.building(month.contract, "副楼"), "东海厅")
    for number in range(12):
        device = factories.device(room, name=f"投影机{number}")
        visit = made.visit(month.round, device, photos=[made.photo("image")])
        made.reading(visit, "image", "dim", "abnormal")
        made.send(month.contract, engineer, visit, now=made.at("2026-04", 4))
    db.session.remove()
    count_queries()
    assert len(content(month)["anomalies"]) == 15
    assert count_queries() == few
