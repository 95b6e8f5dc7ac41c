"""What one cell of a register says: texts, dates, numbers, flags and addresses; pure.

A reader returns the value, None for an empty cell, or raises :class:`UnreadableError` with a
problem code.
"""

from __future__ import annotations

import calendar
import ipaddress
import math
import re
import unicodedata
from datetime import date, datetime, time, timedelta
from typing import Final

Cell = str | float | int | bool | date | datetime | time | timedelta | None

_NOTHING: Final = frozenset(
    {"-", "--", "—", "——", "/", "\\", "无", "暂无", "未知", "n/a", "na", "nil", "none", "#n/a"}
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]|[\ud800-\udfff]")
_SCIENTIFIC = re.compile(r"^\d(\.\d+)?[eE]\+?\d{2}$")
_LONGEST_EXACT = 10**15
_EXCEL_EPOCH = date(1899, 12, 30)
_YEARS = range(1970, 2101)
_MONTHS = {name.casefold(): number for number, name in enumerate(calendar.month_abbr) if name}


class UnreadableError(ValueError):
    """A cell that has something in it which can't be read; ``code`` is the problem's code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def text_of(cell: Cell) -> str:
    """The cell as one tidy line of text: no control characters, full-width forms made plain.

    A whole number loses its ``.0``, because a serial number of digits is stored as one.
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
    text = unicodedata.normalize("NFKC", str(cell))
    return re.sub(r"\s+", " ", _CONTROL.sub("", text)).strip()


def remark_of(cell: Cell) -> str:
    """A remark: like :func:`text_of`, but the writer's own characters and line breaks stay."""
    if not isinstance(cell, str):
        return text_of(cell)
    lines = _CONTROL.sub("", cell).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def meant_text_of(cell: Cell) -> str:
    """Like :func:`text_of`; what people write for "nothing" (``-``, ``无``, ``N/A``) is empty."""
    text = text_of(cell)
    return "" if text.casefold() in _NOTHING else text


def identifier_of(cell: Cell) -> str:
    """A serial or asset number.

    :raise UnreadableError: ``digits_lost`` when the file holds it as a number of more than 15 digits,
        of which a spreadsheet has already forgotten the last ones.
    """
    if (
        isinstance(cell, (int, float))
        and not isinstance(cell, bool)
        and abs(cell) >= _LONGEST_EXACT
    ):
        raise UnreadableError("digits_lost")
    text = meant_text_of(cell)
    if _SCIENTIFIC.match(text):
        raise UnreadableError("digits_lost")
    return text


_NUMBER = re.compile(r"[+约~≈]?\s*(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\s*([^\d.,\-]{0,8})")
# How many a unit begins with: 2万小时, 3千, 20k h, 8 kΩ; but 4 keys are four.
_TIMES: Final = (("万", 10_000), ("千", 1_000), ("k(?=\\s*(?:h|小时|ω|欧|ohm|$))", 1_000))
_OTHER_TIMES = re.compile("[十百亿]|w(?:$|小时|h)", re.IGNORECASE)


def number_of(cell: Cell) -> int | float | None:
    """A number not below zero, with or without its unit (``4个``, ``5,000 h``, ``2万小时``).

    :raise UnreadableError: ``number_unreadable``
    """
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        value = float(cell)
    else:
        text = meant_text_of(cell)
        if not text:
            return None
        found = _NUMBER.fullmatch(text)
        if not found or _OTHER_TIMES.match(found.group(3)):
            raise UnreadableError("number_unreadable")
        value = float(found.group(1).replace(",", "") + (found.group(2) or ""))
        times = [by for unit, by in _TIMES if re.match(unit, found.group(3), re.IGNORECASE)]
        value = round(value * times[0], 3) if times else value
    if not 0 <= value < 10_000_000:
        raise UnreadableError("number_unreadable")
    return int(value) if value.is_integer() else value


def count_of(cell: Cell) -> int | None:
    """A whole number not below zero.

    :raise UnreadableError: ``number_unreadable``
    """
    value = number_of(cell)
    if isinstance(value, float):
        raise UnreadableError("number_unreadable")
    return value


def flag_of(cell: Cell) -> bool | None:
    """Yes or no.

    :raise UnreadableError: ``flag_unreadable``
    """
    text = text_of(cell).casefold()
    if not text:
        return None
    if text in {"是", "有", "y", "yes", "true", "1", "√", "✓", "对"}:
        return True
    if text in {"否", "无", "n", "no", "false", "0", "×", "x", "-", "没有"}:
        return False
    raise UnreadableError("flag_unreadable")


def address_of(cell: Cell) -> str:
    """One IP address, or several joined by ``", "``; a mask (``/24``) is dropped.

    :raise UnreadableError: ``ip_unreadable``
    """
    text = meant_text_of(cell)
    if not text:
        return ""
    parts = [part for part in re.split(r"[,;、\s]+", text.replace("。", ".")) if part]
    try:
        found = ", ".join(str(ipaddress.ip_interface(part).ip) for part in parts)
    except ValueError:
        raise UnreadableError("ip_unreadable") from None
    if len(found) > 64:
        raise UnreadableError("ip_unreadable")
    return found


def date_of(cell: Cell, *, end: bool = False) -> date | None:
    """A day, however it is written.

    A month alone (``2028年2月``) means its first day, or its last when ``end`` is set, as for a
    warranty; a year alone likewise. A day and month whose order can't be told (``03/04/2021``)
    and anything else is refused rather than guessed.

    :raise UnreadableError: ``date_unreadable``
    """
    if isinstance(cell, datetime):
        return _plausible(cell.date())
    if isinstance(cell, date):
        return _plausible(cell)
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return _date_of_number(float(cell), end)
    text = meant_text_of(cell)
    return _date_of_text(text, end) if text else None


def _date_of_number(number: float, end: bool) -> date:
    if not math.isfinite(number):
        raise UnreadableError("date_unreadable")
    if int(number) in _YEARS and number.is_integer():
        return _bounded(int(number), None, None, end)
    if 20_000 <= number <= 75_000:
        return _plausible(_EXCEL_EPOCH + timedelta(days=int(number)))
    if number.is_integer() and 10_000_000 <= number < 100_000_000:
        return _date_of_text(str(int(number)), end)
    raise UnreadableError("date_unreadable")


_FORMS: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})",
        r"(?P<y>\d{4})\s*[-./年]\s*(?P<m>\d{1,2})\s*[-./月]\s*(?P<d>\d{1,2})\s*[日号]?",
        r"(?P<y>\d{4})\s*[-./年]\s*(?P<m>\d{1,2})\s*月?",
        r"(?P<y>\d{4})\s*年?",
        r"(?P<d>\d{1,2})(?:st|nd|rd|th)?[ .-]+(?P<mon>[a-z]{3,9})[ .,-]+(?P<y>\d{4})",
        r"(?P<mon>[a-z]{3,9})[ .]+(?P<d>\d{1,2})(?:st|nd|rd|th)?[ ,]+(?P<y>\d{4})",
        r"(?P<mon>[a-z]{3,9})[ .,-]+(?P<y>\d{4})",
    )
)
_EITHER_WAY = re.compile(r"(\d{1,2})[-./](\d{1,2})[-./](\d{4})")
_CLOCK = re.compile(r"[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$")


def _date_of_text(text: str, end: bool) -> date:
    text = _CLOCK.sub("", text)
    for form in _FORMS:
        found = form.fullmatch(text)
        if found:
            parts = found.groupdict()
            month = parts.get("m") or _MONTHS.get((parts.get("mon") or "")[:3].casefold())
            if parts.get("mon") and not month:
                raise UnreadableError("date_unreadable")
            day = parts.get("d")
            return _bounded(
                int(parts["y"]), int(month) if month else None, int(day) if day else None, end
            )
    return _date_either_way(text)


def _date_either_way(text: str) -> date:
    found = _EITHER_WAY.fullmatch(text)
    if not found:
        raise UnreadableError("date_unreadable")
    first, second, year = (int(part) for part in found.groups())
    if first > 12 >= second or first == second:
        return _bounded(year, second, first, False)
    if second > 12 >= first:
        return _bounded(year, first, second, False)
    raise UnreadableError("date_unreadable")


def _bounded(year: int, month: int | None, day: int | None, end: bool) -> date:
    try:
        month = month or (12 if end else 1)
        day = day or (calendar.monthrange(year, month)[1] if end else 1)
        return _plausible(date(year, month, day))
    except (ValueError, calendar.IllegalMonthError):
        raise UnreadableError("date_unreadable") from None


def _plausible(day: date) -> date:
    if day.year not in _YEARS:
        raise UnreadableError("date_unreadable")
    return day
