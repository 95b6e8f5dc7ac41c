"""Periodic checks over HTTP: planned, held, corrected, closed, and reminded of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests.cases import made
from webapp.db import db, now_utc, unit_of_work
from webapp.identity.models import Contract, Membership, User
from webapp.notifications.models import Notification
from webapp.reminding import remind_of_quality

SignIn = Callable[[User], FlaskClient]
HQ = "/api/contracts/HQ"
CHECKS = f"{HQ}/quality-checks"
MONTH = "2026-03"


@pytest.fixture
def li(engineer: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(engineer)


@pytest.fixture
def wang(manager: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(manager)


def today() -> date:
    return now_utc().date()


def sent(answer: Any, status: int) -> Any:
    assert answer.status_code == status, answer.data
    return answer.get_json()


def planned(browser: FlaskClient, holder: User, status: int = 201, **more: Any) -> Any:
    body = {"title": "季度质量检查", "planned_on": str(today()), "holder_id": holder.id}
    return sent(browser.post(CHECKS, json={"uid": made.uid(), **body, **more}), status)


def held(browser: FlaskClient, check: int, status: int = 200, **more: Any) -> Any:
    body = {"held_on": str(today() - timedelta(days=1)), "month": MONTH, **more}
    return sent(browser.post(f"{CHECKS}/{check}/result", json=body), status)


def action(owner: User, **more: Any) -> dict[str, Any]:
    due = str(today() + timedelta(days=14))
    return {"uid": made.uid(), "text": "补训接线", "owner_id": owner.id, "due_on": due, **more}


def closed(browser: FlaskClient, number: int, status: int = 200, result: str = "已补训") -> Any:
    url = f"{HQ}/quality-actions/{number}/close"
    return sent(browser.post(url, json={"result": result}), status)


def test_a_check_goes_from_its_plan_to_the_last_action_closed(
    wang: FlaskClient, li: FlaskClient, engineer: User, manager: User
) -> None:
    check = planned(wang, engineer, every_months=3)
    assert (check["state"], check["may_hold"], check["number"]) == ("planned", True, 1)
    finding = {"target": "response", "text": "两次超时，夜间无人接电话"}
    actions = [action(engineer, target="response"), action(manager)]
    check = held(li, 1, findings=[finding], conclusion="须整改", actions=actions)
    assert (check["state"], check["open_actions"]) == ("acting", 2)
    # What was measured then stays with it, also of the targets that nothing was said of.
    found = {one["target"]: one for one in check["findings"]}
    assert found["response"]["text"] == finding["text"]
    assert (found["repair"]["text"], found["repair"]["state"]) == ("", "no_data")
    assert closed(li, 2, 403)["code"] == "forbidden"
    assert closed(li, 1)["state"] == "acting"
    assert closed(wang, 2)["state"] == "closed"
    assert closed(wang, 2, result="again")["corrections"][1]["result"] == "已补训"
    again = sent(wang.post(f"{CHECKS}/1/actions", json=action(engineer)), 201)
    assert (again["state"], again["open_actions"]) == ("acting", 1)
    # The next of the series stands there by itself.
    listed = sent(li.get(CHECKS, query_string={"state": "planned"}), 200)["items"]
    assert [(one["number"], one["holder_id"]) for one in listed] == [(2, engineer.id)]
    assert listed[0]["planned_on"] > str(today() + timedelta(days=80))


def test_a_check_is_put_off_or_cancelled_until_it_is_held(
    wang: FlaskClient, li: FlaskClient, engineer: User, manager: User
) -> None:
    check = planned(wang, engineer)
    body = {"title": "年度检查", "planned_on": "2027-01-15", "holder_id": manager.id}
    assert sent(wang.patch(f"{CHECKS}/1", json=body), 200)["holder"] == "王建国"
    assert held(li, 1, 403)["code"] == "forbidden"
    assert sent(wang.post(f"{CHECKS}/1/actions", json=action(engineer)), 409)["code"] == (
        "check_not_held"
    )
    held(wang, 1)
    for answer in (
        wang.patch(f"{CHECKS}/1", json=body),
        wang.delete(f"{CHECKS}/1"),
        wang.post(f"{CHECKS}/1/result", json={"held_on": str(today()), "month": MONTH}),
    ):
        assert sent(answer, 409)["code"] == "check_not_planned"
    assert check["number"] == 1
    planned(wang, engineer)
    assert sent(wang.delete(f"{CHECKS}/2"), 200)["state"] == "cancelled"


def test_whoever_stands_in_for_a_holder_who_left_holds_the_next_one_too(
    wang: FlaskClient, engineer: User, manager: User
) -> None:
    planned(wang, engineer, every_months=3)
    with unit_of_work() as session:
        left = sa.update(Membership).where(Membership.user_id == engineer.id)
        session.execute(left.values(left_at=now_utc()))
    assert held(wang, 1)["state"] == "closed"
    [following] = sent(wang.get(CHECKS, query_string={"state": "planned"}), 200)["items"]
    assert (following["number"], following["holder_id"]) == (2, manager.id)


def test_what_is_wrong_is_refused(
    wang: FlaskClient, li: FlaskClient, engineer: User, it_lead: User
) -> None:
    assert planned(wang, it_lead, 422)["code"] == "person_unknown"
    for wrong in ({"title": "  "}, {"every_months": 25}, {"planned_on": "soon"}):
        assert planned(wang, engineer, 422, **wrong)["code"] == "invalid"
    uid = made.uid()
    assert [planned(wang, engineer, uid=uid)["number"] for _ in range(2)] == [1, 1]
    to_come = str(today() + timedelta(days=2))
    assert "held_on" in held(li, 1, 422, held_on=to_come)["fields"]
    twice = [{"target": "repair", "text": "迟"}] * 2
    assert held(li, 1, 422, findings=twice)["code"] == "invalid"
    assert held(li, 1, 422, actions=[action(it_lead)])["code"] == "person_unknown"
    # Nothing of what was refused is left behind.
    assert sent(li.get(f"{CHECKS}/1"), 200)["state"] == "planned"
    held(li, 1)
    assert closed(li, 9, 404)["code"] == "not_found"


def test_who_may_plan_hold_and_look(
    wang: FlaskClient,
    li: FlaskClient,
    engineer: User,
    it_lead: User,
    stranger: User,
    signed_in: SignIn,
) -> None:
    planned(li, engineer, 403)
    planned(wang, engineer)
    assert li.delete(f"{CHECKS}/1").status_code == 403
    for path in (CHECKS, f"{CHECKS}/1", f"{CHECKS}.csv"):
        assert signed_in(it_lead).get(path).status_code == 403
        assert signed_in(stranger).get(path).status_code == 404
    assert signed_in(stranger).get("/api/contracts/OTHER/quality-checks/1").status_code == 404


def test_each_is_reminded_once_and_the_manager_when_it_is_over(
    contract: Contract, wang: FlaskClient, li: FlaskClient, engineer: User, manager: User
) -> None:
    planned(wang, engineer, planned_on="2026-03-20")
    planned(wang, engineer, planned_on="2026-02-01", title="旧检查")
    held(wang, 2, held_on="2026-02-01", actions=[action(engineer, due_on="2026-03-14")])

    def tick(day: int, hour: int = 10) -> list[tuple[str, int, bool]]:
        # Ten o'clock at the contract's place.
        for _ in range(2):
            remind_of_quality(datetime(2026, 3, day, hour - 8, tzinfo=UTC))
        db.session.rollback()
        rows = db.session.scalars(sa.select(Notification).order_by(Notification.id)).all()
        told = [(row.kind, row.user_id, row.escalated) for row in rows]
        return [one for one in told if one[0].startswith("quality_")]

    assert tick(2) == []
    soon = [("quality_action_soon", engineer.id, False)]
    assert tick(11, hour=8) == []  # Nobody is told before nine.
    assert tick(11) == soon
    soon.append(("quality_check_soon", engineer.id, False))
    assert tick(14) == soon
    over = tick(15)[len(soon) :]
    assert over == [
        ("quality_action_overdue", manager.id, True),
        ("quality_action_overdue", engineer.id, False),
    ] or over == [
        ("quality_action_overdue", engineer.id, False),
        ("quality_action_overdue", manager.id, True),
    ]
    assert len(tick(21)) == len(soon) + 4


def test_the_list_takes_a_fixed_number_of_statements(
    wang: FlaskClient, engineer: User, count_queries: Callable[[], int]
) -> None:
    def asked() -> int:
        count_queries()
        assert wang.get(CHECKS).status_code == 200
        assert wang.get(f"{CHECKS}/1").status_code == 200
        return count_queries()

    planned(wang, engineer)
    held(wang, 1, actions=[action(engineer)])
    before = asked()
    for _ in range(3):
        planned(wang, engineer)
        sent(wang.post(f"{CHECKS}/1/actions", json=action(engineer)), 201)
    assert asked() == before
