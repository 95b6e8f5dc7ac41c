"""What blocks a month's report, whose it is, and where it is listed (feature 4, clauses 21 and 30). Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from urllib.parse import urlencode

from webapp.identity.rules import Right

Kind = Literal[
    "todo",
    "revisits",
    "unsent",
    "photos_missing",
    "photos_returned",
    "answers_returned",
    "self_checks",
    "peer_checks",
    "pairs",
    "photos_unreviewed",
    "answers_to_look_at",
    "quarantine",
    "acceptance",
    "report",
]
# THE list, in the order in which a month goes: for the board, the reminders, acceptance and report.
KINDS: tuple[Kind, ...] = (
    "todo",
    "revisits",
    "unsent",
    "photos_missing",
    "photos_returned",
    "answers_returned",
    "self_checks",
    "peer_checks",
    "pairs",
    "photos_unreviewed",
    "answers_to_look_at",
    "quarantine",
    "acceptance",
    "report",
)
# Whose a blocker is: a person's, or of those who may do it.
Group = Literal["person", "unassigned", "peers", "reviewers", "acceptors"]
GROUPS: tuple[Group, ...] = ("person", "unassigned", "peers", "reviewers", "acceptors")
_WITHOUT_OWNER: dict[Kind, Group] = {
    "peer_checks": "peers",
    "pairs": "reviewers",
    "photos_unreviewed": "reviewers",
    "answers_to_look_at": "reviewers",
    "quarantine": "reviewers",
    "acceptance": "acceptors",
    "report": "acceptors",
}
# What a member must be allowed to do, to be told of what a group has to do.
GROUP_RIGHTS: dict[Group, Right] = {
    "unassigned": "manage_round",
    "peers": "inspect",
    "reviewers": "review",
    "acceptors": "accept",
}


@dataclass(frozen=True, slots=True)
class Blocker:
    """Something that keeps the report waiting: how many, whose, and since when the oldest waits."""

    kind: Kind
    group: Group
    owner_id: int | None
    count: int
    oldest_at: datetime | None


@dataclass(slots=True)
class Tally:
    """Counts what blocks, by kind and owner."""

    counts: dict[tuple[Kind, int | None], int] = field(default_factory=dict)
    oldest: dict[tuple[Kind, int | None], datetime | None] = field(default_factory=dict)

    def add(self, kind: Kind, owner_id: int | None, count: int, oldest: datetime | None) -> None:
        """Add ``count`` things, of which the oldest waits since ``oldest``."""
        if count <= 0:
            return
        key = (kind, None if kind in _WITHOUT_OWNER else owner_id)
        before = self.oldest.get(key)
        self.counts[key] = self.counts.get(key, 0) + count
        self.oldest[key] = min((at for at in (before, oldest) if at is not None), default=None)

    def blockers(self) -> list[Blocker]:
        """What was counted, in the order of the month; of one kind the most first."""
        rows = [
            Blocker(kind, group_of(kind, owner_id), owner_id, count, self.oldest[kind, owner_id])
            for (kind, owner_id), count in self.counts.items()
        ]
        return sorted(rows, key=lambda row: (KINDS.index(row.kind), -row.count, row.owner_id or 0))


def group_of(kind: Kind, owner_id: int | None) -> Group:
    """Whose something is: its owner's; what has none is of those who may do it."""
    return "person" if owner_id is not None else _WITHOUT_OWNER.get(kind, "unassigned")


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """What is known of a room in a round.

    ``counts`` are its tasks by outcome; ``revisits`` the second visits that fall before the end of the
    due day or are over; ``author_id`` is who inspected it, when that was one alone; ``last_at`` when
    the last of it came. ``self_checked_at`` and ``peer_checked_at`` are of the sign-offs that stand.
    """

    room_id: int
    assignee_id: int | None
    counts: Mapping[str, int]
    pairs: int = 0
    revisits: int = 0
    first_revisit_at: datetime | None = None
    author_id: int | None = None
    last_at: datetime | None = None
    self_checked_at: datetime | None = None
    peer_checked_at: datetime | None = None

    @property
    def todo(self) -> int:
        """Devices, and the room itself, that nobody has inspected yet."""
        return self.counts.get("todo", 0)


def tally_room(tally: Tally, room: RoomFacts, opened_at: datetime, *, accepted: bool) -> None:
    """Count what a room lacks; its checks are asked for once all of it is inspected (clause 30)."""
    tally.add("todo", room.assignee_id, room.todo, opened_at)
    tally.add("revisits", room.assignee_id, room.revisits, room.first_revisit_at)
    if room.todo or accepted:
        return
    if room.self_checked_at is None:
        owner = room.assignee_id if room.assignee_id is not None else room.author_id
        tally.add("self_checks", owner, 1, room.last_at)
    elif room.peer_checked_at is None:
        tally.add("peer_checks", None, 1, room.self_checked_at)


def revisits_until(due_on: date, today: date) -> date:
    """The last day whose second visits must be made before the report (feature 6)."""
    return max(due_on, today)


# Where each kind is listed: the right that it takes, the screen, and the filters in its address.
_PLACES: dict[Kind, tuple[Right, str, Mapping[str, str]]] = {
    "todo": ("view", "/desk/rounds/{month}", {"state": "todo", "who": "{owner}"}),
    "revisits": ("view", "/desk/rounds/{month}", {"state": "revisits", "who": "{owner}"}),
    "unsent": ("manage_round", "/desk/sync", {"holding": "true", "user_id": "{owner}"}),
    "photos_missing": (
        "manage_round",
        "/desk/sync",
        {"show": "missing", "month": "{month}", "author_id": "{owner}"},
    ),
    "photos_returned": (
        "view",
        "/desk/photos",
        {"month": "{month}", "review": "returned", "author_id": "{owner}"},
    ),
    "answers_returned": (
        "view",
        "/desk/returns",
        {"month": "{month}", "kind": "answer", "state": "open", "author_id": "{owner}"},
    ),
    "self_checks": (
        "view",
        "/desk/acceptance/{month}",
        {"state": "self_check", "who": "{owner}"},
    ),
    "peer_checks": ("view", "/desk/acceptance/{month}", {"state": "peer_check"}),
    "pairs": ("view", "/desk/rounds/{month}", {"state": "pairs"}),
    "photos_unreviewed": ("view", "/desk/photos", {"month": "{month}", "review": "none"}),
    "answers_to_look_at": (
        "view",
        "/desk/returns",
        {"month": "{month}", "kind": "answer", "state": "answered"},
    ),
    "quarantine": ("review", "/desk/quarantine", {}),
    "acceptance": ("view", "/desk/acceptance/{month}", {}),
    "report": ("view", "/desk/report/{month}", {}),
}


def address_of(blocker: Blocker, month: str, rights: Collection[Right]) -> str | None:
    """The address of the screen that lists exactly what a blocker counts; None for who may not see it."""
    right, path, query = _PLACES[blocker.kind]
    if right not in rights:
        return None
    known = {"month": month, "owner": blocker.owner_id or 0}
    filters = {name: value.format(**known) for name, value in query.items()}
    return path.format(**known) + (f"?{urlencode(filters)}" if filters else "")


def of_owner(blockers: Iterable[Blocker], user_id: int, rights: Collection[Right]) -> list[Blocker]:
    """What of all that blocks is for one person to do: his own, and what his rights let him do."""
    return [
        row
        for row in blockers
        if row.owner_id == user_id or (row.group != "person" and GROUP_RIGHTS[row.group] in rights)
    ]
