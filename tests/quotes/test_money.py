"""What a quote comes to: to the hundredth, in whatever order, as any reckoning with decimals has it."""

from __future__ import annotations

import json
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    short_text_of,
    text_of,
    total,
)

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "quotes.json").read_text("utf-8"))
QUANTITIES = st.integers(1, MOST_QUANTITY)
PRICES = st.integers(0, MOST_PRICE)
TAXES = st.integers(0, MOST_TAX)
LINES = st.lists(st.tuples(QUANTITIES, PRICES, TAXES), max_size=30)
ANY = 10**15


@pytest.mark.parametrize("vector", VECTORS["totals"])
def test_the_vectors_that_the_client_runs_too(vector: dict[str, Any]) -> None:
    lines = [
        line_amounts(
            scaled(line["quantity"], QUANTITY_PLACES, ANY) or 0,
            scaled(line["unit_price"], MONEY_PLACES, ANY) or 0,
            scaled(line["tax_rate"], TAX_PLACES, ANY) or 0,
        )
        for line in vector["lines"]
    ]
    told = [(text_of(one.net, 2), text_of(one.tax, 2)) for one in lines]
    assert told == [(line["net"], line["tax"]) for line in vector["lines"]]
    sums = total(lines)
    figures = (sums.net, sums.tax, sums.gross)
    assert [text_of(one, 2) for one in figures] == [vector[key] for key in ("net", "tax", "gross")]


def test_a_figure_is_taken_whole_or_not_at_all() -> None:
    for text, places in VECTORS["refused"]:
        assert scaled(text, places, ANY) is None, text
    for text, places, plain in VECTORS["taken"]:
        value = scaled(text, places, ANY)
        assert value is not None, text
        assert text_of(value, places) == plain
    assert scaled("100.01", 2, 100_00) is None


@given(st.integers(0, 10**14 - 1), st.sampled_from([MONEY_PLACES, QUANTITY_PLACES]))
def test_a_text_is_read_as_what_it_was_written_from(value: int, places: int) -> None:
    assert scaled(text_of(value, places), places, ANY) == value
    assert scaled(short_text_of(value, places), places, ANY) == value


@given(QUANTITIES, PRICES, TAXES)
def test_a_line_is_rounded_half_up_as_decimals_are(quantity: int, price: int, tax: int) -> None:
    cent = Decimal("0.01")
    net = (Decimal(quantity) / 1000 * Decimal(price) / 100).quantize(cent, ROUND_HALF_UP)
    taxed = (net * Decimal(tax) / 10_000).quantize(cent, ROUND_HALF_UP)
    found = line_amounts(quantity, price, tax)
    assert (text_of(found.net, 2), text_of(found.tax, 2)) == (f"{net:.2f}", f"{taxed:.2f}")


@given(LINES, st.randoms(use_true_random=False))
def test_the_printed_lines_add_up_to_the_total_in_any_order(
    lines: list[tuple[int, int, int]], order: Any
) -> None:
    amounts = [line_amounts(*line) for line in lines]
    sums = total(amounts)
    printed = [Decimal(text_of(one.net, 2)) + Decimal(text_of(one.tax, 2)) for one in amounts]
    assert sum(printed, Decimal(0)) == Decimal(text_of(sums.gross, 2))
    order.shuffle(amounts)
    assert total(amounts) == sums
    assert total([]) == Amounts(0, 0)
    assert sums.gross < 2**63
