"""When an item falls due, and which items must be answered by hand. Pure, as ``rules.py`` is."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from webapp.checklists.content import MONTHS_BETWEEN, Item, items_of
from webapp.checklists.rules import LARGEST_NUMBER, Register, applies, limit

DECREASED = "decreased_since_last_time"
ROSE_TOO_FAST = "rose_too_fast"
NOT_RESET = "replaced_but_not_reset"
RECOVERED = "recovered_by_itself"
# How long a unit of an age is at the most; hours are counted, the others are rounded by people.
HOURS_PER_UNIT = {"h": 1, "days": 24, "months": 31 * 24, "years": 366 * 24}
# A pack's health in per cent wanders by so many points from one measurement to the next.
HEALTH_WANDERS_BY = 5
# Of the items that "all OK" could answer, how many are drawn to be answered by hand.
SPOT_CHECK_SHARE = 0.2


def month_index(month: str) -> int:
    """Months since year 0 of a ``YYYY-MM``."""
    year, _, number = month.partition("-")
    return int(year) * 12 + int(number) - 1


def latest_due_month(item: Item, round_month: str, anchor_month: str) -> int:
    """The month (see :func:`month_index`) in which the item last fell due, up to the round's."""
    months = MONTHS_BETWEEN[item.get("every", "month")]
    this = month_index(round_month)
    return this - (this - month_index(anchor_month)) % months


def is_due(
    item: Item, round_month: str, anchor_month: str, last_read_month: str | None = None
) -> bool:
    """Whether the item is to be read in this month's round (months are ``YYYY-MM``).

    Quarterly and yearly items are counted from the contract's anchor month; one that was missed
    stays due until it is read. ``last_read_month`` is of an earlier round, None if never read.
    """
    if last_read_month is None:
        return True
    return month_index(last_read_month) < latest_due_month(item, round_month, anchor_month)


def due_items(
    content: Mapping[str, Any],
    type_key: str,
    register: Register,
    *,
    round_month: str,
    anchor_month: str,
    last_read_months: Mapping[str, str | None],
) -> list[Item]:
    """The items of a device's type that apply to it and are due, in order (clause 15)."""
    return [
        item
        for item in items_of(content, type_key)
        if applies(item, register)
        and is_due(item, round_month, anchor_month, last_read_months.get(item["key"]))
    ]


def plausible(
    item: Item,
    value: object,
    previous_value: object,
    hours_passed: float | None = None,
    consumable_replaced: bool = False,
) -> list[str]:
    """Questions about the age of a part that is used up: a lamp's hours, a battery's years or health.

    An age falls only when the part was replaced, and cannot rise by more than the time that passed;
    one in days, months or years may be a unit more, because people round it. A battery pack's health
    in per cent recovers only by a new pack.
    Questions are shown and stored; they never block and never change a verdict.
    """
    if item["kind"] != "number" or "consumable" not in item:
        return []
    now, before = _number(value), _number(previous_value)
    if now is None or before is None:
        return []
    unit = item.get("unit", "")
    if unit == "%" and item["consumable"] == "battery_pack":
        recovered = not consumable_replaced and now - before > HEALTH_WANDERS_BY
        return [RECOVERED] if recovered else []
    if unit not in HOURS_PER_UNIT:
        return []
    if consumable_replaced:
        return [NOT_RESET] if now >= before > 0 else []
    if now < before:
        return [DECREASED]
    rounding = 0 if unit == "h" else 1
    most = None if hours_passed is None else hours_passed / HOURS_PER_UNIT[unit] + rounding
    return [ROSE_TOO_FAST] if most is not None and now - before > most else []


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) <= LARGEST_NUMBER else None


def bulk_value(item: Item) -> str | None:
    """What "all OK" answers: pass, or the first normal option; None where one must read."""
    if item["kind"] == "pass_fail":
        return "pass"
    if item["kind"] == "choice":
        normal = item.get("normal") or []
        return normal[0] if normal else None
    return None


def random_spot_checks(seed: str, items: Sequence[Item], share: float) -> list[str]:
    """The keys, in order, of the items that "all OK" leaves to be answered by hand.

    Drawn from those that it could answer; the same for a seed (the task's id) on phone and server.
    :param share: of those items, 0..1, rounded up
    """
    drawable = [item["key"] for item in items if bulk_value(item) is not None]
    count = min(len(drawable), max(0, math.ceil(limit(len(drawable) * share))))
    ranked = sorted(drawable, key=lambda key: (mix_hash(f"{seed}:{key}"), key))
    drawn = set(ranked[:count])
    return [key for key in drawable if key in drawn]


def spot_checks_of(task_id: int, items: Sequence[Item]) -> list[str]:
    """The keys of the items of a task that "all OK" leaves to be answered by hand."""
    return random_spot_checks(str(task_id), items, SPOT_CHECK_SHARE)


def unseen_spot_checks(
    task_id: int, items: Sequence[Item], given: Mapping[str, bool], pictured: Collection[str]
) -> list[str]:
    """The keys of the spot checks that nobody has looked at: without an own answer and a photo.

    :param given: the items that have an answer, each with whether it was "all OK" that gave it
    :param pictured: the items that have a photo: it is as good as a look
    """
    return [
        key
        for key in spot_checks_of(task_id, items)
        if key not in given or (given[key] and key not in pictured)
    ]


def mix_hash(text: str) -> int:
    """FNV-1a over UTF-8, then murmur3's finaliser: 32 bits, the same in both languages."""
    value = 0x811C9DC5
    for byte in text.encode("utf-8", "replace"):
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    value = ((value ^ (value >> 16)) * 0x85EBCA6B) & 0xFFFFFFFF
    value = ((value ^ (value >> 13)) * 0xC2B2AE35) & 0xFFFFFFFF
    return value ^ (value >> 16)


def consumables_of(items: Iterable[Item]) -> list[str]:
    """The consumables that a device's items name, once each, in order (clause 16)."""
    return list(dict.fromkeys(item["consumable"] for item in items if "consumable" in item))
