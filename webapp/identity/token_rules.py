"""What an API token may do: scopes, what it never gives, and how it looks. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from webapp.identity.rules import Right

Area = Literal["estate", "rounds", "service", "reports"]
AREAS: tuple[Area, ...] = ("estate", "rounds", "service", "reports")
SCOPES: tuple[str, ...] = tuple(f"{area}:{deed}" for area in AREAS for deed in ("read", "write"))
# A program works for a person; it does not give his word, and changes neither people nor settings.
NEVER_BY_TOKEN: frozenset[Right] = frozenset({"accept", "confirm", "manage_people"})
LONGEST_DAYS = 366
MOST_TOKENS = 20
PREFIX_LENGTH = 12
# Told apart from other secrets, by people and by those who search for secrets that leaked.
_MARK = "rbk_"
_BEARER = re.compile(r"[Bb]earer +([A-Za-z0-9_-]{20,100})")


def token_of(secret: str) -> str:
    """A token as its maker sees it once, of a random secret."""
    return _MARK + secret


def bearer_of(header: str) -> str | None:
    """The token that an ``Authorization`` header carries; an empty one where it is not one of ours.

    ``None`` says that the header speaks of no token at all.
    """
    if header[:6].lower() != "bearer":
        return None
    match = _BEARER.fullmatch(header.strip())
    return match[1] if match and match[1].startswith(_MARK) else ""


def holds(scopes: Iterable[str], area: Area, *, writes: bool) -> bool:
    """Whether scopes allow reading, or writing, in an area; who may write there may read it too."""
    held = set(scopes)
    return f"{area}:write" in held or (not writes and f"{area}:read" in held)
