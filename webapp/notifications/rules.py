"""Who is told what and when, who can be written to, and how a text becomes a header. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from webapp.notifications.choosing import STANDARD, Choice

Language = Literal["zh", "en"]
MAXIMUM_ADDRESS = 200
MAXIMUM_SUBJECT = 300
MAXIMUM_KEY = 120
# Stands in a mail's text for the server's own address, which the sender alone knows.
HERE = "{here}"
# Stands in a mail's text for its signed link, which is made when it is sent.
LINK = "{link}"

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
    """Somebody who is told something; ``email`` may be empty, then no mail tells him.

    ``choice`` is how he wants to hear of it, ``zone`` the place of the contract that he is told of, and
    ``contract`` its name in his language; ``has_push`` where some device of his takes part.
    """

    user_id: int
    name: str
    email: str
    language: str
    choice: Choice = STANDARD
    zone: str = "Asia/Shanghai"
    contract: str = ""
    has_push: bool = False

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


# Reminders are told from this hour on at the contract's place, and made up for when the server was
# down over a reminder's day, for so many days.
FROM_HOUR = 9
MADE_UP_FOR_DAYS = 2
REMIND, ESCALATE = "remind", "escalate"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that blocks a report: a person's (``owner_id``), or of whoever holds ``needs``."""

    kind: str
    owner_id: int | None
    needs: str
    count: int


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may be told: a member with his rights, or an administrator beyond the contract."""

    user_id: int
    rights: frozenset[str]
    is_member: bool
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class Telling:
    """What one person is told: in which step (``remind:3``), and which of all that waits."""

    step: str
    user_id: int
    escalated: bool
    waiting: tuple[Waiting, ...]


def local(now: datetime, zone: str) -> datetime:
    """A moment by the clock of a place."""
    return now.astimezone(ZoneInfo(zone))


def is_time_to_tell(hour: int) -> bool:
    """Whether the hour of day at the contract's place is one to tell people things at."""
    return hour >= FROM_HOUR


def steps_reached(
    today: date, due_on: date, remind_days_before: Iterable[int], escalate_days_after: Iterable[int]
) -> list[str]:
    """The steps whose day has come, one of each kind at most: ``remind:3``, ``escalate:0``.

    Days are counted from the due day, whatever day of the week that is (clause 21 ∆). A day that was
    missed is made up for, but not together with a later one, and not after days.
    """
    left = (due_on - today).days
    reminders = [d for d in remind_days_before if left >= 0 and _is_reached(d - left)]
    escalations = [d for d in escalate_days_after if _is_reached(-left - d)]
    reached = [f"{REMIND}:{min(reminders)}"] if reminders else []
    return [*reached, f"{ESCALATE}:{max(escalations)}"] if escalations else reached


def _is_reached(days_since: int) -> bool:
    return 0 <= days_since <= MADE_UP_FOR_DAYS


def what_to_tell(
    steps: Iterable[str],
    waiting: Sequence[Waiting],
    people: Iterable[Person],
    told: Collection[str],
) -> list[Telling]:
    """Who is told what blocks the report, in the steps whose day has come.

    Before the due day each is told what is his to do; who accepts the round is told all of it. After
    it who accepts is told who has not done what, and from the day after on so are the administrators.
    Who accepts is not reminded of what escalates on the same day: it would say the same twice.
    Only members and administrators are told anything, and nobody where nothing waits.

    :param steps: what :func:`steps_reached` names
    :param told: the steps that somebody of the contract was told of already
    """
    told_to, reached = list(people), list(steps)
    escalates = any(step.partition(":")[0] == ESCALATE for step in reached)
    return [
        telling
        for step in reached
        if step not in told
        for person in told_to
        if (telling := _telling(step, waiting, person, escalates)) is not None
    ]


def _telling(
    step: str, waiting: Sequence[Waiting], person: Person, escalates: bool
) -> Telling | None:
    kind, _, days = step.partition(":")
    accepts = person.is_member and "accept" in person.rights
    if kind == ESCALATE:
        shown = waiting if accepts or (person.is_admin and int(days) > 0) else ()
    elif accepts:
        shown = () if escalates else waiting
    else:
        shown = [row for row in waiting if person.is_member and is_for(row, person)]
    return Telling(step, person.user_id, kind == ESCALATE, tuple(shown)) if shown else None


def is_for(row: Waiting, person: Person) -> bool:
    """Whether something is a person's to do: his own, or nobody's that his rights let him do."""
    return row.owner_id == person.user_id or (row.owner_id is None and row.needs in person.rights)
