"""Who is told by itself in the acceptance: an engineer of what was sent back to him, and who accepts of a round
in which nothing else is left (clause 30: the completion time is reported to the project manager)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.acceptance.facts import round_state
from webapp.acceptance.models import ReturnedAnswer, SignOff
from webapp.acceptance.return_queries import state_column
from webapp.acceptance.services import what_blocks
from webapp.db import take_sequence
from webapp.identity.models import Contract, Membership, User
from webapp.identity.queries import Reachable, reachable
from webapp.notifications import queries, services
from webapp.notifications.models import Notification
from webapp.notifications.rules import local, unique_key
from webapp.rounds.models import Inspection, Photo, Round, RoundRoom
from webapp.rounds.queries import stands

# Whoever looks through photos sends several back: they are told of together, once he has paused.
PAUSE = timedelta(minutes=5)
SENT_BACK, ROUND_READY = "sent_back", "round_ready"
_DESK = frozenset(("review", "manage_round", "accept"))


@dataclass(frozen=True, slots=True)
class SentBack:
    """What an engineer has to answer or take again in a round, and when the last of it was sent back."""

    round: Round
    contract: Contract
    author_id: int
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Complete:
    """A round whose rooms are all signed twice, the last of them at ``at``."""

    round: Round
    contract: Contract
    at: datetime


def contracts_to_tell(session: Session, now: datetime) -> list[int]:
    """The contracts in which somebody is to be told something. Three statements, and some for each
    engineer or round of whom there may be news."""
    found = {one.contract.id for one in _sent_back(session, now)}
    complete = {one.contract.id for one in _complete(session)}
    # Where nobody may accept it would be looked at again in each minute.
    return sorted(found | {one for one in complete if _who_accepts(reachable(session, one))})


def tell_of_acceptance(session: Session, contract_id: int, now: datetime) -> int:
    """Tell what nobody was told of yet; what is sent back later, or signed anew, is told anew."""
    take_sequence(session, contract_id)
    back = [one for one in _sent_back(session, now) if one.contract.id == contract_id]
    complete = [one for one in _complete(session) if one.contract.id == contract_id]
    people = reachable(session, contract_id) if back or complete else []
    tell = partial(services.tell, session, contract_id=contract_id, now=now)
    told = 0
    for one in back:
        details: dict[str, Any] = {"month": one.round.month, "count": one.count}
        key = f"{SENT_BACK}:{one.round.month}:{one.last_at.isoformat()}"
        for person in people:
            if person.recipient.user_id == one.author_id:
                path = _path_of_returns(person, one.contract.code)
                told += tell(person.recipient, kind=SENT_BACK, details=details, path=path, key=key)
    for done in complete:
        at = local(done.at, done.contract.time_zone).strftime("%Y-%m-%d %H:%M")
        details = {"month": done.round.month, "at": at}
        path = f"/desk/acceptance/{done.round.month}?{urlencode({'contract': done.contract.code})}"
        key = _key(done)
        for person in _who_accepts(people):
            told += tell(person.recipient, kind=ROUND_READY, details=details, path=path, key=key)
    return told


def _who_accepts(people: Sequence[Reachable]) -> list[Reachable]:
    return [person for person in people if "accept" in person.rights]


def _path_of_returns(person: Reachable, code: str) -> str:
    """An engineer is led to his phone's home, which lists them; who supervises to the desk's list."""
    if person.rights & _DESK:
        return f"/desk/returns?{urlencode({'contract': code})}"
    return f"/?{urlencode({'phone': 1, 'contract': code})}"


def _key(one: Complete) -> str:
    return f"{ROUND_READY}:{one.round.month}:{one.at.isoformat()}"


def _sent_back(session: Session, now: datetime) -> list[SentBack]:
    """What was sent back since its author was last told, and nothing more for a pause."""
    found: dict[tuple[int, int], SentBack] = {}
    for row, contract, author_id, count, last_at in (*_answers(session), *_photos(session)):
        before = found.get((row.id, author_id))
        found[row.id, author_id] = SentBack(
            row,
            contract,
            author_id,
            count + (before.count if before else 0),
            max(last_at, before.last_at) if before else last_at,
        )
    resting = (one for one in found.values() if one.last_at <= now - PAUSE)
    return [one for one in resting if _is_later(one, _told_at(session, one))]


def _is_later(one: SentBack, told_at: datetime | None) -> bool:
    """Whether something was sent back since: who is told hears of what had lain there for a pause by then."""
    return told_at is None or one.last_at > told_at - PAUSE


def _told_at(session: Session, one: SentBack) -> datetime | None:
    """When the author was last told of something that was sent back in this round."""
    prefix = unique_key(one.contract.id, f"{SENT_BACK}:{one.round.month}:")
    return session.scalar(
        sa.select(sa.func.max(Notification.created_at)).where(
            Notification.contract_id == one.contract.id,
            Notification.user_id == one.author_id,
            Notification.unique_key.startswith(prefix, autoescape=True),
        )
    )


def _answers(session: Session) -> Iterator[Any]:
    statement = (
        _by_author(ReturnedAnswer.returned_at)
        .join(ReturnedAnswer, ReturnedAnswer.inspection_id == Inspection.id)
        .where(ReturnedAnswer.state == "open", state_column() == "open")
    )
    yield from session.execute(statement)


def _photos(session: Session) -> Iterator[Any]:
    statement = (
        _by_author(Photo.reviewed_at)
        .join(Photo, Photo.inspection_id == Inspection.id)
        .where(
            # By the index of those alone that were sent back.
            Photo.contract_id == Contract.id,
            Photo.review == "returned",
            Photo.withdrawn.is_(False),
        )
    )
    yield from session.execute(statement)


def _by_author(at: InstrumentedAttribute[Any]) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(Round, Contract, Inspection.author_id, sa.func.count(), sa.func.max(at))
        .join(Contract, Contract.id == Round.contract_id)
        .join(Inspection, Inspection.round_id == Round.id)
        # Who has left can't be told: he would be looked for again in each minute.
        .join(
            Membership,
            sa.and_(
                Membership.contract_id == Contract.id,
                Membership.user_id == Inspection.author_id,
                Membership.left_at.is_(None),
            ),
        )
        .join(User, sa.and_(User.id == Membership.user_id, User.disabled_at.is_(None)))
        .where(Round.state != "accepted", stands())
        .group_by(Round.id, Contract.id, Inspection.author_id)
    )


def _complete(session: Session) -> list[Complete]:
    """The rounds in which the final acceptance alone is left, and of which nobody was told."""
    signed = sa.func.count(sa.distinct(SignOff.room_id))
    rooms = sa.select(sa.func.count()).where(RoundRoom.round_id == Round.id).scalar_subquery()
    statement = (
        sa.select(Round, Contract, sa.func.max(SignOff.signed_at))
        .join(Contract, Contract.id == Round.contract_id)
        .join(SignOff, SignOff.round_id == Round.id)
        .where(
            Round.state != "accepted",
            SignOff.level == "peer_check",
            SignOff.voided_at.is_(None),
        )
        .group_by(Round.id, Contract.id)
        .having(signed >= rooms)
    )
    found = [Complete(*row) for row in session.execute(statement)]
    return [one for one in found if _is_news(session, one)]


def _is_news(session: Session, one: Complete) -> bool:
    if queries.told_of(session, one.contract.id, [_key(one)]):
        return False
    return not any(what_blocks(session, round_state(session, one.round)).values())
