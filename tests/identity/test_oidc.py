"""Signing in by an issuer of OpenID Connect: who is bound, who is matched, and nobody else."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey

from tests import factories
from tests.identity.issuer import CLIENT, SECRET, Issuer
from webapp import oidc
from webapp.audit.models import AuditRow
from webapp.db import db, now_utc, unit_of_work
from webapp.identity.models import ExternalIdentity, User
from webapp.identity.services import password_matches

SignIn = Callable[[User], FlaskClient]
Allow = Callable[..., None]
START = "/api/sign-in/oidc"
KEY = RSAKey.generate_key(2048, {"kid": "k1"})


@pytest.fixture
def issuer(app: Flask) -> Iterator[Issuer]:
    """An issuer that the server's settings name."""
    kept = app.extensions["settings"]
    oidc._known.clear()
    with Issuer(key=KEY) as there:
        app.extensions["settings"] = replace(
            kept, oidc_issuer=there.url, oidc_client_id=CLIENT, oidc_client_secret=SECRET
        )
        yield there
    app.extensions["settings"] = kept


@pytest.fixture
def allow(app: Flask, issuer: Issuer) -> Allow:
    """Changes the settings, as the environment would have."""

    def change(**settings: Any) -> None:
        app.extensions["settings"] = replace(app.extensions["settings"], **settings)

    return change


def bind(person: User, issuer: Issuer, subject: str = "u-1") -> None:
    with unit_of_work() as session:
        session.add(
            ExternalIdentity(
                user_id=person.id, issuer=issuer.url, subject=subject, bound_at=now_utc()
            )
        )


def at_the_issuer(address: str) -> str:
    """What the browser comes back with: the issuer asks nothing and sends it on."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_args: Any) -> None:
            return None

    try:
        urllib.request.build_opener(Stay).open(address)
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.headers["Location"].removeprefix("http://localhost")
    raise AssertionError("no redirect")


def round_trip(browser: FlaskClient, path: str = START, **change: str) -> str:
    """Go to the issuer and come back; where the browser ends up."""
    gone = browser.get(path)
    assert gone.status_code == 302, gone.data
    back = at_the_issuer(gone.headers["Location"])
    for name, value in change.items():
        old = parse_qs(urlsplit(back).query)[name][0]
        back = back.replace(f"{name}={old}", f"{name}={value}")
    return browser.get(back).headers["Location"]


def problem(location: str) -> str:
    return parse_qs(urlsplit(location).query).get("problem", [""])[0]


def test_who_is_bound_signs_in_and_comes_to_where_he_wanted(
    engineer: User, issuer: Issuer, client: FlaskClient
) -> None:
    bind(engineer, issuer)
    path = f"{START}?next=/desk/photos%3Fstate=todo&device_name=Chrome"
    assert round_trip(client, path) == "/desk/photos?state=todo"
    me = client.get("/api/session").get_json()
    assert (me["user"]["login"], me["session"]["device_name"]) == ("engineer", "Chrome")
    assert issuer.refused == []


def test_whom_nobody_knows_is_told_what_to_tell_the_administrator(
    engineer: User, issuer: Issuer, client: FlaskClient
) -> None:
    issuer.claims |= {"email": "li@example.com", "email_verified": True}
    location = round_trip(client)
    query = parse_qs(urlsplit(location).query)
    assert location.startswith("/sign-in?")
    assert (query["problem"], query["subject"]) == (["oidc_unknown"], ["u-1"])
    assert client.get("/api/session").status_code == 401
    assert len(db.session.scalars(sa.select(User)).all()) == 1


def test_an_administrator_binds_and_unbinds(
    engineer: User, manager: User, issuer: Issuer, client: FlaskClient, signed_in: SignIn
) -> None:
    boss = signed_in(factories.user("root", is_admin=True))
    url = f"/api/users/{engineer.id}"
    assert boss.patch(url, json={"oidc_subject": "u-1"}).status_code == 204
    shown = {row["login"]: row["oidc_subject"] for row in boss.get("/api/users").get_json()}
    assert (shown["engineer"], shown["manager"]) == ("u-1", None)
    taken = boss.patch(f"/api/users/{manager.id}", json={"oidc_subject": "u-1"})
    assert taken.get_json()["code"] == "subject_taken"
    assert round_trip(client) == "/"
    assert boss.patch(url, json={"oidc_subject": ""}).status_code == 204
    assert problem(round_trip(client)) == "oidc_unknown"
    diffs = db.session.scalars(
        sa.select(AuditRow.diff).filter_by(action="bind").order_by(AuditRow.id)
    ).all()
    assert diffs == [{"oidc_subject": ["", "u-1"]}, {"oidc_subject": ["u-1", ""]}]


def with_address(person: User, email: str) -> None:
    with unit_of_work() as session:
        session.execute(sa.update(User).filter_by(id=person.id).values(email=email))


def test_a_verified_address_counts_where_the_setting_says_so_and_binds(
    engineer: User, issuer: Issuer, client: FlaskClient, allow: Allow
) -> None:
    with_address(engineer, "Li@Example.com")
    issuer.claims |= {"email": "li@example.com", "email_verified": True}
    assert problem(round_trip(client)) == "oidc_unknown"
    allow(oidc_match_email=True)
    assert round_trip(client) == "/"
    issuer.claims = {"sub": "u-1"}  # from now on it is the account that counts
    assert round_trip(client) == "/"
    issuer.claims = {"sub": "u-2", "email": "li@example.com", "email_verified": True}
    assert problem(round_trip(client)) == "oidc_unknown"


@pytest.mark.parametrize("verified", [False, "true", None, 1])
def test_an_address_that_is_not_verified_counts_for_nothing(
    verified: object, engineer: User, issuer: Issuer, client: FlaskClient, allow: Allow
) -> None:
    with_address(engineer, "li@example.com")
    allow(oidc_match_email=True)
    issuer.claims |= {"email": "li@example.com", "email_verified": verified}
    assert problem(round_trip(client)) == "oidc_unknown"


def test_no_administrator_and_nobody_of_two_is_known_by_an_address(
    engineer: User, manager: User, issuer: Issuer, client: FlaskClient, allow: Allow
) -> None:
    allow(oidc_match_email=True)
    with_address(factories.user("root", is_admin=True), "root@example.com")
    issuer.claims |= {"email": "root@example.com", "email_verified": True}
    assert problem(round_trip(client)) == "oidc_unknown"
    for person in (engineer, manager):
        with_address(person, "both@example.com")
    issuer.claims |= {"email": "both@example.com"}
    assert problem(round_trip(client)) == "oidc_unknown"


def test_a_disabled_person_stays_out_and_is_not_made_anew(
    engineer: User, issuer: Issuer, client: FlaskClient, allow: Allow
) -> None:
    bind(engineer, issuer)
    allow(oidc_creates_people=True, oidc_match_email=True)
    with unit_of_work() as session:
        session.execute(sa.update(User).values(disabled_at=now_utc()))
    assert problem(round_trip(client)) == "oidc_unknown"


def test_somebody_new_is_made_only_where_the_setting_says_so(
    engineer: User, issuer: Issuer, client: FlaskClient, allow: Allow
) -> None:
    allow(oidc_creates_people=True)
    issuer.claims |= {"name": "新来的", "preferred_username": "engineer"}
    assert round_trip(client) == "/"
    me = client.get("/api/session").get_json()
    assert (me["user"]["name"], me["contracts"], me["user"]["is_admin"]) == ("新来的", [], False)
    assert me["user"]["login"].startswith("engineer-")
    user = db.session.scalars(sa.select(User).filter_by(login=me["user"]["login"])).one()
    assert not password_matches(user.password_hash, "!")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda claims: {**claims, "aud": "another"},
        lambda claims: {**claims, "aud": [CLIENT, "another"]},
        lambda claims: {**claims, "azp": "another"},
        lambda claims: {**claims, "iss": "https://another.example"},
        lambda claims: {**claims, "nonce": "another"},
        lambda claims: {key: value for key, value in claims.items() if key != "nonce"},
        lambda claims: {**claims, "exp": int(time.time()) - 600},
        lambda claims: {key: value for key, value in claims.items() if key != "sub"},
        lambda claims: {**claims, "sub": ""},
    ],
    ids=["aud", "auds", "azp", "iss", "nonce", "no nonce", "exp", "no sub", "empty sub"],
)
def test_a_token_that_is_not_for_us_now_signs_nobody_in(
    spoil: Any, engineer: User, issuer: Issuer, client: FlaskClient
) -> None:
    bind(engineer, issuer)
    bind(factories.user("empty"), issuer, "")
    issuer.spoil = spoil
    assert problem(round_trip(client)) == "oidc_failed"
    assert client.get("/api/session").status_code == 401


def test_a_token_that_another_key_has_signed_signs_nobody_in(
    engineer: User, issuer: Issuer, client: FlaskClient
) -> None:
    bind(engineer, issuer)
    issuer.signing = RSAKey.generate_key(2048, {"kid": "k1"})
    assert problem(round_trip(client)) == "oidc_failed"


def test_a_state_that_is_not_this_browsers_is_refused(
    engineer: User, issuer: Issuer, client: FlaskClient, app: Flask
) -> None:
    """Nobody can have another's browser signed in as himself."""
    bind(engineer, issuer)
    assert problem(round_trip(client, state="made-up")) == "oidc_failed"
    begun = at_the_issuer(app.test_client().get(START).headers["Location"])
    assert problem(client.get(begun).headers["Location"]) == "oidc_failed"


def test_the_code_goes_with_this_browsers_verifier_alone(
    engineer: User, issuer: Issuer, client: FlaskClient, app: Flask
) -> None:
    bind(engineer, issuer)
    stolen = parse_qs(
        urlsplit(at_the_issuer(app.test_client().get(START).headers["Location"])).query
    )
    assert problem(round_trip(client, code=stolen["code"][0])) == "oidc_failed"
    assert issuer.refused == ["verifier"]


@pytest.mark.attack(12)
@pytest.mark.parametrize(
    "path", ["//evil.example", "/%5Cevil.example", "https://evil.example", "/%09/evil"]
)
def test_signing_in_leads_nowhere_else(
    path: str, engineer: User, issuer: Issuer, client: FlaskClient
) -> None:
    bind(engineer, issuer)
    assert round_trip(client, f"{START}?next={path}") == "/"


def test_who_says_no_at_the_issuer_is_back_at_the_sign_in(
    issuer: Issuer, client: FlaskClient
) -> None:
    client.get(f"{START}?next=/items")
    location = client.get(f"{START}/callback?error=access_denied").headers["Location"]
    assert parse_qs(urlsplit(location).query) == {"problem": ["oidc_denied"], "next": ["/items"]}


def test_an_issuer_that_is_down_or_another_is_told(
    issuer: Issuer, client: FlaskClient, allow: Allow
) -> None:
    allow(oidc_issuer="http://127.0.0.1:9")
    assert problem(client.get(START).headers["Location"]) == "oidc_unreachable"
    allow(oidc_issuer=f"{issuer.url}/")
    assert problem(client.get(START).headers["Location"]) == "oidc_unreachable"


def test_without_an_issuer_there_is_nothing(client: FlaskClient) -> None:
    assert client.get("/api/sign-in").get_json() == {"passkeys": True, "oidc": None}
    assert client.get(START).status_code == 404
    assert client.get(f"{START}/callback").status_code == 404
