"""A device that is away for repair says so in the round by itself, once, and is tested when it is back."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from tests import factories
from tests.cases import made
from tests.rounds import made as rounds
from webapp.cases.models import Case
from webapp.db import db, unit_of_work
from webapp.estate.models import Device
from webapp.identity.models import Contract, Membership, User
from webapp.rounds.models import Inspection, Round, RoundTask
from webapp.spares import away

NOW = made.MORNING


@pytest.fixture
def codec(contract: Contract) -> Device:
    rounds.checklist(contract)
    return factories.device(factories.room(factories.building(contract)), "codec")


@pytest.fixture
def march(contract: Contract, codec: Device) -> Round:
    return rounds.opened(contract)


def sent(contract: Contract, by: User, device: Device, **fields: Any) -> Case:
    author = made.author(contract, by)
    case = made.opened(contract, author, "repair", device_id=device.id, fields={"way": "warranty"})
    made.taken(case, author, "send", vendor="华视", **fields)
    return case


def follow(contract: Contract) -> int:
    if contract.id not in away.contracts_with_devices_away(db.session()):
        return 0
    with unit_of_work() as session:
        return away.record_devices_away(session, contract.id, made.after(hours=1))


def task_of(device: Device) -> RoundTask:
    db.session.expire_all()
    return db.session.scalars(sa.select(RoundTask).filter_by(device_id=device.id)).one()


def test_its_task_gets_the_exception_in_the_name_of_who_sent_it(
    contract: Contract, engineer: User, codec: Device, march: Round
) -> None:
    assert follow(contract) == 0
    sent(contract, engineer, codec, expected_on="2026-03-20")
    assert follow(contract) == 1
    assert task_of(codec).outcome == "not_tested"
    seen = db.session.scalars(sa.select(Inspection)).one()
    assert (seen.author_id, seen.exception_reason) == (engineer.id, "in_repair")
    assert "R1" in seen.exception_remark
    assert str(seen.revisit_on) == "2026-03-20"
    assert follow(contract) == 0


def test_two_repairs_of_one_device_are_one_exception(
    contract: Contract, engineer: User, codec: Device, march: Round
) -> None:
    sent(contract, engineer, codec)
    sent(contract, engineer, codec)
    assert follow(contract) == 1
    assert len(db.session.scalars(sa.select(Inspection)).all()) == 1


def test_a_device_that_is_here_or_was_inspected_is_left_alone(
    contract: Contract, engineer: User, codec: Device, march: Round
) -> None:
    rounds.send(contract, engineer, rounds.visit(march, codec, readings=[]), now=NOW)
    before = task_of(codec).outcome
    sent(contract, engineer, codec)
    assert follow(contract) == 0
    assert task_of(codec).outcome == before


def test_what_came_back_before_the_round_looked_is_waited_for(
    contract: Contract, engineer: User, codec: Device, march: Round
) -> None:
    case = sent(contract, engineer, codec)
    made.taken(case, made.author(contract, engineer), "return")
    assert follow(contract) == 0
    assert task_of(codec).outcome == "todo"


def test_what_is_at_the_factory_stays_away_while_the_client_is_asked_what_it_may_cost(
    contract: Contract, engineer: User, codec: Device, march: Round
) -> None:
    case, li = sent(contract, engineer, codec), made.author(contract, engineer)
    made.taken(case, li, "arrive_factory")
    made.taken(case, li, "reclassify", way="paid", text="厂家说不在保修期内")
    assert follow(contract) == 1
    assert task_of(codec).outcome == "not_tested"


def test_the_second_visit_counts_when_it_is_back(
    contract: Contract, engineer: User, manager: User, codec: Device, march: Round
) -> None:
    sent(contract, engineer, codec)
    assert follow(contract) == 1
    rounds.send(contract, manager, rounds.visit(march, codec), now=made.after(days=2))
    task = task_of(codec)
    assert (task.outcome, task.pair_open) == ("normal", False)


def test_nobody_says_it_for_somebody_who_has_left(
    contract: Contract, engineer: User, codec: Device, march: Round
) -> None:
    sent(contract, engineer, codec)
    with unit_of_work() as session:
        member = session.scalars(sa.select(Membership).filter_by(user_id=engineer.id)).one()
        member.left_at = NOW
    assert follow(contract) == 0
    assert task_of(codec).outcome == "todo"
