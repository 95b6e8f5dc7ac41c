"""When the next lamps are due; the figures of the desk's own forecast."""

from __future__ import annotations

from webapp.reports.facts import MonthFacts
from webapp.reports.shape import Forecast


def forecast(_facts: MonthFacts) -> list[Forecast]:
    """Nothing yet: the desk's forecast is being made."""
    return []
