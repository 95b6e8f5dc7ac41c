"""One bad photo costs one photo: the rest is saved and restored, and phones send it again."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.backup.hand import SECRETS, flask, put_back, taken
from tests.backup.test_while_it_runs import Sent, signed_in_at
from tests.rounds import made
from tests.sync.phone import Phone
from webapp import jobs
from webapp.backup import BackupError, write_backup
from webapp.db import db, now_utc, unit_of_work
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
from webapp.making import make_document
from webapp.reports import documents
from webapp.reports.models import Document
from webapp.rounds.models import Photo
from webapp.storage import object_store, photo_key
from webapp.stored import named_keys

Spoil = Callable[[str], None]


def flip_a_byte(key: str) -> None:
    """What a rotting disk does."""
    data = bytearray(object_store().get(key))
    data[len(data) // 2] ^= 1
    object_store().put(key, bytes(data))


def delete(key: str) -> None:
    """What a hand that slips does."""
    object_store().delete(key)


@pytest.fixture
def devices(contract: Contract) -> list[Device]:
    made.checklist(contract)
    room = factories.room(factories.building(contract))
    return [factories.device(room, name=f"device {number}") for number in range(3)]


@pytest.fixture
def phone(signed_in: Callable[[User], FlaskClient], engineer: User) -> Phone:
    return Phone(signed_in(engineer))


@pytest.fixture
def work(contract: Contract, devices: list[Device], phone: Phone) -> list[Sent]:
    """Three inspections with a photo each, which a phone has sent and still holds."""
    march = made.opened(contract, "2026-03")
    sent = [Sent(march, device, number) for number, device in enumerate(devices)]
    for one in sent:
        one.push(phone)
        one.put(phone)
    return sent


def key_of(contract: Contract, sent: Sent) -> str:
    return photo_key(contract.id, sent.line["sha256"])


@pytest.mark.parametrize(("spoil", "why"), [(flip_a_byte, "damaged"), (delete, "missing")])
def test_the_backup_says_whose_photo_it_lacks_and_is_kept(
    app: Flask, contract: Contract, work: list[Sent], tmp_path: Path, spoil: Spoil, why: str
) -> None:
    key = key_of(contract, work[0])
    spoil(key)
    path = tmp_path / "roundbook.tar"
    code, said, complaint = flask(app, "backup", str(path))
    assert code == 1
    assert f"backup written: {path}" in said
    assert "keep it" in complaint
    assert "--accept-damaged" in complaint
    assert f"{key}: {why} (a photo: 2026-03, " in complaint
    assert "device 0" in complaint
    assert [file.name for file in tmp_path.glob("roundbook*")] == ["roundbook.tar"]
    with tarfile.open(path) as archive:
        names = archive.getnames()
    assert {f"objects/{key_of(contract, sent)}" for sent in work[1:]} <= set(names)
    # What is damaged is kept apart: most of the picture may still be seen.
    assert (f"damaged/{key}" in names) == (why == "damaged")


def test_a_photo_that_cannot_be_read_costs_no_other(
    contract: Contract, work: list[Sent], tmp_path: Path
) -> None:
    key = key_of(contract, work[0])
    delete(key)
    root = getattr(object_store(), "root", None)
    if root is None:
        pytest.skip("only a folder has files that can't be read")
    (root / key).mkdir()
    try:
        assert taken(tmp_path / "roundbook.tar").lacking == {key: "unreadable"}
    finally:
        (root / key).rmdir()


def test_a_backup_that_lacks_something_takes_no_earlier_ones_place(
    contract: Contract, work: list[Sent], tmp_path: Path
) -> None:
    path = tmp_path / "roundbook.tar"
    taken(path)
    whole = path.read_bytes()
    delete(key_of(contract, work[0]))
    for _ in range(2):
        assert taken(path).path == tmp_path / "roundbook.tar.lacking"
    assert path.read_bytes() == whole


@pytest.mark.parametrize("spoil", [flip_a_byte, delete])
def test_a_restore_that_accepts_it_expects_the_photo_again_and_the_phone_sends_it(
    contract: Contract,
    engineer: User,
    manager: User,
    work: list[Sent],
    other_server: Flask,
    tmp_path: Path,
    spoil: Spoil,
) -> None:
    key = key_of(contract, work[0])
    spoil(key)
    path = tmp_path / "roundbook.tar"
    taken(path)
    with other_server.app_context():
        with pytest.raises(BackupError, match=f"(?s){key}.*--accept-damaged"):
            put_back(path)
        assert object_store().keys("") == []
        assert put_back(path, accept_damaged=True).lost == [key]
        received = sa.select(Photo.sha256).where(Photo.received_at.is_not(None))
        assert sorted(db.session.scalars(received)) == sorted(
            sent.line["sha256"] for sent in work[1:]
        )
        assert {found for found, _ in object_store().keys("")} == named_keys(db.session())

        desk = signed_in_at(other_server, manager)
        [row] = desk.get("/api/contracts/HQ/missing-photos").get_json()["items"]
        assert (row["device_name"], row["declared"], row["lacking"]) == ("device 0", 1, 1)

        again = Phone(signed_in_at(other_server, engineer))
        photos, operations = zip(*(sent.held for sent in work), strict=True)
        asked = {"photos": list(photos), "operations": list(operations)}
        lacking = again.post("sync/missing", asked).get_json()
        assert lacking["missing_photos"] == [work[0].line["id"]]
        assert work[0].put(again) == "stored"
        assert object_store().get(key) == work[0].data
        assert not taken(tmp_path / "later.tar").lacking


def test_a_photo_that_the_store_itself_still_has_is_not_lost(
    contract: Contract, work: list[Sent], other_server: Flask, tmp_path: Path
) -> None:
    key = key_of(contract, work[0])
    flip_a_byte(key)
    path = tmp_path / "roundbook.tar"
    taken(path)
    with other_server.app_context():
        object_store().put(key, work[0].data)
        assert put_back(path).lost == []
        assert object_store().get(key) == work[0].data


def test_what_was_dropped_while_the_backup_was_taken_is_no_alarm(
    contract: Contract,
    work: list[Sent],
    session_app: Flask,
    other_server: Flask,
    tmp_path: Path,
) -> None:
    key = key_of(contract, work[0])

    def drop(table: str) -> None:
        if table == "user":
            with session_app.app_context():
                delete(key)
                db.session.execute(sa.delete(Photo).where(Photo.sha256 == work[0].line["sha256"]))
                db.session.commit()

    path = tmp_path / "roundbook.tar"
    assert not write_backup(db.session(), object_store(), path, drop, SECRETS).lacking
    with other_server.app_context():
        assert put_back(path).lost == [key]


def test_of_a_backup_that_was_broken_off_nothing_is_left(
    contract: Contract, work: list[Sent], tmp_path: Path
) -> None:
    def stop(table: str) -> None:
        if table == "user":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_backup(db.session(), object_store(), tmp_path / "roundbook.tar", stop, SECRETS)
    assert list(tmp_path.glob("roundbook*")) == []


def test_a_file_that_was_made_is_made_again(
    contract: Contract, devices: list[Device], engineer: User, other_server: Flask, tmp_path: Path
) -> None:
    wanted = documents.Wanted("device_record", "xlsx", "zh", device_id=devices[0].id)
    with unit_of_work() as session:
        row = documents.ask_for_document(session, contract.id, engineer.id, wanted, now_utc())
    make_document({"document_id": row.id})
    key = db.session.scalars(sa.select(Document.object_key)).one()
    flip_a_byte(key)
    path = tmp_path / "roundbook.tar"
    assert taken(path).words == [f"{key}: damaged (a file that was made)"]
    with other_server.app_context():
        put_back(path, accept_damaged=True)
        while jobs.work_once("a worker"):
            pass
        db.session.rollback()
        made_again = db.session.scalars(sa.select(Document)).one()
        assert made_again.state == "ready"
        assert documents.file_of(object_store(), made_again)
