"""What a case and its clocks tell people: once, the right ones, and nobody where all is in time."""

from __future__ import annotations

from datetime import datetime

import pytest
import sqlalchemy as sa

from tests import factories
from tests.cases.made import after, author, opened, taken
from webapp.background import tell_of_clocks
from webapp.cases.services import Author
from webapp.db import db
from webapp.identity.models import Contract, User
from webapp.notifications.models import Mail, Notification


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
