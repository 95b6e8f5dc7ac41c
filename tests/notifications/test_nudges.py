"""What people are reminded of beside the round: loaners, free hours, stand-ins, manuals; each once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests import factories
from tests.cases.made import uid
from webapp import background
from webapp.cases.models import Case
from webapp.db import db, now_utc, unit_of_work
from webapp.hours.models import HoursEntry
from webapp.hours.rules import running_out
from webapp.hours.running_out import tell_of_free_hours
from webapp.identity.models import Contract, User
from webapp.identity.rules import ROLE_RIGHTS, Access
from webapp.notifications.models import Mail, Notification
from webapp.spares.models import Loan
from webapp.team import manuals
from webapp.team.models import Absence
from webapp.team.rules import notices_of_absence

DAY = date(2026, 3, 10)


def nine(day: date) -> datetime:
    """Nine o'clock in Shanghai."""
    return datetime(day.year, day.month, day.day, 1, 0, tzinfo=UTC)


def told() -> list[tuple[str, str, str]]:
    """Kind, reader and the path without its query, in the order told."""
    db.session.rollback()
    rows = db.session.execute(
        sa.select(Notification.kind, User.login, Notification.path)
        .join(User, User.id == Notification.user_id)
        .order_by(Notification.id)
    )
    return [(kind, login, path.partition("?")[0]) for kind, login, path in rows]


def a_case(of: Contract, kind: str = "repair") -> Case:
    with unit_of_work() as session:
        row = Case(
            contract_id=of.id,
            uid=uid(),
            kind=kind,
            number=7,
            title="投影机返修",
            state="sent",
            opened_at=nine(DAY),
            received_at=nine(DAY),
        )
        session.add(row)
    return row


def test_a_loaner_that_is_overdue_is_told_once_and_a_longer_term_anew(
    contract: Contract, manager: User, engineer: User, it_lead: User
) -> None:
    case = a_case(contract)
    with unit_of_work() as session:
        loan = Loan(
            contract_id=contract.id,
            uid=uid(),
            case_id=case.id,
            what="备用投影机",
            lent_on=DAY,
            due_on=DAY,
            lent_by_id=engineer.id,
        )
        session.add(loan)
    background.tell_of_loaners(nine(DAY))
    background.tell_of_loaners(nine(DAY + timedelta(days=1)) - timedelta(minutes=1))
    assert told() == []
    for _ in range(2):
        background.tell_of_loaners(nine(DAY + timedelta(days=1)))
    both = [("loan_overdue", login, "/desk/cases/R7") for login in ("manager", "engineer")]
    assert told() == both
    with unit_of_work() as session:
        session.execute(sa.update(Loan).values(due_on=DAY + timedelta(days=3)))
    background.tell_of_loaners(nine(DAY + timedelta(days=3)))
    assert told() == both
    background.tell_of_loaners(nine(DAY + timedelta(days=30)))
    assert told() == both * 2
    with unit_of_work() as session:
        session.execute(sa.update(Loan).values(returned_on=DAY, due_on=DAY))
    background.tell_of_loaners(nine(DAY + timedelta(days=31)))
    assert told() == both * 2


@pytest.mark.parametrize(
    ("used", "free", "kind"),
    [
        (0, 160, ""),
        (127, 160, ""),
        (128, 160, "hours_low"),
        (159, 160, "hours_low"),
        (160, 160, "hours_used_up"),
        (200, 160, "hours_used_up"),
        (4, 5, "hours_low"),
        (3, 0, ""),
    ],
)
def test_when_free_hours_run_out(used: int, free: int, kind: str) -> None:
    assert running_out(used, free) == kind


def test_free_hours_that_run_out_are_told_to_both_sides_once_a_year(
    contract: Contract, manager: User, engineer: User, it_lead: User
) -> None:
    case = a_case(contract, "after_hours")

    def work(number: int, half_hours: int) -> None:
        with unit_of_work() as session:
            began = nine(DAY + timedelta(days=number))
            session.add(
                HoursEntry(
                    contract_id=contract.id,
                    uid=uid(),
                    number=number,
                    case_id=case.id,
                    user_id=engineer.id,
                    began_at=began,
                    ended_at=began + timedelta(minutes=30 * half_hours),
                    break_minutes=0,
                    half_hours=half_hours,
                    worked_on=DAY,
                    year=2026,
                    note="",
                    logged_by_id=engineer.id,
                    logged_at=began,
                )
            )
            session.flush()
            tell_of_free_hours(session, contract.id, 2026, began)

    for number, half_hours in enumerate((100, 40, 10, 10, 2), 1):
        work(number, half_hours)
    readers = {manager.login, it_lead.login}
    found = told()
    assert [kind for kind, _, _ in found] == ["hours_low"] * 2 + ["hours_used_up"] * 2
    assert {login for _, login, _ in found} == readers
    details = db.session.scalars(sa.select(Notification.details).order_by(Notification.id)).all()
    assert details[0] == {"year": "2026", "used": "70", "free": "80"}


@pytest.mark.parametrize(
    ("days", "open_end", "kinds"),
    [
        (-1, False, []),
        (0, False, ["stand_in_begins"]),
        (2, False, ["stand_in_begins"]),
        (3, False, []),
        (5, False, []),
        (6, False, ["stand_in_ends"]),
        (8, False, ["stand_in_ends"]),
        (9, False, []),
        (1, True, ["stand_in_begins"]),
        (99, True, []),
    ],
)
def test_what_is_told_of_an_absence_on_a_day(days: int, open_end: bool, kinds: list) -> None:
    to_on = None if open_end else DAY + timedelta(days=5)
    assert notices_of_absence(DAY, to_on, DAY + timedelta(days=days), 2) == kinds


def test_a_stand_in_is_told_when_he_begins_and_both_when_it_is_over(
    contract: Contract, manager: User, engineer: User, it_lead: User
) -> None:
    backup = factories.member(
        contract, "backup_engineer", login="backup", name="王芳", name_en="Wang Fang", language="en",
        email="wang@example.com",
    )  # fmt: skip
    with unit_of_work() as session:
        for cancelled in (None, nine(DAY)):
            session.add(
                Absence(
                    contract_id=contract.id,
                    uid=uid(),
                    user_id=engineer.id,
                    from_on=DAY,
                    to_on=DAY + timedelta(days=5),
                    reason="sick",
                    stand_in_id=backup.id,
                    entered_by_id=manager.id,
                    entered_at=nine(DAY),
                    cancelled_at=cancelled,
                )
            )
    background.tell_of_team(nine(DAY) - timedelta(hours=1))
    assert told() == []
    for _ in range(2):
        background.tell_of_team(nine(DAY))
    begins = [("stand_in_begins", login, "/desk/people") for login in ("manager", "backup")]
    assert told() == begins
    background.tell_of_team(nine(DAY + timedelta(days=5)))
    assert told() == begins
    for _ in range(2):
        background.tell_of_team(nine(DAY + timedelta(days=7)))
    ends = [("stand_in_ends", login, "/desk/people") for login in ("manager", "engineer", "backup")]
    assert told() == begins + ends
    # One row serves readers of both languages; his engineer has no English name.
    for details in db.session.scalars(sa.select(Notification.details)):
        names = {key: details[key] for key in ("name", "name_en", "stand_in", "stand_in_en")}
        assert names == {
            "name": "李明",
            "name_en": "",
            "stand_in": "王芳",
            "stand_in_en": "Wang Fang",
        }
    subjects = db.session.scalars(sa.select(Mail.subject).order_by(Mail.id)).all()
    assert subjects[0] == "Wang Fang stands in for 李明, 2026-03-10 to 2026-03-15"
    assert db.session.scalars(sa.select(Mail.text)).first().startswith("Hello Wang Fang,")  # type: ignore[union-attr]


def access(of: Contract, user: User, role: str) -> Access:
    return Access(
        user_id=user.id,
        user_name=user.name,
        session_id=1,
        contract_id=of.id,
        contract_code=of.code,
        role=role,
        rights=frozenset(ROLE_RIGHTS[role]),
    )


def test_a_manual_is_told_when_it_is_approved_and_a_week_later_to_who_has_not_read_it(
    contract: Contract, manager: User, engineer: User, it_lead: User
) -> None:
    other = factories.member(contract, "inspection_engineer", login="other")
    mine, his = (
        access(contract, manager, "project_manager"),
        access(contract, engineer, "inspection_engineer"),
    )
    file = manuals.File("安全措施.pdf", "application/pdf", "0" * 64, 1)
    with unit_of_work() as session:
        row = manuals.bring_manual(session, mine, uid(), "safety", "安全措施", file, nine(DAY))
        manual_id = row.id
    with unit_of_work() as session:
        manuals.approve(session, mine, manual_id, 1, nine(DAY))
        manuals.note_read(session, his, manual_id, 1, nine(DAY))
    first = [("manual_to_read", login, "/desk/people") for login in ("engineer", "other")]
    assert told() == first
    background.tell_of_team(nine(DAY + timedelta(days=6)))
    assert told() == first
    for _ in range(2):
        background.tell_of_team(nine(DAY + timedelta(days=7)))
    left = [("manual_to_read", login, "/desk/people") for login in ("manager", "other")]
    assert sorted(told()[2:]) == left
    assert other.login == "other"


def test_a_minute_in_which_nothing_is_to_be_told_costs_few_statements(
    contract: Contract, manager: User, count_queries: Callable[[], int]
) -> None:
    count_queries()
    background.tell_of_loaners(now_utc())
    background.tell_of_team(now_utc())
    assert count_queries() <= 2
