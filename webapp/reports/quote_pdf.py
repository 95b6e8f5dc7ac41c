"""A quote or expense request as PDF, in the look of the report, from its plain data alone."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

from webapp.reports.documents import Made, Source, renders
from webapp.reports.quote_words import ALL
from webapp.reports.typeset import fonts
from webapp.reports.typeset.parts import Part
from webapp.reports.typeset.printable import Printable
from webapp.reports.typeset.setting import FOLDER_PREFIX, Look, Setting


@renders("quote", "pdf")
def quote_pdf(source: Source) -> Made:
    """The quote: of what it is, its lines, what they come to, and room for two signatures."""
    printable = Printable(fonts.can_show)
    content = printable.value(source.content)
    language = "en" if source.language == "en" else "zh"
    words = ALL["quote_kinds"][content["kind"]]
    title = f"{words['en'] if language == 'en' else words['zh']} {content['name']}"
    with tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX) as name:
        look = Look(
            title=title,
            running=(
                " · ".join(
                    part for key in ("client", "contract") if (part := content[key][language])
                ),
                title,
            ),
            language=source.language,
            timestamp=_moment(content["made_on"]),
            photos={},
            has_lost_glyphs=printable.lost,
        )
        setting = Setting(
            Path(name), look, lambda done, total: source.progress("pages", done, total)
        )
        part = Part("quote", content, len(content["lines"]) + 12)
        return Made(data=setting.set_parts([part]), pages=setting.pages)


def _moment(day: str) -> int:
    """Seconds since 1970 of the day's beginning, so that the same words give the same bytes."""
    return (date.fromisoformat(day) - date(1970, 1, 1)).days * 86_400
