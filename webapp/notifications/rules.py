"""Who can be written to, and how a text becomes a header. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]
MAXIMUM_ADDRESS = 200
MAXIMUM_SUBJECT = 300
MAXIMUM_KEY = 120
# Stands in a mail's text for the server's own address, which the sender alone knows.
HERE = "{here}"

# Narrower than RFC 5322: no quoted local parts, no comments, nothing that could end a header.
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[^\W_](?:(?:[^\W_]|-)*[^\W_])?"
_ADDRESS = re.compile(rf"({_LOCAL})@({_LABEL}(?:\.{_LABEL})*)")
# Controls, line and paragraph separators, and what turns the direction of a line around.
_NOT_IN_A_LINE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who is told something; ``email`` may be empty, then only the app tells him."""

    user_id: int
    name: str
    email: str
    language: str

    @property
    def reads(self) -> Language:
        """The language that he is written to in."""
        return "en" if self.language == "en" else "zh"


def is_address(text: str) -> bool:
    """Whether a text is an e-mail address that we write to; a domain may have its own script."""
    if len(text) > MAXIMUM_ADDRESS:
        return False
    match = _ADDRESS.fullmatch(text)
    return match is not None and len(match[1]) <= 64 and _is_domain(match[2])


def _is_domain(domain: str) -> bool:
    try:
        return len(domain.encode("idna")) <= 253
    except UnicodeError:
        return False


def one_line(text: str, most: int) -> str:
    """A text as one line of at most ``most`` characters: fit for a header, whoever wrote it."""
    line = " ".join(_NOT_IN_A_LINE.sub(" ", text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def unique_key(*parts: object) -> str:
    """A key of at most 120 characters that tells these parts apart from all others."""
    key = ":".join(str(part) for part in parts)
    if len(key) <= MAXIMUM_KEY:
        return key
    return f"{key[:55]}:{hashlib.sha256(key.encode()).hexdigest()}"
