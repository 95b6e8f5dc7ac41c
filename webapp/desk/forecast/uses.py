"""What was replaced, and how much of it a month takes (clause 16)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.desk.figures.ends import Window, checklist_of, consumable_words, window
from webapp.desk.forecast.rules import spread_use
from webapp.rounds.models import ConsumableUse, RoundTask

Row = dict[str, Any]
MONTHS_AHEAD = 3
# An average is taken over a year, so that a season's habits are in it once.
AVERAGE_OVER = 12


@dataclass(frozen=True, slots=True)
class Use:
    """So many of a consumable that were replaced on a device in a month's round."""

    month: str
    device_id: int | None
    consumable: str
    quantity: int


def uses_of(session: Session, shown: Window) -> list[Use]:
    """What was replaced in a window's rounds, by the inspections that count; the oldest first."""
    months = {end.id: end.month for end in shown.ends}
    rows = session.execute(
        sa.select(
            RoundTask.round_id,
            ConsumableUse.device_id,
            ConsumableUse.consumable,
            ConsumableUse.quantity,
        )
        .join(RoundTask, RoundTask.inspection_id == ConsumableUse.inspection_id)
        .where(RoundTask.round_id.in_(shown.ids))
        .order_by(RoundTask.round_id, ConsumableUse.id)
    )
    uses = [
        Use(months[round_id], device_id, consumable, quantity)
        for round_id, device_id, consumable, quantity in rows
    ]
    return sorted(uses, key=lambda use: use.month)


def replaced_in(uses: Iterable[Use], device_id: int, consumable: str) -> set[str]:
    """The months in which a device's consumable was replaced."""
    return {
        use.month
        for use in uses
        if use.device_id == device_id and use.consumable == consumable and use.quantity > 0
    }


def consumables_used(session: Session, contract_id: int, month: str) -> list[Row]:
    """What was replaced in a month's round (耗材使用): ``consumable`` with its names, ``quantity``,
    and on how many ``devices``; the most first.

    :raise AppError: ``not_found``
    """
    shown = window(session, contract_id, month, 1)
    content = checklist_of(session, shown.last)
    totals: dict[str, int] = defaultdict(int)
    devices: dict[str, set[int | None]] = defaultdict(set)
    for use in uses_of(session, shown):
        totals[use.consumable] += use.quantity
        devices[use.consumable].add(use.device_id)
    return [
        {**named(content, key), "quantity": total, "devices": len(devices[key])}
        for key, total in sorted(totals.items(), key=lambda row: (-row[1], row[0]))
    ]


def averages(shown: Window, content: Row, uses: list[Use]) -> list[Row]:
    """The use a month of what is counted by the piece, and what it comes to in the months ahead.

    Of whole rounds, where there is one: a round under way would make it look small.
    """
    whole = [end.month for end in shown.ends if end.state != "open"] or shown.months
    whole = whole[-AVERAGE_OVER:]
    totals: dict[str, int] = defaultdict(int)
    for use in uses:
        if use.month in whole:
            totals[use.consumable] += use.quantity
    return [
        {
            **named(content, key),
            "total": total,
            "rounds": len(whole),
            "average": round(total / len(whole), 1),
            "ahead": spread_use(total, len(whole), MONTHS_AHEAD),
        }
        for key, total in sorted(totals.items(), key=lambda row: (-row[1], row[0]))
    ]


def named(content: Row, key: str) -> Row:
    """A consumable's key with its names."""
    words = consumable_words(content, key)
    return {"consumable": key, "consumable_zh": words["zh"], "consumable_en": words["en"]}
