"""The targets over HTTP: what the figures and the report count, beside what is to be reached."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.cases import made
from tests.rounds import made as rounds
from webapp.audit.models import AuditRow
from webapp.db import db
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
from webapp.rounds.models import Round

SignIn = Callable[[User], FlaskClient]
HQ = "/api/contracts/HQ"
TARGETS = f"{HQ}/quality-targets"
LATE = 2 * 24


@pytest.fixture
def wang(manager: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(manager)


@pytest.fixture
def march(contract: Contract) -> Round:
    rounds.checklist(contract)
    room = factories.room(factories.building(contract))
    for name in ("一号", "二号", "三号", "四号"):
        factories.device(room, name=name)
    return rounds.opened(contract, "2026-03")


def devices() -> list[Device]:
    return list(db.session.scalars(sa.select(Device).order_by(Device.id)))


def told(browser: FlaskClient, **query: str) -> dict[str, dict[str, Any]]:
    answer = browser.get(TARGETS, query_string={"month": "2026-03", **query})
    assert answer.status_code == 200, answer.data
    return {one["key"]: one for one in answer.get_json()["targets"]}


def figures(one: dict[str, Any]) -> tuple[int, int, str]:
    return one["part"], one["whole"], one["state"]


def test_clocks_and_ratings_count_as_the_report_counts_them(
    contract: Contract, engineer: User, it_lead: User, wang: FlaskClient
) -> None:
    author = made.author(contract, engineer)
    in_time, late, folded = (made.opened(contract, author) for _ in range(3))
    made.taken(in_time, author, "arrive", made.after(minutes=30))
    made.taken(late, author, "arrive", made.after(hours=LATE))
    made.taken(folded, author, "fold", into="F1")
    made.opened(contract, author)  # Its clock still runs: neither in time nor late yet.
    training = {"from_at": "2026-03-02T14:00:00+08:00", "audience": "IT"}
    held = made.opened(contract, author, "training", fields=training)
    made.taken(held, author, "hold", people=4, done="会议终端")
    made.taken(held, made.author(contract, it_lead, "client_it_lead"), "rate", rating=3)
    found = told(wang)
    assert figures(found["response"]) == (1, 2, "missed")
    assert figures(found["satisfaction"]) == (0, 1, "missed")
    assert figures(found["repair"]) == (0, 0, "no_data")
    assert found["response"]["percent"] == 50.0


def test_a_late_response_stays_in_its_month_when_the_fault_is_opened_again(
    contract: Contract, engineer: User, it_lead: User, wang: FlaskClient
) -> None:
    li, chen = made.author(contract, engineer), made.author(contract, it_lead, "client_it_lead")
    case = made.opened(contract, li)
    made.taken(case, li, "arrive", made.after(hours=5))
    made.taken(case, li, "solve", made.after(hours=6), cause="线松", solution="插紧")
    made.taken(case, chen, "close", made.after(hours=7), rating=5)
    assert figures(told(wang)["satisfaction"]) == (1, 1, "met")
    # March ends with the tenth, its due day.
    made.taken(case, chen, "reopen", rounds.at("2026-03", 20), text="又坏了，很不满意")
    made.taken(case, li, "arrive", rounds.at("2026-03", 20))
    march, april = told(wang), told(wang, month="2026-04")
    assert figures(march["response"]) == (0, 1, "missed")
    assert figures(april["response"]) == (1, 1, "met")
    assert figures(march["satisfaction"]) == figures(april["satisfaction"]) == (0, 0, "no_data")


def test_a_rating_counts_in_the_month_in_which_it_is_given(
    contract: Contract, engineer: User, it_lead: User, wang: FlaskClient
) -> None:
    li, chen = made.author(contract, engineer), made.author(contract, it_lead, "client_it_lead")
    case = made.opened(contract, li)
    made.taken(case, li, "take_over")
    made.taken(case, li, "solve", cause="线松", solution="插紧")
    made.taken(case, li, "close")
    made.taken(case, chen, "rate", rounds.at("2026-03", 12), rating=1)
    assert figures(told(wang)["satisfaction"]) == (0, 0, "no_data")
    assert figures(told(wang, month="2026-04")["satisfaction"]) == (0, 1, "missed")


def test_the_round_counts_what_was_done_by_the_end_of_its_day(
    contract: Contract, engineer: User, march: Round, wang: FlaskClient
) -> None:
    visits = [rounds.visit(march, device) for device in devices()[:3]]
    # In time; in time, and told of days later; too late.
    spans = [("2026-03", 9, 9), ("2026-03", 10, 14), ("2026-03", 12, 12)]
    for visit, (month, done, came) in zip(visits, spans, strict=True):
        visit["finished_at"] = rounds.at(month, done).isoformat()
        rounds.send(contract, engineer, visit, now=rounds.at(month, came))
    assert figures(told(wang)["round"]) == (2, 5, "missed")  # four devices and the room itself
    normal = wang.get(f"{HQ}/figures", query_string={"month": "2026-03"}).get_json()
    [row] = [row for row in normal["months"] if row["month"] == "2026-03"]
    pass_rate = told(wang)["pass_rate"]
    assert (pass_rate["part"], pass_rate["whole"]) == (
        row["pass_rate"]["part"],
        row["pass_rate"]["whole"],
    )


def test_thresholds_are_settled_and_noted(wang: FlaskClient, manager: User) -> None:
    answer = wang.patch(TARGETS, json={"targets": {"repair": 95.5, "complaint": None}})
    assert answer.status_code == 200
    found = told(wang)
    assert (found["repair"]["threshold"], found["complaint"]["state"]) == (95.5, "no_target")
    assert found["response"]["threshold"] == 100
    for wrong in ({"repair": 101}, {"beauty": 1}, {}, {"repair": "x"}):
        assert wang.patch(TARGETS, json={"targets": wrong}).status_code == 422
    wang.patch(TARGETS, json={"targets": {"repair": 95.5}})
    rows = db.session.scalars(sa.select(AuditRow).filter_by(entity="contract", action="change"))
    assert [row.diff for row in rows] == [{"repair": [100.0, 95.5], "complaint": [100.0, None]}]


def test_who_sees_and_who_settles(
    wang: FlaskClient, engineer: User, it_lead: User, stranger: User, signed_in: SignIn
) -> None:
    li = signed_in(engineer)
    assert not li.get(TARGETS).get_json()["may_settle"]
    assert li.patch(TARGETS, json={"targets": {"repair": 1}}).status_code == 403
    assert signed_in(it_lead).get(TARGETS).status_code == 403
    assert signed_in(stranger).get(TARGETS).status_code == 404
    assert wang.get(TARGETS).get_json()["may_settle"]


def test_the_targets_take_a_fixed_number_of_statements(
    contract: Contract,
    engineer: User,
    march: Round,
    wang: FlaskClient,
    count_queries: Callable[[], int],
) -> None:
    def asked() -> int:
        count_queries()
        told(wang)
        return count_queries()

    author = made.author(contract, engineer)
    made.opened(contract, author)
    before = asked()
    for device in devices():
        made.opened(contract, author)
        rounds.send(contract, engineer, rounds.visit(march, device), now=rounds.at("2026-03", 12))
    assert asked() == before
