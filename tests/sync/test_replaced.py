"""A device is replaced without a network and inspected in the same visit: the phone names the old one still."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.rounds import made
from tests.sync.phone import Phone, inspection, operation
from webapp.cases.kinds import KINDS
from webapp.cases.kinds_of_repair import REPLACE
from webapp.cases.models import Case, CaseEvent
from webapp.db import db, now_utc
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract, User
from webapp.rounds.models import Inspection, InspectionRevision, Round, RoundTask
from webapp.sync.models import Quarantined

Payload = dict[str, Any]
AT = timedelta(hours=1)
SOON = timedelta(minutes=5)


@pytest.fixture
def replaced_at() -> datetime:
    return now_utc() - AT


@pytest.fixture
def replacing(
    phone: Phone,
    contract: Contract,
    signed_in: Callable[[User], FlaskClient],
    devices: list[Device],
    march: Round,
    replaced_at: datetime,
) -> dict[str, Any]:
    """What the phone sends of the replacement of the first device, which the client has approved."""
    lead = signed_in(factories.member(contract, "client_it_lead", login="lead"))
    manager = signed_in(factories.member(contract, "project_manager", login="m"))
    opening = {"uid": made.uid(), "kind": "repair", "title": "主板烧毁", "device_id": devices[0].id}
    opened = manager.post(
        "/api/contracts/HQ/cases", json={**opening, "fields": {"way": "replacement"}}
    )
    approval = {"uid": made.uid(), "step": "approve", "fields": {}}
    name = opened.get_json()["name"]
    assert lead.post(f"/api/contracts/HQ/cases/{name}/steps", json=approval).status_code < 300
    # All of that was before the engineer went there.
    db.session.execute(sa.update(CaseEvent).values(at=replaced_at - SOON))
    db.session.execute(sa.update(Case).values(opened_at=replaced_at - SOON))
    db.session.commit()
    body = {"uid": made.uid(), "case": opening["uid"], "step": "replace"}
    fields = {"serial": "SN-NEW", "solution": "换上新机"}
    return operation("case_step", {**body, "at": replaced_at.isoformat(), "fields": fields})


def seen(march: Round, device: Device, at: datetime, **fields: Any) -> Payload:
    times = {"started_at": (at - timedelta(minutes=2)).isoformat(), "finished_at": at.isoformat()}
    return made.visit(march, device, **times, **fields)


def results(answers: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(row["result"], row.get("code", "")) for row in answers]


def where(payload: Payload) -> int | None:
    db.session.rollback()
    return db.session.scalars(sa.select(Inspection.device_id).filter_by(uid=payload["uid"])).one()


def successor(device: Device) -> Device:
    db.session.rollback()
    return db.session.scalars(sa.select(Device).filter_by(replaces_id=device.id)).one()


def tasks(*devices: Device) -> list[tuple[bool, str]]:
    """Whether the task of each is out of the round, and what came of it."""
    db.session.rollback()
    found = {row.device_id: row for row in db.session.scalars(sa.select(RoundTask))}
    return [(found[one.id].removed, found[one.id].outcome) for one in devices]


def test_what_was_seen_after_the_replacement_is_the_new_devices(
    phone: Phone, march: Round, devices: list[Device], replacing: Payload, replaced_at: datetime
) -> None:
    visit = seen(march, devices[0], replaced_at + SOON)
    assert results(phone.push(replacing, inspection(visit))) == [("applied", "")] * 2
    new = successor(devices[0])
    assert where(visit) == new.id
    assert tasks(devices[0], new) == [(True, "todo"), (False, "normal")]
    # The record is kept as it was sent.
    kept = db.session.scalars(sa.select(InspectionRevision)).one()
    assert f'"device_id": {devices[0].id},' in kept.payload


def test_what_was_seen_before_it_stays_with_the_old_one(
    phone: Phone, march: Round, devices: list[Device], replacing: Payload, replaced_at: datetime
) -> None:
    visit = seen(march, devices[0], replaced_at - SOON)
    made.reading(visit, "power", "fail", "abnormal")
    assert results(phone.push(inspection(visit), replacing)) == [("applied", "")] * 2
    new = successor(devices[0])
    assert where(visit) == devices[0].id
    assert tasks(devices[0], new) == [(False, "abnormal"), (False, "todo")]


def test_a_phone_that_comes_later_is_told_apart_by_the_time(
    phone: Phone, march: Round, devices: list[Device], replacing: Payload, replaced_at: datetime
) -> None:
    phone.push(replacing)
    # Its clock is an hour ahead: by its own time it was seen long after.
    early = seen(march, devices[0], replaced_at - SOON + AT)
    late = seen(march, devices[0], replaced_at + SOON + AT)
    ahead = {"device_time": (now_utc() + AT).isoformat()}
    answers = phone.push(inspection(early), inspection(late), **ahead)
    assert results(answers) == [("quarantined", "device_retired"), ("applied", "")]
    assert where(late) == successor(devices[0]).id
    row = db.session.scalars(sa.select(Quarantined)).one()
    assert row.inspection_uid == early["uid"]


def test_without_a_time_nobody_can_tell_and_a_supervisor_decides(
    phone: Phone, march: Round, devices: list[Device], replacing: Payload
) -> None:
    phone.push(replacing)
    visit = made.visit(march, devices[0], finished_at="")
    assert results(phone.push(inspection(visit))) == [("quarantined", "device_retired")]


def test_an_amendment_goes_where_its_inspection_is(
    phone: Phone, march: Round, devices: list[Device], replacing: Payload, replaced_at: datetime
) -> None:
    before = seen(march, devices[0], replaced_at - SOON)
    phone.push(inspection(before), replacing)
    after = seen(march, devices[0], replaced_at + SOON)
    phone.push(inspection(after))
    answers = phone.push(
        inspection(made.amended(before, remark="补充")),
        inspection(made.amended(after, remark="更正")),
    )
    assert results(answers) == [("applied", "")] * 2
    assert (where(before), where(after)) == (devices[0].id, successor(devices[0]).id)


def test_what_is_of_a_device_replaced_twice_goes_to_the_one_that_stood_there(
    phone: Phone,
    room: Room,
    march: Round,
    devices: list[Device],
    replacing: Payload,
    replaced_at: datetime,
) -> None:
    phone.push(replacing)
    second = successor(devices[0])
    third = factories.device(room, name="第三台")
    db.session.get_one(Device, third.id).replaces_id = second.id
    db.session.get_one(Device, second.id).retired_at = replaced_at + 2 * SOON
    db.session.commit()
    between = seen(march, devices[0], replaced_at + SOON)
    after = seen(march, devices[0], replaced_at + 3 * SOON)
    assert results(phone.push(inspection(after), inspection(between))) == [
        ("applied", ""),
        ("quarantined", "device_retired"),
    ]
    assert where(after) == third.id


def test_what_goes_into_the_register_is_asked_for_no_longer_than_the_register_takes() -> None:
    for step in KINDS["repair"].steps:
        for field in step.fields if step.key == REPLACE else ():
            if field.key in ("serial", "maker", "model", "asset_number"):
                column = Device.__table__.c[field.key].type
                assert isinstance(column, sa.String)
                assert field.longest == column.length, field.key


def test_a_serial_number_that_the_register_can_not_hold_is_held_for_a_supervisor(
    phone: Phone, march: Round, devices: list[Device], replacing: Payload
) -> None:
    sent = json.loads(replacing["payload"])
    sent["fields"]["serial"] = "S" * 121
    [answer] = phone.push(operation("case_step", sent))
    assert (answer["result"], answer["code"]) == ("quarantined", "invalid")
    assert tasks(devices[0]) == [(False, "todo")]
    sent |= {"uid": made.uid(), "fields": sent["fields"] | {"serial": "S" * 120}}
    assert results(phone.push(operation("case_step", sent))) == [("applied", "")]
    assert successor(devices[0]).serial == "S" * 120
