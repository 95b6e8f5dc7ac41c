"""Draw the charts with typst, in a process of its own: ``python draw_charts.py FOLDER``.

Run by path and not as a module, so that nothing but typst is loaded. Reads ``charts.json`` in the
folder, writes ``chart-0.png`` and on, and prints one line of JSON: how many.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

# Sharp on paper, and some fifty kilobytes a chart.
PPI = 190.0


def main(folder: Path) -> dict[str, Any]:
    """Draw every chart."""
    import typst

    asked = json.loads((folder / "charts.json").read_text("utf-8"))
    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=True,
        font_paths=[asked["font_folder"]],
    )
    made: Any = typst.compile(
        str(folder / "chart_pictures.typ"),
        root=str(folder),
        font_paths=fonts,
        format="png",
        ppi=PPI,
        sys_inputs={"part": asked["data"]},
    )
    pages = made if isinstance(made, list) else [made]
    for at, page in enumerate(pages):
        (folder / f"chart-{at}.png").write_bytes(page)
    return {"charts": len(pages)}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))  # noqa: T201 - the answer to the parent
