"""三、异常明细 as a list with its photos: they stand in their row, and hide with it when it is filtered."""

from __future__ import annotations

from collections.abc import Sequence

from webapp.reports import words
from webapp.reports.media import Photos
from webapp.reports.outline.lists import anomaly_table, anomaly_what
from webapp.reports.outline.tables import Column
from webapp.reports.shape import Anomaly, Words
from webapp.reports.wording import device_words, filled
from webapp.reports.xlsx.book import ACCENT, SOFT, Book, Box, Cell, Sheet
from webapp.reports.xlsx.tables import SENTENCE_COLUMNS

ACROSS, MOST_DOWN = 2, 5
WIDE, HIGH, GAP = 124, 94, 6


def write_anomalies(book: Book, rows: Sequence[Anomaly], photos: Photos) -> None:
    """The sheet of the month's anomalies."""
    table = anomaly_table(rows)
    sheet = book.sheet(words.SHEETS["anomalies"])
    columns = table.columns_for("xlsx")
    most = min(ACROSS, max((len(row["photos"]) for row in rows), default=0))
    sheet.widths([*(column.chars for column in columns), *_photo_chars(most)])
    sheet.say(book.wording.heading(words.TITLES["anomalies"]), size=15, color=ACCENT, bold=True)
    if not rows:
        sheet.say(table.empty, color=SOFT, over=SENTENCE_COLUMNS)
        return
    heads = [(column.head, column.kind) for column in columns]
    if most:
        heads.append((words.HEADS["photos"], "text"))
    sheet.heads(heads, in_view=True)
    first = sheet.row
    for row in rows:
        cells = [
            Cell(
                at,
                at,
                column.value(row),
                book.cell_format(column.kind, _state(column, row)),
                column.kind,
            )
            for at, column in enumerate(columns)
        ]
        if most:
            said = _put_photos(sheet, len(columns), row, photos)
            cells.append(Cell(len(columns), len(columns), said, book.cell_format()))
        down = -(-len(row["photos"][: ACROSS * MOST_DOWN]) // ACROSS)
        sheet.line(cells, least=down * (HIGH + GAP) + GAP if down else 0)
    sheet.made.autofilter(first - 1, 0, sheet.row - 1, len(heads) - 1)


def _photo_chars(most: int) -> list[float]:
    """A column as wide as its pictures, in Latin letters of seven pixels."""
    return [max(10, (most * (WIDE + GAP) + GAP) / 7)] if most else []


def _state(column: Column[Anomaly], row: Anomaly) -> str:
    return column.state(row) if column.state else ""


def _put_photos(sheet: Sheet, column: int, row: Anomaly, photos: Photos) -> list[Words | str]:
    """The photos of a row, two abreast; what can't be shown, or is too many, is to be said."""
    wording = sheet.book.wording
    what = wording.text(anomaly_what(row), " / ")
    said: list[Words | str] = []
    shown = row["photos"][: ACROSS * MOST_DOWN]
    place = 0
    for ref in shown:
        picture = photos.picture(ref)
        if picture is None:
            said.append(words.LABELS["photo_missing"])
            continue
        alt = filled(
            "photo_alt", {"what": f"{wording.text(device_words(row['device']), ' ')} · {what}"}
        )
        down, right = divmod(place, ACROSS)
        box = Box(GAP + right * (WIDE + GAP), GAP + down * (HIGH + GAP), WIDE, HIGH)
        sheet.picture(sheet.row, column, picture, wording.text(alt, " / "), box)
        place += 1
    if len(row["photos"]) > len(shown):
        said.append(filled("more_photos", {"count": len(row["photos"]) - len(shown)}))
    return said
