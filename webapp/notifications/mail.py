"""A mail on its way: the message, and what carries it, an SMTP server or a folder of ``.eml`` files.

What is promised: a mail that is accepted by the server is noted as sent and not sent again. Where the
server's answer to the last line never came (the connection broke, or this process died in that
moment), nobody can know whether it has the mail: it is sent again, under the same ``Message-ID``, by
which the reader's mailbox can tell that it is the same. Lost is none.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from webapp.notifications.rules import HERE, is_address, one_line
from webapp.setting_values import split

TIMEOUT_SECONDS = 10.0
# A whole conversation, however slowly the server drips: well below a job's lease of two minutes.
CONVERSATION_SECONDS = 60.0
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class RefusedError(Exception):
    """The server took the connection and refuses this mail for good (a 5xx to recipient or text)."""


class UnreachableError(Exception):
    """No server, or none that takes mail now: the mail waits, and is tried again."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail as it waits; ``attempts`` counts how often it was tried before."""

    id: int
    contract_id: int | None
    unique_key: str
    to_address: str
    to_name: str
    subject: str
    text: str
    reply_to: str
    created_at: datetime
    useful_until: datetime | None
    attempts: int
    link_for: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: ``address`` with ``name``, from the server that people reach under ``base_url``."""

    address: str
    name: str
    base_url: str

    @property
    def domain(self) -> str:
        """The right side of its message ids."""
        return self.address.rpartition("@")[2]


class Transport(Protocol):
    """What carries a mail; it has it for good when ``send`` returns."""

    def send(self, message: EmailMessage) -> None:
        """Hand the message over. :raise RefusedError: :raise UnreachableError:"""


def message_of(mail: Outgoing, sender: Sender) -> EmailMessage:
    """The message of a mail: plain text, UTF-8; the same mail always has the same ``Message-ID``.

    Every header is one line: :class:`email.message.EmailMessage` refuses any other.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(sender.name, sender.address)
    message["To"] = _address(mail.to_name, mail.to_address)
    if mail.reply_to:
        message["Reply-To"] = _address("", mail.reply_to)
    message["Subject"] = mail.subject
    message["Date"] = mail.created_at
    message["Message-ID"] = f"<{message_id(mail.unique_key)}@{sender.domain}>"
    # So that no out-of-office answers, and no machine writes back to a machine (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    text = mail.text.replace(HERE, sender.base_url)
    # Both are 7-bit, which every server takes; the first can be read in the file as it is.
    message.set_content(text, cte="quoted-printable" if text.isascii() else "base64")
    return message


def message_id(unique_key: str) -> str:
    """The left side of a mail's id, which tells nothing of what stands in the key."""
    return hashlib.sha256(unique_key.encode()).hexdigest()[:40]


def _address(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(one_line(name, 80), local, domain.encode("idna").decode("ascii"))


@dataclass(frozen=True, slots=True)
class SmtpTransport:
    """An SMTP server; ``encryption`` is none, starttls (which it must offer) or tls from the start."""

    host: str
    port: int
    encryption: str = "none"
    user: str = ""
    password: str = field(default="", repr=False)
    timeout_seconds: float = TIMEOUT_SECONDS
    conversation_seconds: float = CONVERSATION_SECONDS
    context: ssl.SSLContext | None = field(default=None, repr=False)

    def send(self, message: EmailMessage) -> None:
        """Hand the message over; what follows the server's "accepted" can't make it fail any more."""
        sender = message["From"].addresses[0].addr_spec
        to = message["To"].addresses[0].addr_spec
        try:
            with self._connected(message["From"].addresses[0].domain) as server:
                self._greet(server)
                server.sendmail(sender, [to], message.as_bytes())
        except smtplib.SMTPRecipientsRefused as error:
            raise _told(*error.recipients[to]) from error
        except smtplib.SMTPDataError as error:
            raise _told(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPResponseException as error:
            # Greeting, sign-in or sender: that is a matter of the settings, and not of this mail.
            raise UnreachableError(_words(error.smtp_code, error.smtp_error)) from error
        except (OSError, smtplib.SMTPException) as error:
            raise UnreachableError(f"{type(error).__name__}: {error}"[:300]) from error

    @contextmanager
    def _connected(self, our_name: str) -> Iterator[smtplib.SMTP]:
        server = self._connect(our_name)
        try:
            yield server
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
        finally:
            server.close()

    def _connect(self, our_name: str) -> smtplib.SMTP:
        place: dict[str, Any] = {
            "host": self.host,
            "port": self.port,
            "local_hostname": our_name,
            "timeout": self.timeout_seconds,
        }
        if self.encryption == "tls":
            context = self.context or ssl.create_default_context()
            return _BoundedTls(self.conversation_seconds, context=context, **place)
        return _Bounded(self.conversation_seconds, **place)

    def _greet(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        if self.encryption == "starttls":
            server.starttls(context=self.context or ssl.create_default_context())
            server.ehlo()
        if self.user:
            server.login(self.user, self.password)


class _Bounded(smtplib.SMTP):
    """A connection that ends after so many seconds: a byte now and then keeps it alive no longer."""

    def __init__(self, seconds: float, **place: Any) -> None:
        self._watch = threading.Timer(seconds, self._hang_up)
        self._watch.daemon = True
        super().__init__(**place)

    def connect(self, *place: Any, **more: Any) -> tuple[int, bytes]:
        self._watch.start()
        try:
            return super().connect(*place, **more)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._watch.cancel()
        super().close()

    def _hang_up(self) -> None:
        if self.sock is not None:
            with suppress(OSError):
                # Past the TLS layer, which the other thread may be reading from.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


class _BoundedTls(_Bounded, smtplib.SMTP_SSL):
    """The same, by TLS from the start."""


def _told(code: int, reply: bytes | str) -> RefusedError | UnreachableError:
    kind = RefusedError if 500 <= code < 600 else UnreachableError
    return kind(_words(code, reply))


def _words(code: int, reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
    return one_line(f"{code} {text}", 300)


@dataclass(frozen=True, slots=True)
class FolderTransport:
    """The embedded default: one ``.eml`` file a mail, whole or not at all, never two of one mail."""

    folder: Path

    def send(self, message: EmailMessage) -> None:
        """Write the file; the same mail again takes its own file's place."""
        day = message["Date"].datetime.strftime("%Y-%m-%d")
        name = f"{day}-{message['Message-ID'].strip('<>').partition('@')[0][:16]}.eml"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _write_whole(self.folder / name, message.as_bytes())
        except OSError as error:
            raise UnreachableError(f"{type(error).__name__}: {error}"[:300]) from error


def _write_whole(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    # Links in it are secrets: nobody but the server's own user reads it.
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def transport_for(smtp_url: str, data_dir: Path) -> Transport:
    """What ``SMTP_URL`` names: ``smtp://USER:PASSWORD@HOST:PORT?starttls=1``, ``smtps://…``; else the folder.

    :raise ValueError: an address that can't be meant, or a password that would go in clear text
    """
    if not smtp_url:
        return FolderTransport(data_dir / "mail")
    parts = split(smtp_url, "smtp", "smtps")
    starttls = parse_qs(parts.query).get("starttls", ["0"])[0] in ("1", "true", "yes")
    encryption = "tls" if parts.scheme == "smtps" else "starttls" if starttls else "none"
    if parts.password and encryption == "none" and parts.hostname not in _LOOPBACK:
        raise ValueError("it has a password, which needs ?starttls=1 or smtps://")
    if not unquote(parts.netloc).isascii():
        raise ValueError("user, password and host can be of ASCII only")
    return SmtpTransport(
        host=parts.hostname or "",
        port=parts.port or {"tls": 465, "starttls": 587, "none": 25}[encryption],
        encryption=encryption,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def sender_for(mail_from: str, smtp_url: str, base_url: str) -> Sender:
    """Who writes: ``MAIL_FROM`` (``NAME <ADDRESS>`` or an address), else the SMTP user, else roundbook@host.

    :raise ValueError: when MAIL_FROM holds no address
    """
    name, address = "Roundbook", mail_from.strip()
    if address.endswith(">"):
        before, _, inside = address[:-1].rpartition("<")
        name, address = one_line(before, 80).strip('" ') or name, inside.strip()
    if not address:
        user = unquote(urlsplit(smtp_url).username or "") if smtp_url else ""
        host = urlsplit(base_url).hostname or ""
        # An address of figures is no domain that a mail can come from.
        domain = "localhost" if not host or ":" in host or host[-1].isdigit() else host
        # Nor is a machine's name always one.
        address = next(filter(is_address, (user, f"roundbook@{domain}")), "roundbook@localhost")
    if not is_address(address):
        raise ValueError("there is no address in it")
    return Sender(address, name, base_url)
