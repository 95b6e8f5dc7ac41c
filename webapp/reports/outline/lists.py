"""三 anomalies, 四 open items, 五 consumables, and the lists of a correction's changes. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from webapp.reports import words
from webapp.reports.outline.tables import (
    Column,
    Lines,
    Section,
    Table,
    Value,
    count,
    day,
    device_columns,
    head,
    label,
    place_columns,
    place_with_device,
    severity_column,
    text,
)
from webapp.reports.shape import (
    AgeBand,
    Anomaly,
    Change,
    Consumables,
    ConsumableTotal,
    ConsumableUse,
    Forecast,
    OpenItem,
    OpenItems,
    Words,
)
from webapp.reports.wording import band_words, filled, named, severity_words

SEVERITIES = ("1", "2", "3", "4")


def changes_section(rows: Sequence[Change]) -> Section:
    """更正内容: what a correction changed."""
    columns: list[Column[Change]] = [
        text("changed", lambda row: row["what"], 70, 40),
        text("before", lambda row: row["before"], 56, 28),
        text("after", lambda row: row["after"], 56, 28),
    ]
    title = words.TITLES["changes_list"]
    return Section(
        "changes_list", title, words.SHEETS["changes_list"], [Table(columns, rows, in_view=True)]
    )


# --- 三


def anomaly_what(row: Anomaly) -> Words:
    """The item that was abnormal, or that it was found outside the test."""
    return label("finding") if row["item"] is None else row["item"]


def anomaly_result(row: Anomaly) -> Words:
    """What became of it."""
    if row["fixed"]:
        return label("fixed")
    if row["open_item"] is None:
        return {"zh": "", "en": ""}
    return filled("open_item", {"number": row["open_item"]})


def _bad(_row: Anomaly) -> str:
    return "abnormal"


def anomaly_table(rows: Sequence[Anomaly]) -> Table:
    """三、异常明细 as a list; photos are the format's own affair."""
    columns: list[Column[Anomaly]] = [
        count("seq", lambda row: row["seq"], 0, 5),
        *place_columns(lambda row: row["place"], 0),
        *device_columns(lambda row: row["device"], 0),
        text("item_or_finding", anomaly_what, 0, 12),
        Column(head("reading"), lambda row: row["reading"], 0, 10, state=_bad),
        text("normal_range", lambda row: row["normal"], 0, 10),
        severity_column(lambda row: row["severity"], 0),
        text("remark", lambda row: row["text"], 0, 24),
        text("cause", lambda row: row["cause"], 0, 12),
        text("action", lambda row: row["action"], 0, 12),
        text("result", anomaly_result, 0, 12),
        count("months_in_a_row", lambda row: row["months"], 0, 8),
        text("inspector", lambda row: row["inspector"], 0, 9),
        day("date", lambda row: row["inspected_on"], 0),
    ]
    return Table(columns, rows, empty=label("no_anomalies"), in_view=True)


def anomalies_section(rows: Sequence[Anomaly]) -> Section:
    """三、异常明细."""
    title = words.TITLES["anomalies"]
    return Section("anomalies", title, words.SHEETS["anomalies"], [anomaly_table(rows)])


# --- 四


def open_items_section(it: OpenItems) -> Section:
    """四、遗留问题清单, and how old they are."""
    parts: list[Table | Lines] = [
        Lines([filled("flow", it["counts"])]),
        _items(it["items"]),
    ]
    if it["counts"]["open"] > 0:
        parts.append(_ageing(it["ageing"]))
    return Section("open_items", words.TITLES["open_items"], words.SHEETS["open_items"], parts)


def _items(rows: Sequence[OpenItem]) -> Table:
    columns: list[Column[OpenItem]] = [
        Column(head("number"), lambda row: f"#{row['number']}", 12, 0, only="docx"),
        Column(head("number"), lambda row: row["number"], 0, 7, "count", only="xlsx"),
        *place_with_device(lambda row: row["place"], lambda row: row["device"], 33),
        Column(head("what"), _what, 34, 0, only="docx"),
        text("item", _item, 0, 14, "xlsx"),
        text("what", lambda row: row["text"], 0, 24, "xlsx"),
        Column(head("action"), _done, 33, 0, only="docx"),
        text("cause", lambda row: row["cause"], 0, 12, "xlsx"),
        text("action", lambda row: row["action"], 0, 14, "xlsx"),
        text("remark", lambda row: row["remark"], 0, 20, "xlsx"),
        severity_column(lambda row: row["severity"], 17),
        count("age", lambda row: row["age_months"], 17, 9),
        Column(head("change"), lambda row: named("changes", row["change"]), 17, 12, state=_standing),
        Column(head("owner"), _owner, 23, 0, only="docx"),
        text("opened_month", lambda row: row["opened_month"], 0, 9, "xlsx"),
        text("closed_month", lambda row: row["closed_month"], 0, 9, "xlsx"),
        text("owner", lambda row: row["owner"], 0, 10, "xlsx"),
        Column(head("due"), lambda row: row["due_on"], 0, 11, "day", only="xlsx"),
        Column(label("overdue"), _overdue, 0, 9, state=lambda row: "abnormal" if row["overdue"] else "", only="xlsx"),
    ]  # fmt: skip
    return Table(columns, rows, empty=label("no_open_items"), in_view=True)


def _item(row: OpenItem) -> Value:
    return label("finding") if row["item"] is None else row["item"]


def _what(row: OpenItem) -> Value:
    lines: list[Words | str] = [row["item"]] if row["item"] else []
    return [*lines, *([row["text"]] if row["text"] else [])]


def _done(row: OpenItem) -> Value:
    named_ones = [name for name in (row["cause"], row["action"]) if name["zh"] or name["en"]]
    return [*named_ones, *([row["remark"]] if row["remark"] else [])]


def _standing(row: OpenItem) -> str:
    return {"new": "attention", "closed": "normal", "new_closed": "normal"}.get(row["change"], "")


def _owner(row: OpenItem) -> Value:
    lines: list[Words | str] = [row["owner"]] if row["owner"]["zh"] else []
    if row["due_on"]:
        lines.append(row["due_on"])
    return [*lines, *([label("overdue")] if row["overdue"] else [])]


def _overdue(row: OpenItem) -> Value:
    return label("overdue") if row["overdue"] else None


def severity_count(severity: str) -> Column[AgeBand]:
    """How many of a band have this severity."""
    return count(severity_words(severity), lambda row: row["severities"].get(severity, 0), 26, 12)


def _ageing(bands: Sequence[AgeBand]) -> Table:
    columns: list[Column[AgeBand]] = [
        text("age_band", band_words, 52, 22),
        *(severity_count(severity) for severity in SEVERITIES),
        count("total", lambda row: row["count"], 26),
    ]
    return Table(columns, bands, label("ageing"), chart="ageing", sheet=words.SHEETS["ageing"])


# --- 五


def consumables_section(it: Consumables) -> Section:
    """五、耗材使用, and when the lamps come to their limit."""
    parts = [_used(it["used"]), _totals(it["totals"]), _forecast(it["forecast"])]
    return Section("consumables", words.TITLES["consumables"], words.SHEETS["consumables"], parts)


def _used(rows: Sequence[ConsumableUse]) -> Table:
    columns: list[Column[ConsumableUse]] = [
        *place_columns(lambda row: row["place"], 53),
        *device_columns(lambda row: row["device"], 50),
        text("consumable", lambda row: row["consumable"], 34, 16),
        count("quantity", lambda row: row["quantity"], 19),
        day("used_on", lambda row: row["used_on"], 26),
    ]
    return Table(columns, rows, label("used"), label("none_used"), filtered=True)


def _totals(rows: Sequence[ConsumableTotal]) -> Table:
    columns: list[Column[ConsumableTotal]] = [
        text("consumable", lambda row: row["consumable"], 90, 14),
        count("quantity", lambda row: row["quantity"], 46, 10),
        count("devices", lambda row: row["devices"], 46, 12),
    ]
    return Table(columns, rows, label("used_totals"), label("none_used"))


def _forecast(rows: Sequence[Forecast]) -> Table:
    columns: list[Column[Forecast]] = [
        *place_columns(lambda row: row["place"], 35),
        *device_columns(lambda row: row["device"], 36),
        text("item", lambda row: row["item"], 21, 14),
        Column(head("hours"), lambda row: row["hours"], 16, 11, "hours"),
        Column(head("limit"), lambda row: row["limit"], 18, 11, "hours"),
        Column(head("rate"), lambda row: row["rate"], 14, 10, "hours"),
        Column(head("expected"), _expected, 21, 16, state=_due),
        text("confidence", lambda row: named("confidences", row["confidence"]), 21, 10),
    ]
    empty = label("no_forecast")
    name = words.SHEETS["forecast"]
    return Table(columns, rows, label("forecast"), empty, sheet=name, in_view=True)


def _expected(row: Forecast) -> Value:
    is_told = row["state"] == "expected" and row["month"]
    return row["month"] if is_told else named("forecast_states", row["state"])


def _due(row: Forecast) -> str:
    return "attention" if row["state"] == "due" else ""
