"""When a counter of hours comes to its limit, and what to buy until then (clause 16). Pure: no clock.

Hours are those of the counter, rates are hours a month, months are ``YYYY-MM``.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Literal

from webapp.rounds.rules import add_months, months_between

Confidence = Literal["good", "fair", "rough", "none"]
State = Literal["due", "expected", "later", "idle", "no_rate", "no_limit"]
CONFIDENCES: tuple[Confidence, ...] = ("good", "fair", "rough", "none")
STATES: tuple[State, ...] = ("due", "expected", "later", "idle", "no_rate", "no_limit")
# A rate is taken over so many of the last increments, and no month is named that lies further ahead.
RATE_OVER = 6
HORIZON_MONTHS = 36
# A good rate has so many increments of its own, half of them within this share of the middle one.
GOOD_FROM, GOOD_SPREAD = 4, 0.35
FAIR_FROM = 2


@dataclass(frozen=True, slots=True)
class Point:
    """A counter's reading in a month."""

    month: str
    hours: float


@dataclass(frozen=True, slots=True)
class Wear:
    """The part that runs now: ``hours`` on it at its last reading, in ``month``.

    ``since`` is the month of its replacement, None where it was there all along. ``rates`` are its
    hours a month from reading to reading, oldest first; ``borrowed`` where there are none yet and they
    are those of the part before it, since a room's use goes on. ``not_reset``: it was replaced, but
    the counter ran on; ``hours`` is then what was added since.
    """

    month: str
    hours: float
    since: str | None
    rates: tuple[float, ...]
    borrowed: bool = False
    not_reset: bool = False


def wear(points: Sequence[Point], replaced: Collection[str]) -> Wear | None:
    """The wear of the part that runs now, or None without a reading.

    A part is new where the counter falls, and where somebody said that he replaced it. A lone reading
    that the next one takes back is a slip of the pen and is left out.

    :param points: one a month at most, in any order
    :param replaced: the months in which the part was replaced
    """
    ordered = without_slips(sorted(points, key=lambda point: point.month), replaced)
    if not ordered:
        return None
    start, set_back = _last_start(ordered, replaced)
    own = ordered[start:]
    rates = _rates(own)
    borrowed = not rates
    if borrowed:
        rates = _rates(ordered[: start + 1])
    return Wear(
        month=own[-1].month,
        hours=own[-1].hours - (0 if set_back else own[0].hours),
        since=_replaced_in(ordered, start, replaced),
        rates=tuple(rates),
        borrowed=borrowed and bool(rates),
        not_reset=not set_back and len(own) > 1,
    )


def without_slips(points: Sequence[Point], replaced: Collection[str]) -> list[Point]:
    """The points without those that stand alone off the line: too low, or too high, for one month.

    :param points: in the order of months
    """
    kept: list[Point] = []
    for place, point in enumerate(points):
        following = points[place + 1] if place + 1 < len(points) else None
        if kept and following and following.hours >= kept[-1].hours:
            low = point.hours < kept[-1].hours and point.month not in replaced
            high = point.hours > following.hours and following.month not in replaced
            if low or (high and point.month not in replaced):
                continue
        kept.append(point)
    return kept


def _last_start(points: Sequence[Point], replaced: Collection[str]) -> tuple[int, bool]:
    """Where the present part begins, and whether its counter was set back to zero there.

    The counter may have been read before the replacement or after it: a fall in that month or by the
    next reading is of the same replacement. Where the next one is still out, it was read before.
    """
    start, set_back = 0, True
    for place, point in enumerate(points):
        falls_next = place + 1 < len(points) and points[place + 1].hours < point.hours
        if place and point.hours < points[place - 1].hours:
            start, set_back = place, True
        elif place and point.month in replaced and not falls_next:
            start, set_back = place, False
    return start, set_back


def _replaced_in(points: Sequence[Point], start: int, replaced: Collection[str]) -> str | None:
    """The month of the replacement with which the part at ``start`` began."""
    begins = points[start].month
    if not start:
        return begins if begins in replaced else None
    told = [month for month in replaced if points[start - 1].month <= month <= begins]
    return max(told, default=begins)


def _rates(points: Sequence[Point]) -> list[float]:
    """Hours a month between neighbours; a fall is none."""
    return [
        (later.hours - earlier.hours) / months_between(earlier.month, later.month)
        for earlier, later in pairwise(points)
        if later.hours >= earlier.hours
    ]


def monthly_rate(rates: Sequence[float]) -> float | None:
    """The middle of the last rates: one month of holidays or of a congress does not move it."""
    return median(rates[-RATE_OVER:]) if rates else None


def confidence(rates: Sequence[float], *, borrowed: bool) -> Confidence:
    """How far a rate can be trusted, as a word."""
    if not rates:
        return "none"
    if borrowed or len(rates) < FAIR_FROM:
        return "rough"
    last = rates[-RATE_OVER:]
    middle = median(last)
    spread = median(abs(rate - middle) for rate in last)
    steady = len(last) >= GOOD_FROM and spread <= GOOD_SPREAD * middle
    return "good" if steady else "fair"


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the limit is reached: ``month`` for ``due`` and ``expected``, else None.

    ``due``: it is reached; ``later``: beyond :data:`HORIZON_MONTHS`; ``idle``: the hours don't rise;
    ``no_rate``: one reading so far; ``no_limit``: the register lacks what the limit hangs on.
    """

    state: State
    month: str | None
    rate: float | None
    confidence: Confidence


def forecast(worn: Wear, limit: float | None, month: str) -> Forecast:
    """The month in which the part comes to its ``limit`` in hours, as seen from ``month``.

    A month that has passed without a reading is told as ``month``: it is high time to look.
    """
    rate = monthly_rate(worn.rates)
    trust = confidence(worn.rates, borrowed=worn.borrowed)
    if limit is None:
        return Forecast("no_limit", None, rate, trust)
    if worn.hours >= limit:
        return Forecast("due", max(worn.month, month), rate, trust)
    if rate is None:
        return Forecast("no_rate", None, None, trust)
    if rate <= 0 or not math.isfinite((limit - worn.hours) / rate):
        return Forecast("idle", None, rate, trust)
    ahead = math.ceil((limit - worn.hours) / rate)
    if ahead > HORIZON_MONTHS:
        return Forecast("later", None, rate, trust)
    return Forecast("expected", max(add_months(worn.month, ahead), month), rate, trust)


def spread_use(total: int, rounds: int, ahead: int) -> list[int]:
    """What an average use of ``total`` in ``rounds`` months comes to in each of the next ``ahead``.

    Whole pieces; their sum is the average rounded up once, not month by month.
    """
    if rounds <= 0 or total <= 0:
        return [0] * ahead
    until = [-(-total * month // rounds) for month in range(ahead + 1)]
    return [after - before for before, after in pairwise(until)]
