"""The figures over HTTP: who may, what is refused, and that they are those of the board and the lists."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.desk.year import Year
from tests.rounds import made
from webapp.identity.models import Contract, User

SignIn = Callable[[User], FlaskClient]
HQ = "/api/contracts/HQ"
PATHS = ("figures", "rounds/2026-03/figures", "repeat-offenders", "forecast")


@pytest.fixture
def year(contract: Contract, engineer: User) -> Year:
    """January to March: a codec that loses packets, a projector whose lamp comes to its end."""
    told = Year(contract, engineer)
    for month, hours in (("2026-01", 4000), ("2026-02", 4100), ("2026-03", 4200)):
        lamp = told.visit(told.projector)
        made.reading(lamp, "lamp_hours", hours, "normal")
        told.month(month, told.visit(told.codec, "loss", 4), lamp)
    return told


def ask(browser: FlaskClient, path: str) -> Any:
    answer = browser.get(f"{HQ}/{path}")
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()


@pytest.mark.parametrize("path", PATHS)
def test_members_see_the_figures_and_nobody_else(
    path: str,
    client: FlaskClient,
    year: Year,
    engineer: User,
    it_lead: User,
    stranger: User,
    signed_in: SignIn,
) -> None:
    assert client.get(f"{HQ}/{path}").status_code == 401
    assert signed_in(stranger).get(f"{HQ}/{path}").status_code == 404
    for member in (engineer, it_lead):
        ask(signed_in(member), path)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("figures?months=0", 422),
        ("figures?months=37", 422),
        ("figures?month=2026-13", 422),
        ("repeat-offenders?month=March", 422),
        ("forecast?month=2026", 422),
        ("rounds/2026-04/figures", 404),
        ("rounds/March/figures", 404),
    ],
)
def test_what_is_asked_wrongly_is_refused(
    path: str, status: int, year: Year, manager: User, signed_in: SignIn
) -> None:
    assert signed_in(manager).get(f"{HQ}/{path}").status_code == status


def test_the_figures_are_those_of_the_board_and_the_lists(
    year: Year, manager: User, signed_in: SignIn
) -> None:
    desk = signed_in(manager)
    march = ask(desk, "rounds/2026-03/figures")
    board = ask(desk, "rounds/2026-03/board")
    inspections = march["inspections"]
    assert {name: inspections[name] for name in board["round"]["progress"]} == board["round"][
        "progress"
    ]
    for outcome in ("normal", "abnormal", "not_tested", "todo"):
        assert sum(row[outcome] for row in march["types"]) == inspections[outcome]
    listed = ask(desk, "open-items?state=open")
    assert march["open_items"]["standing"] == listed["total"] == 1
    assert sum(band["total"] for band in march["ageing"]) == listed["total"]
    (last,) = ask(desk, "figures?months=1")["months"]
    assert {name: march[name] for name in last} == last
    trend = ask(desk, "figures")["months"]
    assert [row["month"] for row in trend] == ["2026-01", "2026-02", "2026-03"]
    assert ask(desk, "figures?month=2026-02")["months"] == trend[:2]


def test_repeat_offenders_and_the_forecast(year: Year, manager: User, signed_in: SignIn) -> None:
    desk = signed_in(manager)
    (offender,) = ask(desk, "repeat-offenders")
    assert (offender["device_id"], offender["in_a_row"]) == (year.codec.id, 3)
    assert offender["warranty_until"] is None
    forecast = ask(desk, "forecast")
    (lamp,) = forecast["hours"]
    assert (lamp["device_id"], lamp["due_month"], lamp["state"]) == (
        year.projector.id,
        "2026-04",
        "expected",
    )
    assert forecast["months"] == ["2026-04", "2026-05", "2026-06"]
    assert forecast["buy"][0]["quantities"] == [1, 0, 0]
    assert ask(desk, "forecast?month=2026-01")["month"] == "2026-01"


def test_a_contract_without_a_round_has_empty_figures(
    contract: Contract, manager: User, signed_in: SignIn
) -> None:
    desk = signed_in(manager)
    assert ask(desk, "figures") == {"months": []}
    assert ask(desk, "repeat-offenders") == []
    assert ask(desk, "forecast") == {
        "month": None,
        "months": [],
        "hours": [],
        "uses": [],
        "buy": [],
    }


FILES = {
    "figures": (3, "月份"),
    "rounds/2026-03/figures/types": (4, "设备类型"),
    "rounds/2026-03/figures/ageing": (5, "账龄（月）从"),
    "rounds/2026-03/figures/disabled-rooms": (0, "楼宇"),
    "repeat-offenders": (1, "楼宇"),
    "forecast": (1, "楼宇"),
    "forecast/uses": (0, "耗材"),
    "forecast/purchases": (1, "月份"),
}


def test_every_table_is_saved_as_csv_and_as_xlsx(
    year: Year, manager: User, signed_in: SignIn
) -> None:
    desk = signed_in(manager)
    for path, (rows, head) in FILES.items():
        answer = desk.get(f"{HQ}/{path}.csv")
        assert answer.status_code == 200, path
        lines = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
        assert (lines[0][0], len(lines) - 1) == (head, rows), path
        assert desk.get(f"{HQ}/{path}.xlsx").data.startswith(b"PK"), path
    english = desk.get(f"{HQ}/figures.csv?language=en&months=1").data.decode("utf-8-sig")
    heads, last = csv.reader(io.StringIO(english, newline=""))
    march = dict(zip(heads, last, strict=True))
    figures = ask(desk, "rounds/2026-03/figures")
    assert march["Month"] == "2026-03"
    assert float(march["Pass rate (%)"]) == figures["pass_rate"]["percent"]
    assert int(march["Open items at the end"]) == figures["open_items"]["standing"]
    assert desk.get(f"{HQ}/rounds/2026-04/figures/types.csv").status_code == 404
