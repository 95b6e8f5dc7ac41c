"""Compile one part with typst, in a process of its own: ``python compile_part.py FOLDER PART``.

Run by path and not as a module, so that nothing but typst and qpdf is loaded. Reads ``PART.json`` in
the folder, writes ``PART.pdf`` and prints one line of JSON: pages, bookmarks, warnings.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TABLE = "/Table"


def main(folder: Path, name: str) -> dict[str, Any]:
    """Compile, and prepare the part for being joined with others."""
    import pikepdf

    asked = json.loads((folder / f"{name}.json").read_text("utf-8"))
    pdf, warnings = _compiled(folder, asked)
    with pikepdf.open(_stream(pdf)) as document:
        if asked["tagged"]:
            _tidy_tags(document)
        bookmarks = list(_bookmarks(document))
        pages = len(document.pages)
        document.save(folder / f"{name}.pdf", object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return {"pages": pages, "bookmarks": bookmarks, "warnings": warnings}


def _compiled(folder: Path, asked: dict[str, Any]) -> tuple[bytes, list[str]]:
    import typst

    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=True,
        font_paths=[asked["font_folder"]],
    )
    made: Any
    made, warnings = typst.compile_with_warnings(
        str(folder / "main.typ"),
        root=str(folder),
        font_paths=fonts,
        format="pdf",
        sys_inputs={"part": asked["data"]},
        timestamp=asked["timestamp"],
        pdf_tags=asked["tagged"],
    )
    return made, [str(warning.message) for warning in warnings]


def _stream(data: bytes) -> Any:
    from io import BytesIO

    return BytesIO(data)


def _tidy_tags(document: Any) -> None:
    """Leave of a cell's attributes what tells the table's build: spans, and which heads head columns.

    How a border looks is told by the page itself, and which head a cell has follows from the heads'
    scope; beside each of a hundred thousand cells both are most of the tags' weight, and the heads'
    names would clash with those of other parts.
    """
    from pikepdf import Dictionary, Name

    for thing in document.objects:
        if not isinstance(thing, Dictionary) or thing.get("/Type") != Name.StructElem:
            continue
        if "/ID" in thing:
            del thing["/ID"]
        if "/A" in thing and thing.S in (Name.TD, Name.TH):
            _tidy_cell(thing)
    tree = document.Root.get("/StructTreeRoot")
    if tree is not None and "/IDTree" in tree:
        del tree["/IDTree"]


def _tidy_cell(cell: Any) -> None:
    from pikepdf import Array

    kept = [one for one in cell.A if str(one.get("/O")) == TABLE]
    for one in kept:
        if "/Headers" in one:
            del one["/Headers"]
    # What is left of a plain cell is the owner of nothing.
    told = [one for one in kept if len(one.keys()) > 1]
    if told:
        cell.A = Array(told)
    else:
        del cell["/A"]


def _bookmarks(document: Any) -> Any:
    """Title, depth (0 is the outermost) and page (0 is the part's first) of each bookmark."""
    pages = {page.objgen: at for at, page in enumerate(document.pages)}
    with document.open_outline() as outline:
        yield from _below(outline.root, 0, pages)


def _below(items: Any, depth: int, pages: dict[Any, int]) -> Any:
    for item in items:
        target = item.destination
        page = pages.get(target[0].objgen, 0) if target is not None else 0
        top = float(target[3]) if target is not None and len(target) > 3 else 800.0
        yield {"title": str(item.title), "depth": depth, "page": page, "top": top}
        yield from _below(item.children, depth + 1, pages)


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2])))  # noqa: T201 - the answer to the parent
