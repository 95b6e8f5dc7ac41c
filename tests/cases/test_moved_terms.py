"""A term that moves while its clock runs: another severity, two faults that are one, a new start (clauses 38, 42)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.cases.made import after, opened, taken
from tests.cases.test_services import again, chen, clock, li, refused, wang  # noqa: F401
from tests.cases.test_telling import told
from webapp.cases import clock_keeping, telling
from webapp.cases.models import Case
from webapp.cases.opening import called
from webapp.cases.runs import runs_of
from webapp.cases.services import Author
from webapp.db import db, unit_of_work
from webapp.identity.models import Contract, User


@pytest.fixture
def graded(contract: Contract) -> Contract:
    """Four hours to be on site, and one where the severity is 1."""
    settle(contract, response={"amount": 4, "by_severity": {"1": {"amount": 1}}})
    return contract


def settle(contract: Contract, **clocks: Any) -> None:
    with unit_of_work() as session:
        session.get_one(Contract, contract.id).settings = {"clocks": clocks}


def response(case: Case) -> tuple[str, datetime | None]:
    db.session.expire_all()
    row = clock(case, "response")
    return row.state, row.due_at


def lateness(case: Case) -> list[bool]:
    case = again(case)
    return [run.is_late for run in runs_of(db.session(), clock(case, "response"), case)]


def test_a_raised_severity_brings_the_end_forward_and_tells_by_it(
    graded: Contract,
    li: Author,  # noqa: F811
    engineer: User,
) -> None:
    case = opened(graded, li, severity=3)
    taken(case, li, "take_over", after(minutes=1))
    assert response(case) == ("running", after(hours=4))
    taken(case, li, "set_severity", after(minutes=5), severity=1, text="会议开不了")
    assert response(case) == ("running", after(hours=1))
    assert telling.contracts_to_tell(db.session(), after(minutes=45)) == [graded.id]
    assert told(after(minutes=45)) == [("case_warning", engineer.login)]
    taken(case, li, "arrive", after(hours=2))
    assert response(case)[0] == "met_late"


def test_a_lowered_severity_gives_more_time_but_heals_nothing(
    graded: Contract,
    li: Author,  # noqa: F811
) -> None:
    early, late = (opened(graded, li, severity=1) for _ in range(2))
    taken(early, li, "set_severity", after(minutes=50), severity=3, text="可以绕过")
    assert response(early) == ("running", after(hours=4))
    taken(late, li, "set_severity", after(hours=1), severity=3, text="可以绕过")
    assert response(late) == ("overdue", after(hours=1))
    # Neither a later change of the terms nor the arrival makes it good.
    settle(graded, response={"amount": 6})
    with unit_of_work() as session:
        assert clock_keeping.reckon_again(session, graded.id, after(hours=2)) == 1
    for case in (early, late):
        taken(case, li, "arrive", after(hours=3))
    assert response(early)[0] == "met"
    assert response(late) == ("met_late", after(hours=1))


def test_a_run_that_was_late_stays_late_when_the_fault_is_opened_again(
    graded: Contract,
    li: Author,  # noqa: F811
    chen: Author,  # noqa: F811
) -> None:
    case = opened(graded, li, severity=1)
    taken(case, li, "arrive", after(hours=2))
    # What comes later judges it no more: neither another severity nor other terms.
    taken(case, li, "set_severity", after(hours=3), severity=3, text="可以绕过")
    taken(case, li, "solve", after(hours=4), cause="线松", solution="插紧")
    taken(case, chen, "reopen", after(hours=24), text="又坏了")
    assert lateness(case) == [True]
    settle(graded, response={"amount": 48})
    taken(case, li, "arrive", after(hours=24, minutes=10))
    assert lateness(case) == [True, False]


def test_who_folds_a_fault_into_a_newer_one_has_not_come_sooner(
    contract: Contract,
    li: Author,  # noqa: F811
) -> None:
    first = opened(contract, li)
    second = opened(contract, li, now=after(minutes=40))
    taken(first, li, "fold", after(minutes=50), into=called(second))
    assert response(second) == ("warned", after(hours=1))
    assert again(second).seq == again(first).seq, "phones hear of both"
    taken(second, li, "arrive", after(minutes=70))
    assert response(second)[0] == "met_late"
    assert (lateness(first), lateness(second)) == ([], [True])


def test_a_newer_fault_that_is_folded_moves_nothing(
    contract: Contract,
    li: Author,  # noqa: F811
) -> None:
    first = opened(contract, li)
    second = opened(contract, li, now=after(minutes=30))
    taken(first, li, "arrive", after(minutes=40))
    taken(second, li, "fold", after(hours=5), into=called(first))
    # One visit was for both, and in time for both.
    assert (lateness(first), lateness(second)) == ([False], [])


def test_what_is_over_at_the_fold_is_over_by_the_severity_it_had(
    graded: Contract,
    li: Author,  # noqa: F811
) -> None:
    urgent = opened(graded, li, severity=1)
    slow = opened(graded, li, severity=3, now=after(minutes=30))
    taken(urgent, li, "fold", after(hours=2), into=called(slow))
    assert response(slow) == ("overdue", after(hours=1))
    taken(slow, li, "arrive", after(hours=2, minutes=5))
    assert (lateness(urgent), lateness(slow)) == ([], [True])


def test_a_wait_after_the_other_was_answered_is_its_own(
    contract: Contract,
    li: Author,  # noqa: F811
) -> None:
    first = opened(contract, li)
    taken(first, li, "arrive", after(minutes=10))
    taken(first, li, "solve", after(minutes=20), cause="线松", solution="插紧")
    soon, forgotten = (opened(contract, li, now=after(hours=1)) for _ in range(2))
    taken(soon, li, "fold", after(hours=1, minutes=5), into=called(first))
    taken(forgotten, li, "fold", after(hours=6), into=called(first))
    assert (lateness(first), lateness(soon), lateness(forgotten)) == ([False], [], [True])


def test_what_was_answered_before_a_reopening_is_waited_for_no_more(
    contract: Contract,
    li: Author,  # noqa: F811
) -> None:
    first = opened(contract, li)
    second = opened(contract, li, now=after(minutes=5))
    taken(first, li, "arrive", after(minutes=10))
    taken(first, li, "solve", after(minutes=20), cause="线松", solution="插紧")
    taken(first, li, "reopen", after(hours=3), text="又坏了")
    taken(second, li, "fold", after(hours=3, minutes=5), into=called(first))
    # The first visit was for both, and both began anew with the reopening.
    assert response(first) == ("running", after(hours=4))


def test_nothing_is_folded_into_what_is_over(
    contract: Contract,
    li: Author,  # noqa: F811
    chen: Author,  # noqa: F811
) -> None:
    first = opened(contract, li)
    taken(first, li, "take_over")
    taken(first, li, "solve", cause="线松", solution="插紧")
    taken(first, chen, "close")
    second = opened(contract, li)
    with refused("case_over"):
        taken(second, li, "fold", into=called(first))
    assert again(second).live
    taken(first, chen, "reopen", text="又坏了")
    taken(second, li, "fold", into=called(first))
    assert not again(second).live
