"""The open items that a batch of inspections touches, held in memory until they are written.

An open item is never changed directly: inspections say something of it, and :func:`item_state` makes
it what all of them say. So an amendment only takes back what its inspection had said before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.rounds.models import Inspection, OpenItemAnswer
from webapp.rounds.rules import DEFAULT_SEVERITY, ItemState, Said, item_state, place_key

Place = tuple[int | None, int | None]
# Plain statements have changed these rows since the session read them, earlier in the same batch.
AFRESH = {"populate_existing": True}


@dataclass(eq=False, slots=True)
class LedgerItem:
    """One open item; ``id`` is None until it is written, ``sayings`` is all that was said of it."""

    number: int
    room_id: int
    device_id: int | None
    item: str | None
    finding_uid: str | None
    state: ItemState
    id: int | None = None
    withdrawn: bool = False
    sayings: list[Said] = field(default_factory=list)
    touched: bool = False

    @property
    def place(self) -> Place:
        """What it is an open item of."""
        return place_key(self.room_id, self.device_id)

    @property
    def is_open(self) -> bool:
        """Whether it still waits to be solved."""
        return not self.withdrawn and self.state.state == "open"

    def spans(self, month: str) -> bool:
        """Whether a saying of ``month`` belongs to it: it was open then, even if solved since."""
        if self.is_open:
            return True
        closed = self.state.closed_month
        return not self.withdrawn and closed is not None and closed > month

    def said_by(self, inspection: Any) -> bool:
        """Whether the inspection said anything of it."""
        return any(said.inspection == inspection for said in self.sayings)

    def settle(self) -> None:
        """Become what the sayings make of it; withdrawn when none is left."""
        state = item_state(self.sayings)
        self.withdrawn = state is None
        self.state = state or self.state


class Ledger:
    """The open items of the places in a batch, and the next free number (under the sequence's lock)."""

    def __init__(self, items: Iterable[LedgerItem], next_number: int) -> None:
        self.first_number = self.next_number = next_number
        self._by_number: dict[int, LedgerItem] = {}
        self._by_place: dict[Place, list[LedgerItem]] = defaultdict(list)
        for item in items:
            self._add(item)

    def _add(self, item: LedgerItem) -> None:
        self._by_number[item.number] = item
        self._by_place[item.place].append(item)

    def numbered(self, number: int) -> LedgerItem | None:
        """The item of that number, if it is one of the batch's."""
        return self._by_number.get(number)

    def open_at(self, place: Place) -> list[LedgerItem]:
        """What is open at a place."""
        return [item for item in self._by_place.get(place, ()) if item.is_open]

    def touched(self) -> list[LedgerItem]:
        """What has to be written, in the order of numbers."""
        return sorted(
            (item for item in self._by_number.values() if item.touched), key=lambda i: i.number
        )

    def take_back(self, place: Place, inspection: Any) -> list[LedgerItem]:
        """Take back all that an inspection said; the items that it had opened or spoken of."""
        spoken_of = [
            item
            for item in self._by_place.get(place, ())
            if item.said_by(inspection) or item.state.opened_inspection == inspection
        ]
        for item in spoken_of:
            item.sayings = [said for said in item.sayings if said.inspection != inspection]
            item.touched = True
            item.settle()
        return spoken_of

    def find(
        self, place: Place, item_key: str, month: str, before: Iterable[LedgerItem]
    ) -> LedgerItem | None:
        """The item that an abnormal reading continues.

        One that this inspection had spoken of in an earlier revision comes first, so that it keeps
        its number.
        """
        for item in before:
            if item.item == item_key:
                return item
        candidates = (i for i in self._by_place.get(place, ()) if i.item == item_key)
        return next((item for item in candidates if item.spans(month)), None)

    def found_as(self, finding_uid: str, before: Iterable[LedgerItem]) -> LedgerItem | None:
        """The item that an earlier revision of this inspection had made of a finding."""
        return next((item for item in before if item.finding_uid == finding_uid), None)

    def make(
        self,
        room_id: int,
        device_id: int | None,
        *,
        month: str,
        at: datetime,
        item: str | None = None,
        finding_uid: str | None = None,
    ) -> LedgerItem:
        """A new item, with the next number for life; what it is follows from what is said of it."""
        state = ItemState(
            "open", month, at, None, None, None, DEFAULT_SEVERITY, text="", cause="", action=""
        )
        made = LedgerItem(self.next_number, room_id, device_id, item, finding_uid, state)
        self.next_number += 1
        self._add(made)
        return made

    def say(self, item: LedgerItem, said: Said) -> None:
        """Let an inspection say something of an item; its last word counts."""
        others = [row for row in item.sayings if row.inspection != said.inspection]
        item.sayings = [*others, said]
        item.touched = True
        item.settle()


def said_of(session: Session, item_ids: Collection[int]) -> dict[int, list[Said]]:
    """All that inspections said of these open items, by the item's id."""
    rows = session.execute(
        sa.select(OpenItemAnswer, Inspection.picked)
        .join(Inspection, Inspection.id == OpenItemAnswer.inspection_id)
        .where(OpenItemAnswer.open_item_id.in_(item_ids)),
        execution_options=AFRESH,
    )
    sayings: dict[int, list[Said]] = defaultdict(list)
    for answer, picked in rows:
        order = saying_order(answer.month, answer.answered_at, answer.inspection_id, picked=picked)
        sayings[answer.open_item_id].append(
            Said(
                order=order,
                answer=answer.answer,
                month=answer.month,
                at=answer.answered_at,
                inspection=answer.inspection_id,
                severity=answer.severity,
                cause=answer.cause,
                action=answer.action,
                remark=answer.remark,
            )
        )
    return sayings


def saying_order(month: str, at: datetime, rank: int, *, picked: bool) -> tuple[Any, ...]:
    """How sayings follow each other: of one month's pair, the one that the supervisor picked is last."""
    return (month, picked, at, rank)
