"""五、耗材使用: what was replaced in the month, and when the next lamp is due (clause 16)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from webapp.reports.facts import MonthFacts, place_of
from webapp.reports.readings import picked
from webapp.reports.sections.forecast import forecast
from webapp.reports.shape import Consumables, ConsumableTotal, ConsumableUse, Words


def consumables(facts: MonthFacts) -> Consumables:
    """What was used, and what will be."""
    used = [
        _use(facts, use, task)
        for key, task in facts.inspected.items()
        for use in facts.uses.get(key, ())
    ]
    return {"used": used, "totals": _totals(facts), "forecast": forecast(facts)}


def consumable_words(content: Mapping[str, Any], key: str) -> Words:
    """The names of a consumable."""
    return picked(content.get("consumables", []), key)


def _use(facts: MonthFacts, use: Any, task: Any) -> ConsumableUse:
    return {
        "consumable": consumable_words(facts.content, use.consumable),
        "place": place_of(task.room, task.building),
        "device": facts.device_ref(task.device) if task.device else None,
        "quantity": use.quantity,
        "used_on": use.used_on.isoformat(),
    }


def _totals(facts: MonthFacts) -> list[ConsumableTotal]:
    totals: Counter[str] = Counter()
    for use in facts.uses_of(facts.uses):
        totals[use.consumable] += use.quantity
    return [
        {"consumable": consumable_words(facts.content, key), "quantity": quantity}
        for key, quantity in sorted(totals.items())
    ]
