"""The tables behind the charts as files, each beside the figures that it holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from webapp.api.figure_schemas import AsOfArgs, TrendArgs
from webapp.api.http import Schema, blueprint
from webapp.api.listing import file_views
from webapp.db import db
from webapp.desk.figures import tables
from webapp.desk.figures.months import month_figures, trend
from webapp.desk.forecast.buying import consumables_forecast
from webapp.identity.rules import Access
from webapp.sheets import Record

bp = blueprint("figure_files", "Figures as files")


def _trend(access: Access, months: int, month: str | None = None) -> Iterable[Record]:
    rows = trend(db.session(), access.contract_id, month, months)
    return tables.trend_records(rows)


def _month(access: Access, month: str) -> Record:
    return month_figures(db.session(), access.contract_id, month)


def _forecast(access: Access, month: str | None = None) -> dict[str, Any]:
    return consumables_forecast(db.session(), access.contract_id, month)


_MONTH = "rounds/<string:month>"
file_views(bp, "figures", tables.TREND, TrendArgs, _trend)
file_views(
    bp,
    f"{_MONTH}/figures/types",
    tables.TYPES,
    Schema,
    lambda access, month: tables.type_records(_month(access, month)),
)
file_views(
    bp,
    f"{_MONTH}/figures/ageing",
    tables.AGEING,
    Schema,
    lambda access, month: tables.ageing_records(_month(access, month)),
)
file_views(
    bp,
    f"{_MONTH}/figures/disabled-rooms",
    tables.DISABLED,
    Schema,
    lambda access, month: _month(access, month)["rooms"]["disabled"],
)
file_views(
    bp,
    "forecast",
    tables.HOURS,
    AsOfArgs,
    lambda access, **asked: _forecast(access, **asked)["hours"],
)
file_views(
    bp,
    "forecast/uses",
    tables.USES,
    AsOfArgs,
    lambda access, **asked: _forecast(access, **asked)["uses"],
)
file_views(
    bp,
    "forecast/purchases",
    tables.BUY,
    AsOfArgs,
    lambda access, **asked: tables.buy_records(_forecast(access, **asked)),
)
