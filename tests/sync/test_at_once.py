"""The same things at the same time, against a real threaded server: exactly one effect each."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from tests import factories
from tests.rounds import made
from tests.sync.phone import Phone, digest, inspection, picture, slot
from webapp.db import db
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
from webapp.rounds.models import Inspection, InspectionRevision, Photo, Round
from webapp.sync.models import Operation, Quarantined
from webapp.sync.models import Phone as PhoneRow

TIMES = 10


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    """The app, served by threads on a port of its own."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join(10)
    server.server_close()


def cookie_of(port: int, user: User) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    body = json.dumps({"login": user.login, "password": factories.PASSWORD})
    connection.request("POST", "/api/session", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return str(answer.headers["Set-Cookie"]).partition(";")[0]


def at_once(
    port: int, cookie: str, requests: list[tuple[str, str, bytes, dict[str, str]]]
) -> list[tuple[int, Any]]:
    """Send these requests so that they meet in the server; their statuses and bodies.

    A path is one of the contract's, unless it is a whole one; a header ``Cookie`` of one's own counts.
    """
    barrier = threading.Barrier(len(requests))

    def send(request: tuple[str, str, bytes, dict[str, str]]) -> tuple[int, Any]:
        method, path, body, headers = request
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.connect()
        barrier.wait(30)
        url = path if path.startswith("/") else f"/api/contracts/HQ/{path}"
        connection.request(method, url, body, {"Cookie": cookie, **headers})
        answer = connection.getresponse()
        data = json.loads(answer.read() or b"null")
        connection.close()
        return answer.status, data

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(send, requests))


def push_request(*operations: dict[str, Any], phone_id: str = "p") -> Any:
    body = {"envelope": 1, "phone_id": phone_id, "operations": list(operations)}
    return "POST", "sync/push", json.dumps(body).encode(), {"Content-Type": "application/json"}


def count(model: type[Any]) -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def results(answers: list[tuple[int, Any]]) -> list[list[str]]:
    assert [status for status, _ in answers] == [200] * len(answers), answers
    return [[row["result"] for row in body["results"]] for _, body in answers]


def test_the_same_push_ten_times_at_once_is_applied_by_one_of_them(
    port: int, march: Round, devices: list[Device], engineer: User
) -> None:
    line = slot(picture(), "image")
    sent = [inspection(made.visit(march, device, photos=[line])) for device in devices[:1]]
    sent += [inspection(made.visit(march, device)) for device in devices[1:]]
    answers = at_once(port, cookie_of(port, engineer), [push_request(*sent)] * TIMES)
    given = results(answers)
    assert sorted(given) == [["applied"] * 3] + [["duplicate"] * 3] * (TIMES - 1)
    assert count(Inspection) == count(InspectionRevision) == count(Operation) == 3
    assert count(Photo) == count(PhoneRow) == 1
    assert count(Quarantined) == 0


def test_overlapping_pushes_in_other_orders_apply_each_once(
    port: int, march: Round, devices: list[Device], engineer: User
) -> None:
    originals = [made.visit(march, device) for device in devices]
    every = [inspection(payload) for payload in originals]
    every += [inspection(made.amended(payload, remark="later")) for payload in originals]
    orders = [every, every[::-1], every[3:], every[:3], every[1::2], every[::2]]
    cookie = cookie_of(port, engineer)
    results(at_once(port, cookie, [push_request(*order) for order in orders]))
    again = results(at_once(port, cookie, [push_request(*every)]))
    assert again == [["duplicate"] * 6]
    assert count(Inspection) == 3
    assert count(InspectionRevision) == count(Operation) == 6
    db.session.rollback()
    assert set(db.session.scalars(sa.select(Inspection.revision))) == {2}


def test_one_id_with_two_payloads_at_once_keeps_both(
    port: int, march: Round, devices: list[Device], engineer: User
) -> None:
    one = inspection(made.visit(march, devices[0]))
    other = inspection(made.visit(march, devices[1]), id=one["id"])
    requests = [push_request(one), push_request(other)] * 4
    given = [row[0] for row in results(at_once(port, cookie_of(port, engineer), requests))]
    assert sorted(given) == ["applied"] + ["conflict"] * 4 + ["duplicate"] * 3
    assert count(Inspection) == count(Quarantined) == 1


def test_the_same_photo_ten_times_at_once_is_stored_once(
    port: int, march: Round, devices: list[Device], engineer: User
) -> None:
    data = picture()
    line = slot(data, "image")
    cookie = cookie_of(port, engineer)
    results(
        at_once(
            port, cookie, [push_request(inspection(made.visit(march, devices[0], photos=[line])))]
        )
    )
    headers = {"Repr-Digest": digest(data), "Content-Type": "image/jpeg"}
    request = ("PUT", f"photos/{line['id']}", data, headers)
    answers = at_once(port, cookie, [request] * TIMES)
    assert [status for status, _ in answers] == [200] * TIMES
    given = sorted(body["result"] for _, body in answers)
    assert given == ["duplicate"] * (TIMES - 1) + ["stored"]


def test_two_engineers_on_one_device_at_once_both_stay(
    port: int,
    contract: Contract,
    march: Round,
    devices: list[Device],
    engineer: User,
) -> None:
    other = factories.member(contract, "backup_engineer", login="backup")
    cookies = [cookie_of(port, user) for user in (engineer, other)]
    visits = [inspection(made.visit(march, devices[0])) for _ in cookies]
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(
            lambda pair: at_once(port, pair[0], [push_request(pair[1])]),
            zip(cookies, visits, strict=True),
        )
        assert [results(answer) for answer in answers] == [[["applied"]], [["applied"]]]
    db.session.rollback()
    authors = set(db.session.scalars(sa.select(Inspection.author_id)))
    assert authors == {engineer.id, other.id}


def test_a_supervisor_applies_while_the_phone_sends_again(
    port: int,
    phone: Phone,
    march: Round,
    devices: list[Device],
    manager: User,
    signed_in: Callable[[User], FlaskClient],
) -> None:
    payload = made.visit(march, devices[0])
    payload["readings"][0]["item"] = "unknown"
    phone.push(inspection(payload))
    [row] = db.session.scalars(sa.select(Quarantined)).all()
    row_id = row.id
    db.session.rollback()
    payload["readings"][0]["item"] = "power"
    body = json.dumps({"payload": json.dumps(payload)}).encode()
    request = (
        "POST",
        f"quarantine/{row_id}/apply",
        body,
        {"Content-Type": "application/json"},
    )
    answers = at_once(port, cookie_of(port, manager), [request] * 4)
    assert sorted(status for status, _ in answers) == [200, 409, 409, 409]
    assert count(Inspection) == 1
