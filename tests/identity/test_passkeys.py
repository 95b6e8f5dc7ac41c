"""A passkey signs its owner in, from the right site, with his own finger, once; and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.identity.authenticator import PRESENT, Authenticator
from webapp.audit.models import AuditRow
from webapp.db import db, now_utc, unit_of_work
from webapp.identity.models import Passkey, User

SignIn = Callable[[User], FlaskClient]


def registered(browser: FlaskClient, key: Authenticator, name: str = "手机") -> Any:
    options = browser.post("/api/passkeys/options", json={}).get_json()["options"]
    return browser.post("/api/passkeys", json={"credential": key.register(options), "name": name})


def sign_in(browser: FlaskClient, key: Authenticator) -> Any:
    options = browser.post("/api/session/passkey/options", json={}).get_json()["options"]
    key.count += 1
    body = {"credential": key.sign_in(options), "device_name": "Pixel"}
    return browser.post("/api/session/passkey", json=body)


@pytest.fixture
def key(engineer: User, signed_in: SignIn) -> Authenticator:
    """The engineer's authenticator, with a passkey that the server knows."""
    made = Authenticator()
    assert registered(signed_in(engineer), made).status_code == 201
    return made


def test_who_has_a_passkey_signs_in_without_a_password(
    key: Authenticator, engineer: User, client: FlaskClient
) -> None:
    answer = sign_in(client, key)
    assert answer.status_code == 200, answer.data
    assert answer.get_json()["user"]["login"] == "engineer"
    assert client.get("/api/session").get_json()["session"]["device_name"] == "Pixel"
    [row] = client.get("/api/passkeys").get_json()["passkeys"]
    assert row["last_used_at"] is not None
    actions = db.session.scalars(sa.select(AuditRow.action).filter_by(entity="passkey")).all()
    assert actions == ["create"]


def test_what_is_asked_names_nobody_and_wants_its_owner(
    client: FlaskClient, engineer: User
) -> None:
    options = client.post("/api/session/passkey/options", json={}).get_json()["options"]
    assert options["userVerification"] == "required"
    assert not options.get("allowCredentials")


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "https://evil.example"},
        {"host": "evil.example"},
        {"flags": PRESENT},
        {"credential_id": b"unknown" * 4},
    ],
    ids=["another origin", "another site", "not verified", "another key"],
)
def test_what_is_not_quite_right_signs_nobody_in(
    change: dict[str, Any], key: Authenticator, client: FlaskClient
) -> None:
    for name, value in change.items():
        setattr(key, name, value)
    answer = sign_in(client, key)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "sign_in_failed")


def test_another_key_by_the_same_name_signs_nobody_in(
    key: Authenticator, client: FlaskClient
) -> None:
    answer = sign_in(client, Authenticator(credential_id=key.credential_id))
    assert answer.get_json()["code"] == "sign_in_failed"


def test_an_answer_counts_once_even_with_its_cookie(
    key: Authenticator, client: FlaskClient, app: Flask
) -> None:
    options = client.post("/api/session/passkey/options", json={}).get_json()["options"]
    cookie = client.get_cookie("roundbook")
    assert cookie
    body = {"credential": key.sign_in(options)}
    assert client.post("/api/session/passkey", json=body).status_code == 200
    thief = app.test_client()
    thief.set_cookie("roundbook", cookie.value)
    assert thief.post("/api/session/passkey", json=body).get_json()["code"] == "sign_in_failed"
    nobody = app.test_client()
    assert nobody.post("/api/session/passkey", json=body).get_json()["code"] == "passkey_refused"


def test_a_counter_that_goes_back_is_a_copy(key: Authenticator, client: FlaskClient) -> None:
    key.count = 7
    assert sign_in(client, key).status_code == 200
    key.count = 3
    assert sign_in(client, key).get_json()["code"] == "sign_in_failed"


def test_a_removed_passkey_or_a_disabled_person_signs_in_no_more(
    key: Authenticator, engineer: User, manager: User, client: FlaskClient, signed_in: SignIn
) -> None:
    with unit_of_work() as session:
        session.execute(sa.update(User).filter_by(login="engineer").values(disabled_at=now_utc()))
    assert sign_in(client, key).status_code == 401
    with unit_of_work() as session:
        session.execute(sa.update(User).filter_by(login="engineer").values(disabled_at=None))
    assert sign_in(client, key).status_code == 200
    [row] = client.get("/api/passkeys").get_json()["passkeys"]
    url = f"/api/passkeys/{row['id']}"
    assert signed_in(manager).delete(url).status_code == 404  # another's
    assert client.delete(url).status_code == 204
    assert sign_in(client, key).status_code == 401
    assert db.session.scalars(sa.select(Passkey)).all() == []


def test_nonsense_in_place_of_a_key_is_refused(engineer: User, signed_in: SignIn) -> None:
    browser = signed_in(engineer)
    for nonsense in (
        {},
        {"id": 1},
        {"id": "x", "rawId": "x", "type": "public-key", "response": {}},
    ):
        browser.post("/api/passkeys/options", json={})
        answer = browser.post("/api/passkeys", json={"credential": nonsense})
        assert answer.get_json()["code"] == "passkey_refused"
        browser.post("/api/session/passkey/options", json={})
        answer = browser.post("/api/session/passkey", json={"credential": nonsense})
        assert answer.get_json()["code"] == "sign_in_failed"


def test_the_same_key_is_registered_once(
    key: Authenticator, manager: User, signed_in: SignIn
) -> None:
    assert registered(signed_in(manager), key).get_json()["code"] == "passkey_refused"
