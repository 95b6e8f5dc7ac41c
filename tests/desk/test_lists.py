"""The one pattern of the lists: both orders, counts by state, CSV files that run nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests import factories
from tests.rounds import made
from webapp.db import db, unit_of_work
from webapp.desk.inspection_list import INSPECTIONS
from webapp.desk.open_item_list import OPEN_ITEMS
from webapp.desk.return_list import RETURNS
from webapp.estate.queries import LABELS
from webapp.identity.models import Contract, User
from webapp.listing import Listing
from webapp.rounds.models import OpenItem, Round
from webapp.sheets import quoted
from webapp.sync.lacking import LACKING
from webapp.sync.models import Quarantined
from webapp.sync.phone_list import PHONES
from webapp.sync.quarantine_list import QUARANTINE

SignIn = Callable[[User], FlaskClient]
HQ = "/api/contracts/HQ"
LISTS = {
    "open-items": OPEN_ITEMS,
    "inspections": INSPECTIONS,
    "quarantine": QUARANTINE,
    "labels": LABELS,
    "phones": PHONES,
    "missing-photos": LACKING,
    "returns": RETURNS,
}


@pytest.fixture
def march(contract: Contract) -> Round:
    made.checklist(contract)
    factories.room(factories.building(contract))
    return made.opened(contract)


@pytest.fixture
def desk(
    contract: Contract, manager: User, engineer: User, march: Round, signed_in: SignIn
) -> FlaskClient:
    """A desk with four open items (one solved, one due, one owned), and something to be settled."""
    room = factories.room(factories.building(contract, "副楼"), "东海厅")
    devices = [factories.device(room, name=f"投影机{n}") for n in range(4)]
    # A device that joins an open round is taken with its first inspection.
    for number, device in enumerate(devices):
        visit = made.visit(march, device)
        made.reading(visit, "image", "dim", "abnormal", remark=f"=SUM(A{number})")
        made.send(contract, engineer, visit, now=made.at("2026-03", 3, number))
    solved = made.visit(march, devices[3], open_items=[{"number": 4, "answer": "solved"}])
    made.send(contract, engineer, solved, now=made.at("2026-03", 4))
    with unit_of_work() as session:
        first, second = session.query(OpenItem).order_by(OpenItem.number)[:2]
        first.due_on, second.owner_id = date(2026, 3, 20), manager.id
        for state in ("open", "held", "dismissed"):
            session.add(
                Quarantined(
                    contract_id=contract.id,
                    operation_id=made.uid(),
                    kind="inspection",
                    version=1,
                    payload="{}",
                    hash="0" * 64,
                    code="item_unknown",
                    state=state,
                    user_id=engineer.id,
                    received_at=made.at("2026-03"),
                )
            )
    return signed_in(manager)


def ask(desk: FlaskClient, path: str) -> Any:
    """A list's answer."""
    answer = desk.get(f"{HQ}/{path}")
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()


def table(desk: FlaskClient, path: str) -> list[list[str]]:
    """A CSV file's lines."""
    answer = desk.get(f"{HQ}/{path}")
    assert answer.status_code == 200
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("path", LISTS)
def test_every_sort_goes_both_ways_and_is_the_whole_list(path: str, desk: FlaskClient) -> None:
    key = {"labels": "code", "open-items": "number", "returns": "key"}.get(path, "id")
    for sort in LISTS[path].sorts:
        up = [row[key] for row in ask(desk, f"{path}?sort={sort}")["items"]]
        down = [row[key] for row in ask(desk, f"{path}?sort=-{sort}")["items"]]
        assert sorted(up) == sorted(down)
        if sort not in ("due_on", "owner", "severity"):
            assert up == down[::-1], sort
    assert desk.get(f"{HQ}/{path}?sort=password").status_code == 422


def test_what_has_no_value_comes_last_in_both_orders(desk: FlaskClient) -> None:
    for sort, first in (("due_on", 1), ("-due_on", 1), ("owner", 2), ("-owner", 2)):
        assert ask(desk, f"open-items?sort={sort}")["items"][0]["number"] == first


def test_the_youngest_is_the_lowest_age(
    contract: Contract, engineer: User, desk: FlaskClient
) -> None:
    device = factories.device(factories.room(factories.building(contract, "北楼")))
    old = made.visit(made.opened(contract, "2026-01"), device)
    made.reading(old, "image", "dim", "abnormal")
    made.send(contract, engineer, old, now=made.at("2026-01"))
    ages = [row["age_months"] for row in ask(desk, "open-items?sort=age")["items"]]
    assert ages == sorted(ages)
    assert ask(desk, "open-items?sort=-age")["items"][0]["age_months"] == max(ages) > min(ages)


def test_the_counts_are_of_every_state_under_the_other_filters(desk: FlaskClient) -> None:
    everything = ask(desk, "open-items")
    assert everything["counts"] == {"open": 3, "solved": 1, "withdrawn": 0}
    assert (everything["total"], ask(desk, "open-items?state=all")["total"]) == (4, 4)
    solved = ask(desk, "open-items?state=solved")
    assert (solved["counts"], solved["total"]) == (everything["counts"], 1)
    assert ask(desk, "open-items?q=投影机3")["counts"] == {"open": 0, "solved": 1, "withdrawn": 0}
    waiting = ask(desk, "quarantine")
    assert waiting["counts"] == {"waiting": 2, "applied": 0, "dismissed": 1}
    assert (waiting["total"], ask(desk, "quarantine?state=all")["total"]) == (2, 3)
    assert ask(desk, "inspections")["counts"] == {"normal": 1, "abnormal": 4, "not_tested": 0}
    assert ask(desk, "labels")["counts"] == {"active": 0, "unlinked": 0, "revoked": 0}


@pytest.mark.parametrize("path", LISTS)
def test_counts_and_page_take_the_same_few_statements(
    path: str, desk: FlaskClient, count_queries: Callable[[], int]
) -> None:
    ask(desk, path)
    count_queries()
    ask(desk, f"{path}?page_size=1")
    few = count_queries()
    ask(desk, f"{path}?page_size=200")
    assert count_queries() == few <= 8


def test_the_csv_file_is_what_is_filtered_in_its_order(desk: FlaskClient) -> None:
    heads, *lines = table(desk, "open-items.csv?state=open&sort=-number&page_size=1")
    assert heads[:4] == ["编号", "状态", "级别", "楼宇"]
    assert [line[0] for line in lines] == ["3", "2", "1"]
    assert lines[0][1:7] == ["未解决", "三级", "副楼", "8F", "东海厅", "投影机2"]
    heads, *lines = table(desk, "open-items.csv?language=en&q=投影机0")
    assert heads[:3] == ["Number", "State", "Severity"]
    assert lines[0][1] == "Open"
    received = table(desk, "inspections.csv?verdict=normal")
    assert received[1][received[0].index("收到时间")] == "2026-03-04 10:00"
    assert len(table(desk, "quarantine.csv")) == 3
    assert table(desk, "labels.csv?language=en") == [
        ["Code", "State", "Device", "Building", "Floor", "Room", "Made", "Revoked", "Reason"]
    ]


def test_nothing_in_a_csv_file_is_run_as_a_formula(desk: FlaskClient) -> None:
    cells = [cell for line in table(desk, "open-items.csv") for cell in line]
    assert "'=SUM(A0)" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert quoted("+86 21") == "'+86 21"


def test_a_file_that_is_too_long_is_refused(
    desk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.listing.MOST_ROWS", 3)
    answer = desk.get(f"{HQ}/open-items.csv")
    assert (answer.status_code, answer.get_json()["code"]) == (413, "too_large")
    assert desk.get(f"{HQ}/open-items.csv?state=open").status_code == 200


def test_every_list_can_tell_each_of_its_columns(desk: FlaskClient, contract: Contract) -> None:
    """A column whose key no record has would be an empty one for ever."""
    for listing in LISTS.values():
        _check(listing, contract.id)


def _check(listing: Listing, contract_id: int) -> None:
    rows = db.session.execute(listing.statement(contract_id, {})).all()
    for record in listing.dress(db.session(), contract_id, rows, made.at("2026-03")):
        for column in listing.columns:
            assert record.keys() & {column.key, f"{column.key}_zh"}, (listing.name, column.key)


def test_a_search_for_blanks_alone_finds_everything(
    contract: Contract, manager: User, signed_in: Callable[[User], FlaskClient]
) -> None:
    browser = signed_in(manager)
    for name in ("inspections", "phones", "devices"):
        path = f"/api/contracts/{contract.code}/{name}"
        every, blank = browser.get(path), browser.get(path, query_string={"q": " \t "})
        assert (blank.status_code, blank.get_json()) == (200, every.get_json())
