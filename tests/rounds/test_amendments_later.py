"""An amendment that comes days later: it puts words right, and moves neither a visit nor an open item."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from tests import factories
from tests.acceptance.conftest import access_of
from tests.rounds import made
from tests.rounds.test_recording import only, rows
from webapp.db import db, unit_of_work
from webapp.estate import services as estate
from webapp.estate.models import Device
from webapp.estate.replacing import replace_device
from webapp.identity.models import Contract, User
from webapp.reports.content import report_content
from webapp.rounds.models import (
    ConsumableUse,
    DeviceRecord,
    Inspection,
    InspectionRevision,
    OpenItem,
    Round,
)
from webapp.rounds.opening import sync_tasks_with_estate

EIGHTH: dict[str, Any] = {
    "started_at": "2026-03-08T01:50:00Z",
    "finished_at": "2026-03-08T01:58:00Z",
}
APRIL: dict[str, Any] = {
    "started_at": "2026-03-08T01:50:00Z",
    "finished_at": "2026-04-01T03:00:00Z",
}


@pytest.fixture
def device(contract: Contract) -> Device:
    made.checklist(contract)
    return factories.device(factories.room(factories.building(contract)))


@pytest.fixture
def march(contract: Contract, device: Device) -> Round:
    return made.opened(contract, "2026-03")


def dim(march: Round, device: Device, **fields: Any) -> dict[str, Any]:
    """A visit that found the picture dim."""
    visit = made.visit(march, device, **fields)
    made.reading(visit, "image", "dim", "abnormal")
    return visit


def fresh(kind: type[Any]) -> Any:
    db.session.expire_all()
    return only(kind)


def test_the_day_of_the_visit_stays_in_every_record(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    lamp = [{"consumable": "lamp", "quantity": 1}]
    visit = dim(march, device, **EIGHTH, consumables=lamp)
    made.send(contract, engineer, visit, now=made.at("2026-03", 11))
    answer = made.amended(visit, **APRIL, remark="照片重拍")
    made.send(contract, engineer, answer, now=made.at("2026-04", 1, 4))
    row = fresh(Inspection)
    assert (row.remark, row.revision) == ("照片重拍", 2)
    assert row.device_finished_at.date() == date(2026, 3, 8)
    assert row.received_at == made.at("2026-03", 11)
    assert [r.received_at for r in rows(InspectionRevision)] == [
        made.at("2026-03", 11),
        made.at("2026-04", 1, 4),
    ]
    assert {r.recorded_on for r in rows(DeviceRecord)} == {date(2026, 3, 8)}
    assert only(ConsumableUse).used_on == date(2026, 3, 8)
    content: Any = report_content(db.session(), contract.id, "2026-03", made.at("2026-04", 2))
    assert [line["inspected_on"] for line in content["anomalies"]] == ["2026-03-08"]
    assert [len(sheet["rows"]) for sheet in content["device_records"]] == [2]


def test_the_second_visit_to_what_could_not_be_tested_is_the_day_that_counts(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    first = made.visit(
        march, device, **EIGHTH, exception={"reason": "occupied"}, readings=[], consumables=[]
    )
    made.send(contract, engineer, first, now=made.at("2026-03", 9))
    assert only(Inspection).verdict == "not_tested"
    again = dim(
        march, device, uid=first["uid"], amends=1,
        started_at="2026-03-20T01:50:00Z", finished_at="2026-03-20T01:58:00Z",
    )  # fmt: skip
    made.send(contract, engineer, again, now=made.at("2026-03", 21))
    put_right = made.amended(again, revision=2, finished_at="2026-04-02T01:00:00Z", remark="x")
    made.send(contract, engineer, put_right, now=made.at("2026-04", 2, 4))
    row = fresh(Inspection)
    assert (row.revision, row.device_finished_at.date()) == (3, date(2026, 3, 20))
    assert {r.recorded_on for r in rows(DeviceRecord)} == {date(2026, 3, 20)}


def test_an_open_item_that_moved_with_its_device_stays_where_the_device_is(
    contract: Contract, engineer: User, manager: User, device: Device, march: Round
) -> None:
    visit = dim(march, device)
    made.send(contract, engineer, visit)
    access, moved_at = access_of(contract, manager), made.at("2026-03", 4)
    other = factories.room(factories.building(contract, name_zh="乙楼"), name_zh="东湖厅")
    with unit_of_work() as session:
        estate.change_device(session, access, device.id, {"room_id": other.id}, moved_at)
        session.flush()
        sync_tasks_with_estate(session, contract.id, moved_at)
    # The phone names the room where its task was.
    answers = made.send(
        contract, engineer, made.amended(visit, remark="x"), now=made.at("2026-03", 5)
    )
    assert [answer.result for answer in answers] == ["applied"]
    assert fresh(OpenItem).room_id == other.id


@pytest.fixture
def new(contract: Contract, engineer: User, manager: User, device: Device, march: Round) -> Device:
    """The device that replaces the one in which the picture was found dim, two days later."""
    visit = dim(march, device)
    made.send(contract, engineer, visit)
    replaced_at = made.at("2026-03", 5)
    with unit_of_work() as session:
        replace_device(
            session,
            access_of(contract, manager),
            device.id,
            {"serial": "NEW"},
            replaced_at.date(),
            replaced_at,
            replaced_at,
        )
        sync_tasks_with_estate(session, contract.id, replaced_at)
    return db.session.scalars(sa.select(Device).where(Device.replaces_id == device.id)).one()


def amend_the_old(contract: Contract, engineer: User, device: Device, march: Round) -> Any:
    inspection = only(Inspection, device_id=device.id)
    again = dim(march, device, uid=inspection.uid, amends=1, remark="见照片")
    return made.send(contract, engineer, again, now=made.at("2026-03", 6))


def test_an_amendment_of_a_replaced_device_makes_no_second_open_item(
    contract: Contract, engineer: User, device: Device, march: Round, new: Device
) -> None:
    assert [a.result for a in amend_the_old(contract, engineer, device, march)] == ["applied"]
    item = fresh(OpenItem)
    assert (item.number, item.device_id, item.state) == (1, new.id, "open")
    solved = made.visit(
        march, new, open_items=[{"number": 1, "answer": "solved", "remark": "已换新机"}]
    )
    made.send(contract, engineer, solved, now=made.at("2026-03", 7))
    assert (fresh(OpenItem).state, len(rows(OpenItem))) == ("solved", 1)


def test_a_carried_open_item_that_was_answered_before_the_replacement_can_be_answered_anew(
    contract: Contract, engineer: User, manager: User, device: Device
) -> None:
    made.send(contract, engineer, dim(made.opened(contract, "2026-02"), device))
    march = made.opened(contract, "2026-03")
    still = made.visit(march, device, open_items=[{"number": 1, "answer": "still", "remark": ""}])
    made.send(contract, engineer, still)
    replaced_at = made.at("2026-03", 5)
    with unit_of_work() as session:
        access = access_of(contract, manager)
        day = replaced_at.date()
        replace_device(session, access, device.id, {"serial": "N"}, day, replaced_at, replaced_at)
        sync_tasks_with_estate(session, contract.id, replaced_at)
    again = made.amended(still, remark="照片重拍")
    answers = made.send(contract, engineer, again, now=made.at("2026-03", 6))
    assert [(answer.result, answer.code) for answer in answers] == [("applied", "")]
    assert (fresh(OpenItem).number, only(OpenItem).state) == (1, "open")
