"""WordprocessingML as texts: runs, paragraphs, tables, pictures. Pure.

Texts are put together instead of trees being built, because the annexes of 200 rooms have a hundred
thousand cells; every text from outside passes :func:`escaped`. The order of the elements is the
schema's (ECMA-376, transitional), which Word insists on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from webapp.reports.wording import legible

ACCENT, SOFT, HAIRLINE, HEAD_TINT, ACCENT_TINT = "0B5F5C", "435350", "C9D3CF", "EEF3F1", "E9F3F1"
STATE_INK: Final = {
    "normal": "14552C",
    "abnormal": "8F2306",
    "not_tested": "3D4A58",
    "todo": "435350",
    "attention": "6B4000",
}
STATE_TINT: Final = {
    "normal": "E5F3E9",
    "abnormal": "FDEBE5",
    "not_tested": "EDF0F4",
    "todo": "F5F7F6",
    "attention": "FDF2DC",
}
# Twentieths of a point, and the units of drawings, to a millimetre.
TWIPS, EMU = 1440 / 25.4, 36_000
PAGE_MM = 182
BREAK: Final = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>'
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
# A row whose text is longer may break over pages; all others stay whole.
LONGEST = 400


def escaped(text: str) -> str:
    """A text as XML has it, in an element or an attribute."""
    return legible(text).translate(_ESCAPES)


def run(text: str, style: str = "", *, bold: bool = False, color: str = "", size: float = 0) -> str:
    """A run of text; its lines are broken where the text's are."""
    if not text:
        return ""
    look = f'<w:rStyle w:val="{style}"/>' if style else ""
    look += "<w:b/>" if bold else ""
    look += f'<w:color w:val="{color}"/>' if color else ""
    look += f'<w:sz w:val="{round(size * 2)}"/><w:szCs w:val="{round(size * 2)}"/>' if size else ""
    told = escaped(text)
    if "\n" in told or "\t" in told:
        told = told.replace("\n", f"{_END}<w:br/>{_BEGIN}").replace("\t", f"{_END}<w:tab/>{_BEGIN}")
    properties = f"<w:rPr>{look}</w:rPr>" if look else ""
    return f"<w:r>{properties}{_BEGIN}{told}{_END}</w:r>"


_BEGIN, _END = '<w:t xml:space="preserve">', "</w:t>"
NEW_LINE: Final = "<w:r><w:br/></w:r>"


def paragraph(runs: str, style: str = "", *, keep: bool = False, new_page: bool = False) -> str:
    """A paragraph; ``keep`` holds it together with the next."""
    look = f'<w:pStyle w:val="{style}"/>' if style else ""
    look += "<w:keepNext/>" if keep else ""
    look += "<w:pageBreakBefore/>" if new_page else ""
    return f"<w:p><w:pPr>{look}</w:pPr>{runs}</w:p>" if look else f"<w:p>{runs}</w:p>"


def in_both(lines: Iterable[tuple[str, str]], *, bold: bool = False, color: str = "") -> str:
    """Lines under one another, each with its second language below it."""
    told = []
    for first, second in lines:
        told.append(run(first, bold=bold, color=color))
        if second:
            told.append(run(second, "Second"))
    return NEW_LINE.join(told)


def field(instruction: str) -> str:
    """A field that every program reckons itself, as a page's number."""
    return f'<w:fldSimple w:instr=" {instruction} "><w:r><w:t>1</w:t></w:r></w:fldSimple>'


# --- tables


@dataclass(frozen=True)
class Cell:
    """A cell: what is in it (paragraphs), and its look.

    ``over`` so many columns; ``joined`` begins a cell over several rows, or goes on with it.
    """

    body: str
    fill: str = ""
    over: int = 1
    joined: str = ""
    bottom: bool = False


def cell_xml(cell: Cell, width: int) -> str:
    """A cell so many twips wide."""
    look = f'<w:tcW w:w="{width}" w:type="dxa"/>'
    if cell.over > 1:
        look += f'<w:gridSpan w:val="{cell.over}"/>'
    if cell.joined:
        look += '<w:vMerge w:val="restart"/>' if cell.joined == "begins" else "<w:vMerge/>"
    if cell.fill:
        look += f'<w:shd w:val="clear" w:color="auto" w:fill="{cell.fill}"/>'
    if cell.bottom:
        look += '<w:vAlign w:val="bottom"/>'
    return f"<w:tc><w:tcPr>{look}</w:tcPr>{cell.body}</w:tc>"


def row_xml(
    cells: Sequence[Cell],
    widths: Sequence[int],
    *,
    head: bool = False,
    may_break: bool = False,
    high_mm: float = 0,
) -> str:
    """A row; a ``head`` comes again on every page that the table reaches."""
    look = "" if may_break else "<w:cantSplit/>"
    if high_mm:
        look += f'<w:trHeight w:val="{round(high_mm * TWIPS)}" w:hRule="atLeast"/>'
    look += "<w:tblHeader/>" if head else ""
    made, at = [], 0
    for cell in cells:
        made.append(cell_xml(cell, sum(widths[at : at + cell.over])))
        at += cell.over
    properties = f"<w:trPr>{look}</w:trPr>" if look else ""
    return f"<w:tr>{properties}{''.join(made)}</w:tr>"


def twips(millimetres: Sequence[float]) -> list[int]:
    """Widths of columns."""
    return [round(one * TWIPS) for one in millimetres]


def table_xml(rows: Iterable[str], widths: Sequence[int], told: str, style: str = "Report") -> str:
    """A table; ``told`` is what it is called for those who hear it read."""
    grid = "".join(f'<w:gridCol w:w="{one}"/>' for one in widths)
    return (
        f'<w:tbl><w:tblPr><w:tblStyle w:val="{style}"/><w:tblW w:w="{sum(widths)}" w:type="dxa"/>'
        '<w:tblLayout w:type="fixed"/>'
        '<w:tblLook w:val="0020" w:firstRow="1" w:lastRow="0" w:firstColumn="0" w:lastColumn="0"'
        ' w:noHBand="1" w:noVBand="1"/>'
        f'<w:tblCaption w:val="{escaped(told)}"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>'
        f"{''.join(rows)}</w:tbl>"
    )


# --- pictures


def drawing(relation: str, number: int, alt: str, width_mm: float, height_mm: float) -> str:
    """A run with a picture in the line; ``number`` is its own in the document."""
    wide, high = round(width_mm * EMU), round(height_mm * EMU)
    told = escaped(alt.replace("\n", " "))
    return (
        '<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0">'
        f'<wp:extent cx="{wide}" cy="{high}"/>'
        f'<wp:docPr id="{number}" name="Picture {number}" descr="{told}"/>'
        '<wp:cNvGraphicFramePr><a:graphicFrameLocks noChangeAspect="1"/></wp:cNvGraphicFramePr>'
        '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture">'
        f'<pic:pic><pic:nvPicPr><pic:cNvPr id="{number}" name="Picture {number}" descr="{told}"/>'
        f'<pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="{relation}"/>'
        "<a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm>"
        f'<a:off x="0" y="0"/><a:ext cx="{wide}" cy="{high}"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic>'
        "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
    )
