"""A network that lies: a real proxy on 127.0.0.1 between phones and the server.

Each request is met by the first fault that fits it and has turns left; all others pass. A request
travels on a connection of its own, so that every cut is a cut of that request alone.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from tests.e2e.server import free_port

_HEAD_LIMIT = 64 * 1024
PORTAL_PAGE = b"<!doctype html><title>Wi-Fi</title><h1>Please accept our terms</h1>"


@dataclass(frozen=True)
class Answer:
    """What somebody else than the server answers."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def raw(self) -> bytes:
        """The answer as it goes over the wire."""
        lines = [f"HTTP/1.1 {self.status} Fault", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + self.body


def portal(status: int) -> Answer:
    """A captive portal: its page as 200 or 511, or the way to it as 302."""
    headers = {"Content-Type": "text/html"}
    if status == 302:
        headers["Location"] = "http://127.0.0.1:9/wifi"
    return Answer(status, headers, PORTAL_PAGE)


@dataclass
class Fault:
    """What happens to the next ``times`` requests whose method, path and body contain these texts.

    ``lost``: never reaches the server. ``request_bytes``: only so many bytes of the body reach it.
    ``empty``: it arrives whole, with nothing in it.
    ``reply_lost``: the server does its work, the phone hears nothing. ``reply_bytes``: the reply
    breaks off after so many bytes of its body. ``twice``: the server gets it two times.
    ``held``: it waits until a later request has been answered, ``held_seconds`` at most.
    ``damage`` changes the request's body, ``alter`` the reply's.
    """

    path: str = ""
    method: str = ""
    text: str = ""
    times: int = 1
    lost: bool = False
    empty: bool = False
    request_bytes: int | None = None
    reply_lost: bool = False
    reply_bytes: int | None = None
    delay_seconds: float = 0.0
    twice: bool = False
    held: bool = False
    held_seconds: float = 10.0
    answer: Answer | None = None
    damage: Callable[[bytes], bytes] | None = None
    alter: Callable[[bytes], bytes] | None = None
    met: int = 0

    def fits(self, request: Request) -> bool:
        """Whether this request is to meet the fault."""
        here = self.path in request.path and self.method in request.method
        return self.met < self.times and here and self.text.encode() in request.body


@dataclass(frozen=True)
class Request:
    """A request as it came from a phone."""

    method: str
    path: str
    head: bytes
    body: bytes

    def raw(self, body: bytes) -> bytes:
        """The request for the server with this body, on a connection of its own."""
        lines = [line for line in self.head.split(b"\r\n") if not _is_hop(line)]
        return b"\r\n".join([*lines, b"Connection: close", b"", b""]) + body


# Of one hop; and what would have the server answer with less than the plain body.
_LEFT_OUT = (b"connection:", b"keep-alive:", b"accept-encoding:", b"if-none-match:")


def _is_hop(line: bytes) -> bool:
    return not line or line.lower().startswith(_LEFT_OUT)


class Proxy:
    """Stands between phones and the server that listens on ``upstream`` (a port of this machine)."""

    def __init__(self, upstream: int) -> None:
        self.upstream = upstream
        self.port = free_port()
        self.seen: list[tuple[str, str]] = []
        self.faults: list[Fault] = []
        self._loop = asyncio.new_event_loop()
        self._held: list[asyncio.Event] = []
        self._tasks: set[asyncio.Task[None] | None] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Its address, which counts as a secure origin for browsers."""
        return f"http://localhost:{self.port}"

    def start(self) -> Proxy:
        """Begin to listen."""
        self._thread.start()
        listening = asyncio.start_server(
            self._meet, "127.0.0.1", self.port, limit=_HEAD_LIMIT, reuse_address=True
        )
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(10)
        return self

    def stop(self) -> None:
        """Close, and cut whatever is under way."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _close(self) -> None:
        if self._server:
            self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def add(self, fault: Fault) -> Fault:
        """Have the next requests that fit meet this fault."""
        self.faults.append(fault)
        return fault

    def heal(self) -> None:
        """Let everything pass from now on."""
        self.faults.clear()

    def count(self, text: str) -> int:
        """How many requests of this method or path have come."""
        return sum(text in f"{method} {path}" for method, path in self.seen)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The loop itself holds its tasks but weakly, and a phone that hangs up lets go of this one.
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            request = await _read_request(reader)
            self.seen.append((request.method, request.path))
            reply = await self._pass(request, self._fault_for(request))
            if reply:
                writer.write(reply)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        except asyncio.CancelledError:
            pass  # The proxy is being stopped.
        finally:
            writer.close()
            self._tasks.discard(task)

    def _fault_for(self, request: Request) -> Fault:
        for fault in self.faults:
            if fault.fits(request):
                fault.met += 1
                return fault
        return Fault()

    async def _pass(self, request: Request, fault: Fault) -> bytes:
        await asyncio.sleep(fault.delay_seconds)
        if fault.lost:
            return b""
        if fault.answer:
            return fault.answer.raw()
        if fault.held:
            await self._wait_for_another(fault.held_seconds)
        body = fault.damage(request.body) if fault.damage else request.body
        if fault.twice:
            await self._ask(request.raw(body))
        if fault.empty:
            return await self._ask(_with_body(request.head, b""))
        if fault.request_bytes is not None:
            await self._ask(request.raw(body[: fault.request_bytes]), cut=True)
            return b""
        reply = await self._ask(request.raw(body))
        if not fault.held:
            self._release()
        return _spoil(reply, fault)

    async def _wait_for_another(self, seconds: float) -> None:
        event = asyncio.Event()
        self._held.append(event)
        with suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), seconds)

    def _release(self) -> None:
        for event in self._held:
            event.set()
        self._held.clear()

    async def _ask(self, raw: bytes, *, cut: bool = False) -> bytes:
        """Send to the server and read its reply to the end; ``cut`` hangs up after sending."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        try:
            writer.write(raw)
            await writer.drain()
            return b"" if cut else await reader.read(-1)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


async def _read_request(reader: asyncio.StreamReader) -> Request:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
    }
    body = await reader.readexactly(int(headers.get("content-length") or 0))
    return Request(method, path, head, body)


def _spoil(reply: bytes, fault: Fault) -> bytes:
    if fault.reply_lost:
        return b""
    head, between, body = reply.partition(b"\r\n\r\n")
    if fault.alter:
        return _with_body(head, fault.alter(body))
    if fault.reply_bytes is not None:
        return head + between + body[: fault.reply_bytes]
    return reply


def _with_body(head: bytes, body: bytes) -> bytes:
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]
    return b"\r\n".join([*lines, f"Content-Length: {len(body)}".encode(), b"", b""]) + body
