"""How an absence stands on a day, which two collide, and which files a manual may be. Pure."""

from __future__ import annotations

from datetime import date
from typing import Literal

from webapp.errors import AppError

Reason = Literal["leave", "sick", "training", "departure", "other"]
REASONS: tuple[Reason, ...] = ("leave", "sick", "training", "departure", "other")
State = Literal["coming", "running", "over", "cancelled"]
STATES: tuple[State, ...] = ("running", "coming", "over", "cancelled")
KINDS = ("manual", "safety")
PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_BEGINS = ((b"%PDF-", ".pdf", PDF), (b"PK\x03\x04", ".docx", DOCX))


def state_of(from_on: date, to_on: date | None, today: date, *, cancelled: bool) -> State:
    """How an absence stands on a day."""
    if cancelled:
        return "cancelled"
    if today < from_on:
        return "coming"
    return "over" if to_on is not None and today > to_on else "running"


def notices_of_absence(
    from_on: date, to_on: date | None, today: date, made_up_for_days: int
) -> list[str]:
    """What is to be told of an absence on a day: that a stand-in begins, or that it is over.

    On the day itself or, where the server was down, a few days later; one that is over is not begun.
    """
    over = (today - to_on).days if to_on is not None else 0
    if over > 0:
        return ["stand_in_ends"] if over <= 1 + made_up_for_days else []
    return ["stand_in_begins"] if 0 <= (today - from_on).days <= made_up_for_days else []


def overlap(one: tuple[date, date | None], other: tuple[date, date | None]) -> bool:
    """Whether two spans of days have a day in common; an open end has all days to come."""
    return (other[1] is None or one[0] <= other[1]) and (one[1] is None or other[0] <= one[1])


def check_days(from_on: date, to_on: date | None) -> None:
    """An absence ends on the day that it begins with, or later. :raise AppError: ``invalid``"""
    if to_on is not None and to_on < from_on:
        raise AppError("invalid", fields={"to_on": ["before_start"]})


def content_type_of(name: str, data: bytes) -> str:
    """What kind of file a manual is, by its name and its first bytes: PDF or DOCX.

    :raise AppError: ``manual_unreadable``
    """
    for start, ending, content_type in _BEGINS:
        if name.lower().endswith(ending) and data.startswith(start):
            return content_type
    raise AppError("manual_unreadable")
