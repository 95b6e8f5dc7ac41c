"""Who answers for a case just now: its owner or the on-site engineers, and who stands in for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from sqlalchemy.orm import Session

from webapp.identity.queries import Reachable

# By whom somebody who is away on a day is stood in for.
StandIns = Callable[[Session, int, date], Mapping[int, int]]
_asked: list[StandIns] = []


def tells_who_is_away(found: StandIns) -> StandIns:
    """Register who knows it: absences are of a domain above the cases."""
    if found not in _asked:
        _asked.append(found)
    return found


def stand_ins(session: Session, contract_id: int, today: date) -> dict[int, int]:
    """The stand-in of each who is away today (clause 26), by user id; a stand-in may be away himself."""
    return {
        away: stands_in
        for ask in _asked
        for away, stands_in in ask(session, contract_id, today).items()
    }


def on_site(people: Iterable[Reachable], away: Mapping[int, int]) -> list[Reachable]:
    """The on-site engineers, and for those who are away who stands in for them."""
    known = list(people)
    return _present((one for one in known if one.role == "on_site_engineer"), known, away)


def answering(
    owner_id: int | None, people: Iterable[Reachable], away: Mapping[int, int]
) -> list[Reachable]:
    """Who answers for a case: its owner, while nobody owns it the on-site engineers; for one who is
    away his stand-in. Where nobody of these is there, the project managers.
    """
    known = list(people)
    owner = _present((one for one in known if one.recipient.user_id == owner_id), known, away)
    return owner or on_site(known, away) or managers(known)


def managers(people: Iterable[Reachable]) -> list[Reachable]:
    """The project managers: whether one is away or not, he is told."""
    return [one for one in people if one.role == "project_manager"]


def _present(
    wanted: Iterable[Reachable], people: Iterable[Reachable], away: Mapping[int, int]
) -> list[Reachable]:
    by_id = {one.recipient.user_id: one for one in people}
    found = {}
    for one in wanted:
        present = by_id.get(_who_is_there(one.recipient.user_id, away), one)
        found[present.recipient.user_id] = present
    return list(found.values())


def _who_is_there(user_id: int, away: Mapping[int, int]) -> int:
    """Who stands in for him, and for that one; where they stand in for each other, the last of them."""
    passed = {user_id}
    while (user_id in away) and away[user_id] not in passed:
        user_id = away[user_id]
        passed.add(user_id)
    return user_id
