"""A push reaches the browser that takes part, once, sealed and signed; and no address that it must not."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.notifications.push_service import Browser, PushService, claims_of
from webapp import jobs
from webapp.audit.models import AuditRow
from webapp.db import db, now_utc, unit_of_work
from webapp.identity.models import Contract, Membership, User
from webapp.identity.queries import reachable
from webapp.jobs import Job
from webapp.notifications import services, webpush
from webapp.notifications.models import Mail, PushDelivery, PushSubscription
from webapp.notifications.webpush import (
    Pusher,
    RefusedError,
    Target,
    contact_of,
    decoded,
    encoded,
    encrypt,
    kept_key,
)

SignIn = Callable[[User], FlaskClient]
PATH = "/api/me/push"


@pytest.fixture
def service(app: Flask) -> Iterator[PushService]:
    """A push service of this machine, which the app may push to while it runs."""
    kept = app.extensions["pusher"]
    app.extensions["pusher"] = replace(kept, private_hosts=True)
    with PushService() as running:
        yield running
    app.extensions["pusher"] = kept


@pytest.fixture
def wang(contract: Contract) -> User:
    """A project manager who reads English and has no address."""
    return factories.member(contract, "project_manager", login="w", language="en")


def tell(of: Contract, to: User, key: str = "a", now: datetime | None = None, **more: Any) -> None:
    with unit_of_work() as session:
        [one] = [one for one in reachable(session, of.id) if one.recipient.user_id == to.id]
        services.tell(
            session,
            one.recipient,
            contract_id=of.id,
            kind="case_assigned",
            details={"name": "F-7", "title": "麦克风无声"},
            path=f"/desk/cases/F-7?of={key}",
            key=key,
            now=now or now_utc(),
            **more,
        )


def take_part(browser: FlaskClient, device: Browser, service: PushService) -> None:
    answer = browser.post(PATH, json=device.subscription(service))
    assert answer.status_code == 204, answer.data


def work(rounds: int = 1) -> None:
    """Do what waits, as if every back-off were over."""
    for _ in range(rounds):
        with unit_of_work() as session:
            session.execute(sa.update(Job).values(not_before=now_utc() - timedelta(seconds=1)))
        while jobs.work_once("w"):
            pass


def states() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(PushDelivery.state).order_by(PushDelivery.id)))


def test_it_seals_as_the_rfc_does() -> None:
    number = int.from_bytes(decoded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")
    target = Target(
        "",
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
    )
    sealed = encrypt(
        b"When I grow up, I want to be a watermelon",
        target,
        key=ec.derive_private_key(number, ec.SECP256R1()),
        salt=decoded("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    # RFC 8291, section 5.
    assert encoded(sealed) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmY"
        "WAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexS"
        "gSxsj_Qulcy4a-fN"
    )


def test_a_notice_reaches_its_browser_once_sealed_and_signed(
    app: Flask, contract: Contract, wang: User, signed_in: SignIn, service: PushService
) -> None:
    device, browser = Browser(), signed_in(wang)
    take_part(browser, device, service)
    tell(contract, wang)
    assert service.taken == [], "never in the request"
    work(3)
    [taken] = service.taken
    assert device.read(taken.body) == {
        "title": "F-7 is yours: 麦克风无声",
        "path": "/desk/cases/F-7?of=a&contract=HQ",
    }
    claims = claims_of(taken)
    assert claims["aud"] == service.url
    assert claims["sub"].startswith("mailto:")
    assert claims["k"] == browser.get("/api/me/notices").get_json()["push_key"]
    assert 0 < claims["exp"] - datetime.now(UTC).timestamp() < 24 * 3600
    assert taken.headers["content-encoding"] == "aes128gcm"
    assert (taken.headers["ttl"], taken.headers["urgency"]) == ("86400", "normal")
    assert states() == ["sent"]
    assert browser.get("/api/me/notices").get_json()["device"]["last_error"] == ""
    assert db.session.scalars(sa.select(Mail)).all() == [], "he has no address"


def test_every_device_of_a_person_hears_and_nobody_elses(
    contract: Contract, wang: User, engineer: User, signed_in: SignIn, service: PushService
) -> None:
    for name, user in (("phone", wang), ("desk", wang), ("other", engineer)):
        take_part(signed_in(user), Browser(name), service)
    tell(contract, wang, urgent=True)
    work()
    assert sorted(taken.path for taken in service.taken) == ["/push/desk", "/push/phone"]
    assert {taken.headers["urgency"] for taken in service.taken} == {"high"}


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_has_ended_is_forgotten(
    contract: Contract, wang: User, signed_in: SignIn, service: PushService, status: int
) -> None:
    take_part(signed_in(wang), Browser(), service)
    service.status = status
    tell(contract, wang)
    work(2)
    assert len(service.taken) == 1
    assert db.session.scalars(sa.select(PushSubscription)).all() == []
    assert states() == []
    assert db.session.scalars(sa.select(Job)).all() == []


def test_a_service_that_is_down_loses_nothing_and_is_asked_again(
    contract: Contract, wang: User, signed_in: SignIn, service: PushService
) -> None:
    browser = signed_in(wang)
    take_part(browser, Browser(), service)
    service.drop = True
    tell(contract, wang)
    work()
    assert states() == ["waiting"]
    assert browser.get("/api/me/notices").get_json()["device"]["last_error"]
    service.drop, service.status, service.headers = False, 503, {"Retry-After": "120"}
    work()
    [job] = db.session.scalars(sa.select(Job).execution_options(populate_existing=True))
    assert job.not_before > now_utc() + timedelta(seconds=100)
    service.status = 201
    work(2)
    assert states() == ["sent"]
    assert len(service.taken) == 2
    assert browser.get("/api/me/notices").get_json()["device"]["last_error"] == ""


def test_one_device_that_fails_keeps_no_other_waiting_nor_hears_twice(
    contract: Contract, wang: User, signed_in: SignIn, service: PushService
) -> None:
    with PushService() as other:
        other.status = 500
        take_part(signed_in(wang), Browser("bad"), other)
        take_part(signed_in(wang), Browser("good"), service)
        tell(contract, wang)
        work(3)
        assert len(other.taken) == 3
    assert len(service.taken) == 1
    assert sorted(states()) == ["sent", "waiting"]


def test_what_a_service_refuses_for_good_is_kept_with_its_words(
    contract: Contract, wang: User, signed_in: SignIn, service: PushService
) -> None:
    browser = signed_in(wang)
    take_part(browser, Browser(), service)
    service.status = 403
    tell(contract, wang)
    work(2)
    assert (states(), len(service.taken)) == (["failed"], 1)
    assert browser.get("/api/me/notices").get_json()["device"]["last_error"].startswith("403")


def test_a_redirect_is_not_followed(
    contract: Contract, wang: User, signed_in: SignIn, service: PushService
) -> None:
    take_part(signed_in(wang), Browser(), service)
    service.status, service.headers = 307, {"Location": f"{service.url}/elsewhere"}
    tell(contract, wang)
    work()
    assert [taken.path for taken in service.taken] == ["/push/a"]
    assert states() == ["failed"]


def test_what_was_read_meanwhile_or_is_not_his_any_more_is_not_pushed(
    contract: Contract, wang: User, signed_in: SignIn, service: PushService
) -> None:
    browser = signed_in(wang)
    take_part(browser, Browser(), service)
    tell(contract, wang)
    browser.post("/api/notifications/read", json={"up_to": 2**31 - 1})
    tell(contract, wang, "b")
    with unit_of_work() as session:
        session.execute(sa.update(Membership).values(left_at=now_utc()))
    work()
    assert (states(), service.taken) == (["lapsed", "lapsed"], [])


def test_signing_out_ends_it_here_and_ending_a_session_elsewhere_does_too(
    contract: Contract, wang: User, signed_in: SignIn, service: PushService
) -> None:
    phone, desk, office = (signed_in(wang) for _ in range(3))
    take_part(phone, Browser("phone"), service)
    take_part(desk, Browser("desk"), service)
    tell(contract, wang)
    assert phone.delete("/api/session").status_code == 204
    work()
    assert [taken.path for taken in service.taken] == ["/push/desk"]
    change = {"password": factories.PASSWORD, "new_password": "another horse"}
    assert office.patch("/api/me", json=change).status_code == 204
    # The job's end has let go of what the fixtures hold.
    contract = db.session.scalars(sa.select(Contract)).one()
    wang = db.session.scalars(sa.select(User)).one()
    tell(contract, wang, "b")
    work()
    assert len(service.taken) == 1
    assert db.session.scalars(sa.select(PushSubscription)).all() == []


def test_a_group_that_is_not_pushed_still_mails_and_quiet_hours_hold_a_push(
    contract: Contract, wang: User, signed_in: SignIn, service: PushService
) -> None:
    browser = signed_in(wang)
    take_part(browser, Browser(), service)
    choice = browser.get("/api/me/notices").get_json()["choice"]
    choice["push"]["cases"] = False
    assert browser.post("/api/me/notices", json=choice).status_code == 204
    tell(contract, wang)
    work()
    assert service.taken == []
    choice["push"]["cases"] = True
    choice["quiet_from"], choice["quiet_to"] = "20:00", "08:00"
    assert browser.post("/api/me/notices", json=choice).status_code == 204
    # Eight in the evening and eight in the morning in Shanghai.
    evening, morning = (datetime(2026, 3, day, hour, tzinfo=UTC) for day, hour in ((5, 12), (6, 0)))
    tell(contract, wang, "b", now=evening)
    tell(contract, wang, "c", now=evening, urgent=True)
    due = db.session.scalars(sa.select(Job.not_before).order_by(Job.id)).all()
    assert due == [morning, evening]


def test_a_browser_takes_part_once_and_leaves_again(
    client: FlaskClient, wang: User, signed_in: SignIn, service: PushService
) -> None:
    said = Browser().subscription(service)
    assert client.post(PATH, json=said).status_code == 401
    assert client.delete(PATH).status_code == 401
    assert client.post(f"{PATH}/trial").status_code == 401
    browser = signed_in(wang)
    assert browser.post(f"{PATH}/trial").get_json()["code"] == "no_push_here"
    for device in (Browser("old"), Browser("new"), Browser("new")):
        take_part(browser, device, service)
    [row] = db.session.scalars(sa.select(PushSubscription))
    assert row.endpoint.endswith("/new")
    assert browser.get("/api/me/notices").get_json()["device"]["endpoint"] == row.endpoint
    assert [browser.delete(PATH).status_code for _ in range(2)] == [204, 204]
    assert browser.get("/api/me/notices").get_json()["device"] is None
    lines = db.session.scalars(
        sa.select(AuditRow).filter_by(entity="push_subscription").order_by(AuditRow.id)
    ).all()
    assert [line.action for line in lines] == ["subscribe"] * 3 + ["unsubscribe"]
    assert "new" not in str([line.diff for line in lines]), "the address is a secret"


def test_a_browser_that_changed_hands_hears_only_who_is_signed_in_on_it(
    contract: Contract, wang: User, engineer: User, signed_in: SignIn, service: PushService
) -> None:
    device = Browser()
    take_part(signed_in(wang), device, service)
    take_part(signed_in(engineer), device, service)
    tell(contract, wang)
    work()
    assert service.taken == []


def test_a_trial_says_in_the_readers_language_that_pushes_arrive(
    wang: User, signed_in: SignIn, service: PushService
) -> None:
    device, browser = Browser(), signed_in(wang)
    take_part(browser, device, service)
    assert browser.post(f"{PATH}/trial").status_code == 204
    work()
    [taken] = service.taken
    assert device.read(taken.body) == {
        "title": "Roundbook's pushes come to this device",
        "path": "/me/notices",
    }


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example.com/a",
        "https://127.0.0.1/a",
        "https://[::1]/a",
        "https://[::ffff:10.0.0.1]/a",
        "https://10.0.0.1/a",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00::1]/a",
        "https://100.64.0.1/a",
        "https://0.0.0.0/a",
        "https://224.0.0.1/a",
        "https://localhost/a",
        "https://db/a",
        "https://store.internal/a",
        "https://push.example.com:8443/a",
        "https://user@push.example.com/a",
        "https://push.example.com/a b",
        "https://push.example.com:99999/a",
        "ftp://push.example.com/a",
        "javascript:alert(1)",
        "https://",
    ],
)
def test_no_browser_can_name_an_address_of_our_own_network(
    wang: User, signed_in: SignIn, endpoint: str
) -> None:
    body = {
        "endpoint": endpoint,
        "p256dh": encoded(Browser().point),
        "auth": encoded(Browser().auth),
    }
    answer = signed_in(wang).post(PATH, json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "push_address_invalid")


def test_a_name_that_leads_into_our_own_network_is_not_posted_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def found(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        # One of ours among public ones is enough.
        return [(2, 1, 6, "", ("93.184.216.34", port)), (2, 1, 6, "", ("10.0.0.5", port))]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("connected"))
    browser = Browser()
    target = Target("https://push.example.com/a", encoded(browser.point), encoded(browser.auth))
    pusher = Pusher(a_key(), "mailto:a@example.com")
    with pytest.raises(RefusedError, match="not a public host"):
        pusher.send(target, b"{}", now=now_utc(), urgent=False, keep_for=timedelta(hours=1))
    assert asked == ["push.example.com"]


def a_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    to: list[Any] = []

    def connect(_sock: socket.socket, address: Any) -> None:
        to.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(
        socket, "getaddrinfo", lambda _host, port, **_: [(2, 1, 6, "", ("93.184.216.34", port))]
    )
    monkeypatch.setattr(socket.socket, "connect", connect)
    browser = Browser()
    target = Target("https://push.example.com/a", encoded(browser.point), encoded(browser.auth))
    with pytest.raises(webpush.UnreachableError):
        Pusher(a_key(), "mailto:a@example.com").send(
            target, b"{}", now=now_utc(), urgent=False, keep_for=timedelta(hours=1)
        )
    assert to == [("93.184.216.34", 443)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"p256dh": "AAAA"},
        {"p256dh": "not base64!"},
        {"auth": "AAAA"},
        {"p256dh": "ü"},
        {"more": "x"},
    ],
)
def test_a_key_that_is_none_is_refused(wang: User, signed_in: SignIn, wrong: dict) -> None:
    body = {
        "endpoint": "https://push.example.com/a",
        "p256dh": encoded(Browser().point),
        "auth": encoded(Browser().auth),
    }
    assert signed_in(wang).post(PATH, json=body | wrong).status_code == 422


def test_the_servers_key_is_made_once_and_kept(tmp_path: Path) -> None:
    first, again = kept_key(tmp_path), kept_key(tmp_path)
    assert Pusher(first, "").public_key == Pusher(again, "").public_key
    assert (tmp_path / "push_key").stat().st_mode & 0o777 == 0o600
    given = kept_key(tmp_path / "nowhere", (tmp_path / "push_key").read_text())
    assert Pusher(given, "").public_key == Pusher(first, "").public_key
    for wrong in ("foo", "AAAA!", encoded(bytes(32)), encoded(b"\xff" * 32)):
        with pytest.raises(ValueError, match="P-256"):
            kept_key(tmp_path, wrong)


def test_a_push_service_is_told_whom_to_write_to() -> None:
    assert contact_of("https://rounds.example.com", "a@b.c") == "https://rounds.example.com"
    assert contact_of("http://10.0.0.5:8000", "a@b.c") == "mailto:a@b.c"
