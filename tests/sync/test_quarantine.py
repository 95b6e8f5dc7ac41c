"""The quarantine before a supervisor: seen, mended, applied for its author, dismissed, never lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests.cases import made as cases
from tests.rounds import made
from tests.sync.phone import Phone, inspection, operation, picture, slot
from webapp import background
from webapp.audit.models import AuditRow
from webapp.cases.models import CaseFile
from webapp.db import db, now_utc, unit_of_work
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
from webapp.rounds.models import Inspection, InspectionRevision, Photo, Round
from webapp.storage import object_store, photo_key
from webapp.sync.models import ServerState
from webapp.sync.photos import find_slot
from webapp.taking import take_photos


@pytest.fixture
def desk(signed_in: Callable[[User], FlaskClient], manager: User) -> Phone:
    return Phone(signed_in(manager))


def listed(desk: Phone, **query: str) -> list[dict[str, Any]]:
    answer = desk.browser.get(desk.url("quarantine"), query_string=query)
    assert answer.status_code == 200, answer.get_json()
    items: list[dict[str, Any]] = answer.get_json()["items"]
    return items


def test_a_mended_payload_is_applied_for_its_author(
    phone: Phone, desk: Phone, march: Round, devices: list[Device], engineer: User
) -> None:
    data = picture()
    line = slot(data, "image")
    payload = made.visit(march, devices[0], photos=[line])
    payload["readings"][0]["item"] = "flux_capacitor"
    sent = inspection(payload)
    [refused] = phone.push(sent)
    assert (refused["result"], refused["code"]) == ("quarantined", "item_unknown")
    [row] = listed(desk)
    assert (row["code"], row["state"], row["author"]) == ("item_unknown", "open", engineer.name)
    whole = desk.browser.get(desk.url(f"quarantine/{row['id']}")).get_json()
    assert whole["payload"] == sent["payload"]
    payload["readings"][0]["item"] = "power"
    answer = desk.post(f"quarantine/{row['id']}/apply", {"payload": json.dumps(payload)})
    assert answer.status_code == 200, answer.get_json()
    assert (answer.get_json()["state"], answer.get_json()["payload"]) == (
        "applied",
        sent["payload"],
    )
    [recorded] = db.session.scalars(sa.select(Inspection)).all()
    assert recorded.author_id == engineer.id
    [audit] = db.session.scalars(
        sa.select(AuditRow).filter_by(entity="quarantined").order_by(AuditRow.id)
    ).all()
    assert list(audit.diff) == ["readings"]
    # The phone hears of it, and its photo is expected now.
    assert phone.push(sent)[0]["detail"] == {"result": "applied"}
    assert phone.put(line["id"], data).get_json()["result"] == "stored"
    assert listed(desk) == []
    assert [row["state"] for row in listed(desk, state="applied")] == ["applied"]
    again = desk.post(f"quarantine/{row['id']}/apply", {})
    assert (again.status_code, again.get_json()["code"]) == (409, "quarantine_closed")


def test_what_still_cannot_be_recorded_says_why_and_stays(
    phone: Phone, desk: Phone, march: Round, devices: list[Device]
) -> None:
    phone.push(operation("inspection", "{"))
    [row] = listed(desk)
    path = f"quarantine/{row['id']}/apply"
    assert desk.post(path, {}).get_json()["code"] == "payload_invalid"
    assert desk.post(path, {"payload": "[]"}).get_json()["code"] == "payload_invalid"
    wrong = made.visit(march, devices[0], device_id=4711)
    answer = desk.post(path, {"payload": json.dumps(wrong)})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "quarantine_refused")
    assert answer.get_json()["details"]["reason"] == "device_unknown"
    assert [row["state"] for row in listed(desk)] == ["open"]


def test_a_conflict_can_be_applied_as_an_amendment(
    phone: Phone, desk: Phone, march: Round, devices: list[Device]
) -> None:
    first = made.visit(march, devices[0])
    sent = inspection(first)
    second = {**first, "remark": "the other one"}
    phone.push(sent)
    phone.push(inspection(second, id=sent["id"]))
    [row] = listed(desk)
    assert row["code"] == "operation_conflict"
    path = f"quarantine/{row['id']}/apply"
    assert desk.post(path, {}).get_json()["details"]["reason"] == "inspection_exists"
    answer = desk.post(path, {"payload": json.dumps({**second, "amends": 1})})
    assert answer.status_code == 200, answer.get_json()
    assert db.session.query(InspectionRevision).count() == 2
    # The first operation's own answer is still its own.
    assert phone.push(sent)[0]["detail"] == {"result": "applied"}


def test_a_held_amendment_can_be_made_a_record_of_its_own(
    phone: Phone, desk: Phone, march: Round, devices: list[Device]
) -> None:
    amendment = made.amended(made.visit(march, devices[0]))
    phone.send(amendment)
    [row] = listed(desk)
    assert (row["state"], row["code"]) == ("held", "amendment_held")
    del amendment["amends"]
    answer = desk.post(f"quarantine/{row['id']}/apply", {"payload": json.dumps(amendment)})
    assert answer.get_json()["state"] == "applied"


def test_a_dismissed_operation_is_kept_with_the_reason(phone: Phone, desk: Phone) -> None:
    sent = operation("inspection", "{")
    phone.push(sent)
    [row] = listed(desk)
    path = f"quarantine/{row['id']}/dismiss"
    assert desk.post(path, {}).status_code == 422
    assert desk.post(path, {"remark": " \n "}).status_code == 422
    assert len(listed(desk)) == 1
    answer = desk.post(path, {"remark": " 测试数据 "})
    assert (answer.get_json()["state"], answer.get_json()["remark"]) == ("dismissed", "测试数据")
    assert answer.get_json()["payload"] == "{"
    assert listed(desk) == []
    assert len(listed(desk, state="all")) == 1
    assert desk.post(path, {"remark": "x"}).status_code == 409
    # The phone asks what has become of it.
    again = phone.push(sent)[0]
    assert (again["result"], again["code"]) == ("duplicate", "dismissed")
    assert again["detail"] == {"result": "quarantined"}


def test_what_was_dismissed_can_be_applied_after_all_and_the_trail_says_both(
    phone: Phone, desk: Phone, march: Round, devices: list[Device], engineer: User
) -> None:
    data = picture(7)
    line = slot(data, "image")
    payload = made.visit(march, devices[0], photos=[line])
    payload["readings"][0]["item"] = "flux_capacitor"
    sent = inspection(payload)
    assert phone.push(sent)[0]["result"] == "quarantined"
    assert phone.put(line["id"], data).get_json()["result"] == "stored"
    [row] = listed(desk)
    path = f"quarantine/{row['id']}"
    assert desk.post(f"{path}/dismiss", {"remark": "看错了"}).status_code == 200
    assert desk.post(f"{path}/apply", {}).get_json()["details"]["reason"] == "item_unknown"
    assert [row["remark"] for row in listed(desk, state="dismissed")] == ["看错了"]
    payload["readings"][0]["item"] = "power"
    answer = desk.post(f"{path}/apply", {"payload": json.dumps(payload)})
    assert answer.status_code == 200, answer.get_json()
    assert (answer.get_json()["state"], answer.get_json()["remark"]) == ("applied", "")
    [recorded] = db.session.scalars(sa.select(Inspection)).all()
    assert recorded.author_id == engineer.id
    [photo] = db.session.scalars(sa.select(Photo))
    assert (photo.uid, photo.received_at is not None) == (line["id"], True)
    assert phone.push(sent)[0]["detail"] == {"result": "applied"}
    trail = sa.select(AuditRow).filter_by(entity="quarantined").order_by(AuditRow.id)
    dismissed, applied = db.session.scalars(trail).all()
    assert (dismissed.action, dismissed.diff) == ("dismiss", {"remark": ["", "看错了"]})
    assert (applied.action, applied.diff["dismissed"]) == ("apply", ["看错了", None])
    assert desk.post(f"{path}/dismiss", {"remark": "x"}).status_code == 409


@pytest.mark.parametrize("kind", ["case_open", "case_step", "self_check", "hours_log"])
def test_a_record_of_a_version_that_is_not_known_is_refused_as_that(
    phone: Phone, desk: Phone, kind: str
) -> None:
    sent = operation(kind, {"uid": made.uid(), "anything": "new"}, version=7)
    assert phone.push(sent)[0]["code"] == "version_unknown"
    [row] = listed(desk)
    answer = desk.post(f"quarantine/{row['id']}/apply", {})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "payload_invalid")
    assert answer.get_json()["details"]["reason"] == "version_unknown"
    assert [row["state"] for row in listed(desk)] == ["open"]


def test_a_step_of_a_version_that_is_not_known_is_mended_into_one_that_is(
    contract: Contract, manager: User, phone: Phone, desk: Phone
) -> None:
    fault = cases.opened(contract, cases.author(contract, manager, "project_manager"))
    step = {
        "uid": made.uid(),
        "case": fault.uid,
        "step": "take_over",
        "fields": {},
        "photos": [],
        "at": now_utc().isoformat(),
    }
    assert phone.push(operation("case_step", {**step, "mood": "fine"}, version=2))[0]["code"] == (
        "version_unknown"
    )
    [row] = listed(desk)
    answer = desk.post(f"quarantine/{row['id']}/apply", {"payload": json.dumps(step)})
    assert answer.status_code == 200, answer.get_json()
    assert answer.get_json()["state"] == "applied"


def test_only_reviewers_of_the_contract_see_it(
    phone: Phone,
    desk: Phone,
    stranger: User,
    it_lead: User,
    client: FlaskClient,
    signed_in: Callable[[User], FlaskClient],
) -> None:
    phone.push(operation("inspection", "{"))
    [row] = listed(desk)
    for method, path in (
        ("GET", "quarantine"),
        ("GET", f"quarantine/{row['id']}"),
        ("POST", f"quarantine/{row['id']}/apply"),
        ("POST", f"quarantine/{row['id']}/dismiss"),
    ):
        for browser, status in (
            (client, 401),
            (phone.browser, 403),
            (signed_in(it_lead), 403),
            (signed_in(stranger), 404),
        ):
            answer = browser.open(phone.url(path), method=method, json={"remark": "x"})
            if path.endswith("apply"):
                answer = browser.open(phone.url(path), method=method, json={})
            assert answer.status_code == status, (method, path)
    other = Phone(signed_in(stranger), contract="OTHER")
    assert other.browser.get(other.url(f"quarantine/{row['id']}")).status_code == 404
    assert other.post(f"quarantine/{row['id']}/apply", {}).status_code == 404
    assert other.post(f"quarantine/{row['id']}/dismiss", {"remark": "x"}).status_code == 404


def test_the_list_costs_the_same_statements_whatever_its_size(
    phone: Phone, desk: Phone, contract: Contract, count_queries: Callable[[], int]
) -> None:
    phone.push(operation("inspection", "{"))
    listed(desk)
    count_queries()
    listed(desk)
    one = count_queries()
    phone.push(*(operation("inspection", "{" * n) for n in range(2, 30)))
    count_queries()
    assert len(listed(desk)) == 29
    assert count_queries() == one


def kept(desk: Phone, row_id: int) -> list[tuple[str, bool]]:
    whole = desk.browser.get(desk.url(f"quarantine/{row_id}")).get_json()
    return [(one["uid"], one["received"]) for one in whole["photos"]]


def test_a_photo_of_what_waits_is_taken_shown_and_goes_over_with_its_record(
    phone: Phone, desk: Phone, march: Round, devices: list[Device]
) -> None:
    datas = [picture(1), picture(2)]
    lines = [slot(data, "image") for data in datas]
    payload = made.visit(march, devices[0], photos=lines)
    payload["readings"][0]["item"] = "flux_capacitor"
    assert phone.push(inspection(payload))[0]["result"] == "quarantined"
    assert phone.put(lines[0]["id"], datas[0]).get_json()["result"] == "stored"
    assert phone.put(lines[0]["id"], datas[0]).get_json()["result"] == "duplicate"
    [row] = listed(desk)
    assert kept(desk, row["id"]) == [(lines[0]["id"], True), (lines[1]["id"], False)]
    image = desk.url(f"quarantine/{row['id']}/photos/{lines[0]['id']}/image")
    assert desk.browser.get(image).data.startswith(b"\xff\xd8")
    absent = desk.url(f"quarantine/{row['id']}/photos/{lines[1]['id']}/image")
    assert desk.browser.get(absent).status_code == 404
    assert phone.browser.get(image).status_code == 403
    payload["readings"][0]["item"] = "power"
    assert (
        desk.post(f"quarantine/{row['id']}/apply", {"payload": json.dumps(payload)}).status_code
        == 200
    )
    came = sa.select(Photo.uid, Photo.received_at.is_not(None)).order_by(Photo.id)
    expected = [(lines[0]["id"], True), (lines[1]["id"], False)]
    assert [tuple(one) for one in db.session.execute(came)] == expected
    assert kept(desk, row["id"]) == []
    assert phone.put(lines[1]["id"], datas[1]).get_json()["result"] == "stored"
    assert listed(desk) == []


def test_a_photo_whose_record_is_applied_while_its_bytes_come_is_the_records(
    contract: Contract, phone: Phone, desk: Phone, march: Round, devices: list[Device]
) -> None:
    data = picture(6)
    line = slot(data, "image")
    payload = made.visit(march, devices[0], photos=[line])
    payload["readings"][0]["item"] = "flux_capacitor"
    assert phone.push(inspection(payload))[0]["result"] == "quarantined"
    found = find_slot(db.session(), contract.id, line["id"], line["sha256"])
    assert found.of == "quarantined"
    [row] = listed(desk)
    payload["readings"][0]["item"] = "power"
    applied = desk.post(f"quarantine/{row['id']}/apply", {"payload": json.dumps(payload)})
    assert applied.status_code == 200
    coming = [(found, BytesIO(data).read)]
    taken = take_photos(object_store(), contract.id, coming, 10**6, now_utc())
    assert taken.stored
    received = sa.select(Photo.received_at.is_not(None)).where(Photo.uid == line["id"])
    assert db.session.scalar(received)


def test_what_is_dismissed_keeps_its_photos_and_the_phone_has_nothing_left_to_send(
    contract: Contract, phone: Phone, desk: Phone, march: Round, devices: list[Device]
) -> None:
    data = picture(3)
    line = slot(data, "image")
    payload = made.visit(march, devices[0], photos=[line])
    payload["checklist"] = {"anything": "but a checklist"}
    sent = inspection(payload)
    assert phone.push(sent)[0]["code"] == "payload_invalid"
    [row] = listed(desk)
    assert desk.post(f"quarantine/{row['id']}/dismiss", {"remark": "double"}).status_code == 200
    assert phone.put(line["id"], data).get_json()["result"] == "stored"
    assert kept(desk, row["id"]) == [(line["id"], True)]
    held = {
        "photos": [{"id": line["id"], "sha256": line["sha256"]}],
        "operations": [{"id": sent["id"], "hash": sent["hash"]}],
    }
    lacking = phone.post("sync/missing", held).get_json()
    assert (lacking["missing_photos"], lacking["missing_operations"]) == ([], [])
    with unit_of_work() as session:
        session.execute(sa.delete(ServerState).where(ServerState.key == "orphans_swept_at"))
    background.sweep_orphaned_objects(now_utc() + timedelta(hours=25))
    assert object_store().get(photo_key(contract.id, line["sha256"])) == data


def test_the_photos_of_a_held_amendment_come_with_it_when_its_original_has_come(
    phone: Phone, march: Round, devices: list[Device]
) -> None:
    data = picture(4)
    line = slot(data, "image")
    first = made.visit(march, devices[0])
    later = made.amended(first, photos=[line])
    assert phone.push(inspection(later))[0]["code"] == "amendment_held"
    assert phone.put(line["id"], data).get_json()["result"] == "stored"
    assert phone.push(inspection(first))[0]["result"] == "applied"
    [photo] = db.session.scalars(sa.select(Photo))
    assert (photo.uid, photo.received_at is not None) == (line["id"], True)


def test_a_refused_step_of_a_case_has_its_photo_and_hands_it_over(
    contract: Contract, manager: User, phone: Phone, desk: Phone, engineer: User
) -> None:
    fault = cases.opened(contract, cases.author(contract, manager, "project_manager"))
    data = picture(5)
    line = {**slot(data), "width": 64, "height": 64}
    step = {
        "uid": made.uid(),
        "case": fault.uid,
        "step": "solve",
        "fields": {"solution": "换了线"},
        "photos": [{name: line[name] for name in ("id", "sha256", "bytes", "width", "height")}],
        "at": now_utc().isoformat(),
    }
    assert phone.push(operation("case_step", step))[0]["result"] == "quarantined"
    assert phone.put(line["id"], data).get_json()["result"] == "stored"
    [row] = listed(desk)
    assert kept(desk, row["id"]) == [(line["id"], True)]
    step["step"], step["fields"] = "take_over", {}
    assert (
        desk.post(f"quarantine/{row['id']}/apply", {"payload": json.dumps(step)}).status_code == 200
    )
    [photo] = db.session.scalars(sa.select(CaseFile))
    assert (photo.uid, photo.received_at is not None) == (line["id"], True)
