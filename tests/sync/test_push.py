"""Push: once each, one answer each, nothing lost; the faults of sync.md that the API can be shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.rounds import made
from tests.sync.phone import Phone, inspection, operation
from webapp.db import db, now_utc, unit_of_work
from webapp.estate.models import Device
from webapp.identity.models import Contract, Membership, User
from webapp.rounds.models import Inspection, InspectionRevision, Reading, Round
from webapp.rounds.recording import record_inspections
from webapp.sync import services
from webapp.sync.models import Operation, Quarantined, Scan
from webapp.sync.models import Phone as PhoneRow


def rows(model: type[Any], **where: Any) -> list[Any]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(sa.select(model).filter_by(**where)))


def test_an_inspection_is_applied_with_its_readings(
    phone: Phone, march: Round, devices: list[Device], engineer: User
) -> None:
    payload = made.visit(march, devices[0])
    [result] = phone.push(inspection(payload))
    assert result["result"] == "applied"
    [row] = rows(Inspection)
    assert (row.uid, row.author_id, row.verdict) == (payload["uid"], engineer.id, "normal")
    assert len(rows(Reading)) == len(payload["readings"])


def test_the_same_operation_again_gets_the_stored_answer(
    phone: Phone, march: Round, devices: list[Device]
) -> None:
    sent = inspection(made.visit(march, devices[0]))
    phone.push(sent)
    [again] = phone.push(sent)
    assert (again["result"], again["detail"]) == ("duplicate", {"result": "applied"})
    assert len(rows(Inspection)) == len(rows(InspectionRevision)) == 1


def test_the_same_operation_twice_in_one_push_is_applied_once(
    phone: Phone, march: Round, devices: list[Device]
) -> None:
    sent = inspection(made.visit(march, devices[0]))
    assert [row["result"] for row in phone.push(sent, sent)] == ["applied", "duplicate"]


def test_an_operation_id_with_another_payload_is_a_conflict_and_both_are_kept(
    phone: Phone, march: Round, devices: list[Device]
) -> None:
    first = inspection(made.visit(march, devices[0]))
    other = inspection(made.visit(march, devices[1]), id=first["id"])
    phone.push(first)
    for _ in range(2):
        [result] = phone.push(other)
        assert (result["result"], result["code"]) == ("conflict", "operation_conflict")
    [kept] = rows(Quarantined)
    assert kept.payload == other["payload"]
    assert len(rows(Inspection)) == 1
    assert phone.push(first)[0]["result"] == "duplicate"


def test_a_conflict_within_one_push_is_kept_too(
    phone: Phone, march: Round, devices: list[Device]
) -> None:
    first = inspection(made.visit(march, devices[0]))
    other = inspection(made.visit(march, devices[1]), id=first["id"])
    results = [row["result"] for row in phone.push(first, other)]
    assert results == ["applied", "conflict"]
    assert [row.payload for row in rows(Quarantined)] == [other["payload"]]


def test_damaged_bytes_are_asked_for_again_and_nothing_is_kept(
    phone: Phone, march: Round, devices: list[Device]
) -> None:
    sent = inspection(made.visit(march, devices[0]))
    damaged = {**sent, "payload": sent["payload"].replace("normal", "abnormal", 1)}
    [result] = phone.push(damaged)
    assert (result["result"], result["code"]) == ("retry", "hash_mismatch")
    assert not rows(Operation)
    assert not rows(Quarantined)
    assert phone.push(sent)[0]["result"] == "applied"


@pytest.mark.parametrize(
    ("kind", "payload", "code"),
    [
        ("inspection", "{", "payload_invalid"),
        ("inspection", "[]", "payload_invalid"),
        ("inspection", '{"uid": 1}', "payload_invalid"),
        ("amendment", '{"uid": 1}', "payload_invalid"),
        ("scan", '{"uid": 1}', "payload_invalid"),
        ("teleport", "{}", "kind_unknown"),
    ],
)
def test_what_is_invalid_is_quarantined_word_for_word_and_blocks_nothing(
    phone: Phone, march: Round, devices: list[Device], kind: str, payload: str, code: str
) -> None:
    bad = operation(kind, payload)
    good = inspection(made.visit(march, devices[0]))
    results = phone.push(bad, good)
    assert [row["result"] for row in results] == ["quarantined", "applied"]
    assert results[0]["code"] == code
    [kept] = rows(Quarantined)
    assert (kept.payload, kept.state, kept.code) == (payload, "open", code)
    [again] = phone.push(bad)
    assert (again["result"], again["code"]) == ("duplicate", code)
    assert again["detail"] == {"result": "quarantined"}


def test_a_version_from_the_future_is_quarantined(phone: Phone, march: Round) -> None:
    [result] = phone.push(operation("inspection", "{}", version=2))
    assert (result["result"], result["code"]) == ("quarantined", "version_unknown")


def test_the_complaint_names_the_path(phone: Phone, march: Round, devices: list[Device]) -> None:
    payload = made.visit(march, devices[0])
    payload["readings"][1]["verdict"] = "splendid"
    [result] = phone.push(inspection(payload))
    assert result["detail"]["path"] == "$.readings[1].verdict"


def test_a_misshapen_operation_spoils_no_other(
    phone: Phone, march: Round, devices: list[Device]
) -> None:
    bad = {**operation("inspection", "{}"), "author": "somebody", "version": "one"}
    good = inspection(made.visit(march, devices[0]))
    results = phone.push(bad, good)
    assert [row["result"] for row in results] == ["quarantined", "applied"]
    assert results[0]["code"] == "operation_invalid"
    assert rows(Quarantined)[0].payload == "{}"


def test_an_envelope_that_cannot_be_read_names_the_path(phone: Phone) -> None:
    answer = phone.post("sync/push", {"envelope": 1, "phone_id": 5, "operations": []})
    assert answer.status_code == 422
    assert answer.get_json()["fields"] == {"$.phone_id": ["invalid"]}
    assert phone.post("sync/push", b"{").status_code == 422
    answer = phone.post("sync/push", {"envelope": 2, "phone_id": "p", "operations": []})
    assert answer.get_json()["code"] == "envelope_unknown"
    answer = phone.post("sync/push", phone.envelope({"id": "no", "hash": "no"}))
    assert answer.status_code == 422


def test_too_much_at_once_is_413_so_that_the_phone_halves_the_batch(phone: Phone) -> None:
    many = [operation("scan", "{}") for _ in range(201)]
    answer = phone.post("sync/push", phone.envelope(*many))
    assert (answer.status_code, answer.get_json()["code"]) == (413, "too_many_operations")
    answer = phone.post("sync/push", b" " * (4 * 1024 * 1024 + 1))
    assert (answer.status_code, answer.get_json()["code"]) == (413, "too_large")


def test_an_amendment_before_its_original_is_held_and_goes_in_with_it(
    phone: Phone, march: Round, devices: list[Device]
) -> None:
    original = made.visit(march, devices[0])
    second = inspection(made.amended(original, 2, remark="third word"))
    first = inspection(made.amended(original, 1, remark="second word"))
    for held in phone.push(second, first):
        assert (held["result"], held["code"]) == ("quarantined", "amendment_held")
    assert {row.state for row in rows(Quarantined)} == {"held"}
    assert phone.send(original) == ["applied"]
    [row] = rows(Inspection)
    assert (row.revision, row.remark) == (3, "third word")
    assert {row.state for row in rows(Quarantined)} == {"applied"}
    assert phone.push(first)[0]["detail"] == {"result": "applied"}


def test_within_one_push_the_order_does_not_matter(
    phone: Phone, march: Round, devices: list[Device]
) -> None:
    original = made.visit(march, devices[0])
    amendment = made.amended(original, remark="later")
    assert phone.send(amendment, original) == ["applied", "applied"]
    assert rows(Inspection)[0].revision == 2
    assert not rows(Quarantined)


def test_ten_chains_in_one_push_all_go_in(
    phone: Phone, march: Round, devices: list[Device]
) -> None:
    payloads = [made.visit(march, devices[n % 3]) for n in range(10)]
    amendments = [made.amended(payload, remark="later") for payload in payloads]
    assert set(phone.send(*amendments, *payloads)) == {"applied"}
    assert {row.revision for row in rows(Inspection)} == {2}


def test_a_poison_record_is_kept_apart_and_the_rest_is_applied(
    phone: Phone, march: Round, devices: list[Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(session: Any, contract_id: int, submissions: Any, now: Any) -> Any:
        answers = record_inspections(session, contract_id, submissions, now)
        if any(row.payload.remark == "poison" for row in submissions):
            raise ZeroDivisionError
        return answers

    monkeypatch.setattr(services, "record_inspections", fails)
    poison = inspection(made.visit(march, devices[0], remark="poison"))
    others = [inspection(made.visit(march, device)) for device in devices[1:]]
    results = phone.push(others[0], poison, others[1])
    assert [row["result"] for row in results] == ["applied", "quarantined", "applied"]
    assert results[1]["code"] == "unexpected"
    [kept] = rows(Quarantined)
    assert (kept.payload, kept.state) == (poison["payload"], "open")
    assert len(rows(Inspection)) == 2
    assert phone.push(poison)[0]["result"] == "duplicate"


def test_a_locked_database_is_503_with_retry_after_and_nothing_is_answered(
    phone: Phone, march: Round, devices: list[Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    def locked(*_: Any) -> Any:
        raise sa.exc.OperationalError("INSERT", {}, sqlite3.OperationalError("database is locked"))

    monkeypatch.setattr(services, "record_inspections", locked)
    answer = phone.post("sync/push", phone.envelope(inspection(made.visit(march, devices[0]))))
    assert (answer.status_code, answer.get_json()["code"]) == (503, "busy")
    assert answer.headers["Retry-After"]
    assert not rows(Operation)


@pytest.mark.attack(17)
def test_the_author_is_the_sessions_and_the_clock_is_information(
    phone: Phone, march: Round, devices: list[Device], engineer: User
) -> None:
    for device, device_time in zip(
        devices, ("1999-01-01T00:00:00Z", "not a time", "2036-01-01T00:00:00+08:00"), strict=True
    ):
        sent = inspection(made.visit(march, device, finished_at=device_time))
        [result] = phone.push(sent, device_time=device_time)
        assert result["result"] == "applied"
    found = {row.device_id: row for row in rows(Inspection)}
    assert {row.author_id for row in found.values()} == {engineer.id}
    assert all(abs((now_utc() - row.received_at).total_seconds()) < 60 for row in found.values())
    offsets = [found[device.id].clock_offset_seconds for device in devices]
    assert offsets[0] < -(10**8) < offsets[1] == 0 < 10**8 < offsets[2]


def test_the_phone_is_noted_with_what_it_still_holds(
    phone: Phone, contract: Contract, engineer: User
) -> None:
    phone.push(unsent={"records": 3, "photos": 41})
    phone.push(unsent={"records": 2, "photos": 0})
    [row] = rows(PhoneRow)
    assert (row.user_id, row.unsent_records, row.unsent_photos) == (engineer.id, 2, 0)


@pytest.mark.attack(11)
def test_scans_are_kept_and_a_foreign_device_is_not_named(
    phone: Phone, march: Round, devices: list[Device], stranger: User
) -> None:
    elsewhere = db.session.scalars(sa.select(Contract).where(Contract.code == "OTHER")).one()
    foreign = factories.device(factories.room(factories.building(elsewhere)))
    uid = made.uid()
    first = operation("scan", {"uid": uid, "code": "BCDF", "device_id": devices[0].id, "at": "x"})
    same = operation("scan", {"uid": uid, "code": "BCDF"})
    other = operation("scan", {"uid": made.uid(), "code": "XYZ", "device_id": foreign.id})
    results = phone.push(first, same, other)
    assert {row["result"] for row in results} == {"applied"}
    assert {(row.code, row.device_id) for row in rows(Scan)} == {
        ("BCDF", devices[0].id),
        ("XYZ", None),
    }


def test_who_may_not_inspect_is_refused_as_a_whole(
    contract: Contract,
    march: Round,
    it_lead: User,
    stranger: User,
    client: FlaskClient,
    signed_in: Callable[[User], FlaskClient],
) -> None:
    assert Phone(client).post("sync/push", {}).status_code == 401
    assert Phone(signed_in(it_lead)).post("sync/push", {}).status_code == 403
    assert Phone(signed_in(stranger)).post("sync/push", {}).status_code == 404


@pytest.mark.attack(18)
def test_a_withdrawn_right_or_a_disabled_user_keeps_his_data_on_the_phone(
    phone: Phone, contract: Contract, march: Round, devices: list[Device], engineer: User
) -> None:
    sent = phone.envelope(inspection(made.visit(march, devices[0])))
    with unit_of_work() as session:
        member = session.scalars(sa.select(Membership).filter_by(user_id=engineer.id)).one()
        member.left_at = now_utc()
    assert phone.post("sync/push", sent).status_code == 404
    with unit_of_work() as session:
        session.get_one(User, engineer.id).disabled_at = now_utc()
    assert phone.post("sync/push", sent).status_code == 401
    assert not rows(Operation)


def test_operation_ids_are_each_contracts_own(
    phone: Phone,
    march: Round,
    devices: list[Device],
    stranger: User,
    signed_in: Callable[[User], FlaskClient],
) -> None:
    sent = inspection(made.visit(march, devices[0]))
    phone.push(sent)
    other = Phone(signed_in(stranger), contract="OTHER")
    [result] = other.push(sent)
    # Not "duplicate": whether the id is known elsewhere can't be learnt.
    assert (result["result"], result["code"]) == ("quarantined", "round_unknown")
    held = {"operations": [{"id": sent["id"], "hash": sent["hash"]}], "photos": []}
    fresh = made.uid()
    held["operations"].append({"id": fresh, "hash": sent["hash"]})
    assert phone.post("sync/missing", held).get_json()["missing_operations"] == [fresh]


def test_a_new_epoch_shows_in_every_answer_and_missing_tells_what_to_offer(
    app: Flask, phone: Phone, march: Round, devices: list[Device]
) -> None:
    sent = inspection(made.visit(march, devices[0]))
    before = phone.post("sync/push", phone.envelope(sent)).get_json()
    with unit_of_work() as session:
        epoch = services.new_epoch(session)
    after = phone.post("sync/push", phone.envelope()).get_json()
    assert before["epoch"] != after["epoch"] == epoch
    # The restored backup lacks what was pushed since: the phone learns it and sends it again.
    with unit_of_work() as session:
        session.execute(sa.delete(Operation))
    held = {"operations": [{"id": sent["id"], "hash": sent["hash"]}], "photos": []}
    answer = phone.post("sync/missing", held).get_json()
    assert (answer["missing_operations"], answer["epoch"]) == ([sent["id"]], epoch)
    # The effect is there, though its answer was lost with the restore: kept, not doubled.
    [result] = phone.push(sent)
    assert (result["result"], result["code"]) == ("quarantined", "inspection_exists")
    assert len(rows(Inspection)) == 1


def test_a_push_costs_the_same_statements_whatever_its_size(
    phone: Phone, march: Round, devices: list[Device], count_queries: Callable[[], int]
) -> None:
    phone.send(made.visit(march, devices[0]))
    count_queries()
    phone.send(*(made.visit(march, devices[n % 3]) for n in range(3)))
    few = count_queries()
    phone.send(*(made.visit(march, devices[n % 3]) for n in range(90)))
    assert count_queries() <= few


def test_a_nul_in_a_payload_is_quarantined(phone: Phone, march: Round) -> None:
    text = json.dumps({"remark": "a\0b"})
    [result] = phone.push(operation("inspection", text))
    assert (result["result"], result["detail"]["reason"]) == ("quarantined", "nul_character")
    [result] = phone.push(operation("inspection", "{\0}"))
    assert result["result"] == "quarantined"
