"""Reports, check sheets and device records as PDF, from their plain data alone.

Real text with the shipped Chinese font embedded as a subset, bookmarks, tags, heads of tables on
every page. What the font lacks is replaced by 〓, and the cover says so.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from webapp.reports.documents import Made, Source, renders
from webapp.reports.log_words import LOG
from webapp.reports.shape import Words
from webapp.reports.typeset import fonts
from webapp.reports.typeset.parts import Part, report_parts, sheet_parts
from webapp.reports.typeset.photos import photos_of, print_photos
from webapp.reports.typeset.printable import Printable
from webapp.reports.typeset.setting import FOLDER_PREFIX, Look, Setting
from webapp.reports.words import LABELS, TITLES


@renders("report", "pdf")
def report_pdf(source: Source) -> Made:
    """The whole report: cover, summary, sections, acceptance, annexes."""
    printable = Printable(fonts.can_show)
    content = printable.value(source.content)
    cover = content["cover"]
    number = cover["number"] or _in(LABELS["draft"], source.language)
    with tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX) as name:
        folder = Path(name)
        photos = print_photos(folder, photos_of(content), source.photo, _telling(source, "photos"))
        kind = TITLES["correction" if cover["sequence"] else "report"]
        look = Look(
            title=" ".join(
                (_in(cover["client"], source.language), _in(kind, source.language), cover["month"])
            ),
            running=(
                " · ".join((_in(cover["contract"], source.language), cover["month"])),
                number,
            ),
            language=source.language,
            timestamp=_moment(cover["made_at"], cover["time_zone"]),
            photos=photos,
            has_lost_glyphs=printable.lost,
        )
        setting = Setting(folder, look, _telling(source, "pages"))
        return _made(setting, report_parts(content), content)


@renders("check_sheets", "pdf")
def check_sheets_pdf(source: Source) -> Made:
    """The check sheets of a month, one room to a page or more."""
    printable = Printable(fonts.can_show)
    content: list[Any] = printable.value(source.content)
    first = content[0]
    title = f"{_in(TITLES['check_sheets'], source.language)} {first['month']}"
    return _sheets(source, "check_sheets", content, first, title, printable)


@renders("device_record", "pdf")
def device_record_pdf(source: Source) -> Made:
    """The record of one device."""
    printable = Printable(fonts.can_show)
    content = printable.value(source.content)
    title = f"{_in(TITLES['device_record'], source.language)} {content['device']['name']}"
    return _sheets(source, "device_records", [content], content, title, printable)


@renders("service_log", "pdf")
def service_log_pdf(source: Source) -> Made:
    """运维日志 of a month: each person's days, one person after the other."""
    printable = Printable(fonts.can_show)
    content = printable.value(source.content)
    title = f"{_in(LOG['title'], source.language)} {content['month']}"
    shared = {key: content[key] for key in ("client", "contract", "month", "number", "made_at")}
    nobody = [{"name": {"zh": "", "en": ""}, "days": []}]
    logs = [{**shared, **person} for person in content["people"] or nobody]
    return _sheets(source, "service_logs", logs, content, title, printable)


def _sheets(
    source: Source,
    kind: Any,
    contents: Sequence[Any],
    first: Mapping[str, Any],
    title: str,
    printable: Printable,
) -> Made:
    with tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX) as name:
        look = Look(
            title=title,
            running=(
                " · ".join(
                    part
                    for key in ("client", "contract")
                    if (part := _in(first[key], source.language))
                ),
                title,
            ),
            language=source.language,
            timestamp=0,
            photos={},
            has_lost_glyphs=printable.lost,
        )
        setting = Setting(Path(name), look, _telling(source, "pages"))
        return _made(setting, sheet_parts(kind, contents), None)


def _made(setting: Setting, parts: Sequence[Part], front: Mapping[str, Any] | None) -> Made:
    data = setting.set_parts(parts, front)
    return Made(data=data, pages=setting.pages)


def _telling(source: Source, step: str) -> Callable[[int, int], None]:
    return lambda done, total: source.progress(step, done, total)


def _in(words: Words, language: str) -> str:
    """The words in the document's first language."""
    return words["en"] if language == "en" else words["zh"]


def _moment(clock: str, time_zone: str) -> int:
    """Seconds since 1970 of a time as clocks at a place show it."""
    at = datetime.strptime(clock, "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(time_zone))
    return int(at.timestamp())
