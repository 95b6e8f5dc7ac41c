"""Summary, 一 overview and 二 status: the sections of figures. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
    numbers,
    outcome_column,
    place_columns,
    text,
)
from webapp.reports.shape import (
    Anomaly,
    Dates,
    Missed,
    OutcomeCounts,
    Overview,
    PersonWork,
    Repeat,
    ReportContent,
    Status,
    TrendMonth,
    TypeStatus,
    Unavailable,
    Words,
)
from webapp.reports.wording import dates_words, filled, named, percent

STATES = ("normal", "abnormal", "not_tested", "todo")


@dataclass(frozen=True)
class Headline:
    """One of the figures that the reader sees first, and what stands under it."""

    name: Words
    value: str
    under: Words


def headlines(report: ReportContent) -> list[Headline]:
    """本月概要: six figures, the same as in the sections."""
    overview, status = report["overview"], report["status"]
    rooms, tasks = overview["rooms"], overview["tasks"]
    items, found = report["open_items"]["counts"], report["anomalies"]
    passed, able = status["pass_rate"], status["availability"]
    return [
        Headline(label("rooms_done"), f"{rooms['done']} / {rooms['planned']}", dates_words(overview["dates"])),
        Headline(head("pass_rate"), percent(passed), _of(named("outcomes", "normal"), passed["count"], passed["of"])),
        Headline(head("availability"), percent(able), _of(label("rooms"), able["count"], able["of"])),
        # What could not be tested is done with, and no test: the client reads it as one.
        Headline(
            label("devices_done"),
            f"{tasks['normal'] + tasks['abnormal']} / {tasks['total']}",
            _left(tasks),
        ),
        Headline(label("anomalies"), str(len(found)), _kinds(found)),
        Headline(label("open_items"), str(items["open"]), filled("flow", items)),
    ]  # fmt: skip


def _with(name: Words, value: object) -> Words:
    return {"zh": f"{name['zh']} {value}", "en": f"{name['en']} {value}"}


def _of(name: Words, part: int, whole: int) -> Words:
    return _with(name, f"{part} / {whole}")


def _kinds(found: Sequence[Anomaly]) -> Words:
    """How many were found in tests, how many outside, and how many of them put right at once."""
    outside = sum(row["item"] is None for row in found)
    figures = {
        "readings": len(found) - outside,
        "findings": outside,
        "fixed": sum(row["fixed"] for row in found),
    }
    return filled("anomaly_kinds", figures)


def _left(tasks: OutcomeCounts) -> Words:
    one = _with(named("outcomes", "not_tested"), tasks["not_tested"])
    other = _with(named("outcomes", "todo"), tasks["todo"])
    return {"zh": f"{one['zh']} · {other['zh']}", "en": f"{one['en']} · {other['en']}"}


# --- 一


def overview_section(it: Overview) -> Section:
    """一、巡检概况."""
    return Section(
        "overview",
        words.TITLES["overview"],
        words.SHEETS["overview"],
        [
            Lines([filled("rooms_figures", it["rooms"]), dates_words(it["dates"])]),
            _dates(it["dates"]),
            _missed(it["missed"]),
            _people(it["people"]),
        ],
    )


def _dates(dates: Dates) -> Table:
    keys = ("opened_on", "first_on", "last_on", "finished_on", "accepted_on", "due_on")

    def column(key: str) -> Column[Dates]:
        return day(label(key), lambda row: row[key], 182 / 6)

    return Table([column(key) for key in keys], [dates], label("dates"))


def _missed(rows: Sequence[Missed]) -> Table:
    columns: list[Column[Missed]] = [
        *place_columns(lambda row: row["place"], 38),
        Column(head("devices"), lambda row: f"{row['devices']} / {row['of']}", 20, 0, "count", only="docx"),
        Column(head("devices"), lambda row: row["devices"], 0, 10, "count", only="xlsx"),
        Column(head("total"), lambda row: row["of"], 0, 10, "count", only="xlsx"),
        outcome_column(lambda row: row["outcome"], 20),
        Column(head("reason"), _reason, 56, 0, only="docx"),
        text("reason", lambda row: row["reason"], 0, 16, "xlsx"),
        text("remark", lambda row: row["remark"], 0, 24, "xlsx"),
        text("device_names", lambda row: "、".join(row["names"]), 0, 34, "xlsx"),
        day("revisit_on", lambda row: row["revisit_on"], 24),
        text("inspector", lambda row: row["inspector"], 24, 14),
    ]  # fmt: skip
    empty = label("nothing_missed")
    return Table(columns, rows, label("missed"), empty, sheet=words.SHEETS["missed"], in_view=True)


def _reason(row: Missed) -> Value:
    lines: list[Words | str] = [row["reason"]]
    if row["remark"]:
        lines.append(row["remark"])
    if row["devices"] < row["of"] and row["names"]:
        lines.append("、".join(row["names"]))
    return lines


def _people(rows: Sequence[PersonWork]) -> Table:
    columns: list[Column[PersonWork]] = [
        text("person", lambda row: row["person"]["name"], 52, 14),
        text("role", lambda row: named("roles", row["person"]["role"]), 52, 16),
        count("rooms", lambda row: row["rooms"], 26),
        count("inspections", lambda row: row["inspections"], 26),
        count("days", lambda row: row["days"], 26),
    ]
    return Table(columns, rows, label("people"), label("none"))


# --- 二


def status_section(it: Status) -> Section:
    """二、设备状态汇总: what has a chart first, then the lists."""
    parts = [_by_type(it), _unavailable(it["unavailable"]), _repeats(it["repeats"])]
    if len(it["trend"]) > 1:
        parts.append(_trend(it["trend"]))
    return Section("status", words.TITLES["status"], words.SHEETS["status"], parts)


def state_column(state: str, mm: float) -> Column[TypeStatus]:
    """How many devices of a type had this outcome."""
    return count(named("outcomes", state), lambda row: row["counts"][state], mm)


def _by_type(it: Status) -> Table:
    columns: list[Column[TypeStatus]] = [
        text("type", lambda row: row["name"], 52, 22),
        *(state_column(state, 21) for state in STATES),
        count("total", lambda row: row["counts"]["total"], 21),
        Column(head("pass_rate"), lambda row: row["pass_rate"], 25, 11, "percent"),
    ]
    total: TypeStatus = {
        "type": "",
        "name": head("total"),
        "counts": it["total"],
        "pass_rate": it["pass_rate"],
    }
    return Table(columns, it["by_type"], label("by_type"), label("none"), total, chart="status")


def _unavailable(rows: Sequence[Unavailable]) -> Table:
    columns: list[Column[Unavailable]] = [
        *place_columns(lambda row: row["place"], 66),
        text("reason", lambda row: row["reasons"], 86, 30),
        Column(label("open_items"), lambda row: numbers(row["numbers"]), 30, 14),
    ]
    empty = label("all_available")
    return Table(columns, rows, label("unavailable"), empty, sheet=words.SHEETS["repeats"])


def _repeats(rows: Sequence[Repeat]) -> Table:
    columns: list[Column[Repeat]] = [
        *place_columns(lambda row: row["place"], 45),
        *device_columns(lambda row: row["device"], 42),
        text("item", lambda row: row["item"], 34, 20),
        Column(label("repeats"), _how_often, 35, 0, only="docx"),
        Column(head("months_in_a_row"), lambda row: row["in_a_row"], 0, 12, "count", only="xlsx"),
        Column(head("of_last_six"), lambda row: row["of_last"], 0, 12, "count", only="xlsx"),
        Column(label("open_items"), lambda row: numbers(row["open_items"]), 26, 14),
    ]  # fmt: skip
    name = words.SHEETS["repeats"]
    return Table(columns, rows, label("repeats"), label("none"), sheet=name, filtered=True)


def _how_often(row: Repeat) -> Words:
    if row["in_a_row"] > 1:
        return filled("months_in_a_row", {"count": row["in_a_row"]})
    return filled("of_last", {"count": row["of_last"]})


def _trend(rows: Sequence[TrendMonth]) -> Table:
    columns: list[Column[TrendMonth]] = [
        text("month", lambda row: row["month"], 28, 22),
        Column(head("pass_rate"), lambda row: row["pass_rate"], 22, 10, "percent"),
        Column(head("availability"), lambda row: row["availability"], 22, 10, "percent"),
        count(label("anomalies"), lambda row: row["anomalies"], 22),
        count(named("outcomes", "not_tested"), lambda row: row["counts"]["not_tested"], 22),
        count("opened", lambda row: row["new"], 22),
        count("closed", lambda row: row["closed"], 22),
        count("open", lambda row: row["open"], 22),
    ]
    return Table(columns, rows, label("trend"), chart="trend")
