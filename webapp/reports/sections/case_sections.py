"""六 to 十: faults, repairs, changes and after hours, training and upgrades, complaints (clauses 22-24, 32-48).

Which cases a month tells of is said in :mod:`webapp.cases.measures`; how a case stands is told as of the
making of the report.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from webapp.cases.kinds import name_of
from webapp.cases.measures import LATE, MET, Period, in_time, period_of
from webapp.cases.models import Case, CaseClock
from webapp.cases.register import register_word
from webapp.cases.verifying import Verification, verifications
from webapp.cases.words import KIND_WORDS, REGISTER_WORDS, STATE_WORDS, VERIFIED_WORDS
from webapp.estate.models import Building, Device, Room
from webapp.reports.facts import MonthFacts, both
from webapp.reports.sections.free_hours import free_hours
from webapp.reports.shape import ServiceKey, ServiceSection, ServiceTable, Words
from webapp.spares.models import Loan

SEVERITIES: Mapping[int, Words] = {
    1: both("一级", "1"),
    2: both("二级", "2"),
    3: both("三级", "3"),
    4: both("四级", "4"),
}
_NONE = both("—", "—")
_WAYS = {
    "warranty": both("保修期内返厂", "Warranty"),
    "paid": both("保修期外维修", "Out of warranty"),
    "replacement": both("更换新设备", "Replacement"),
}
_ORIGINS = {"domestic": both("国产", "Domestic"), "abroad": both("进口", "Abroad")}


@dataclass(frozen=True, slots=True)
class Told:
    """A case with its place, and its clocks by name."""

    case: Case
    room: Room | None
    building: Building | None
    device: Device | None
    clocks: Mapping[str, CaseClock]
    verification: Verification | None = None

    @property
    def name(self) -> Words:
        """What people call it."""
        return both(name_of(self.case.kind, self.case.number))

    @property
    def state(self) -> Words:
        """Its state in words, with what the next inspection said of it, or what it did to the register."""
        zh, en = STATE_WORDS[self.case.state]
        register = register_word(self.case)
        if register is not None:
            said_zh, said_en = REGISTER_WORDS[register]
            return both(f"{zh}，{said_zh}", f"{en}; {said_en}")
        found = self.verification
        if found is None:
            return both(zh, en)
        said_zh, said_en = VERIFIED_WORDS[found.word]
        at = f" {found.month}" if found.month else ""
        return both(f"{zh}，{said_zh}{at}", f"{en}; {said_en}{at}")

    @property
    def place(self) -> Words:
        """Its room and device."""
        zh = [self.building and self.building.name_zh, self.room and self.room.name_zh]
        en = [
            self.building and (self.building.name_en or self.building.name_zh),
            self.room and (self.room.name_en or self.room.name_zh),
        ]
        device = self.device.name if self.device else None
        joined = (" · ".join(part for part in (*parts, device) if part) for parts in (zh, en))
        return both(*joined)


def _period_of(facts: MonthFacts) -> Period:
    """The days that the sections tell of."""
    return period_of(facts.month, facts.contract.due_day, facts.zone)


def read_cases(facts: MonthFacts, *kinds: str) -> list[Told] | None:
    """The period's cases of these kinds, by their opening; None where none was ever recorded.

    Six statements at the most.
    """
    ever = sa.select(Case.id).where(Case.contract_id == facts.contract.id, Case.kind.in_(kinds))
    if facts.session.scalar(ever.limit(1)) is None:
        return None
    period = _period_of(facts)
    rows = facts.session.execute(
        sa.select(Case, Room, Building, Device)
        .outerjoin(Room, Room.id == Case.room_id)
        .outerjoin(Building, Building.id == Room.building_id)
        .outerjoin(Device, Device.id == Case.device_id)
        .where(
            Case.contract_id == facts.contract.id,
            Case.kind.in_(kinds),
            Case.opened_at < period.ends,
            sa.or_(Case.ended_at.is_(None), Case.ended_at >= period.begins),
        )
        .order_by(Case.opened_at, Case.id)
    ).all()
    clocks: dict[int, dict[str, CaseClock]] = defaultdict(dict)
    wanted = sa.select(CaseClock).where(CaseClock.case_id.in_([row.Case.id for row in rows]))
    for clock in facts.session.scalars(wanted):
        clocks[clock.case_id][clock.name] = clock
    verified = verifications(facts.session, [row.Case for row in rows])
    return [
        Told(
            row.Case,
            row.Room,
            row.Building,
            row.Device,
            clocks[row.Case.id],
            verified.get(row.Case.id),
        )
        for row in rows
    ]


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
    return _section("faults", lines, [_by_severity(rows), _fault_list(facts, rows)])


def _by_severity(rows: Sequence[Told]) -> ServiceTable:
    counted = Counter(row.case.severity for row in rows)
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
                _in_time(row.clocks.get(name) for row in rows if row.case.severity == severity)
                for name in ("response", "cause_report", "vendor_report")
            ),
        ]
        for severity, words in SEVERITIES.items()
        if counted[severity]
    ]
    return _table(both("按故障级别", "By severity"), heads, table, range(1, len(heads)))


def _in_time(clocks: Iterable[CaseClock | None]) -> Words:
    """How many were met in time, of those that are decided; one that still runs is neither."""
    met, of = in_time(clock.state for clock in clocks if clock is not None)
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
            _clock_words(row.clocks.get("response")),
            row.state,
        ]
        for row in rows
    ]
    return _table(both("故障清单", "Faults"), heads, table)


def _clock_words(clock: CaseClock | None) -> Words:
    if clock is None or clock.state == "cancelled":
        return _NONE
    if clock.state in MET:
        return both("按时", "In time")
    if clock.state in LATE:
        return both("超时", "Late")
    return both("进行中", "Running")


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
            _clock_words(row.clocks.get("repair")),
            both(", ".join(lent[row.case.id])) if row.case.id in lent else _NONE,
            row.state,
        ]
        for row in rows
    ]
    late = sum(
        row.clocks["repair"].state in LATE for row in rows if row.clocks.get("repair") is not None
    )
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
    lines = [_period(facts), *free_hours(facts, _period_of(facts))]
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
    rated = read_cases(facts, *KIND_WORDS) or []
    ratings = [int(row.case.facts["rating"]) for row in rated if row.case.facts.get("rating")]
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
            _clock_words(row.clocks.get("complaint")),
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
    period = _period_of(facts)
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
