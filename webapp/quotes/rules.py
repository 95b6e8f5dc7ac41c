"""What a quote 报价 or expense request 费用申请报告 may be, and when (clauses 4, 5, 22-24, 34-36). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from webapp.errors import AppError
from webapp.quotes.money import (
    MONEY_PLACES,
    MOST_PRICE,
    MOST_QUANTITY,
    MOST_TAX,
    QUANTITY_PLACES,
    TAX_PLACES,
    Amounts,
    line_amounts,
    scaled,
)
from webapp.quotes.rates import Rate

State = Literal["draft", "sent", "approved", "declined", "superseded", "expired"]
STATES: tuple[State, ...] = ("draft", "sent", "approved", "declined", "superseded", "expired")
LineKind = Literal["equipment", "material", "labour"]
LINE_KINDS: tuple[LineKind, ...] = ("equipment", "material", "labour")
DocumentKind = Literal["quote", "expense_request"]
DOCUMENT_KINDS: tuple[DocumentKind, ...] = ("quote", "expense_request")
Decision = Literal["approved", "declined"]
DECISIONS: tuple[Decision, ...] = ("approved", "declined")
MOST_LINES = 200
# An issued version that a new one may follow; what is approved is the work, and is quoted anew.
REPLACEABLE: frozenset[str] = frozenset({"sent", "declined", "expired"})
# A repair in warranty costs the client nothing (clause 33).
_QUOTED_WAYS = frozenset({"paid", "replacement"})
_NAME = re.compile(r"Q([1-9][0-9]{0,8})-([1-9][0-9]{0,3})")
LONGEST = {"text": 200, "detail": 200, "unit": 20}


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what, how much of it, at what price. ``rate`` is the rate card's key of labour.

    ``quantity`` in thousandths, ``unit_price`` in hundredths, ``tax_rate`` in hundredths of a per cent.
    """

    kind: LineKind
    text: str
    quantity: int
    unit: str
    unit_price: int
    tax_rate: int
    detail: str = ""
    rate: str = ""

    @property
    def amounts(self) -> Amounts:
        """What it comes to."""
        return line_amounts(self.quantity, self.unit_price, self.tax_rate)


def name_of(number: int, version: int) -> str:
    """What people call a version of a quote: Q7-2."""
    return f"Q{number}-{version}"


def parsed_name(name: str) -> tuple[int, int]:
    """The number and the version of a quote's name. :raise AppError: ``not_found``"""
    found = _NAME.fullmatch(name)
    if found is None:
        raise AppError("not_found")
    return int(found[1]), int(found[2])


def document_kind(case_kind: str, facts: Mapping[str, Any]) -> DocumentKind | None:
    """What a case may cost the client by: an expense request for a repair out of warranty, else a quote.

    None where it costs him nothing: a repair in warranty, a fault, a complaint.
    """
    if case_kind == "repair":
        way = facts.get("way")
        return None if way not in _QUOTED_WAYS else "expense_request" if way == "paid" else "quote"
    return "quote" if case_kind in ("change", "after_hours") else None


def is_over(valid_until: date, today: date) -> bool:
    """Whether it can't be approved any more; its last day is a whole one, where the contract is."""
    return today > valid_until


def checked_lines(
    given: Sequence[Mapping[str, Any]], rates: Mapping[str, Rate]
) -> tuple[Line, ...]:
    """The lines that were given, each in its exact form; labour by the rate card.

    :raise AppError: ``invalid``, by ``lines.<place>.<field>``: ``missing``, ``invalid``, ``rate_unknown``
    """
    wrong: dict[str, list[str]] = {}
    if len(given) > MOST_LINES:
        wrong["lines"] = ["too_many"]
    lines = [_checked(one, rates, f"lines.{at}", wrong) for at, one in enumerate(given)]
    if wrong:
        raise AppError("invalid", fields=wrong)
    return tuple(line for line in lines if line is not None)


def _checked(
    given: Mapping[str, Any], rates: Mapping[str, Rate], path: str, wrong: dict[str, list[str]]
) -> Line | None:
    known = len(wrong)
    words = {key: " ".join(str(given.get(key, "")).split()) for key in LONGEST}
    labour = given["kind"] == "labour"
    rate = rates.get(given.get("rate", "")) if labour else None
    if labour and rate is None:
        wrong[f"{path}.rate"] = ["rate_unknown" if given.get("rate") else "missing"]
    if not words["text"]:
        wrong[f"{path}.text"] = ["missing"]
    for key, longest in LONGEST.items():
        if len(words[key]) > longest:
            wrong[f"{path}.{key}"] = ["invalid"]
    figures = {
        "quantity": scaled(given["quantity"], QUANTITY_PLACES, MOST_QUANTITY),
        "tax_rate": scaled(given["tax_rate"], TAX_PLACES, MOST_TAX),
        "unit_price": rate.price
        if rate
        else 0
        if labour
        else scaled(given["unit_price"], MONEY_PLACES, MOST_PRICE),
    }
    if figures["quantity"] == 0:
        figures["quantity"] = None
    wrong |= {f"{path}.{key}": ["invalid"] for key, value in figures.items() if value is None}
    if len(wrong) > known:
        return None
    return Line(
        kind=given["kind"],
        text=words["text"],
        detail=words["detail"],
        unit=rate.unit if rate else words["unit"],
        rate=rate.key if rate else "",
        **{key: value for key, value in figures.items() if value is not None},
    )


def changed_rates(lines: Sequence[Line], rates: Mapping[str, Rate]) -> list[int]:
    """The places of the labour lines whose price or unit is not the rate card's any more."""
    return [
        at
        for at, line in enumerate(lines)
        if line.rate
        and (
            (rate := rates.get(line.rate)) is None
            or (rate.price, rate.unit) != (line.unit_price, line.unit)
        )
    ]
