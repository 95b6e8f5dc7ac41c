"""The worker that serves: gunicorn's threads, guarded against clients that dawdle.

A thread waits for its client's bytes. Sixteen clients that send one now and then would hold sixteen
threads, and nobody else would be served (slowloris). So a connection without a byte costs no thread;
a request and its answer have to move at a pace that the worst network keeps; only so many threads
wait for slow clients at a time: who would be one more gets 503 with Retry-After at once; and a
client that leaves a closed connection open stops nobody: gunicorn's own loop would wait for each.
"""

from __future__ import annotations

import errno
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import msgspec
from gunicorn import util
from gunicorn.workers.gthread import TConn, ThreadWorker

from webapp.errors import AppError, problem

# So long a connection may say nothing at first, and so long the head of a request may take.
SILENT_SECONDS = 10.0
HEAD_SECONDS = 10.0
HEADS_SEEN_EVERY = 0.1
# gunicorn refuses what is longer.
LONGEST_HEAD_BYTES = 64 * 1024
# What a request may keep a thread waiting in all: so long, and a second more for each kilobyte.
GRACE_SECONDS = 20.0
SLOWEST_BYTES_PER_SECOND = 1000
# From here on a client counts as slow; and from here when as many wait as may.
SLOW_AFTER_SECONDS = 2.0
HURRIED_AFTER_SECONDS = 0.3
# So long the rest of a body is waited for that was refused unread.
DRAIN_SECONDS = 0.2
# So many threads are kept for those who are not.
THREADS_KEPT_FREE = 4
RETRY_AFTER_SECONDS = 5
# After the last answer a client may still be sending: it is listened to so long and so much, because
# a connection that is reset at once takes the answer along.
LINGER_SECONDS = 2.0
LINGER_BYTES = 16 * 1024 * 1024

Moved = TypeVar("Moved")


class SlowOnes:
    """How many threads wait for slow clients, of those that may."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._now = 0
        self._lock = threading.Lock()

    def patience(self) -> float:
        """After how many seconds a client counts as slow: sooner once there is no place for it."""
        return SLOW_AFTER_SECONDS if self._now < self._most else HURRIED_AFTER_SECONDS

    def take(self) -> bool:
        """Whether there was a place for one more."""
        with self._lock:
            has_place = self._now < self._most
            self._now += has_place
            return has_place

    def release(self) -> None:
        """One fewer."""
        with self._lock:
            self._now -= 1


class GuardedSocket:
    """A client's socket that measures how long it lets a thread wait."""

    def __init__(self, inner: Any, slow_ones: SlowOnes) -> None:
        self.inner = inner
        self._slow_ones = slow_ones
        self._limit: float | None = None
        self._is_slow = False
        self._waited = 0.0
        self._moved = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def setblocking(self, flag: bool) -> None:
        """As of a socket."""
        self._limit = None
        self.inner.setblocking(flag)

    def settimeout(self, seconds: float | None) -> None:
        """A limit that the server sets itself, below ours."""
        self._limit = seconds
        self.inner.settimeout(seconds)

    def gettimeout(self) -> float | None:
        """The limit that the server has set itself."""
        return self._limit

    def recv(self, size: int) -> bytes:
        """Some bytes of the request. :raise AppError: ``busy`` for a client that is too slow"""
        data: bytes = self._in_time(partial(self.inner.recv, size), self._refuse)
        self._moved += len(data)
        return data

    def sendall(self, data: bytes) -> None:
        """The whole of the data. :raise BrokenPipeError: for a client that doesn't take it"""
        rest = memoryview(data)
        while rest:
            sent = self._in_time(partial(self.inner.send, rest), self._hang_up)
            self._moved += sent
            rest = rest[sent:]

    def rest(self) -> None:
        """The request is answered: nothing is held against the next one."""
        self._waited, self._moved = 0.0, 0
        if self._is_slow:
            self._is_slow = False
            self._slow_ones.release()

    def _in_time(self, move: Callable[[], Moved], refuse: Callable[[], Exception]) -> Moved:
        while True:
            self.inner.settimeout(self._patience(refuse))
            began = time.monotonic()
            try:
                return move()
            except TimeoutError:
                if self._limit is not None:
                    raise
            finally:
                self._waited += time.monotonic() - began

    def _patience(self, refuse: Callable[[], Exception]) -> float:
        """How long to wait now: until the client is slow, or too slow. :raise: what ``refuse`` makes"""
        left = GRACE_SECONDS + self._moved / SLOWEST_BYTES_PER_SECOND - self._waited
        slow_after = self._slow_ones.patience()
        if not self._is_slow and self._waited >= slow_after:
            self._is_slow = self._slow_ones.take()
            if not self._is_slow:
                raise refuse()
        if left <= 0:
            raise refuse()
        limits = [left, self._limit or left]
        if not self._is_slow:
            limits.append(slow_after - self._waited)
        return max(min(limits), 0.001)

    def _refuse(self) -> Exception:
        if self._limit is not None:
            # The answer is out and gunicorn only reads on for the next request: nothing to answer.
            return TimeoutError()
        # Telling him takes a moment of its own.
        self._waited, self._moved = 0.0, 0
        return busy()

    @staticmethod
    def _hang_up() -> Exception:
        return BrokenPipeError(errno.EPIPE, "the client is too slow")


def inner(sock: Any) -> Any:
    """The socket itself, where nobody waits."""
    return sock.inner if isinstance(sock, GuardedSocket) else sock


def busy() -> AppError:
    """What a client is told that is too slow, or slow when too many are."""
    return AppError("busy", headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


@dataclass
class Lingering:
    """A connection that is closed on our side, and listened to until the client closes it too."""

    sock: Any
    until: float
    drained: int = 0


class GuardedConnection(TConn):
    """A connection whose socket is guarded once it is known to speak plain HTTP or TLS."""

    def __init__(self, worker: GuardedWorker, client: socket.socket, address: Any, at: Any) -> None:
        super().__init__(worker.cfg, client, address, at)
        self._worker = worker

    def init(self) -> None:
        """Wrap the socket after gunicorn has made its parser."""
        if self.initialized:
            return
        super().init()
        if not self.is_http2:
            guarded: Any = GuardedSocket(self.sock, self._worker.slow_ones)
            parser: Any = self.parser
            self.sock = parser.unreader.sock = guarded

    def close(self, graceful: bool = False) -> None:
        """End the connection; a graceful end waits for the client, but keeps nobody else waiting."""
        if graceful:
            self._worker.linger(self.sock)
        else:
            super().close()


class GuardedWorker(ThreadWorker):
    """gunicorn's threaded worker among clients that dawdle."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        threads = int(self.cfg.threads)
        self.slow_ones = SlowOnes(max(threads - THREADS_KEPT_FREE, threads // 2, 1))
        self._heads: deque[Any] = deque()
        self._heads_seen_at = 0.0
        self._lingering: deque[Lingering] = deque()

    def accept(self, listener: socket.socket) -> None:
        """Take a connection; a thread sees it when a request's head is there."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                return
            raise
        self.nr_conns += 1
        connection = GuardedConnection(self, client, address, listener.getsockname())
        connection.timeout = time.monotonic() + SILENT_SECONDS
        self.pending_conns.append(connection)
        ready = partial(self.on_pending_socket_readable, connection)
        self.poller.register(client, selectors.EVENT_READ, ready)

    def enqueue_req(self, conn: Any) -> None:
        """Give a connection to a thread; one whose head is not whole yet waits without."""
        if self._has_head(conn):
            conn.data_ready = True
            super().enqueue_req(conn)
        else:
            conn.timeout = time.monotonic() + HEAD_SECONDS
            self._heads.append(conn)

    def _has_head(self, conn: Any) -> bool:
        # What TLS carries can't be looked at from here.
        if self.cfg.is_ssl or (conn.parser and conn.parser.unreader.buf.getvalue()):
            return True
        try:
            seen = inner(conn.sock).recv(LONGEST_HEAD_BYTES, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return not seen or b"\r\n\r\n" in seen or len(seen) == LONGEST_HEAD_BYTES

    def wait_for_and_dispatch_events(self, timeout: float | None) -> None:
        """Wait for events; not long while heads are on their way."""
        super().wait_for_and_dispatch_events(HEADS_SEEN_EVERY if self._heads else timeout)

    def murder_pending(self) -> None:
        """Close what has waited too long: for its first byte, its head, or its client's end."""
        super().murder_pending()
        now = time.monotonic()
        while self._lingering and self._lingering[0].until < now:
            self._end(self._lingering.popleft().sock)
        if now - self._heads_seen_at < HEADS_SEEN_EVERY:
            return
        self._heads_seen_at = now
        for _ in range(len(self._heads)):
            self._look_at_head(self._heads.popleft(), now)

    def _look_at_head(self, conn: Any, now: float) -> None:
        if self._has_head(conn):
            self.enqueue_req(conn)
        elif conn.timeout < now:
            self.nr_conns -= 1
            self.handle_error(None, conn.sock, conn.client, busy())
            conn.close(graceful=True)
        else:
            self._heads.append(conn)

    def handle(self, conn: Any) -> Any:
        """Answer one request."""
        try:
            return super().handle(conn)
        finally:
            if isinstance(conn.sock, GuardedSocket):
                conn.sock.rest()

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        """Whether the connection goes on: what a refused body still sends is hardly waited for."""
        until = time.monotonic() + DRAIN_SECONDS
        return bool(keepalive and conn.parser.finish_body(deadline=until))

    def linger(self, sock: Any) -> None:
        """Close our side, and leave the rest to the loop."""
        try:
            sock.shutdown(socket.SHUT_WR)
            sock.setblocking(False)
            lingering = Lingering(sock, time.monotonic() + LINGER_SECONDS)
            self.poller.register(sock, selectors.EVENT_READ, partial(self._drain, lingering))
        except (OSError, ValueError, KeyError):
            util.close(sock)
            return
        self._lingering.append(lingering)

    def _drain(self, lingering: Lingering, sock: Any) -> None:
        try:
            data = inner(sock).recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        lingering.drained += len(data)
        if not data or lingering.drained > LINGER_BYTES:
            self._lingering.remove(lingering)
            self._end(sock)

    def _end(self, sock: Any) -> None:
        with suppress(OSError, ValueError, KeyError):
            self.poller.unregister(sock)
        util.close(sock)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer for a request whose head came too slowly; the rest as gunicorn does."""
        if not isinstance(exc, AppError):
            super().handle_error(req, client, addr, exc)
            return
        body = msgspec.json.encode(problem(exc, ""))
        head = (
            f"HTTP/1.1 {exc.status} Service Unavailable\r\nConnection: close\r\n"
            f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n"
            f"Retry-After: {exc.headers['Retry-After']}\r\n\r\n"
        )
        client.setblocking(False)
        try:
            client.send(head.encode() + body)
        except OSError:
            return
