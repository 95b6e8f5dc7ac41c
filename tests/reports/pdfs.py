"""Reading PDFs with readers that have not written them: PDFium for texts, qpdf for what lies below."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pikepdf
import pypdfium2

from webapp.reports.documents import Made, Source

# Points; the margins are 40 points at the sides, and more above and below.
EDGE = 38


def source(content: Any, language: str = "zh", photo: Any = None) -> Source:
    """What a maker is given."""
    return Source(content, language, photo or (lambda _sha256: None), lambda *_: None)


def text_of(made: Made) -> str:
    """All its text, without what only breaks lines: blanks, and places to break a run."""
    document = pypdfium2.PdfDocument(made.data)
    try:
        pages = [page.get_textpage().get_text_bounded() for page in document]
    finally:
        document.close()
    return plain("".join(pages))


def off_the_page(made: Made) -> list[tuple[int, str]]:
    """The letters that lie beyond the margins, by page; what runs over the edge is lost in print."""
    lost = []
    document = pypdfium2.PdfDocument(made.data)
    try:
        for number, page in enumerate(document):
            width, height = page.get_size()
            texts = page.get_textpage()
            for at in range(texts.count_chars()):
                letter = texts.get_text_range(at, 1)
                left, bottom, right, top = texts.get_charbox(at)
                inside = left >= EDGE and right <= width - EDGE and bottom >= EDGE / 2
                if plain(letter) and not (inside and top <= height - EDGE / 2):
                    lost.append((number, letter))
    finally:
        document.close()
    return lost


def plain(text: str) -> str:
    """A text as it is compared: what is no letter at all, and no line break, is left out."""
    return "".join(one for one in text if one.isprintable() and not one.isspace())


def opened(made: Made) -> Any:
    """The file below its pages."""
    return pikepdf.open(io.BytesIO(made.data))


def bookmarks(pdf: Any) -> list[tuple[int, str]]:
    """Depth and title of each."""

    def below(items: Any, depth: int) -> Iterator[tuple[int, str]]:
        for item in items:
            yield depth, str(item.title)
            yield from below(item.children, depth + 1)

    with pdf.open_outline() as outline:
        return list(below(outline.root, 0))


def fonts(pdf: Any) -> dict[str, bool]:
    """The fonts by name, and whether each is embedded."""
    found: dict[str, bool] = {}
    for thing in pdf.objects:
        if isinstance(thing, pikepdf.Dictionary) and thing.get("/Type") == "/FontDescriptor":
            files = ("/FontFile", "/FontFile2", "/FontFile3")
            found[str(thing.FontName)] = any(name in thing for name in files)
    return found


def tags(pdf: Any) -> list[str]:
    """The kinds of all elements that the structure tree reaches, in the order of reading."""

    def below(element: Any) -> Iterator[str]:
        if not isinstance(element, pikepdf.Dictionary) or "/S" not in element:
            return
        yield str(element.S)
        children = element.get("/K", ())
        for child in children if isinstance(children, pikepdf.Array) else [children]:
            yield from below(child)

    tree = pdf.Root.StructTreeRoot.K
    return [
        kind
        for root in (tree if isinstance(tree, pikepdf.Array) else [tree])
        for kind in below(root)
    ]


def untagged_pages(pdf: Any) -> list[int]:
    """The pages whose marks no element of the tree answers to."""
    numbers = pdf.Root.StructTreeRoot.ParentTree.Nums
    parents = {int(numbers[at]): numbers[at + 1] for at in range(0, len(numbers), 2)}
    lost = []
    for number, page in enumerate(pdf.pages):
        marks = [one for one in _marks(page) if one is not None]
        elements = parents.get(int(page.obj.get("/StructParents", -1)), [])
        if not marks or len(elements) <= max(marks) or any(e.get("/S") is None for e in elements):
            lost.append(number)
        if any(int(e.get("/Pg").objgen[0]) != page.obj.objgen[0] for e in elements if "/Pg" in e):
            lost.append(number)
    return lost


def _marks(page: Any) -> Iterator[int | None]:
    for one in pikepdf.parse_content_stream(page):
        if str(one.operator) == "BDC":
            told: Any = one.operands[1]
            if isinstance(told, pikepdf.Dictionary):
                yield int(told["/MCID"]) if "/MCID" in told else None


def empty_boxes(made: Made) -> int:
    """How many letters are shown as the box that stands for a missing shape: glyph 0 of a font."""
    count = 0
    with opened(made) as file:
        for page in file.pages:
            for one in pikepdf.parse_content_stream(page):
                if str(one.operator) in ("Tj", "TJ"):
                    count += sum(_boxes(shown) for shown in _shown(one.operands[0]))
    return count


def _shown(operand: Any) -> list[Any]:
    return list(operand) if isinstance(operand, pikepdf.Array) else [operand]


def _boxes(shown: Any) -> int:
    codes = bytes(shown) if isinstance(shown, pikepdf.String) else b""
    return sum(codes[at : at + 2] == b"\0\0" for at in range(0, len(codes), 2))
