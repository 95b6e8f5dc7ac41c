"""What a quote comes to: exact decimals held as whole numbers, and THE rule of rounding. Pure.

Money is a whole number of hundredths (fen, cents), a quantity one of thousandths, a tax rate one of
hundredths of a per cent; none of them is ever a float. Where they come in or go out they are decimal
texts: ``"1234.50"``.

**The rule.** A line's price is quantity times unit price, without tax, rounded half up to a hundredth.
Its tax is that price times the line's rate, rounded half up to a hundredth. A total is the sum of its
lines, and is never rounded: so the lines that are printed add up to the total beneath them, in whatever
order they stand. The client reckons the same while it is typed (``rules/quote.ts``, by the same vectors).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MONEY_PLACES, QUANTITY_PLACES, TAX_PLACES = 2, 3, 2
# A unit price, a quantity and a rate at most; two hundred lines of these still fit 64 bits.
MOST_PRICE = 99_999_999_99
MOST_QUANTITY = 999_999_999
MOST_TAX = 100_00
_DECIMAL = re.compile(r"(?P<whole>[0-9]{1,12})(?:\.(?P<part>[0-9]{1,6}))?")


@dataclass(frozen=True, slots=True)
class Amounts:
    """A line's or a quote's price without tax, the tax, and both together, in hundredths."""

    net: int
    tax: int

    @property
    def gross(self) -> int:
        """What is to be paid."""
        return self.net + self.tax


def scaled(text: str, places: int, most: int) -> int | None:
    """A decimal text as a whole number of its last place; None where it is none, or is too large.

    Digits beyond ``places`` are refused and not rounded, unless they are zeros: what a person has typed
    is not to be changed behind his back.
    """
    found = _DECIMAL.fullmatch(text)
    if found is None:
        return None
    part = (found["part"] or "").rstrip("0")
    if len(part) > places:
        return None
    value = int(found["whole"] + part.ljust(places, "0"))
    return value if value <= most else None


def text_of(value: int, places: int) -> str:
    """A whole number of the last place as a decimal text with all its places."""
    sign, digits = "-" if value < 0 else "", str(abs(value)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def short_text_of(value: int, places: int) -> str:
    """The same without the zeros that say nothing: ``"2.5"``, ``"6"``."""
    return text_of(value, places).rstrip("0").removesuffix(".")


def line_amounts(quantity: int, unit_price: int, tax_rate: int) -> Amounts:
    """What a line comes to.

    :param quantity: thousandths
    :param unit_price: hundredths, without tax
    :param tax_rate: hundredths of a per cent
    """
    net = _half_up(quantity * unit_price, 10**QUANTITY_PLACES)
    return Amounts(net, _half_up(net * tax_rate, 100 * 10**TAX_PLACES))


def total(lines: Iterable[Amounts]) -> Amounts:
    """What the lines come to together."""
    known = list(lines)
    return Amounts(sum(one.net for one in known), sum(one.tax for one in known))


def _half_up(value: int, by: int) -> int:
    """``value / by`` to the nearest whole number, a half upwards; neither is negative."""
    return (2 * value + by) // (2 * by)
