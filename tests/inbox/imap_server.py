"""An IMAP server of a few dozen lines: what imaplib asks of one, and the ways in which one can fail."""

from __future__ import annotations

import re
import socketserver
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass
class Stored:
    """A message and its flags."""

    raw: bytes
    flags: set[str] = field(default_factory=set)


class ImapServer(socketserver.ThreadingTCPServer):
    """Listens on 127.0.0.1 while the ``with`` lasts; hangs up at a command that begins with ``drop_at``."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(
        self,
        *raws: bytes,
        password: str = "secret",
        drop_at: str = "",
        tls: ssl.SSLContext | None = None,
        starttls: ssl.SSLContext | None = None,
    ) -> None:
        self.messages = {number + 1: Stored(raw) for number, raw in enumerate(raws)}
        self.password, self.drop_at = password, drop_at
        self.tls, self.starttls = tls, starttls
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Conversation)

    @property
    def url(self) -> str:
        """The server as ``IMAP_URL`` names it."""
        return f"imap://desk:secret@127.0.0.1:{self.server_address[1]}/INBOX"

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


class _Conversation(socketserver.StreamRequestHandler):
    server: ImapServer

    def handle(self) -> None:
        # A client that doesn't trust the certificate hangs up.
        with suppress(OSError):
            if self.server.tls:
                self._wrap(self.server.tls)
            self._say("* OK ready")
            while line := self.rfile.readline():
                tag, _, command = line.decode().strip().partition(" ")
                self.server.asked.append(command)
                if self.server.drop_at and command.startswith(self.server.drop_at):
                    return
                self._answer(tag, command)
                if command == "LOGOUT":
                    return

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()
        self.request.close()

    def _wrap(self, context: ssl.SSLContext) -> None:
        self.request = context.wrap_socket(self.request, server_side=True)
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)

    def _answer(self, tag: str, command: str) -> None:
        kind = "OK done"
        if command.startswith("CAPABILITY"):
            self._say(f"* CAPABILITY IMAP4rev1{' STARTTLS' if self.server.starttls else ''}")
        elif command == "STARTTLS" and self.server.starttls:
            self._say(f"{tag} OK go on")
            self._wrap(self.server.starttls)
            return
        elif command.startswith("LOGIN") and f'"{self.server.password}"' not in command:
            kind = "NO wrong"
        elif command.startswith("SELECT"):
            self._say(f"* {len(self.server.messages)} EXISTS")
        elif command.startswith("UID SEARCH"):
            unseen = [n for n, one in self.server.messages.items() if r"\Seen" not in one.flags]
            self._say(f"* SEARCH {' '.join(map(str, unseen))}".rstrip())
        elif found := re.match(r"UID FETCH (\d+) \((.+)\)", command):
            self._fetch(int(found[1]), found[2])
        elif found := re.match(r"UID STORE (\d+) \+FLAGS.SILENT \((.+)\)", command):
            self.server.messages[int(found[1])].flags |= set(found[2].split())
        self._say(f"{tag} {kind}")

    def _fetch(self, number: int, what: str) -> None:
        raw = self.server.messages[number].raw
        if what == "RFC822.SIZE":
            self._say(f"* {number} FETCH (UID {number} RFC822.SIZE {len(raw)})")
            return
        head = f"* {number} FETCH (UID {number} BODY[] {{{len(raw)}}}\r\n"
        self.wfile.write(head.encode() + raw + b")\r\n")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())
