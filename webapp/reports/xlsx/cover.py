"""The workbook's first sheet: whose report of what, its figures, its signatures, and the way to the rest."""

from __future__ import annotations

from collections.abc import Sequence

from webapp.reports import words
from webapp.reports.media import signature
from webapp.reports.outline.figures import headlines
from webapp.reports.shape import Cover, ReportContent, Signature, Words
from webapp.reports.wording import Wording, month_words
from webapp.reports.xlsx.book import ACCENT, ACCENT_TINT, HAIRLINE, SOFT, Book, Box, Cell, Sheet

WIDTHS = (18, 16, 18, 16, 18, 16)
# Three boxes abreast, each two columns wide.
BOXES = ((0, 1), (2, 3), (4, 5))
VALUE, NAME = (1, 5), (0, 0)
SIGNED_PIXELS, DRAWN = 118, Box(10, 10, 168, 56)


def title_of(cover: Cover) -> Words:
    """月度巡检报告, or its correction."""
    return words.TITLES["correction" if cover["sequence"] else "report"]


def write_cover(book: Book, report: ReportContent) -> Sheet:
    """The cover, without its list of sheets: they are not there yet."""
    cover = report["cover"]
    sheet = book.sheet(words.SHEETS["cover"], landscape=False)
    sheet.widths(WIDTHS)
    over = len(WIDTHS)
    sheet.row = 1
    sheet.say(cover["client"], size=12, color=SOFT, over=over)
    sheet.say(title_of(cover), size=24, color=ACCENT, bold=True, over=over)
    sheet.say(month_words(cover["month"]), size=15, over=over)
    if not cover["issued"]:
        look = book.cell_format(state="attention")
        sheet.line([Cell(0, 1, words.LABELS["draft"], look)])
    sheet.row += 1
    for key, value in _facts(cover):
        sheet.line(
            [
                Cell(*NAME, words.HEADS[key], book.format(font_color=SOFT, valign="vcenter")),
                Cell(*VALUE, value, book.format(valign="vcenter")),
            ]
        )
    sheet.row += 1
    _write_figures(sheet, report)
    sheet.row += 1
    _write_signatures(sheet, cover["signatures"])
    return sheet


def _facts(cover: Cover) -> list[tuple[str, Words | str]]:
    facts: list[tuple[str, Words | str]] = [
        ("contract", cover["contract"]),
        ("contract_code", cover["contract_code"]),
        ("report_number", cover["number"] or "—"),
    ]
    if cover["corrects"]:
        facts.append(("corrects", cover["corrects"]))
    return [*facts, ("made_at", f"{cover['made_at']} ({cover['time_zone']})")]


def _write_figures(sheet: Sheet, report: ReportContent) -> None:
    """本月概要: the six figures, three abreast."""
    book = sheet.book
    sheet.say(book.wording.heading(words.TITLES["summary"]), size=13, color=ACCENT, bold=True)
    sides = {
        "left": 1,
        "right": 1,
        "border_color": HAIRLINE,
        "bg_color": ACCENT_TINT,
        "align": "left",
        "indent": 1,
    }
    name = book.format(font_size=9, font_color=SOFT, top=1, **sides)
    value = book.format(font_size=18, font_color=ACCENT, bold=True, **sides)
    under = book.format(font_size=9, font_color=SOFT, bottom=1, **sides)
    told = headlines(report)
    for at in range(0, len(told), 3):
        three = list(zip(BOXES, told[at : at + 3], strict=True))
        sheet.line([Cell(*box, one.name, name) for box, one in three])
        sheet.line([Cell(*box, one.value, value) for box, one in three], least=36)
        sheet.line([Cell(*box, one.under, under) for box, one in three])


def _write_signatures(sheet: Sheet, rows: Sequence[Signature]) -> None:
    """编制, 审核 and 客户确认: who signed, or room to sign by hand."""
    book, wording = sheet.book, sheet.book.wording
    head, box = book.head_format(plain=True), book.cell_format(boxed=True)
    sheet.say(wording.heading(words.LABELS["sign_offs"]), size=13, color=ACCENT, bold=True)
    three = list(zip(BOXES, rows, strict=False))
    sheet.line([Cell(*span, words.LABELS[row["key"]], head) for span, row in three])
    for span, row in three:
        if row["strokes"]:
            alt = wording.said(row["person"], " ")
            sheet.picture(sheet.row, span[0], signature(row["strokes"]), alt, DRAWN)
    sheet.line(
        [Cell(*span, _signed(wording, row), box) for span, row in three], least=SIGNED_PIXELS
    )


def _signed(wording: Wording, row: Signature) -> list[Words | str]:
    """Each on one line, so that a signature drawn above them has its room."""
    lines: list[Words | str] = [wording.said(row["person"], " / ")] if row["person"]["zh"] else []
    names = ("signed_on",) if row["strokes"] else ("signature", "signed_on")
    for key in names:
        value = row["signed_on"] if key == "signed_on" else ""
        lines.append(f"{wording.text(words.HEADS[key], ' / ')}：{value}")
    return lines


def write_contents(sheet: Sheet, names: Sequence[str]) -> None:
    """The list of sheets, each a way to it."""
    sheet.row += 1
    title = sheet.book.wording.heading(words.TITLES["contents"])
    sheet.say(title, size=13, color=ACCENT, bold=True)
    look = sheet.book.format(font_color=ACCENT, underline=1, text_wrap=False)
    for at, name in enumerate(names):
        place = f"internal:'{name}'!A1"
        sheet.made.write_url(sheet.row + at // 2, (at % 2) * 3, place, look, name)
