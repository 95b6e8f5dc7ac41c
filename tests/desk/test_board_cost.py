"""What the board costs: the same statements whatever the rooms, the same work whatever the history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.rounds import made
from webapp.db import db, unit_of_work
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract, User
from webapp.rounds.opening import sync_tasks_with_estate

SignIn = Callable[[User], FlaskClient]
BOARD = "/api/contracts/HQ/rounds/2026-03/board"
STEPS = 50


def fill(of: Contract, month: str, by: User) -> None:
    """Open a month's round, and inspect all of it: every thing normal, each with a photo."""
    opened = made.opened(of, month)
    visits = [
        made.visit(opened, device, photos=[made.photo("image")])
        for device in db.session.scalars(sa.select(Device))
    ] + [made.visit(opened, None, room=room) for room in db.session.scalars(sa.select(Room))]
    answers = made.send(of, by, *visits, now=made.at(month))
    assert {answer.result for answer in answers} == {"applied"}


def rooms(of: Contract, number: int) -> None:
    """So many more rooms with three projectors each."""
    house = factories.building(of, f"{number}号楼")
    for room in [factories.room(house, f"{n}号厅") for n in range(number)]:
        for n in range(3):
            factories.device(room, name=f"投影机{n}")


def test_the_board_takes_the_same_statements_for_one_room_and_for_many(
    contract: Contract,
    manager: User,
    signed_in: SignIn,
    count_queries: Callable[[], int],
) -> None:
    made.checklist(contract)
    rooms(contract, 1)
    browser = signed_in(manager)
    made.opened(contract, "2026-03")
    browser.get(BOARD)
    count_queries()
    assert browser.get(BOARD).status_code == 200
    few = count_queries()
    rooms(contract, 12)
    with unit_of_work() as session:
        sync_tasks_with_estate(session, contract.id, made.at("2026-03"))
    count_queries()
    (_one, many) = browser.get(BOARD).get_json()["buildings"]
    assert len(many["rooms"]) == 12
    assert count_queries() == few <= 20


@pytest.fixture
def steps(app: Any) -> Iterator[Callable[[], int]]:
    """Counts the steps of SQLite's machine since the last call: the work, whoever else is busy."""
    done = 0

    def tick() -> int:
        nonlocal done
        done += STEPS
        return 0

    def watch(connection: Any, *_rest: object) -> None:
        connection.set_progress_handler(tick, STEPS)

    def forget(connection: Any, *_rest: object) -> None:
        connection.set_progress_handler(None, 0)

    sa.event.listen(db.engine, "checkout", watch)
    sa.event.listen(db.engine, "checkin", forget)

    def count() -> int:
        nonlocal done
        counted, done = done, 0
        return counted

    yield count
    sa.event.remove(db.engine, "checkout", watch)
    sa.event.remove(db.engine, "checkin", forget)


def test_the_board_works_no_harder_for_the_months_behind_it(
    contract: Contract,
    engineer: User,
    manager: User,
    signed_in: SignIn,
    steps: Callable[[], int],
) -> None:
    if db.engine.dialect.name != "sqlite":
        return  # PostgreSQL doesn't tell its steps; its plans come from the same indexes.
    made.checklist(contract)
    rooms(contract, 5)
    fill(contract, "2026-03", engineer)
    browser = signed_in(manager)

    def work() -> int:
        db.session.rollback()
        steps()
        assert browser.get(BOARD).status_code == 200
        db.session.rollback()
        return steps()

    work()
    alone = work()
    assert alone > 1000
    for month in ("2025-11", "2025-12", "2026-01", "2026-02"):
        fill(contract, month, engineer)
    behind = work()
    assert behind < alone * 1.25, (alone, behind)
