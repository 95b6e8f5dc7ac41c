"""The text document's first pages: cover with the signatures, the figures, the contents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from webapp.reports import words
from webapp.reports.docx.flow import Writer
from webapp.reports.docx.markup import (
    ACCENT,
    ACCENT_TINT,
    BREAK,
    HEAD_TINT,
    NEW_LINE,
    SOFT,
    STATE_INK,
    Cell,
    in_both,
    paragraph,
    row_xml,
    run,
    table_xml,
    twips,
)
from webapp.reports.media import signature
from webapp.reports.outline.figures import headlines
from webapp.reports.shape import Cover, ReportContent, Signature, Words
from webapp.reports.wording import month_words

FACTS = twips((38, 144))
THREE = twips((182 / 3,) * 3)
SIGNED_MM, DRAWN_MM = 32, 36


def title_of(cover: Cover) -> Words:
    """月度巡检报告, or its correction."""
    return words.TITLES["correction" if cover["sequence"] else "report"]


def cover_page(writer: Writer, cover: Cover) -> Iterator[str]:
    """Whose report of what, and who answers for it."""
    wording = writer.wording
    yield (
        '<w:p><w:pPr><w:spacing w:before="1400" w:after="120"/></w:pPr>'
        + run(wording.text(cover["client"]), color=SOFT, size=12)
        + "</w:p>"
    )
    yield _titled(wording.lines(title_of(cover)), "Title", 13)
    yield _titled(wording.lines(month_words(cover["month"])), "Subtitle", 11)
    if not cover["issued"]:
        draft = run(wording.text(words.LABELS["draft"], " · "), color=STATE_INK["attention"])
        yield paragraph(draft)
    yield '<w:p><w:pPr><w:spacing w:before="500" w:after="0"/></w:pPr></w:p>'
    rows = [
        row_xml(
            [
                Cell(writer.say(words.HEADS[key], "Note")),
                Cell(writer.say(value)),
            ],
            FACTS,
        )
        for key, value in _facts(cover)
    ]
    yield table_xml(rows, FACTS, wording.text(words.HEADS["report_number"], " / "), "Plain")
    yield '<w:p><w:pPr><w:spacing w:before="1600" w:after="0"/></w:pPr></w:p>'
    yield _signatures(writer, cover["signatures"])
    yield BREAK


def _titled(lines: tuple[str, str], style: str, second_size: float) -> str:
    first, second = lines
    told = run(first)
    if second:
        told += NEW_LINE + run(second, size=second_size)
    return paragraph(told, style)


def _facts(cover: Cover) -> list[tuple[str, Words | str]]:
    facts: list[tuple[str, Words | str]] = [
        ("contract", cover["contract"]),
        ("contract_code", cover["contract_code"]),
        ("report_number", cover["number"] or "—"),
    ]
    if cover["corrects"]:
        facts.append(("corrects", cover["corrects"]))
    return [*facts, ("made_at", f"{cover['made_at']} ({cover['time_zone']})")]


def _signatures(writer: Writer, rows: Sequence[Signature]) -> str:
    """编制, 审核 and 客户确认: who signed, or room to sign by hand."""
    wording = writer.wording
    heads = [
        Cell(paragraph(in_both([wording.lines(words.LABELS[row["key"]])]), "CellHead"), HEAD_TINT)
        for row in rows
    ]
    boxes = [Cell(_signed(writer, row), bottom=True) for row in rows]
    made = [row_xml(heads, THREE), row_xml(boxes, THREE, high_mm=SIGNED_MM)]
    return table_xml(made, THREE, wording.text(words.LABELS["sign_offs"], " / "), "Boxes")


def _signed(writer: Writer, row: Signature) -> str:
    made = ""
    if row["strokes"]:
        alt = writer.wording.said(row["person"], " ")
        shown = writer.media.shown(signature(row["strokes"]), alt, DRAWN_MM)
        made += paragraph(shown, "Cell")
    if row["person"]["zh"]:
        made += writer.say(row["person"], "Cell")
    names = ("signed_on",) if row["strokes"] else ("signature", "signed_on")
    for key in names:
        name = writer.wording.text(words.HEADS[key], " / ")
        made += paragraph(
            run(f"{name}：", "Soft") + run(row["signed_on"] if key == "signed_on" else ""), "Cell"
        )
    return made


def summary(writer: Writer, report: ReportContent) -> Iterator[str]:
    """本月概要: six figures, three abreast."""
    yield writer.heading(words.TITLES["summary"])
    told = headlines(report)
    rows = []
    for at in range(0, len(told), 3):
        cells = []
        for one in told[at : at + 3]:
            body = (
                writer.say(one.name, "Note")
                + paragraph(run(one.value, bold=True, color=ACCENT, size=18))
                + writer.say(one.under, "Note")
            )
            cells.append(Cell(body, ACCENT_TINT))
        rows.append(row_xml(cells, THREE, high_mm=25))
    name = writer.wording.text(words.TITLES["summary"], " / ")
    yield table_xml(rows, THREE, name, "Boxes")
    yield paragraph("")


def contents(writer: Writer, titles: Sequence[str]) -> Iterator[str]:
    """目录, on the page of the figures."""
    yield writer.heading(words.TITLES["contents"], 2)
    yield from writer.contents(titles)
