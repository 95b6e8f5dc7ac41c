"""六 to 十 of the report tell of the service desk's cases, from the last due day to this one (clauses 22-48)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from tests.acceptance.conftest import access_of
from tests.cases.made import author, opened, taken, uid
from tests.reports.conftest import NOW, Month
from tests.rounds import made as rounds
from webapp.cases.models import Case
from webapp.cases.opening import called
from webapp.cases.registering import add_device
from webapp.cases.services import Author
from webapp.db import db, unit_of_work
from webapp.hours.services import Logging, log_hours
from webapp.identity.models import Contract, User
from webapp.reports.content import report_content

LAST_OF_MARCH = NOW - timedelta(days=25)


def sections(month: Month) -> dict[str, dict[str, Any]]:
    told = report_content(db.session(), month.contract.id, "2026-04", NOW)["services"]
    return {section["key"]: dict(section) for section in told}


def rows(section: dict[str, Any], table: int = -1) -> list[list[str]]:
    return [[cell["zh"] for cell in row] for row in section["tables"][table]["rows"]]


def test_where_nothing_was_ever_recorded_one_honest_line_says_so(month: Month) -> None:
    for section in sections(month).values():
        assert not section["has_data"]
        assert len(section["lines"]) == 1
        assert section["tables"] == []


def test_faults_are_told_by_severity_and_each_clock_in_time_or_late(
    month: Month, engineer: User, it_lead: User
) -> None:
    client = author(month.contract, it_lead, "client_it_lead")
    li = author(month.contract, engineer)
    morning = NOW - timedelta(days=2)
    quick = opened(month.contract, client, now=morning, severity=1, device_id=month.projector.id)
    taken(quick, li, "arrive", now=morning + timedelta(minutes=40))
    slow = opened(month.contract, client, now=morning, severity=1, title="没有声音")
    taken(slow, li, "arrive", now=morning + timedelta(hours=3))
    opened(month.contract, client, now=LAST_OF_MARCH - timedelta(days=30), title="很久以前")
    faults = sections(month)["faults"]
    assert faults["has_data"]
    assert faults["lines"][0]["zh"] == "统计期：2026-03-11 至 2026-04-10；此前未结的一并列出。"
    # The old one is still under way, and of the third severity unless told otherwise.
    assert [row[:3] for row in rows(faults, 0) if row[0] == "一级"] == [["一级", "2", "1 / 2"]]
    told = {row[3]: (row[2], row[5], row[6]) for row in rows(faults)}
    assert told["投影没有画面"] == ("总部大楼 · 西湖厅 · 投影机甲", "按时", "响应到位")
    assert told["没有声音"][1] == "超时"
    assert "很久以前" in told


def test_a_reopened_fault_tells_of_each_response_and_takes_its_rating_back(
    month: Month, engineer: User, it_lead: User
) -> None:
    client = author(month.contract, it_lead, "client_it_lead")
    li = author(month.contract, engineer)
    begun = NOW - timedelta(days=3)
    case = opened(month.contract, client, now=begun, severity=1)
    taken(case, li, "arrive", now=begun + timedelta(hours=5))
    taken(case, li, "solve", now=begun + timedelta(hours=6), cause="线松", solution="插紧")
    taken(case, client, "close", now=begun + timedelta(hours=7), rating=5)
    assert "满意度：1 次评价，平均 5.0 分" in sections(month)["complaints"]["lines"][1]["zh"]
    taken(case, client, "reopen", now=begun + timedelta(hours=24), text="又坏了")
    faults = sections(month)["faults"]
    assert (rows(faults, 0)[0][2], rows(faults)[0][5]) == ("0 / 1", "超时、进行中")
    taken(case, li, "arrive", now=begun + timedelta(hours=24, minutes=10))
    told = sections(month)
    assert rows(told["faults"], 0)[0][1:4] == ["1", "1 / 2", "1 / 1"]
    assert told["faults"]["tables"][1]["rows"][0][5] == {"zh": "超时、按时", "en": "Late, in time"}
    assert not told["complaints"]["has_data"]


def test_each_response_is_told_by_one_month(month: Month, engineer: User, it_lead: User) -> None:
    client = author(month.contract, it_lead, "client_it_lead")
    li = author(month.contract, engineer)
    case = opened(month.contract, client, now=LAST_OF_MARCH - timedelta(days=10), severity=2)
    taken(case, li, "arrive", now=LAST_OF_MARCH - timedelta(days=9))
    # Late in March, and still under way: April tells how it stands, and counts it no second time.
    faults = sections(month)["faults"]
    assert (rows(faults, 0)[0][:3], rows(faults)[0][5]) == (["二级", "1", "—"], "超时")


def test_folding_hides_no_wait_and_a_rating_counts_when_it_is_given(
    month: Month, engineer: User, it_lead: User
) -> None:
    client = author(month.contract, it_lead, "client_it_lead")
    li = author(month.contract, engineer)
    begun = NOW - timedelta(days=3)
    first = opened(month.contract, client, now=begun, severity=1)
    later = begun + timedelta(hours=5)
    second = opened(month.contract, client, now=later, severity=1, title="还是没有画面")
    taken(first, li, "fold", now=later, into=called(second))
    taken(second, li, "arrive", now=later + timedelta(minutes=15))
    faults = sections(month)["faults"]
    assert [row[:3] for row in rows(faults, 0)] == [["一级", "1", "0 / 1"]]
    assert [(row[3], row[5]) for row in rows(faults)] == [("还是没有画面", "超时")]
    old = opened(month.contract, client, now=LAST_OF_MARCH - timedelta(days=9), kind="complaint")
    before = LAST_OF_MARCH - timedelta(days=8)
    taken(old, li, "confirm", now=before, finding="属实", justified="yes")
    taken(old, li, "answer", now=before, answer="已改进")
    taken(old, li, "close", now=before)
    taken(old, client, "rate", now=NOW - timedelta(days=1), rating=1)
    told = sections(month)["complaints"]
    assert "满意度：1 次评价，平均 1.0 分" in told["lines"][1]["zh"]
    assert rows(told) == []


def test_what_ended_before_the_period_or_began_after_it_is_another_months(
    month: Month, it_lead: User
) -> None:
    client = author(month.contract, it_lead, "client_it_lead")
    past = opened(month.contract, client, kind="complaint", now=LAST_OF_MARCH - timedelta(days=30))
    with unit_of_work() as session:
        ended = {"live": False, "ended_at": LAST_OF_MARCH - timedelta(days=20)}
        session.execute(sa.update(Case).filter_by(id=past.id).values(ended))
    opened(month.contract, client, kind="complaint", now=NOW + timedelta(days=5), title="以后")
    complaints = sections(month)["complaints"]
    assert complaints["has_data"]
    assert rows(complaints) == []


def test_a_repair_is_told_with_its_term_and_changes_with_the_free_hours(
    month: Month, engineer: User, it_lead: User
) -> None:
    li, client = author(month.contract, engineer), author(month.contract, it_lead, "client_it_lead")
    repair = opened(
        month.contract,
        li,
        kind="repair",
        now=NOW - timedelta(days=3),
        device_id=month.projector.id,
        fields={"way": "paid", "origin": "abroad"},
    )
    taken(repair, client, "approve", now=NOW - timedelta(days=2))
    opened(
        month.contract,
        client,
        kind="change",
        now=NOW,
        title="加装电视",
        fields={"category": "installation"},
    )
    told = sections(month)
    [row] = rows(told["repairs"])
    assert row[3:5] == ["保修期外维修", "进口"]
    assert row[5].startswith("2026-05")
    assert row[6:] == ["进行中", "—", "已批准"]
    # Nobody was lent anything; a repair without a loaner is not counted among those that have one.
    assert told["repairs"]["lines"][1] == {
        "zh": "维修与返修 1 件，超过工期 0 件，提供同级备件 0 件。",
        "en": "1 repair: 0 beyond their term, 0 with a loaner.",
    }
    assert "免费 80 小时，剩余 80 小时" in told["changes"]["lines"][1]["zh"]
    assert rows(told["changes"])[0][4:] == ["加装电视", "已提出"]


def logged(
    month: Month, engineer: User, client: Author, begin: datetime, hours: float, at: datetime
) -> None:
    """An event with what the engineer has worked on it, logged ``at``."""
    span = {"from_at": begin.isoformat(), "to_at": (begin + timedelta(hours=hours)).isoformat()}
    fields = {"occasion": "event", **span}
    case = opened(month.contract, client, kind="after_hours", now=begin, fields=fields)
    access = access_of(month.contract, engineer, "inspection_engineer")
    logging = Logging(uid(), engineer.id, begin, begin + timedelta(hours=hours))
    with unit_of_work() as session:
        log_hours(session, access, called(case), logging, at)


def settled(contract: Contract, **terms: Any) -> None:
    with unit_of_work() as session:
        row = session.get_one(Contract, contract.id)
        row.settings = {**row.settings, "after_hours": terms}


def test_hours_beyond_the_free_ones_say_that_no_rate_is_agreed(
    month: Month, engineer: User, it_lead: User
) -> None:
    settled(month.contract, free_hours=10, year_starts="01-01")
    client = author(month.contract, it_lead, "client_it_lead")
    logged(month, engineer, client, NOW - timedelta(days=3), 12, NOW)
    assert sections(month)["changes"]["lines"][2] == {
        "zh": "超出 2 小时；超出部分的单价尚未约定，金额未计。",
        "en": "2 h beyond them; no rate is agreed for these yet, so no amount is stated.",
    }
    settled(month.contract, free_hours=10, year_starts="01-01", rate="180.50")
    assert sections(month)["changes"]["lines"][2]["zh"] == "超出 2 小时，按约定计 361.00 CNY。"


def test_a_period_in_which_a_contract_year_starts_tells_of_both_years(
    month: Month, engineer: User, it_lead: User
) -> None:
    settled(month.contract, free_hours=10, year_starts="04-01", rate="100")
    client = author(month.contract, it_lead, "client_it_lead")
    day = rounds.at("2026-03", 20)
    logged(month, engineer, client, day, 12, day + timedelta(days=1))
    assert [line["zh"] for line in sections(month)["changes"]["lines"][1:]] == [
        "合同年 2025-04-01 至 2026-03-31：非工作时间已用 12 小时，免费 10 小时，剩余 0 小时。",
        "超出 2 小时，按约定计 200.00 CNY。",
        "合同年 2026-04-01 至 2027-03-31：非工作时间已用 0 小时，免费 10 小时，剩余 10 小时。",
    ]


def test_what_is_logged_late_into_an_ended_year_is_told_in_the_month_that_it_is_logged_in(
    month: Month, engineer: User, it_lead: User
) -> None:
    settled(month.contract, free_hours=10, year_starts="03-01")
    client = author(month.contract, it_lead, "client_it_lead")

    def years() -> list[str]:
        lines = sections(month)["changes"]["lines"]
        return [line["zh"][:14] for line in lines if line["zh"].startswith("合同年")]

    logged(month, engineer, client, rounds.at("2026-02", 20), 3, rounds.at("2026-02", 21))
    assert years() == ["合同年 2026-03-01"]
    logged(month, engineer, client, rounds.at("2026-02", 22), 3, NOW - timedelta(days=1))
    assert years() == ["合同年 2025-03-01", "合同年 2026-03-01"]


def test_a_change_says_whether_the_register_was_updated(
    month: Month, engineer: User, it_lead: User
) -> None:
    client = author(month.contract, it_lead, "client_it_lead")
    wang = author(month.contract, engineer, "project_manager")
    planned = {"from_at": "2026-04-09T19:00:00+08:00", "to_at": "2026-04-09T21:00:00+08:00"}

    def executed(title: str) -> Case:
        fields = {"category": "installation"}
        case = opened(month.contract, client, kind="change", now=NOW, title=title, fields=fields)
        steps: tuple[tuple[Author, str, dict[str, Any]], ...] = (
            (wang, "quote", {}),
            (client, "approve", {}),
            (wang, "plan", planned),
            (wang, "execute", {"done": "已完成"}),
        )
        for by, step, given in steps:
            taken(case, by, step, now=NOW, **given)
        return case

    executed("忘了")
    taken(executed("只改程序"), wang, "keep_register", now=NOW, text="只改了程序")
    added = executed("加装电视")
    assert wang.access is not None
    with unit_of_work() as session:
        values = {"room_id": month.projector.room_id, "type": "display", "name": "电视"}
        add_device(session, wang.access, called(added), values, NOW)
    taken(added, client, "accept", now=NOW)
    states = {row[4]["zh"]: row[5] for row in sections(month)["changes"]["tables"][-1]["rows"]}
    assert states == {
        "忘了": {"zh": "已实施，台账尚未更新", "en": "Executed; register not updated yet"},
        "只改程序": {
            "zh": "已实施，台账无需更改",
            "en": "Executed; nothing to change in the register",
        },
        "加装电视": {"zh": "已验收，台账已更新", "en": "Accepted; register updated"},
    }


def test_many_cases_cost_the_statements_of_one(month: Month, it_lead: User) -> None:
    client = author(month.contract, it_lead, "client_it_lead")

    def statements() -> int:
        counted: list[str] = []
        note = lambda *given: counted.append(given[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", note)
        sections(month)
        event.remove(db.engine, "before_cursor_execute", note)
        return len(counted)

    opened(month.contract, client, now=NOW)
    one = statements()
    for number in range(10):
        opened(month.contract, client, now=NOW, title=f"第{number}件")
    assert statements() == one
