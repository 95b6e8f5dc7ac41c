"""The monthly report as a text document (clauses 3, 21) that a client's own office can go on with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import cast
from zoneinfo import ZoneInfo

from webapp.reports.documents import Made, Source, renders
from webapp.reports.docx.annexes import check_sheet, device_record
from webapp.reports.docx.anomalies import anomalies
from webapp.reports.docx.cover import contents, cover_page, summary, title_of
from webapp.reports.docx.flow import Writer
from webapp.reports.docx.markup import field, paragraph, run
from webapp.reports.docx.package import About, Media, write_package
from webapp.reports.media import Photos
from webapp.reports.outline import sections_of
from webapp.reports.shape import Cover, ReportContent
from webapp.reports.typeset.pictures import chart_pictures
from webapp.reports.wording import Wording
from webapp.reports.words import LABELS, TITLES, Language

# More would not stand beside the number on one line.
MOST_HEAD = 70


@renders("report", "docx")
def report_docx(source: Source) -> Made:
    """The whole report: cover, summary, contents, sections, acceptance, annexes."""
    report = cast(ReportContent, source.content)
    wording = Wording(cast(Language, source.language))
    media = Media()
    writer = Writer(wording, media, chart_pictures(report, source.language))
    cover = report["cover"]
    said = [wording.text(name, " / ") for name in (cover["client"], title_of(cover))]
    contract = wording.text(cover["contract"], " / ")
    about = About(
        title=f"{said[0]} {said[1]} {cover['month']}",
        subject=f"{contract} · {cover['month']}",
        language=source.language,
        made_at=_moment(cover),
    )
    body = _body(writer, report, source)
    return Made(write_package(body, media, _head(wording, cover, about), _foot(wording), about))


def _body(writer: Writer, report: ReportContent, source: Source) -> Iterator[str]:
    photos = Photos(source.photo, report["anomalies"], source.progress)
    yield from cover_page(writer, report["cover"])
    yield from summary(writer, report)
    sections = sections_of(report)
    sheets, records = report["check_sheets"], report["device_records"]
    titles = [TITLES["summary"], *(section.title for section in sections)]
    titles += [TITLES["annex_sheets"]] if sheets else []
    titles += [TITLES["annex_records"]] if records else []
    yield from contents(writer, [writer.wording.heading(title) for title in titles])
    for section in sections:
        if section.key == "anomalies":
            yield from anomalies(writer, report["anomalies"], photos)
        else:
            yield from writer.section(section)
    for at, sheet in enumerate(sheets):
        if at == 0:
            yield writer.heading(TITLES["annex_sheets"], new_page=True)
        yield from check_sheet(writer, sheet, new_page=at > 0)
        source.progress("annexes", at + 1, len(sheets))
    for at, record in enumerate(records):
        if at == 0:
            yield writer.heading(TITLES["annex_records"], new_page=True)
        yield from device_record(writer, record)
    yield paragraph("", "End")


def _head(wording: Wording, cover: Cover, about: About) -> str:
    number = cover["number"] or wording.text(LABELS["draft"], " / ")
    subject = about.subject.replace("\n", " ")
    subject = subject if len(subject) <= MOST_HEAD else f"{subject[: MOST_HEAD - 1]}…"
    return paragraph(run(f"{subject}\t{number}"), "Header")


def _foot(wording: Wording) -> str:
    """第 1 页 / 共 9 页, with fields for the numbers."""
    text = wording.text(LABELS["page_of"], " · ")
    made = ""
    for part in text.replace("{pages}", "\0NUMPAGES\0").replace("{page}", "\0PAGE\0").split("\0"):
        made += field(part) if part in ("PAGE", "NUMPAGES") else run(part)
    return paragraph(made, "Footer")


def _moment(cover: Cover) -> str:
    """When the data was read, as the file's properties say it."""
    local = datetime.fromisoformat(cover["made_at"]).replace(tzinfo=ZoneInfo(cover["time_zone"]))
    return local.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
