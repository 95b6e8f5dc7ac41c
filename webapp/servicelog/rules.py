"""What may be written in a service log and when, and what came after its signature (clause 14). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from webapp.errors import AppError

# Characters of a text, at most.
LONGEST_WORDS = 4000
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


def day_named(text: str) -> date:
    """The day of an address, ``YYYY-MM-DD``. :raise AppError: ``not_found``"""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise AppError("not_found") from None
    if text != day.isoformat() or not 2000 <= day.year <= 2100:
        raise AppError("not_found")
    return day


def month_days(month: str) -> tuple[date, date]:
    """The first and the last day of ``YYYY-MM``. :raise AppError: ``not_found``"""
    found = _MONTH.fullmatch(month)
    if found is None or not 2000 <= int(found[1]) <= 2100:
        raise AppError("not_found")
    first = date(int(found[1]), int(found[2]), 1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def day_of(at: datetime, zone: ZoneInfo) -> date:
    """The day of a moment where the contract is."""
    return at.astimezone(zone).date()


def bounds(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the first moment of a day to the first moment after another, in UTC."""
    start = datetime.combine(first, time(), zone)
    end = datetime.combine(last + timedelta(days=1), time(), zone)
    return start.astimezone(UTC), end.astimezone(UTC)


def moment_of(day: date, clock: str, zone: ZoneInfo) -> datetime:
    """When the clock of a place shows ``HH:MM`` on a day, in UTC. :raise AppError: ``invalid``"""
    found = _CLOCK.fullmatch(clock)
    if found is None:
        raise AppError("invalid", fields={"clock": ["invalid"]})
    local = datetime.combine(day, time(int(found[1]), int(found[2])), zone)
    return local.astimezone(UTC)


def check_writable(day: date, today: date, signed_at: datetime | None) -> None:
    """A day can be written in once it has come and until it is signed.

    :raise AppError: ``log_day_to_come``, ``log_day_signed``
    """
    if day > today:
        raise AppError("log_day_to_come", day=day.isoformat())
    if signed_at is not None:
        raise AppError("log_day_signed", day=day.isoformat())


def mark_of(line: Mapping[str, Any]) -> str:
    """What tells one of the system's lines from what it was before: its key, and how much is in it."""
    return f"{line['key']}:{line['devices']}"


def marked_late(lines: Iterable[Mapping[str, Any]], seen: Iterable[str] | None) -> list[bool]:
    """Which of the system's lines came, or grew, after the day was signed; ``seen`` None: it isn't."""
    if seen is None:
        return [False for _ in lines]
    known = frozenset(seen)
    return [mark_of(line) not in known for line in lines]
