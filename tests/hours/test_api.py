"""The plan and the ledger over HTTP: what each side may do, what is refused, and the one balance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.cases.made import uid
from webapp.audit.models import AuditRow
from webapp.db import db, now_utc, unit_of_work
from webapp.hours.models import HoursEntry
from webapp.identity import services as identity
from webapp.identity.models import Contract, User
from webapp.notifications.models import Notification

SignIn = Callable[[User], FlaskClient]
HQ = "/api/contracts/HQ"
# The day before yesterday, so that what is worked on it is over wherever the clock stands.
EVENING = (now_utc().astimezone(ZoneInfo("Asia/Shanghai")) - timedelta(days=2)).replace(
    hour=19, minute=0, second=0, microsecond=0
)


def evening(hours: float = 0) -> str:
    return (EVENING + timedelta(hours=hours)).isoformat()


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


@pytest.fixture
def event(chen: FlaskClient) -> str:
    """An event that the client asks support for."""
    fields = {"occasion": "event", "from_at": evening(), "to_at": evening(5)}
    made = post(chen, "cases", kind="after_hours", title="年会保障", fields=fields)
    name: str = made["name"]
    return name


def log(
    browser: FlaskClient,
    name: str,
    who: User,
    begin: float = 0,
    end: float = 3,
    status: int = 201,
    **more: Any,
) -> dict[str, Any]:
    span = {"began_at": evening(begin), "ended_at": evening(end)}
    return post(browser, f"cases/{name}/hours", status, user_id=who.id, **span, **more)


def test_both_sides_read_one_ledger(
    chen: FlaskClient, li: FlaskClient, engineer: User, event: str
) -> None:
    hours = log(li, event, engineer, 0, 3.2, break_minutes=10, note="调试音响")
    assert (hours["hours"], hours["may_log_for"]) == (3.5, "own")
    ours, theirs = read(li, "hours"), read(chen, "hours")
    assert ours == theirs
    [line] = theirs["items"]
    assert (line["number"], line["case_name"], line["hours"]) == (1, event, 3.5)
    assert (line["left_hours"], line["charged_hours"]) == (76.5, 0)
    balance = read(chen, "hours/balance")
    assert balance == read(li, "hours/balance")
    assert (balance["used_hours"], balance["left_hours"]) == (3.5, 76.5)
    case = read(chen, f"cases/{event}/hours")
    assert (case["may_plan"], case["may_log_for"], case["may_void"]) == (False, "none", "none")


def test_the_client_only_reads(
    chen: FlaskClient, li: FlaskClient, engineer: User, event: str
) -> None:
    log(li, event, engineer)
    assert log(chen, event, engineer, 4, 5, 403)["code"] == "forbidden"
    assert post(chen, "hours/1/void", 403, reason="错了")["code"] == "forbidden"
    span = {"from_at": evening(), "to_at": evening(2)}
    assert post(chen, f"cases/{event}/plan", 403, user_id=engineer.id, **span)
    assert chen.patch(f"{HQ}/after-hours-terms", json={"free_hours": 9}).status_code == 403


def test_nobody_works_twice_at_once(
    li: FlaskClient, wang: FlaskClient, engineer: User, manager: User, event: str
) -> None:
    log(li, event, engineer, 0, 3)
    refusal = log(li, event, engineer, 2.5, 4, 409)
    assert (refusal["code"], refusal["details"]["number"]) == ("hours_overlap", 1)
    # One that begins as the other ends, and somebody else at the same time.
    log(li, event, engineer, 3, 4)
    log(wang, event, manager, 0, 3)
    post(li, "hours/1/void", reason="记错日期")
    assert log(li, event, engineer, 1, 2)["hours"] == 5


def test_each_logs_his_own_and_a_supervisor_for_others(
    li: FlaskClient, wang: FlaskClient, engineer: User, manager: User, it_lead: User, event: str
) -> None:
    assert log(li, event, manager, status=403)["code"] == "forbidden"
    log(wang, event, engineer)
    refusal = log(wang, event, it_lead, status=422)
    assert refusal["code"] == "person_unknown"
    log(wang, event, manager, 5, 6)
    assert post(li, "hours/2/void", 403, reason="x")["code"] == "forbidden"


def test_a_wrong_entry_is_voided_by_a_second_and_never_changed(
    li: FlaskClient, chen: FlaskClient, engineer: User, event: str
) -> None:
    log(li, event, engineer, note="原样")
    before = db.session.scalars(sa.select(HoursEntry)).one().note
    sent = {"uid": uid(), "reason": "多记了一小时"}
    for _ in range(2):
        answer = li.post(f"{HQ}/hours/1/void", json=sent)
        assert (answer.status_code, answer.get_json()["voided_by"]) == (201, 2)
    assert post(li, "hours/1/void", 409, reason="again")["code"] == "hours_voided"
    assert post(li, "hours/2/void", 409, reason="again")["code"] == "hours_voided"
    rows = read(chen, "hours", sort="number")
    assert rows["counts"] == {"counted": 0, "voided": 2}
    assert [(row["hours"], row["voids"]) for row in rows["items"]] == [(3, None), (-3, 1)]
    assert rows["items"][1]["note"] == "多记了一小时"
    assert read(chen, "hours/1")["note"] == before
    assert read(chen, "hours/balance")["used_hours"] == 0
    for method in (li.put, li.patch, li.delete):
        assert method(f"{HQ}/hours/1", json={}).status_code == 405


def test_beyond_the_free_hours_is_priced_and_voiding_gives_it_back(
    li: FlaskClient, wang: FlaskClient, chen: FlaskClient, engineer: User, event: str
) -> None:
    night = {"key": "night", "name_zh": "夜间", "name_en": "", "unit": "hour", "price": "180.50"}
    day = {**night, "key": "day", "unit": "day"}
    assert wang.patch(f"{HQ}/quote-settings", json={"rates": [night, day]}).status_code == 200
    terms = {"free_hours": 4, "rate_key": "night"}
    for wrong in ("day", "nobody"):
        refused = wang.patch(f"{HQ}/after-hours-terms", json={"rate_key": wrong})
        assert refused.get_json()["fields"] == {"rate_key": ["invalid"]}
    settled = wang.patch(f"{HQ}/after-hours-terms", json=terms).get_json()
    assert (settled["rate"], settled["currency"]) == ("180.50", "CNY")
    log(li, event, engineer, 0, 3)
    log(li, event, engineer, 3, 6)
    rows = read(chen, "hours", sort="number")["items"]
    assert [(row["left_hours"], row["charged_hours"], row["amount"]) for row in rows] == [
        (1, 0, "0.00"),
        (0, 2, "361.00"),
    ]
    balance = read(chen, "hours/balance")
    assert (balance["over_hours"], balance["over_amount"]) == (2, "361.00")
    assert (balance["projection"], balance["left_hours"]) == ("used_up", 0)
    post(li, "hours/1/void", reason="客户取消")
    assert [row["charged_hours"] for row in read(chen, "hours", sort="number")["items"]] == [
        0,
        2,
        -2,
    ]
    assert read(chen, "hours/balance")["over_amount"] == "0.00"


def test_the_years_start_is_the_contracts_and_moves_its_entries(
    li: FlaskClient, wang: FlaskClient, engineer: User, event: str
) -> None:
    log(li, event, engineer)
    year = read(li, "hours")["items"][0]["year"]
    tomorrow = (EVENING + timedelta(days=1)).strftime("%m-%d")
    answer = wang.patch(f"{HQ}/after-hours-terms", json={"year_starts": tomorrow})
    assert answer.get_json()["year_begins"] == tomorrow
    # What was worked on the last day of a contract year belongs to it.
    assert read(li, "hours")["items"][0]["year"] == EVENING.year - 1
    assert read(li, "hours/balance", year=EVENING.year - 1)["used_hours"] == 3
    assert year in (EVENING.year, EVENING.year - 1)
    wrong = wang.patch(f"{HQ}/after-hours-terms", json={"year_starts": "02-31"})
    assert (wrong.status_code, wrong.get_json()["fields"]) == (422, {"year_starts": ["invalid"]})


def test_somebody_is_planned_told_and_withdrawn(
    li: FlaskClient, wang: FlaskClient, engineer: User, event: str
) -> None:
    ahead = now_utc() + timedelta(hours=1)
    span = {"from_at": ahead.isoformat(), "to_at": (ahead + timedelta(hours=4)).isoformat()}
    sent = {"uid": uid(), "user_id": engineer.id, "task": "音响", **span}
    for _ in range(2):
        answer = wang.post(f"{HQ}/cases/{event}/plan", json=sent)
        assert answer.status_code == 201, answer.data
        [planned] = answer.get_json()["plan"]
    assert (planned["user_id"], planned["task"]) == (engineer.id, "音响")
    told = db.session.scalars(sa.select(Notification).filter_by(kind="hours_planned")).all()
    assert [one.user_id for one in told] == [engineer.id]
    balance = read(li, "hours/balance")
    assert balance["used_hours"] == 0
    refusal = post(wang, f"cases/{event}/plan", 409, user_id=engineer.id, **span)
    assert refusal["code"] == "plan_overlaps"
    for _ in range(2):
        assert li.delete(f"{HQ}/planned-work/{planned['id']}").status_code == 204
    assert read(li, f"cases/{event}/hours")["plan"] == []
    assert li.delete(f"{HQ}/planned-work/99").status_code == 404


def test_hours_belong_to_a_case_after_hours_that_was_not_cancelled(
    li: FlaskClient, chen: FlaskClient, engineer: User, event: str
) -> None:
    fault = post(chen, "cases", kind="fault", title="没有声音")["name"]
    assert log(li, fault, engineer, status=409)["code"] == "hours_not_here"
    post(li, f"cases/{event}/steps", 200, step="cancel", fields={"text": "不办了"})
    assert log(li, event, engineer, status=409)["code"] == "hours_not_here"
    assert log(li, "A9", engineer, status=404)["code"] == "not_found"


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"begin": 3, "end": 1}, {"ended_at": ["ends_before_it_begins"]}),
        ({"end": 30}, {"ended_at": ["longer_than_a_day"]}),
        ({"begin": 60, "end": 62}, {"ended_at": ["not_over_yet"]}),
        ({"end": 1, "break_minutes": 60}, {"break_minutes": ["break_too_long"]}),
    ],
)
def test_what_is_wrong_is_said_by_field(
    li: FlaskClient, engineer: User, event: str, wrong: dict[str, Any], fields: dict[str, Any]
) -> None:
    assert log(li, event, engineer, status=422, **wrong)["fields"] == fields
    assert read(li, "hours")["total"] == 0


def test_every_change_of_the_ledger_is_in_the_audit_trail(
    li: FlaskClient, engineer: User, event: str
) -> None:
    log(li, event, engineer)
    post(li, "hours/1/void", reason="重复")
    rows = db.session.execute(
        sa.select(AuditRow.action, AuditRow.entity_id)
        .where(AuditRow.entity == "hours_entry")
        .order_by(AuditRow.id)
    ).all()
    assert [tuple(row) for row in rows] == [("log_hours", "1"), ("void_hours", "2")]


def test_filters_sorts_and_files(
    li: FlaskClient, wang: FlaskClient, engineer: User, manager: User, event: str
) -> None:
    log(li, event, engineer, 0, 1, note="调试音响")
    log(wang, event, manager, 0, 4)

    def numbers(**query: Any) -> list[int]:
        return [row["number"] for row in read(li, "hours", **query)["items"]]

    assert numbers() == [2, 1]
    assert numbers(sort="hours") == [1, 2]
    assert numbers(user_id=manager.id) == [2]
    assert numbers(q="音响") == [1]
    assert numbers(q=event) == [2, 1]
    assert numbers(year=2001) == []
    assert "调试音响" in li.get(f"{HQ}/hours.csv").get_data(as_text=True)


def test_strangers_find_nothing(
    li: FlaskClient, engineer: User, event: str, stranger: User, signed_in: SignIn
) -> None:
    log(li, event, engineer)
    theirs = signed_in(stranger)
    for path in ("hours", "hours.csv", "hours/1", "hours/balance", f"cases/{event}/hours"):
        assert theirs.get(f"{HQ}/{path}").status_code == 404


def test_reading_takes_a_fixed_number_of_statements(
    li: FlaskClient,
    contract: Contract,
    engineer: User,
    event: str,
    count_queries: Callable[[], int],
) -> None:
    def asked() -> list[int]:
        found = []
        for path in ("hours", f"cases/{event}/hours", "hours/balance"):
            count_queries()
            read(li, path)
            found.append(count_queries())
        return found

    log(li, event, engineer, 0, 1)
    before = asked()
    for hour in range(1, 6):
        log(li, event, engineer, hour, hour + 1)
    post(li, "hours/2/void", reason="重复")
    assert asked() == before


def test_a_night_belongs_to_the_day_it_began_on(
    li: FlaskClient, engineer: User, event: str
) -> None:
    began = datetime.fromisoformat(evening(4))
    log(li, event, engineer, 4, 8)
    assert read(li, "hours")["items"][0]["worked_on"] == began.date().isoformat()


def test_one_person_of_two_contracts_is_not_told_of_the_others_ledger(
    li: FlaskClient, engineer: User, event: str, signed_in: SignIn
) -> None:
    other = factories.contract("BR")
    factories.member(other, "project_manager", login="br-boss")
    log(li, event, engineer)
    # The engineer works for both; the other contract's line stands in the way, unnamed.
    with unit_of_work() as session:
        identity.add_member(
            session,
            contract_id=other.id,
            user_id=engineer.id,
            role="inspection_engineer",
            now=now_utc(),
            actor_id=None,
        )
    fields = {"occasion": "meeting", "from_at": evening(), "to_at": evening(5)}
    body = {"uid": uid(), "kind": "after_hours", "title": "x", "fields": fields}
    url = "/api/contracts/BR/cases"
    name = li.post(url, json=body).get_json()["name"]
    span = {"began_at": evening(1), "ended_at": evening(2), "user_id": engineer.id, "uid": uid()}
    answer = li.post(f"{url}/{name}/hours", json=span)
    refusal = answer.get_json()
    assert (refusal["code"], refusal["details"]) == ("hours_elsewhere", {})
