"""What becomes of hours and plans once the client has confirmed the case, or cancelled it, or a person has left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests.hours.test_api import HQ, SignIn, event, log, post, read
from webapp.audit.models import AuditRow
from webapp.db import db, now_utc, unit_of_work
from webapp.identity.models import Contract, Membership, User
from webapp.notifications.models import Notification
from webapp.notifications.sentences import sentence

__all__ = ["event"]


@pytest.fixture
def chen(it_lead: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(it_lead)


@pytest.fixture
def li(engineer: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(engineer)


@pytest.fixture
def wang(manager: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(manager)


def step(browser: FlaskClient, name: str, key: str, **fields: Any) -> None:
    post(browser, f"cases/{name}/steps", 200, step=key, fields=fields)


def confirmed(li: FlaskClient, chen: FlaskClient, name: str) -> None:
    step(li, name, "finish", done="保障完成")
    step(chen, name, "confirm", rating=5)


def told(kind: str) -> list[Notification]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Notification).filter_by(kind=kind)))


def ahead(hours: float) -> str:
    return (now_utc() + timedelta(days=3, hours=hours)).isoformat()


def party(chen: FlaskClient, wang: FlaskClient, who: User) -> str:
    """An event in three days that somebody is planned for."""
    from_at, to_at = ahead(0), ahead(5)
    fields = {"occasion": "event", "from_at": from_at, "to_at": to_at}
    name: str = post(chen, "cases", kind="after_hours", title="年会", fields=fields)["name"]
    post(wang, f"cases/{name}/plan", user_id=who.id, from_at=from_at, to_at=to_at)
    return name


def test_what_was_worked_is_logged_though_the_client_has_confirmed_and_he_is_told(
    chen: FlaskClient, li: FlaskClient, engineer: User, it_lead: User, event: str
) -> None:
    log(li, event, engineer, 0, 1)
    confirmed(li, chen, event)
    assert read(li, f"cases/{event}/hours")["may_log_for"] == "own"
    assert read(li, f"cases/{event}/hours")["may_plan"] is False
    log(li, event, engineer, 1, 3.5)
    assert read(chen, "hours/balance")["used_hours"] == 3.5
    # Both sides see which line the client had not seen when he confirmed, and when it came.
    lines = read(chen, f"cases/{event}/hours")["entries"]
    assert [line["after_confirming"] for line in lines] == [False, True]
    assert lines[1]["logged_at"] > lines[0]["logged_at"]
    [notice] = told("hours_after_confirming")
    assert notice.user_id == it_lead.id
    assert sentence(notice.kind, notice.details, "zh") == (
        f"{event} 年会保障 确认之后又登记了 2.5 小时（李明）：请核对"
    )
    assert "2.5 h logged after it was confirmed" in sentence(notice.kind, notice.details, "en")
    assert "客户确认后登记" in li.get(f"{HQ}/hours.csv?language=zh").get_data(as_text=True)


def test_a_wrong_line_is_voided_and_the_right_one_logged_after_the_confirming(
    chen: FlaskClient, li: FlaskClient, engineer: User, event: str
) -> None:
    log(li, event, engineer, 0, 5)
    confirmed(li, chen, event)
    post(li, "hours/1/void", reason="应为 2 小时")
    log(li, event, engineer, 0, 2)
    assert read(chen, "hours/balance")["used_hours"] == 2


def test_what_is_logged_before_the_confirming_is_told_to_nobody(
    chen: FlaskClient, li: FlaskClient, engineer: User, event: str
) -> None:
    step(li, event, "finish", done="保障完成")
    log(li, event, engineer)
    step(chen, event, "confirm")
    assert told("hours_after_confirming") == []
    [line] = read(chen, "hours")["items"]
    assert line["after_confirming"] is False


@pytest.mark.parametrize(("days_ago", "status"), [(0, 201), (2, 201), (3, 422)])
def test_hours_of_who_has_left_are_logged_up_to_the_day_that_he_left(
    wang: FlaskClient,
    engineer: User,
    contract: Contract,
    event: str,
    days_ago: int,
    status: int,
) -> None:
    with unit_of_work() as session:
        left = sa.update(Membership).where(Membership.user_id == engineer.id)
        session.execute(left.values(left_at=now_utc() - timedelta(days=days_ago)))
    answer = log(wang, event, engineer, 0, 3, status)
    assert answer.get("code", "") == ("person_unknown" if status == 422 else "")
    # Nobody is planned any more who has left.
    span: dict[str, Any] = {"from_at": ahead(0), "to_at": ahead(1)}
    refusal = post(wang, f"cases/{event}/plan", 422, user_id=engineer.id, **span)
    assert refusal["code"] == "person_unknown"


def test_a_cancelled_event_frees_who_was_planned_and_he_is_told(
    chen: FlaskClient, wang: FlaskClient, engineer: User
) -> None:
    name = party(chen, wang, engineer)
    assert read(chen, "hours/balance")["planned_hours"] == 5
    step(chen, name, "cancel", text="改期")
    assert read(chen, "hours/balance")["planned_hours"] == 0
    assert read(wang, f"cases/{name}/hours")["plan"] == []
    [notice] = told("hours_withdrawn")
    assert notice.user_id == engineer.id
    assert sentence(notice.kind, notice.details, "zh").startswith(f"{name} 年会：您 ")
    assert "you are not planned any more" in sentence(notice.kind, notice.details, "en")
    # The same evening is free for another.
    party(chen, wang, engineer)
    withdrawn = sa.select(AuditRow.entity_id).where(AuditRow.action == "withdraw_hours_plan")
    assert db.session.scalars(withdrawn).all() == [name]


def test_a_plan_that_another_takes_back_is_told_and_ones_own_is_not(
    chen: FlaskClient, li: FlaskClient, wang: FlaskClient, engineer: User
) -> None:
    first = party(chen, wang, engineer)
    [planned] = read(wang, f"cases/{first}/hours")["plan"]
    assert wang.delete(f"{HQ}/planned-work/{planned['id']}").status_code == 204
    assert len(told("hours_withdrawn")) == 1
    second = party(chen, wang, engineer)
    [planned] = read(wang, f"cases/{second}/hours")["plan"]
    assert li.delete(f"{HQ}/planned-work/{planned['id']}").status_code == 204
    assert len(told("hours_withdrawn")) == 1


def test_a_cancel_of_another_kind_of_case_leaves_the_plans_alone(
    chen: FlaskClient, wang: FlaskClient, engineer: User
) -> None:
    name = party(chen, wang, engineer)
    fields = {"from_at": ahead(0), "audience": "IT"}
    training = post(wang, "cases", kind="training", title="培训", fields=fields)["name"]
    step(wang, training, "cancel", text="改期")
    assert len(read(wang, f"cases/{name}/hours")["plan"]) == 1
    assert told("hours_withdrawn") == []
