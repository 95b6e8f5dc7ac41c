"""Tells whoever stands above of a change in a round, inside the change's own transaction.

What was signed must not outlive a change, whichever way it came: a phone, a rescue file, the
quarantine, a supervisor's choice, the estate. So each of them tells here, and the acceptance listens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Change:
    """Something changed in these rooms of these rounds; ``who`` is by the task's id, as far as known."""

    contract_id: int
    round_ids: frozenset[int]
    room_ids: frozenset[int]
    why: Literal["recorded", "picked", "estate"]
    at: datetime
    who: Mapping[int, int] = field(default_factory=dict)


Listener = Callable[[Session, Change], None]
_listeners: list[Listener] = []


def when_changed(listener: Listener) -> Listener:
    """Have a function called with every change, before its transaction ends."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def tell(session: Session, change: Change) -> None:
    """Tell all who listen. What was changed is written, or will be read with a flush."""
    for listener in _listeners:
        listener(session, change)
