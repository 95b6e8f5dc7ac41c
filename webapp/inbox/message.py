"""A mail read from its bytes: who wrote what, with which pictures. It may be damaged, huge or hostile. Pure.

Headers are read as they stand and decoded here, from character sets that are known to be harmless: the
standard library's own parsing of addresses and encoded words takes time that grows with the square.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parseaddr
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
_MACHINES = re.compile(
    r"(?:mailer-daemon|postmaster|bounces?|no-?reply|do-?not-?reply|noreply-.*|bounce[+-].*)@",
    re.IGNORECASE,
)
_NOT_WANTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class UnreadableError(Exception):
    """What came is no mail that can be read: ``too_large``, ``unreadable`` or ``no_sender``."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A mail as it was read; ``automatic`` where a machine wrote it, which is never answered."""

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
        name, address = parseaddr(_header(message, "From"))
        found = _parts(message)
    except Exception as error:
        raise UnreadableError("unreadable") from error
    if not is_address(address):
        raise UnreadableError("no_sender")
    address = address.lower()
    return Incoming(
        message_id=next(iter(_ids(message, "Message-ID")), ""),
        references=tuple(dict.fromkeys(_ids(message, "References") + _ids(message, "In-Reply-To"))),
        address=address,
        name=one_line(name, 80),
        to=tuple(_recipients(message)),
        subject=one_line(_header(message, "Subject"), 200),
        text=found.text(),
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
    value = str(message.get(name, ""))[:_MOST_HEADER]
    # As bytes that were no ASCII are held: they are UTF-8 nearly always.
    value = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    value = value.replace("\r", " ").replace("\n", " ")
    words = [
        _decoded(text, charset or "utf-8") if isinstance(text, bytes) else text
        for text, charset in decode_header(value)
    ]
    return "".join(words).strip()


def _ids(message: Message, name: str) -> list[str]:
    return _IDS.findall(str(message.get(name, ""))[:_MOST_HEADER])[-20:]


def _recipients(message: Message) -> list[str]:
    names = ("To", "Cc", "Delivered-To", "X-Original-To")
    values = [_header(message, name) for name in names]
    return [address.lower() for _, address in getaddresses(values)[:50] if is_address(address)]


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
_SILENT = frozenset(["script", "style", "head", "title", "template"])


class _Words(HTMLParser):
    """Collects what is to be read in HTML; nothing of it is ever shown as HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _SILENT:
            self._silent += 1
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
