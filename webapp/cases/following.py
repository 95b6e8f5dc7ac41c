"""Who else acts when a step of a case is taken, in the same transaction: what a step means elsewhere.

A domain above the cases registers itself when it is imported; nothing here knows it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from webapp.cases.models import Case, CaseEvent

if TYPE_CHECKING:
    from webapp.cases.services import Author

Follower = Callable[[Session, Case, CaseEvent, "Author", datetime], None]
_followers: dict[str, list[Follower]] = defaultdict(list)


def follows(*steps: str) -> Callable[[Follower], Follower]:
    """Register what is called after each of these steps, of whatever kind of case."""

    def register(follower: Follower) -> Follower:
        for step in steps:
            if follower not in _followers[step]:
                _followers[step].append(follower)
        return follower

    return register


def call_followers(
    session: Session, case: Case, event: CaseEvent, author: Author, now: datetime
) -> None:
    """Let whoever follows this step act."""
    for follower in _followers.get(event.step, ()):
        follower(session, case, event, author, now)
