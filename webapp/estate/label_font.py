"""The font of labels: where its file is, how wide a text is in it, and what it can't show."""

from __future__ import annotations

import os
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from PIL import ImageFont

from webapp.errors import AppError

FONT_VARIABLE: Final = "LABEL_FONT"
_MEASURED_AT: Final = 200
_SYSTEM_FONTS: Final = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
)
_MISSING: Final = "〓"
_NO_GLYPH: Final = "\U0010ffff"


@cache
def font_path() -> Path:
    """The font's file: ``LABEL_FONT``, the one that comes with the server, or the system's.

    :raise AppError: ``font_missing`` when there is none
    """
    named = os.environ.get(FONT_VARIABLE)
    candidates = [named] if named else [_own_font(), *_SYSTEM_FONTS]
    for candidate in candidates:
        if candidate and Path(candidate).is_file():
            return Path(candidate)
    raise AppError("font_missing", looked_in=[path for path in candidates if path])


def _own_font() -> str | None:
    try:
        from pylopdf_fonts_zh_cn import sans_path
    except ImportError:
        return None
    return str(sans_path())


@lru_cache(maxsize=16)
def font_at(pixels: int) -> ImageFont.FreeTypeFont:
    """The font at a size in pixels; of a collection, its simplified Chinese face."""
    path = str(font_path())
    for index in range(10):
        try:
            font = ImageFont.truetype(path, pixels, index=index)
        except OSError:
            break
        if not path.endswith(".ttc") or "SC" in str(font.getname()[0]):
            return font
    return ImageFont.truetype(path, pixels)


def family() -> str:
    """The name by which a typesetter finds the font."""
    return str(font_at(_MEASURED_AT).getname()[0])


def width_em(text: str) -> float:
    """The width of a text, in units of its size; never less than it takes with kerning."""
    return sum(_letter_width_em(letter) for letter in text)


@cache
def _letter_width_em(letter: str) -> float:
    return font_at(_MEASURED_AT).getlength(letter) / _MEASURED_AT


@cache
def can_show(letter: str) -> bool:
    """Whether the font has a shape for the letter."""
    font = font_at(_MEASURED_AT)
    return bytes(font.getmask(letter)) != bytes(font.getmask(_NO_GLYPH))


def showable(text: str) -> str:
    """The text on one line, with what the font can't show replaced by the sign for a lost glyph."""
    letters = []
    for letter in unicodedata.normalize("NFC", " ".join(text.split())):
        if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me"):
            continue
        letters.append(letter if letter == " " or can_show(letter) else _MISSING)
    return "".join(letters)
