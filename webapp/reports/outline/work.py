"""六 to 十 service desk, 十一 plan, and the three-level acceptance. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from webapp.reports import words
from webapp.reports.outline.tables import (
    Column,
    Lines,
    Section,
    Table,
    Value,
    count,
    day,
    head,
    label,
    place_columns,
    text,
)
from webapp.reports.shape import (
    Acceptance,
    AcceptanceWork,
    DueItem,
    Plan,
    Purchase,
    SecondVisit,
    ServiceSection,
    ServiceTable,
    Words,
)
from webapp.reports.wording import filled, named, wide

_SHORT = 17


def service_section(it: ServiceSection) -> Section:
    """One of 六 to 十; without data one honest line."""
    parts: list[Table | Lines] = [Lines(it["lines"])]
    parts += [_service_table(table) for table in it["tables"]]
    return Section(it["key"], words.TITLES[it["key"]], words.SHEETS["services"], parts)


def _service_table(table: ServiceTable) -> Table:
    needs = [_need(table, at) for at in range(len(table["columns"]))]
    widths = _widths(needs)

    def column(at: int) -> Column[list[Words]]:
        told = table["columns"][at]
        kind = "count" if told["number"] else "text"
        return Column(told["title"], lambda row: row[at], widths[at], max(8, needs[at]) + 2, kind)  # type: ignore[arg-type]

    return Table(
        [column(at) for at in range(len(table["columns"]))],
        table["rows"],
        table["title"],
        label("none"),
    )


def _need(table: ServiceTable, at: int) -> int:
    """How wide a column's widest text is, in Latin letters, between bounds."""
    texts = [table["columns"][at]["title"], *(row[at] for row in table["rows"])]
    return min(40, max(4, *(wide(text[language]) for text in texts for language in text)))  # type: ignore[literal-required]


def _widths(needs: Sequence[int]) -> list[float]:
    """Millimetres: what is short takes its own width, and the long texts share the rest."""
    own = {at: 4 + 1.6 * need for at, need in enumerate(needs) if need <= _SHORT}
    rest = 182 - sum(own.values())
    long = {at: need**0.5 for at, need in enumerate(needs) if at not in own}
    if not long or rest < 20 * len(long):
        return [182 * need**0.5 / sum(one**0.5 for one in needs) for need in needs]
    return [own.get(at) or rest * long[at] / sum(long.values()) for at in range(len(needs))]


# --- 十一


def plan_section(it: Plan) -> Section:
    """十一、建议及下月计划."""
    parts: list[Table | Lines] = []
    if it["remark"]:
        parts.append(Lines([it["remark"]]))
    said = [row["text"] for row in it["suggestions"]]
    parts.append(Lines(said or [label("no_suggestions")], label("suggestions"), listed=bool(said)))
    parts += [_due(it["due_items"]), _purchases(it), _visits(it["second_visits"])]
    parts.append(Lines([filled("next_round", {"due": it["due_on"]})]))
    return Section("plan", words.TITLES["plan"], words.SHEETS["plan"], parts)


def _due(rows: Sequence[DueItem]) -> Table:
    columns: list[Column[DueItem]] = [
        Column(head("number"), lambda row: f"#{row['number']}", 16, 0, only="docx"),
        *place_columns(lambda row: row["place"], 54),
        Column(head("number"), lambda row: row["number"], 0, 9, "count", only="xlsx"),
        text("what", lambda row: row["what"], 58, 30),
        text("owner", lambda row: row["owner"], 26, 14),
        day("due", lambda row: row["due_on"], 28),
        Column(label("overdue"), _overdue, 0, 9, state=_late, only="xlsx"),
    ]
    return Table(columns, rows, label("due_items"), label("nothing_planned"))


def _overdue(row: DueItem) -> Value:
    return label("overdue") if row["overdue"] else None


def _late(row: DueItem) -> str:
    return "abnormal" if row["overdue"] else ""


def _purchases(it: Plan) -> Table:
    months = it["buy_months"]

    def month(at: int) -> Column[Purchase]:
        name: Words = {"zh": months[at], "en": months[at]}
        return count(name, lambda row: row["quantities"][at], 24, 10)

    rest = (182 - 22 - 24 * len(months)) / 2
    columns: list[Column[Purchase]] = [
        text("consumable", lambda row: row["consumable"], rest, 14),
        Column(head("model"), _product, rest, 20),
        *(month(at) for at in range(len(months))),
        count("total", lambda row: row["quantity"], 22),
    ]
    return Table(columns, it["purchases"], label("purchases"), label("nothing_planned"))


def _product(row: Purchase) -> Value:
    return " ".join(part for part in (row["maker"], row["model"]) if part)


def _visits(rows: Sequence[SecondVisit]) -> Table:
    columns: list[Column[SecondVisit]] = [
        *place_columns(lambda row: row["place"], 64),
        count("devices", lambda row: row["devices"], 20),
        text("reason", lambda row: row["reason"], 66, 24),
        day("revisit_on", lambda row: row["revisit_on"], 32),
    ]
    return Table(columns, rows, label("second_visits"), label("nothing_planned"))


# --- acceptance


def acceptance_section(it: Acceptance) -> Section:
    """三级验收 (clause 30): who signed how much, and how many people that were."""
    parts: list[Table | Lines] = [
        Lines([words.LABELS[f"strict_{it['strictness']}"]]),
        _rooms(it),
    ]
    if it["people"]:
        parts.append(_people(it["people"]))
    return Section("acceptance", words.TITLES["acceptance"], words.SHEETS["acceptance"], parts)


def _rooms(it: Acceptance) -> Table:
    def signed(number: int) -> Words:
        return filled("rooms_signed", {"count": number, "of": it["rooms"]})

    columns: list[Column[Acceptance]] = [
        Column(named("levels", "self_check"), lambda row: signed(row["self_checked"]), 40, 18),
        Column(named("levels", "peer_check"), lambda row: signed(row["peer_checked"]), 40, 18),
        Column(head("rechecked"), lambda row: filled("rechecked", {"count": row["rechecked"]}), 42, 20),
        Column(named("levels", "final"), _final, 60, 34),
    ]  # fmt: skip
    return Table(columns, [it], label("rooms"))


def _final(it: Acceptance) -> Value:
    final = it["final"]
    if final is None:
        return label("not_accepted")
    return [final["person"]["name"], final["signed_at"], final["sha256"]]


def _people(rows: Sequence[AcceptanceWork]) -> Table:
    columns: list[Column[AcceptanceWork]] = [
        text("level", lambda row: named("levels", row["level"]), 28, 14),
        text("person", lambda row: row["person"]["name"], 34, 14),
        text("role", lambda row: named("roles", row["person"]["role"]), 36, 18),
        count("rooms", lambda row: row["rooms"], 20),
        Column(head("first_at"), lambda row: row["first_at"], 32, 17, "time"),
        Column(head("last_at"), lambda row: row["last_at"], 32, 17, "time"),
    ]
    return Table(columns, rows)
