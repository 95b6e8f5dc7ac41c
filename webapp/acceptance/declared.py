"""A self-check that an engineer signed on his phone, maybe days ago and without a network (clause 30).

The phone says which revision of which inspection it was that he saw. It is signed if that is what the
server has; it waits while the server has less; else it is not signed, because nobody has seen what is
there now.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.acceptance.facts import RoomState, round_state
from webapp.acceptance.models import SignOff
from webapp.acceptance.reading import room_contents
from webapp.acceptance.rules import SELF_CHECK, Strokes, strokes_problem
from webapp.acceptance.signing import Signature, sign_contents
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.identity.rules import Right
from webapp.rounds.judging import Refused
from webapp.rounds.models import Inspection, Round
from webapp.rounds.rules import TAKING

# Not refused: it is kept, and taken as soon as the records have come that it is about.
HELD = "self_check_held"


@dataclass(frozen=True, slots=True)
class Declared:
    """What was signed: ``inspections`` are the revisions seen, by the inspection's uid."""

    uid: str
    round_id: int
    room_id: int
    inspections: Mapping[str, int]
    strokes: Strokes = ()
    name: str = ""
    rights: frozenset[Right] = field(default_factory=frozenset)


def sign_declared(
    session: Session, contract_id: int, user_id: int, declared: Declared, now: datetime
) -> SignOff:
    """Sign a self-check as it was declared; the same again changes nothing.

    Whether the client wants signatures drawn, or an answer was sent back meanwhile, is not asked:
    what was signed in the field is taken as it was signed.

    :raise Refused: ``round_unknown``, ``round_closed``, ``room_unknown``, ``not_inspector``,
        ``signature_unreadable``, ``sign_off_exists``; ``self_check_held`` while the server lacks one of
        the inspections or revisions; ``self_check_outdated`` when the room says something else by now;
        ``self_check_refused`` for who neither inspected there nor has the room
    """
    take_sequence(session, contract_id)
    known = _known(session, contract_id, user_id, declared)
    if known is not None:
        return known
    room = _room(session, contract_id, declared)
    signed = {task.uid: task.revision for task in room.tasks if task.uid is not None}
    if signed != declared.inspections or room.facts.todo:
        raise _different(session, contract_id, room, declared)
    facts = room.facts
    if user_id not in facts.authors | facts.assignees:
        raise Refused("self_check_refused", reason="not_inspected_here")
    of_round = session.get_one(Round, declared.round_id)
    (row,) = sign_contents(
        session,
        round_state(session, of_round, ()),
        SELF_CHECK,
        [declared.room_id],
        room_contents(session, of_round.id, [declared.room_id]),
        user_id=user_id,
        signature=Signature(declared.strokes, declared.name, uid=declared.uid),
        now=now,
    )
    return row


def _known(session: Session, contract_id: int, user_id: int, declared: Declared) -> SignOff | None:
    row = session.scalar(
        sa.select(SignOff).where(SignOff.contract_id == contract_id, SignOff.uid == declared.uid)
    )
    if row is not None and (row.user_id, row.room_id) != (user_id, declared.room_id):
        raise Refused("sign_off_exists")
    return row


def _room(session: Session, contract_id: int, declared: Declared) -> RoomState:
    if "inspect" not in declared.rights:
        raise Refused("not_inspector")
    problem = strokes_problem(declared.strokes)
    if problem:
        raise Refused("signature_unreadable", reason=problem)
    of_round = session.get(Round, declared.round_id)
    if of_round is None or of_round.contract_id != contract_id:
        raise Refused("round_unknown")
    if of_round.state not in TAKING:
        raise Refused("round_closed", month=of_round.month)
    try:
        return round_state(session, of_round, [declared.room_id]).rooms[declared.room_id]
    except AppError:
        raise Refused("room_unknown") from None


def _different(session: Session, contract_id: int, room: RoomState, declared: Declared) -> Refused:
    """Why it can't be signed: what was seen has not come yet, or is not what is there now."""
    have = _revisions(session, contract_id, declared.inspections)
    if any(have.get(uid, 0) < revision for uid, revision in declared.inspections.items()):
        return Refused(HELD)
    changed = [
        task.id
        for task in room.tasks
        if task.uid is None or declared.inspections.get(task.uid) != task.revision
    ]
    return Refused("self_check_outdated", tasks=changed)


def _revisions(session: Session, contract_id: int, uids: Collection[str]) -> dict[str, int]:
    rows = session.execute(
        sa.select(Inspection.uid, Inspection.revision).where(
            Inspection.contract_id == contract_id, Inspection.uid.in_(list(uids))
        )
    )
    return dict(rows.all())
