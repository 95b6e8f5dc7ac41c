"""The open items that a batch of inspections touches, held in memory until they are written.

An open item is never changed directly: inspections say something of it, and :func:`item_state` makes
it what all of them say. So an amendment only takes back what its inspection had said before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.rounds.models import Inspection, OpenItem, OpenItemAnswer
from webapp.rounds.rules import DEFAULT_SEVERITY, ItemState, Said, item_state, place_key

Place = tuple[int | None, int | None]
# Plain statements have changed these rows since the session read them, earlier in the same batch.
AFRESH = {"populate_existing": True}


@dataclass(eq=False, slots=True)
class LedgerItem:
    """One open item; ``id`` is None until it is written, ``sayings`` is all that was said of it.

    ``was`` is the state that it was read in, ``touched_by`` the inspection that last changed it.
    """

    number: int
    room_id: int
    device_id: int | None
    item: str | None
    finding_uid: str | None
    state: ItemState
    id: int | None = None
    was: str = ""
    withdrawn_at: datetime | None = None
    sayings: list[Said] = field(default_factory=list)
    touched_by: Any = None

    @property
    def place(self) -> Place:
        """What it is an open item of."""
        return place_key(self.room_id, self.device_id)

    @property
    def is_open(self) -> bool:
        """Whether it still waits to be solved."""
        return self.state.state == "open"

    def spans(self, month: str) -> bool:
        """Whether a find of ``month`` is of it: it was open then, even if solved since.

        Solved in the same month is by the other of a pair, and only one of the two can be right.
        """
        closed = self.state.closed_month
        return self.is_open or (closed is not None and closed >= month)

    def said_by(self, inspection: Any) -> bool:
        """Whether the inspection said anything of it."""
        return any(said.inspection == inspection for said in self.sayings)

    def settle(self) -> None:
        """Become what the sayings make of it; withdrawn when none is left."""
        gone = replace(self.state, state="withdrawn", closed_month=None, closed_at=None)
        self.state = item_state(self.sayings, self.withdrawn_at) or gone

    def columns(self) -> dict[str, Any]:
        """The row's columns that follow from its state."""
        state = self.state
        return {
            "text": state.text,
            "cause": state.cause,
            "action": state.action,
            "severity": state.severity,
            "state": state.state,
            "opened_month": state.opened_month,
            "opened_at": state.opened_at,
            "opened_inspection_id": state.opened_inspection,
            "closed_month": state.closed_month,
            "closed_at": state.closed_at,
        }


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
            (item for item in self._by_number.values() if item.touched_by is not None),
            key=lambda item: item.number,
        )

    def take_back(self, inspection: Any) -> list[LedgerItem]:
        """Take back all that an inspection said; the items that it had opened or spoken of.

        Wherever they are now: those of a device that was replaced have gone over to the next one.
        """
        spoken_of = [
            item
            for item in self._by_number.values()
            if item.said_by(inspection) or item.state.opened_inspection == inspection
        ]
        for item in spoken_of:
            item.sayings = [said for said in item.sayings if said.inspection != inspection]
            item.touched_by = inspection
            item.settle()
        return spoken_of

    def hear_again(self, inspections: Collection[Any], because_of: Any) -> None:
        """Listen again to inspections that were set aside: the choice between them is void."""
        for item in self._by_number.values() if inspections else ():
            if any(item.said_by(inspection) for inspection in inspections):
                item.sayings = [
                    replace(said, choice="") if said.inspection in inspections else said
                    for said in item.sayings
                ]
                item.touched_by = because_of
                item.settle()

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
        item.touched_by = said.inspection
        item.settle()


def said_of(session: Session, item_ids: Collection[int]) -> dict[int, list[Said]]:
    """All that inspections said of these open items, by the item's id."""
    said = OpenItemAnswer
    # Columns and no objects: a screen asks for thousands, and nobody changes these.
    rows = session.execute(
        sa.select(
            said.open_item_id,
            said.answer,
            said.month,
            said.answered_at,
            said.inspection_id,
            Inspection.choice,
            said.severity,
            said.cause,
            said.action,
            said.remark,
        )
        .join(Inspection, Inspection.id == said.inspection_id)
        .where(said.open_item_id.in_(item_ids))
    )
    sayings: dict[int, list[Said]] = defaultdict(list)
    for item_id, answer, month, at, inspection, *rest in rows:
        sayings[item_id].append(Said(answer, month, at, inspection, inspection, *rest))
    return sayings


def with_sayings(session: Session, rows: Sequence[OpenItem]) -> list[LedgerItem]:
    """The rows as the ledger holds them, each with all that was said of it."""
    sayings = said_of(session, [row.id for row in rows]) if rows else {}
    return [_ledger_item(row, sayings.get(row.id, [])) for row in rows]


def _ledger_item(row: OpenItem, sayings: list[Said]) -> LedgerItem:
    state = ItemState(
        state=row.state,
        opened_month=row.opened_month,
        opened_at=row.opened_at,
        opened_inspection=row.opened_inspection_id,
        closed_month=row.closed_month,
        closed_at=row.closed_at,
        severity=row.severity,
        text=row.text,
        cause=row.cause,
        action=row.action,
    )
    return LedgerItem(
        id=row.id,
        number=row.number,
        room_id=row.room_id,
        device_id=row.device_id,
        item=row.item,
        finding_uid=row.finding_uid,
        state=state,
        was=row.state,
        withdrawn_at=row.withdrawn_at,
        sayings=sayings,
    )


def settle_rows(session: Session, rows: Sequence[OpenItem]) -> list[tuple[int, str, str]]:
    """Bring rows up to what is said of them; number, former and new state of those that turned."""
    turned = []
    for row, item in zip(rows, with_sayings(session, rows), strict=True):
        item.settle()
        for name, value in item.columns().items():
            if getattr(row, name) != value:
                setattr(row, name, value)
        if row.state != item.was:
            turned.append((row.number, item.was, row.state))
    return turned
