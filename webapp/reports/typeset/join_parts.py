"""Join the parts with qpdf, in a process of its own: ``python join_parts.py FOLDER``.

Reads ``join.json``: the parts' names in order, the bookmarks, title and language. Writes
``joined.pdf``. The structure trees become one, so that the whole stays tagged; the bookmarks are
made anew. What is lost: nothing that typst writes here (there are no forms and no inner links).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def main(folder: Path) -> dict[str, Any]:
    """Join; the number of pages."""
    import pikepdf

    asked = json.loads((folder / "join.json").read_text("utf-8"))
    names = asked["parts"]
    with pikepdf.open(folder / f"{names[0]}.pdf") as whole:
        for name in names[1:]:
            with pikepdf.open(folder / f"{name}.pdf") as part:
                _append(whole, part)
        _describe(whole, asked)
        _bookmark(whole, asked["bookmarks"])
        whole.save(
            folder / "joined.pdf",
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            deterministic_id=True,
        )
        return {"pages": len(whole.pages)}


def _append(whole: Any, part: Any) -> None:
    first = len(whole.pages)
    whole.pages.extend(part.pages)
    tree = part.Root.get("/StructTreeRoot")
    if tree is None:
        return
    into = whole.Root.StructTreeRoot
    added = whole.copy_foreign(tree)
    offset = int(into.ParentTreeNextKey)
    for at in range(first, len(whole.pages)):
        _renumber(whole.pages[at].obj, offset)
    numbers = added.ParentTree.Nums
    for at in range(0, len(numbers), 2):
        into.ParentTree.Nums.append(int(numbers[at]) + offset)
        into.ParentTree.Nums.append(numbers[at + 1])
    into.ParentTreeNextKey = offset + int(added.ParentTreeNextKey)
    document = into.K[0]
    for child in added.K[0].K:
        child.P = document
        document.K.append(child)


def _renumber(page: Any, offset: int) -> None:
    if "/StructParents" in page:
        page.StructParents = int(page.StructParents) + offset
    for note in page.get("/Annots", ()):
        if "/StructParent" in note:
            note.StructParent = int(note.StructParent) + offset


def _describe(whole: Any, asked: dict[str, Any]) -> None:
    from pikepdf import Dictionary

    whole.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    whole.Root.Lang = asked["language"]
    # "Nothing suspect" is what its absence says too, and some readers warn where it stands.
    if "/Suspects" in whole.Root.get("/MarkInfo", {}):
        del whole.Root.MarkInfo.Suspects


def _bookmark(whole: Any, bookmarks: list[dict[str, Any]]) -> None:
    from pikepdf import OutlineItem

    with whole.open_outline() as outline:
        outline.root.clear()
        levels = [outline.root]
        for mark in bookmarks:
            depth = min(mark["depth"], len(levels) - 1)
            item = OutlineItem(mark["title"], mark["page"], "XYZ", left=0, top=mark["top"])
            item.is_closed = depth == 0
            levels[depth].append(item)
            levels[depth + 1 :] = [item.children]


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))  # noqa: T201 - the answer to the parent
