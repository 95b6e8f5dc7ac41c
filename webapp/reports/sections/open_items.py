"""四、遗留问题清单: what was carried over, what is new, what was closed, and how old it all is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Literal

from webapp.desk.open_item_list import OPEN_ITEMS, Row, checked_item, picked_of
from webapp.listing import ALL
from webapp.reports.facts import MonthFacts, both, place_of
from webapp.reports.shape import AgeBand, OpenItem, OpenItemCounts, OpenItems, Words
from webapp.rounds import models
from webapp.rounds.rules import add_months, age_in_months, due_on

# Bands of age in months, the first and the last month of each.
BANDS: tuple[tuple[int, int | None], ...] = ((0, 0), (1, 1), (2, 2), (3, 5), (6, None))
_ORDER = {"new": 0, "carried": 0, "closed": 1}
Change = Literal["carried", "new", "closed"]


def open_items(facts: MonthFacts) -> OpenItems:
    """The open items as the month left them: the desk's own list, seen from the report's month."""
    items = month_items(facts)
    return {
        "counts": _counts(items),
        "items": items,
        "ageing": ageing([row["age_months"] for row in items if row["change"] != "closed"]),
    }


def month_items(facts: MonthFacts) -> list[OpenItem]:
    """Every open item that was open in the month: the oldest of the gravest first, closed ones last."""
    statement = OPEN_ITEMS.statement(facts.contract.id, {"state": ALL}, "number")
    rows = facts.session.execute(statement).all()
    facts.need_contents(row.checklist_number for row in rows)
    items = [
        _item(facts, row, change)
        for row in rows
        if (change := change_in(row.OpenItem, facts.month)) is not None
    ]
    return sorted(
        items,
        key=lambda row: (
            _ORDER[row["change"]],
            row["severity"],
            -row["age_months"],
            row["number"],
        ),
    )


def change_in(item: models.OpenItem, month: str) -> Change | None:
    """What the month did to an open item; None where it was not open in it, or was withdrawn."""
    closed = item.closed_month
    if item.state == "withdrawn" or item.opened_month > month:
        return None
    if item.state == "solved" and closed is not None and closed <= month:
        return "closed" if closed == month else None
    return "new" if item.opened_month == month else "carried"


def _item(facts: MonthFacts, row: Row, change: Change) -> OpenItem:
    item = row.OpenItem
    content = facts.content_numbered(row.checklist_number)
    checked = checked_item(item, row.Device, content)
    picks = picked_of(content, row.Device, item.cause, item.action)
    return {
        "number": item.number,
        "change": change,
        "place": place_of(row.Room, row.Building),
        "device": facts.device_ref(row.Device) if row.Device else None,
        "item": {"zh": checked["zh"], "en": checked["en"]} if checked else _key(item.item),
        "text": item.text,
        "cause": {"zh": picks["cause_zh"], "en": picks["cause_en"]},
        "action": {"zh": picks["action_zh"], "en": picks["action_en"]},
        "severity": item.severity,
        "opened_month": item.opened_month,
        "closed_on": facts.day_of(item.closed_at) if change == "closed" else None,
        "age_months": age_in_months(item.opened_month, facts.month),
        "owner": both(row.owner or "", row.owner_en or ""),
        "due_on": item.due_on.isoformat() if item.due_on else None,
        "overdue": change != "closed" and _is_overdue(item.due_on, facts),
        "remark": item.remark,
    }


def _key(item: str | None) -> Words | None:
    return both(item) if item else None


def _is_overdue(due: date | None, facts: MonthFacts) -> bool:
    """Against today while the month runs; against its own end once it is over."""
    if due is None:
        return False
    last = due_on(add_months(facts.month, 1), 1)
    return due < min(facts.today, last)


def _counts(items: Sequence[OpenItem]) -> OpenItemCounts:
    """The equation of the month; what was found and closed in it is new and closed."""
    changes = Counter(row["change"] for row in items)
    new = sum(row["age_months"] == 0 for row in items)
    return {
        "carried": len(items) - new,
        "new": new,
        "closed": changes["closed"],
        "withdrawn": 0,
        "open": len(items) - changes["closed"],
        "overdue": sum(row["overdue"] for row in items),
    }


def ageing(ages: Sequence[int]) -> list[AgeBand]:
    """How many are how old, in months."""
    return [
        {
            "least": least,
            "most": most,
            "count": sum(least <= age and (most is None or age <= most) for age in ages),
        }
        for least, most in BANDS
    ]
