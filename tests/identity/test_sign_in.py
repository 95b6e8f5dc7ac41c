"""Signing in, sessions per device, and what a stranger finds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests import factories
from webapp.db import db
from webapp.identity.models import Contract, User

SignIn = Callable[[User], FlaskClient]


def test_who_signs_in_sees_himself_and_his_contracts(
    engineer: User, signed_in: SignIn, contract: Contract
) -> None:
    factories.contract("ELSEWHERE")
    me = signed_in(engineer).get("/api/session").get_json()
    assert me["user"]["name"] == "李明"
    assert [row["code"] for row in me["contracts"]] == ["HQ"]
    assert me["contracts"][0]["role"] == "inspection_engineer"
    assert me["contracts"][0]["rights"] == ["handle", "inspect", "view"]


@pytest.mark.attack(13)
@pytest.mark.parametrize("login", ["engineer", "nobody"])
def test_a_wrong_password_and_an_unknown_login_get_the_same_answer(
    login: str, engineer: User, client: FlaskClient
) -> None:
    answer = client.post("/api/session", json={"login": login, "password": "wrong password"})
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["code"] == "sign_in_failed"


@pytest.mark.attack(13)
def test_guessing_passwords_is_throttled_per_account(engineer: User, client: FlaskClient) -> None:
    guess = {"login": "engineer", "password": "wrong password"}
    codes = [client.post("/api/session", json=guess).status_code for _ in range(11)]
    assert codes == [401] * 10 + [429]


def test_a_disabled_person_is_out_at_once(engineer: User, signed_in: SignIn) -> None:
    browser = signed_in(engineer)
    boss = factories.user("root", is_admin=True)
    answer = signed_in(boss).patch(f"/api/users/{engineer.id}", json={"disabled": True})
    assert answer.status_code == 204
    assert browser.get("/api/session").status_code == 401


@pytest.mark.attack(14)
def test_a_session_is_listed_and_can_be_revoked_from_another_device(
    engineer: User, signed_in: SignIn
) -> None:
    phone, desk = signed_in(engineer), signed_in(engineer)
    rows = desk.get("/api/sessions").get_json()
    assert sorted(row["current"] for row in rows) == [False, True]
    lost = next(row["id"] for row in rows if not row["current"])
    assert desk.delete(f"/api/sessions/{lost}").status_code == 204
    assert phone.get("/api/session").status_code == 401
    assert desk.get("/api/session").status_code == 200


def test_nobody_ends_another_persons_session(
    engineer: User, manager: User, signed_in: SignIn
) -> None:
    victim, other = signed_in(engineer), signed_in(manager)
    session_id = victim.get("/api/session").get_json()["session"]["id"]
    assert other.delete(f"/api/sessions/{session_id}").status_code == 404
    assert victim.get("/api/session").status_code == 200


@pytest.mark.attack(14)
def test_signing_in_gives_a_new_session_whatever_cookie_there_was(
    engineer: User, manager: User, signed_in: SignIn
) -> None:
    browser = signed_in(engineer)
    body = {"login": "manager", "password": factories.PASSWORD}
    assert browser.post("/api/session", json=body).status_code == 200
    assert browser.get("/api/session").get_json()["user"]["login"] == "manager"


def test_signing_out_ends_the_session_on_the_server(engineer: User, signed_in: SignIn) -> None:
    browser = signed_in(engineer)
    copied = browser.get_cookie("roundbook")
    assert copied is not None
    assert browser.delete("/api/session").status_code == 204
    browser.set_cookie("roundbook", copied.value)
    assert browser.get("/api/session").status_code == 401


def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(
    engineer: User, signed_in: SignIn
) -> None:
    phone, desk = signed_in(engineer), signed_in(engineer)
    body = {"password": "not the old one", "new_password": "a longer secret"}
    refused = desk.patch("/api/me", json=body)
    assert (refused.status_code, refused.get_json()["code"]) == (422, "password_wrong")
    body["password"] = factories.PASSWORD
    assert desk.patch("/api/me", json=body).status_code == 204
    assert phone.get("/api/session").status_code == 401
    assert desk.get("/api/session").status_code == 200


@pytest.mark.attack(15)
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
    ],
)
def test_another_site_cannot_post(headers: dict[str, str], client: FlaskClient) -> None:
    answer = client.post("/api/session", json={"login": "x", "password": "y"}, headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "cross_site")


def test_an_unknown_field_is_refused_by_name(client: FlaskClient) -> None:
    body = {"login": "x", "password": "y", "is_admin": True}
    answer = client.post("/api/session", json=body)
    assert answer.status_code == 422
    assert "is_admin" in answer.get_json()["fields"]


def test_the_password_is_kept_as_argon2id(engineer: User) -> None:
    stored = db.session.get_one(User, engineer.id).password_hash
    assert stored.startswith("$argon2id$")
