"""How content people are is the client's own word: no engineer says it, and a reopening takes it back."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests.cases.test_api import (  # noqa: F401 - its fixtures
    CASES,
    SignIn,
    chen,
    declare,
    device,
    li,
    take,
)
from webapp.audit.models import AuditRow
from webapp.db import db
from webapp.identity.models import User


@pytest.fixture
def wang(manager: User, signed_in: SignIn) -> FlaskClient:
    return signed_in(manager)


def asked(browser: FlaskClient, name: str, step: str) -> list[str]:
    steps = browser.get(f"{CASES}/{name}").get_json()["steps"]
    return [field["key"] for one in steps if one["key"] == step for field in one["fields"]]


def solved(client: FlaskClient, engineer: FlaskClient) -> str:
    name = str(declare(client)["name"])
    take(engineer, name, "solve", 409, cause="线松", solution="插紧")
    take(engineer, name, "arrive")
    take(engineer, name, "solve", cause="线松", solution="插紧")
    return name


def answered(client: FlaskClient, engineer: FlaskClient) -> str:
    name = str(declare(client, kind="complaint")["name"])
    take(engineer, name, "confirm", finding="属实", justified="yes")
    take(engineer, name, "answer", answer="已增派人手")
    return name


@pytest.mark.parametrize("ready", [solved, answered])
def test_who_does_the_work_closes_it_without_a_word_on_how_content_the_client_is(
    chen: FlaskClient,  # noqa: F811
    li: FlaskClient,  # noqa: F811
    wang: FlaskClient,
    ready: Any,
) -> None:
    name = ready(chen, li)
    for provider in (li, wang):
        assert asked(provider, name, "close") == ["text"]
        assert take(provider, name, "close", 403, rating=5)["details"] == {"right": "confirm"}
    assert asked(chen, name, "close") == ["rating", "text"]
    assert "rating" not in take(li, name, "close", text="已关闭")["facts"]
    assert take(chen, name, "rate", rating=2)["facts"]["rating"] == 2


def test_a_reopened_fault_no_longer_has_a_rating_but_its_story_has(
    chen: FlaskClient,  # noqa: F811
    li: FlaskClient,  # noqa: F811
) -> None:
    name = solved(chen, li)
    take(chen, name, "close", rating=5)
    found = take(chen, name, "reopen", text="又坏了，很不满意")
    assert "rating" not in found["facts"]
    given = {line["step"]: line["given"] for line in found["timeline"]}
    assert given["close"] == {"rating": 5}
    noted = db.session.scalars(sa.select(AuditRow.diff).filter_by(action="case_reopen")).one()
    assert noted["rating"] == [5, None]
    take(li, name, "arrive")
    take(li, name, "solve", cause="线坏", solution="换线")
    assert take(chen, name, "close", rating=3)["facts"]["rating"] == 3


def test_a_training_is_rated_by_who_was_taught(
    chen: FlaskClient,  # noqa: F811
    li: FlaskClient,  # noqa: F811
) -> None:
    fields = {"from_at": "2026-03-02T14:00:00+08:00", "audience": "IT"}
    name = declare(li, kind="training", fields=fields)["name"]
    assert asked(li, name, "hold") == ["people", "done"]
    take(li, name, "hold", 422, people=4, done="会议终端", rating=5)
    take(li, name, "hold", people=4, done="会议终端")
    take(li, name, "rate", 403, rating=5)
    assert take(chen, name, "rate", rating=4)["facts"]["rating"] == 4
