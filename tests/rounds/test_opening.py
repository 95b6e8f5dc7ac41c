"""Opening a round: what it holds, what it carries from before, and how fast."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from tests import factories
from tests.rounds import made
from webapp import background
from webapp.db import db, unit_of_work
from webapp.errors import AppError
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract, Membership, User
from webapp.rounds import opening
from webapp.rounds.models import OpenItem, Photo, Round, RoundRoom, RoundTask


def tasks_of(row: Round) -> list[RoundTask]:
    db.session.rollback()
    db.session.expire_all()
    return list(
        db.session.scalars(
            sa.select(RoundTask).where(RoundTask.round_id == row.id).order_by(RoundTask.id)
        )
    )


def task_of(row: Round, device: Device) -> RoundTask:
    return next(task for task in tasks_of(row) if task.device_id == device.id)


def test_a_round_has_a_task_for_every_living_device_and_room(contract: Contract) -> None:
    made.checklist(contract)
    house = factories.building(contract)
    room = factories.room(house)
    kept = factories.device(room)
    factories.device(room, "codec", retired_at=made.at("2026-01"))
    factories.device(factories.room(house, "旧厅", retired_at=made.at("2026-01")))
    row = made.opened(contract, "2026-03")
    assert row.due_on == date(2026, 3, 10)
    assert [(t.room_id, t.device_id, t.outcome) for t in tasks_of(row)] == [
        (room.id, None, "todo"),
        (room.id, kept.id, "todo"),
    ]
    assert all(task.seq > 0 for task in tasks_of(row))


def test_it_needs_a_checklist_and_is_one_a_month(contract: Contract) -> None:
    with pytest.raises(AppError) as refusal:
        made.opened(contract)
    assert refusal.value.code == "checklist_missing"
    made.checklist(contract)
    made.opened(contract)
    with pytest.raises(AppError) as again:
        made.opened(contract)
    assert again.value.code == "round_exists"


def test_it_uses_the_latest_published_version(contract: Contract) -> None:
    made.checklist(contract, number=1)
    latest = made.checklist(contract, number=2)
    assert made.opened(contract).checklist_id == latest.id


def test_rooms_keep_their_engineer_while_he_is_a_member(contract: Contract, engineer: User) -> None:
    made.checklist(contract)
    house = factories.building(contract)
    stays, leaves = factories.room(house, "甲"), factories.room(house, "乙")
    device = factories.device(stays)
    gone = factories.member(contract, "backup_engineer", login="gone")
    first = made.opened(contract, "2026-02")
    with unit_of_work() as session:
        for room, person in ((stays, engineer), (leaves, gone)):
            session.execute(
                sa.update(RoundRoom)
                .where(RoundRoom.round_id == first.id, RoundRoom.room_id == room.id)
                .values(assignee_id=person.id)
            )
        member = session.scalars(sa.select(Membership).where(Membership.user_id == gone.id)).one()
        member.left_at = made.at("2026-02", 20)
    second = made.opened(contract, "2026-03")
    rooms = db.session.scalars(sa.select(RoundRoom).where(RoundRoom.round_id == second.id))
    assert {row.room_id: row.assignee_id for row in rooms} == {
        stays.id: engineer.id,
        leaves.id: None,
    }
    assert task_of(second, device).assignee_id == engineer.id


def test_the_last_month_stands_beside_the_new_one(contract: Contract, engineer: User) -> None:
    made.checklist(contract)
    device = factories.device(factories.room(factories.building(contract)))
    for month, hours in (("2026-01", 2900), ("2026-02", 2950)):
        row = made.opened(contract, month)
        visit = made.visit(row, device, photos=[made.photo("lamp_hours")])
        made.reading(visit, "lamp_hours", hours, "normal")
        made.reading(visit, "image", "dim", "abnormal")
        made.send(contract, engineer, visit, now=made.at(month))
    with unit_of_work() as session:
        photo = session.scalars(sa.select(Photo).order_by(Photo.id.desc())).first()
        assert photo is not None
        photo.received_at = made.at("2026-02")
    task = task_of(made.opened(contract, "2026-03"), device)
    assert task.previous is not None
    assert task.previous["month"] == "2026-02"
    assert task.previous["verdict"] == "abnormal"
    assert task.previous["readings"]["lamp_hours"] == 2950
    assert task.previous["photos"] == {"lamp_hours": photo.uid}
    assert task.repeat == {"image": 2}


def test_a_month_that_was_not_tested_does_not_hide_the_one_before(
    contract: Contract, engineer: User
) -> None:
    made.checklist(contract)
    device = factories.device(factories.room(factories.building(contract)))
    first = made.opened(contract, "2026-01")
    made.send(contract, engineer, made.visit(first, device), now=made.at("2026-01"))
    second = made.opened(contract, "2026-02")
    occupied = made.visit(second, device, readings=[], exception={"reason": "occupied"})
    made.send(contract, engineer, occupied, now=made.at("2026-02"))
    previous = task_of(made.opened(contract, "2026-03"), device).previous
    assert previous is not None
    assert (previous["month"], previous["exception"]) == ("2026-01", "occupied")


def test_quarterly_items_fall_due_from_the_anchor_and_stay_due_when_missed(
    contract: Contract, engineer: User
) -> None:
    made.checklist(contract)
    room = factories.room(factories.building(contract))
    read, missed = factories.device(room, "amplifier"), factories.device(room, "amplifier")
    january = made.opened(contract, "2026-01")
    visit = made.visit(january, read)
    made.reading(visit, "impedance", 8, "normal")
    made.send(contract, engineer, visit, now=made.at("2026-01"))
    february = made.opened(contract, "2026-02")
    assert "impedance" in task_of(february, read).not_due
    assert task_of(february, missed).not_due == []
    april = made.opened(contract, "2026-04")
    assert "impedance" not in task_of(april, read).not_due


def test_two_thousand_devices_open_fast_with_few_statements(
    contract: Contract, count_queries: Callable[[], int]
) -> None:
    made.checklist(contract)
    house = factories.building(contract)
    with unit_of_work() as session:
        rooms = [
            Room(contract_id=contract.id, building_id=house.id, name_zh=f"{n}号厅")
            for n in range(200)
        ]
        session.add_all(rooms)
        session.flush()
        session.add_all(
            Device(contract_id=contract.id, room_id=rooms[n % 200].id, type="codec", name=f"{n}")
            for n in range(2000)
        )
    count_queries()
    row = made.opened(contract)
    assert count_queries() <= 25
    assert len(tasks_of(row)) == 2200


def test_tasks_follow_the_estate(contract: Contract, engineer: User) -> None:
    made.checklist(contract)
    house = factories.building(contract)
    room, other = factories.room(house, "甲"), factories.room(house, "乙")
    moves, retires, done = (factories.device(room, name=n) for n in ("移", "退", "检"))
    row = made.opened(contract)
    made.send(contract, engineer, made.visit(row, done))
    joined = factories.device(other, "codec")
    new_room = factories.room(house, "丙")
    with unit_of_work() as session:
        session.get_one(Device, moves.id).room_id = other.id
        session.get_one(Device, retires.id).retired_at = made.at("2026-03", 2)
        session.get_one(Device, done.id).retired_at = made.at("2026-03", 2)
        session.flush()
        assert opening.sync_tasks_with_estate(session, contract.id, made.at("2026-03", 2)) == 4
    assert task_of(row, moves).room_id == other.id
    assert task_of(row, retires).removed
    assert not task_of(row, done).removed
    assert task_of(row, joined).outcome == "todo"
    assert any(t.device_id is None and t.room_id == new_room.id for t in tasks_of(row))
    with unit_of_work() as session:
        assert opening.sync_tasks_with_estate(session, contract.id, made.at("2026-03", 2)) == 0
        session.get_one(Device, retires.id).retired_at = None
        session.flush()
        assert opening.sync_tasks_with_estate(session, contract.id, made.at("2026-03", 2)) == 1
    assert not task_of(row, retires).removed


def test_a_device_that_moves_takes_its_open_items_along(contract: Contract, engineer: User) -> None:
    made.checklist(contract)
    house = factories.building(contract)
    device = factories.device(factories.room(house, "甲"))
    visit = made.visit(made.opened(contract), device)
    made.reading(visit, "image", "dim", "abnormal")
    made.send(contract, engineer, visit)
    other = factories.room(house, "乙")
    with unit_of_work() as session:
        session.get_one(Device, device.id).room_id = other.id
        session.flush()
        opening.sync_tasks_with_estate(session, contract.id, made.at("2026-03", 4))
    db.session.expire_all()
    item = db.session.scalars(sa.select(OpenItem)).one()
    assert item.room_id == other.id


def test_the_calendar_opens_the_month_at_the_contracts_place(contract: Contract) -> None:
    made.checklist(contract)
    factories.room(factories.building(contract))
    with unit_of_work() as session:
        session.get_one(Contract, contract.id).opens_day = 2
    too_early = datetime(2026, 3, 1, 15, 59, tzinfo=UTC)
    in_time = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)
    assert not opening.has_due_rounds(db.session(), too_early)
    assert opening.has_due_rounds(db.session(), in_time)
    background.open_rounds_by_calendar(too_early)
    assert db.session.scalars(sa.select(Round)).all() == []
    with unit_of_work() as session:
        assert [row.month for row in opening.open_due_rounds(session, in_time)] == ["2026-03"]
        assert opening.open_due_rounds(session, in_time) == []
    background.open_rounds_by_calendar(in_time)
    assert not opening.has_due_rounds(db.session(), in_time)


def test_a_contract_without_a_checklist_is_left_alone_by_the_calendar(contract: Contract) -> None:
    with unit_of_work() as session:
        session.get_one(Contract, contract.id).opens_day = 1
    assert not opening.has_due_rounds(db.session(), made.at("2026-03", 5))


def test_the_calendar_waits_for_a_register(contract: Contract) -> None:
    made.checklist(contract)
    with unit_of_work() as session:
        session.get_one(Contract, contract.id).opens_day = 1
    assert not opening.has_due_rounds(db.session(), made.at("2026-03", 5))
    factories.room(factories.building(contract))
    assert opening.has_due_rounds(db.session(), made.at("2026-03", 5))


def test_another_contract_is_not_touched(contract: Contract) -> None:
    made.checklist(contract)
    other = factories.contract("OTHER")
    factories.device(factories.room(factories.building(other)))
    assert tasks_of(made.opened(contract)) == []
