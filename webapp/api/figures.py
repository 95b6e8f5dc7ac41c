"""The figures over HTTP: pass rate, availability, ageing, repeat offenders, forecast."""

from __future__ import annotations

from typing import Any

from webapp.api.figure_schemas import (
    AsOfArgs,
    ForecastSchema,
    MonthFiguresSchema,
    RepeatOffenderSchema,
    TrendArgs,
    TrendSchema,
)
from webapp.api.http import CONTRACT, blueprint, require
from webapp.api.listing import file_views
from webapp.api.rounds import ROUND
from webapp.db import db
from webapp.desk.figures.months import month_figures, trend
from webapp.desk.figures.repeats import repeat_offenders
from webapp.desk.forecast.buying import consumables_forecast
from webapp.desk.other_lists import REPEAT_OFFENDERS
from webapp.identity.rules import Access

bp = blueprint("figures", "Figures: pass rate, availability, ageing, repeat offenders, forecast")


@bp.get(f"{CONTRACT}/figures")
@bp.arguments(TrendArgs, location="query")
@bp.response(200, TrendSchema)
def show_trend(args: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """The figures of the last rounds, oldest first."""
    access = require("view", contract_code)
    rows = trend(db.session(), access.contract_id, args.get("month"), args["months"])
    return {"months": rows}


@bp.get(f"{ROUND}/figures")
@bp.response(200, MonthFiguresSchema)
def show_month_figures(contract_code: str, month: str) -> dict[str, Any]:
    """All figures of a month's round, from the inspections that count."""
    access = require("view", contract_code)
    return month_figures(db.session(), access.contract_id, month)


@bp.get(f"{CONTRACT}/repeat-offenders")
@bp.arguments(AsOfArgs, location="query")
@bp.response(200, RepeatOffenderSchema(many=True))
def list_repeat_offenders(args: dict[str, Any], contract_code: str) -> list[dict[str, Any]]:
    """What was abnormal twice in a row, or in three of the last six rounds; the worst first."""
    access = require("view", contract_code)
    return _repeat_offenders(access, **args)


def _repeat_offenders(access: Access, month: str | None = None) -> list[dict[str, Any]]:
    return repeat_offenders(db.session(), access.contract_id, month)


file_views(bp, "repeat-offenders", REPEAT_OFFENDERS, AsOfArgs, _repeat_offenders)


@bp.get(f"{CONTRACT}/forecast")
@bp.arguments(AsOfArgs, location="query")
@bp.response(200, ForecastSchema)
def show_forecast(args: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """When lamps come to their limit, what else is used up, and what to buy for three months."""
    access = require("view", contract_code)
    return consumables_forecast(db.session(), access.contract_id, args.get("month"))
