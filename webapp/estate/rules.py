"""The estate's decisions: label codes and what a scan may say; pure."""

from __future__ import annotations

import ipaddress
import re
import secrets
import unicodedata
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

ALPHABET: Final = "23456789BCDFGHJKMNPQRSTVWXZ"
"""No vowels and no Y (so no words), no 0/O, no 1/I/L."""
CODE_LENGTH: Final = 8
LONGEST_SCAN: Final = 4096
_PRIME: Final = 29
_VALUES: Final = {letter: value for value, letter in enumerate(ALPHABET)}
_DASHES = re.compile(r"[\s\-\u2010-\u2015\u2212\u00ad\u200b-\u200d\ufeff_.·]+")
_LINK = re.compile(
    r"(?:https?://[^/?#\s\\@]+)?(?:/[^?#\s\\]*)?/d/([^/?#\s\\]+)/?(?:[?#].*)?", re.IGNORECASE
)


def check_letter(body: str) -> str | None:
    """The letter that makes ``body`` (seven letters) a code; None where there is none.

    The weighted sum of a code's values is divisible by the prime 29, its weights 8 to 1 differ:
    so every single wrong letter and every two swapped letters are noticed. The alphabet has only
    27 letters; the few bodies that would need another are not used.
    """
    total = sum((CODE_LENGTH - place) * _VALUES[letter] for place, letter in enumerate(body))
    value = -total % _PRIME
    return ALPHABET[value] if value < len(ALPHABET) else None


def new_code(choose: Callable[[str], str] = secrets.choice) -> str:
    """A random label code of seven letters and a check letter; unguessable by default."""
    while True:
        body = "".join(choose(ALPHABET) for _ in range(CODE_LENGTH - 1))
        check = check_letter(body)
        if check is not None:
            return body + check


def is_code(code: str) -> bool:
    """Whether ``code`` is eight letters of the alphabet whose check letter holds."""
    return (
        len(code) == CODE_LENGTH
        and all(letter in _VALUES for letter in code)
        and check_letter(code[:-1]) == code[-1]
    )


def shown_code(code: str) -> str:
    """A code as people read it: ``XXXX-XXXX``."""
    return f"{code[:4]}-{code[4:]}"


def parse_label(text: str) -> str | None:
    """The label code in what a camera read or a person typed; None when there is none.

    A bare code counts in any case and width, with spaces or hyphens; a link counts by its path
    ``/d/<code>`` alone, whatever its host, because addresses change and labels stay. The text is
    never navigated to; anything longer than 4,096 characters is not a label.
    """
    if len(text) > LONGEST_SCAN:
        return None
    text = unicodedata.normalize("NFKC", text).strip()
    link = _LINK.fullmatch(text)
    code = _DASHES.sub("", link.group(1) if link else text).upper()
    return code if is_code(code) else None


def label_link(base_url: str, code: str) -> str:
    """What the QR holds. Scheme and host are in capitals, which makes the QR smaller."""
    scheme_and_host = re.match(r"https?://[^/]+", base_url, re.IGNORECASE)
    split = scheme_and_host.end() if scheme_and_host else 0
    return f"{base_url[:split].upper()}{base_url[split:].rstrip('/')}/d/{code}"


def is_only_here(address: str) -> bool:
    """Whether a web address leads to this machine alone: no phone's camera opens it from a label."""
    host = urlsplit(address).hostname or ""
    try:
        named = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return named.is_loopback or named.is_unspecified
