"""What a file of a report says, in its language: Chinese, English, or the one above the other. Pure.

Makers of workbooks and text documents take their sentences from here and their words from
:mod:`webapp.reports.words`; what a person typed passes :func:`legible` on its way into any XML.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from webapp.reports import words
from webapp.reports.shape import AgeBand, Dates, DeviceRef, Place, Rate, Words
from webapp.reports.words import Language

MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
DASH: Final = "—"
_NUMBERED = re.compile(r"^\d+\. ")
_TAB_NUMBERED = re.compile(r"^[\d-]+ ")
# What XML may not hold in any spelling (control characters, halves of pairs, signs that are none), and
# what would turn round the words after it, in a document that is signed.
_ILLEGAL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
    "\ufdd0-\ufdef\ufffe\uffff]"
)
_NO_NAME = re.compile(r"[\[\]:*?/\\']")
MOST_TAB: Final = 31
_WIDE = re.compile(
    "[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\uffe6\U0001f300-\U0003fffd]"
)
_BREAKS = re.compile("\r\n?|[\x85\u2028\u2029]")


@dataclass(frozen=True)
class Wording:
    """How a thing that has a name in two languages is written in a document's language."""

    language: Language

    @property
    def both(self) -> bool:
        """Whether the second language stands under the first."""
        return self.language == "both"

    @property
    def main(self) -> str:
        """The language of what stands alone: ``zh`` or ``en``."""
        return "en" if self.language == "en" else "zh"

    def lines(self, name: Words) -> tuple[str, str]:
        """The name, and its English under it where both are wanted and it differs."""
        if not self.both:
            return legible(name["en"] if self.main == "en" else name["zh"]), ""
        return legible(name["zh"]), legible(name["en"]) if name["en"] != name["zh"] else ""

    def text(self, name: Words, gap: str = "\n") -> str:
        """The name in one text; ``gap`` stands between the languages."""
        return gap.join(line for line in self.lines(name) if line)

    def heading(self, name: Words) -> str:
        """A heading on one line: its number is said once."""
        first, second = self.lines(name)
        return f"{first} {_NUMBERED.sub('', second)}".rstrip()

    def tab(self, name: Words) -> str:
        """What a sheet is called, without what a sheet's name may not hold; its number is said once."""
        first, second = self.lines(name)
        whole = f"{first} {_TAB_NUMBERED.sub('', second)}".rstrip()
        return _NO_NAME.sub(" ", whole)[:MOST_TAB]

    def said(self, value: Words | str, gap: str = "\n") -> str:
        """A name in its language, or what somebody typed as he typed it."""
        return legible(value) if isinstance(value, str) else self.text(value, gap)


def legible(text: str) -> str:
    """``text`` with what no document may hold replaced by ``�``: it is seen that something was there."""
    if text.isprintable():
        return text
    return _ILLEGAL.sub("\ufffd", _BREAKS.sub("\n", text))


def named(table: str, key: object) -> Words:
    """The words of a key of an enumeration; a key without words stands for itself."""
    return words.ALL[table].get(str(key), {"zh": str(key), "en": str(key)})


def filled(key: str, values: Mapping[str, Any]) -> Words:
    """A label with its figures, as ``rooms_figures`` with ``planned``."""
    label = words.LABELS[key]
    known = {name: "" if value is None else value for name, value in values.items()}
    return words.filled(label, **known)


def place_words(place: Place) -> Words:
    """Building, floor and room on one line."""
    building, room, floor = place["building"], place["room"], place["floor"]
    return {
        "zh": _place(building["zh"], floor, room["zh"]),
        "en": _place(building["en"], floor, room["en"]),
    }


def _place(building: str, floor: str, room: str) -> str:
    house = " ".join(part for part in (building, floor) if part)
    return " · ".join(part for part in (house, room) if part)


def month_words(month: str) -> Words:
    """``2026-11`` as a reader says it."""
    year, number = month.split("-")
    return {"zh": f"{year} 年 {int(number)} 月", "en": f"{MONTHS[int(number) - 1]} {year}"}


def severity_words(severity: int | str) -> Words:
    """``三级`` says what it is; in English the number alone would not."""
    name = named("severities", severity)
    return {"zh": name["zh"], "en": f"severity {name['en']}"}


def band_words(band: AgeBand) -> Words:
    """How old the open items of a band are."""
    least, most = band["least"], band["most"]
    if most is None:
        return {"zh": f"{least} 个月及以上", "en": f"{least} months or more"}
    if least == most == 0:
        return {"zh": "本月", "en": "this month"}
    span = str(least) if least == most else f"{least}–{most}"
    return {"zh": f"{span} 个月", "en": f"{span} month" + ("" if span == "1" else "s")}


def dates_words(dates: Dates) -> Words:
    """Whether the round was done by the day that the contract names (clause 21)."""
    late = dates["days_left"] < 0
    if dates["finished_on"] is None:
        key = "due_over" if late else "due_left"
    else:
        key = "due_late" if late else "due_in_time"
    figures = {"day": dates["finished_on"], "due": dates["due_on"], "days": abs(dates["days_left"])}
    return filled(key, figures)


def percent(rate: Rate) -> str:
    """``97.6 %``, and a dash where there was nothing to count."""
    value = rate["percent"]
    return DASH if value is None else f"{value:.1f}".removesuffix(".0") + " %"


def device_words(device: DeviceRef | None) -> Words:
    """A device by its name; without one the room itself is meant."""
    if device is None:
        return words.LABELS["room_itself"]
    return {"zh": device["name"], "en": device["name"]}


def device_number(device: DeviceRef) -> str:
    """Asset number and label code."""
    return " / ".join(part for part in (device["asset_number"], device["label"]) if part)


def product(device: DeviceRef) -> str:
    """Make and model."""
    return " ".join(part for part in (device["maker"], device["model"]) if part)


def wide(text: str) -> int:
    """How wide a text is, in Latin letters; a Chinese one takes two."""
    return len(text) if text.isascii() else len(text) + len(_WIDE.findall(text))
