"""四、遗留问题清单: what was carried over, what is new, what was closed, and how old it all is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from webapp.reports.facts import MonthFacts, both
from webapp.reports.figures import Figures, Row, device_row, place_row
from webapp.reports.shape import AgeBand, OpenItem, OpenItemChange, OpenItemCounts, OpenItems
from webapp.rounds.rules import add_months, due_on

CHANGES: tuple[OpenItemChange, ...] = ("carried", "new", "new_closed", "closed", "withdrawn")
STANDING: frozenset[str] = frozenset({"carried", "new"})


def open_items(facts: MonthFacts, figures: Figures) -> OpenItems:
    """The open items as the month left them."""
    items = items_of_month(facts, figures.open_items)
    return {
        "counts": _counts(figures, items),
        "items": items,
        "ageing": [_band(row) for row in figures.month["ageing"]],
    }


def items_of_month(facts: MonthFacts, rows: Iterable[Row]) -> list[OpenItem]:
    """Those that stand first, the gravest and oldest before the others; then the closed ones."""
    items = [_item(facts, row) for row in rows]
    return sorted(
        items,
        key=lambda row: (
            row["change"] not in STANDING,
            CHANGES.index(row["change"]) if row["change"] not in STANDING else 0,
            row["severity"],
            -row["age_months"],
            row["number"],
        ),
    )


def _item(facts: MonthFacts, row: Row) -> OpenItem:
    change = next(key for key in CHANGES if key == row["change"])
    named = row["item_zh"] or row["item"]
    return {
        "number": row["number"],
        "change": change,
        "place": place_row(row),
        "device": device_row(facts, row),
        "item": both(named, row["item_en"] or "") if row["item"] else None,
        "text": row["text"],
        "cause": both(row["cause_zh"], row["cause_en"]),
        "action": both(row["action_zh"], row["action_en"]),
        "severity": row["severity"],
        "opened_month": row["opened_month"],
        "closed_month": row["closed_month"],
        "age_months": row["age_months"],
        "owner": both(row["owner"] or "", row["owner_en"] or ""),
        "due_on": row["due_on"].isoformat() if row["due_on"] else None,
        "overdue": change in STANDING and _is_overdue(row["due_on"], facts),
        "remark": row["remark"],
    }


def _is_overdue(due: date | None, facts: MonthFacts) -> bool:
    """Against today while the month runs; against its own end once it is over."""
    if due is None:
        return False
    last = due_on(add_months(facts.month, 1), 1)
    return due < min(facts.today, last)


def _counts(figures: Figures, items: Sequence[OpenItem]) -> OpenItemCounts:
    told = figures.month["open_items"]
    return {
        "carried": told["carried"],
        "new": told["new"],
        "closed": told["closed"],
        "withdrawn": told["withdrawn"],
        "open": told["standing"],
        "overdue": sum(row["overdue"] for row in items),
    }


def _band(row: Row) -> AgeBand:
    return {
        "least": row["from_months"],
        "most": row["to_months"],
        "count": row["total"],
        "severities": {str(key): count for key, count in row["severities"].items()},
    }
