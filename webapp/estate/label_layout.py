"""Where everything stands on one label, in millimetres: drawn alike by typst and by Pillow; pure.

The QR code is 25 mm where the label allows, more on a larger one, and keeps its quiet zone of four
modules. Long names wrap, then shrink, then end in an ellipsis; nothing leaves the label.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

Measure = Callable[[str], float]
"""The width of a text in units of its size."""

PADDING: Final = 1.5
GAP: Final = 1.5
QR_WANTED: Final = 25.0
LEADING: Final = 1.22
SMALLEST_TEXT: Final = 1.75
MOST_LINES: Final = 3
CODE_WIDTH_EM: Final = 5.4
SMALLEST_CODE: Final = 2.1
ELLIPSIS: Final = "…"
_WORDS = re.compile(r"[\x21-\u02ff]+|\s|.", re.DOTALL)


@dataclass(frozen=True)
class LabelText:
    """What stands on a label, besides its QR code, in the order of reading."""

    code: str
    place_zh: str
    room_zh: str
    device_zh: str
    room_en: str
    device_en: str


@dataclass(frozen=True)
class Line:
    """One line of text: its top left corner (``centred``: its top middle) and its size."""

    x: float
    y: float
    size: float
    text: str
    centred: bool = False
    code: bool = False


@dataclass(frozen=True)
class Drawing:
    """One label: the QR code's square with its quiet zone, and the lines."""

    qr_x: float
    qr_y: float
    qr_size: float
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class _Box:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class _Paragraph:
    text: str
    scale: float
    missed_least: int


def draw_label(text: LabelText, width: float, height: float, measure: Measure) -> Drawing:
    """Lay one label out on ``width`` × ``height`` millimetres."""
    if width >= height:
        return _side_by_side(text, width, height, measure)
    return _one_above_the_other(text, width, height, measure)


def _side_by_side(text: LabelText, width: float, height: float, measure: Measure) -> Drawing:
    inner = height - 2 * PADDING
    code_size = min(max(height * 0.095, 2.4), 3.6)
    under = code_size * LEADING + 0.4
    room_for_text = min(30.0, width * 0.45)
    qr = min(inner - under, width - 2 * PADDING - GAP - room_for_text)
    code_under = qr >= min(QR_WANTED, inner - under)
    if qr < QR_WANTED:
        qr = min(QR_WANTED, inner, width * 0.64)
        code_under = inner - qr >= under
    used = qr + (under if code_under else 0.0)
    qr_y = PADDING + (inner - used) / 2
    lines: list[Line] = []
    column = _Box(PADDING + qr + GAP, PADDING, width - 2 * PADDING - qr - GAP, inner)
    if code_under:
        lines.append(_code_line(text, PADDING + qr / 2, qr_y + qr, qr, code_size, measure))
    else:
        lines.extend(_code_in_column(text, column, code_size, measure))
        taken = sum(line.size * LEADING for line in lines) + 0.4
        column = _Box(column.x, column.y, column.width, column.height - taken)
    return Drawing(PADDING, qr_y, qr, (*_fill(text, column, measure, middle=code_under), *lines))


def _one_above_the_other(text: LabelText, width: float, height: float, measure: Measure) -> Drawing:
    code_size = min(max(width * 0.09, 2.2), 3.6)
    below = code_size * LEADING + 0.4
    qr = min(width - 2 * PADDING, max(QR_WANTED, height * 0.55), height - 2 * PADDING - below - 6)
    qr_x = (width - qr) / 2
    code = _code_line(text, width / 2, PADDING + qr, width - 2 * PADDING, code_size, measure)
    top = PADDING + qr + below + 0.3
    column = _Box(PADDING, top, width - 2 * PADDING, height - PADDING - top)
    return Drawing(qr_x, PADDING, qr, (*_fill(text, column, measure), code))


def _shown(code: str) -> str:
    return f"{code[:4]}-{code[4:]}"


def _code_line(
    text: LabelText, middle: float, y: float, width: float, size: float, measure: Measure
) -> Line:
    size = min(size, width / measure(_shown(text.code)))
    return Line(middle, y + 0.2, size, _shown(text.code), centred=True, code=True)


def _code_in_column(text: LabelText, column: _Box, size: float, measure: Measure) -> list[Line]:
    """The code at the foot of the column: in one line, or its halves one above the other."""
    parts = [_shown(text.code)]
    if column.width / CODE_WIDTH_EM < SMALLEST_CODE:
        parts = [f"{text.code[:4]}-", text.code[4:]]
    size = min(size, *(column.width / measure(part) for part in parts))
    bottom = column.y + column.height
    return [
        Line(column.x, bottom - (len(parts) - index) * size * LEADING, size, part, code=True)
        for index, part in enumerate(parts)
    ]


def _fill(text: LabelText, box: _Box, measure: Measure, *, middle: bool = False) -> list[Line]:
    paragraphs = [
        _Paragraph(text.place_zh, 0.85, 5),
        _Paragraph(text.room_zh, 1.25, 1),
        _Paragraph(text.device_zh, 1.0, 2),
        _Paragraph(text.room_en, 0.85, 3),
        _Paragraph(text.device_en, 0.85, 4),
    ]
    paragraphs = [paragraph for paragraph in paragraphs if paragraph.text]
    size = min(max(box.height / 9, 2.0), 3.6)
    sized = _fitted(paragraphs, box, size, measure)
    y = box.y
    if middle:
        y += (box.height - _height(sized)) / 2
    lines = []
    for line_size, line in sized:
        lines.append(Line(box.x, y, line_size, line))
        y += line_size * LEADING
    return lines


def _fitted(
    paragraphs: list[_Paragraph], box: _Box, size: float, measure: Measure
) -> list[tuple[float, str]]:
    """The largest size at which everything fits whole; else the smallest, with lines given up.

    Lines are taken from the longest paragraph, of equals from the one that is missed least.
    """
    sizes = [max(size * step, SMALLEST_TEXT) for step in (1.0, 0.93, 0.86, 0.8, 0.74, 0.0)]
    lines: list[tuple[float, str]] = []
    for tried in sizes:
        lines = _set(paragraphs, [MOST_LINES] * len(paragraphs), box.width, tried, measure)
        if _height(lines) <= box.height and not any(line.endswith(ELLIPSIS) for _, line in lines):
            return lines
    most = [MOST_LINES] * len(paragraphs)
    while _height(lines) > box.height and any(most):
        longest = max(most)
        equals = [index for index, count in enumerate(most) if count == longest]
        most[max(equals, key=lambda index: paragraphs[index].missed_least)] -= 1
        lines = _set(paragraphs, most, box.width, sizes[-1], measure)
    return lines


def _height(lines: list[tuple[float, str]]) -> float:
    return sum(size * LEADING for size, _ in lines)


def _set(
    paragraphs: list[_Paragraph],
    most_lines: list[int],
    width: float,
    size: float,
    measure: Measure,
) -> list[tuple[float, str]]:
    lines: list[tuple[float, str]] = []
    for paragraph, most in zip(paragraphs, most_lines, strict=True):
        own = max(size * paragraph.scale, SMALLEST_TEXT)
        if most:
            lines.extend((own, line) for line in wrap(paragraph.text, width / own, most, measure))
    return lines


def wrap(text: str, width_em: float, most_lines: int, measure: Measure) -> list[str]:
    """``text`` in lines of at most ``width_em``; what is left over ends in an ellipsis.

    Chinese breaks anywhere, Latin between words, and within a word that is too long for a line.
    """
    lines: list[str] = []
    line = ""
    for piece in _pieces(text, width_em, measure):
        if measure(line + piece) <= width_em:
            line += piece if line or piece.strip() else ""
            continue
        if len(lines) + 1 == most_lines:
            return [*lines, _cut(line + piece, width_em, measure)]
        lines.append(line.rstrip())
        line = piece.lstrip()
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str, width_em: float, measure: Measure) -> list[str]:
    pieces: list[str] = []
    for word in _WORDS.findall(text):
        pieces.extend([word] if measure(word) <= width_em else word)
    return pieces


def _cut(text: str, width_em: float, measure: Measure) -> str:
    while text and measure(text.rstrip() + ELLIPSIS) > width_em:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS
