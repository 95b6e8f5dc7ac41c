"""The quarantine before a supervisor: seen, mended, applied for its author, dismissed, never lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests.rounds import made
from tests.sync.phone import Phone, inspection, operation, picture, slot
from webapp.audit.models import AuditRow
from webapp.db import db
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
from webapp.rounds.models import Inspection, InspectionRevision, Round


@pytest.fixture
def desk(signed_in: Callable[[User], FlaskClient], manager: User) -> Phone:
    return Phone(signed_in(manager))


def listed(desk: Phone, **query: str) -> list[dict[str, Any]]:
    answer = desk.browser.get(desk.url("quarantine"), query_string=query)
    assert answer.status_code == 200, answer.get_json()
    items: list[dict[str, Any]] = answer.get_json()["items"]
    return items


def test_a_mended_payload_is_applied_for_its_author(
    phone: Phone, desk: Phone, march: Round, devices: list[Device], engineer: User
) -> None:
    data = picture()
    line = slot(data, "image")
    payload = made.visit(march, devices[0], photos=[line])
    payload["readings"][0]["item"] = "flux_capacitor"
    sent = inspection(payload)
    [refused] = phone.push(sent)
    assert (refused["result"], refused["code"]) == ("quarantined", "item_unknown")
    assert phone.put(line["id"], data).status_code == 409
    [row] = listed(desk)
    assert (row["code"], row["state"], row["author"]) == ("item_unknown", "open", engineer.name)
    whole = desk.browser.get(desk.url(f"quarantine/{row['id']}")).get_json()
    assert whole["payload"] == sent["payload"]
    payload["readings"][0]["item"] = "power"
    answer = desk.post(f"quarantine/{row['id']}/apply", {"payload": json.dumps(payload)})
    assert answer.status_code == 200, answer.get_json()
    assert (answer.get_json()["state"], answer.get_json()["payload"]) == (
        "applied",
        sent["payload"],
    )
    [recorded] = db.session.scalars(sa.select(Inspection)).all()
    assert recorded.author_id == engineer.id
    [audit] = db.session.scalars(
        sa.select(AuditRow).filter_by(entity="quarantined").order_by(AuditRow.id)
    ).all()
    assert list(audit.diff) == ["readings"]
    # The phone hears of it, and its photo is expected now.
    assert phone.push(sent)[0]["detail"] == {"result": "applied"}
    assert phone.put(line["id"], data).get_json()["result"] == "stored"
    assert listed(desk) == []
    assert [row["state"] for row in listed(desk, state="applied")] == ["applied"]
    again = desk.post(f"quarantine/{row['id']}/apply", {})
    assert (again.status_code, again.get_json()["code"]) == (409, "quarantine_closed")


def test_what_still_cannot_be_recorded_says_why_and_stays(
    phone: Phone, desk: Phone, march: Round, devices: list[Device]
) -> None:
    phone.push(operation("inspection", "{"))
    [row] = listed(desk)
    path = f"quarantine/{row['id']}/apply"
    assert desk.post(path, {}).get_json()["code"] == "payload_invalid"
    assert desk.post(path, {"payload": "[]"}).get_json()["code"] == "payload_invalid"
    wrong = made.visit(march, devices[0], device_id=4711)
    answer = desk.post(path, {"payload": json.dumps(wrong)})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "quarantine_refused")
    assert answer.get_json()["details"]["reason"] == "device_unknown"
    assert [row["state"] for row in listed(desk)] == ["open"]


def test_a_conflict_can_be_applied_as_an_amendment(
    phone: Phone, desk: Phone, march: Round, devices: list[Device]
) -> None:
    first = made.visit(march, devices[0])
    sent = inspection(first)
    second = {**first, "remark": "the other one"}
    phone.push(sent)
    phone.push(inspection(second, id=sent["id"]))
    [row] = listed(desk)
    assert row["code"] == "operation_conflict"
    path = f"quarantine/{row['id']}/apply"
    assert desk.post(path, {}).get_json()["details"]["reason"] == "inspection_exists"
    answer = desk.post(path, {"payload": json.dumps({**second, "amends": 1})})
    assert answer.status_code == 200, answer.get_json()
    assert db.session.query(InspectionRevision).count() == 2
    # The first operation's own answer is still its own.
    assert phone.push(sent)[0]["detail"] == {"result": "applied"}


def test_a_held_amendment_can_be_made_a_record_of_its_own(
    phone: Phone, desk: Phone, march: Round, devices: list[Device]
) -> None:
    amendment = made.amended(made.visit(march, devices[0]))
    phone.send(amendment)
    [row] = listed(desk)
    assert (row["state"], row["code"]) == ("held", "amendment_held")
    del amendment["amends"]
    answer = desk.post(f"quarantine/{row['id']}/apply", {"payload": json.dumps(amendment)})
    assert answer.get_json()["state"] == "applied"


def test_a_dismissed_operation_is_kept_with_the_reason(phone: Phone, desk: Phone) -> None:
    phone.push(operation("inspection", "{"))
    [row] = listed(desk)
    path = f"quarantine/{row['id']}/dismiss"
    assert desk.post(path, {}).status_code == 422
    answer = desk.post(path, {"remark": "测试数据"})
    assert (answer.get_json()["state"], answer.get_json()["remark"]) == ("dismissed", "测试数据")
    assert answer.get_json()["payload"] == "{"
    assert listed(desk) == []
    assert len(listed(desk, state="all")) == 1
    assert desk.post(path, {"remark": "x"}).status_code == 409


def test_only_reviewers_of_the_contract_see_it(
    phone: Phone,
    desk: Phone,
    stranger: User,
    it_lead: User,
    client: FlaskClient,
    signed_in: Callable[[User], FlaskClient],
) -> None:
    phone.push(operation("inspection", "{"))
    [row] = listed(desk)
    for method, path in (
        ("GET", "quarantine"),
        ("GET", f"quarantine/{row['id']}"),
        ("POST", f"quarantine/{row['id']}/apply"),
        ("POST", f"quarantine/{row['id']}/dismiss"),
    ):
        for browser, status in (
            (client, 401),
            (phone.browser, 403),
            (signed_in(it_lead), 403),
            (signed_in(stranger), 404),
        ):
            answer = browser.open(phone.url(path), method=method, json={"remark": "x"})
            if path.endswith("apply"):
                answer = browser.open(phone.url(path), method=method, json={})
            assert answer.status_code == status, (method, path)
    other = Phone(signed_in(stranger), contract="OTHER")
    assert other.browser.get(other.url(f"quarantine/{row['id']}")).status_code == 404
    assert other.post(f"quarantine/{row['id']}/apply", {}).status_code == 404
    assert other.post(f"quarantine/{row['id']}/dismiss", {"remark": "x"}).status_code == 404


def test_the_list_costs_the_same_statements_whatever_its_size(
    phone: Phone, desk: Phone, contract: Contract, count_queries: Callable[[], int]
) -> None:
    phone.push(operation("inspection", "{"))
    listed(desk)
    count_queries()
    listed(desk)
    one = count_queries()
    phone.push(*(operation("inspection", "{" * n) for n in range(2, 30)))
    count_queries()
    assert len(listed(desk)) == 29
    assert count_queries() == one
