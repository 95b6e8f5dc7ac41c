"""The report's charts as pictures, drawn as in its PDF, for a document that can't draw them itself."""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path
from typing import Any, Final

from webapp.estate import label_font
from webapp.reports import words
from webapp.reports.media import Picture
from webapp.reports.outline.tables import Chart
from webapp.reports.shape import ReportContent
from webapp.reports.typeset import fonts
from webapp.reports.typeset.printable import Printable
from webapp.reports.typeset.setting import FOLDER_PREFIX, TEMPLATES, run_script, write_json

_NAMES: Final = ("lib.typ", "charts.typ", "sections.typ", "chart_pictures.typ")


def chart_pictures(report: ReportContent, language: str) -> dict[Chart, Picture]:
    """A picture of each chart that the report has figures for."""
    asked = _charts(report)
    if not asked:
        return {}
    with tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX) as name:
        folder = Path(name)
        for template in _NAMES:
            (folder / template).write_bytes((TEMPLATES / template).read_bytes())
        write_json(folder / "charts.data.json", _data(asked, language))
        write_json(
            folder / "charts.json",
            {"data": "charts.data.json", "font_folder": str(label_font.font_path().parent)},
        )
        run_script("draw_charts.py", str(folder))
        return {
            kind: _picture((folder / f"chart-{at}.png").read_bytes())
            for at, kind in enumerate(asked)
        }


def _charts(report: ReportContent) -> dict[Chart, Any]:
    """What is drawn, as in the sections: a trend of one month is none."""
    status, items = report["status"], report["open_items"]
    charts: dict[Chart, Any] = {}
    if status["by_type"]:
        charts["status"] = status["by_type"]
    if len(status["trend"]) > 1:
        charts["trend"] = status["trend"]
    if items["counts"]["open"] > 0:
        charts["ageing"] = items["ageing"]
    return charts


def _data(asked: dict[Chart, Any], language: str) -> dict[str, Any]:
    charts = [{"kind": kind, "rows": rows} for kind, rows in asked.items()]
    return {
        "language": language,
        "fonts": fonts.families(),
        "words": words.ALL,
        "photos": {},
        "title": "",
        "running": ["", ""],
        "has_lost_glyphs": False,
        "part": {"charts": Printable(fonts.can_show).value(charts)},
    }


def _picture(data: bytes) -> Picture:
    """A PNG says its size in its first chunk."""
    width, height = struct.unpack(">II", data[16:24])
    return Picture(data, width, height)
