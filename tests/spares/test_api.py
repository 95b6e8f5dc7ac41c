"""Spare parts and loaners over HTTP: what each side may do, the stock's story, and the warning that comes once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.cases.made import uid
from webapp.audit.models import AuditRow
from webapp.db import db
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
from webapp.notifications.models import Notification

SignIn = Callable[[User], FlaskClient]
HQ = "/api/contracts/HQ"
LATER = date.today() + timedelta(days=20)  # noqa: DTZ011 - a day far from any midnight


@pytest.fixture
def device(contract: Contract) -> Device:
    return factories.device(factories.room(factories.building(contract)), "codec", name="终端甲")


@pytest.fixture
def chen(it_lead: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(it_lead)


@pytest.fixture
def li(engineer: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(engineer)


@pytest.fixture
def wang(manager: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(manager)


def post(browser: FlaskClient, path: str, status: int = 201, **body: Any) -> dict[str, Any]:
    answer = browser.post(f"{HQ}/{path}", json={"uid": uid(), **body})
    assert answer.status_code == status, answer.data
    found: dict[str, Any] = answer.get_json()
    return found


def read(browser: FlaskClient, path: str, **query: Any) -> Any:
    answer = browser.get(f"{HQ}/{path}", query_string=query)
    assert answer.status_code == 200, answer.data
    return answer.get_json()


def move(
    browser: FlaskClient, part: int, kind: str, quantity: int, status: int = 201, **more: Any
) -> dict[str, Any]:
    path = f"spare-parts/{part}/movements"
    return post(browser, path, status, kind=kind, quantity=quantity, **more)


@pytest.fixture
def lamp(wang: FlaskClient) -> int:
    """A kind of spare part of which three are there, and two shall be."""
    part: int = post(wang, "spare-parts", name="投影灯泡", model="ELPLP96", threshold=2)["id"]
    move(wang, part, "received", 3)
    return part


@pytest.fixture
def repair(li: FlaskClient, device: Device) -> str:
    """A repair in warranty, of a codec."""
    name: str = post(
        li, "cases", kind="repair", title="返厂", device_id=device.id, fields={"way": "warranty"}
    )["name"]
    return name


def test_a_stock_is_the_sum_of_what_was_moved(
    li: FlaskClient, chen: FlaskClient, lamp: int, device: Device
) -> None:
    used = move(li, lamp, "used", 1, device_id=device.id, note="会前更换")
    assert (used["stock"], used["state"]) == (2, "enough")
    move(li, lamp, "counted", 5)
    move(li, lamp, "returned", 1)
    seen = read(chen, f"spare-parts/{lamp}")
    assert seen["stock"] == 6
    assert [(one["kind"], one["change"], one["stock"]) for one in seen["movements"]] == [
        ("returned", 1, 6),
        ("counted", 3, 5),
        ("used", -1, 2),
        ("received", 3, 3),
    ]
    assert seen["movements"][2]["device_name"] == "终端甲"
    assert move(li, lamp, "used", 7, 409, device_id=device.id)["details"] == {"stock": 6}
    assert read(chen, "spare-parts")["items"][0]["stock"] == 6


def test_the_supervisors_are_warned_once_each_time_it_falls_low(
    li: FlaskClient, lamp: int, device: Device, engineer: User, manager: User
) -> None:
    def warned() -> list[int]:
        db.session.rollback()
        rows = db.session.scalars(sa.select(Notification).filter_by(kind="stock_low"))
        return sorted(row.user_id for row in rows)

    move(li, lamp, "used", 1, device_id=device.id)
    assert warned() == []
    move(li, lamp, "used", 1, device_id=device.id)
    assert manager.id in warned()
    once = len(warned())
    move(li, lamp, "used", 1, device_id=device.id)
    assert len(warned()) == once
    move(li, lamp, "received", 5)
    move(li, lamp, "counted", 0)
    assert len(warned()) == 2 * once
    assert read(li, "spare-parts", state="low")["total"] == 1


def test_what_is_used_is_used_on_something(li: FlaskClient, lamp: int, repair: str) -> None:
    assert move(li, lamp, "used", 1, 422)["fields"] == {"case": ["missing"]}
    assert move(li, lamp, "used", 1, 422, case="R9")["code"] == "case_unknown"
    assert move(li, lamp, "used", 1, 422, device_id=99)["code"] == "device_unknown"
    assert move(li, lamp, "lent", 1, 422)["code"] == "invalid"
    move(li, lamp, "used", 1, case=repair)
    [line] = read(li, f"cases/{repair}/parts")["movements"]
    assert (line["part"], line["case_name"]) == ("投影灯泡", repair)


def test_the_same_again_moves_and_lends_nothing_more(
    li: FlaskClient, lamp: int, repair: str
) -> None:
    moved = {"uid": uid(), "kind": "received", "quantity": 2}
    lent = {"uid": uid(), "what": "CX-30", "part_id": lamp, "due_on": LATER.isoformat()}
    for _ in range(2):
        assert li.post(f"{HQ}/spare-parts/{lamp}/movements", json=moved).status_code == 201
        assert li.post(f"{HQ}/cases/{repair}/loans", json=lent).status_code == 201
    assert read(li, f"spare-parts/{lamp}")["stock"] == 4
    assert read(li, "loans")["total"] == 1


def test_a_loaner_is_overdue_by_the_contracts_own_day(
    li: FlaskClient, repair: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(li, f"cases/{repair}/loans", what="CX-30", due_on=LATER.isoformat())
    for hour, overdue in ((15, 0), (17, 1)):
        # In Shanghai the next day begins at 16:00 UTC.
        moment = datetime(LATER.year, LATER.month, LATER.day, hour, tzinfo=UTC)
        monkeypatch.setattr("webapp.api.spares.now_utc", lambda moment=moment: moment)
        assert read(li, "loans", overdue="true")["total"] == overdue


def test_each_side_has_its_own(
    li: FlaskClient, chen: FlaskClient, wang: FlaskClient, lamp: int, repair: str
) -> None:
    assert move(chen, lamp, "received", 1, 403)["code"] == "forbidden"
    assert post(chen, f"cases/{repair}/loans", 403, what="x")["code"] == "forbidden"
    assert chen.patch(f"{HQ}/spare-parts/{lamp}", json={"threshold": 0}).status_code == 403
    lent = post(li, f"cases/{repair}/loans", what="CX-30 备机", due_on=LATER.isoformat())
    loan = lent["loans"][0]["id"]
    longer = {"until_on": (LATER + timedelta(days=5)).isoformat()}
    for ours in (li, wang):
        assert ours.post(f"{HQ}/loans/{loan}/consent", json=longer).status_code == 403
    assert chen.post(f"{HQ}/loans/{loan}/return").status_code == 403


def test_a_loaner_goes_out_for_longer_by_consent_and_comes_back(
    li: FlaskClient, chen: FlaskClient, lamp: int, repair: str
) -> None:
    post(li, f"cases/{repair}/loans", what="CX-30", part_id=lamp, due_on=LATER.isoformat())
    assert read(li, f"spare-parts/{lamp}")["stock"] == 2
    [loan] = read(chen, "loans", state="out")["items"]
    assert (loan["case_name"], loan["overdue"], loan["due_on"]) == (
        repair,
        False,
        LATER.isoformat(),
    )
    address = f"{HQ}/loans/{loan['id']}"
    shorter = chen.post(f"{address}/consent", json={"until_on": LATER.isoformat()})
    assert shorter.get_json()["fields"] == {"until_on": ["not_longer"]}
    until = (LATER + timedelta(days=10)).isoformat()
    for _ in range(2):
        longer = chen.post(f"{address}/consent", json={"until_on": until, "text": "同意"})
        assert (longer.status_code, longer.get_json()["due_on"]) == (200, until)
    for _ in range(2):
        assert li.post(f"{address}/return").get_json()["state"] == "returned"
    late = chen.post(f"{address}/consent", json={"until_on": "2031-01-01"})
    assert late.get_json()["code"] == "loan_returned"
    assert read(li, f"spare-parts/{lamp}")["stock"] == 3
    story = [line["step"] for line in read(li, f"cases/{repair}")["timeline"]]
    assert story == ["opened", "lend", "loan_consented", "loan_returned"]
    done = db.session.scalars(
        sa.select(AuditRow.action).where(AuditRow.entity == "loan").order_by(AuditRow.id)
    ).all()
    assert done == ["lend", "consent_loaner", "return_loaner"]


def test_whichever_way_the_step_is_taken_there_is_a_loan(li: FlaskClient, repair: str) -> None:
    step = f"cases/{repair}/steps"
    post(li, step, 200, step="send", fields={"vendor": "华视", "expected_on": LATER.isoformat()})
    post(li, step, 200, step="lend", fields={"loaner": "CX-30 备机"})
    [loan] = read(li, "loans")["items"]
    # Without a day of its own it is due when the repair is.
    assert (loan["what"], loan["due_on"]) == ("CX-30 备机", LATER.isoformat())
    post(li, step, 200, step="return", fields={})
    post(li, step, 200, step="take_loaner_back", fields={})
    assert read(li, "loans", state="returned")["total"] == 1
    assert post(li, f"cases/{repair}/loans", 409, what="again")["code"] == "step_not_now"


def test_a_part_is_changed_and_taken_off_the_list(wang: FlaskClient, lamp: int) -> None:
    answer = wang.patch(f"{HQ}/spare-parts/{lamp}", json={"threshold": 4, "place": "B1 库房"})
    assert (answer.get_json()["state"], answer.get_json()["place"]) == ("low", "B1 库房")
    assert wang.patch(f"{HQ}/spare-parts/{lamp}", json={"name": "  "}).status_code == 422
    wang.patch(f"{HQ}/spare-parts/{lamp}", json={"retired": True})
    assert read(wang, "spare-parts")["counts"] == {"low": 0, "enough": 0, "retired": 1}


def test_strangers_find_nothing(
    li: FlaskClient, lamp: int, repair: str, stranger: User, signed_in: SignIn
) -> None:
    theirs = signed_in(stranger)
    for path in ("spare-parts", f"spare-parts/{lamp}", "loans", "stock-movements.csv"):
        assert theirs.get(f"{HQ}/{path}").status_code == 404
    assert li.get(f"{HQ}/spare-parts/99").status_code == 404
    assert li.get(f"{HQ}/loans/99").status_code == 404


def test_reading_takes_a_fixed_number_of_statements(
    li: FlaskClient, lamp: int, repair: str, count_queries: Callable[[], int]
) -> None:
    paths = ("spare-parts", f"spare-parts/{lamp}", "loans", f"cases/{repair}/parts")

    def asked() -> list[int]:
        found = []
        for path in paths:
            count_queries()
            read(li, path)
            found.append(count_queries())
        return found

    move(li, lamp, "used", 1, case=repair)
    post(li, f"cases/{repair}/loans", what="一号", due_on=LATER.isoformat())
    before = asked()
    for number in range(4):
        move(li, lamp, "received", 1, case=repair)
        post(li, f"cases/{repair}/loans", what=f"备机{number}", due_on=LATER.isoformat())
    assert asked() == before
