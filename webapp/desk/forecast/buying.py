"""The forecast of a contract's consumables as one answer, and what to buy (clause 16)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from webapp.desk.figures.ends import checklist_of, latest_window
from webapp.desk.forecast.hours import hour_counters, hours_rows
from webapp.desk.forecast.uses import MONTHS_AHEAD, averages, uses_of
from webapp.rounds.rules import add_months

Row = dict[str, Any]
ROUNDS_BACK = 13


def consumables_forecast(session: Session, contract_id: int, month: str | None = None) -> Row:
    """What is used up, when, and what to buy for the three months after ``month`` (or the latest).

    ``hours``: a row for each counter of hours on a consumable of a living device: its place,
    ``maker``, ``model``, ``item`` and ``consumable`` with their names, ``hours`` on the present part,
    ``read_in``, ``since`` (the month of its replacement), ``not_reset``, ``limit`` and ``rate`` (hours
    a month), ``state``, ``due_month`` and ``confidence`` of :class:`~.rules.Forecast`, ``readings``
    (``month``, ``hours``) and ``replaced`` (months). The soonest first.
    ``uses``: for each other consumable, ``total`` in the last ``rounds`` whole rounds, ``average``
    a month and what that comes to in the months ``ahead``.
    ``months``: the months to buy for; ``buy``: ``consumable``, ``maker`` and ``model`` (empty where
    they don't matter), ``quantities`` by month, ``quantity`` in all. Without a round ``month`` is None
    and the lists are empty. Six statements.
    """
    shown = latest_window(session, contract_id, month, ROUNDS_BACK)
    if shown is None:
        return {"month": None, "months": [], "hours": [], "uses": [], "buy": []}
    content = checklist_of(session, shown.last)
    uses = uses_of(session, shown)
    counters = hour_counters(content)
    hours = hours_rows(session, shown, content, counters, uses)
    counted = {item["consumable"] for items in counters.values() for item in items}
    by_piece = averages(shown, content, [use for use in uses if use.consumable not in counted])
    months = [add_months(shown.last.month, ahead + 1) for ahead in range(MONTHS_AHEAD)]
    return {
        "month": shown.last.month,
        "months": months,
        "hours": hours,
        "uses": by_piece,
        "buy": to_buy(hours, by_piece, months),
    }


def to_buy(hours: Iterable[Row], by_piece: Iterable[Row], months: list[str]) -> list[Row]:
    """What to buy by the first of ``months`` and the following ones.

    Parts with a counter by maker and model, as many as come to their limit by then; what is due
    already belongs to the first month. The others by their average use.
    """
    wanted: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0] * len(months))
    for row in hours:
        if row["due_month"] is None or row["due_month"] > months[-1]:
            continue
        key = (
            row["consumable"],
            row["consumable_zh"],
            row["consumable_en"],
            row["maker"],
            row["model"],
        )
        wanted[key][max(0, months.index(max(row["due_month"], months[0])))] += 1
    for row in by_piece:
        if any(row["ahead"]):
            key = (row["consumable"], row["consumable_zh"], row["consumable_en"], "", "")
            wanted[key] = [a + b for a, b in zip(wanted[key], row["ahead"], strict=True)]
    return [
        {
            "consumable": key[0],
            "consumable_zh": key[1],
            "consumable_en": key[2],
            "maker": key[3],
            "model": key[4],
            "quantities": quantities,
            "quantity": sum(quantities),
        }
        for key, quantities in wanted.items()
    ]
