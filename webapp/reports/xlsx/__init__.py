"""The monthly report, check sheets and device records as workbooks (clauses 3, 17-21)."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from webapp.reports.documents import Made, Source, renders
from webapp.reports.media import Photos
from webapp.reports.outline import sections_of
from webapp.reports.outline.annexes import record_title
from webapp.reports.shape import CheckSheet, DeviceRecord, ReportContent, Words
from webapp.reports.wording import Wording
from webapp.reports.words import LABELS, SHEETS, TITLES, Language
from webapp.reports.xlsx.anomalies import write_anomalies
from webapp.reports.xlsx.book import Book
from webapp.reports.xlsx.check_sheets import write_check_sheets, write_readings
from webapp.reports.xlsx.cover import title_of, write_contents, write_cover
from webapp.reports.xlsx.device_records import write_device_records, write_record_rows
from webapp.reports.xlsx.service_log import service_log_xlsx as service_log_xlsx
from webapp.reports.xlsx.tables import pages_of, write_page


@renders("report", "xlsx")
def report_xlsx(source: Source) -> Made:
    """The whole report: cover, sections, acceptance, annexes as lists and as they are printed."""
    report = cast(ReportContent, source.content)
    wording = Wording(cast(Language, source.language))
    book = _book(wording, report)
    cover = write_cover(book, report)
    photos = Photos(source.photo, report["anomalies"], source.progress)
    for page in pages_of(sections_of(report)):
        if page.name == SHEETS["anomalies"]:
            write_anomalies(book, report["anomalies"], photos)
        else:
            write_page(book, page)
    write_readings(book, report["check_sheets"])
    if report["device_records"]:
        write_record_rows(book, report["device_records"])
    write_check_sheets(
        book, report["check_sheets"], lambda done, total: source.progress("annexes", done, total)
    )
    if report["device_records"]:
        write_device_records(book, report["device_records"])
    write_contents(cover, book.names[1:])
    return Made(book.bytes())


@renders("check_sheets", "xlsx")
def check_sheets_xlsx(source: Source) -> Made:
    """运维检查表 of a room or of a month's rooms: as printed, and as one list."""
    sheets = cast(list[CheckSheet], source.content)
    wording = Wording(cast(Language, source.language))
    title = TITLES["check_sheet" if len(sheets) == 1 else "check_sheets"]
    book = _annex_book(wording, title, sheets[0])
    write_check_sheets(book, sheets, lambda done, total: source.progress("annexes", done, total))
    write_readings(book, sheets)
    return Made(book.bytes())


@renders("device_record", "xlsx")
def device_record_xlsx(source: Source) -> Made:
    """设备记录表 of one device: as printed, and as one list."""
    record = cast(DeviceRecord, source.content)
    book = _annex_book(Wording(cast(Language, source.language)), record_title(record), record)
    write_device_records(book, [record])
    write_record_rows(book, [record])
    return Made(book.bytes())


def _annex_book(wording: Wording, title: Words, of: CheckSheet | DeviceRecord) -> Book:
    running = [wording.text(name, " / ") for name in (of["client"], of["contract"])]
    name = wording.heading(title)
    return Book(wording, name, (" · ".join(filter(None, running)), name))


def _book(wording: Wording, report: ReportContent) -> Book:
    cover = report["cover"]
    said = [wording.text(name, " / ") for name in (cover["client"], title_of(cover))]
    number = cover["number"] or wording.text(LABELS["draft"], " / ")
    running = f"{wording.text(cover['contract'], ' / ')} · {cover['month']}"
    title = f"{said[0]} {said[1]} {cover['month']}"
    return Book(wording, title, (running, number), datetime.fromisoformat(cover["made_at"]))
