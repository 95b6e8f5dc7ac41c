"""The desk's figures of a month, read once for all sections: the report has no arithmetic of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webapp.desk.figures.ends import window
from webapp.desk.figures.months import month_figures_of, trend_of
from webapp.desk.figures.repeats import repeat_offenders
from webapp.desk.figures.standing import History, open_items_of_round
from webapp.desk.forecast.buying import consumables_forecast
from webapp.desk.forecast.uses import consumables_used
from webapp.reports.facts import MonthFacts, both
from webapp.reports.shape import DeviceRef, Place, Rate

TREND_ROUNDS = 6
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Figures:
    """What :mod:`webapp.desk.figures` and :mod:`webapp.desk.forecast` say of the month."""

    month: Row
    trend: Sequence[Row]
    open_items: Sequence[Row]
    repeats: Sequence[Row]
    forecast: Row
    used: Sequence[Row]


def read_figures(facts: MonthFacts) -> Figures:
    """The month's figures, in a fixed number of statements."""
    session, contract_id, month = facts.session, facts.contract.id, facts.month
    shown = window(session, contract_id, month, TREND_ROUNDS)
    history = History(session, shown)
    return Figures(
        month=month_figures_of(session, shown, history),
        trend=trend_of(session, shown, history),
        open_items=open_items_of_round(session, history, shown.last, facts.now),
        repeats=repeat_offenders(session, contract_id, month),
        forecast=consumables_forecast(session, contract_id, month),
        used=consumables_used(session, contract_id, month),
    )


def read_open_items(facts: MonthFacts) -> list[dict[str, Any]]:
    """The month's open items alone."""
    shown = window(facts.session, facts.contract.id, facts.month, 1)
    return open_items_of_round(facts.session, History(facts.session, shown), shown.last, facts.now)


def rate_of(share: Row) -> Rate:
    """A share as documents tell it."""
    return {"count": share["part"], "of": share["whole"], "percent": share["percent"]}


def place_row(row: Row) -> Place:
    """The place of a row of the desk's lists."""
    return {
        "room_id": row["room_id"],
        "room": both(row["room_zh"], row["room_en"]),
        "building": both(row["building_zh"], row["building_en"]),
        "floor": row["floor"],
    }


def device_row(facts: MonthFacts, row: Row) -> DeviceRef | None:
    """The device of a row of the desk's lists; one that is no more in the round by its name alone."""
    if row["device_id"] is None:
        return None
    device = facts.devices.get(row["device_id"])
    if device is not None:
        return facts.device_ref(device)
    return {
        "id": row["device_id"],
        "type": row["type"],
        "type_name": facts.type_name(row["type"]),
        "name": row["device_name"],
        "asset_number": "",
        "label": facts.labels.get(row["device_id"], ""),
        "maker": "",
        "model": "",
    }
