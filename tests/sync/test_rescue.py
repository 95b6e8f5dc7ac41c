"""A rescue file goes the way of a sync: for who captured it, once, each record by itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.rounds import made
from tests.sync.phone import Phone, inspection, operation, picture, sha256, slot
from tests.sync.rescue_files import Rescue
from webapp.api import counts
from webapp.audit.models import AuditRow
from webapp.db import Base, db, now_utc, unit_of_work
from webapp.estate.models import Device
from webapp.identity.models import Membership, User
from webapp.rounds import recording
from webapp.rounds.models import Inspection, Photo, Round
from webapp.storage import object_store, photo_key
from webapp.sync import services
from webapp.sync.models import Phone as PhoneRow
from webapp.sync.models import Quarantined


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests load more files a minute than a supervisor may."""
    monkeypatch.setattr(counts, "_counts", {})


@pytest.fixture
def desk(signed_in: Callable[[User], FlaskClient], manager: User) -> Phone:
    return Phone(signed_in(manager))


@pytest.fixture
def rescue(engineer: User, march: Round, devices: list[Device]) -> Rescue:
    """Two inspections, one with two photos, and a scan: nothing of it was ever sent."""
    photos = [picture(1), picture(2)]
    slots = [slot(data, "image") for data in photos]
    sent = [
        inspection(made.visit(march, devices[0], photos=slots)),
        inspection(made.visit(march, devices[1])),
        operation("scan", {"uid": made.uid(), "code": "BCDF"}),
    ]
    by_id = {line["id"]: data for line, data in zip(slots, photos, strict=True)}
    return Rescue(engineer.id, sent, by_id)


def load(desk: Phone, file: bytes, *, dry_run: bool = False) -> dict[str, Any]:
    answer = desk.browser.post(
        desk.url("rescue"),
        query_string={"dry_run": dry_run},
        data=file,
        content_type="application/zip",
    )
    assert answer.status_code == 200, answer.get_json()
    report: dict[str, Any] = answer.get_json()
    return report


def results(report: dict[str, Any]) -> list[str]:
    return [record["result"] for record in report["records"]]


def everything() -> dict[str, list[str]]:
    db.session.rollback()
    rows = {
        table.name: sorted(map(repr, db.session.execute(sa.select(table)).all()))
        for table in Base.metadata.sorted_tables
    }
    db.session.rollback()
    return rows


def test_records_and_photos_come_in_for_who_captured_them(
    desk: Phone, rescue: Rescue, engineer: User, manager: User
) -> None:
    file = rescue.pack()
    report = load(desk, file)
    assert results(report) == ["applied"] * 3
    assert (report["loaded"], report["photos"], report["photo_problems"]) == (
        True,
        {"stored": 2},
        [],
    )
    assert report["author"]["name"] == engineer.name
    assert {row.author_id for row in db.session.scalars(sa.select(Inspection))} == {engineer.id}
    for uid, data in rescue.photos.items():
        row = db.session.scalars(sa.select(Photo).filter_by(uid=uid)).one()
        assert row.received_at is not None
        assert object_store().get(photo_key(row.contract_id, row.sha256)) == data
    trail = db.session.scalars(
        sa.select(AuditRow).filter_by(entity="rescue_file").order_by(AuditRow.id)
    ).all()
    assert {row.user_id for row in trail} == {manager.id}
    assert {row.diff["file_sha256"][1] for row in trail} == {sha256(file)}
    brought = {key for row in trail for key in row.diff["brought"][1]}
    assert brought == {one["id"] for one in rescue.operations} | set(rescue.photos)


def test_a_file_may_be_larger_than_any_other_body(
    desk: Phone, march: Round, devices: list[Device], engineer: User
) -> None:
    photos = [picture(number) + bytes(2_000_000) for number in range(8)]
    slots = [slot(data, "image") for data in photos]
    sent = [inspection(made.visit(march, devices[0], photos=slots))]
    by_id = {line["id"]: data for line, data in zip(slots, photos, strict=True)}
    file = Rescue(engineer.id, sent, by_id).pack()
    assert load(desk, file, dry_run=True)["photos"] == {"new": 8}
    assert load(desk, file)["photos"] == {"stored": 8}


def test_the_preview_tells_all_and_writes_nothing(
    desk: Phone, phone: Phone, rescue: Rescue, devices: list[Device]
) -> None:
    phone.push(rescue.operations[0])
    rescue.photos[made.uid()] = picture(3)
    draft = made.uid()
    rescue.photos[draft], rescue.states[draft] = picture(4), "draft"
    rescue.drafts = [{"task_id": 1}]
    before = everything()
    report = load(desk, rescue.pack(), dry_run=True)
    assert results(report) == ["duplicate", "new", "new"]
    assert report["photos"] == {"new": 2, "waiting": 1, "unfinished": 1}
    assert (report["loaded"], report["drafts"]) == (False, 1)
    assert report["author"]["state"] == "member"
    assert report["author"]["phone_known"] is True
    first = report["records"][0]
    assert (first["device_name"], first["photos"]) == (devices[0].name, 2)
    assert everything() == before


def test_a_second_load_changes_nothing(desk: Phone, rescue: Rescue) -> None:
    rescue.operations.append(operation("inspection", "{"))
    conflicting = {**operation("inspection", "{}"), "id": rescue.operations[0]["id"]}
    file = rescue.pack()
    load(desk, file)
    again = Rescue(rescue.user_id, [conflicting]).pack()
    assert results(load(desk, again)) == ["conflict"]
    before = everything()
    report = load(desk, file)
    assert results(report) == ["duplicate"] * 4
    assert report["photos"] == {"duplicate": 2}
    assert results(load(desk, again)) == ["conflict"]
    assert everything() == before


def test_the_phone_that_syncs_later_hears_duplicate(
    desk: Phone, phone: Phone, rescue: Rescue
) -> None:
    load(desk, rescue.pack())
    assert [row["result"] for row in phone.push(*rescue.operations)] == ["duplicate"] * 3
    for uid, data in rescue.photos.items():
        assert phone.put(uid, data).get_json()["result"] == "duplicate"
    assert db.session.query(Inspection).count() == 2


def test_what_the_phone_had_sent_is_a_duplicate_and_only_the_rest_is_taken(
    desk: Phone, phone: Phone, rescue: Rescue
) -> None:
    phone.push(*rescue.operations[:2])
    uid, data = next(iter(rescue.photos.items()))
    assert phone.put(uid, data).status_code == 200
    report = load(desk, rescue.pack())
    assert results(report) == ["duplicate", "duplicate", "applied"]
    assert report["photos"] == {"duplicate": 1, "stored": 1}


def test_a_bad_record_goes_into_quarantine_with_its_photos(
    desk: Phone, rescue: Rescue, march: Round, devices: list[Device], engineer: User
) -> None:
    data = picture(9)
    line = slot(data, "image")
    payload = made.visit(march, devices[2], photos=[line])
    payload["readings"][0]["item"] = "flux_capacitor"
    rescue.operations.insert(0, inspection(payload))
    rescue.photos[line["id"]] = data
    file = rescue.pack()
    report = load(desk, file)
    assert results(report) == ["quarantined", "applied", "applied", "applied"]
    assert report["records"][0]["code"] == "item_unknown"
    assert report["photos"] == {"stored": 3}
    row = db.session.scalars(sa.select(Quarantined)).one()
    assert row.user_id == engineer.id
    payload["readings"][0]["item"] = "power"
    mended = desk.post(f"quarantine/{row.id}/apply", {"payload": json.dumps(payload)})
    assert mended.status_code == 200, mended.get_json()
    assert load(desk, file)["photos"] == {"duplicate": 3}
    received = sa.select(sa.func.count(Photo.received_at)).where(Photo.uid == line["id"])
    assert db.session.scalar(received) == 1


def test_a_record_that_fails_for_no_known_reason_blocks_no_other(
    desk: Phone, rescue: Rescue, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = rescue.operations[1]["id"]
    real = recording.record_inspections

    def fails(session: Any, contract_id: int, submissions: Any, now: Any) -> Any:
        if any(one.operation_id == poison for one in submissions):
            raise LookupError("a fault of ours")
        return real(session, contract_id, submissions, now)

    monkeypatch.setattr(services, "record_inspections", fails)
    report = load(desk, rescue.pack())
    assert results(report) == ["applied", "quarantined", "applied"]
    assert report["records"][1]["code"] == "unexpected"


@pytest.mark.parametrize("lost", ["left", "disabled"])
def test_it_works_for_who_left_the_contract_or_was_disabled(
    desk: Phone, rescue: Rescue, engineer: User, lost: str
) -> None:
    with unit_of_work() as session:
        if lost == "disabled":
            session.get_one(User, engineer.id).disabled_at = now_utc()
        else:
            member = session.scalars(sa.select(Membership).filter_by(user_id=engineer.id)).one()
            member.left_at = now_utc()
    report = load(desk, rescue.pack())
    assert report["author"]["state"] == lost
    assert results(report) == ["applied"] * 3
    assert report["photos"] == {"stored": 2}
    assert {row.author_id for row in db.session.scalars(sa.select(Inspection))} == {engineer.id}


def test_the_phone_itself_was_not_heard_of(desk: Phone, phone: Phone, rescue: Rescue) -> None:
    phone.push(unsent={"records": 3, "photos": 2})
    before = db.session.scalars(sa.select(PhoneRow)).one()
    load(desk, rescue.pack())
    load(desk, Rescue(rescue.user_id, phone_id="another").pack())
    db.session.expire_all()
    [row] = db.session.scalars(sa.select(PhoneRow)).all()
    assert (row.unsent_records, row.last_seen_at) == (3, before.last_seen_at)


def test_an_amendment_before_its_original_goes_in_with_it(
    desk: Phone, march: Round, devices: list[Device], engineer: User
) -> None:
    first = made.visit(march, devices[0])
    second = made.amended(first, remark="the lamp was changed")
    file = Rescue(engineer.id, [inspection(second), inspection(first)]).pack()
    assert results(load(desk, file)) == ["applied", "applied"]
    assert db.session.scalars(sa.select(Inspection.revision)).all() == [2]


def test_only_who_manages_the_round_may_load_one(
    phone: Phone,
    it_lead: User,
    stranger: User,
    client: FlaskClient,
    signed_in: Callable[[User], FlaskClient],
    rescue: Rescue,
) -> None:
    file = rescue.pack()
    for browser, status in (
        (client, 401),
        (phone.browser, 403),
        (signed_in(it_lead), 403),
        (signed_in(stranger), 404),
    ):
        answer = browser.post(phone.url("rescue"), data=file, content_type="application/zip")
        assert answer.status_code == status
    assert db.session.query(Inspection).count() == 0


def test_the_command_does_the_same(app: Flask, rescue: Rescue, tmp_path: Path) -> None:
    path = tmp_path / "rescue.zip"
    path.write_bytes(rescue.pack())
    run = app.test_cli_runner().invoke
    arguments = ["sync", "rescue", str(path), "--contract", "HQ"]
    assert "3 new" in run(args=[*arguments, "--dry-run"]).output
    assert db.session.query(Inspection).count() == 0
    db.session.rollback()
    done = run(args=arguments)
    assert done.exit_code == 0, done.output
    assert "records: 3 applied" in done.output
    assert "photos: 2 stored" in done.output
    assert "3 duplicate" in run(args=arguments).output
    trail = db.session.scalars(
        sa.select(AuditRow).filter_by(entity="rescue_file").order_by(AuditRow.id)
    ).all()
    assert all(row.diff["loaded_by"][1].startswith("command line") for row in trail)
    elsewhere = run(args=["sync", "rescue", str(path), "--contract", "NOWHERE"])
    assert elsewhere.exit_code == 1
    path.write_bytes(b"no archive")
    assert "no whole rescue file" in run(args=arguments).output
