"""The report's three charts, as the spreadsheet's own, each beside the table that it is drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xlsxwriter.utility import xl_range_abs

from webapp.reports import words
from webapp.reports.outline.figures import STATES
from webapp.reports.outline.lists import SEVERITIES
from webapp.reports.outline.tables import Chart, Column, Table, text_of
from webapp.reports.xlsx.book import ACCENT, FONTS, HAIRLINE, SOFT, Sheet

# How many rows of the sheet a chart is high: the next table begins below it.
CHART_ROWS: dict[Chart, int] = {"status": 18, "trend": 15, "ageing": 13}
ROW_PIXELS, WIDE_PIXELS = 22, 600
CAPTIONS = {"status": "status_caption", "trend": "trend_caption", "ageing": "ageing_caption"}
RED = "#D03A12"
# Told apart without colour too, as in the PDF: hatched, dotted, white.
FILLS: dict[str, dict[str, Any]] = {
    "normal": {"fill": {"color": "#2F8A52"}},
    "abnormal": {"pattern": {"pattern": "percent_25", "fg_color": "#FFFFFF", "bg_color": RED}},
    "not_tested": {
        "pattern": {
            "pattern": "wide_upward_diagonal",
            "fg_color": "#5D6B7A",
            "bg_color": "#E3E8EE",
        }
    },
    "todo": {"fill": {"color": "#FFFFFF"}},
    "1": {"fill": {"color": RED}},
    "2": {"pattern": {"pattern": "percent_25", "fg_color": "#FFFFFF", "bg_color": RED}},
    "3": {"fill": {"color": "#E2A24A"}},
    "4": {
        "pattern": {
            "pattern": "wide_upward_diagonal",
            "fg_color": "#5D6B7A",
            "bg_color": "#E3E8EE",
        }
    },
}


def insert_chart(sheet: Sheet, table: Table, kind: Chart, first: int, last: int) -> None:
    """The chart of a table whose head is in row ``first`` and whose rows end with ``last``, beside it."""
    made = _Chart(sheet, table, first, last)
    chart = (
        made.trend() if kind == "trend" else made.bars(STATES if kind == "status" else SEVERITIES)
    )
    caption = sheet.book.wording.text(words.LABELS[CAPTIONS[kind]], " · ")
    chart.set_title({"name": caption, "name_font": made.font(11, bold=True), "overlay": False})
    chart.set_legend({"position": "bottom", "font": made.font(9)})
    chart.set_chartarea({"border": {"color": HAIRLINE}})
    chart.set_size({"width": WIDE_PIXELS, "height": CHART_ROWS[kind] * ROW_PIXELS})
    columns = table.columns_for("xlsx")
    place = {
        "x_offset": 24,
        "y_offset": 2,
        "object_position": 3,
        "description": made.told()[:1_000],
    }
    sheet.made.insert_chart(first, len(columns), chart, place)


class _Chart:
    """A chart over the rows of one table."""

    def __init__(self, sheet: Sheet, table: Table, first: int, last: int) -> None:
        self._sheet, self._table = sheet, table
        self._first, self._last = first, last
        self._columns: Sequence[Column[Any]] = table.columns_for("xlsx")
        self._wording = sheet.book.wording

    def font(self, size: int, *, bold: bool = False) -> dict[str, Any]:
        """A font of the chart."""
        return {"name": FONTS[self._wording.main], "size": size, "bold": bold}

    def told(self) -> str:
        """The chart for those who don't see it: its rows in words."""
        heads = [self._wording.text(column.head, " ") for column in self._columns]
        rows = [
            ", ".join(
                f"{name} {text_of(column.value(row), self._wording)}".replace("\n", " ")
                for name, column in zip(heads, self._columns, strict=True)
            )
            for row in self._table.rows
        ]
        return "; ".join(rows)

    def bars(self, keys: Sequence[str]) -> Any:
        """A bar a row, its parts one after the other."""
        chart = self._sheet.book.book.add_chart({"type": "bar", "subtype": "stacked"})
        for at, key in enumerate(keys, 1):
            border = {"color": SOFT, "width": 0.5}
            chart.add_series({**self._series(at), **FILLS[key], "border": border, "gap": 55})
        chart.set_y_axis({"reverse": True, "num_font": self.font(9), "line": {"color": HAIRLINE}})
        chart.set_x_axis(
            {
                "num_font": self.font(9),
                "num_format": "0",
                "major_gridlines": {"visible": True, "line": {"color": HAIRLINE}},
                "label_position": "high",
            }
        )
        return chart

    def trend(self) -> Any:
        """Pass rate as a line, anomalies as columns under it."""
        book = self._sheet.book.book
        columns, line = book.add_chart({"type": "column"}), book.add_chart({"type": "line"})
        columns.add_series(
            {**self._series(3), **FILLS["abnormal"], "border": {"color": SOFT}, "gap": 120}
        )
        line.add_series(
            {
                **self._series(1),
                "line": {"color": ACCENT, "width": 2},
                "marker": {"type": "circle", "size": 6, "fill": {"color": "#FFFFFF"}, "border": {"color": ACCENT}},
                "data_labels": {"value": True, "position": "above", "font": self.font(8)},
                "y2_axis": True,
            }
        )  # fmt: skip
        columns.combine(line)
        columns.show_blanks_as("gap")
        columns.set_x_axis({"num_font": self.font(9)})
        most = max([row["anomalies"] for row in self._table.rows] + [1])
        columns.set_y_axis(
            {"num_font": self.font(9), "min": 0, "max": most * 3, "num_format": "0", "visible": True,
             "major_gridlines": {"visible": True, "line": {"color": HAIRLINE}}}
        )  # fmt: skip
        rates = [row["pass_rate"]["percent"] for row in self._table.rows]
        least = min([rate for rate in rates if rate is not None] + [100.0])
        floor = max(0, min(80, int(least // 10) * 10 - 20))
        line.set_y2_axis(
            {"num_font": self.font(9), "num_format": "0%", "min": floor / 100, "max": 1}
        )
        return columns

    def _series(self, at: int) -> dict[str, Any]:
        """Names and values of a column; given along, since rows are gone from memory once written."""
        column = self._columns[at]
        return {
            "name": self._wording.text(column.head, " "),
            "categories": self._range(0),
            "categories_data": [
                text_of(self._columns[0].value(row), self._wording) for row in self._table.rows
            ],
            "values": self._range(at),
            "values_data": [_figure(column.value(row)) for row in self._table.rows],
        }

    def _range(self, column: int) -> str:
        quoted = self._sheet.name.replace("'", "''")
        return f"='{quoted}'!{xl_range_abs(self._first + 1, column, self._last, column)}"


def _figure(value: Any) -> Any:
    if isinstance(value, dict):
        return "" if value["percent"] is None else value["percent"] / 100
    return value
