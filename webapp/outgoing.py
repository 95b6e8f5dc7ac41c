"""Requests to addresses that people have typed in: to nobody's inner network, and never for long.

The name is resolved once, each of its addresses has to be a public one, and the connection goes to
one of those very addresses: a name that points elsewhere a moment later (DNS rebinding) leads nowhere.
Webhooks, sign-in from elsewhere and pushes all go by here.
Redirects are not followed, no proxy of the environment is asked, and of the answer only so much is read.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

CONNECT_SECONDS = 5.0
WHOLE_SECONDS = 15.0
LONGEST_ADDRESS = 500
# What can be routed in the world and still leads inside: IPv4 within IPv6, by NAT64, 6to4 and Teredo.
_TUNNELS = tuple(
    map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
)


class NotSentError(Exception):
    """Nothing was sent, or no answer came; ``reason`` is a word of the catalogue ``open.reason_…``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the beginning of the body, and how long we are asked to wait."""

    status: int
    body: bytes
    retry_after: str = ""


def target_of(address: str, allowed: Collection[str]) -> SplitResult:
    """The parts of an address that may be written to, as far as can be told without asking for it.

    :param allowed: ``host`` or ``host:port`` of the setting, which may be inside and without TLS
    :raise NotSentError: ``address``, ``not_https``, ``inside``
    """
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise NotSentError("address") from error
    host = parts.hostname or ""
    odd = parts.username is not None or parts.password is not None or parts.fragment
    if not host or odd or len(address) > LONGEST_ADDRESS or not address.isascii():
        raise NotSentError("address")
    if any(ord(character) <= 32 or ord(character) == 127 for character in address):
        raise NotSentError("address")
    if _is_allowed(host, port or _port_of(parts), allowed):
        if parts.scheme not in ("http", "https"):
            raise NotSentError("address")
        return parts
    if parts.scheme != "https":
        raise NotSentError("not_https")
    with suppress(ValueError):
        if not is_public(str(ipaddress.ip_address(host))):
            raise NotSentError("inside")
    return parts


def _port_of(parts: SplitResult) -> int:
    return parts.port or (80 if parts.scheme == "http" else 443)


def _is_allowed(host: str, port: int, allowed: Collection[str]) -> bool:
    shown = f"[{host}]" if ":" in host else host
    return host in allowed or f"{shown}:{port}" in allowed


def is_public(address: str) -> bool:
    """Whether an IP address is one of the world's: not private, loopback, link-local or in a tunnel."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if any(ip in tunnel for tunnel in _TUNNELS):
            return False
    return ip.is_global and not ip.is_multicast


def post(
    address: str, body: bytes, headers: Mapping[str, str], *, allowed: Collection[str], most: int
) -> Answer:
    """Post a body to an address and read at most ``most`` bytes of the answer. :raise NotSentError:"""
    return ask("POST", address, body, headers, allowed=allowed, most=most)


def ask(
    method: str,
    address: str,
    body: bytes | None,
    headers: Mapping[str, str],
    *,
    allowed: Collection[str],
    most: int,
) -> Answer:
    """Make a request and read at most ``most`` bytes of the answer.

    :raise NotSentError: ``address``, ``not_https``, ``inside``, ``unknown_host``, ``unreachable``, ``tls``,
        ``timeout``, ``no_answer``
    """
    parts = target_of(address, allowed)
    inside = _is_allowed(parts.hostname or "", _port_of(parts), allowed)
    return talk(method, parts, body, headers, inside=inside, most=most)


def talk(
    method: str,
    parts: SplitResult,
    body: bytes | None,
    headers: Mapping[str, str],
    *,
    inside: bool,
    most: int,
) -> Answer:
    """The same with an address whose parts were looked at, which may lead ``inside`` or not.

    :raise NotSentError: ``inside``, ``unknown_host``, ``unreachable``, ``tls``, ``timeout``, ``no_answer``
    """
    ends_at = time.monotonic() + WHOLE_SECONDS
    sock = _connected(parts, ends_at, inside=inside)
    # Each read has its own limit; who answers a byte at a time is ended by this one.
    ended = threading.Event()
    guard = threading.Timer(ends_at - time.monotonic(), _end, [sock, ended])
    guard.daemon = True
    guard.start()
    try:
        return _exchange(method, parts, sock, body, headers, most)
    except (OSError, http.client.HTTPException) as error:
        if ended.is_set() or isinstance(error, TimeoutError):
            raise NotSentError("timeout") from error
        raise NotSentError("tls" if isinstance(error, ssl.SSLError) else "no_answer") from error
    finally:
        guard.cancel()
        sock.close()


def _connected(parts: SplitResult, ends_at: float, *, inside: bool) -> socket.socket:
    """A connection to the first address that takes one; under TLS nothing was said yet."""
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, _port_of(parts), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotSentError("unknown_host") from error
    # All of them: a name that leads to both is none of the world's.
    if not inside and not all(is_public(str(entry[4][0])) for entry in found):
        raise NotSentError("inside")
    last = OSError()
    for entry in found:
        try:
            return _opened(entry, host if parts.scheme == "https" else "")
        except OSError as error:
            last = error
        if time.monotonic() + CONNECT_SECONDS > ends_at:
            break
    raise NotSentError("timeout" if isinstance(last, TimeoutError) else "unreachable") from last


def _opened(entry: tuple[Any, ...], tls_name: str) -> socket.socket:
    family, kind, protocol, _, target = entry
    sock = socket.socket(family, kind, protocol)
    try:
        sock.settimeout(CONNECT_SECONDS)
        sock.connect(target)
        if not tls_name:
            return sock
        return ssl.create_default_context().wrap_socket(
            sock, server_hostname=tls_name, do_handshake_on_connect=False
        )
    except BaseException:
        sock.close()
        raise


def _exchange(
    method: str,
    parts: SplitResult,
    sock: socket.socket,
    body: bytes | None,
    headers: Mapping[str, str],
    most: int,
) -> Answer:
    if isinstance(sock, ssl.SSLSocket):
        sock.do_handshake()
    connection = http.client.HTTPConnection(parts.netloc)
    connection.sock = sock
    path = parts.path or "/"
    connection.request(
        method, f"{path}?{parts.query}" if parts.query else path, body, dict(headers)
    )
    response = connection.getresponse()
    retry_after = response.headers.get("Retry-After", "")
    return Answer(response.status, response.read(most), retry_after)


def _end(sock: socket.socket, ended: threading.Event) -> None:
    """End it from another thread, past the TLS layer, which the first may be reading from."""
    ended.set()
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
