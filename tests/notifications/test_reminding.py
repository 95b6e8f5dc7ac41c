"""Reminders and escalation over a real round: at its place's hour, once, to members alone, until it is issued."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests import factories
from tests.rounds import made
from webapp.db import db, now_utc, unit_of_work
from webapp.identity import services as identity
from webapp.identity.models import Contract, Membership, User
from webapp.identity.rules import Access
from webapp.jobs import Job
from webapp.notifications.models import Mail, Notification
from webapp.notifications.words import BLOCKERS, GROUPS
from webapp.reminding import due_rounds, readiness_now, remind_and_escalate, tell_of
from webapp.reports.models import Report
from webapp.rounds.models import Round
from webapp.rounds.services import assign_rooms

CLIENT = Path(__file__).parents[2] / "webapp/pwa/client/src/i18n"


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of March 2026 on clocks in Shanghai, which are eight hours ahead."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


@pytest.fixture
def march(contract: Contract, manager: User, engineer: User) -> Round:
    """A round of one projector, which is the engineer's, due on the 10th; the manager reads no mail."""
    made.checklist(contract)
    device = factories.device(factories.room(factories.building(contract)))
    row = made.opened(contract, "2026-03")
    with unit_of_work() as session:
        session.execute(
            sa.update(User).where(User.id == engineer.id).values(email="li@example.com")
        )
        assign_rooms(
            session, _access(contract, manager), "2026-03", {device.room_id: engineer.id}, _at(1, 9)
        )
    return row


def _access(contract: Contract, user: User) -> Access:
    return Access(
        user_id=user.id,
        user_name=user.name,
        session_id=None,
        contract_id=contract.id,
        contract_code=contract.code,
        role="project_manager",
        rights=frozenset({"view", "manage_round", "manage_people", "accept"}),
    )


def _told() -> list[Notification]:
    db.session.rollback()
    statement = sa.select(Notification).order_by(Notification.id)
    return list(db.session.scalars(statement.execution_options(populate_existing=True)))


def _whom() -> list[tuple[int, str]]:
    return [(row.user_id, row.kind) for row in _told()]


def test_at_nine_three_days_before_each_hears_what_is_his(
    march: Round, manager: User, engineer: User, it_lead: User, stranger: User
) -> None:
    remind_and_escalate(_at(7, 8, 59))
    assert _told() == []
    remind_and_escalate(_at(7, 9))
    assert sorted(_whom()) == sorted([(manager.id, "remind"), (engineer.id, "remind")])
    of = {row.user_id: row for row in _told()}
    assert of[engineer.id].details["lines"] == [
        {"kind": "todo", "count": 2, "group": "person", "name": "", "name_en": ""}
    ]
    assert of[engineer.id].path == "/?phone=1&contract=HQ"
    lines = of[manager.id].details["lines"]
    assert [(line["kind"], line["count"], line["name"]) for line in lines] == [
        ("todo", 2, "李明"),
        ("acceptance", 1, ""),
    ]
    assert of[manager.id].details["days_left"] == 3
    assert of[manager.id].path == "/desk/ready/2026-03?contract=HQ"


def test_a_mail_goes_to_who_has_an_address_in_his_language(march: Round, engineer: User) -> None:
    with unit_of_work() as session:
        session.execute(sa.update(User).where(User.id == engineer.id).values(language="en"))
    remind_and_escalate(_at(9, 9))
    mail = db.session.scalars(sa.select(Mail)).one()
    assert mail.to_address == "li@example.com"
    assert mail.subject == "Round of March 2026, 1 day left: 2 things left for you to do"
    assert "- Inspections to do: 2" in mail.text
    assert "{here}/?phone=1&contract=HQ" in mail.text
    assert mail.useful_until == _at(9, 9) + timedelta(days=2)
    assert db.session.scalars(sa.select(Job.kind)).all() == ["send_mail"]


def test_the_chinese_mail_says_who_has_not_done_what(march: Round, manager: User) -> None:
    with unit_of_work() as session:
        session.execute(sa.update(User).where(User.id == manager.id).values(email="w@example.com"))
    remind_and_escalate(_at(11, 9))
    mail = db.session.scalars(sa.select(Mail).where(Mail.to_address == "w@example.com")).one()
    assert mail.subject == "2026年3月巡检已逾期 1 天：3 项挡着报告"
    assert "李明\n- 待检项：2" in mail.text
    assert "项目经理\n- 本月巡检待终验：1" in mail.text
    assert "3月10日 24:00" in mail.text


def test_the_english_mail_names_people_in_english(
    march: Round, manager: User, engineer: User
) -> None:
    people = sa.update(User)
    with unit_of_work() as session:
        session.execute(people.where(User.id == engineer.id).values(name_en="Li Ming"))
        session.execute(
            people.where(User.id == manager.id).values(
                language="en", name_en="Wang Jun", email="w@example.com"
            )
        )
    remind_and_escalate(_at(11, 9))
    mail = db.session.scalars(sa.select(Mail).where(Mail.to_address == "w@example.com")).one()
    assert mail.text.startswith("Hello Wang Jun,")
    assert mail.to_name == "Wang Jun"
    assert "Li Ming\n- Inspections to do: 2" in mail.text
    assert "Project manager\n- Final acceptance of the round: 1" in mail.text


def test_two_ticks_and_two_workers_tell_it_once(march: Round) -> None:
    now = _at(7, 9)
    twice = due_rounds(db.session(), now)
    assert [due.steps for due in twice] == [["remind:3"]]
    db.session.rollback()
    for minute in range(3):
        remind_and_escalate(now + timedelta(minutes=minute))
    told = len(_told())
    assert told == 2
    assert due_rounds(db.session(), now) == []
    # A worker that had looked before the other one wrote.
    ready = readiness_now(db.session(), twice[0].row, now)
    with unit_of_work() as session:
        tell_of(session, twice[0], ready, now)
    assert len(_told()) == told
    assert len(db.session.scalars(sa.select(Mail)).all()) == 1


def test_each_step_is_told_once_and_escalation_climbs(
    march: Round, manager: User, engineer: User, app: Flask
) -> None:
    root = factories.user("root", "系统管理员", is_admin=True)
    for day in range(1, 32):
        for hour in (0, 9, 23):
            remind_and_escalate(_at(day, hour))
    assert _whom() == [
        *sorted([(manager.id, "remind"), (engineer.id, "remind")]),
        *sorted([(manager.id, "remind"), (engineer.id, "remind")]),
        (manager.id, "escalate"),
        *sorted([(manager.id, "escalate"), (root.id, "escalate")]),
    ]
    assert [row.escalated for row in _told()] == [False] * 4 + [True] * 3
    assert [row.details["days_left"] for row in _told()] == [3, 3, 1, 1, 0, -2, -2]


@pytest.mark.parametrize(
    ("zone", "before", "at_nine"),
    [
        (
            "Pacific/Auckland",
            datetime(2026, 3, 6, 19, 59, tzinfo=UTC),
            datetime(2026, 3, 6, 20, 0, tzinfo=UTC),
        ),
        (
            "America/Los_Angeles",
            datetime(2026, 3, 7, 16, 59, tzinfo=UTC),
            datetime(2026, 3, 7, 17, 0, tzinfo=UTC),
        ),
        (
            "Asia/Shanghai",
            datetime(2026, 3, 7, 0, 59, tzinfo=UTC),
            datetime(2026, 3, 7, 1, 0, tzinfo=UTC),
        ),
    ],
)
def test_the_day_and_the_hour_are_those_of_the_contracts_place(
    march: Round, contract: Contract, zone: str, before: datetime, at_nine: datetime
) -> None:
    with unit_of_work() as session:
        session.execute(sa.update(Contract).values(time_zone=zone))
    db.session.expire_all()
    remind_and_escalate(before)
    assert _told() == []
    remind_and_escalate(at_nine)
    assert {row.details["days_left"] for row in _told()} == {3}


def test_midnight_is_no_hour_to_tell_and_turns_the_day(march: Round) -> None:
    remind_and_escalate(_at(10, 23, 59))
    first = {row.details["days_left"] for row in _told()}
    assert first == {0}
    count = len(_told())
    remind_and_escalate(_at(11, 0, 1))
    assert len(_told()) == count


def test_who_left_or_was_shut_out_hears_nothing(
    march: Round, contract: Contract, manager: User, engineer: User
) -> None:
    other = factories.member(contract, "project_manager", login="other")
    with unit_of_work() as session:
        session.execute(sa.update(User).where(User.id == other.id).values(disabled_at=now_utc()))
        member = session.scalars(
            sa.select(Membership).where(Membership.user_id == engineer.id)
        ).one()
        identity.remove_member(session, _access(contract, manager), member.id, _at(2, 9))
    remind_and_escalate(_at(7, 9))
    assert _whom() == [(manager.id, "remind")]
    assert _told()[0].details["lines"][0]["name"] == "李明"


def test_after_the_report_is_issued_nobody_is_told_anything(
    march: Round, contract: Contract, manager: User
) -> None:
    with unit_of_work() as session:
        session.execute(sa.update(Round).values(state="accepted", accepted_at=_at(6, 9)))
        session.add(
            Report(
                contract_id=contract.id,
                round_id=march.id,
                number="HQ-2026-03",
                language="zh",
                data_key="k",
                data_sha256="0" * 64,
                issued_by_id=manager.id,
                issued_at=_at(6, 10),
            )
        )
    db.session.expire_all()
    for day in range(1, 32):
        remind_and_escalate(_at(day, 10))
    assert _told() == []


def test_an_accepted_round_waits_for_its_report_alone(march: Round, manager: User) -> None:
    with unit_of_work() as session:
        session.execute(sa.update(Round).values(state="accepted", accepted_at=_at(6, 9)))
        session.execute(sa.delete(Job))
    db.session.expire_all()
    remind_and_escalate(_at(7, 9))
    of_manager = next(row for row in _told() if row.user_id == manager.id)
    assert "report" in [line["kind"] for line in of_manager.details["lines"]]
    assert "acceptance" not in [line["kind"] for line in of_manager.details["lines"]]


def test_settings_without_days_tell_nobody(march: Round, contract: Contract) -> None:
    with unit_of_work() as session:
        row = session.get_one(Contract, contract.id)
        row.settings = {"remind_days_before": [], "escalate_days_after": []}
    db.session.expire_all()
    for day in range(1, 32):
        remind_and_escalate(_at(day, 10))
    assert _told() == []


def test_a_minute_with_nothing_to_tell_asks_little(
    march: Round, count_queries: Callable[[], int]
) -> None:
    count_queries()
    remind_and_escalate(_at(5, 10))
    assert count_queries() <= 2


@pytest.mark.parametrize("language", ["zh", "en"])
def test_mails_and_screens_call_what_blocks_by_the_same_words(language: Any) -> None:
    files = (CLIENT / language / name for name in ("blockers.ts", "common.ts"))
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    assert dict(re.findall(r'"blocker\.(\w+)": "([^"]*)"', text)) == BLOCKERS[language]
    assert dict(re.findall(r'"owner\.(\w+)": "([^"]*)"', text)) == GROUPS[language]
