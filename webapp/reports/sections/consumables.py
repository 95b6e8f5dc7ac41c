"""五、耗材使用: what was replaced in the month, and when the next lamp is due (clause 16)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.reports.facts import MonthFacts, TaskFacts, place_of
from webapp.reports.figures import Figures, Row, device_row, place_row
from webapp.reports.readings import picked
from webapp.reports.shape import Consumables, ConsumableUse, Forecast, Words
from webapp.rounds import models


def consumables(facts: MonthFacts, figures: Figures) -> Consumables:
    """What was used, and what will be."""
    return {
        "used": [
            _use(facts, use, task)
            for key, task in facts.inspected.items()
            for use in facts.uses.get(key, ())
        ],
        "totals": [
            {
                "consumable": _named(row),
                "quantity": row["quantity"],
                "devices": row["devices"],
            }
            for row in figures.used
        ],
        "forecast": [
            forecast
            for row in figures.forecast["hours"]
            if (forecast := _forecast(facts, row)) is not None
        ],
    }


def consumable_words(content: Mapping[str, Any], key: str) -> Words:
    """The names of a consumable."""
    return picked(content.get("consumables", []), key)


def _named(row: Row) -> Words:
    return {"zh": row["consumable_zh"], "en": row["consumable_en"]}


def _use(facts: MonthFacts, use: models.ConsumableUse, task: TaskFacts) -> ConsumableUse:
    return {
        "consumable": consumable_words(facts.content, use.consumable),
        "place": place_of(task.room, task.building),
        "device": facts.device_ref(task.device) if task.device else None,
        "quantity": use.quantity,
        "used_on": use.used_on.isoformat(),
    }


def _forecast(facts: MonthFacts, row: Row) -> Forecast | None:
    device = device_row(facts, row)
    if device is None:
        return None
    return {
        "place": place_row(row),
        "device": device,
        "item": {"zh": row["item_zh"], "en": row["item_en"]},
        "consumable": _named(row),
        "hours": row["hours"],
        "limit": row["limit"],
        "rate": row["rate"],
        "month": row["due_month"],
        "state": row["state"],
        "confidence": row["confidence"],
    }
