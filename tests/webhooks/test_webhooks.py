"""A webhook is told of each event once it is committed, signed, again and again until it takes it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.rounds import made
from tests.webhooks.receiver import Received, Receiver
from webapp import background, jobs
from webapp.audit.models import AuditRow
from webapp.db import db, now_utc, unit_of_work
from webapp.hooking import forget_old_deliveries
from webapp.identity.models import Contract, User
from webapp.jobs import Job
from webapp.notifications.models import Mail, Notification
from webapp.rounds.models import Round
from webapp.webhooks.models import Webhook, WebhookAttempt, WebhookDelivery
from webapp.webhooks.rules import EVENTS, GIVEN_UP_AFTER, KEPT_FOR

SignIn = Callable[[User], FlaskClient]
HOOKS = "/api/contracts/HQ/webhooks"


@pytest.fixture
def receiver(app: Flask) -> Iterator[Receiver]:
    """Another program, whose host the setting allows."""
    kept = app.extensions["settings"]
    with Receiver() as there:
        app.extensions["settings"] = replace(kept, webhook_hosts=(there.host,))
        yield there
    app.extensions["settings"] = kept


@pytest.fixture
def boss(manager: User, signed_in: SignIn) -> FlaskClient:
    """The project manager's browser."""
    return signed_in(manager)


def make(boss: FlaskClient, receiver: Receiver, *events: str) -> dict[str, Any]:
    body = {"name": "工单系统", "address": receiver.address, "events": events or list(EVENTS)}
    answer = boss.post(HOOKS, json=body)
    assert answer.status_code == 201, answer.data
    hook: dict[str, Any] = answer.get_json()
    return hook


def declare(browser: FlaskClient) -> str:
    body = {"uid": made.uid(), "kind": "fault", "title": "没有声音"}
    answer = browser.post("/api/contracts/HQ/cases", json=body)
    assert answer.status_code == 201, answer.data
    name: str = answer.get_json()["name"]
    return name


def work() -> None:
    """Do what waits, as if each wait were over."""
    with unit_of_work() as session:
        session.execute(sa.update(Job).values(not_before=now_utc()))
        session.execute(sa.update(Webhook).values(rest_until=None))
    while jobs.work_once("worker"):
        pass


def deliveries(boss: FlaskClient, hook: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = boss.get(f"{HOOKS}/{hook['id']}/deliveries").get_json()["items"]
    return found


def is_signed(received: Received, secret: str) -> bool:
    """Whether Standard Webhooks' own recipe finds a signature by this secret."""
    headers = received.headers
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + received.body
    good = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{good}" in headers["webhook-signature"].split(" ")


def test_a_declared_fault_is_told_and_signed(
    boss: FlaskClient, it_lead: User, signed_in: SignIn, receiver: Receiver
) -> None:
    hook = make(boss, receiver, "fault.declared")
    name = declare(signed_in(it_lead))
    assert receiver.received == []  # nothing leaves in the request itself
    work()
    [told] = receiver.received
    assert is_signed(told, hook["secret"])
    assert not is_signed(told, "whsec_" + base64.b64encode(b"another").decode())
    event = json.loads(told.body)
    assert (event["type"], event["data"]["name"], event["data"]["title"]) == (
        "fault.declared",
        name,
        "没有声音",
    )
    [line] = deliveries(boss, hook)
    assert line["state"] == "delivered"
    assert (line["attempts"][0]["status"], line["attempts"][0]["answer"]) == (200, "taken")


def test_only_what_was_chosen_is_told_and_nothing_of_another_contract(
    boss: FlaskClient, stranger: User, signed_in: SignIn, receiver: Receiver
) -> None:
    make(boss, receiver, "case.step_taken")
    other = signed_in(stranger)
    body = {"uid": made.uid(), "kind": "fault", "title": "别处"}
    assert other.post("/api/contracts/OTHER/cases", json=body).status_code == 201
    name = declare(boss)
    step = {"uid": made.uid(), "step": "note", "fields": {"text": "请尽快"}}
    assert boss.post(f"/api/contracts/HQ/cases/{name}/steps", json=step).status_code == 200
    work()
    [event] = [json.loads(one.body) for one in receiver.received]
    assert (event["type"], event["data"]["step"], event["data"]["name"]) == (
        "case.step_taken",
        "note",
        name,
    )
    assert "请尽快" not in json.dumps(event, ensure_ascii=False)


def test_a_change_that_is_not_committed_tells_nobody(boss: FlaskClient, receiver: Receiver) -> None:
    make(boss, receiver)
    answer = boss.post(
        "/api/contracts/HQ/cases", json={"uid": made.uid(), "kind": "fault", "title": " "}
    )
    assert answer.status_code == 422
    work()
    assert db.session.scalars(sa.select(WebhookDelivery)).all() == []


def test_what_is_not_taken_is_tried_again_under_the_same_id(
    boss: FlaskClient, receiver: Receiver
) -> None:
    hook = make(boss, receiver, "fault.declared")
    receiver.status, receiver.answer = 500, "坏了\x00<b>".encode() * 200
    declare(boss)
    work()
    assert deliveries(boss, hook)[0]["state"] == "waiting"
    # It is spared for a while, and what waits for it is not thrown away.
    declare(boss)
    assert jobs.work_once("worker") is True
    assert len(receiver.received) == 1
    receiver.status, receiver.answer = 204, b""
    work()
    later, first = deliveries(boss, hook)
    assert (first["state"], later["state"]) == ("delivered", "delivered")
    assert [one["status"] for one in first["attempts"]] == [204, 500]
    assert len(first["attempts"][1]["answer"]) == 500
    ids = [one.headers["webhook-id"] for one in receiver.received]
    assert ids == [first["uid"], first["uid"], later["uid"]]
    assert boss.get(HOOKS).get_json()[0]["failing_since"] is None


def test_after_days_of_failure_it_is_switched_off_and_somebody_is_told(
    boss: FlaskClient, manager: User, engineer: User, receiver: Receiver
) -> None:
    with unit_of_work() as session:
        session.get_one(User, manager.id).email = "wang@example.com"
    hook, manager_id = make(boss, receiver, "fault.declared"), manager.id
    receiver.status = 503
    declare(boss)
    work()
    with unit_of_work() as session:
        session.execute(sa.update(Webhook).values(failing_since=now_utc() - GIVEN_UP_AFTER))
    work()
    [row] = boss.get(HOOKS).get_json()
    assert (row["on"], row["off_reason"]) == (False, "failing")
    assert deliveries(boss, hook)[0]["state"] == "given_up"
    told = db.session.scalars(sa.select(Notification).filter_by(kind="webhook_off")).all()
    assert [one.user_id for one in told] == [manager_id]
    # Who has chosen nothing hears of it by mail too.
    mail = db.session.scalars(sa.select(Mail)).one()
    said = f"推送“工单系统”连日失败，已停用：{receiver.address}"
    assert (mail.to_address, mail.subject) == ("wang@example.com", said)
    assert said in mail.text
    assert "{here}/desk/connections?view=webhooks&contract=HQ" in mail.text
    declare(boss)
    work()
    assert len(deliveries(boss, hook)) == 1  # what is switched off is told nothing
    assert boss.patch(f"{HOOKS}/{hook['id']}", json={"on": True}).status_code == 204
    receiver.status = 200
    declare(boss)
    work()
    assert deliveries(boss, hook)[0]["state"] == "delivered"


def test_an_address_that_is_gone_is_believed_at_once(boss: FlaskClient, receiver: Receiver) -> None:
    make(boss, receiver)
    receiver.status = 410
    declare(boss)
    work()
    assert boss.get(HOOKS).get_json()[0]["off_reason"] == "gone"


def test_a_test_is_tried_once_and_something_can_be_sent_again(
    boss: FlaskClient, receiver: Receiver
) -> None:
    hook = make(boss, receiver)
    url = f"{HOOKS}/{hook['id']}"
    receiver.status = 404
    assert boss.post(f"{url}/test").status_code == 204
    work()
    [line] = deliveries(boss, hook)
    assert (line["event"], line["state"], len(line["attempts"])) == ("test", "given_up", 1)
    receiver.status = 200
    again = f"{url}/deliveries/{line['id']}/send"
    assert boss.post(again).status_code == 204
    assert boss.post(again).get_json()["code"] == "webhook_waiting"
    work()
    assert deliveries(boss, hook)[0]["state"] == "delivered"
    assert [one.headers["webhook-id"] for one in receiver.received] == [line["uid"]] * 2
    elsewhere = make(boss, receiver)
    assert boss.post(again.replace(url, f"{HOOKS}/{elsewhere['id']}")).status_code == 404


def test_after_a_renewal_both_secrets_sign_for_a_day(boss: FlaskClient, receiver: Receiver) -> None:
    hook = make(boss, receiver, "fault.declared")
    renewed = boss.post(f"{HOOKS}/{hook['id']}/secret").get_json()
    assert renewed["secret"] != hook["secret"]
    declare(boss)
    work()
    assert is_signed(receiver.received[0], hook["secret"])
    assert is_signed(receiver.received[0], renewed["secret"])
    with unit_of_work() as session:
        session.execute(sa.update(Webhook).values(renewed_at=now_utc() - timedelta(days=1)))
    declare(boss)
    work()
    assert not is_signed(receiver.received[1], hook["secret"])
    assert is_signed(receiver.received[1], renewed["secret"])


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("http://example.com/", "webhook_not_https"),
        ("https://10.0.0.1/", "webhook_inside"),
        ("javascript:alert(1)", "webhook_address"),
    ],
)
def test_an_address_that_leads_inside_is_not_taken(
    address: str, code: str, boss: FlaskClient
) -> None:
    body = {"name": "x", "address": address, "events": ["round.due"]}
    answer = boss.post(HOOKS, json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (422, code)
    assert answer.get_json()["fields"] == {"address": [code]}


def test_a_name_that_leads_inside_is_written_down_as_that(boss: FlaskClient) -> None:
    hook = boss.post(
        HOOKS, json={"name": "x", "address": "https://localhost/", "events": ["round.due"]}
    ).get_json()
    boss.post(f"{HOOKS}/{hook['id']}/test")
    work()
    [line] = deliveries(boss, hook)
    assert (line["attempts"][0]["status"], line["attempts"][0]["reason"]) == (None, "inside")


def test_a_round_is_due_once(boss: FlaskClient, contract: Contract, receiver: Receiver) -> None:
    make(boss, receiver, "round.due")
    made.checklist(contract)
    made.opened(contract, "2026-03")
    noon = made.at("2026-03", 10).replace(hour=4)
    with unit_of_work() as session:
        due_on = session.scalars(sa.select(Round.due_on)).one()
    for moment in (noon - timedelta(days=1), noon, noon, noon + timedelta(days=1)):
        background.tell_of_due_rounds(moment)
    work()
    [event] = [json.loads(one.body) for one in receiver.received]
    assert event["data"] == {"round": "2026-03", "due_on": str(due_on), "state": "open"}


def test_removed_it_is_gone_with_its_log(boss: FlaskClient, receiver: Receiver) -> None:
    hook = make(boss, receiver)
    declare(boss)
    assert boss.delete(f"{HOOKS}/{hook['id']}").status_code == 204
    work()
    assert receiver.received == []
    assert db.session.scalars(sa.select(WebhookDelivery)).all() == []
    assert "remove" in db.session.scalars(
        sa.select(AuditRow.action).filter_by(entity="webhook").order_by(AuditRow.id)
    )


def test_what_was_sent_long_ago_is_forgotten(boss: FlaskClient, receiver: Receiver) -> None:
    make(boss, receiver)
    declare(boss)
    work()
    forget_old_deliveries(now_utc())
    assert len(db.session.scalars(sa.select(WebhookAttempt)).all()) == 1
    forget_old_deliveries(now_utc() + KEPT_FOR + timedelta(minutes=1))
    assert db.session.scalars(sa.select(WebhookAttempt)).all() == []


def test_a_page_of_deliveries_takes_the_same_few_statements(
    boss: FlaskClient, receiver: Receiver, count_queries: Callable[[], int]
) -> None:
    hook = make(boss, receiver, "fault.declared")
    counts = []
    for _ in range(2):
        for _ in range(3):
            declare(boss)
        work()
        count_queries()
        deliveries(boss, hook)
        counts.append(count_queries())
    assert counts[0] == counts[1]


def test_only_so_many(boss: FlaskClient, receiver: Receiver) -> None:
    for _ in range(20):
        make(boss, receiver)
    body = {"name": "x", "address": receiver.address, "events": ["round.due"]}
    assert boss.post(HOOKS, json=body).get_json()["code"] == "too_many_webhooks"
