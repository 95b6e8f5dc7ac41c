"""One label as a PNG, for a screen or a label printer, by the same layout as the sheets."""

from __future__ import annotations

import io
from dataclasses import asdict
from typing import Final

from PIL import Image, ImageDraw

from webapp.estate import label_font
from webapp.estate.label_layout import LabelText, Line, draw_label
from webapp.estate.label_qr import QUIET_MODULES, qr_matrix
from webapp.estate.rules import label_link

DOTS_PER_INCH: Final = 300
_MM: Final = DOTS_PER_INCH / 25.4
_BASELINE_EM: Final = 0.88


def label_png(
    label: LabelText, base_url: str, *, width: float = 63.5, height: float = 38.1
) -> bytes:
    """The label on ``width`` × ``height`` millimetres at 300 dots per inch, in black and white.

    Each module of the QR code is a whole number of dots.
    """
    shown = LabelText(**{name: label_font.showable(text) for name, text in asdict(label).items()})
    drawing = draw_label(shown, width, height, label_font.width_em)
    picture = Image.new("L", (round(width * _MM), round(height * _MM)), 255)
    matrix = qr_matrix(label_link(base_url, label.code))
    corner = (drawing.qr_x * _MM, drawing.qr_y * _MM)
    _draw_qr(ImageDraw.Draw(picture), matrix, corner, drawing.qr_size * _MM)
    for line in drawing.lines:
        _draw_line(ImageDraw.Draw(picture), line)
    out = io.BytesIO()
    picture.save(out, "PNG", dpi=(DOTS_PER_INCH, DOTS_PER_INCH), optimize=True)
    return out.getvalue()


def _draw_qr(
    pen: ImageDraw.ImageDraw, matrix: list[list[bool]], corner: tuple[float, float], side: float
) -> None:
    modules = len(matrix) + 2 * QUIET_MODULES
    dots = int(side // modules)
    margin = (side - dots * modules) / 2 + dots * QUIET_MODULES
    left, top = round(corner[0] + margin), round(corner[1] + margin)
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            if dark:
                box = (left + x * dots, top + y * dots)
                pen.rectangle((*box, box[0] + dots - 1, box[1] + dots - 1), fill=0)


def _draw_line(pen: ImageDraw.ImageDraw, line: Line) -> None:
    font = label_font.font_at(max(round(line.size * _MM), 1))
    baseline = (line.y + line.size * _BASELINE_EM) * _MM
    anchor = "ms" if line.centred else "ls"
    pen.text((line.x * _MM, baseline), line.text, fill=0, font=font, anchor=anchor)
