"""The kinds of case, as data: what the contract asks of each (clauses 7-14, 22-24, 32-48).

Every kind has its letter, which with its number is what people call a case by: F12.
"""

from __future__ import annotations

from webapp.cases.kinds_of_repair import FAULT, REPAIR_CASE
from webapp.cases.kinds_of_request import (
    AFTER_HOURS,
    CHANGE,
    COMPLAINT_CASE,
    HOTLINE,
    PROPOSAL,
    TRAINING,
    UPGRADE,
)
from webapp.cases.steps import Kind, Step
from webapp.errors import AppError
from webapp.identity.rules import Right

KINDS: dict[str, Kind] = {
    kind.key: kind
    for kind in (
        FAULT,
        REPAIR_CASE,
        CHANGE,
        AFTER_HOURS,
        COMPLAINT_CASE,
        HOTLINE,
        PROPOSAL,
        UPGRADE,
        TRAINING,
    )
}
# Where a case ends when it is refused.
REFUSED = {"declined", "cancelled", "rejected"}
_BY_PREFIX = {kind.prefix: kind for kind in KINDS.values()}
# Which kind may come of which: the chain from a finding to what was done about it.
CAME_OF: dict[str, tuple[str, ...]] = {
    "repair": ("fault",),
    "change": ("proposal", "hotline", "complaint"),
    "fault": ("hotline", "complaint"),
    "proposal": ("fault", "hotline"),
    "complaint": ("fault", "hotline"),
    "after_hours": ("fault",),
    "upgrade": ("fault", "proposal"),
    "training": ("hotline", "complaint"),
    "hotline": (),
}


def waiting_states(right: Right) -> list[tuple[str, str, Step]]:
    """Kinds and states that wait for whoever holds ``right``: only his word leads out of them for good.

    A step that refuses is no such word by itself: where there is nothing yet to be approved, he may
    refuse, but nobody waits for him.
    """
    return [
        (kind.key, state, step)
        for kind in KINDS.values()
        for step in kind.steps
        if step.right == right and step.to is not None and step.to not in REFUSED
        for state in kind.states
        if state in step.froms
    ]


def name_of(kind: str, number: int) -> str:
    """What people call a case: its kind's letter and its number."""
    return f"{KINDS[kind].prefix}{number}"


def parsed_name(name: str) -> tuple[Kind, int]:
    """The kind and the number of a case's name. :raise AppError: ``not_found``"""
    kind, digits = _BY_PREFIX.get(name[:1]), name[1:]
    if kind is None or not (digits.isascii() and digits.isdigit()) or len(digits) > 9:
        raise AppError("not_found")
    return kind, int(digits)
