"""What the font can't show is replaced by a sign for it, visibly; and long runs may break. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any, Final

MISSING: Final = "〓"
# Values by which things are told apart, and which nobody prints as they are.
_KEYS: Final = frozenset(
    {
        "uid", "sha256", "key", "kind", "type", "change", "verdict", "outcome", "state", "role",
        "level", "strictness", "category", "result", "confidence",
    }
)  # fmt: skip
# Without a blank a line can't break: a run longer than so many letters may break at every so many.
# Words are longer than numbers, and are not to be broken.
_LONGEST_WORD: Final = 22
_LONGEST_RUN: Final = 14
_STEP: Final = 7
_RUN: Final = re.compile(rf"[!-~\u00a1-\u024f]{{{_LONGEST_RUN + 1},}}")
_BREAK: Final = "\u200b"
# Neither letters nor room: marks of direction, joiners, controls, halves of pairs, nothing at all.
_SILENT: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_LINES: Final = {"\r\n": "\n", "\r": "\n", "\u2028": "\n", "\u2029": "\n", "\t": " "}

CanShow = Callable[[str], bool]


class Printable:
    """Makes texts printable, and remembers whether anything was lost."""

    def __init__(self, can_show: CanShow) -> None:
        self._can_show = can_show
        self._known: dict[int, str | None] = {}
        self.lost = False

    def value(self, value: Any) -> Any:
        """A copy of plain data whose texts can be printed."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(one) for one in value]
        if isinstance(value, dict):
            return {name: one if name in _KEYS else self.value(one) for name, one in value.items()}
        return value

    def text(self, text: str) -> str:
        """A text that the font can show, with places to break in runs that have none."""
        if text.isascii() and text.isprintable() and len(text) <= _LONGEST_RUN:
            return text
        for ending, line in _LINES.items():
            text = text.replace(ending, line)
        text = unicodedata.normalize("NFC", text)
        self._learn(text)
        text = text.translate(self._known)
        return _RUN.sub(_broken, text)

    def _learn(self, letters: Iterable[str]) -> None:
        for letter in letters:
            if ord(letter) not in self._known:
                self._known[ord(letter)] = self._printed(letter)
            if self._known[ord(letter)] == MISSING:
                self.lost = True

    def _printed(self, letter: str) -> str | None:
        if letter in ("\n", " ", MISSING):
            return letter
        category = unicodedata.category(letter)
        if category in _SILENT:
            return None
        # A mark without its letter's script is none that the font would set: only accents are.
        if category.startswith("M") and not "\u0300" <= letter <= "\u036f":
            return MISSING
        return letter if self._can_show(letter) else MISSING


def _broken(found: re.Match[str]) -> str:
    run = found.group()
    if run.isalpha() and len(run) <= _LONGEST_WORD:
        return run
    return _BREAK.join(run[at : at + _STEP] for at in range(0, len(run), _STEP))
