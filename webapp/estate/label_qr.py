"""The QR code of a label: as a matrix, and as a path for an exact drawing."""

from __future__ import annotations

import re
from typing import Final, Literal

import qrcode
from qrcode.util import QRData

QUIET_MODULES: Final = 4
_CAPITALS = re.compile(r"[0-9A-Z $%*+\-./:]+")
# A hair more than a module, so that no renderer shows a seam between two rows.
_ROW_HEIGHT: Final = 1.02


def qr_matrix(link: str) -> list[list[bool]]:
    """The modules of a link's QR code, without quiet zone; error correction Q.

    Capitals and digits take less room than other letters, so the link's parts are coded apart.
    """
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_Q, border=0)
    for part in _parts(link):
        mode: Literal[2, 4] = 2 if _CAPITALS.fullmatch(part) else 4  # capitals, or bytes
        code.add_data(QRData(part.encode(), mode=mode), optimize=0)
    code.make(fit=True)
    return [[bool(cell) for cell in row] for row in code.get_matrix()]


def _parts(link: str) -> list[str]:
    """The link up to its path, the path, and the code."""
    found = re.fullmatch(r"([0-9A-Z$%*+\-.:/]*?)(/[^0-9A-Z]*d/)([0-9A-Z]+)", link)
    return [part for part in found.groups() if part] if found else [link]


def qr_svg(matrix: list[list[bool]]) -> str:
    """The code with its quiet zone as an SVG picture of one path."""
    runs = []
    for y, row in enumerate(matrix):
        x = 0
        while x < len(row):
            length = 0
            while x + length < len(row) and row[x + length]:
                length += 1
            if length:
                left, top = x + QUIET_MODULES, y + QUIET_MODULES
                runs.append(f"M{left} {top}h{length}v{_ROW_HEIGHT}h-{length}z")
            x += max(length, 1)
    side = len(matrix) + 2 * QUIET_MODULES
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" '
        f'width="{side}" height="{side}"><path d="{"".join(runs)}"/></svg>'
    )
