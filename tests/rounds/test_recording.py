"""Recording inspections: verdicts, refusals, flags, pairs, what follows from a reading."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from tests import factories
from tests.rounds import made
from webapp.checklists.content import Item
from webapp.db import db, unit_of_work
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract, User
from webapp.rounds.judging import value_in_words
from webapp.rounds.models import (
    ConsumableUse,
    DeviceRecord,
    Finding,
    Inspection,
    InspectionRevision,
    OpenItem,
    OpenItemAnswer,
    Photo,
    Reading,
    Round,
    RoundTask,
)


@pytest.fixture
def device(contract: Contract) -> Device:
    made.checklist(contract)
    room = factories.room(factories.building(contract))
    return factories.device(room, register={"rated_lamp_hours": 3000})


@pytest.fixture
def march(contract: Contract, device: Device) -> Round:
    return made.opened(contract, "2026-03")


def rows(model: type[Any], **where: Any) -> list[Any]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(sa.select(model).filter_by(**where).order_by(model.id)))


def only(model: type[Any], **where: Any) -> Any:
    found = rows(model, **where)
    assert len(found) == 1, found
    return found[0]


def task_of(device: Device) -> RoundTask:
    task: RoundTask = only(RoundTask, device_id=device.id)
    return task


def code_of(contract: Contract, user: User, payload: dict[str, Any], **fields: Any) -> str:
    (answer,) = made.record(contract, [made.submission(payload, user, **fields)])
    assert (answer.result == "quarantined") == bool(answer.code)
    return answer.code


def test_a_normal_inspection_is_recorded_whole(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    visit = made.visit(
        march, device, remark="好", photos=[made.photo("lamp_hours"), made.photo("image")]
    )
    (answer,) = made.send(contract, engineer, visit)
    assert answer.result == "applied"
    row = only(Inspection, id=answer.inspection_id)
    assert (row.uid, row.verdict, row.phone_verdict) == (visit["uid"], "normal", "normal")
    assert (row.author_id, row.revision, row.flags) == (engineer.id, 1, [])
    assert row.seq == only(Contract, id=contract.id).head_seq
    readings = {r.item: r for r in rows(Reading)}
    assert len(readings) == len(visit["readings"])
    assert readings["lamp_hours"].value_number == 500
    assert readings["power"].value_text == "pass"
    task = task_of(device)
    assert (task.outcome, task.inspection_id, task.pair_open) == ("normal", row.id, False)
    assert task.seq == row.seq
    photos = rows(Photo)
    assert [(p.item, p.received_at, p.sha256) for p in photos] == [
        (p["item"], None, p["sha256"]) for p in visit["photos"]
    ]
    revision = only(InspectionRevision)
    assert '"remark"' in revision.payload
    assert (rows(OpenItem), rows(DeviceRecord)) == ([], [])


def test_the_server_judges_for_itself(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    visit = made.visit(march, device)
    made.reading(visit, "lamp_hours", 2900, "normal")
    made.send(contract, engineer, visit)
    row = only(Inspection)
    assert (row.verdict, row.phone_verdict, row.severity) == ("abnormal", "normal", 2)
    assert {"verdict_differs", "photo_missing"} <= set(row.flags)
    assert only(Reading, item="lamp_hours").reason == "above_max"


def test_an_abnormal_reading_opens_an_item_and_stands_on_the_record_sheet(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    visit = made.visit(march, device)
    made.reading(visit, "image", "dim", "abnormal", cause="aged", action="report", remark="看不清")
    made.send(contract, engineer, visit)
    item = only(OpenItem)
    assert (item.number, item.item, item.state, item.severity) == (1, "image", "open", 3)
    assert (item.opened_month, item.cause, item.action, item.text) == (
        "2026-03",
        "aged",
        "report",
        "看不清",
    )
    record = only(DeviceRecord)
    assert (record.category, record.result, record.open_item_id) == (
        "inspection",
        "open_item",
        item.id,
    )
    assert record.anomaly == "偏暗；看不清"
    assert str(record.recorded_on) == "2026-03-03"


def test_fixed_and_retested_goes_on_the_record_sheet_only(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    visit = made.visit(march, device)
    made.reading(visit, "image", "dim", "abnormal", fixed=True)
    made.send(contract, engineer, visit)
    assert rows(OpenItem) == []
    assert only(DeviceRecord).result == "fixed"
    assert task_of(device).outcome == "abnormal"


def test_findings_outside_the_test(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    findings = [
        {"uid": made.uid(), "text": "天花板漏水", "severity": 2},
        {"uid": made.uid(), "text": "线缆松动", "severity": 4, "fixed": True},
    ]
    made.send(contract, engineer, made.visit(march, device, findings=findings))
    assert len(rows(Finding)) == 2
    item = only(OpenItem)
    assert (item.item, item.finding_uid, item.severity) == (None, findings[0]["uid"], 2)
    assert sorted(r.result for r in rows(DeviceRecord)) == ["fixed", "open_item"]


def test_consumables(contract: Contract, engineer: User, device: Device, march: Round) -> None:
    uses = [{"consumable": "lamp", "quantity": 1}, {"consumable": "battery", "quantity": 2}]
    made.send(contract, engineer, made.visit(march, device, consumables=uses))
    assert [(u.consumable, u.quantity) for u in rows(ConsumableUse)] == [
        ("lamp", 1),
        ("battery", 2),
    ]
    assert [(r.category, r.part) for r in rows(DeviceRecord)] == [
        ("replacement", "lamp"),
        ("replacement", "battery"),
    ]


def test_the_rooms_own_checklist(contract: Contract, engineer: User, device: Device) -> None:
    march = made.opened(contract)
    room = db.session.get_one(Room, device.room_id)
    visit = made.visit(march, None, room=room)
    broken = next(r for r in visit["readings"] if r["value"] == "pass")["item"]
    made.reading(visit, broken, "fail", "abnormal")
    (answer,) = made.send(contract, engineer, visit)
    assert answer.result == "applied", answer
    item = only(OpenItem)
    assert (item.device_id, item.room_id, item.item) == (None, room.id, broken)
    assert only(RoundTask, device_id=None).outcome == "abnormal"
    assert rows(DeviceRecord) == []


def test_carried_from_month_to_month_under_one_number(
    contract: Contract, engineer: User, device: Device
) -> None:
    january = made.opened(contract, "2026-01")
    visit = made.visit(january, device)
    made.reading(visit, "image", "dim", "abnormal")
    made.send(contract, engineer, visit, now=made.at("2026-01"))

    february = made.opened(contract, "2026-02")
    visit = made.visit(february, device, open_items=[{"number": 1, "answer": "still"}])
    made.reading(visit, "image", "dim", "abnormal")
    made.send(contract, engineer, visit, now=made.at("2026-02"))
    item = only(OpenItem)
    assert (item.number, item.state, item.opened_month) == (1, "open", "2026-01")

    march = made.opened(contract, "2026-03")
    solved = [{"number": 1, "answer": "solved", "remark": "换灯泡"}]
    made.send(contract, engineer, made.visit(march, device, open_items=solved))
    item = only(OpenItem)
    assert (item.number, item.state, item.closed_month) == (1, "solved", "2026-03")
    answers = [(a.month, a.answer) for a in rows(OpenItemAnswer)]
    assert answers == [("2026-01", "opened"), ("2026-02", "still"), ("2026-03", "solved")]
    last = rows(DeviceRecord)[-1]
    assert (last.result, last.open_item_id, last.action) == ("fixed", item.id, "换灯泡")

    april = made.opened(contract, "2026-04")
    visit = made.visit(april, device)
    made.reading(visit, "image", "spots", "abnormal")
    made.send(contract, engineer, visit, now=made.at("2026-04"))
    assert [(i.number, i.state) for i in rows(OpenItem)] == [(1, "solved"), (2, "open")]


def test_an_open_item_that_was_not_answered_is_flagged(
    contract: Contract, engineer: User, device: Device
) -> None:
    january = made.opened(contract, "2026-01")
    visit = made.visit(january, device)
    made.reading(visit, "image", "dim", "abnormal")
    made.send(contract, engineer, visit, now=made.at("2026-01"))
    february = made.opened(contract, "2026-02")
    made.send(contract, engineer, made.visit(february, device), now=made.at("2026-02"))
    assert "unanswered_open_items" in rows(Inspection)[-1].flags
    assert only(OpenItem).state == "open"


def test_solved_but_read_abnormal_stays_open(
    contract: Contract, engineer: User, device: Device
) -> None:
    january = made.opened(contract, "2026-01")
    visit = made.visit(january, device)
    made.reading(visit, "image", "dim", "abnormal")
    made.send(contract, engineer, visit, now=made.at("2026-01"))
    february = made.opened(contract, "2026-02")
    visit = made.visit(february, device, open_items=[{"number": 1, "answer": "solved"}])
    made.reading(visit, "image", "dim", "abnormal")
    made.send(contract, engineer, visit, now=made.at("2026-02"))
    assert only(OpenItem).state == "open"
    assert "solved_but_abnormal" in rows(Inspection)[-1].flags


def test_a_late_record_of_an_earlier_month_joins_the_item_that_spans_it(
    contract: Contract, engineer: User, device: Device
) -> None:
    january, february = made.opened(contract, "2026-01"), made.opened(contract, "2026-02")
    for row in (february, january):
        visit = made.visit(row, device)
        made.reading(visit, "image", "dim", "abnormal")
        made.send(contract, engineer, visit, now=made.at("2026-02", 20))
    item = only(OpenItem)
    assert (item.number, item.opened_month, item.state) == (1, "2026-01", "open")


def test_not_tested_is_an_outcome_and_the_second_visit_takes_its_place(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    exception = {"reason": "occupied", "remark": "董事会", "revisit_on": "2026-03-05"}
    (first,) = made.send(
        contract, engineer, made.visit(march, device, readings=[], exception=exception)
    )
    row = only(Inspection)
    assert (row.verdict, row.exception_reason, str(row.revisit_on)) == (
        "not_tested",
        "occupied",
        "2026-03-05",
    )
    assert row.flags == []
    assert task_of(device).outcome == "not_tested"
    (second,) = made.send(contract, engineer, made.visit(march, device))
    task = task_of(device)
    assert (task.outcome, task.inspection_id, task.pair_open) == (
        "normal",
        second.inspection_id,
        False,
    )
    assert first.inspection_id != second.inspection_id


def test_two_engineers_make_a_pair_and_both_stay(
    contract: Contract, engineer: User, manager: User, device: Device, march: Round
) -> None:
    (first,) = made.send(contract, engineer, made.visit(march, device))
    visit = made.visit(march, device)
    made.reading(visit, "power", "fail", "abnormal")
    made.send(contract, manager, visit)
    task = task_of(device)
    assert (task.outcome, task.inspection_id, task.pair_open) == (
        "normal",
        first.inspection_id,
        True,
    )
    assert len(rows(Inspection)) == 2


def test_a_device_that_joined_after_the_opening_gets_its_task(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    joined = factories.device(db.session.get_one(Room, device.room_id), "codec")
    (answer,) = made.send(contract, engineer, made.visit(march, joined))
    assert answer.result == "applied"
    assert task_of(joined).inspection_id == answer.inspection_id


def test_a_device_that_moved_may_be_reported_from_its_old_room(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    visit = made.visit(march, device)
    other = factories.room(factories.building(contract, "副楼"))
    with unit_of_work() as session:
        session.get_one(Device, device.id).room_id = other.id
    assert code_of(contract, engineer, visit) == ""


def _unknown_device(payload: dict[str, Any]) -> None:
    payload["device_id"] = 999_999


REFUSALS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "round_unknown": lambda p: p.update(round_id=999_999),
    "device_unknown": _unknown_device,
    "room_unknown": lambda p: p.update(room_id=999_999),
    "checklist_unknown": lambda p: p.update(checklist=7),
    "item_unknown": lambda p: made.reading(p, "colour_of_the_sky", 1, "normal"),
    "item_twice": lambda p: p["readings"].append(p["readings"][0]),
    "value_invalid": lambda p: made.reading(p, "lamp_hours", "many", "normal"),
    "exception_unknown": lambda p: p.update(exception={"reason": "bored"}),
    "open_item_unknown": lambda p: p.update(open_items=[{"number": 99, "answer": "still"}]),
    "finding_unknown": lambda p: p.update(photos=[made.photo(finding=made.uid())]),
    "photo_twice": lambda p: p.update(photos=[made.photo()] * 2),
    "text_invalid": lambda p: p.update(remark="a\0b"),
    "amendment_held": lambda p: p.update(amends=1),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_one_bad_record_never_stops_another(
    code: str, contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    bad = made.visit(march, device)
    REFUSALS[code](bad)
    good = made.visit(march, device)
    answers = made.send(contract, engineer, bad, good)
    assert [(a.result, a.code) for a in answers] == [("quarantined", code), ("applied", "")]
    assert [row.uid for row in rows(Inspection)] == [good["uid"]]


@pytest.mark.parametrize("value", ["2026-02-31", "2026-13-01"])
def test_a_revisit_on_no_day_is_refused(
    value: str, contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    exception = {"reason": "locked", "revisit_on": value}
    visit = made.visit(march, device, readings=[], exception=exception)
    assert code_of(contract, engineer, visit) == "value_invalid"


def test_closed_rounds_retired_devices_and_withdrawn_rights(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    visit = made.visit(march, device)
    assert code_of(contract, engineer, visit, rights=frozenset({"view"})) == "not_inspector"
    with unit_of_work() as session:
        session.get_one(Device, device.id).retired_at = made.at("2026-03")
    assert code_of(contract, engineer, visit) == "device_retired"
    with unit_of_work() as session:
        session.get_one(Device, device.id).retired_at = None
        session.get_one(Round, march.id).state = "accepted"
    assert code_of(contract, engineer, visit) == "round_closed"
    with unit_of_work() as session:
        session.get_one(Round, march.id).state = "finished"
    assert code_of(contract, engineer, visit) == ""


def test_another_contracts_things_do_not_exist(
    contract: Contract, engineer: User, device: Device, march: Round, stranger: User
) -> None:
    other = db.session.scalars(sa.select(Contract).where(Contract.code == "OTHER")).one()
    foreign = factories.room(factories.building(other))
    wrong_room = made.visit(march, device, room_id=foreign.id)
    assert code_of(contract, engineer, wrong_room) == "room_unknown"
    away = made.visit(march, factories.device(foreign))
    assert code_of(contract, engineer, {**away, "room_id": device.room_id}) == "device_unknown"
    own = factories.room(factories.building(contract, "副楼"))
    assert code_of(contract, engineer, made.visit(march, device, room_id=own.id)) == "room_mismatch"


def test_answers_belong_to_the_device_that_is_inspected(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    visit = made.visit(march, device)
    made.reading(visit, "power", "fail", "abnormal")
    made.send(contract, engineer, visit)
    room = db.session.get_one(Room, device.room_id)
    elsewhere = made.visit(march, None, room=room, open_items=[{"number": 1, "answer": "solved"}])
    assert code_of(contract, engineer, elsewhere) == "open_item_elsewhere"
    twice = made.visit(march, device, open_items=[{"number": 1, "answer": "still"}] * 2)
    assert code_of(contract, engineer, twice) == "open_item_twice"


def test_the_same_uid_in_another_operation_is_kept_aside(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    visit = made.visit(march, device)
    answers = made.send(contract, engineer, visit, visit)
    assert [a.code for a in answers] == ["", "inspection_exists"]


def test_a_photo_belongs_to_one_inspection(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    photo = made.photo("image")
    first, second = (made.visit(march, device, photos=[photo]) for _ in range(2))
    answers = made.send(contract, engineer, first, second)
    assert [a.code for a in answers] == ["", "photo_id_taken"]
    third = made.visit(march, device, photos=[{**made.photo("image"), "sha256": photo["sha256"]}])
    assert code_of(contract, engineer, third) == ""


def test_old_checklist_versions_are_always_taken(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    made.checklist(contract, number=2)
    assert code_of(contract, engineer, made.visit(march, device, checklist=1)) == ""


def test_flags(contract: Contract, engineer: User, device: Device) -> None:
    january = made.opened(contract, "2026-01")
    visit = made.visit(january, device)
    made.reading(visit, "lamp_hours", 1500, "normal")
    made.send(contract, engineer, visit, now=made.at("2026-01"))
    february = made.opened(contract, "2026-02")
    visit = made.visit(february, device, scanned_code=None, bulk_ok=True)
    visit["readings"] = [r for r in visit["readings"] if r["item"] == "lamp_hours"]
    made.reading(visit, "lamp_hours", 100, "normal")
    made.record(contract, [made.submission(visit, engineer, clock_offset_seconds=-86400)])
    row = rows(Inspection)[-1]
    assert sorted(row.flags) == [
        "bulk_ok",
        "clock_off",
        "not_scanned",
        "photo_missing",
        "question",
        "required_unanswered",
        "spot_check_missing",
    ]
    assert row.verdict == "not_tested"
    assert rows(Reading, item="lamp_hours")[-1].question == "decreased_since_last_time"


@pytest.mark.parametrize(
    ("value", "replaced", "question"),
    [
        (3, [], ""),
        (1.5, [], "decreased_since_last_time"),
        (5, [], "rose_too_fast"),
        (0, ["battery_pack"], ""),
        (2, ["battery_pack"], "replaced_but_not_reset"),
    ],
)
def test_the_age_of_a_battery_is_questioned_and_nothing_is_refused(
    value: float,
    replaced: list[str],
    question: str,
    contract: Contract,
    engineer: User,
    device: Device,
) -> None:
    room = db.session.get_one(Room, device.room_id)
    ups = factories.device(room, "power", "UPS")
    january = made.opened(contract, "2026-01")
    visit = made.visit(january, ups)
    made.reading(visit, "battery_age", 2, "normal")
    made.send(contract, engineer, visit, now=made.at("2026-01"))
    february = made.opened(contract, "2026-02")
    used = [{"consumable": key} for key in replaced]
    visit = made.visit(february, ups, consumables=used)
    made.reading(visit, "battery_age", value, "normal")
    made.send(contract, engineer, visit, now=made.at("2026-02"))
    reading = rows(Reading, item="battery_age")[-1]
    assert (reading.value_number, reading.question) == (value, question)
    assert ("question" in rows(Inspection)[-1].flags) == bool(question)


@pytest.mark.parametrize("text", ["", "yesterday", "0001-01-01T00:00:00+14:00", "2026-03-03T01:00"])
def test_nothing_is_refused_for_a_phones_clock(
    text: str, contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    visit = made.visit(march, device, started_at=text, finished_at=text)
    assert code_of(contract, engineer, visit, clock_offset_seconds=10**12) == ""
    assert rows(DeviceRecord) == []


def test_the_day_of_work_is_the_phones_with_its_clock_set_right(
    contract: Contract, engineer: User, device: Device, march: Round
) -> None:
    # The phone is ten days ahead: it says the 14th, and the work was done on the 4th, synced on the 6th.
    visit = made.visit(
        march,
        device,
        finished_at="2026-03-14T02:00:00Z",
        consumables=[{"consumable": "lamp"}],
    )
    submission = made.submission(visit, engineer, clock_offset_seconds=10 * 86400)
    made.record(contract, [submission], now=made.at("2026-03", 6))
    assert str(only(ConsumableUse).used_on) == "2026-03-04"


def test_fifty_inspections_take_a_handful_of_statements(
    contract: Contract, engineer: User, count_queries: Callable[[], int]
) -> None:
    made.checklist(contract)
    room = factories.room(factories.building(contract))
    devices = [factories.device(room, name=str(n)) for n in range(50)]
    march = made.opened(contract)

    def batch() -> list[Any]:
        visits = [made.visit(march, device) for device in devices]
        for visit in visits:
            made.reading(visit, "power", random.choice(["pass", "fail"]), "normal")
        return [made.submission(visit, engineer) for visit in visits]

    made.record(contract, batch())
    submissions = batch()
    count_queries()
    answers = made.record(contract, submissions)
    assert {a.result for a in answers} == {"applied"}
    # begin, sequence, about ten reads, one write per table, and pages of open items.
    assert count_queries() <= 30


@pytest.mark.parametrize(
    ("unit", "value", "words"),
    [
        ("pcs", 3, "3 个"),
        ("months", 12, "12 个月"),
        ("V", 230.5, "230.5 V"),
        ("1", 0.62, "0.62"),
    ],
)
def test_a_figure_stands_on_the_record_sheet_with_its_chinese_unit(
    unit: str, value: float, words: str
) -> None:
    item: Item = {"key": "x", "zh": "某项", "en": "X", "kind": "number", "unit": unit}
    assert value_in_words(item, value) == words
