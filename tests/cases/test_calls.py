"""A call is taken in one go: the right case at once, its clocks from the time of the call (clauses 7, 47)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.cases import made
from webapp import links
from webapp.cases.models import Case, CaseReporter
from webapp.db import db, now_utc
from webapp.identity.models import Contract, User
from webapp.notifications.models import Mail

SignIn = Callable[[User], FlaskClient]
CALLS, CALLERS = "/api/contracts/HQ/calls", "/api/contracts/HQ/callers"


@pytest.fixture
def desk(engineer: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(engineer)


def call(browser: FlaskClient, status: int = 201, **more: Any) -> dict[str, Any]:
    body = {"uid": made.uid(), "kind": "fault", "caller": "陈静", "text": "西湖厅没有声音", **more}
    answer = browser.post(CALLS, json=body)
    assert answer.status_code == status, answer.data
    found: dict[str, Any] = answer.get_json()
    return found


def test_a_faults_clock_runs_from_the_time_of_the_call(desk: FlaskClient) -> None:
    at = now_utc() - timedelta(minutes=40)
    case = call(desk, called_at=at.isoformat(), severity=1)
    assert (case["name"], case["source"], case["severity"]) == ("F1", "hotline", 1)
    [clock] = case["clocks"]
    assert (clock["name"], clock["started_at"]) == ("response", at.isoformat())
    assert case["received_at"] > case["opened_at"]


def test_a_call_of_the_week_before_last_is_none(desk: FlaskClient) -> None:
    long_ago = (now_utc() - timedelta(days=8)).isoformat()
    assert call(desk, 422, called_at=long_ago)["fields"] == {"called_at": ["invalid"]}
    assert call(desk, 422, text=" \n ")["fields"]
    assert call(desk, 422, caller="")["fields"]


@pytest.mark.parametrize("kind", ["question", "wish", "care"])
def test_what_is_no_fault_is_a_note_and_answered_at_once_where_it_was(
    desk: FlaskClient, kind: str
) -> None:
    noted = call(desk, kind=kind)
    assert (noted["name"], noted["facts"], noted["state"]) == ("H1", {"category": kind}, "noted")
    uid = made.uid()
    answered = call(desk, kind=kind, answer="按红键三秒", uid=uid)
    assert (answered["state"], answered["facts"]["answer"]) == ("answered", "按红键三秒")
    assert call(desk, kind=kind, answer="按红键三秒", uid=uid)["name"] == answered["name"]


def test_a_complaint_by_phone_has_its_three_days(desk: FlaskClient) -> None:
    assert [clock["name"] for clock in call(desk, kind="complaint")["clocks"]] == ["complaint"]


def test_the_first_line_is_what_it_is_called(desk: FlaskClient) -> None:
    said = call(desk, text="\n" + "长" * 90 + "\n第二行")
    assert (len(said["title"]), said["title"][-1]) == (80, "…")


def test_who_leaves_an_address_is_written_to_and_follows_by_the_link(desk: FlaskClient) -> None:
    call(desk, contact="chen@client.example", language="en")
    call(desk, contact="138 0000 0000")
    [mail] = db.session.scalars(sa.select(Mail).order_by(Mail.id)).all()
    assert mail.subject == "[HQ F1] we have your fault report"
    app = desk.application
    line = db.session.scalars(sa.select(CaseReporter.event_id)).one()
    token = links.token_for(app.config["SECRET_KEY"], "fault", line)
    seen = app.test_client().get(f"/api/links/fault/{token}").get_json()
    assert [one["text"] for one in seen["said"]] == ["西湖厅没有声音"]


def test_known_callers_are_suggested_the_client_first(
    contract: Contract, engineer: User, desk: FlaskClient
) -> None:
    factories.member(contract, "client_it_lead", login="lead", name="陈静", phone="021 5555")
    call(desk, caller="周敏", contact="138 0000 0000")
    call(desk, caller="周敏", contact="138 0000 0000")
    everybody = desk.get(CALLERS).get_json()
    assert [one["name"] for one in everybody] == ["陈静", "李明", "周敏"]
    call(desk, caller="陈静", contact="021 5555")
    assert [one["name"] for one in desk.get(CALLERS).get_json()] == ["陈静", "李明", "周敏"]
    assert desk.get(f"{CALLERS}?q=5555").get_json() == [
        {"name": "陈静", "name_en": "", "contact": "021 5555", "role": "client_it_lead"}
    ]
    assert [one["contact"] for one in desk.get(f"{CALLERS}?q=138").get_json()] == ["138 0000 0000"]


def test_another_contracts_callers_are_nobodys_suggestion(
    contract: Contract, stranger: User, desk: FlaskClient, signed_in: SignIn
) -> None:
    call(desk, caller="周敏")
    theirs = signed_in(stranger).get("/api/contracts/OTHER/callers").get_json()
    assert [one["name"] for one in theirs] == ["赵刚"]


def test_calls_are_taken_by_those_who_handle_cases(it_lead: User, signed_in: SignIn) -> None:
    client = signed_in(it_lead)
    assert client.get(CALLERS).status_code == 403
    call(client, 403)
    assert db.session.scalars(sa.select(Case)).all() == []


def test_the_list_shows_what_came_by_phone(desk: FlaskClient) -> None:
    call(desk)
    listed = desk.get("/api/contracts/HQ/cases?source=hotline&state=all").get_json()
    assert listed["total"] == 1
    assert desk.get("/api/contracts/HQ/cases?source=mail&state=all").get_json()["total"] == 0
