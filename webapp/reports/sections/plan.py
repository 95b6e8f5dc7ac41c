"""十一、建议及下月计划: what falls due, what is to be bought, where somebody has to go again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from webapp.reports.facts import MonthFacts
from webapp.reports.figures import Row
from webapp.reports.readings import joined
from webapp.reports.sections.check_sheets import what_of
from webapp.reports.sections.open_items import STANDING
from webapp.reports.shape import (
    DueItem,
    Missed,
    OpenItem,
    Plan,
    Purchase,
    Repeat,
    SecondVisit,
    Status,
    Suggestion,
)
from webapp.rounds.rules import add_months, due_on

# From so many months in a row on, replacing a part is suggested instead of repairing it again.
OFTEN = 3
# Open items of this age are to be talked about with the client.
OLD_MONTHS = 3
MOST_SUGGESTIONS = 20


def plan(
    facts: MonthFacts,
    status: Status,
    items: Sequence[OpenItem],
    missed: Sequence[Missed],
    forecast: Row,
    remark: str,
) -> Plan:
    """What the month leaves to the next one."""
    following = add_months(facts.month, 1)
    due = due_on(following, facts.contract.due_day)
    last_day = due_on(add_months(following, 1), 1).isoformat()
    return {
        "month": following,
        "due_on": due.isoformat(),
        "suggestions": list(_suggestions(status, items))[:MOST_SUGGESTIONS],
        "due_items": [
            _due_item(row)
            for row in items
            if row["change"] in STANDING and row["due_on"] and row["due_on"] < last_day
        ],
        "buy_months": forecast["months"],
        "purchases": [_purchase(row) for row in forecast["buy"]],
        "second_visits": [_second_visit(row) for row in missed if row["outcome"] == "not_tested"],
        "remark": remark,
    }


def _due_item(row: OpenItem) -> DueItem:
    return {
        "number": row["number"],
        "place": row["place"],
        "what": what_of(row),
        "owner": row["owner"],
        "due_on": row["due_on"],
        "overdue": row["overdue"],
    }


def _second_visit(row: Missed) -> SecondVisit:
    return {
        "place": row["place"],
        "devices": row["devices"],
        "reason": joined(row["reason"], {"zh": row["remark"], "en": row["remark"]}),
        "revisit_on": row["revisit_on"],
    }


def _purchase(row: Row) -> Purchase:
    return {
        "consumable": {"zh": row["consumable_zh"], "en": row["consumable_en"]},
        "maker": row["maker"],
        "model": row["model"],
        "quantities": row["quantities"],
        "quantity": row["quantity"],
    }


def _suggestions(status: Status, items: Sequence[OpenItem]) -> Iterator[Suggestion]:
    by_device: dict[tuple[int, int], list[Repeat]] = defaultdict(list)
    for row in status["repeats"]:
        if row["in_a_row"] >= OFTEN:
            key = (row["place"]["room_id"], row["device"]["id"] if row["device"] else 0)
            by_device[key].append(row)
    for rows in by_device.values():
        yield _repeated(rows)
    old = [row for row in items if row["change"] in STANDING and row["age_months"] >= OLD_MONTHS]
    if old:
        numbers = ", ".join(f"#{row['number']}" for row in old)
        yield {
            "kind": "old_open_items",
            "text": {
                "zh": f"{len(old)} 项遗留问题已满 {OLD_MONTHS} 个月或更久（{numbers}），"
                "建议与客户确定处理方案与时间。",
                "en": f"Open items that are {OLD_MONTHS} months old or older: {len(old)} ({numbers}). "
                "Agree with the client on what is done, and when.",
            },
        }


def _repeated(rows: Sequence[Repeat]) -> Suggestion:
    """One device that failed again and again, with all that fails on it."""
    first = rows[0]
    room, device = first["place"]["room"], first["device"]
    name = {"zh": device["name"], "en": device["name"]} if device else room
    items = {
        "zh": "、".join(row["item"]["zh"] for row in rows),
        "en": ", ".join(row["item"]["en"] for row in rows),
    }
    months = max(row["in_a_row"] for row in rows)
    return {
        "kind": "repeat",
        "text": {
            "zh": f"{name['zh']}（{room['zh']}）：{items['zh']}已连续 {months} 个月异常，"
            "建议更换部件或做专项检修。",
            "en": f"{name['en']} ({room['en']}): {items['en']}, abnormal {months} months in a row; "
            "replace the part or have it overhauled.",
        },
    }
