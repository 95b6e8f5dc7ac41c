"""六 to 十: faults, repairs, changes and after hours, training and upgrades, complaints (clauses 22-24, 32-48).

Which cases a month tells of is said in :mod:`webapp.cases.measures`; how a case stands is told as of the
making of the report.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import sqlalchemy as sa

from webapp.cases.measures import LATE, MET, in_time
from webapp.cases.models import CaseClock
from webapp.cases.ratings import ratings_since
from webapp.cases.words import KIND_WORDS
from webapp.reports.facts import MonthFacts, both
from webapp.reports.sections.free_hours import free_hours
from webapp.reports.sections.told_cases import Told, read_cases, told_period
from webapp.reports.shape import ServiceKey, ServiceSection, ServiceTable, Words
from webapp.spares.models import Loan

SEVERITIES: Mapping[int, Words] = {
    1: both("一级", "1"),
    2: both("二级", "2"),
    3: both("三级", "3"),
    4: both("四级", "4"),
}
_NONE = both("—", "—")
_IN_TIME, _LATE = both("按时", "In time"), both("超时", "Late")
_WAYS = {
    "warranty": both("保修期内返厂", "Warranty"),
    "paid": both("保修期外维修", "Out of warranty"),
    "replacement": both("更换新设备", "Replacement"),
}
_ORIGINS = {"domestic": both("国产", "Domestic"), "abroad": both("进口", "Abroad")}


def faults(facts: MonthFacts) -> ServiceSection | None:
    """六: by severity, each clock in time or late, and each fault (clauses 37-39, 42)."""
    told = read_cases(facts, "fault")
    if told is None:
        return None
    rows = [row for row in told if row.case.state != "folded"]
    over = sum(not row.case.live for row in rows)
    lines = [
        _period(facts),
        both(
            f"故障 {len(rows)} 起，已关闭 {over} 起，未结 {len(rows) - over} 起。",
            f"{_many(len(rows), 'fault')}: {over} closed, {len(rows) - over} under way.",
        ),
    ]
    counted = [row for row in told if row.case.state != "folded" or row.runs]
    return _section("faults", lines, [_by_severity(facts, counted), _fault_list(facts, rows)])


def _by_severity(facts: MonthFacts, told: Sequence[Told]) -> ServiceTable:
    """The period's faults and the runs decided in it; those of a folded one too, which is no fault of its own."""
    counted = Counter(row.case.severity for row in told if row.case.state != "folded")
    heads = [
        both("级别", "Severity"),
        both("起数", "Faults"),
        both("响应到位 按时/共", "On site, in time/of"),
        both("原因报告 按时/共", "Cause report, in time/of"),
        both("厂商报告 按时/共", "Vendor report, in time/of"),
    ]
    table = [
        [
            words,
            both(str(counted[severity])),
            *(
                _in_time(facts, name, (row for row in told if row.case.severity == severity))
                for name in ("response", "cause_report", "vendor_report")
            ),
        ]
        for severity, words in SEVERITIES.items()
        if severity in {row.case.severity for row in told}
    ]
    return _table(both("按故障级别", "By severity"), heads, table, range(1, len(heads)))


def _in_time(facts: MonthFacts, name: str, rows: Iterable[Told]) -> Words:
    """How many were met in time, of those that were decided in the period; one that still runs is neither."""
    period = told_period(facts)
    met, of = in_time(run for row in rows for run in row.runs_of(name) if period.holds(run.at))
    return both(f"{met} / {of}") if of else _NONE


def _fault_list(facts: MonthFacts, rows: Sequence[Told]) -> ServiceTable:
    heads = [
        both("编号", "No."),
        both("申报时间", "Declared"),
        both("会议室 · 设备", "Room · device"),
        both("内容", "Subject"),
        both("级别", "Severity"),
        both("响应", "Response"),
        both("状态", "State"),
    ]
    table = [
        [
            row.name,
            both(facts.clock_of(row.case.opened_at)),
            row.place,
            both(row.case.title),
            SEVERITIES.get(row.case.severity or 0, _NONE),
            _term_words(row, "response"),
            row.state,
        ]
        for row in rows
    ]
    return _table(both("故障清单", "Faults"), heads, table)


def _term_words(row: Told, name: str) -> Words:
    """How each of a clock's runs stands, the one before a reopening first."""
    words = [_LATE if run.is_late else _IN_TIME for run in row.runs_of(name)]
    clock = row.clocks.get(name)
    if clock is not None and clock.state not in {"cancelled", *MET, *LATE}:
        words.append(both("进行中", "Running"))
    return _joined(words) if words else _NONE


def _joined(words: Sequence[Words]) -> Words:
    en = ", ".join(one["en"] for one in words)
    return both("、".join(one["zh"] for one in words), en.capitalize())


def repairs(facts: MonthFacts) -> ServiceSection | None:
    """七: each repair against its 10 or 20 working days, and its loaner (clauses 32-36, 40, 41)."""
    rows = read_cases(facts, "repair")
    if rows is None:
        return None
    found: dict[int, list[str]] = defaultdict(list)
    loans = sa.select(Loan.case_id, Loan.what).where(
        Loan.case_id.in_([row.case.id for row in rows])
    )
    for case_id, what in facts.session.execute(loans.order_by(Loan.id)):
        found[case_id].append(what)
    lent = dict(found)
    heads = [
        both("编号", "No."),
        both("会议室 · 设备", "Room · device"),
        both("内容", "Subject"),
        both("方式", "Way"),
        both("产地", "Origin"),
        both("期限", "Due"),
        both("工期", "Term"),
        both("同级备件", "Loaner"),
        both("状态", "State"),
    ]
    table = [
        [
            row.name,
            row.place,
            both(row.case.title),
            _WAYS.get(row.case.facts.get("way", ""), _NONE),
            _ORIGINS.get(row.case.facts.get("origin", ""), _NONE),
            _due_day(row.clocks.get("repair")),
            _term_words(row, "repair"),
            both(", ".join(lent[row.case.id])) if row.case.id in lent else _NONE,
            row.state,
        ]
        for row in rows
    ]
    late = sum(any(run.is_late for run in row.runs_of("repair")) for row in rows)
    lines = [
        _period(facts),
        both(
            f"维修与返修 {len(rows)} 件，超过工期 {late} 件，提供同级备件 {len(lent)} 件。",
            f"{_many(len(rows), 'repair')}: {late} beyond their term, {len(lent)} with a loaner.",
        ),
    ]
    return _section("repairs", lines, [_table(both("维修清单", "Repairs"), heads, table)])


def _due_day(clock: CaseClock | None) -> Words:
    if clock is None or clock.due_on is None:
        return _NONE
    day = clock.due_on.isoformat()
    return both(f"{day}（暂定）", f"{day} (provisional)") if clock.provisional else both(day)


def changes(facts: MonthFacts) -> ServiceSection | None:
    """八: changes and after-hours support, and what is left of the free hours (clauses 22-24)."""
    rows = read_cases(facts, "change", "after_hours")
    if rows is None:
        return None
    lines = [_period(facts), *free_hours(facts, told_period(facts))]
    return _section("changes", lines, [_plain_list(facts, rows)])


def training(facts: MonthFacts) -> ServiceSection | None:
    """九: trainings and software upgrades (clauses 11, 13)."""
    rows = read_cases(facts, "training", "upgrade")
    if rows is None:
        return None
    return _section("training", [_period(facts)], [_plain_list(facts, rows)])


def complaints(facts: MonthFacts) -> ServiceSection | None:
    """十: complaints within three working days, and how content people are (clauses 27, 46, 48)."""
    rows = read_cases(facts, "complaint")
    period = told_period(facts)
    given = ratings_since(facts.session, facts.contract.id, period.begins)
    ratings = [one.rating for one in given if period.holds(one.at)]
    if rows is None and not ratings:
        return None
    lines = [_period(facts)]
    if ratings:
        mean = f"{sum(ratings) / len(ratings):.1f}"
        lines.append(
            both(
                f"满意度：{len(ratings)} 次评价，平均 {mean} 分（满分 5 分）。",
                f"Satisfaction: {_many(len(ratings), 'answer')}, {mean} of 5 on average.",
            )
        )
    heads = [
        both("编号", "No."),
        both("受理时间", "Received"),
        both("内容", "Subject"),
        both("期限", "Due"),
        both("处理", "Handled"),
        both("状态", "State"),
    ]
    table = [
        [
            row.name,
            both(facts.clock_of(row.case.opened_at)),
            both(row.case.title),
            _due_day(row.clocks.get("complaint")),
            _term_words(row, "complaint"),
            row.state,
        ]
        for row in rows or ()
    ]
    return _section("complaints", lines, [_table(both("投诉清单", "Complaints"), heads, table)])


def _plain_list(facts: MonthFacts, rows: Sequence[Told]) -> ServiceTable:
    heads = [
        both("编号", "No."),
        both("类别", "Kind"),
        both("申报时间", "Opened"),
        both("会议室 · 设备", "Room · device"),
        both("内容", "Subject"),
        both("状态", "State"),
    ]
    table = [
        [
            row.name,
            both(*KIND_WORDS[row.case.kind]),
            both(facts.clock_of(row.case.opened_at)),
            row.place,
            both(row.case.title),
            row.state,
        ]
        for row in rows
    ]
    return _table(both("清单", "List"), heads, table)


def _period(facts: MonthFacts) -> Words:
    period = told_period(facts)
    return both(
        f"统计期：{period.first} 至 {period.last}；此前未结的一并列出。",
        f"From {period.first} to {period.last}, with what was still under way before.",
    )


def _many(count: int, noun: str) -> str:
    """English counts: ``1 fault``, ``2 faults``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _table(
    title: Words,
    heads: Sequence[Words],
    rows: Sequence[Sequence[Words]],
    figures: Collection[int] = (),
) -> ServiceTable:
    """A table; ``figures`` are the columns whose values stand to the right."""
    columns = [{"title": head, "number": at in figures} for at, head in enumerate(heads)]
    return {"title": title, "columns": columns, "rows": [list(row) for row in rows]}  # type: ignore[typeddict-item]


def _section(
    key: ServiceKey, lines: Sequence[Words], tables: Sequence[ServiceTable]
) -> ServiceSection:
    return {"key": key, "has_data": True, "lines": list(lines), "tables": list(tables)}
