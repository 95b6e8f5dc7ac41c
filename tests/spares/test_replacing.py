"""A repair that ends with another device: register, label, round and open items follow, and the next scan verifies."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from tests import factories
from tests.cases import made
from tests.rounds import made as rounds
from webapp.audit.models import AuditRow
from webapp.cases.models import Case
from webapp.cases.services import Author
from webapp.cases.verifying import Verification, verifications, verified_by
from webapp.db import db, unit_of_work
from webapp.errors import AppError
from webapp.estate import labels
from webapp.estate.models import Device, Label, Room
from webapp.identity.models import Contract, User
from webapp.rounds.models import DeviceRecord, Inspection, OpenItem, Round, RoundTask

NEW: dict[str, Any] = {"serial": "SN-NEW-1", "solution": "换上新机，四路输入正常"}


def labelled(device: Device) -> str:
    """Give a device a label; its code."""
    with unit_of_work() as session:
        [label] = labels.issue_labels(
            session, [device.id], contract_id=device.contract_id, actor_id=None, now=made.MORNING
        )
        return label.code


@pytest.fixture
def room(contract: Contract) -> Room:
    rounds.checklist(contract)
    return factories.room(factories.building(contract))


@pytest.fixture
def old(room: Room) -> Device:
    device = factories.device(room)
    labelled(device)
    return device


@pytest.fixture
def march(contract: Contract, old: Device) -> Round:
    return rounds.opened(contract)


@pytest.fixture
def li(contract: Contract, engineer: User) -> Author:
    return made.author(contract, engineer)


def replaced(
    contract: Contract,
    by: Author,
    it_lead: User,
    device: Device,
    **fields: Any,
) -> Case:
    case = made.opened(contract, by, "repair", device_id=device.id, fields={"way": "replacement"})
    made.taken(case, made.author(contract, it_lead, "client_it_lead"), "approve")
    made.taken(case, by, "replace", made.after(days=1), **{**NEW, **fields})
    db.session.expire_all()
    return case


def label_of(device: Device) -> str | None:
    return db.session.scalar(
        sa.select(Label.code).where(Label.device_id == device.id, Label.revoked_at.is_(None))
    )


def successor(device: Device) -> Device:
    db.session.expire_all()
    return db.session.scalars(sa.select(Device).filter_by(replaces_id=device.id)).one()


def word_of(case: Case) -> Verification | None:
    db.session.expire_all()
    return verifications(db.session(), [case]).get(case.id)


def test_the_new_device_takes_the_old_ones_place_in_register_and_round(
    contract: Contract, li: Author, it_lead: User, old: Device, march: Round
) -> None:
    old_label = label_of(old)
    case = replaced(
        contract, li, it_lead, old, asset_number="IT-9", model="X50", warranty_until="2029-02-28"
    )
    new = successor(old)
    assert (new.serial, new.asset_number, new.model) == ("SN-NEW-1", "IT-9", "X50")
    assert (new.room_id, new.type, new.name) == (old.room_id, old.type, old.name)
    assert (str(new.in_service_on), str(new.warranty_until)) == ("2026-03-03", "2029-02-28")
    assert old.retired_at is not None
    # The old label leads nowhere any more, the new device has one of its own.
    assert label_of(old) is None
    assert label_of(new) not in (None, old_label)
    tasks = db.session.execute(
        sa.select(RoundTask.device_id, RoundTask.removed).where(RoundTask.device_id.is_not(None))
    )
    assert dict(tasks.all()) == {old.id: True, new.id: False}
    assert case.state == "in_service"
    assert case.facts["new_device"] == new.id


def test_a_scanned_label_goes_over_to_the_new_device(
    contract: Contract, li: Author, it_lead: User, old: Device
) -> None:
    code = label_of(old)
    replaced(contract, li, it_lead, old, code=f"HTTPS://X.EXAMPLE/d/{code}")
    assert label_of(successor(old)) == code
    assert db.session.scalar(sa.select(sa.func.count(Label.id))) == 1


def test_another_devices_label_is_refused_and_nothing_is_changed(
    contract: Contract, li: Author, it_lead: User, room: Room, old: Device
) -> None:
    code = labelled(factories.device(room))
    with pytest.raises(AppError) as refusal:
        replaced(contract, li, it_lead, old, code=code)
    assert refusal.value.code == "label_elsewhere"
    db.session.rollback()
    db.session.expire_all()
    assert old.retired_at is None
    assert db.session.scalar(sa.select(Device.id).filter_by(replaces_id=old.id)) is None
    case = db.session.scalars(sa.select(Case)).one()
    assert case.state == "approved"


def test_an_asset_number_that_is_taken_is_refused_at_its_field(
    contract: Contract, li: Author, it_lead: User, old: Device
) -> None:
    with unit_of_work():
        old.asset_number = "IT-1"
        db.session.add(old)
    with pytest.raises(AppError) as refusal:
        replaced(contract, li, it_lead, old, asset_number="it-1")
    assert refusal.value.fields == {"asset_number": ["asset_number_taken"]}


@pytest.mark.parametrize("name", ["serial", "maker", "model", "asset_number"])
def test_what_is_longer_than_the_registers_field_is_refused_at_its_own(
    contract: Contract, li: Author, it_lead: User, old: Device, name: str
) -> None:
    with pytest.raises(AppError) as refusal:
        replaced(contract, li, it_lead, old, **{name: "长" * 121})
    assert refusal.value.fields == {name: ["invalid"]}
    db.session.rollback()
    db.session.expire_all()
    assert old.retired_at is None


def test_of_four_microphones_on_one_line_three_stay(
    contract: Contract, li: Author, it_lead: User, old: Device
) -> None:
    with unit_of_work():
        old.quantity = 4
        db.session.add(old)
    code = label_of(old)
    replaced(contract, li, it_lead, old, code=code)
    new = successor(old)
    assert (old.quantity, old.retired_at, new.quantity) == (3, None, 1)
    assert label_of(old) == code
    assert label_of(new) not in (None, code)


def torn(march: Round, device: Device, finished_at: str = "2026-03-02T01:00:00Z") -> dict[str, Any]:
    """A visit that finds the screen torn."""
    payload = rounds.visit(march, device, finished_at=finished_at)
    rounds.reading(payload, "screen", "fail", "abnormal", remark="幕布破了")
    return payload


def visited(march: Round, device: Device, at: str, **fields: Any) -> dict[str, Any]:
    """A visit that finds all in order, finished at a time of the phone's."""
    return rounds.visit(march, device, finished_at=at, **fields)


def test_what_was_open_goes_over_and_the_next_scan_of_the_new_one_verifies_it(
    contract: Contract, engineer: User, li: Author, it_lead: User, old: Device, march: Round
) -> None:
    rounds.send(contract, engineer, torn(march, old), now=made.MORNING)
    item = db.session.scalars(sa.select(OpenItem)).one()
    case = made.opened(contract, li, "repair", open_item=item.number, fields={"way": "replacement"})
    case.device_id = old.id
    db.session.commit()
    made.taken(case, made.author(contract, it_lead, "client_it_lead"), "approve")
    assert word_of(case) is None
    made.taken(case, li, "replace", made.after(days=1), **NEW)
    new = successor(old)
    assert item.device_id == new.id
    assert word_of(case) == Verification("waiting")
    seen = visited(
        march, new, "2026-03-04T02:00:00Z", open_items=[{"number": item.number, "answer": "solved"}]
    )
    [answer] = rounds.send(contract, engineer, seen, now=made.after(days=2, hours=4))
    assert answer.result == "applied"
    found = word_of(case)
    assert found is not None
    assert (found.word, found.month, found.by, found.scanned) == (
        "verified",
        "2026-03",
        engineer.name,
        True,
    )
    assert item.state == "solved"


@pytest.mark.parametrize(
    ("finished_at", "screen", "word"),
    [
        ("2026-03-04T02:00:00Z", "ok", "verified"),
        ("2026-03-04T02:00:00Z", "fail", "anomaly"),
        # Done before the fault was solved, and sent after it: it says nothing of it.
        ("2026-03-02T02:30:00Z", "ok", "waiting"),
    ],
)
def test_the_first_inspection_after_a_fault_was_solved_says_how_it_is(
    contract: Contract,
    engineer: User,
    li: Author,
    old: Device,
    march: Round,
    finished_at: str,
    screen: str,
    word: str,
) -> None:
    case = made.opened(contract, li, device_id=old.id)
    made.taken(case, li, "take_over")
    assert word_of(case) is None
    made.taken(case, li, "solve", made.after(hours=2), cause="线松", solution="重插")
    build = torn if screen == "fail" else visited
    rounds.send(contract, engineer, build(march, old, finished_at), now=made.after(days=3))
    found = word_of(case)
    assert found is not None
    assert found.word == word
    said = [
        (row.id, one.word)
        for inspection in db.session.scalars(sa.select(Inspection))
        for row, one in verified_by(db.session(), inspection)
    ]
    assert said == ([] if word == "waiting" else [(case.id, word)])


def test_a_fault_that_was_opened_again_waits_for_no_verification(
    contract: Contract, li: Author, old: Device
) -> None:
    case = made.opened(contract, li, device_id=old.id)
    made.taken(case, li, "take_over")
    made.taken(case, li, "solve", cause="线松", solution="重插")
    assert word_of(case) == Verification("waiting")
    made.taken(case, li, "reopen", text="又没有画面")
    assert word_of(case) is None


def test_an_open_item_that_is_still_there_says_so_and_one_taken_back_says_nothing(
    contract: Contract, engineer: User, li: Author, old: Device, march: Round
) -> None:
    rounds.send(contract, engineer, torn(march, old), now=made.MORNING)
    number = db.session.scalars(sa.select(OpenItem.number)).one()
    case = made.opened(contract, li, device_id=old.id, open_item=number)
    made.taken(case, li, "take_over")
    made.taken(case, li, "solve", made.after(hours=2), cause="幕布老化", solution="缝补")
    april = rounds.opened(contract, "2026-04")
    answers = [{"number": number, "answer": "still"}]
    again = torn(april, old, "2026-04-03T01:58:00Z") | {"open_items": answers}
    [sent] = rounds.send(contract, engineer, again, now=rounds.at("2026-04", 3))
    assert sent.result == "applied"
    found = word_of(case)
    assert found is not None
    assert (found.word, found.month) == ("still", "2026-04")
    with unit_of_work() as session:
        session.get_one(Inspection, sent.inspection_id).choice = "set_aside"
    assert word_of(case) == Verification("waiting")


def test_the_record_sheet_of_the_old_device_tells_of_it(
    contract: Contract, li: Author, it_lead: User, old: Device
) -> None:
    replaced(contract, li, it_lead, old)
    row = db.session.scalars(sa.select(DeviceRecord)).one()
    assert (row.device_id, row.category, row.result) == (old.id, "replacement", "replaced")
    assert row.anomaly.startswith("R1 ")
    assert row.action == NEW["solution"]
    changes = db.session.scalars(
        sa.select(AuditRow.action).filter_by(entity="device").order_by(AuditRow.id)
    ).all()
    assert changes[-2:] == ["create", "change"]


def test_without_a_device_of_the_register_there_is_nothing_to_replace(
    contract: Contract, li: Author, it_lead: User
) -> None:
    case = made.opened(contract, li, "repair", fields={"way": "replacement"})
    made.taken(case, made.author(contract, it_lead, "client_it_lead"), "approve")
    with pytest.raises(AppError) as refusal:
        made.taken(case, li, "replace", **NEW)
    assert refusal.value.code == "case_without_device"


def test_the_same_replacement_sent_twice_makes_one_device(
    contract: Contract, li: Author, it_lead: User, old: Device
) -> None:
    case = replaced(contract, li, it_lead, old, uid=(uid := made.uid()))
    made.taken(case, li, "replace", uid=uid, **NEW)
    assert successor(old).serial == "SN-NEW-1"
