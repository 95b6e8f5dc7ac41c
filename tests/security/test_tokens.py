"""Every endpoint × an API token: its scope and its maker's rights, and never more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.security.calls import WITH
from tests.security.opened import new_token
from tests.security.rules import ANYBODY, CONTRACT, INSIDE, OUTSIDE, RULES, token_scope
from tests.security.test_authorisation import NO_SUCH
from tests.security.world import DISABLED, FORMER, World
from webapp.api.openapi import document
from webapp.db import db, now_utc, unit_of_work
from webapp.identity.models import ApiToken
from webapp.identity.rules import ADMINISTRATOR
from webapp.identity.token_rules import NEVER_BY_TOKEN, SCOPES

CLOSED = sorted(key for key in RULES if RULES[key] != ANYBODY and token_scope(*key) is None)
SCOPED = sorted(key for key in INSIDE if token_scope(*key))
# What fits the addresses, and is not there.
NAMES = {**NO_SUCH, "number": 999_999, "month": "2001-01", "name": "F-999999"}
NAMES |= {"day": "2001-01-01", "step": "withdraw", "action": "finish"}


class Program:
    """A program that comes with a token and no cookie."""

    def __init__(self, world: World, token: str) -> None:
        self._client: FlaskClient = world.app.test_client(use_cookies=False)
        self._headers = {"Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, **more: Any) -> TestResponse:
        url = path.format_map(Names(NAMES, contract_code="HQ"))
        has_kind = method == "GET" or "json" in more
        kind = {} if has_kind else {"content_type": "application/json"}
        return self._client.open(url, method=method, headers=self._headers, **{**kind, **more})


class Names(dict[str, Any]):
    """Something for each name of an address that nobody has thought of."""

    def __missing__(self, name: str) -> Any:
        return 999_999


def code_of(answer: TestResponse) -> str:
    body = answer.get_json(silent=True)
    return body.get("code", "") if isinstance(body, dict) else ""


@pytest.fixture(scope="module")
def boss(hq: World) -> Program:
    """A program of the project manager's that may all that a token may."""
    return Program(hq, new_token(hq.people["project_manager"], SCOPES))


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_what_is_a_persons_own_is_closed_to_every_token(
    method: str, path: str, hq: World, boss: Program
) -> None:
    assert code_of(boss.ask(method, path)) == "token_not_here"


@pytest.mark.parametrize(("method", "path"), SCOPED)
def test_a_token_opens_what_its_scope_says_and_its_makers_rights(
    method: str, path: str, hq: World, boss: Program
) -> None:
    if set(RULES[method, path].split("|")) - NEVER_BY_TOKEN:
        answer = boss.ask(method, path)
        assert answer.status_code not in (401, 403), answer.data
    else:
        good = WITH.get((method, path))
        answer = boss.ask(method, path, **(good(hq) if good else {}))
        assert code_of(answer) == "forbidden"


def test_a_scope_opens_its_own_area_and_no_other(hq: World) -> None:
    """One endpoint stands for all of a scope: which each takes is held to the document below."""
    one_of_each = {token_scope(*key): key for key in SCOPED}
    assert one_of_each.keys() == set(SCOPES)
    for scope in SCOPES:
        program = Program(hq, new_token(hq.people["project_manager"], [scope]))
        opens = {scope, scope.replace("write", "read")}
        for needed, (method, path) in one_of_each.items():
            refused = code_of(program.ask(method, path)) == "scope_missing"
            assert refused == (needed not in opens), (scope, method, path)


def test_the_document_says_what_each_endpoint_takes(hq: World) -> None:
    told = document()
    assert {"cookie", "token"} == told["components"]["securitySchemes"].keys()
    for method, path in RULES:
        security = told["paths"][path][method.lower()]["security"]
        scope = token_scope(method, path)
        token = [] if scope is None else [{"token": [scope] if scope else []}]
        expected = [] if RULES[method, path] == ANYBODY else [{"cookie": []}, *token]
        assert security == expected, (method, path)


def test_a_token_is_its_makers_and_goes_with_him(hq: World, branch: World) -> None:
    rooms = f"{CONTRACT}/rooms"
    for gone in (FORMER, DISABLED):
        with unit_of_work() as session:
            session.execute(sa.update(ApiToken).values(revoked_at=None))
        answer = Program(hq, new_token(hq.people[gone], SCOPES)).ask("GET", rooms)
        assert answer.status_code == {FORMER: 404, DISABLED: 401}[gone]
    stranger = Program(hq, new_token(branch.people["project_manager"], SCOPES))
    assert stranger.ask("GET", rooms).status_code == 404


def test_a_token_of_one_contract_does_not_know_the_others(hq: World, branch: World) -> None:
    program = Program(hq, new_token(hq.people[ADMINISTRATOR], SCOPES, "BRANCH"))
    assert program.ask("GET", f"{CONTRACT}/rooms").status_code == 404
    assert program.ask("GET", "/api/contracts/BRANCH/rooms").status_code == 200
    contracts = program.ask("GET", "/api/contracts").get_json()
    assert [row["code"] for row in contracts] == ["BRANCH"]


def test_revoked_expired_or_altered_it_opens_nothing(hq: World) -> None:
    text = new_token(hq.people["project_manager"], SCOPES)
    program = Program(hq, text)
    rooms = f"{CONTRACT}/rooms"
    assert program.ask("GET", rooms).status_code == 200
    assert Program(hq, text[:-1]).ask("GET", rooms).status_code == 401
    with unit_of_work() as session:
        session.execute(sa.update(ApiToken).values(expires_at=now_utc() - timedelta(seconds=1)))
    assert program.ask("GET", rooms).status_code == 401
    again = Program(hq, new_token(hq.people["project_manager"], SCOPES))
    with unit_of_work() as session:
        session.execute(sa.update(ApiToken).values(revoked_at=now_utc()))
    assert again.ask("GET", rooms).status_code == 401


def test_a_cookie_beside_a_bad_token_lets_nobody_in(hq: World) -> None:
    """Who shows a token acts by it alone, or a leaked cookie jar would widen what a program may."""
    browser = hq.browser("project_manager")
    for header in ("Bearer rbk_" + "x" * 43, "Bearer", "bearer nonsense"):
        answer = browser.get("/api/session", headers={"Authorization": header})
        assert answer.status_code == 401, header
    assert browser.get("/api/session", headers={"Authorization": "Basic eDp5"}).status_code == 200


def test_a_token_that_never_stops_asking_is_told_to_wait(
    hq: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.api.bearer.REQUESTS_A_MINUTE", 2)
    program = Program(hq, new_token(hq.people["project_manager"], SCOPES))
    answers = [program.ask("GET", f"{CONTRACT}/rooms") for _ in range(4)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_every_line_outside_is_closed_but_the_list_of_contracts(hq: World) -> None:
    opened = {key for key in OUTSIDE if token_scope(*key) is not None}
    assert {path.partition(".")[0] for _, path in opened} == {"/api/contracts"}


def test_when_it_was_last_used_is_known(hq: World) -> None:
    program = Program(hq, new_token(hq.people["project_manager"], SCOPES))
    program.ask("GET", f"{CONTRACT}/rooms")
    row = db.session.scalars(sa.select(ApiToken).order_by(ApiToken.id.desc()).limit(1)).one()
    db.session.refresh(row)
    assert row.last_used_at is not None
