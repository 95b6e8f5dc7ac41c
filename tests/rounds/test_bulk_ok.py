"""Honest "all OK": what it filled in is known, spot checks are looked at or told, time can't be bettered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests import factories
from tests.rounds import made
from tests.sync.phone import Phone
from webapp.checklists.content import items_of
from webapp.checklists.due import spot_checks_of
from webapp.checklists.rules import applies
from webapp.db import db, unit_of_work
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
from webapp.rounds.models import Inspection, Reading, Round, RoundTask

SignIn = Callable[[User], FlaskClient]


@pytest.fixture
def device(contract: Contract) -> Device:
    made.checklist(contract)
    room = factories.room(factories.building(contract))
    return factories.device(room, "projector", "一号投影", register={"rated_lamp_hours": 3000})


@pytest.fixture
def march(contract: Contract, device: Device) -> Round:
    return made.opened(contract)


def drawn(device: Device) -> list[str]:
    """What is drawn for the device's task, as the phone draws it without a network."""
    task = db.session.query(RoundTask).filter_by(device_id=device.id).one()
    items = [item for item in items_of(made.shipped(), device.type) if applies(item, {})]
    keys = spot_checks_of(task.id, items)
    assert keys
    return keys


def all_ok(march: Round, device: Device, by_hand: list[str], **fields: Any) -> dict[str, Any]:
    """An inspection that "all OK" has filled in, but for what it could not and what was by hand."""
    visit = made.visit(march, device, bulk_ok=True, dwell_seconds=6, **fields)
    for reading in visit["readings"]:
        reading["bulk"] = isinstance(reading["value"], str) and reading["item"] not in by_hand
    return visit


def flags() -> set[str]:
    db.session.expire_all()
    return set(db.session.query(Inspection).one().flags)


def test_what_all_ok_gave_is_told_apart_from_what_the_hand_gave(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    made.send(contract, engineer, all_ok(march, device, drawn(device)))
    rows = {row.item: row.bulk for row in db.session.query(Reading)}
    assert [key for key in drawn(device) if rows[key]] == []
    assert rows["lamp_hours"] is False
    assert sum(rows.values()) > 3
    row = db.session.query(Inspection).one()
    assert (row.bulk_ok, row.bulk_seconds, row.dwell_seconds) == (True, 6, 6)
    assert "bulk_ok" in row.flags
    assert "spot_check_missing" not in row.flags


def test_a_spot_check_that_all_ok_answered_after_all_is_told(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    made.send(contract, engineer, all_ok(march, device, drawn(device)[1:]))
    assert "spot_check_missing" in flags()


def test_a_photo_is_as_good_as_a_look(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    first, *others = drawn(device)
    visit = all_ok(march, device, others, photos=[made.photo(first)])
    made.send(contract, engineer, visit)
    assert "spot_check_missing" not in flags()


def test_a_photo_of_something_else_is_not(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    _, *others = drawn(device)
    visit = all_ok(march, device, others, photos=[made.photo("lamp_hours")])
    made.send(contract, engineer, visit)
    assert "spot_check_missing" in flags()


def test_a_phone_that_knows_nothing_of_it_is_taken_at_its_word(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    """Old versions left spot checks to the hand, and said only that "all OK" was given."""
    made.send(contract, engineer, made.visit(march, device, bulk_ok=True))
    assert "spot_check_missing" not in flags()


def test_what_could_not_be_tested_asks_for_no_spot_check(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    visit = made.visit(march, device, bulk_ok=True, readings=[], exception={"reason": "locked"})
    made.send(contract, engineer, visit)
    assert "spot_check_missing" not in flags()


def test_no_amendment_makes_an_all_ok_in_seconds_look_better(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    visit = all_ok(march, device, [])
    made.send(contract, engineer, visit)
    row = db.session.query(Inspection).one()
    again = made.amended(visit, dwell_seconds=600)
    made.send(contract, engineer, again)
    db.session.expire_all()
    assert (row.bulk_ok, row.bulk_seconds, row.dwell_seconds) == (True, 6, 600)
    # A phone that has never held the record begins its amendment anew.
    forgetful = made.amended(visit, 2, dwell_seconds=3, bulk_ok=False)
    for reading in forgetful["readings"]:
        reading["bulk"] = True
    made.send(contract, engineer, forgetful)
    db.session.expire_all()
    assert (row.bulk_ok, row.bulk_seconds, row.dwell_seconds) == (True, 6, 600)
    assert {"bulk_ok", "spot_check_missing"} <= set(row.flags)
    # What was missing is looked at after all.
    seen = made.amended(visit, 3)
    for reading in seen["readings"]:
        reading["bulk"] = reading["item"] not in drawn(device)
    made.send(contract, engineer, seen)
    assert "spot_check_missing" not in flags()
    assert "bulk_ok" in flags()


def test_the_supervisor_sees_how_each_spot_check_was_looked_at(
    contract: Contract,
    engineer: User,
    manager: User,
    device: Device,
    march: Round,
    signed_in: SignIn,
) -> None:
    first, second = drawn(device)
    made.send(contract, engineer, all_ok(march, device, [], photos=[made.photo(first)]))
    desk = Phone(signed_in(manager))
    inspection = db.session.query(Inspection).one()
    shown = desk.browser.get(desk.url(f"inspections/{inspection.id}")).get_json()
    assert {row["item"]: row["seen"] for row in shown["spot_checks"]} == {
        first: "photo",
        second: "no",
    }
    assert {row["item"]: row["bulk"] for row in shown["readings"]}[second] is True
    assert (shown["bulk_seconds"], shown["dwell_seconds"]) == (6, 6)
    (row,) = desk.browser.get(desk.url("inspections?fast=true")).get_json()["items"]
    assert row["bulk_seconds"] == 6
    with unit_of_work() as session:
        session.get_one(Inspection, inspection.id).bulk_seconds = 20
    assert desk.browser.get(desk.url("inspections?fast=true")).get_json()["total"] == 0
