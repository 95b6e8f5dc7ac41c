"""A case goes its way: opened once, moved by steps, its clocks started and met by them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests import factories
from tests.cases import made
from tests.cases.made import MORNING, after, author, opened, taken
from webapp.audit.models import AuditRow
from webapp.cases import clock_keeping
from webapp.cases.models import Case, CaseClock, CaseEvent
from webapp.cases.opening import called
from webapp.cases.services import Author
from webapp.db import db, unit_of_work
from webapp.errors import AppError
from webapp.estate.models import Device
from webapp.identity.models import Contract, User


@pytest.fixture
def device(contract: Contract) -> Device:
    return factories.device(factories.room(factories.building(contract)), name="投影机甲")


@pytest.fixture
def li(contract: Contract, engineer: User) -> Author:
    return author(contract, engineer)


@pytest.fixture
def chen(contract: Contract, it_lead: User) -> Author:
    return author(contract, it_lead, "client_it_lead")


@pytest.fixture
def wang(contract: Contract, manager: User) -> Author:
    return author(contract, manager, "project_manager")


def clock(case: Case, name: str) -> CaseClock:
    statement = sa.select(CaseClock).where(CaseClock.case_id == case.id, CaseClock.name == name)
    return db.session.execute(statement).scalar_one()


def again(case: Case) -> Case:
    db.session.expire_all()
    return db.session.get_one(Case, case.id)


def refused(code: str) -> Any:
    return pytest.raises(AppError, match=f"^{code}")


def test_a_fault_is_numbered_placed_and_starts_the_hour_of_response(
    contract: Contract, chen: Author, device: Device
) -> None:
    case = opened(contract, chen, device_id=device.id, severity=1, text="昨天还好")
    assert called(case) == "F1"
    assert (case.state, case.room_id, case.severity) == ("declared", device.room_id, 1)
    response = clock(case, "response")
    assert (response.due_at, response.state) == (after(hours=1), "running")
    assert response.next_at == after(minutes=45)
    assert called(opened(contract, chen)) == "F2"
    assert called(opened(contract, chen, "complaint")) == "C1"


def test_a_fault_told_offline_starts_its_clock_when_it_was_told(
    contract: Contract, li: Author
) -> None:
    case = opened(contract, li, now=after(hours=5), at=MORNING)
    assert (case.opened_at, case.received_at) == (MORNING, after(hours=5))
    response = clock(case, "response")
    assert (response.due_at, response.state) == (after(hours=1), "overdue")
    ahead = opened(contract, li, now=MORNING, at=after(days=3))
    assert ahead.opened_at == MORNING


def test_the_same_sent_twice_is_one_case_and_one_line(contract: Contract, li: Author) -> None:
    uid = made.uid()
    first, second = opened(contract, li, uid=uid), opened(contract, li, uid=uid)
    assert first.id == second.id
    step = made.uid()
    taken(first, li, "take_over", uid=step)
    taken(first, li, "take_over", uid=step)
    count = sa.select(sa.func.count()).select_from(CaseEvent)
    assert db.session.scalar(count) == 2


def test_a_fault_from_its_declaration_to_its_end(
    contract: Contract, li: Author, chen: Author, engineer: User
) -> None:
    case = opened(contract, chen, severity=2)
    taken(case, li, "take_over", after(minutes=5))
    assert again(case).owner_id == engineer.id
    taken(case, li, "arrive", after(minutes=40))
    assert clock(case, "response").state == "met"
    report = clock(case, "cause_report")
    assert report.due_at == after(minutes=40, hours=24)
    taken(case, li, "explain", after(hours=30), cause="灯泡老化", plan="换灯泡", cost="300")
    assert clock(case, "cause_report").state == "met_late"
    taken(case, li, "solve", after(hours=31), cause="灯泡老化", solution="已换灯泡", part="灯泡")
    assert again(case).live
    taken(case, chen, "close", after(days=2), rating=5)
    case = again(case)
    assert (case.state, case.live, case.ended_at) == ("closed", False, after(days=2))
    assert case.facts["solution"] == "已换灯泡"
    assert case.facts["cost"] == "300.00"
    steps = [
        event.step for event in db.session.scalars(sa.select(CaseEvent).order_by(CaseEvent.id))
    ]
    assert steps == ["opened", "take_over", "arrive", "explain", "solve", "close"]
    actions = set(db.session.scalars(sa.select(AuditRow.action)))
    assert {"case_open", "case_arrive", "case_close"} <= actions


def test_a_fault_that_was_solved_over_the_telephone_waits_for_no_report(
    contract: Contract, li: Author
) -> None:
    case = opened(contract, li)
    taken(case, li, "take_over", after(minutes=2))
    taken(case, li, "solve", after(minutes=20), cause="没有开电源", solution="电话指导开机")
    assert clock(case, "response").state == "met"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(CaseClock)) == 1


def test_a_reopened_fault_runs_its_hour_again(contract: Contract, li: Author, chen: Author) -> None:
    case = opened(contract, li)
    taken(case, li, "arrive", after(minutes=10))
    taken(case, li, "solve", after(minutes=20), cause="松动", solution="插紧")
    taken(case, chen, "reopen", after(hours=6), text="又黑屏了")
    response = clock(case, "response")
    assert (response.turn, response.state, response.due_at) == (2, "running", after(hours=7))
    assert again(case).state == "declared"


def test_the_vendors_three_days_count_from_the_on_site_response(
    contract: Contract, li: Author
) -> None:
    case = opened(contract, li)
    taken(case, li, "arrive", after(minutes=10))
    taken(case, li, "ask_vendor", after(days=1), vendor="厂家")
    assert clock(case, "vendor_report").started_at == after(minutes=10)


def test_ten_working_days_of_a_repair_count_from_the_clients_approval(
    contract: Contract, li: Author, chen: Author, device: Device
) -> None:
    fault = opened(contract, li, device_id=device.id)
    repair = opened(contract, li, "repair", parent="F1", fields={"way": "paid"}, title="返厂")
    assert (repair.parent_id, repair.device_id) == (fault.id, device.id)
    with refused("step_not_now"):
        taken(repair, li, "send")
    with refused("forbidden"):
        taken(repair, li, "approve")
    taken(repair, chen, "approve", MORNING)
    # Tuesday the third is the first, Monday the sixteenth the tenth; over with that day.
    assert clock(repair, "repair").due_on is not None
    assert str(clock(repair, "repair").due_on) == "2026-03-16"
    taken(repair, li, "send", after(days=1), waybill="SF1")
    taken(repair, chen, "consent", after(days=2), expected_on="2026-03-27", text="同意")
    assert str(clock(repair, "repair").due_on) == "2026-03-27"
    taken(repair, li, "arrive_factory", after(days=3))
    taken(repair, li, "return", after(days=20))
    taken(repair, li, "put_in_service", after(days=21), solution="换主板")
    assert clock(repair, "repair").state == "met"
    assert again(repair).live
    taken(repair, li, "report", after(days=22), report="见附件")
    assert not again(repair).live


def test_what_comes_back_broken_goes_to_the_factory_again(
    contract: Contract, li: Author, chen: Author
) -> None:
    repair = opened(contract, li, "repair", fields={"way": "paid"})
    taken(repair, chen, "approve")
    for step in ("send", "arrive_factory", "return", "send", "return"):
        taken(repair, li, step, after(days=1))
    taken(repair, li, "put_in_service", after(days=3), solution="第二次才修好")
    assert again(repair).state == "in_service"
    assert (clock(repair, "repair").turn, clock(repair, "repair").state) == (1, "met")


def test_what_the_factory_takes_for_no_warranty_is_asked_for_and_counted_from_the_clients_word(
    contract: Contract, li: Author, chen: Author
) -> None:
    repair = opened(contract, li, "repair", fields={"way": "warranty"})
    taken(repair, li, "send")
    taken(repair, li, "arrive_factory", after(days=1))
    taken(repair, li, "reclassify", after(days=2), way="paid", text="进水，不在保修范围")
    assert (again(repair).state, again(repair).facts["way"]) == ("vendor_asked", "paid")
    taken(repair, chen, "approve", after(days=3))
    assert clock(repair, "repair").state == "running"
    taken(repair, li, "send", after(days=3))
    taken(repair, li, "cancel", after(days=4), text="客户决定报废")
    assert not again(repair).live
    assert clock(repair, "repair").state == "cancelled"


def test_the_day_that_the_client_consented_to_holds_whatever_the_calendar_says_later(
    contract: Contract, li: Author, chen: Author, device: Device
) -> None:
    repair = opened(contract, li, "repair", device_id=device.id, fields={"way": "paid"})
    taken(repair, chen, "approve", MORNING)
    with refused("clock_not_longer"):
        taken(repair, chen, "consent", after(days=1), expected_on="2026-03-16", text="同意")
    with refused("invalid"):
        taken(repair, chen, "consent", after(days=1), expected_on="9999-12-31", text="同意")
    # A Sunday.
    taken(repair, chen, "consent", after(days=1), expected_on="2026-03-22", text="同意")
    assert str(clock(repair, "repair").due_on) == "2026-03-22"
    assert clock(repair, "repair").due_at == datetime(2026, 3, 22, 16, tzinfo=UTC)
    assert clock(repair, "repair").events[-1]["until"] == "2026-03-22"
    with unit_of_work() as session:
        row = session.get_one(Contract, contract.id)
        days = [{"on": f"2026-03-{day}", "kind": "holiday", "name": "厂休"} for day in (10, 11)]
        row.settings = {**row.settings, "calendar": {"days": days}}
    with unit_of_work() as session:
        assert clock_keeping.reckon_again(session, contract.id, after(days=1)) == 0
    db.session.expire_all()
    assert str(clock(repair, "repair").due_on) == "2026-03-22"


def test_consent_that_an_earlier_version_kept_as_days_is_still_read(
    contract: Contract, li: Author, chen: Author, device: Device
) -> None:
    repair = opened(contract, li, "repair", device_id=device.id, fields={"way": "paid"})
    taken(repair, chen, "approve", MORNING)
    with unit_of_work():
        row = clock(repair, "repair")
        times = {"at": after(days=1).isoformat(), "received_at": after(days=1).isoformat()}
        row.events = [*row.events, {"kind": "extended", **times, "reason": "同意", "amount": 14}]
    with unit_of_work() as session:
        assert clock_keeping.reckon_again(session, contract.id, after(days=1)) == 1
    db.session.expire_all()
    assert str(clock(repair, "repair").due_on) == "2026-03-20"
    taken(repair, li, "send", after(days=2), waybill="SF1")
    taken(repair, chen, "consent", after(days=3), expected_on="2026-03-28", text="同意")
    assert str(clock(repair, "repair").due_on) == "2026-03-28"


def test_the_same_fault_told_twice_folds_into_one(contract: Contract, li: Author) -> None:
    first, second = opened(contract, li), opened(contract, li)
    taken(second, li, "fold", into="F1")
    second = again(second)
    assert (second.state, second.live, second.parent_id) == ("folded", False, first.id)
    assert clock(second, "response").state == "cancelled"
    third = opened(contract, li)
    for into in ("F3", "F99", "F2", "C1"):
        with refused("case_unknown"):
            taken(third, li, "fold", into=into)
    assert again(third).state == "declared"


def test_a_case_is_given_only_to_who_handles_cases(
    contract: Contract, li: Author, it_lead: User, stranger: User
) -> None:
    case = opened(contract, li)
    for user in (it_lead, stranger):
        with refused("person_unknown"):
            taken(case, li, "assign", owner=user.id)
    assert again(case).owner_id is None


def test_level_two_and_another_severity_stand_in_the_story(
    contract: Contract, li: Author, engineer: User
) -> None:
    case = opened(contract, li, severity=4)
    taken(case, li, "hand_over", owner=engineer.id, text="中控程序")
    taken(case, li, "set_severity", severity=1, text="会议开不了")
    case = again(case)
    assert (case.level, case.severity, case.owner_id) == (2, 1, engineer.id)


@pytest.mark.parametrize(
    ("code", "more"),
    [
        ("room_unknown", {"room_id": 999}),
        ("device_unknown", {"device_id": 999}),
        ("open_item_unknown", {"open_item": 999}),
        ("case_unknown", {"parent": "H9"}),
        ("invalid", {"title": "   "}),
        ("invalid", {"severity": 5}),
        ("invalid", {"fields": {"colour": "red"}}),
        ("kind_unknown", {"kind": "wish"}),
    ],
)
def test_what_it_names_and_isnt_there_is_refused_and_nothing_kept(
    contract: Contract, li: Author, code: str, more: dict[str, Any]
) -> None:
    with refused(code):
        opened(contract, li, **{"kind": "fault", **more})
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Case)) == 0


def test_what_belongs_to_another_contract_is_not_there(
    contract: Contract, li: Author, stranger: User
) -> None:
    other = db.session.execute(sa.select(Contract).where(Contract.code == "OTHER")).scalar_one()
    theirs = factories.device(factories.room(factories.building(other)))
    with refused("device_unknown"):
        opened(contract, li, device_id=theirs.id)
    opened(other, author(other, stranger, "project_manager"))
    with refused("case_unknown"):
        opened(contract, li, "repair", parent="F1", fields={"way": "paid"})


def test_a_complaint_has_three_working_days(contract: Contract, chen: Author, li: Author) -> None:
    friday = datetime(2026, 3, 6, 8, tzinfo=UTC)
    case = opened(contract, chen, "complaint", now=friday)
    assert str(clock(case, "complaint").due_on) == "2026-03-11"
    taken(case, li, "acknowledge", friday)
    taken(case, li, "confirm", friday, finding="属实", justified="yes")
    taken(case, li, "answer", friday + timedelta(days=1), answer="已整改")
    assert clock(case, "complaint").state == "met"


def test_a_change_of_the_contracts_calendar_moves_what_still_runs(
    contract: Contract, chen: Author
) -> None:
    case = opened(contract, chen, "complaint")
    assert str(clock(case, "complaint").due_on) == "2026-03-05"
    with unit_of_work() as session:
        row = session.get_one(Contract, contract.id)
        days = [{"on": "2026-03-04", "kind": "holiday", "name": "厂休"}]
        row.settings = {**row.settings, "calendar": {"days": days}}
    with unit_of_work() as session:
        assert clock_keeping.reckon_again(session, contract.id, MORNING) == 1
    db.session.expire_all()
    assert str(clock(case, "complaint").due_on) == "2026-03-06"
