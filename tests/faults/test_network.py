"""The network between phone and server cuts, doubles, delays, and answers in the server's place."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from itertools import count
from typing import Any

import pytest

from tests.faults.conftest import Site
from tests.faults.engineer import NodePhone, photo_bytes
from tests.faults.oracle import judge
from tests.faults.proxy import Answer, Fault, Proxy, portal
from webapp.db import now_utc

PUSH, PHOTOS, TOGETHER = "sync/push", "/photos/", "/photos?ids="
JSON = {"Content-Type": "application/json"}
PROBLEM = {"Content-Type": "application/problem+json"}
_seeds = count(1)


def inspect(phone: NodePhone, *lengths: int, remark: str = "") -> dict[str, Any]:
    """Inspect the next device, with photos of these lengths."""
    done = len(phone.told.saved)
    photos = [photo_bytes(next(_seeds), length) for length in lengths]
    return phone.save(phone.ask("tasks")[done], *photos, remark=remark)


@pytest.fixture
def full(phone: NodePhone) -> NodePhone:
    """Li's phone with three inspections and two photos that nobody has yet."""
    inspect(phone, 20_000, remark="灯泡偏暗")
    inspect(phone, 3000)
    inspect(phone)
    return phone


def survived(phone: NodePhone, site: Site) -> dict[str, Any]:
    """While it lasted nothing was taken for sent that was not; now all is there, once."""
    phone.look()
    judge([phone.told], site.read(), quiet=False)
    report = phone.settle()
    judge([phone.told], site.read())
    assert {record["state"] for record in report["records"]} == {"accepted"}
    return report


@pytest.mark.fault(1)
@pytest.mark.parametrize("path", [PUSH, PHOTOS])
def test_01_a_reply_lost_on_its_way_is_asked_for_again(
    full: NodePhone, site: Site, network: Proxy, path: str
) -> None:
    network.add(Fault(path, reply_lost=True, times=2))
    assert full.sync()["failure"]["reason"] == "offline"
    survived(full, site)


@pytest.mark.fault(3)
def test_03_what_the_network_doubles_is_there_once(
    full: NodePhone, site: Site, network: Proxy
) -> None:
    network.add(Fault(PUSH, twice=True, times=9))
    network.add(Fault(PHOTOS, "PUT", twice=True, times=9))
    survived(full, site)


@pytest.mark.fault(3)
def test_03_a_request_that_arrives_after_the_phones_next_life_changes_nothing(
    full: NodePhone, site: Site, network: Proxy
) -> None:
    """The network holds the first push back until the phone, started anew, has sent all again."""
    held = network.add(Fault(PUSH, held=True))
    full.begin("sync")
    while not held.met:
        full.look()
    full.ask("crash")
    full.ask("open")
    survived(full, site)


@pytest.mark.fault(5)
def test_05_an_upload_cut_short(full: NodePhone, site: Site, network: Proxy) -> None:
    for length in (0, 1, 9_000):
        inspect(full, 12_000)
        network.add(Fault(PHOTOS, "PUT", request_bytes=length, times=2))
        assert full.sync()["failure"]["reason"] == "offline"
        survived(full, site)


@pytest.mark.fault(5)
def test_05_a_push_cut_short(full: NodePhone, site: Site, network: Proxy) -> None:
    network.add(Fault(PUSH, request_bytes=500))
    assert full.sync()["failure"]["reason"] == "offline"
    assert site.read().operations == {}
    survived(full, site)


@pytest.mark.fault(6)
def test_06_bytes_that_were_changed_on_the_way(full: NodePhone, site: Site, network: Proxy) -> None:
    network.add(Fault(PUSH, damage=lambda body: body.replace("灯泡".encode(), "灯光".encode())))
    full.sync()
    assert [o["state"] for o in full.look()["operations"]].count("waiting") == 1
    full.sync()
    network.add(Fault(PHOTOS, "PUT", damage=lambda body: body[:-1] + b"?!"[body[-1] == 63 :][:1]))
    inspect(full, 3000)
    full.sync()
    assert [p["state"] for p in full.look()["photos"]].count("waiting") == 1
    survived(full, site)


@pytest.mark.fault(7)
def test_07_a_photo_that_arrives_empty(full: NodePhone, site: Site, network: Proxy) -> None:
    """As WebKit sends a File that it has lost: the headers whole, the body empty."""
    network.add(Fault(PHOTOS, "PUT", empty=True, times=2))
    full.sync()
    assert site.read().photos == {}
    survived(full, site)


@pytest.mark.fault(8)
@pytest.mark.parametrize("headers", [PROBLEM, {"Content-Type": "text/html"}])
def test_08_a_batch_that_is_too_large_is_halved(
    full: NodePhone, site: Site, network: Proxy, headers: dict[str, str]
) -> None:
    too_large = Answer(413, headers, b'{"status": 413, "code": "too_large"}')
    network.add(Fault(PUSH, answer=too_large))
    assert full.sync()["ok"]
    assert network.count(PUSH) == 4
    survived(full, site)


def in_seven_seconds() -> dict[str, str]:
    """Retry-After as a date, on a clock that runs ten years behind the phone's."""
    now = now_utc() - timedelta(days=3650)
    later = now + timedelta(seconds=7)
    return {
        "Date": format_datetime(now, usegmt=True),
        "Retry-After": format_datetime(later, usegmt=True),
    }


@pytest.mark.fault(9)
@pytest.mark.parametrize("path", [PUSH, PHOTOS])
def test_09_the_server_asks_to_come_later(
    full: NodePhone, site: Site, network: Proxy, path: str
) -> None:
    for status in (429, 503):
        for told in ({"Retry-After": "7"}, in_seven_seconds()):
            inspect(full, 3000)
            busy = Answer(status, told | PROBLEM, b'{"code": "busy"}')
            network.add(Fault(path, answer=busy, times=2))
            failure = full.sync()["failure"]
            assert (failure["reason"], failure["wait_seconds"]) == ("busy", 7)
            survived(full, site)


@pytest.mark.fault(11)
@pytest.mark.parametrize("path", ["/api/session", PUSH, PHOTOS])
def test_11_a_captive_portal_is_never_taken_for_the_server(
    full: NodePhone, site: Site, network: Proxy, path: str
) -> None:
    for status in (200, 302, 511):
        inspect(full, 3000)
        network.add(Fault(path, answer=portal(status), times=2))
        before = full.look()["photos"]
        assert not full.sync()["ok"]
        after = full.look()["photos"]
        assert [photo["held"] for photo in after] == [photo["held"] for photo in before]
        survived(full, site)


@pytest.mark.fault(11)
def test_11_json_that_is_not_our_envelope_is_no_answer(
    full: NodePhone, site: Site, network: Proxy
) -> None:
    other = b'{"envelope": 2, "epoch": "e", "head": 1, "results": []}'
    for body in (b"{}", b"[]", b'{"envelope": 1, "results": []}', other, b"null", b""):
        inspect(full)
        known = len(full.told.acknowledged)
        network.add(Fault(PUSH, answer=Answer(200, JSON, body)))
        assert full.sync()["failure"]["reason"] == "foreign"
        full.look()
        assert len(full.told.acknowledged) == known
        survived(full, site)


@pytest.mark.fault(12)
@pytest.mark.parametrize("path", [PUSH, PHOTOS])
def test_12_a_reply_cut_in_the_middle(
    full: NodePhone, site: Site, network: Proxy, path: str
) -> None:
    for length in (0, 1, 40, 120):
        inspect(full, 3000)
        network.add(Fault(path, reply_bytes=length, times=2))
        assert not full.sync()["ok"]
        survived(full, site)


@pytest.fixture
def many(phone: NodePhone) -> NodePhone:
    """Li's phone with twenty photos that nobody has yet: the last of them go several in a body."""
    inspect(phone, *[3000] * 20)
    return phone


def changed(body: bytes) -> bytes:
    """Another byte in the last photo."""
    return body[:-1] + b"?!"[body[-1] == 63 :][:1]


@pytest.mark.fault(1)
@pytest.mark.fault(5)
@pytest.mark.fault(9)
@pytest.mark.fault(11)
@pytest.mark.fault(12)
@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ({"reply_lost": True}, "offline"),
        ({"request_bytes": 0}, "offline"),
        ({"request_bytes": 4000}, "offline"),
        ({"reply_bytes": 1}, "foreign"),
        ({"reply_bytes": 120}, "foreign"),
        ({"answer": portal(200)}, "foreign"),
        ({"answer": portal(302)}, "offline"),
        ({"answer": Answer(200, JSON, b'{"envelope": 1, "epoch": "e", "head": 1}')}, "foreign"),
        ({"answer": Answer(503, PROBLEM, b'{"code": "busy"}')}, "busy"),
    ],
)
def test_photos_that_come_together_meet_what_ends_a_run(
    many: NodePhone, site: Site, network: Proxy, what: dict[str, Any], reason: str
) -> None:
    fault = network.add(Fault(TOGETHER, times=2, **what))
    result = many.sync()
    assert (fault.met > 0, result["ok"]) == (True, False)
    assert result["failure"]["reason"] in (reason, "offline"), result
    survived(many, site)
    assert len(site.read().photos) == 20


@pytest.mark.fault(3)
@pytest.mark.fault(6)
@pytest.mark.fault(7)
@pytest.mark.fault(8)
@pytest.mark.fault(10)
@pytest.mark.parametrize(
    "what",
    [
        {"twice": True},
        {"empty": True},
        {"damage": changed},
        {"damage": lambda body: body[:3000] + changed(body[3000:])},
        {"answer": Answer(413, {"Content-Type": "text/html"}, b"too large")},
        {"answer": Answer(413, PROBLEM, b'{"status": 413, "code": "too_large"}')},
        {"answer": Answer(500, PROBLEM, b'{"code": "unexpected"}')},
    ],
)
def test_photos_that_come_together_and_are_refused_come_one_by_one(
    many: NodePhone, site: Site, network: Proxy, what: dict[str, Any]
) -> None:
    fault = network.add(Fault(TOGETHER, times=2, **what))
    assert many.sync()["ok"]
    assert fault.met
    assert len(site.read().photos) == 20
    survived(many, site)
