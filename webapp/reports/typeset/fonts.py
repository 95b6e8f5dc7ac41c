"""The fonts of the documents: the shipped Chinese one, and for Latin, Greek and Cyrillic names the
typesetter's own."""

from __future__ import annotations

from functools import cache
from typing import Final

from webapp.estate import label_font

# They come inside typst. The Chinese font has no Ł and no ğ, and people's names have.
BUILT_IN: Final = ("DejaVu Sans Mono", "Libertinus Serif")
# What these show, by first and last letter; a test sets every one of them.
BUILT_IN_LETTERS: Final = (
    (0x0100, 0x017F),  # Latin of Central and Northern Europe, Turkish, Baltic
    (0x01CD, 0x01DC),  # Pinyin with its tones
    (0x0200, 0x021B),  # Croatian, Romanian
    (0x0386, 0x03CE),  # Greek
    (0x0400, 0x045F),  # Cyrillic
    (0x0490, 0x0495),
    (0x049A, 0x049B),
    (0x04D8, 0x04E9),
    (0x1E80, 0x1E85),  # Welsh
    (0x1EA0, 0x1EF9),  # Vietnamese
)


def families() -> list[str]:
    """The fonts' names, the first that has a letter shows it."""
    return [label_font.family(), *BUILT_IN]


@cache
def can_show(letter: str) -> bool:
    """Whether one of them has a shape for the letter."""
    built_in = any(first <= ord(letter) <= last for first, last in BUILT_IN_LETTERS)
    return built_in or label_font.can_show(letter)
