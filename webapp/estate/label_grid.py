"""How labels lie on a sheet: the presets of common sheets, and what a grid of one's own must hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from webapp.errors import AppError

A4_WIDTH: Final = 210.0
A4_HEIGHT: Final = 297.0
SMALLEST_LABEL: Final = (20.0, 15.0)
"""Below this no QR code can be read back: width and height in millimetres."""
_ROUNDING: Final = 0.05


@dataclass(frozen=True)
class Grid:
    """Labels on a page, in rows from the top left; every length in millimetres."""

    columns: int
    rows: int
    label_width: float
    label_height: float
    margin_left: float = 0.0
    margin_top: float = 0.0
    gap_x: float = 0.0
    gap_y: float = 0.0
    page_width: float = A4_WIDTH
    page_height: float = A4_HEIGHT
    name: str = ""

    @property
    def per_page(self) -> int:
        """How many labels a page holds."""
        return self.columns * self.rows

    def place(self, index: int) -> tuple[float, float]:
        """The top left corner of the label at ``index`` (from 0) of a page."""
        row, column = divmod(index, self.columns)
        return (
            self.margin_left + column * (self.label_width + self.gap_x),
            self.margin_top + row * (self.label_height + self.gap_y),
        )


def _centred(
    name: str, columns: int, rows: int, width: float, height: float, gap_x: float = 0.0
) -> Grid:
    """An A4 sheet whose labels lie in its middle, as nearly all sheets on the market have them."""
    return Grid(
        columns=columns,
        rows=rows,
        label_width=width,
        label_height=height,
        gap_x=gap_x,
        margin_left=round((A4_WIDTH - columns * width - (columns - 1) * gap_x) / 2, 2),
        margin_top=round((A4_HEIGHT - rows * height) / 2, 2),
        name=name,
    )


PRESETS: Final[dict[str, Grid]] = {
    "L7160": _centred("Avery L7160 · 63.5 × 38.1 mm · 3 × 7", 3, 7, 63.5, 38.1, 2.5),
    "L7159": _centred("Avery L7159 · 63.5 × 33.9 mm · 3 × 8", 3, 8, 63.5, 33.9, 2.5),
    "L7163": _centred("Avery L7163 · 99.1 × 38.1 mm · 2 × 7", 2, 7, 99.1, 38.1, 2.5),
    "L7162": _centred("Avery L7162 · 99.1 × 33.9 mm · 2 × 8", 2, 8, 99.1, 33.9, 2.5),
    "L7651": _centred("Avery L7651 · 38.1 × 21.2 mm · 5 × 13", 5, 13, 38.1, 21.2, 2.5),
    "A4-24": _centred("A4 · 70 × 36 mm · 3 × 8", 3, 8, 70.0, 36.0),
    "A4-21": _centred("A4 · 70 × 42.3 mm · 3 × 7", 3, 7, 70.0, 42.3),
    "A4-45": _centred("A4 · 40 × 30 mm · 5 × 9", 5, 9, 40.0, 30.0),
    "ROLL-60x40": Grid(1, 1, 60.0, 40.0, page_width=60.0, page_height=40.0, name="60 × 40 mm"),
    "ROLL-40x30": Grid(1, 1, 40.0, 30.0, page_width=40.0, page_height=30.0, name="40 × 30 mm"),
}


def check_grid(grid: Grid, *, start: int = 1) -> Grid:
    """The grid itself, when its labels lie on the page and can be read.

    :param start: the first free place of a used sheet, from 1
    :raise AppError: ``label_sheet_does_not_fit`` with the field that is too large or too small
    """
    right = grid.place(grid.columns - 1)[0] + grid.label_width
    bottom = grid.place(grid.per_page - 1)[1] + grid.label_height
    for field, wrong in (
        ("label_width", grid.label_width < SMALLEST_LABEL[0]),
        ("label_height", grid.label_height < SMALLEST_LABEL[1]),
        ("columns", right > grid.page_width + _ROUNDING),
        ("rows", bottom > grid.page_height + _ROUNDING),
        ("start", not 1 <= start <= grid.per_page),
    ):
        if wrong:
            code = "label_sheet_does_not_fit"
            raise AppError(code, fields={field: [code]}, field=field)
    return grid
