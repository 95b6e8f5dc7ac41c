"""What section 八 says of the free hours after hours, a contract year at a time (clause 24)."""

from __future__ import annotations

from collections.abc import Iterator

from webapp.cases.measures import Period
from webapp.hours.queries import balance, years_told
from webapp.reports.facts import MonthFacts, both
from webapp.reports.shape import Words


def free_hours(facts: MonthFacts, period: Period) -> Iterator[Words]:
    """What is used of the free hours and charged beyond them: of both years where one ends within the period."""
    for year in years_told(facts.session, facts.contract.id, period):
        yield from _of_year(facts, year)


def _of_year(facts: MonthFacts, year: int) -> Iterator[Words]:
    hours = balance(facts.session, facts.contract.id, facts.now, year)
    used, free, left, over = (
        f"{hours[name]:g}" for name in ("used_hours", "free_hours", "left_hours", "over_hours")
    )
    yield both(
        f"合同年 {hours['starts_on']} 至 {hours['ends_on']}：非工作时间已用 {used} 小时，"
        f"免费 {free} 小时，剩余 {left} 小时。",
        f"Contract year {hours['starts_on']} to {hours['ends_on']}: {used} h used after hours "
        f"of {free} free, {left} h left.",
    )
    if not hours["over_hours"]:
        return
    if hours["over_amount"] is None:
        yield both(
            f"超出 {over} 小时；超出部分的单价尚未约定，金额未计。",
            f"{over} h beyond them; no rate is agreed for these yet, so no amount is stated.",
        )
    else:
        yield both(
            f"超出 {over} 小时，按约定计 {hours['over_amount']} {hours['currency']}。",
            f"{over} h beyond them, {hours['over_amount']} {hours['currency']} as agreed.",
        )
