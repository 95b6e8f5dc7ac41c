"""运维日志 as a workbook: every line of the month as one list to be filtered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from webapp.reports.documents import Made, Source, renders
from webapp.reports.log_words import LOG
from webapp.reports.outline.tables import Column, Table, Value
from webapp.reports.shape import Words
from webapp.reports.wording import Wording
from webapp.reports.words import Language
from webapp.reports.xlsx.book import Book
from webapp.reports.xlsx.tables import Page, write_page


@dataclass(frozen=True)
class LogLine:
    """A line with the day and the person that it is of; ``row`` is None where a day only has a remark."""

    name: Words
    day: dict[str, Any]
    row: dict[str, Any] | None

    def of(self, key: str) -> Value:
        """A field of the row."""
        found: Value = self.row[key] if self.row else None
        return found


@renders("service_log", "xlsx")
def service_log_xlsx(source: Source) -> Made:
    """The month's log, a line to a row."""
    content = source.content
    wording = Wording(cast(Language, source.language))
    title = f"{wording.heading(LOG['title'])} {content['month']}"
    running = [wording.text(content[key], " / ") for key in ("client", "contract")]
    book = Book(wording, title, (" · ".join(filter(None, running)), content["number"] or title))
    write_page(book, Page(LOG["sheet"], [(LOG["title"], log_table(content))]))
    return Made(book.bytes())


def log_table(content: dict[str, Any]) -> Table:
    """Every line of everybody's days."""
    columns: list[Column[LogLine]] = [
        Column(LOG["person"], lambda line: line.name, 0, 10),
        Column(LOG["day"], lambda line: line.day["day"], 0, 11, "day"),
        Column(LOG["time"], lambda line: line.of("time"), 0, 8),
        Column(LOG["place"], lambda line: line.of("place"), 0, 26),
        Column(LOG["device"], lambda line: line.of("device"), 0, 18),
        Column(LOG["done"], _done, 0, 46),
        Column(LOG["result"], lambda line: line.of("result"), 0, 34),
        Column(LOG["case"], lambda line: line.of("case"), 0, 8),
        Column(LOG["source"], _source, 0, 10),
        Column(LOG["signed"], lambda line: line.day["signed_at"] or LOG["unsigned"], 0, 18),
    ]
    rows = [
        LogLine(person["name"], day, row)
        for person in content["people"]
        for day in person["days"]
        for row in [*day["rows"], *([None] if day["remark"] else [])]
    ]
    return Table(columns, rows, empty=LOG["empty"], in_view=True)


def _done(line: LogLine) -> Value:
    if line.row is None:
        return [LOG["remark"], line.day["remark"]]
    return [line.row["done"], *([LOG["late"]] if line.row["late"] else [])]


def _source(line: LogLine) -> Value:
    if line.row is None:
        return LOG["by_hand"]
    return LOG["by_hand" if line.row["own"] else "by_system"]
