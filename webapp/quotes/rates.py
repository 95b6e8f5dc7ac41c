"""A contract's settings of quotes: currency, tax, how long one holds, and the rate card. Pure.

They lie in ``contract.settings`` under ``quotes``. The rate card holds what hour and day of whom cost
(工时率, 人工日费率: clauses 4 and 5); no price is a constant in code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from webapp.quotes.money import MONEY_PLACES, MOST_PRICE, MOST_TAX, TAX_PLACES, scaled

RateUnit = Literal["hour", "day"]
RATE_UNITS: tuple[RateUnit, ...] = ("hour", "day")
# Each has hundredths: that is what money is held in.
CURRENCIES = ("CNY", "HKD", "USD", "EUR", "GBP", "SGD")
MOST_RATES, LONGEST_NAME, MOST_DAYS = 50, 80, 365
_KEY = re.compile(r"[a-z0-9_]{1,32}")


@dataclass(frozen=True, slots=True)
class Rate:
    """What an hour or a day of somebody costs, in hundredths of the currency, without tax."""

    key: str
    name_zh: str
    name_en: str
    unit: RateUnit
    price: int


@dataclass(frozen=True, slots=True)
class QuoteSettings:
    """A contract's settings of quotes.

    ``tax_rate`` is what a new line begins with, in hundredths of a per cent (6 %: services);
    ``valid_days`` how many days a new quote holds.
    """

    currency: str = "CNY"
    tax_rate: int = 600
    valid_days: int = 30
    rates: tuple[Rate, ...] = ()

    @property
    def by_key(self) -> dict[str, Rate]:
        """The rate card by its keys."""
        return {rate.key: rate for rate in self.rates}


def quote_settings(stored: Mapping[str, Any]) -> QuoteSettings:
    """The settings that stored ones stand for; what they don't name has its default."""
    known = stored.get("quotes", {})
    default = QuoteSettings()
    tax = scaled(str(known.get("tax_rate", "")), TAX_PLACES, MOST_TAX)
    return QuoteSettings(
        currency=known.get("currency", default.currency),
        tax_rate=default.tax_rate if tax is None else tax,
        valid_days=known.get("valid_days", default.valid_days),
        rates=tuple(
            Rate(
                one["key"],
                one["name_zh"],
                one.get("name_en", ""),
                one["unit"],
                scaled(one["price"], MONEY_PLACES, MOST_PRICE) or 0,
            )
            for one in known.get("rates", ())
        ),
    )


def settings_problems(given: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong with settings that somebody gives, by path; nothing where all is well."""
    wrong: dict[str, list[str]] = {}
    if given.get("currency", "CNY") not in CURRENCIES:
        wrong["currency"] = ["invalid"]
    if scaled(given.get("tax_rate", "0"), TAX_PLACES, MOST_TAX) is None:
        wrong["tax_rate"] = ["invalid"]
    if not 1 <= given.get("valid_days", 1) <= MOST_DAYS:
        wrong["valid_days"] = ["invalid"]
    rates = given.get("rates", ())
    if len(rates) > MOST_RATES:
        wrong["rates"] = ["too_many"]
    seen: set[str] = set()
    for at, rate in enumerate(rates):
        wrong |= {f"rates.{at}.{field}": codes for field, codes in _rate_problems(rate, seen)}
        seen.add(rate["key"])
    return wrong


def _rate_problems(rate: Mapping[str, Any], seen: set[str]) -> list[tuple[str, list[str]]]:
    wrong = []
    if not _KEY.fullmatch(rate["key"]) or rate["key"] in seen:
        wrong.append(("key", ["invalid"]))
    if not rate["name_zh"].strip():
        wrong.append(("name_zh", ["missing"]))
    wrong += [
        (name, ["invalid"]) for name in ("name_zh", "name_en") if len(rate[name]) > LONGEST_NAME
    ]
    if rate["unit"] not in RATE_UNITS:
        wrong.append(("unit", ["invalid"]))
    if scaled(rate["price"], MONEY_PLACES, MOST_PRICE) is None:
        wrong.append(("price", ["invalid"]))
    return wrong
