"""Bodies without end, clients without haste, everybody at once: bounded memory, and the phones get
through (security.md 19)."""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.rounds import made
from tests.security.site import Answer, Site, served
from tests.sync.phone import digest, inspection
from webapp import serving

pytestmark = pytest.mark.slow
# What the server's processes may ever take together: sixteen threads, each with the largest body.
BOUND_MEGABYTES = 500


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server of the module's own."""
    with served(tmp_path_factory.mktemp("abused")) as running:
        running.send_as_a_phone()
        yield running


@pytest.fixture(autouse=True)
def memory(site: Site) -> Iterator[None]:
    """Whatever the test does to the server, its memory stays bounded; ``-rP`` shows the figures."""
    before = site.peak_megabytes()
    yield
    after = site.peak_megabytes()
    sys.stdout.write(f"the server's processes: {before:.0f} MB before, {after:.0f} MB at most\n")
    assert after < BOUND_MEGABYTES


@pytest.fixture
def opened(site: Site) -> Iterator[Callable[[int], list[socket.socket]]]:
    """Opens connections, and closes them in the end."""
    connections: list[socket.socket] = []

    def open_some(count: int) -> list[socket.socket]:
        fresh = [site.connect() for _ in range(count)]
        connections.extend(fresh)
        return fresh

    yield open_some
    for connection in connections:
        connection.close()


def dribble(connections: list[socket.socket], data: bytes, seconds: float) -> None:
    """Send a byte on each connection every so often, as long as the server bears it."""
    until = time.monotonic() + seconds
    for place in range(len(data)):
        if time.monotonic() > until:
            return
        for connection in connections:
            try:
                connection.send(data[place : place + 1])
            except OSError:
                continue
        time.sleep(0.3)


def refusals(connections: list[socket.socket]) -> Counter[bytes]:
    """The first lines that came on the connections; nothing yet counts as nothing."""
    lines: Counter[bytes] = Counter()
    for connection in connections:
        connection.settimeout(0.05)
        try:
            answer = connection.recv(65536)
        except OSError:
            answer = b""
        if answer.startswith(b"HTTP/1.1 503"):
            assert b"Retry-After: " in answer, answer
        lines[answer.partition(b"\r\n")[0]] += 1
    return lines


def has_its_retry_after(answer: Answer) -> bool:
    status, headers, _ = answer
    return status == 413 or "Retry-After" in headers


def all_at_once(count: int, ask: Callable[[int], Answer]) -> list[Answer]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(ask, range(count)))


def test_connections_that_say_nothing_cost_no_thread(
    site: Site, opened: Callable[[int], list[socket.socket]]
) -> None:
    opened(200)
    site.send_as_a_phone()


@pytest.mark.attack(19)
def test_heads_that_come_byte_by_byte_keep_nobody_out(
    site: Site, opened: Callable[[int], list[socket.socket]]
) -> None:
    slow = opened(40)
    head = site.head("GET", "sync/pull", X_Padding="x" * 2000)
    with ThreadPoolExecutor(1) as pool:
        dripping = pool.submit(dribble, slow, head, serving.HEAD_SECONDS + 1)
        while not dripping.done():
            site.send_as_a_phone()
    assert refusals(slow) == {b"HTTP/1.1 503 Service Unavailable": 40}


@pytest.mark.attack(19)
@pytest.mark.parametrize("actor", ["", "inspection_engineer"])
def test_bodies_that_come_byte_by_byte_keep_nobody_out(
    actor: str, site: Site, opened: Callable[[int], list[socket.socket]]
) -> None:
    slow = opened(40)
    head = site.head(
        "POST", "sync/push", actor, Content_Type="application/json", Content_Length="100000"
    )
    for connection in slow:
        connection.sendall(head)
    with ThreadPoolExecutor(1) as pool:
        dripping = pool.submit(dribble, slow, b" " * 1000, serving.SLOW_AFTER_SECONDS + 4)
        while not dripping.done():
            site.send_as_a_phone()
    told = refusals(slow)
    expected = b"HTTP/1.1 503 SERVICE UNAVAILABLE" if actor else b"HTTP/1.1 401 UNAUTHORIZED"
    assert told[expected] >= 40 - 12, told


def test_answers_that_nobody_takes_keep_nobody_out(
    site: Site, opened: Callable[[int], list[socket.socket]]
) -> None:
    greedy = opened(40)
    for connection in greedy:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        connection.sendall(b"GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 12)
    for _ in range(10):
        site.send_as_a_phone()


@pytest.mark.attack(19)
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "sync/push", b"413"),
        ("POST", "sync/missing", b"413"),
        ("PUT", f"photos/{made.uid()}", b"409"),
        ("PUT", f"photos?ids={made.uid()}", b"409"),
        ("POST", "buildings", b"413"),
        ("POST", "estate/import?filename=x.csv", b"413"),
    ],
)
def test_a_body_without_end_is_cut_off(method: str, path: str, status: bytes, site: Site) -> None:
    actor = "project_manager" if path[0] in "be" else "inspection_engineer"
    head = site.head(
        method,
        path,
        actor,
        Transfer_Encoding="chunked",
        Content_Type="application/json",
        Repr_Digest=digest(b"x"),
    )
    chunk = b"10000\r\n" + b"[" * 0x10000 + b"\r\n"
    sent = 0
    with site.connect() as connection:
        connection.sendall(head)
        answer = b""
        try:
            while sent < 64 * 1024 * 1024 and not answer:
                connection.sendall(chunk)
                sent += 0x10000
                answer = _there_already(connection)
            answer = answer or connection.recv(65536)
        except BrokenPipeError:
            answer = connection.recv(65536)
    assert sent < 64 * 1024 * 1024
    assert answer.startswith(b"HTTP/1.1 " + status), answer


def _there_already(connection: socket.socket) -> bytes:
    readable, _, _ = select.select([connection], [], [], 0)
    return connection.recv(65536) if readable else b""


@pytest.mark.attack(19)
def test_ten_thousand_operations_are_too_many_however_small(site: Site) -> None:
    small = [
        {"id": made.uid(), "kind": "scan", "version": 1, "payload": "{}", "hash": "0" * 64}
        for _ in range(10_000)
    ]
    body = json.dumps({"envelope": 1, "phone_id": "p", "operations": small}, separators=(",", ":"))
    assert len(body) < 4 * 1024 * 1024

    answers = all_at_once(16, lambda _: site.in_contract("POST", "sync/push", body))
    assert {(status, json.loads(data)["code"]) for status, _, data in answers} == {
        (413, "too_many_operations")
    }
    one = inspection(made.visit(site.world.names["round"], site.world.names["second_device"]))
    big = json.dumps({"envelope": 1, "phone_id": "p", "operations": [one] * 4_500})
    assert len(big) > 4 * 1024 * 1024
    status, _, data = site.in_contract("POST", "sync/push", big)
    assert (status, json.loads(data)["code"]) == (413, "too_large")


@pytest.mark.attack(19)
@pytest.mark.parametrize(
    "bomb",
    [
        b"[" + b"[]," * 80_000 + b"[]]",
        b'{"a":' * 40_000,
        b'{"' + b'":0,"'.join([b"%d" % n for n in range(25_000)]) + b'":0}',
    ],
    ids=["eighty thousand lists", "nested", "as many fields as fit"],
)
def test_sixteen_bombs_of_json_at_once(bomb: bytes, site: Site) -> None:
    def throw(number: int) -> Answer:
        url = f"/api/contracts/{site.world.code}/{('buildings', 'checklists')[number % 2]}"
        return site.ask("POST", url, bomb, "project_manager")

    answers = all_at_once(16, throw)
    assert {status for status, _, _ in answers} <= {413, 422}


@pytest.mark.attack(19)
def test_a_hundred_at_once_are_answered_or_told_when_to_come_again(site: Site) -> None:
    def push(number: int) -> Answer:
        operations = [
            inspection(made.visit(site.world.names["round"], site.world.names["second_device"]))
            for _ in range(5)
        ]
        body = {"envelope": 1, "phone_id": f"p{number}", "operations": operations}
        return site.in_contract("POST", "sync/push", json.dumps(body))

    def ask(number: int) -> Answer:
        if number % 4:
            return push(number)
        return site.in_contract("GET", "sync/pull?cursor=0")

    with ThreadPoolExecutor(1) as pool:
        crowd = pool.submit(all_at_once, 100, ask)
        site.send_as_a_phone()
        answers: list[Any] = crowd.result()
    statuses = Counter(status for status, _, _ in answers)
    assert set(statuses) <= {200, 413, 429, 503}, statuses
    assert statuses[200] > 0
    assert all(has_its_retry_after(answer) for answer in answers if answer[0] != 200)
