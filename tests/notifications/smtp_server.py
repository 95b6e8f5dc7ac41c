"""A small SMTP server in the test's process: it takes mails, or fails in the way that it is told to."""

from __future__ import annotations

import base64
import socket
import socketserver
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self


@dataclass
class Taken:
    """A mail that the server has answered "accepted" to, or has read whole without answering."""

    sender: str
    to: list[str]
    data: bytes
    encrypted: bool
    user: str

    @property
    def message(self) -> EmailMessage:
        """The mail as a mail program reads it."""
        return message_from_bytes(self.data, policy=policy.default)


@dataclass
class Behaviour:
    """What the server answers; ``drop_at`` breaks the connection at greeting, rcpt, data or end.

    ``end`` is after the whole mail was read and before it is answered: nobody can know who has it.
    """

    greeting: str = "220 ready"
    rcpt: str = "250 ok"
    mail: str = "250 ok"
    end: str = "250 accepted"
    bye: str = "221 bye"
    drop_at: str = ""
    drip: bool = False
    starttls: ssl.SSLContext | None = None
    users: dict[str, str] = field(default_factory=dict)


class SmtpServer(socketserver.ThreadingTCPServer):
    """Listens on 127.0.0.1 while the ``with`` lasts; ``tls`` from the first byte on."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int = 0, tls: ssl.SSLContext | None = None, **behaviour: Any) -> None:
        self.behaviour = Behaviour(**behaviour)
        self.taken: list[Taken] = []
        self.connections = 0
        self.tls = tls
        super().__init__(("127.0.0.1", port), _Conversation)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.server_address[1]

    @property
    def url(self) -> str:
        """The server as ``SMTP_URL`` names it."""
        return f"smtp://127.0.0.1:{self.port}"

    def get_request(self) -> tuple[socket.socket, Any]:
        sock, address = super().get_request()
        self.connections += 1
        return sock, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no matter."""

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.shutdown()
        self.server_close()


class _Hangup(Exception):
    pass


class _Conversation(socketserver.StreamRequestHandler):
    server: SmtpServer

    def handle(self) -> None:
        self.sender, self.user, self.encrypted = "", "", False
        self.to: list[str] = []
        if self.server.tls is not None:
            self._wrap(self.server.tls)
        try:
            self._drop_if("greeting")
            self._say(self.server.behaviour.greeting)
            while line := self.rfile.readline():
                self._answer(line.decode("utf-8", "replace").rstrip("\r\n"))
        except _Hangup:
            pass

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()
        self.request.close()

    def _answer(self, line: str) -> None:
        verb = line.partition(" ")[0].upper()
        answer = getattr(self, f"_{verb.lower()}", None)
        if answer is None:
            self._say("502 not known")
            return
        answer(line)

    def _ehlo(self, _line: str) -> None:
        offers = ["250-hello"]
        if self.server.behaviour.starttls is not None and not self.encrypted:
            offers.append("250-STARTTLS")
        if self.server.behaviour.users:
            offers.append("250-AUTH PLAIN")
        self._say("\r\n".join([*offers, "250 8BITMIME"]))

    def _helo(self, _line: str) -> None:
        self._say("250 hello")

    def _rset(self, _line: str) -> None:
        self._say("250 ok")

    def _starttls(self, _line: str) -> None:
        assert self.server.behaviour.starttls is not None
        self._say("220 go on")
        self._wrap(self.server.behaviour.starttls)

    def _wrap(self, context: ssl.SSLContext) -> None:
        try:
            self.request = context.wrap_socket(self.request, server_side=True)
        except (OSError, ssl.SSLError):
            raise _Hangup from None
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)
        self.encrypted = True

    def _auth(self, line: str) -> None:
        _, user, password = base64.b64decode(line.split()[2]).decode().split("\0")
        if self.server.behaviour.users.get(user) != password:
            self._say("535 5.7.8 who are you")
            return
        self.user = user
        self._say("235 welcome")

    def _mail(self, line: str) -> None:
        self.sender, self.to = line.partition("<")[2].partition(">")[0], []
        self._say(self.server.behaviour.mail)

    def _rcpt(self, line: str) -> None:
        self._drop_if("rcpt")
        if self.server.behaviour.rcpt.startswith("2"):
            self.to.append(line.partition("<")[2].partition(">")[0])
        self._say(self.server.behaviour.rcpt)

    def _data(self, _line: str) -> None:
        self._say("354 go on")
        self._drop_if("data")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        taken = Taken(self.sender, self.to, b"".join(lines), self.encrypted, self.user)
        if self.server.behaviour.drop_at == "end" or self.server.behaviour.end.startswith("2"):
            self.server.taken.append(taken)
        self._drop_if("end")
        self._say(self.server.behaviour.end)

    def _quit(self, _line: str) -> None:
        self._say(self.server.behaviour.bye)
        raise _Hangup

    def _drop_if(self, here: str) -> None:
        if self.server.behaviour.drop_at == here:
            raise _Hangup

    def _say(self, text: str) -> None:
        if self.server.behaviour.drip:
            self._drip()
        self.wfile.write(f"{text}\r\n".encode())

    def _drip(self) -> None:
        """A line that never ends, one byte at a time: no single read times out."""
        try:
            while True:
                self.wfile.write(b"2")
                threading.Event().wait(0.02)
        except OSError:
            raise _Hangup from None
