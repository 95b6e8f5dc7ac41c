"""The three-level acceptance 自检 → 互检 → 终验: signing rooms, accepting and reopening (clause 30)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from webapp.acceptance.facts import RoundState, round_state, signer_of
from webapp.acceptance.models import SignOff
from webapp.acceptance.reading import room_contents
from webapp.acceptance.return_queries import waiting_in_round
from webapp.acceptance.rules import (
    FINAL,
    Level,
    RoomFacts,
    RoundFacts,
    missing_sign_offs,
    why_not,
    why_not_final,
)
from webapp.acceptance.signing import (
    Contents,
    Signature,
    check_signature,
    refuse_rooms,
    room_hash,
    sign_contents,
)
from webapp.acceptance.voiding import void
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.identity.rules import Access
from webapp.rounds import queries as rounds
from webapp.rounds import services as round_services
from webapp.rounds.models import Round
from webapp.rounds.rules import check_transition


def sign_rooms(
    session: Session,
    access: Access,
    month: str,
    level: Level,
    room_ids: Collection[int],
    signature: Signature,
    now: datetime,
) -> list[SignOff]:
    """Sign the self-check or the peer check of rooms, all of them or none (clause 30).

    Each sign-off is bound to the hash of what its room says at this moment.

    :raise AppError: ``not_found``; ``forbidden``; ``sign_off_refused`` with the reason by room;
        ``signature_missing``, ``signature_unreadable``
    """
    take_sequence(session, access.contract_id)
    of_round = rounds.round_of(session, access.contract_id, month)
    state = round_state(session, of_round, room_ids)
    who = signer_of(access, state.settings)
    refuse_rooms(
        level,
        {key: why_not(level, room.facts, who, of_round.state) for key, room in state.rooms.items()},
    )
    check_signature(signature, required=state.settings.drawn_signatures)
    contents = room_contents(session, of_round.id, room_ids)
    return sign_contents(
        session,
        state,
        level,
        sorted(set(room_ids)),
        contents,
        user_id=access.user_id,
        signature=signature,
        now=now,
    )


def what_blocks(session: Session, state: RoundState) -> dict[str, int]:
    """What keeps a round from being accepted, by kind: all of :func:`webapp.rounds.queries.what_is_missing`,
    the sign-offs that its rooms lack, and the answers that were sent back."""
    return {
        **rounds.what_is_missing(session, state.round.id),
        **missing_sign_offs(room.facts for room in state.rooms.values()),
        **waiting_in_round(session, state.round.id),
    }


def round_facts(session: Session, state: RoundState) -> RoundFacts:
    """What the rule of the final acceptance asks."""
    return RoundFacts(
        state=state.round.state,
        rooms=[room.facts for room in state.rooms.values()],
        missing=what_blocks(session, state),
        final_signed=state.final is not None,
    )


def accept_round(
    session: Session, access: Access, month: str, signature: Signature, now: datetime
) -> SignOff:
    """The final acceptance 终验: the whole round, bound to the hash over all its rooms.

    :raise AppError: ``not_found``, ``round_transition_refused``, ``forbidden``;
        ``round_not_complete`` with what is missing; ``sign_off_refused`` for who signed before;
        ``signature_missing``, ``signature_unreadable``
    """
    take_sequence(session, access.contract_id)
    of_round = rounds.round_of(session, access.contract_id, month)
    check_transition(of_round.state, "accept", access.rights)
    state = round_state(session, of_round)
    facts = round_facts(session, state)
    contents = room_contents(session, of_round.id)
    missing = dict(facts.missing)
    # What stands was compared at every change; here it is compared once more, with all there is.
    for kind, count in missing_sign_offs(_still_true(of_round, state, contents)).items():
        missing[kind] = max(missing[kind], count)
    if any(missing.values()):
        raise AppError("round_not_complete", missing=missing)
    why = why_not_final(facts, signer_of(access, state.settings))
    if why:
        raise AppError("sign_off_refused", level=FINAL, reason=why)
    check_signature(signature, required=state.settings.drawn_signatures)
    (row,) = sign_contents(
        session,
        state,
        FINAL,
        [None],
        contents,
        user_id=access.user_id,
        signature=signature,
        now=now,
    )
    round_services.act(session, access, month, "accept", now)
    return row


def _still_true(of_round: Round, state: RoundState, contents: Contents) -> list[RoomFacts]:
    """The rooms with those sign-offs alone that sign what the room says now."""
    for room in state.rooms.values():
        now = room_hash(of_round.id, room.id, contents.get(room.id, {}))
        room.standing = [row for row in room.standing if row.content_sha256 == now]
    return [room.facts for room in state.rooms.values()]


def act_on_round(
    session: Session,
    access: Access,
    month: str,
    action: str,
    now: datetime,
    signature: Signature | None = None,
) -> Round:
    """Finish, accept or reopen a round. Accepting signs it; reopening voids that, and nothing else.

    :raise AppError: as :func:`accept_round` and :func:`webapp.rounds.services.act`
    """
    if action == "accept":
        accept_round(session, access, month, signature or Signature(), now)
        return rounds.round_of(session, access.contract_id, month)
    of_round = round_services.act(session, access, month, action, now)
    if action == "reopen":
        final = round_state(session, of_round, ()).final
        if final is not None:
            why = {"why": "reopened", "task_id": None, "by": access.user_id}
            void(session, final, [why], now, access.user_id)
    return of_round
