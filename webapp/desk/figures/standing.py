"""Open items as they stood at the ends of the rounds: flow, ageing, and the rooms that they disable.

What was said of an item later, or in a record that was set aside, is not heard: a past month's
figures stay what they were (clause 18).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.desk.figures.ends import RoundEnd, Window
from webapp.desk.figures.rules import AGE_BANDS, ageing, kind_of_change, state_at_end
from webapp.desk.open_item_list import OPEN_ITEMS, dress_open_items
from webapp.rounds.models import OpenItem, RoundTask
from webapp.rounds.open_items import said_of
from webapp.rounds.rules import ItemState, Said, age_in_months

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Past:
    """An open item with all that was said of it."""

    id: int
    number: int
    room_id: int
    device_id: int | None
    opened_month: str
    closed_month: str | None
    withdrawn_at: datetime | None
    sayings: list[Said]

    def lives(self, end: RoundEnd) -> bool:
        """Whether there is anything to say of it at the end of a round: before it was found nobody
        spoke of it, and after the month in which it was solved for good it stays solved."""
        closed = self.closed_month is None or end.month <= self.closed_month
        return closed and self.opened_month <= end.month

    def at(self, end: RoundEnd) -> ItemState | None:
        """What it was at the end of a round."""
        withdrawn_at = self.withdrawn_at if end.heard(self.withdrawn_at) else None
        return state_at_end(self.sayings, end.month, withdrawn_at)


@dataclass(frozen=True, slots=True)
class Standing:
    """An open item that stood at the end of a round, and the room in which it stood."""

    number: int
    room_id: int
    severity: int
    age_months: int


@dataclass(frozen=True, slots=True)
class Changed:
    """How an open item came through a round; ``kind`` is that of ``kind_of_change``."""

    past: Past
    kind: str
    state: ItemState


class History:
    """The open items of a window's rounds, read in three statements."""

    def __init__(self, session: Session, window: Window) -> None:
        self.window = window
        items = _items(session, window)
        self._rooms = _rooms_of_devices(session, window, items)
        self._states = {
            end.month: {item.id: (item, item.at(end)) for item in items if item.lives(end)}
            for end in (window.before, *window.ends)
        }

    def standing(self, end: RoundEnd) -> list[Standing]:
        """What stood at the end of a round, by number."""
        found = []
        for item, state in self._states[end.month].values():
            if state is not None and state.state == "open":
                room_id = self._rooms.get((end.id, item.device_id), item.room_id)
                age = age_in_months(state.opened_month, end.month)
                found.append(Standing(item.number, room_id, state.severity, age))
        return found

    def changes(self, end: RoundEnd) -> Iterator[Changed]:
        """The items that stood before a round, or came in it, with what became of them."""
        before = self._states[self._before(end).month]
        for item, state in self._states[end.month].values():
            _item, was = before.get(item.id, (item, None))
            kind = kind_of_change(was, state, end.month)
            shown = state or was
            if kind and shown is not None:
                yield Changed(item, kind, shown)

    def _before(self, end: RoundEnd) -> RoundEnd:
        place = self.window.ends.index(end)
        return self.window.ends[place - 1] if place else self.window.before


def _items(session: Session, window: Window) -> list[Past]:
    """The items that stood at some time of the window."""
    rows = session.execute(
        sa.select(
            OpenItem.id,
            OpenItem.number,
            OpenItem.room_id,
            OpenItem.device_id,
            OpenItem.opened_month,
            OpenItem.closed_month,
            OpenItem.withdrawn_at,
        )
        .where(
            OpenItem.contract_id == window.contract_id,
            OpenItem.opened_month <= window.last.month,
            sa.or_(OpenItem.closed_month.is_(None), OpenItem.closed_month >= window.ends[0].month),
        )
        .order_by(OpenItem.number)
    ).all()
    sayings = said_of(session, [row.id for row in rows]) if rows else {}
    return [Past(*row, sayings=sayings.get(row.id, [])) for row in rows]


def _rooms_of_devices(
    session: Session, window: Window, items: Collection[Past]
) -> dict[tuple[int, int | None], int]:
    """In which room a device stood in a round, by the round's and the device's id."""
    devices = {item.device_id for item in items if item.device_id is not None}
    rows = session.execute(
        sa.select(RoundTask.round_id, RoundTask.device_id, RoundTask.room_id).where(
            RoundTask.round_id.in_(window.ids), RoundTask.device_id.in_(devices)
        )
    )
    return {(round_id, device_id): room_id for round_id, device_id, room_id in rows}


def ageing_rows(standing: Collection[Standing]) -> list[Row]:
    """Open items by age and severity: ``{"from_months", "to_months", "severities": {1: n, …}, "total"}``.

    ``to_months`` is None for the last band, which has no end.
    """
    bands = ageing((item.age_months, item.severity) for item in standing)
    return [
        {
            "from_months": low,
            "to_months": high,
            "severities": severities,
            "total": sum(severities.values()),
        }
        for (low, high), severities in zip(AGE_BANDS, bands, strict=True)
    ]


def open_items_of_round(
    session: Session, history: History, end: RoundEnd, now: datetime
) -> list[Row]:
    """The list of open items of a month's round (遗留问题清单), as they were at its end.

    The rows are those of the list of open items, with ``change`` beside: carried, new, new_closed,
    closed or withdrawn; ``state``, ``severity``, ``age_months``, ``closed_month`` and the words are
    those of the end of the round. Three more statements, whatever the number.
    """
    changed = {change.past.id: change for change in history.changes(end)}
    rows = session.execute(
        OPEN_ITEMS.select.where(OpenItem.id.in_(changed)).order_by(OpenItem.number)
    ).all()
    dressed = dress_open_items(session, history.window.contract_id, rows, now)
    return [
        {**shown, **_as_it_was(changed[row.OpenItem.id], end)}
        for row, shown in zip(rows, dressed, strict=True)
    ]


def _as_it_was(change: Changed, end: RoundEnd) -> Row:
    state = change.state
    return {
        "change": change.kind,
        "state": "withdrawn" if change.kind == "withdrawn" else state.state,
        "severity": state.severity,
        "text": state.text,
        "opened_month": state.opened_month,
        "closed_month": state.closed_month,
        "age_months": age_in_months(state.opened_month, state.closed_month or end.month),
    }
