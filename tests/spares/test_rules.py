"""What a movement does to a stock, when it falls low, and when a loaner is overdue."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.errors import AppError
from webapp.spares import rules

MOVES = st.lists(st.tuples(st.sampled_from(rules.MOVEMENTS), st.integers(0, 40)), max_size=60)


@given(moves=MOVES, threshold=st.integers(0, 20))
def test_a_stock_is_never_below_none_and_falls_low_once_until_it_is_filled(
    moves: list[tuple[rules.Movement, int]], threshold: int
) -> None:
    stock, low = 0, threshold > 0
    for kind, quantity in moves:
        try:
            change = rules.change_by(kind, quantity, stock)
        except AppError:
            assert kind != "counted"
            continue
        after = stock + change
        assert after >= 0
        assert kind != "counted" or after == quantity
        assert rules.falls_low(stock, after, threshold) == (not low and after < threshold)
        stock, low = after, after < threshold


def test_what_is_not_there_cannot_be_taken() -> None:
    assert rules.change_by("used", 3, 3) == -3
    with pytest.raises(AppError) as refused:
        rules.change_by("lent", 1, 0)
    assert (refused.value.code, refused.value.details) == ("stock_short", {"stock": 0})
    with pytest.raises(AppError):
        rules.change_by("received", 0, 5)


def test_a_loaner_is_overdue_the_day_after_its_day() -> None:
    today = date(2026, 3, 10)
    assert not rules.is_overdue(today, None, today)
    assert rules.is_overdue(date(2026, 3, 9), None, today)
    assert not rules.is_overdue(date(2026, 3, 9), today, today)
    assert not rules.is_overdue(None, None, today)


def test_a_consent_gives_more_time() -> None:
    rules.check_longer(date(2026, 3, 10), None)
    rules.check_longer(date(2026, 3, 10), date(2026, 3, 9))
    with pytest.raises(AppError):
        rules.check_longer(date(2026, 3, 9), date(2026, 3, 9))
