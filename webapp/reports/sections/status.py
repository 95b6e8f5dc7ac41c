"""二、设备状态汇总: outcomes by type, pass rate 合格率, availability 可用性, and six months of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.reports.facts import MonthFacts
from webapp.reports.figures import Figures, Row, device_row, place_row, rate_of
from webapp.reports.readings import joined, typed
from webapp.reports.shape import (
    OutcomeCounts,
    Repeat,
    Status,
    TrendMonth,
    TypeStatus,
    Unavailable,
    Words,
)


def status(facts: MonthFacts, figures: Figures) -> Status:
    """How the devices and rooms are: the desk's own figures."""
    month = figures.month
    reasons = {row["number"]: _reason(row) for row in figures.open_items}
    return {
        "by_type": [_type(row) for row in month["types"]],
        "total": _counts(month["inspections"]),
        "pass_rate": rate_of(month["pass_rate"]),
        "availability": rate_of(month["availability"]),
        "disabling_severity": month["disabling_severity"],
        "unavailable": [_unavailable(row, reasons) for row in month["rooms"]["disabled"]],
        "trend": [_trend(row) for row in figures.trend],
        "repeats": [_repeat(facts, row) for row in figures.repeats],
    }


def _counts(row: Row) -> OutcomeCounts:
    return {
        "todo": row["todo"],
        "normal": row["normal"],
        "abnormal": row["abnormal"],
        "not_tested": row["not_tested"],
        "total": row["total"],
        "done": row["done"],
    }


def _type(row: Row) -> TypeStatus:
    return {
        "type": row["type"],
        "name": {"zh": row["zh"], "en": row["en"]},
        "counts": _counts(row),
        "pass_rate": rate_of(row["pass_rate"]),
    }


def _unavailable(row: Row, reasons: Mapping[int, Words]) -> Unavailable:
    return {
        "place": place_row(row),
        "numbers": row["numbers"],
        "reasons": [reasons[number] for number in row["numbers"] if number in reasons],
    }


def _reason(row: Row) -> Words:
    """What an open item says of its room, in one line."""
    name = typed(row["device_name"] or "")
    item: Words = {"zh": row["item_zh"] or "", "en": row["item_en"] or ""}
    return joined(name, item, typed(row["text"]), zh="：", en=": ")


def _trend(row: Row) -> TrendMonth:
    items = row["open_items"]
    return {
        "month": row["month"],
        "counts": _counts(row["inspections"]),
        "pass_rate": rate_of(row["pass_rate"]),
        "availability": rate_of(row["availability"]),
        "anomalies": row["anomalies"],
        "new": items["new"],
        "closed": items["closed"],
        "open": items["standing"],
    }


def _repeat(facts: MonthFacts, row: Mapping[str, Any]) -> Repeat:
    return {
        "place": place_row(row),
        "device": device_row(facts, row),
        "item": {"zh": row["item_zh"], "en": row["item_en"]},
        "in_a_row": row["in_a_row"],
        "of_last": row["of_last"],
        "open_items": row["open_items"],
    }
