"""Faults declared and cases handled on a phone without a network (clauses 38-42)."""

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
from tests.sync.phone import Operation, Phone, inspection, operation, picture, sha256
from webapp.cases.models import Case, CaseClock, CaseEvent
from webapp.cases.opening import called
from webapp.db import db, now_utc, unit_of_work
from webapp.estate.models import Building, Device, Label, Room
from webapp.estate.rules import new_code
from webapp.identity.models import Contract, User
from webapp.rounds.models import Inspection, OpenItem, Round
from webapp.sync.models import Quarantined

Payload = dict[str, Any]
SignIn = Callable[[User], FlaskClient]


def ago(**spans: float) -> datetime:
    return now_utc() - timedelta(**spans)


def fault(device: Device | None = None, at: datetime | None = None, **fields: Any) -> Payload:
    """What a phone sends of a fault that was declared on it."""
    body = {"uid": made.uid(), "title": "投影没有画面", "at": (at or now_utc()).isoformat()}
    return {**body, "device_id": device.id if device else None, **fields}


def step(case: Payload, key: str, at: datetime | None = None, **fields: Any) -> Payload:
    at = at or now_utc()
    body = {"uid": made.uid(), "case": case["uid"], "step": key, "at": at.isoformat()}
    return {**body, "fields": fields}


def opened(payload: Payload) -> Operation:
    return operation("case_open", payload)


def taken(payload: Payload) -> Operation:
    return operation("case_step", payload)


def stored(uid: str) -> Case:
    db.session.rollback()
    return db.session.scalars(sa.select(Case).where(Case.uid == uid)).one()


def lines(case: Case) -> list[CaseEvent]:
    statement = sa.select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.id)
    return list(db.session.scalars(statement))


def clock(case: Case, name: str) -> CaseClock:
    statement = sa.select(CaseClock).where(CaseClock.case_id == case.id, CaseClock.name == name)
    return db.session.scalars(statement).one()


def kept() -> list[tuple[str, str]]:
    db.session.rollback()
    rows = db.session.scalars(sa.select(Quarantined).order_by(Quarantined.id))
    return [(row.kind, row.code) for row in rows]


def label(device: Device, code: str) -> str:
    with unit_of_work() as session:
        session.add(
            Label(contract_id=device.contract_id, code=code, device_id=device.id, made_at=now_utc())
        )
    return code


def results(answers: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(one["result"], one.get("code", "")) for one in answers]


def test_a_day_without_a_network_is_taken_with_its_times(
    phone: Phone, engineer: User, devices: list[Device]
) -> None:
    code = label(devices[0], "D6GR34Z8")
    declared = fault(devices[0], ago(hours=5), severity=2)
    arrived, explained = ago(hours=4, minutes=30), ago(hours=2)
    answers = phone.push(
        opened(declared),
        taken(step(declared, "take_over", ago(hours=4, minutes=50))),
        taken(step(declared, "arrive", arrived, code=code)),
        taken(step(declared, "explain", explained, cause="灯泡烧毁", plan="换灯泡")),
        taken(step(declared, "solve", ago(hours=1), cause="灯泡烧毁", solution="换了灯泡")),
    )
    assert results(answers) == [("applied", "")] * 5
    case = stored(declared["uid"])
    assert (case.state, case.owner_id, case.source, case.severity) == (
        "solved",
        engineer.id,
        "phone",
        2,
    )
    response, report = clock(case, "response"), clock(case, "cause_report")
    assert (response.state, response.ended_at) == ("met", arrived)
    assert (report.started_at, report.ended_at) == (arrived, explained)
    story = lines(case)
    assert [line.step for line in story] == ["opened", "take_over", "arrive", "explain", "solve"]
    assert story[2].fields == {"code": code, "proof": "on_device"}
    assert all(line.received_at - line.at > timedelta(minutes=50) for line in story)


def test_a_label_proves_the_device_or_the_room_or_nothing(
    phone: Phone, devices: list[Device], room: Room
) -> None:
    elsewhere = factories.device(
        factories.room(db.session.get_one(Building, room.building_id), "他处")
    )
    told = {
        label(devices[0], "D6GR34Z8"): "on_device",
        label(devices[1], "22222222"): "in_room",
        label(elsewhere, new_code()): "elsewhere",
        "not a label": "unknown_label",
    }
    for code, proof in told.items():
        declared = fault(devices[0])
        phone.push(opened(declared), taken(step(declared, "arrive", code=code)))
        assert lines(stored(declared["uid"]))[-1].fields["proof"] == proof


def test_the_same_again_does_nothing_twice(phone: Phone, devices: list[Device]) -> None:
    declared = fault(devices[0])
    over = step(declared, "take_over")
    once = [opened(declared), taken(over)]
    assert [one["result"] for one in phone.push(*once)] == ["applied", "applied"]
    assert [one["result"] for one in phone.push(*once)] == ["duplicate", "duplicate"]
    # Under other operations' ids, as after a restored backup or from a rescue file.
    assert results(phone.push(opened(declared), taken(over))) == [("applied", "")] * 2
    assert len(lines(stored(declared["uid"]))) == 2


def test_a_phone_whose_clock_is_off_is_put_right(phone: Phone, devices: list[Device]) -> None:
    wrong = timedelta(days=400)
    declared = fault(devices[0], ago(hours=3) - wrong)
    phone.push(opened(declared), device_time=(now_utc() - wrong).isoformat())
    case = stored(declared["uid"])
    assert timedelta(hours=2, minutes=59) < now_utc() - case.opened_at < timedelta(hours=3.1)


@pytest.mark.parametrize("told", ["", "yesterday", "0001-01-01T00:00:00+14:00", "2199-01-01"])
def test_a_time_that_no_clock_tells_is_the_time_of_receipt(
    phone: Phone, devices: list[Device], told: str
) -> None:
    declared = fault(devices[0]) | {"at": told}
    assert phone.push(opened(declared))[0]["result"] == "applied"
    assert stored(declared["uid"]).opened_at == stored(declared["uid"]).received_at


def test_a_fault_of_an_inspection_has_its_open_item(
    phone: Phone, march: Round, devices: list[Device]
) -> None:
    visit = made.visit(march, devices[0])
    made.reading(visit, "lamp_hours", 2990, "abnormal", cause="老化", action="待更换")
    of_it = {"inspection": visit["uid"], "item": "lamp_hours"}
    declared = fault(devices[0], **of_it)
    answers = phone.push(opened(declared), inspection(visit))
    assert {one["result"] for one in answers} == {"applied"}
    case = stored(declared["uid"])
    item = db.session.scalars(sa.select(OpenItem)).one()
    assert (case.open_item_id, case.source, case.room_id) == (item.id, "round", item.room_id)
    # By its number, once the phone knows it; and without, where the inspection has not come.
    again = fault(None, open_item=item.number)
    early = fault(devices[1], inspection=made.uid(), item="lamp_hours")
    phone.push(opened(again), opened(early))
    assert stored(again["uid"]).device_id == devices[0].id
    assert stored(early["uid"]).open_item_id is None


def test_what_somebody_else_did_meanwhile_is_kept_for_a_supervisor(
    phone: Phone, contract: Contract, signed_in: SignIn, devices: list[Device]
) -> None:
    other = Phone(signed_in(factories.member(contract, "backup_engineer", login="o")))
    manager = signed_in(factories.member(contract, "project_manager", login="m"))
    declared = fault(devices[0])
    phone.push(opened(declared))
    assert results(phone.push(taken(step(declared, "take_over"))))[0][0] == "applied"
    late = taken(step(declared, "take_over", text="我在路上"))
    assert results(other.push(late)) == [("quarantined", "step_not_now")]
    assert results(other.push(late)) == [("duplicate", "step_not_now")]
    case = stored(declared["uid"])
    assert (case.state, len(lines(case))) == ("taken", 2)
    assert kept() == [("case_step", "step_not_now")]
    # As it came it still can't be applied; as a note it can, in the engineer's name.
    row = db.session.scalars(sa.select(Quarantined)).one()
    url = f"/api/contracts/HQ/quarantine/{row.id}/apply"
    assert manager.post(url, json={}).get_json()["code"] == "quarantine_refused"
    mended = json.loads(row.payload) | {"step": "note"}
    assert manager.post(url, json={"payload": json.dumps(mended)}).status_code == 200
    last = lines(stored(declared["uid"]))[-1]
    assert (last.step, last.text, last.author_name) == ("note", "我在路上", "o")


def test_one_that_is_refused_takes_nothing_else_along(phone: Phone, devices: list[Device]) -> None:
    declared, stray = fault(devices[0]), fault()
    answers = phone.push(
        taken(step(stray, "take_over")),
        opened(fault() | {"device_id": 999_999}),
        opened(declared),
        taken(step(declared, "explain", cause="没到现场")),
        taken(step(declared, "take_over")),
        taken(step(declared, "no_such_step")),
        taken(step(declared, "arrive", code="x" * 300)),
    )
    assert results(answers) == [
        ("quarantined", "case_unknown"),
        ("quarantined", "device_unknown"),
        ("applied", ""),
        ("quarantined", "step_not_now"),
        ("applied", ""),
        ("quarantined", "step_unknown"),
        ("quarantined", "invalid"),
    ]
    case = stored(declared["uid"])
    assert (case.number, case.state, len(lines(case))) == (1, "taken", 2)


@pytest.mark.parametrize(
    "fields",
    [{"owner_id": 1}, {"source": "desk"}, {"severity": 5}, {"title": ""}, {"uid": "1"}],
)
def test_nothing_rides_along_with_a_declared_fault(phone: Phone, fields: Payload) -> None:
    answers = phone.push(opened(fault() | fields))
    assert results(answers) == [("quarantined", "payload_invalid")]


def test_nobody_confirms_for_the_client_or_reaches_another_contract(
    phone: Phone, contract: Contract, signed_in: SignIn
) -> None:
    there = factories.contract("BB")
    theirs = Phone(signed_in(factories.member(there, "inspection_engineer", login="t")), "BB")
    declared = fault()
    theirs.push(opened(declared))
    assert results(phone.push(taken(step(declared, "take_over")))) == [
        ("quarantined", "case_unknown")
    ]
    assert phone.pull()["rows"].get("cases") is None
    client = signed_in(factories.member(contract, "client_it_lead", login="c"))
    sent = Phone(client).post("sync/push", phone.envelope(opened(fault())))
    assert sent.status_code == 403
    phone.push(opened(fault()))
    assert Phone(client).pull()["rows"].get("cases") is None


def test_a_pull_tells_of_the_cases_that_wait(phone: Phone, devices: list[Device]) -> None:
    declared = fault(devices[0], ago(hours=1), text="第二次了")
    phone.push(opened(declared))
    first = phone.pull()
    [row] = first["rows"]["cases"]
    case = stored(declared["uid"])
    assert (row["uid"], row["name"], row["state"]) == (declared["uid"], called(case), "declared")
    assert (row["device_id"], row["room_id"]) == (devices[0].id, devices[0].room_id)
    assert [one["name"] for one in row["clocks"]] == ["response"]
    assert [(one["step"], one.get("text")) for one in row["timeline"]] == [("opened", "第二次了")]
    # A note changes nothing of the case itself, and comes all the same.
    phone.push(taken(step(declared, "note", text="备件已到")))
    second = phone.pull(first["head"], first["epoch"])
    [row] = second["rows"]["cases"]
    assert row["timeline"][-1]["text"] == "备件已到"
    phone.push(
        taken(step(declared, "take_over")),
        taken(step(declared, "solve", cause="线松了", solution="插紧")),
        taken(step(declared, "close")),
    )
    # It is over, and is kept for the next inspection alone: see below.
    third = phone.pull(second["head"], second["epoch"])
    assert third["rows"]["cases"][0]["done_at"]


def test_what_is_over_is_told_until_somebody_has_inspected_the_device(
    phone: Phone, devices: list[Device], march: Round
) -> None:
    declared = fault(devices[0], ago(hours=3))
    phone.push(
        opened(declared),
        taken(step(declared, "take_over", ago(hours=2))),
        taken(step(declared, "solve", ago(hours=1), cause="线松了", solution="插紧")),
    )
    before = phone.pull()
    assert before["rows"]["cases"][0].get("done_at") is None
    phone.push(taken(step(declared, "close")))
    closed = phone.pull(before["head"], before["epoch"])
    for answer in (closed, phone.pull()):
        [row] = answer["rows"]["cases"]
        assert (row["uid"], row["state"]) == (declared["uid"], "closed")
        assert [one["step"] for one in row["timeline"]] == ["solve"]
        assert row["done_at"] == row["timeline"][0]["at"]
        assert "clocks" not in row
    # Another device's inspection says nothing of it; this one's is its verification.
    phone.push(inspection(made.visit(march, devices[1], finished_at=ago(minutes=2).isoformat())))
    other = phone.pull(closed["head"], closed["epoch"])
    assert "cases" not in other["rows"]
    assert "cases" not in other["gone"]
    phone.push(inspection(made.visit(march, devices[0], finished_at=ago(minutes=1).isoformat())))
    seen = phone.pull(other["head"], other["epoch"])
    assert seen["gone"]["cases"] == [declared["uid"]]
    assert phone.pull()["rows"].get("cases") is None
    # Where the inspection came first, there is nothing to tell of when it is closed.
    second = fault(devices[0], ago(minutes=30))
    phone.push(
        opened(second),
        taken(step(second, "take_over", ago(minutes=20))),
        taken(step(second, "solve", ago(minutes=10), cause="线松了", solution="插紧")),
    )
    live = phone.pull(seen["head"], seen["epoch"])
    phone.push(taken(step(second, "close")))
    assert phone.pull(live["head"], live["epoch"])["gone"]["cases"] == [second["uid"]]


def test_what_an_inspection_had_verified_waits_again_once_that_is_set_aside(
    phone: Phone,
    devices: list[Device],
    march: Round,
    contract: Contract,
    signed_in: SignIn,
) -> None:
    manager = signed_in(factories.member(contract, "project_manager", login="m"))
    # A colleague was there before the repair, without a network; the one after it is set aside.
    early = made.visit(march, devices[0], finished_at=ago(hours=4).isoformat())
    late = made.visit(march, devices[0], finished_at=ago(minutes=1).isoformat())
    declared = fault(devices[0], ago(hours=3))
    phone.push(
        opened(declared),
        taken(step(declared, "take_over", ago(hours=2))),
        taken(step(declared, "solve", ago(hours=1), cause="线松了", solution="插紧")),
        taken(step(declared, "close")),
        inspection(late),
        inspection(early),
    )
    closed = phone.pull()
    assert closed["rows"].get("cases") is None
    with unit_of_work() as session:
        ids = dict(session.execute(sa.select(Inspection.uid, Inspection.id)).all())
    url = "/api/contracts/HQ/inspections/{}/pick"
    assert manager.post(url.format(ids[early["uid"]])).status_code == 200
    again = phone.pull(closed["head"], closed["epoch"])
    assert [row["uid"] for row in again["rows"]["cases"]] == [declared["uid"]]
    assert again["rows"]["cases"][0]["done_at"]
    assert manager.post(url.format(ids[late["uid"]])).status_code == 200
    gone = phone.pull(again["head"], again["epoch"])
    assert gone["gone"]["cases"] == [declared["uid"]]


def test_what_has_waited_two_rounds_is_told_no_more(phone: Phone, devices: list[Device]) -> None:
    declared = fault(devices[0])
    phone.push(
        opened(declared),
        taken(step(declared, "take_over")),
        taken(step(declared, "solve", cause="线松了", solution="插紧")),
        taken(step(declared, "close")),
    )
    assert len(phone.pull()["rows"]["cases"]) == 1
    with unit_of_work() as session:
        session.execute(sa.update(Case).values(ended_at=ago(days=63)))
    assert phone.pull()["rows"].get("cases") is None


def test_a_pull_of_many_cases_asks_no_more(
    phone: Phone, devices: list[Device], count_queries: Callable[[], int]
) -> None:
    def cost() -> int:
        count_queries()
        phone.pull()
        return count_queries()

    phone.push(opened(fault(devices[0])))
    phone.pull()
    few = cost()
    phone.push(*(opened(fault(devices[0])) for _ in range(20)))
    assert cost() == few


def test_photos_come_after_what_they_belong_to_byte_for_byte(
    phone: Phone, devices: list[Device]
) -> None:
    data, other = picture(), picture(1)
    declared = fault(devices[0], photos=[case_slot(data)])
    over = step(declared, "take_over") | {"photos": [case_slot(other)]}
    early = phone.put(declared["photos"][0]["id"], data)
    assert (early.status_code, early.get_json()["code"]) == (409, "photo_not_expected")
    assert results(phone.push(opened(declared), taken(over))) == [("applied", "")] * 2
    held = {
        "photos": [
            {"id": one["id"], "sha256": one["sha256"]}
            for one in (*declared["photos"], *over["photos"])
        ]
    }
    missing = phone.post("sync/missing", held).get_json()["missing_photos"]
    assert missing == [one["id"] for one in held["photos"]]
    uid = declared["photos"][0]["id"]
    assert phone.put(uid, other).get_json()["code"] == "digest_mismatch"
    assert phone.put(uid, data).get_json()["result"] == "stored"
    assert phone.put(uid, data).get_json()["result"] == "duplicate"
    assert phone.post("sync/missing", held).get_json()["missing_photos"] == missing[1:]
    shown = phone.browser.get(f"/api/contracts/HQ/cases/F1/photos/{uid}/image")
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    waits = phone.browser.get(f"/api/contracts/HQ/cases/F1/photos/{missing[1]}/image")
    assert waits.get_json()["code"] == "photo_missing"
    [row] = phone.pull()["rows"]["cases"]
    assert [line["photos"] for line in row["timeline"]] == [[uid], [missing[1]]]


def test_a_photos_id_is_taken_once(phone: Phone, devices: list[Device]) -> None:
    declared = fault(devices[0], photos=[case_slot(picture())])
    phone.push(opened(declared))
    again = fault(devices[0], photos=declared["photos"])
    assert results(phone.push(opened(again))) == [("quarantined", "photo_id_taken")]
    assert phone.pull()["rows"]["cases"][0]["name"] == "F1"


def case_slot(data: bytes) -> Payload:
    return {"id": made.uid(), "sha256": sha256(data), "bytes": len(data)}
