"""Sheets of labels as PDF, set by typst; the values go in as data, never as markup."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from webapp.errors import AppError
from webapp.estate import label_font, words
from webapp.estate.label_grid import PRESETS, Grid
from webapp.estate.label_layout import LabelText, draw_label
from webapp.estate.label_qr import qr_matrix, qr_svg
from webapp.estate.models import Building, Device, Room
from webapp.estate.rules import label_link

CUSTOM: Final = "custom"
_TEMPLATE: Final = Path(__file__).parent / "templates" / "label_sheet.typ"


def label_text(device: Device, room: Room, building: Building, code: str | None) -> LabelText:
    """What a device's label says, in Chinese and in English.

    Where a room has no English name its own stands in the English line too, as on the doors of
    most such rooms. The device's English line is its type, maker and model.
    """
    place_en = ", ".join(part for part in (building.name_en, room.floor) if part)
    product = " ".join(part for part in (device.maker, device.model) if part)
    return LabelText(
        code=code or "",
        place_zh=" ".join(part for part in (building.name_zh, room.floor) if part),
        room_zh=room.name_zh,
        device_zh=device.name,
        room_en=" · ".join(
            part for part in (room.name_en or f"Room {room.name_zh}", place_en) if part
        ),
        device_en=" · ".join(
            part for part in (words.type_title(device.type, "en"), product) if part
        ),
    )


def preset_row(key: str) -> dict[str, Any]:
    """A preset as plain data."""
    return {"key": key, **asdict(PRESETS[key])}


def sheet_pdf(
    labels: Sequence[LabelText],
    grid: Grid,
    base_url: str,
    *,
    start: int = 1,
    outlines: bool = False,
) -> bytes:
    """The labels on as many pages as they need.

    :param start: the first free place of the first page, from 1
    :param outlines: thin lines around the labels, for a trial print on plain paper
    :raise AppError: ``label_sheet_empty``, ``font_missing``
    """
    return sheet_pages(labels, grid, base_url, start=start, outlines=outlines)[0]


def sheet_pages(
    labels: Sequence[LabelText],
    grid: Grid,
    base_url: str,
    *,
    start: int = 1,
    outlines: bool = False,
    form: Literal["pdf", "png"] = "pdf",
    ppi: float = 150.0,
) -> list[bytes]:
    """One PDF, or one PNG a page at ``ppi`` dots per inch. See :func:`sheet_pdf`."""
    if not labels:
        raise AppError("label_sheet_empty")
    data = {
        "title": "Labels",
        "grid": asdict(grid),
        "font": label_font.family(),
        "outlines": outlines,
        "pages": _pages(labels, grid, base_url, start),
    }
    return _compiled(json.dumps(data, ensure_ascii=False), form, ppi)


def _pages(
    labels: Sequence[LabelText], grid: Grid, base_url: str, start: int
) -> list[list[dict[str, Any]]]:
    pages: list[list[dict[str, Any]]] = []
    for index, label in enumerate(labels, start - 1):
        page, place = divmod(index, grid.per_page)
        if page == len(pages):
            pages.append([])
        x, y = grid.place(place)
        pages[-1].append({"x": x, "y": y, **_drawn(label, grid, base_url)})
    return pages


def _drawn(label: LabelText, grid: Grid, base_url: str) -> dict[str, Any]:
    shown = LabelText(**{name: label_font.showable(text) for name, text in asdict(label).items()})
    drawing = draw_label(shown, grid.label_width, grid.label_height, label_font.width_em)
    svg = qr_svg(qr_matrix(label_link(base_url, label.code)))
    return {**asdict(drawing), "svg": svg, "code": label.code}


@cache
def _fonts() -> Any:
    import typst  # Not before a worker is forked: typst's threads don't survive it.

    return typst.Fonts(include_system_fonts=False, font_paths=[str(label_font.font_path().parent)])


def _compiled(data: str, form: Literal["pdf", "png"], ppi: float) -> list[bytes]:
    import typst

    made: Any
    made, warnings = typst.compile_with_warnings(
        _TEMPLATE.read_bytes(), font_paths=_fonts(), sys_inputs={"data": data}, format=form, ppi=ppi
    )
    if warnings:
        raise AppError("font_missing", warnings=[str(warning.message) for warning in warnings])
    return made if isinstance(made, list) else [made]
