"""Where a request may go that a person has typed the address of: nowhere inside, whatever the name says."""

from __future__ import annotations

import socket
import ssl
import threading
from typing import Any

import pytest

from tests.webhooks.receiver import Receiver
from webapp import outgoing
from webapp.outgoing import NotSentError, is_public, post, target_of

INSIDE = [
    *(
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
    ),
    *(
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
    ),
    *(
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001::1",
        "ff02::1",
    ),
]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What each name resolves to; the second time it is asked it leads to this very machine."""
    known: dict[str, list[str]] = {}

    def resolve(host: str, port: int, **_kind: Any) -> list[Any]:
        found = known.get(host, [])
        if not found:
            raise socket.gaierror("unknown")
        known[host] = ["127.0.0.1"]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return known


def refused(address: str, allowed: tuple[str, ...] = ()) -> str:
    with pytest.raises(NotSentError) as caught:
        post(address, b"{}", {}, allowed=allowed, most=100)
    return caught.value.reason


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_not_of_the_world_is_inside(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_what_is_of_the_world_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://example.com/", "not_https"),
        ("ftp://example.com/", "not_https"),
        ("file:///etc/passwd", "address"),
        ("https://user:secret@example.com/", "address"),
        ("https://example.com/#here", "address"),
        ("https://exa mple.com/", "address"),
        ("https://example.com/\r\nX: y", "address"),
        ("https://example.com:99999/", "address"),
        ("https://例子.cn/", "address"),
        ("https://127.0.0.1/", "inside"),
        ("https://[::1]/", "inside"),
        ("https://[::ffff:10.0.0.1]/", "inside"),
        ("https://169.254.169.254/latest/meta-data", "inside"),
        ("https:///nowhere", "address"),
        ("https://" + "x" * 600, "address"),
    ],
)
def test_an_address_is_refused_before_anything_is_asked(address: str, reason: str) -> None:
    with pytest.raises(NotSentError, match=reason):
        target_of(address, ())


@pytest.mark.parametrize("ip", ["10.0.0.7", "127.0.0.1", "169.254.169.254"])
def test_a_name_that_leads_inside_is_refused(names: dict[str, list[str]], ip: str) -> None:
    names["evil.example"] = ["8.8.8.8", ip]
    assert refused("https://evil.example/") == "inside"


def test_odd_ways_to_write_loopback_lead_nowhere(names: dict[str, list[str]]) -> None:
    for host in ("2130706433", "0x7f.1", "127.1", "localhost"):
        names[host] = ["127.0.0.1"]
        assert refused(f"https://{host}/") == "inside"


def test_a_name_is_asked_once_and_that_address_is_connected_to(
    names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the name would lead here the second time, and there is none."""
    names["rebinding.example"] = ["8.8.8.8"]
    asked: list[Any] = []

    class Nowhere(socket.socket):
        def connect(self, target: Any) -> None:
            asked.append(target)
            raise ConnectionRefusedError

    monkeypatch.setattr("webapp.outgoing.socket.socket", Nowhere)
    assert refused("https://rebinding.example/") == "unreachable"
    assert asked == [("8.8.8.8", 443)]


def test_a_host_of_the_setting_may_be_inside_and_no_other(names: dict[str, list[str]]) -> None:
    with Receiver() as receiver:
        names["127.0.0.1"] = ["127.0.0.1"]
        answer = post(receiver.address, b"{}", {"A": "b"}, allowed=[receiver.host], most=100)
        assert (answer.status, answer.body) == (200, b"taken")
        assert receiver.received[0].path == "/in?from=roundbook"
        assert refused(receiver.address, ("127.0.0.1:1",)) == "not_https"
        assert len(receiver.received) == 1


def test_a_redirect_is_not_followed_and_a_long_answer_is_cut() -> None:
    with Receiver(status=302, more={"Location": "http://127.0.0.1:1/"}) as receiver:
        receiver.answer = b"x" * 100_000
        answer = post(receiver.address, b"{}", {}, allowed=[receiver.host], most=10)
    assert (answer.status, answer.body) == (302, b"x" * 10)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_who_answers_a_byte_at_a_time_is_ended(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "WHOLE_SECONDS", 0.3)
    # The beginning of a status line; or of a TLS record that is long in coming.
    said = iter(b"HTTP/1.1 200 " if scheme == "http" else b"\x16\x03\x03\x40\x00")
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()

        def drip() -> None:
            client, _ = server.accept()
            with client:
                while not stop.wait(0.05):
                    try:
                        client.sendall(bytes([next(said, 72)]))
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        host = f"127.0.0.1:{server.getsockname()[1]}"
        assert refused(f"{scheme}://{host}/", (host,)) == "timeout"
        stop.set()
        thread.join()


def test_where_one_address_takes_nothing_the_next_is_asked(names: dict[str, list[str]]) -> None:
    with Receiver() as receiver:
        port = receiver.host.rpartition(":")[2]
        names["two.example"] = ["127.0.0.2", "127.0.0.1"]
        host = f"two.example:{port}"
        answer = post(f"http://{host}/", b"{}", {}, allowed=[host], most=100)
    assert answer.status == 200
    assert receiver.received[0].headers["host"] == host


@pytest.mark.parametrize(("trusted", "said"), [(True, "200"), (False, "tls")])
def test_a_certificate_is_looked_at_and_its_name_too(
    *,
    trusted: bool,
    said: str,
    certificate: tuple[ssl.SSLContext, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server, client = certificate
    if trusted:
        monkeypatch.setattr(ssl, "create_default_context", lambda: client)
    with Receiver(tls=server) as receiver:
        host = receiver.host.replace("127.0.0.1", "localhost")
        if trusted:
            answer = post(f"https://{host}/", b"{}", {}, allowed=[host], most=100)
            assert str(answer.status) == said
            # The same server by a name that its certificate does not bear.
            assert refused(f"https://{receiver.host}/", (receiver.host,)) == "tls"
        else:
            assert refused(f"https://{host}/", (host,)) == said


def test_nobody_there_is_said_so(names: dict[str, list[str]]) -> None:
    assert refused("https://nowhere.example/") == "unknown_host"
