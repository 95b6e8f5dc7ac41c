"""A mail read from its bytes: who wrote what, with which pictures. It may be damaged, huge or hostile. Pure.

Headers are read as they stand and decoded here, from character sets that are known to be harmless: the
standard library's own parsing of addresses and encoded words takes time that grows with the square. An
address is taken from a header before anything in it is decoded: a name's encoded comma parts no two of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.header import decode_header
from email.message import Message
from email.utils import parseaddr
from html.parser import HTMLParser

from webapp.notifications.rules import is_address, one_line

LARGEST_BYTES = 20 * 1024 * 1024
MOST_TEXT, MOST_PICTURES, LARGEST_PICTURE_BYTES = 4000, 3, 8 * 1024 * 1024
_MOST_PARTS, _MOST_HEADER, _MOST_HTML = 60, 2000, 1_000_000
_CHARSETS = re.compile(
    r"utf-?8|us-ascii|ascii|gb2312|gbk|gb18030|big5|iso-8859-\d{1,2}|windows-125\d|cp125\d"
    r"|iso-2022-jp|shift_jis|euc-(?:jp|kr)|koi8-r|utf-?16"
)
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
_IDS = re.compile(r"<[^<>\s]{3,200}>")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@]{1,64}@[^\s<>()\[\],;:\"@]{1,255}")
_IN_ANGLES = re.compile(r"<([^\s<>@]{1,64}@[^\s<>@]{1,255})>")
_MACHINES = re.compile(
    r"(?:mailer-daemon|postmaster|bounces?|no-?reply|do-?not-?reply|noreply-.*|bounce[+-].*)@",
    re.IGNORECASE,
)
_NOT_WANTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class UnreadableError(Exception):
    """What came is no mail that can be read: ``too_large``, ``unreadable`` or ``no_sender``.

    Without a sender it is read all the same where there is anything in it.
    """


@dataclass(frozen=True, slots=True)
class Incoming:
    """A mail as it was read; ``automatic`` where a machine wrote it, which is never answered.

    ``address`` is empty where its sender has none that can be read.
    """

    message_id: str
    references: tuple[str, ...]
    address: str
    name: str
    to: tuple[str, ...]
    subject: str
    text: str
    automatic: bool
    pictures: tuple[bytes, ...]


def read(raw: bytes) -> Incoming:
    """Read a mail. :raise UnreadableError: whatever is wrong with it"""
    if len(raw) > LARGEST_BYTES:
        raise UnreadableError("too_large")
    try:
        message = message_from_bytes(raw, policy=policy.compat32)
        name, address = _sender(message)
        subject = one_line(_header(message, "Subject"), 200)
        found = _parts(message)
        text = found.text()
    except Exception as error:
        raise UnreadableError("unreadable") from error
    if not (address or subject or text or found.pictures):
        raise UnreadableError("no_sender")
    return Incoming(
        message_id=next(iter(_ids(message, "Message-ID")), ""),
        references=tuple(dict.fromkeys(_ids(message, "References") + _ids(message, "In-Reply-To"))),
        address=address,
        name=name,
        to=tuple(_recipients(message)),
        subject=subject,
        text=text,
        automatic=_is_automatic(message, address),
        pictures=tuple(found.pictures),
    )


class _Found:
    """What stands in a mail's parts."""

    def __init__(self) -> None:
        self.plain: list[str] = []
        self.html: list[str] = []
        self.pictures: list[bytes] = []

    def text(self) -> str:
        """Its words, as plain text."""
        words = "\n".join(self.plain).strip() or "\n".join(map(text_of_html, self.html)).strip()
        lines = [_NOT_WANTED.sub("", line).rstrip() for line in words.splitlines()]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _parts(message: Message) -> _Found:
    found = _Found()
    for number, part in enumerate(_walk(message)):
        if number >= _MOST_PARTS:
            break
        kind = part.get_content_type()
        attached = str(part.get("Content-Disposition", "")).lower().startswith("attachment")
        if kind in ("text/plain", "text/html") and not attached:
            target = found.plain if kind == "text/plain" else found.html
            target.append(_decoded(_payload(part)[:_MOST_HTML], str(part.get_content_charset(""))))
        elif kind.startswith("image/") or kind == "application/octet-stream":
            data = _payload(part)
            room = len(found.pictures) < MOST_PICTURES * 3
            if room and data.startswith(_PICTURES) and len(data) <= LARGEST_PICTURE_BYTES:
                found.pictures.append(data)
    return found


def _walk(message: Message) -> Iterator[Message]:
    """Its parts in order, but not those of a mail that is attached to it."""
    if message.get_content_type().startswith("message/"):
        return
    if message.is_multipart():
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _walk(part)
    else:
        yield message


def _payload(part: Message) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _decoded(data: bytes, charset: str) -> str:
    name = charset.strip("\"' ").lower()
    if not _CHARSETS.fullmatch(name):
        name = "utf-8"
    # What calls itself GB 2312 mostly has characters of the larger sets in it.
    name = "gb18030" if name in ("gb2312", "gbk") else name
    return data.decode(name, "replace")


def _header(message: Message, name: str) -> str:
    return _words(_undecoded(message, name))


def _undecoded(message: Message, name: str) -> str:
    """A header as it stands, in one line: bytes that are no ASCII are UTF-8, or else GB 18030.

    Asked for by its name, the standard library's message has replaced them already.
    """
    found = (str(value) for key, value in message.raw_items() if key.lower() == name.lower())
    data = next(found, "").encode("utf-8", "surrogateescape")
    for charset in ("utf-8", "gb18030"):
        with suppress(UnicodeDecodeError):
            value = data.decode(charset)
            break
    else:
        value = data.decode("utf-8", "replace")
    return value[:_MOST_HEADER].replace("\r", " ").replace("\n", " ")


def _words(value: str) -> str:
    """A header's value with its encoded words decoded; what stands beside them is held in escapes."""
    words = [
        part
        if isinstance(part, str)
        else _decoded(part, charset)
        if charset
        else part.decode("raw-unicode-escape", "replace")
        for part, charset in decode_header(value)
    ]
    return "".join(words).encode("utf-8", "replace").decode("utf-8").strip()


def _sender(message: Message) -> tuple[str, str]:
    """His name and his address; some write the two into one encoded word, or a comma without quotes."""
    value = _undecoded(message, "From")
    for text in (value, _words(value)):
        name, address = parseaddr(text)
        if not is_address(address):
            found = list(_IN_ANGLES.finditer(text))
            name, address = (text[: found[-1].start()], found[-1][1]) if found else ("", "")
        if is_address(address):
            return one_line(_words(name), 80), address.lower()
    return one_line(_words(value), 80), ""


def _ids(message: Message, name: str) -> list[str]:
    return _IDS.findall(str(message.get(name, ""))[:_MOST_HEADER])[-20:]


def _recipients(message: Message) -> list[str]:
    names = ("To", "Cc", "Delivered-To", "X-Original-To")
    found = _ADDRESS.findall(" ".join(_undecoded(message, name) for name in names))
    return [address.lower() for address in found[:50] if is_address(address)]


def _is_automatic(message: Message, address: str) -> bool:
    """Whether a machine wrote it: an answer to it would go round in circles (RFC 3834)."""

    def has(name: str, *values: str) -> bool:
        given = str(message.get(name, "")).strip().lower()
        return given.startswith(values) if values else given != ""

    return (
        (not has("Auto-Submitted", "no") and has("Auto-Submitted"))
        or has("Precedence", "bulk", "junk", "list", "auto_reply")
        or any(map(has, ("X-Autoreply", "X-Autorespond", "List-Id", "List-Unsubscribe")))
        or has("X-Auto-Response-Suppress", "all", "autoreply", "oof")
        or message.get("Return-Path", "").strip() == "<>"
        or message.get_content_type() == "multipart/report"
        or _MACHINES.match(address) is not None
    )


_BREAKS = frozenset(
    ["br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "table"]
)
# A head needs no end, and has no other words than these.
_SILENT = frozenset(["script", "style", "title", "template"])


class _Words(HTMLParser):
    """Collects what is to be read in HTML; nothing of it is ever shown as HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "body":
            self._silent = 0
        elif tag in _BREAKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BREAKS:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(re.sub(r"\s+", " ", data))


def text_of_html(html: str) -> str:
    """The words of an HTML mail, line by line."""
    parser = _Words()
    parser.feed(html[:_MOST_HTML])
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.words).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
