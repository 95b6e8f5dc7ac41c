"""The month's figures from real rounds: what counts, what is told apart, and that a past month stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests import factories
from tests.desk.year import Year
from tests.rounds import made
from webapp.db import db, unit_of_work
from webapp.desk.figures.ends import window
from webapp.desk.figures.months import month_figures, trend
from webapp.desk.figures.repeats import repeat_offenders
from webapp.desk.figures.standing import History, open_items_of_round
from webapp.desk.forecast.buying import consumables_forecast
from webapp.desk.forecast.uses import consumables_used
from webapp.errors import AppError
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
from webapp.rounds.models import OpenItem, Round

Figures = dict[str, Any]


@pytest.fixture
def year(contract: Contract, engineer: User) -> Year:
    return Year(contract, engineer)


def figures_of(year: Year, month: str) -> Figures:
    db.session.rollback()
    return month_figures(db.session(), year.contract.id, month)


def counts(figures: Figures) -> tuple[int, ...]:
    return tuple(
        figures["inspections"][name] for name in ("normal", "abnormal", "not_tested", "todo")
    )


def not_tested(year: Year, device: Device) -> Any:
    return year.visit(device, readings=[], exception={"reason": "occupied", "remark": "开会"})


def test_untested_and_not_yet_inspected_are_told_apart(year: Year) -> None:
    year.month(
        "2026-03",
        year.visit(year.codec, "loss", 4),
        not_tested(year, year.display),
        skip=(year.east,),
    )
    march = figures_of(year, "2026-03")
    # The first room's own checklist lacks its photo, so that it was not tested either.
    assert counts(march) == (1, 1, 2, 1)
    assert march["pass_rate"] == {"part": 1, "whole": 2, "percent": 50.0}
    kinds = {row["type"]: row for row in march["types"]}
    assert kinds["codec"]["abnormal"] == 1
    assert kinds["codec"]["zh"] == "会议终端"
    assert kinds["display"]["pass_rate"]["percent"] is None
    assert (kinds["room"]["not_tested"], kinds["room"]["todo"]) == (1, 1)
    assert [row["type"] for row in march["types"]] == ["projector", "display", "codec", "room"]
    # Nobody could test anything in the second room: it is on neither side.
    assert march["rooms"] == {"total": 2, "inspected": 1, "able": 1, "disabled": []}


def test_a_grave_open_item_takes_its_room_out_until_it_is_solved(year: Year) -> None:
    year.month("2026-03", year.visit(year.codec, "registration", "fail"))
    march = figures_of(year, "2026-03")
    assert march["availability"] == {"part": 1, "whole": 2, "percent": 50.0}
    (room,) = march["rooms"]["disabled"]
    assert (room["room_id"], room["numbers"]) == (year.west.id, [1])
    solved = year.visit(year.codec, open_items=[{"number": 1, "answer": "solved"}])
    year.month("2026-04", solved)
    assert figures_of(year, "2026-04")["availability"]["percent"] == 100
    assert figures_of(year, "2026-03") == march


def test_what_was_put_right_on_the_spot_is_abnormal_and_disables_nothing(year: Year) -> None:
    fixed = {"fixed": True, "action": "重启"}
    year.month("2026-03", year.visit(year.codec, "registration", "fail", more=fixed))
    march = figures_of(year, "2026-03")
    assert (march["inspections"]["abnormal"], march["anomalies"]) == (1, 1)
    assert march["availability"]["percent"] == 100
    assert march["open_items"]["new"] == 0


def test_a_setting_says_which_severity_disables(year: Year) -> None:
    year.month("2026-03", year.visit(year.codec, "loss", 9))
    assert figures_of(year, "2026-03")["availability"]["percent"] == 50
    with unit_of_work() as session:
        session.get_one(Contract, year.contract.id).settings = {"disabling_severity": 1}
    assert figures_of(year, "2026-03")["availability"]["percent"] == 100


def test_a_past_month_stays_what_it_was(year: Year, manager: User) -> None:
    year.month("2026-02", year.visit(year.codec, "registration", "fail"))
    march = year.month("2026-03", year.visit(year.codec, "registration", "fail"))
    told = [figures_of(year, month) for month in ("2026-02", "2026-03")]
    assert [figures["open_items"]["standing"] for figures in told] == [1, 1]
    with unit_of_work() as session:
        row = session.get_one(Round, march.id)
        row.state, row.accepted_at = "accepted", made.at("2026-03", 10)
        # It moves, and is taken off the list, after March was accepted.
        session.get_one(Device, year.codec.id).room_id = year.east.id
        item = session.query(OpenItem).one()
        item.room_id, item.withdrawn_at, item.state = (
            year.east.id,
            made.at("2026-03", 20),
            "withdrawn",
        )
    again = [figures_of(year, month) for month in ("2026-02", "2026-03")]
    assert again[0] == told[0]
    assert again[1] == told[1] | {"state": "accepted"}
    year.month("2026-04")
    april = figures_of(year, "2026-04")["open_items"]
    assert april == {"carried": 1, "new": 0, "closed": 0, "withdrawn": 1, "standing": 0}


def test_the_trend_is_the_months_one_by_one(year: Year) -> None:
    year.month("2026-01", year.visit(year.codec, "loss", 4))
    year.month("2026-02", year.visit(year.codec, "loss", 4), not_tested(year, year.display))
    # No round in March: there is no figure of it either.
    year.month("2026-04", year.visit(year.codec, open_items=[{"number": 1, "answer": "solved"}]))
    db.session.rollback()
    rows = trend(db.session(), year.contract.id)
    assert [row["month"] for row in rows] == ["2026-01", "2026-02", "2026-04"]
    for row in rows:
        figures = figures_of(year, row["month"])
        assert {name: figures[name] for name in row} == row
    assert [row["open_items"]["standing"] for row in rows] == [1, 1, 0]
    assert trend(db.session(), year.contract.id, "2026-02", 1) == rows[1:2]


def test_ageing_is_that_of_the_month(year: Year) -> None:
    for month in ("2026-01", "2026-02", "2026-03", "2026-04"):
        year.month(month, year.visit(year.codec, "loss", 4))
    for month, band in (("2026-01", 0), ("2026-02", 1), ("2026-03", 2), ("2026-04", 3)):
        rows = figures_of(year, month)["ageing"]
        assert [row["total"] for row in rows] == [int(place == band) for place in range(5)]
        assert rows[band]["severities"] == {1: 0, 2: 0, 3: 1, 4: 0}


def test_the_list_of_open_items_is_that_of_the_month(year: Year) -> None:
    year.month("2026-01", year.visit(year.codec, "loss", 4))
    year.month("2026-02", year.visit(year.display, "sound", "fail"))
    year.month("2026-03", year.visit(year.codec, open_items=[{"number": 1, "answer": "solved"}]))
    db.session.rollback()
    session = db.session()

    def listed(month: str) -> list[tuple[Any, ...]]:
        shown = window(session, year.contract.id, month, 1)
        rows = open_items_of_round(session, History(session, shown), shown.last, made.at("2026-06"))
        return [(row["number"], row["change"], row["state"], row["age_months"]) for row in rows]

    assert listed("2026-01") == [(1, "new", "open", 0)]
    assert listed("2026-02") == [(1, "carried", "open", 1), (2, "new", "open", 0)]
    assert listed("2026-03") == [(1, "closed", "solved", 2), (2, "carried", "open", 1)]


def test_of_a_pair_only_the_record_that_counts_is_counted(
    year: Year, manager: User, contract: Contract
) -> None:
    march = year.month("2026-03")
    other = factories.member(contract, "backup_engineer", login="backup")
    again = made.visit(march, year.codec, consumables=[{"consumable": "cable", "quantity": 2}])
    made.reading(again, "loss", 9, "abnormal")
    made.send(contract, other, again, now=made.at("2026-03", 4))
    figures = figures_of(year, "2026-03")
    assert (figures["inspections"]["abnormal"], figures["anomalies"]) == (0, 0)
    assert consumables_used(db.session(), contract.id, "2026-03") == []


def test_repeat_offenders_are_told_with_their_months_and_open_items(year: Year) -> None:
    year.month(
        "2026-01", year.visit(year.codec, "loss", 4), year.visit(year.display, "sound", "fail")
    )
    year.month("2026-02", year.visit(year.codec, "loss", 3))
    year.month("2026-03", not_tested(year, year.codec))
    year.month(
        "2026-04", year.visit(year.codec, "loss", 2), year.visit(year.display, "sound", "fail")
    )
    db.session.rollback()
    rows = repeat_offenders(db.session(), year.contract.id)
    (row,) = rows
    assert (row["device_id"], row["item"], row["in_a_row"], row["of_last"]) == (
        year.codec.id,
        "loss",
        3,
        3,
    )
    assert (row["item_zh"], row["unit"], row["open_items"]) == ("丢包率", "%", [1])
    assert [(read["month"], read["value"]) for read in row["months"]] == [
        ("2026-01", 4),
        ("2026-02", 3),
        ("2026-04", 2),
    ]
    assert repeat_offenders(db.session(), year.contract.id, "2026-01") == []


def lamp(year: Year, hours: float, **fields: Any) -> Any:
    visit = year.visit(year.projector, **fields)
    verdict = "normal" if hours <= 4250 else "abnormal"
    made.reading(visit, "lamp_hours", hours, verdict)
    return visit


def test_a_lamp_is_forecast_and_bought_in_time(year: Year) -> None:
    for month, hours in (("2026-01", 3700), ("2026-02", 3800), ("2026-03", 3900)):
        year.month(month, lamp(year, hours))
    db.session.rollback()
    made_in_march = consumables_forecast(db.session(), year.contract.id)
    (row,) = made_in_march["hours"]
    assert (row["hours"], row["limit"], row["rate"]) == (3900, 4250, 100)
    assert (row["state"], row["due_month"], row["confidence"]) == ("expected", "2026-07", "fair")
    assert made_in_march["months"] == ["2026-04", "2026-05", "2026-06"]
    assert made_in_march["buy"] == []
    year.month("2026-04", lamp(year, 4000))
    (buy,) = consumables_forecast(db.session(), year.contract.id)["buy"]
    assert (buy["consumable"], buy["maker"], buy["model"]) == ("lamp", "NEC", "PA653U")
    assert (buy["quantities"], buy["quantity"]) == ([0, 0, 1], 1)
    assert consumables_forecast(db.session(), year.contract.id, "2026-03") == made_in_march


def test_a_replaced_lamp_begins_anew(year: Year) -> None:
    changed = {
        "consumables": [
            {"consumable": "lamp", "quantity": 1},
            {"consumable": "battery", "quantity": 4},
        ]
    }
    for month, hours in (("2026-01", 4000), ("2026-02", 4100)):
        year.month(month, lamp(year, hours))
    year.month("2026-03", lamp(year, 5, **changed))
    db.session.rollback()
    made_in_march = consumables_forecast(db.session(), year.contract.id)
    (row,) = made_in_march["hours"]
    assert (row["hours"], row["since"], row["replaced"]) == (5, "2026-03", ["2026-03"])
    assert row["confidence"] == "rough"
    (battery,) = made_in_march["uses"]
    assert (battery["consumable"], battery["total"], battery["rounds"]) == ("battery", 4, 3)
    assert battery["ahead"] == [2, 1, 1]
    used = consumables_used(db.session(), year.contract.id, "2026-03")
    assert [(row["consumable"], row["quantity"], row["devices"]) for row in used] == [
        ("battery", 4, 1),
        ("lamp", 1, 1),
    ]


def test_a_projector_without_a_rating_has_no_limit(year: Year) -> None:
    with unit_of_work() as session:
        session.get_one(Device, year.projector.id).register = {}
    year.month("2026-03")
    db.session.rollback()
    (row,) = consumables_forecast(db.session(), year.contract.id)["hours"]
    assert (row["state"], row["limit"], row["due_month"]) == ("no_limit", None, None)


def test_statements_are_the_same_for_one_month_and_for_many(
    year: Year, count_queries: Callable[[], int]
) -> None:
    def cost() -> list[int]:
        numbers = []
        for ask in (
            lambda s: trend(s, year.contract.id),
            lambda s: month_figures(s, year.contract.id, "2026-03"),
            lambda s: repeat_offenders(s, year.contract.id),
            lambda s: consumables_forecast(s, year.contract.id),
        ):
            db.session.remove()
            count_queries()
            ask(db.session())
            numbers.append(count_queries())
        return numbers

    year.month("2026-03", year.visit(year.codec, "loss", 4), lamp(year, 500))
    year.month("2026-04", year.visit(year.codec, "loss", 4), lamp(year, 600))
    few = cost()
    for month in ("2026-05", "2026-06", "2026-07", "2026-08"):
        year.month(month, year.visit(year.codec, "loss", 4), lamp(year, 700))
    for number in range(5):
        factories.device(year.west, "projector", f"投影机{number}")
    assert cost() == few
    assert max(few) <= 11


def test_a_month_without_a_round_has_no_figures(year: Year) -> None:
    for ask in (month_figures, consumables_used):
        with pytest.raises(AppError) as refusal:
            ask(db.session(), year.contract.id, "2026-03")
        assert refusal.value.code == "not_found"
    assert trend(db.session(), year.contract.id) == []
    assert repeat_offenders(db.session(), year.contract.id) == []
    assert consumables_forecast(db.session(), year.contract.id)["buy"] == []
