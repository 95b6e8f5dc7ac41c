"""What a case and its clocks tell people: once, the right ones, and nobody where all is in time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from tests import factories
from tests.cases.made import after, author, opened, taken, uid
from webapp.background import tell_of_clocks
from webapp.cases.services import Author
from webapp.db import db, unit_of_work
from webapp.identity.models import Contract, User
from webapp.notifications.models import Mail, Notification
from webapp.team.models import Absence


@pytest.fixture
def on_site(contract: Contract) -> User:
    return factories.member(contract, "on_site_engineer", login="onsite", email="o@example.com")


@pytest.fixture
def li(contract: Contract, engineer: User) -> Author:
    return author(contract, engineer)


def told(now: datetime) -> list[tuple[str, str]]:
    """What is new after a tick: kind and login."""
    last = db.session.scalar(sa.select(sa.func.max(Notification.id))) or 0
    tell_of_clocks(now)
    rows = db.session.execute(
        sa.select(Notification.kind, User.login)
        .join(User, User.id == Notification.user_id)
        .where(Notification.id > last)
        .order_by(User.login)
    )
    return [(kind, login) for kind, login in rows]


def test_an_hour_that_runs_out_is_warned_of_and_told_once(
    contract: Contract, li: Author, on_site: User, manager: User
) -> None:
    opened(contract, li)
    assert told(after(minutes=44)) == []
    assert told(after(minutes=45)) == [("case_warning", "onsite")]
    assert told(after(minutes=45)) == []
    assert told(after(minutes=60)) == [("case_breach", "manager"), ("case_breach", "onsite")]
    assert told(after(minutes=61)) == []
    assert told(after(hours=2)) == [("case_escalation", "manager")]
    assert told(after(days=2)) == []
    subjects = list(db.session.scalars(sa.select(Mail.subject)))
    assert any("F1" in subject for subject in subjects)


def test_who_came_in_time_hears_nothing_and_a_reopened_fault_tells_anew(
    contract: Contract, li: Author, manager: User
) -> None:
    case = opened(contract, li)
    taken(case, li, "arrive", after(minutes=10))
    taken(case, li, "solve", after(minutes=20), cause="松动", solution="插紧")
    assert told(after(days=2)) == []
    taken(case, li, "reopen", after(days=3), text="又黑屏了")
    assert told(after(days=3, minutes=45)) == [("case_warning", "engineer")]


def test_after_an_outage_the_latest_alone_is_told(
    contract: Contract, li: Author, on_site: User, manager: User
) -> None:
    opened(contract, li)
    kinds = {kind for kind, _ in told(after(days=1))}
    assert kinds == {"case_escalation"}
    assert told(after(days=1)) == []


def heard(since: int = 0) -> list[tuple[str, str]]:
    """Who was told what at once, without a tick."""
    rows = db.session.execute(
        sa.select(Notification.kind, User.login)
        .join(User, User.id == Notification.user_id)
        .where(Notification.id > since)
        .order_by(Notification.kind, User.login)
    )
    return [(kind, login) for kind, login in rows]


def last_notice() -> int:
    return db.session.scalar(sa.select(sa.func.max(Notification.id))) or 0


@pytest.fixture
def chen(contract: Contract, it_lead: User) -> Author:
    return author(contract, it_lead, "client_it_lead")


def away(contract: Contract, who: User, stand_in: User, on: datetime, days: int = 5) -> None:
    with unit_of_work() as session:
        session.add(
            Absence(
                contract_id=contract.id,
                uid=uid(),
                user_id=who.id,
                from_on=on.date(),
                to_on=on.date() + timedelta(days=days),
                reason="sick",
                stand_in_id=stand_in.id,
                entered_by_id=who.id,
                entered_at=on,
            )
        )


def test_what_the_client_says_of_a_fault_comes_to_who_has_it(
    contract: Contract, li: Author, chen: Author, on_site: User, manager: User
) -> None:
    case = opened(contract, chen)
    before = last_notice()
    taken(case, chen, "note", after(minutes=5), text="会议提前到两点")
    assert heard(before) == [("case_said", "onsite")]
    taken(case, li, "take_over", after(minutes=6))
    before = last_notice()
    taken(case, chen, "note", after(minutes=7), text="马上来\n三楼")
    assert heard(before) == [("case_said", "engineer")]
    said = db.session.scalars(sa.select(Notification).order_by(Notification.id.desc())).first()
    assert said is not None
    assert said.details["said"] == "马上来 三楼"
    before = last_notice()
    taken(case, li, "note", after(minutes=8), text="在路上")
    assert heard(before) == []


def test_a_fault_that_is_opened_again_is_told_at_once(
    contract: Contract, chen: Author, on_site: User
) -> None:
    case, engineer = opened(contract, chen), author(contract, on_site, "on_site_engineer")
    taken(case, engineer, "take_over", after(minutes=6))
    taken(case, engineer, "solve", after(minutes=20), cause="松动", solution="插紧")
    before = last_notice()
    taken(case, chen, "reopen", after(days=1), text="又黑屏了")
    assert heard(before) == [("case_reopened", "onsite")]
    [mail] = db.session.scalars(sa.select(Mail).where(Mail.subject.contains("又被打开")))
    assert "又黑屏了" in mail.text


def test_what_a_visitor_adds_to_a_fault_without_an_owner_comes_to_the_site(
    contract: Contract, on_site: User, chen: Author
) -> None:
    case = opened(contract, chen)
    before = last_notice()
    taken(case, Author(None, "扫码报修人"), "note", after(minutes=9), text="领导在等")
    taken(case, Author(None, "扫码报修人"), "note_internal", after(minutes=9), text="电话 123")
    assert heard(before) == [("case_said", "onsite")]


def test_where_nobody_is_on_site_a_new_fault_is_the_project_managers(
    contract: Contract, chen: Author, li: Author, manager: User
) -> None:
    opened(contract, chen)
    assert heard() == [("case_opened", "manager")]


def test_a_complaint_is_told_to_the_project_manager_at_once(
    contract: Contract, chen: Author, on_site: User, manager: User
) -> None:
    opened(contract, chen, "complaint")
    assert heard() == [("case_opened", "manager"), ("case_opened", "onsite")]


def test_who_is_away_is_stood_in_for(
    contract: Contract, chen: Author, li: Author, engineer: User, on_site: User, manager: User
) -> None:
    backup = factories.member(contract, "backup_engineer", login="backup")
    away(contract, on_site, backup, after())
    case = opened(contract, chen)
    assert heard() == [("case_opened", "backup")]
    assert told(after(minutes=60)) == [("case_breach", "backup"), ("case_breach", "manager")]
    taken(case, li, "take_over", after(minutes=61))
    away(contract, engineer, on_site, after())
    before = last_notice()
    taken(case, chen, "note", after(minutes=62), text="还在吗")
    assert heard(before) == [("case_said", "backup")]
    before = last_notice()
    taken(case, chen, "note", after(days=9), text="还在吗")
    assert heard(before) == [("case_said", "engineer")]


def test_two_who_stand_in_for_each_other_end_with_one_of_them(
    contract: Contract, chen: Author, on_site: User
) -> None:
    backup = factories.member(contract, "backup_engineer", login="backup")
    away(contract, on_site, backup, after())
    away(contract, backup, on_site, after())
    opened(contract, chen)
    assert heard() == [("case_opened", "backup")]
