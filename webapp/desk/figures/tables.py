"""The tables behind the charts, as files: one line a month, a type, an age, a room, a device."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from webapp.desk.figures.rules import SEVERITIES
from webapp.desk.forecast.rules import Confidence, State
from webapp.desk.words import PLACE_COLUMNS
from webapp.sheets import Column, Record, Table

_ROUND_STATES = {
    "open": ("进行中", "Under way"),
    "finished": ("已完成", "Finished"),
    "accepted": ("已验收", "Accepted"),
}
_STATES: dict[State, tuple[str, str]] = {
    "due": ("已到期", "Due"),
    "expected": ("将到期", "Expected"),
    "later": ("三年以后", "Beyond three years"),
    "idle": ("时数不增", "Hours do not rise"),
    "no_rate": ("读数不足", "Too few readings"),
    "no_limit": ("台账缺额定时数", "The register lacks the rating"),
}
_CONFIDENCES: dict[Confidence, tuple[str, str]] = {
    "good": ("可靠", "Good"),
    "fair": ("尚可", "Fair"),
    "rough": ("粗略", "Rough"),
    "none": ("无", "None"),
}
_OUTCOMES = (
    Column("normal", "正常", "Normal"),
    Column("abnormal", "异常", "Abnormal"),
    Column("not_tested", "未检", "Not tested"),
    Column("todo", "待检", "To do"),
    Column("total", "合计", "Total"),
)
_CONSUMABLE = Column("consumable", "耗材", "Consumable")
TREND = Table(
    "figures",
    ("月度统计", "Figures by month"),
    (
        Column("month", "月份", "Month"),
        Column("state", "巡检状态", "Round", _ROUND_STATES),
        *_OUTCOMES,
        Column("pass_rate", "合格率（%）", "Pass rate (%)"),
        Column("inspected", "受检会议室", "Rooms inspected"),
        Column("able", "可用会议室", "Rooms able"),
        Column("availability", "可用性（%）", "Availability (%)"),
        Column("anomalies", "异常项", "Abnormal readings"),
        Column("carried", "遗留（上期）", "Open items carried over"),
        Column("new", "新增", "New"),
        Column("closed", "关闭", "Closed"),
        Column("withdrawn", "撤回", "Withdrawn"),
        Column("standing", "遗留（期末）", "Open items at the end"),
    ),
)
TYPES = Table(
    "status-by-type",
    ("设备状态汇总", "Status by type"),
    (
        Column("type", "设备类型", "Device type"),
        *_OUTCOMES,
        Column("rate", "合格率（%）", "Pass rate (%)"),
    ),
)
AGEING = Table(
    "ageing",
    ("遗留问题账龄", "Ageing of open items"),
    (
        Column("from_months", "账龄（月）从", "Age from (months)"),
        Column("to_months", "到", "To"),
        *(Column(f"severity_{n}", f"{'一二三四'[n - 1]}级", f"Severity {n}") for n in SEVERITIES),
        Column("total", "合计", "Total"),
    ),
)
DISABLED = Table(
    "disabled-rooms",
    ("不可用会议室", "Rooms that cannot hold a meeting"),
    (*PLACE_COLUMNS[:3], Column("numbers", "遗留问题编号", "Open items")),
)
HOURS = Table(
    "forecast",
    ("更换预测", "Forecast of replacements"),
    (
        *PLACE_COLUMNS,
        Column("maker", "品牌", "Make"),
        Column("model", "型号", "Model"),
        _CONSUMABLE,
        Column("item", "检查项", "Item"),
        Column("hours", "已用（小时）", "Hours used"),
        Column("limit", "更换线（小时）", "Limit (hours)"),
        Column("read_in", "读数月份", "Read in"),
        Column("since", "上次更换", "Replaced in"),
        Column("rate", "每月（小时）", "Hours a month"),
        Column("due_month", "预计更换", "To be replaced in"),
        Column("state", "状态", "State", _STATES),
        Column("confidence", "把握", "Confidence", _CONFIDENCES),
    ),
)
USES = Table(
    "consumable-use",
    ("耗材用量", "Use of consumables"),
    (
        _CONSUMABLE,
        Column("total", "合计用量", "Used"),
        Column("rounds", "统计月数", "Months"),
        Column("average", "月均", "A month"),
    ),
)
BUY = Table(
    "to-buy",
    ("采购建议", "What to buy"),
    (
        Column("month", "月份", "Month"),
        _CONSUMABLE,
        Column("maker", "品牌", "Make"),
        Column("model", "型号", "Model"),
        Column("quantity", "数量", "Quantity"),
    ),
)


def trend_records(rows: Iterable[Record]) -> Iterable[Record]:
    """A line a month of :func:`webapp.desk.figures.months.trend`."""
    for row in rows:
        yield {
            "month": row["month"],
            "state": row["state"],
            **row["inspections"],
            "pass_rate": row["pass_rate"]["percent"],
            "inspected": row["availability"]["whole"],
            "able": row["availability"]["part"],
            "availability": row["availability"]["percent"],
            "anomalies": row["anomalies"],
            **row["open_items"],
        }


def type_records(figures: Record) -> Iterable[Record]:
    """A line a device type of a month's figures."""
    for row in figures["types"]:
        named = {"type_zh": row["zh"], "type_en": row["en"]}
        yield {**row, **named, "rate": row["pass_rate"]["percent"]}


def ageing_records(figures: Record) -> Iterable[Record]:
    """A line an age band of a month's figures."""
    for row in figures["ageing"]:
        severities = {f"severity_{n}": row["severities"][n] for n in SEVERITIES}
        yield {**row, **severities}


def buy_records(forecast: Record) -> Iterable[Record]:
    """A line a month and consumable of what is to be bought."""
    for row in forecast["buy"]:
        quantities: list[Any] = row["quantities"]
        for month, quantity in zip(forecast["months"], quantities, strict=True):
            if quantity:
                yield {**row, "month": month, "quantity": quantity}
