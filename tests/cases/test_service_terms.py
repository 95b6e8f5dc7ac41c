"""The contract's terms and calendar: settled by who manages the contract, and at once in force."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests.cases.made import author, opened
from webapp.audit.models import AuditRow
from webapp.cases.models import CaseClock
from webapp.db import db, now_utc
from webapp.identity.models import Contract, User

SignIn = Callable[[User], FlaskClient]
TERMS = "/api/contracts/HQ/service-terms"


@pytest.fixture
def boss(manager: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(manager)


def due() -> str:
    db.session.expire_all()
    return str(db.session.scalars(sa.select(CaseClock)).one().due_on)


def test_without_settings_the_contracts_own_numbers_hold(boss: FlaskClient) -> None:
    told = boss.get(TERMS).get_json()
    terms = {line["kind"]: (line["amount"], line["unit"]) for line in told["terms"]}
    assert terms == {
        "response": (1, "hours"),
        "cause_report": (24, "hours"),
        "vendor_report": (3, "calendar_days"),
        "repair_domestic": (10, "working_days"),
        "repair_abroad": (20, "working_days"),
        "complaint": (3, "working_days"),
    }
    assert {2025, 2026} <= set(told["known_years"])


def test_the_standard_and_the_named_days_stay_in_sight_beside_what_is_settled(
    boss: FlaskClient,
) -> None:
    on = f"{now_utc().year + 1}-02-05"
    days = [{"on": on, "kind": "holiday", "name": "园区停电"}]
    body = {"clocks": {"complaint": {"amount": 5}}, "calendar": {"country": "none", "days": days}}
    told = boss.patch(TERMS, json=body).get_json()
    assert (told["terms"][-1]["amount"], told["standard"][-1]["amount"]) == (5, 3)
    assert told["days"] == days


def test_what_is_settled_moves_what_runs_and_is_noted(
    boss: FlaskClient, contract: Contract, it_lead: User
) -> None:
    opened(contract, author(contract, it_lead, "client_it_lead"), "complaint")
    assert due() == "2026-03-05"
    clocks = {"complaint": {"amount": 5}, "response": {"by_severity": {"1": {"amount": 0.5}}}}
    answer = boss.patch(TERMS, json={"clocks": clocks})
    assert answer.status_code == 200, answer.data
    assert due() == "2026-03-09"
    response = answer.get_json()["terms"][0]
    assert response["by_severity"]["1"]["amount"] == 0.5
    days = [{"on": "2026-03-07", "kind": "working", "name": "加班"}]
    assert boss.patch(TERMS, json={"calendar": {"days": days}}).status_code == 200
    assert due() == "2026-03-07"
    assert boss.get(TERMS).get_json()["clocks"] == clocks
    diffs = [row.diff for row in db.session.scalars(sa.select(AuditRow).order_by(AuditRow.id))]
    assert {"clocks": [{}, clocks]} in diffs
    assert boss.patch(TERMS, json={"clocks": {}, "calendar": {}}).status_code == 200
    assert due() == "2026-03-05"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"clocks": {"lunch": {}}}, "clocks.lunch"),
        ({"clocks": {"response": {"amount": -1}}}, "clocks.response.amount"),
        ({"clocks": {"complaint": {"amount": 1.5}}}, "clocks.complaint.amount"),
        ({"calendar": {"country": "atlantis"}}, "calendar.country"),
        ({"calendar": {"weekdays": []}}, "calendar.weekdays"),
    ],
)
def test_what_makes_no_sense_is_named_and_nothing_kept(
    boss: FlaskClient, body: dict[str, Any], field: str
) -> None:
    answer = boss.patch(TERMS, json=body)
    assert answer.status_code == 422
    assert list(answer.get_json()["fields"]) == [field]
    assert boss.get(TERMS).get_json()["clocks"] == {}


def test_who_does_not_manage_the_contract_only_reads(engineer: User, signed_in: SignIn) -> None:
    li = signed_in(engineer)
    assert li.get(TERMS).status_code == 200
    assert li.patch(TERMS, json={"clocks": {}}).status_code == 403
