"""运维检查表 and 设备记录表 as facts and tables, for a workbook and a text document alike. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from webapp.reports import words
from webapp.reports.outline.tables import (
    Column,
    Kind,
    Table,
    Value,
    count,
    head,
    label,
    outcome_column,
    place_columns,
    severity_column,
    text,
)
from webapp.reports.shape import (
    CheckConsumable,
    CheckDevice,
    CheckFinding,
    CheckOpenItem,
    CheckRow,
    CheckSheet,
    DeviceRecord,
    Outcome,
    Place,
    RecordRow,
    Words,
)
from webapp.reports.wording import (
    device_number,
    filled,
    month_words,
    named,
    place_words,
    product,
)

Fact = tuple[Words, Value, Kind]


def sheet_title(sheet: CheckSheet) -> Words:
    """运维检查表 of which room."""
    return _of(words.TITLES["check_sheet"], place_words(sheet["place"]))


def record_title(record: DeviceRecord) -> Words:
    """设备记录表 of which device."""
    name = record["device"]["name"]
    return _of(words.TITLES["device_record"], {"zh": name, "en": name})


def _of(title: Words, what: Words) -> Words:
    return {"zh": f"{title['zh']} · {what['zh']}", "en": f"{title['en']} · {what['en']}"}


def sheet_facts(sheet: CheckSheet) -> list[Fact]:
    """The head of a check sheet, two by two."""
    return [
        (head("client"), sheet["client"], "text"),
        (head("room"), place_words(sheet["place"]), "text"),
        (head("report_month"), month_words(sheet["month"]), "text"),
        (head("inspector"), sheet["inspectors"], "text"),
        (head("started_at"), sheet["started_at"], "time"),
        (head("ended_at"), sheet["ended_at"], "time"),
    ]


def sheet_counts(sheet: CheckSheet) -> Words:
    """How many were normal, abnormal and so on."""
    return filled("sheet_counts", sheet["counts"])


# --- the readings


@dataclass(frozen=True)
class CheckLine:
    """A line of a check sheet: a reading of a device, or a device that could not be tested.

    ``at`` counts the device's own lines from 0, of ``of``.
    """

    place: Place
    device: CheckDevice
    row: CheckRow | None
    at: int
    of: int

    @property
    def outcome(self) -> Outcome:
        """What the colour says."""
        return self.row["verdict"] if self.row else self.device["outcome"]

    @property
    def remark(self) -> Value:
        """The reason; the remark on the whole device stands in its first line."""
        lines: list[Words | str] = []
        if self.row:
            lines.append(self.row["remark"])
        elif self.device["reason_remark"]:
            lines.append(self.device["reason_remark"])
        if self.at == 0 and self.device["remark"]:
            lines.append(self.device["remark"])
        return lines

    @property
    def reason(self) -> Value:
        """Why a device could not be tested, and when somebody comes again."""
        device = self.device
        todo = device["outcome"] == "todo"
        lines: list[Words | str] = [named("outcomes", "todo") if todo else device["reason"]]
        if device["revisit_on"]:
            lines.append(_with(head("revisit_on"), device["revisit_on"]))
        return lines


def _with(name: Words, value: str) -> Words:
    return {"zh": f"{name['zh']} {value}", "en": f"{name['en']} {value}"}


def lines_of_sheet(sheet: CheckSheet) -> Iterator[CheckLine]:
    """Every reading, and every device that has none."""
    for device in sheet["devices"]:
        rows: Sequence[CheckRow | None] = device["rows"] or [None]
        for at, row in enumerate(rows):
            yield CheckLine(sheet["place"], device, row, at, len(rows))


def device_lines(device: CheckDevice) -> list[Words | str]:
    """A device's name, its numbers, its make."""
    ref = device["device"]
    if ref is None:
        return [label("room_itself")]
    return [part for part in (ref["name"], device_number(ref), product(ref)) if part]


def reading_table(sheets: Sequence[CheckSheet]) -> Table:
    """Every reading of every room as one list to be filtered."""
    columns: list[Column[CheckLine]] = [
        *place_columns(lambda line: line.place, 0),
        text("device", lambda line: device_lines(line.device)[0], 0, 18),
        text("device_number", _number, 0, 26),
        text("type", _type, 0, 12),
        count("seq", lambda line: line.row["seq"] if line.row else None, 0, 6),
        text("item", lambda line: line.row["item"] if line.row else None, 0, 14),
        text("normal_range", lambda line: line.row["normal"] if line.row else None, 0, 12),
        text("reading", lambda line: line.row["reading"] if line.row else line.reason, 0, 14),
        outcome_column(lambda line: line.outcome, 0, 9),
        severity_column(lambda line: line.row["severity"] if line.row else None, 0),
        text("remark_reason", lambda line: line.remark, 0, 24),
        text("inspector", lambda line: line.device["inspector"], 0, 9),
        Column(head("date"), lambda line: line.device["inspected_on"], 0, 11, "day"),
    ]
    rows = [line for sheet in sheets for line in lines_of_sheet(sheet)]
    return Table(columns, rows, empty=label("none"), in_view=True)


def _number(line: CheckLine) -> Value:
    ref = line.device["device"]
    return device_number(ref) if ref else None


def _type(line: CheckLine) -> Value:
    ref = line.device["device"]
    return ref["type_name"] if ref else None


# --- the blocks below them


def consumable_table(rows: Sequence[CheckConsumable]) -> Table:
    """What was replaced in the room."""
    columns: list[Column[CheckConsumable]] = [
        text("device", lambda row: row["device"], 81, 0),
        text("consumable", lambda row: row["consumable"], 81, 0),
        count("quantity", lambda row: row["quantity"], 20, 0),
    ]
    return Table(columns, rows, label("consumables"), label("none"))


def finding_table(rows: Sequence[CheckFinding]) -> Table:
    """New problems outside the test."""
    columns: list[Column[CheckFinding]] = [
        text("device", lambda row: row["device"], 40, 0),
        text("what", lambda row: row["text"], 96, 0),
        severity_column(lambda row: row["severity"], 20),
        text("result", _became, 26, 0),
    ]
    return Table(columns, rows, label("findings"), label("none"))


def _became(row: CheckFinding) -> Words:
    return named("results", "fixed" if row["fixed"] else "open_item")


def open_item_table(rows: Sequence[CheckOpenItem]) -> Table:
    """The room's open items."""
    columns: list[Column[CheckOpenItem]] = [
        Column(head("number"), lambda row: f"#{row['number']}", 13, 0),
        text("device", lambda row: row["device"], 36, 0),
        text("what", lambda row: row["what"], 57, 0),
        Column(head("severity"), _grave, 25, 0),
        Column(head("change"), lambda row: named("changes", row["change"]), 22, 0),
        Column(head("owner"), _owner, 29, 0),
    ]
    return Table(columns, rows, label("open_items"), label("none"))


def _grave(row: CheckOpenItem) -> Value:
    age = row["age_months"]
    lines: list[Words | str] = [named("severities", row["severity"])]
    return [*lines, *([filled("months", {"count": age})] if age else [])]


def _owner(row: CheckOpenItem) -> Value:
    lines: list[Words | str] = [row["owner"]] if row["owner"]["zh"] else []
    return [*lines, *([row["due_on"]] if row["due_on"] else [])]


# --- device records


def record_facts(record: DeviceRecord) -> list[Fact]:
    """The head of a device record, two by two."""
    device = record["device"]
    return [
        (head("number"), device_number(device), "text"),
        (head("device_name"), device["name"], "text"),
        (head("type"), device["type_name"], "text"),
        (head("product"), product(device), "text"),
        (head("serial"), record["serial"], "text"),
        (head("place"), place_words(record["place"]), "text"),
        (head("ip"), record["ip"], "text"),
        (head("firmware"), record["firmware"], "text"),
        (head("in_service_on"), record["in_service_on"], "day"),
        (head("warranty_until"), record["warranty_until"], "day"),
        (head("vendor"), record["vendor"], "text"),
        (head("quantity"), str(record["quantity"]), "text"),
    ]


def record_columns() -> list[Column[RecordRow]]:
    """The columns of a device record sheet."""
    return [
        Column(head("date"), lambda row: row["recorded_on"], 20, 11, "day"),
        text("category", lambda row: named("categories", row["category"]), 21, 13),
        text("anomaly", _anomaly, 31, 28),
        text("cause", lambda row: row["cause"], 20, 14),
        text("action", lambda row: row["action"], 20, 14),
        text("part", lambda row: row["part"], 16, 12),
        text("result", _result, 20, 14),
        text("recorded_by", lambda row: row["recorded_by"], 17, 10),
        text("reviewed_by", lambda row: row["reviewed_by"], 17, 10),
    ]


def _anomaly(row: RecordRow) -> Value:
    return [name for name in (row["item"], row["anomaly"]) if name["zh"] or name["en"]]


def _result(row: RecordRow) -> Value:
    number = row["open_item"]
    lines: list[Words | str] = [named("results", row["result"])]
    return [*lines, *([f"#{number}"] if number is not None else [])]


@dataclass(frozen=True)
class RecordLine:
    """A row with the device that it is of."""

    record: DeviceRecord
    row: RecordRow


def record_table(records: Sequence[DeviceRecord]) -> Table:
    """Every row of every record as one list to be filtered."""

    def of_row(column: Column[RecordRow]) -> Column[RecordLine]:
        return Column(
            column.head, lambda line: column.value(line.row), 0, column.chars, column.kind
        )

    columns: list[Column[RecordLine]] = [
        *place_columns(lambda line: line.record["place"], 0),
        text("device", lambda line: line.record["device"]["name"], 0, 18),
        text("device_number", lambda line: device_number(line.record["device"]), 0, 26),
        text("type", lambda line: line.record["device"]["type_name"], 0, 12),
        Column(head("product"), lambda line: product(line.record["device"]), 0, 16),
        text("serial", lambda line: line.record["serial"], 0, 14),
        *(of_row(column) for column in record_columns()),
    ]
    rows = [RecordLine(record, row) for record in records for row in record["rows"]]
    return Table(columns, rows, empty=label("empty_record"), in_view=True)
