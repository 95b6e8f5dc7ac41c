"""Who signed what in the demo: past months by three people, this month half of the way.

Everything is signed by the product's own services, as the people would.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.acceptance import services
from webapp.acceptance.facts import RoundState, round_state
from webapp.acceptance.rechecks import Check, recheck
from webapp.acceptance.rules import Level
from webapp.acceptance.signing import Signature
from webapp.demo.people import INSPECTORS
from webapp.identity.models import Contract
from webapp.identity.rules import ROLE_RIGHTS, Access
from webapp.rounds import services as rounds
from webapp.rounds.models import Inspection, InspectionRevision, Reading, Round
from webapp.rounds.payloads import InspectionIn
from webapp.rounds.recording import Submission, record_inspections

ROLES = {
    "wang": "project_manager",
    "li": "on_site_engineer",
    "chen": "backup_engineer",
    "zhao": "backup_engineer",
}
# Of this month's walked rooms: signed by their engineer, and of these by a colleague too.
SELF_CHECKED = 9
PEER_CHECKED = 4


class Signatures:
    """Signs the rooms and rounds of the demo contract."""

    def __init__(self, session: Session, contract: Contract, people: dict[str, int]) -> None:
        self.session = session
        self.contract = contract
        self.people = people
        self.logins = {user_id: login for login, user_id in people.items()}

    def accept(self, past: Round, checked_at: datetime, accepted_at: datetime) -> None:
        """A past month: every room by its engineer and a colleague, the round by the manager."""
        state = self._state(past)
        self._sign(past, state, "self_check", state.rooms, checked_at)
        state = self._state(past)
        self._look_again(past, state, state.rooms, checked_at + timedelta(hours=2))
        self._sign(past, state, "peer_check", state.rooms, checked_at + timedelta(hours=3))
        manager = self._access(self.people["wang"])
        rounds.act(self.session, manager, past.month, "finish", checked_at + timedelta(hours=4))
        services.accept_round(self.session, manager, past.month, Signature(), accepted_at)

    def half_way(self, current: Round, now: datetime) -> None:
        """This month: some rooms are signed once, some twice, and one was changed after that."""
        state = self._state(current)
        ready = [
            room.id
            for room in state.rooms.values()
            if not room.facts.todo and len(room.facts.authors) == 1
        ][:SELF_CHECKED]
        self._sign(current, state, "self_check", ready, now - timedelta(minutes=14))
        twice = ready[:PEER_CHECKED]
        state = self._state(current)
        self._look_again(current, state, twice, now - timedelta(minutes=12))
        self._sign(current, state, "peer_check", twice, now - timedelta(minutes=11))
        self._amend(current, twice[-1], now - timedelta(minutes=9))

    def _state(self, of_round: Round) -> RoundState:
        self.session.flush()
        return round_state(self.session, of_round)

    def _access(self, user_id: int) -> Access:
        login = self.logins[user_id]
        role = ROLES.get(login, "inspection_engineer")
        return Access(
            user_id=user_id,
            user_name=login,
            session_id=None,
            contract_id=self.contract.id,
            contract_code=self.contract.code,
            role=role,
            rights=ROLE_RIGHTS[role],
        )

    def _colleague(self, author_id: int) -> int:
        """Who looks at an engineer's work again: the next of them."""
        at = INSPECTORS.index(self.logins[author_id])
        return self.people[INSPECTORS[(at + 1) % len(INSPECTORS)]]

    def _by_signer(
        self, state: RoundState, level: Level, room_ids: Collection[int]
    ) -> dict[int, list[int]]:
        """The rooms by who signs them at this level."""
        by_signer: dict[int, list[int]] = {}
        for room_id in room_ids:
            author = min(state.rooms[room_id].authors)
            signer = author if level == "self_check" else self._colleague(author)
            by_signer.setdefault(signer, []).append(room_id)
        return by_signer

    def _sign(
        self,
        of_round: Round,
        state: RoundState,
        level: Level,
        room_ids: Collection[int],
        at: datetime,
    ) -> None:
        for signer, rooms in self._by_signer(state, level, room_ids).items():
            access = self._access(signer)
            services.sign_rooms(self.session, access, of_round.month, level, rooms, Signature(), at)

    def _look_again(
        self, of_round: Round, state: RoundState, room_ids: Collection[int], at: datetime
    ) -> None:
        for signer, rooms in self._by_signer(state, "peer_check", room_ids).items():
            checks = [
                Check(task.inspection_id, task.revision, "confirmed")
                for room_id in rooms
                for task in state.rooms[room_id].tasks
                if task.id in state.rooms[room_id].sample and task.inspection_id is not None
            ]
            recheck(self.session, self._access(signer), of_round.month, checks, at)

    def _amend(self, current: Round, room_id: int, at: datetime) -> None:
        """The engineer corrects a figure in a room that was signed twice: both signatures are void."""
        author_id, item, text = self.session.execute(
            sa.select(Inspection.author_id, Reading.item, InspectionRevision.payload)
            .join(InspectionRevision, InspectionRevision.inspection_id == Inspection.id)
            .join(Reading, Reading.inspection_id == Inspection.id)
            .where(
                Inspection.round_id == current.id,
                Inspection.room_id == room_id,
                Reading.item == "network",
                Reading.verdict == "normal",
            )
            .order_by(Inspection.id, Reading.id)
            .limit(1)
        ).one()
        payload: dict[str, Any] = json.loads(text)
        for reading in payload["readings"]:
            if reading["item"] == item:
                reading["value"] = round(reading["value"] + 0.4, 2)
        payload["amends"] = 1
        raw = json.dumps(payload, ensure_ascii=False)
        decoded = msgspec.json.decode(raw, type=InspectionIn)
        rights = ROLE_RIGHTS["inspection_engineer"]
        submission = Submission(f"amend-{decoded.uid}"[:36], author_id, rights, decoded, raw)
        (answer,) = record_inspections(self.session, self.contract.id, [submission], at)
        if answer.result != "applied":
            raise RuntimeError(f"the demo's own amendment was refused: {answer}")
