"""What a movement does to a stock of spare parts, and when a loan is overdue (clauses 32, 40-41). Pure."""

from __future__ import annotations

from datetime import date
from typing import Literal

from webapp.errors import AppError

Movement = Literal["received", "used", "returned", "lent", "counted"]
MOVEMENTS: tuple[Movement, ...] = ("received", "used", "returned", "lent", "counted")
# What people move by hand; lending is a loan's, which has its own form.
BY_HAND: tuple[Movement, ...] = ("received", "used", "returned", "counted")
_SIGNS = {"received": 1, "returned": 1, "used": -1, "lent": -1}
MOST_PIECES = 100_000


def change_by(kind: Movement, quantity: int, stock: int) -> int:
    """By how many pieces a movement changes a stock; ``counted`` says how many there are.

    :raise AppError: ``invalid`` for no quantity; ``stock_short``, with the stock, where fewer are there
    """
    least = 0 if kind == "counted" else 1
    if not least <= quantity <= MOST_PIECES:
        raise AppError("invalid", fields={"quantity": ["invalid"]})
    change = quantity - stock if kind == "counted" else _SIGNS[kind] * quantity
    if stock + change < 0:
        raise AppError("stock_short", stock=stock)
    if stock + change > MOST_PIECES:
        raise AppError("invalid", fields={"quantity": ["invalid"]})
    return change


def falls_low(before: int, after: int, threshold: int) -> bool:
    """Whether a movement takes a stock below its threshold: told once, until it was filled again."""
    return after < threshold <= before


def is_overdue(due_on: date | None, returned_on: date | None, today: date) -> bool:
    """Whether a loaner should have been back by now; one without a day never is."""
    return due_on is not None and returned_on is None and due_on < today


def check_longer(until_on: date, due_on: date | None) -> None:
    """A consent gives more time, never less. :raise AppError: ``invalid``"""
    if due_on is not None and until_on <= due_on:
        raise AppError("invalid", fields={"until_on": ["not_longer"]})
