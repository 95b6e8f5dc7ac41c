"""Where mails come from: an IMAP mailbox, or a folder into which ``.eml`` files are dropped.

A message is settled only after what became of it is committed: whoever dies in between finds it again,
and taking it twice changes nothing.
"""

from __future__ import annotations

import hashlib
import imaplib
import os
import re
import ssl
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote

from webapp.inbox.message import LARGEST_BYTES
from webapp.setting_values import split

TIMEOUT_SECONDS = 15.0
# One run takes so many, and leaves the rest to the next.
MOST_AT_ONCE = 50
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


class MailboxError(Exception):
    """No mailbox, or none that can be read now: it is tried again later."""


class Arrived(Protocol):
    """A message that has come; its id is the box's own, ``raw`` None where it is too large to be read."""

    @property
    def name(self) -> str:
        """What the box knows it by."""

    @property
    def raw(self) -> bytes | None:
        """Its bytes."""

    def settle(self, refused: str) -> None:
        """Have it out of the way: taken, or ``refused`` for a reason."""


class Mailbox(Protocol):
    """What mails come from."""

    def has_news(self) -> bool:
        """Whether it is worth a look; without asking another machine."""

    def arrivals(self) -> Iterator[Arrived]:
        """The messages that wait, one after the other. :raise MailboxError:"""


@dataclass(frozen=True, slots=True)
class DroppedFile:
    """A file of the drop folder."""

    path: Path
    raw: bytes | None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.path.name

    def settle(self, refused: str) -> None:
        """Move it to ``done``, or to ``refused`` with a file beside it that says why."""
        folder = self.path.parent / ("refused" if refused else "done")
        folder.mkdir(exist_ok=True)
        # A name that nobody has chosen, and that no other file has already.
        tag = hashlib.sha256(os.fsencode(self.path.name) + (self.raw or b"")).hexdigest()[:12]
        target = folder / f"{self.path.stem[:60]}-{tag}.eml"
        if refused:
            target.with_suffix(".reason.txt").write_text(f"{refused}\n", encoding="utf-8")
        with suppress(FileNotFoundError):
            self.path.replace(target)


@dataclass(frozen=True, slots=True)
class DropFolder:
    """The embedded default: whatever fetches mails drops each as a whole ``.eml`` file, by renaming it."""

    folder: Path

    def has_news(self) -> bool:
        """Whether a file lies in it."""
        return next(self._files(), None) is not None

    def arrivals(self) -> Iterator[Arrived]:
        """Its files by name."""
        for path in sorted(self._files())[:MOST_AT_ONCE]:
            try:
                yield DroppedFile(path, self._read(path))
            except FileNotFoundError:
                continue  # Another worker was faster.

    def _files(self) -> Iterator[Path]:
        if not self.folder.is_dir():
            return
        for path in self.folder.iterdir():
            if path.suffix.lower() == ".eml" and not path.name.startswith("."):
                yield path

    def _read(self, path: Path) -> bytes | None:
        # A link, a pipe or a device is no mail, whoever has put it there.
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST_BYTES:
            return None
        return path.read_bytes()


@dataclass(frozen=True, slots=True)
class ImapMessage:
    """A message on an IMAP server, by its UID."""

    server: imaplib.IMAP4
    uid: str
    raw: bytes | None

    @property
    def name(self) -> str:
        """Its UID."""
        return self.uid

    def settle(self, refused: str) -> None:
        """Mark it as seen; what was refused is flagged too, so that a person finds it."""
        flags = r"(\Seen \Flagged)" if refused else r"(\Seen)"
        try:
            _checked(self.server.uid("STORE", self.uid, "+FLAGS.SILENT", flags))
        except (OSError, imaplib.IMAP4.error) as error:
            raise _failed(error) from error


@dataclass(frozen=True, slots=True)
class ImapMailbox:
    """A folder on an IMAP server; ``encryption`` is none, starttls (which it must offer) or tls."""

    host: str
    port: int
    encryption: str = "tls"
    user: str = ""
    password: str = field(default="", repr=False)
    folder: str = "INBOX"
    timeout_seconds: float = TIMEOUT_SECONDS
    context: ssl.SSLContext | None = field(default=None, repr=False)

    def has_news(self) -> bool:
        """Always: only its server can tell."""
        return True

    def arrivals(self) -> Iterator[Arrived]:
        """The messages that nobody has seen yet, the oldest first."""
        with self._connected() as server:
            _checked(server.select(_quoted(self.folder)))
            [found] = _checked(server.uid("SEARCH", "UNSEEN"))[:1] or [b""]
            for uid in (found or b"").decode("ascii").split()[:MOST_AT_ONCE]:
                yield ImapMessage(server, uid, self._fetched(server, uid))

    def _fetched(self, server: imaplib.IMAP4, uid: str) -> bytes | None:
        told = b" ".join(_bytes(_checked(server.uid("FETCH", uid, "(RFC822.SIZE)"))))
        size = _SIZE.search(told)
        if size is None or int(size[1]) > LARGEST_BYTES:
            return None
        parts = _checked(server.uid("FETCH", uid, "(BODY.PEEK[])"))
        return next((part[1] for part in parts if isinstance(part, tuple)), None)

    @contextmanager
    def _connected(self) -> Iterator[imaplib.IMAP4]:
        try:
            server = self._connect()
            try:
                if self.encryption == "starttls":
                    server.starttls(self.context or ssl.create_default_context())
                server.login(self.user, self.password)
                yield server
                with suppress(OSError, imaplib.IMAP4.error):
                    server.logout()
            finally:
                with suppress(OSError, imaplib.IMAP4.error):
                    server.shutdown()
        except (OSError, imaplib.IMAP4.error) as error:
            raise _failed(error) from error

    def _connect(self) -> imaplib.IMAP4:
        if self.encryption == "tls":
            context = self.context or ssl.create_default_context()
            return imaplib.IMAP4_SSL(
                self.host, self.port, ssl_context=context, timeout=self.timeout_seconds
            )
        return imaplib.IMAP4(self.host, self.port, timeout=self.timeout_seconds)


def _failed(error: Exception) -> MailboxError:
    return MailboxError(f"{type(error).__name__}: {error}"[:300])


def _checked(answer: tuple[str, list[Any]]) -> list[Any]:
    kind, data = answer
    if kind != "OK":
        raise imaplib.IMAP4.error(f"{kind} {data!r}")
    return data


def _bytes(parts: list[Any]) -> Iterator[bytes]:
    for part in parts:
        if isinstance(part, tuple):
            yield from (one for one in part if isinstance(one, bytes))
        elif isinstance(part, bytes):
            yield part


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'


def mailbox_for(imap_url: str, data_dir: Path) -> Mailbox:
    """What ``IMAP_URL`` names: ``imaps://USER:PASSWORD@HOST/FOLDER``, ``imap://…?starttls=1``; else the folder.

    :raise ValueError: an address that can't be meant, or a password that would go in clear text
    """
    if not imap_url:
        return DropFolder(data_dir / "mail-in")
    parts = split(imap_url, "imap", "imaps")
    if not parts.username:
        raise ValueError("it names no user")
    starttls = parse_qs(parts.query).get("starttls", ["0"])[0] in ("1", "true", "yes")
    encryption = "tls" if parts.scheme == "imaps" else "starttls" if starttls else "none"
    if encryption == "none" and parts.hostname not in _LOOPBACK:
        raise ValueError("it has a password, which needs ?starttls=1 or imaps://")
    folder = unquote(parts.path.strip("/")) or "INBOX"
    if not unquote(parts.netloc).isascii() or not folder.isascii():
        raise ValueError("user, password, host and folder can be of ASCII only")
    if any(character in folder for character in "\r\n\0"):
        raise ValueError("no folder is called that")
    return ImapMailbox(
        host=parts.hostname or "",
        port=parts.port or (993 if encryption == "tls" else 143),
        encryption=encryption,
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        folder=folder,
    )
