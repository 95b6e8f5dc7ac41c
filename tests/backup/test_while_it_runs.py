"""A backup is taken while phones send, and after an older one is restored they give back the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.backup.hand import SECRETS, put_back, taken
from tests.rounds import made
from tests.sync.phone import Operation, Phone, inspection, picture, slot
from webapp.backup import BackupError, write_backup
from webapp.db import Base, db
from webapp.estate.models import Device
from webapp.identity.models import Contract, User
from webapp.rounds.models import Inspection, Photo, Round
from webapp.storage import object_store, photo_key
from webapp.sync.models import Operation as OperationRow


@pytest.fixture
def devices(contract: Contract) -> list[Device]:
    made.checklist(contract)
    room = factories.room(factories.building(contract))
    return [factories.device(room, name=f"device {number}") for number in range(40)]


@pytest.fixture
def march(contract: Contract, devices: list[Device]) -> Round:
    return made.opened(contract, "2026-03")


@pytest.fixture
def phone(signed_in: Callable[[User], FlaskClient], engineer: User) -> Phone:
    return Phone(signed_in(engineer))


class Sent:
    """An inspection with a photo, as a phone holds it."""

    def __init__(self, march: Round, device: Device, number: int) -> None:
        self.data = picture(number)
        self.line = slot(self.data, "image")
        self.operation: Operation = inspection(made.visit(march, device, photos=[self.line]))

    @property
    def held(self) -> tuple[dict[str, str], dict[str, str]]:
        """What the phone says that it holds: the photo, and the operation."""
        photo = {"id": self.line["id"], "sha256": self.line["sha256"]}
        return photo, {"id": self.operation["id"], "hash": self.operation["hash"]}

    def push(self, phone: Phone) -> str:
        result: str = phone.push(self.operation)[0]["result"]
        return result

    def put(self, phone: Phone) -> str:
        answer = phone.put(self.line["id"], self.data)
        assert answer.status_code == 200, answer.get_json()
        result: str = answer.get_json()["result"]
        return result


def restored(other: Flask, path: Path) -> None:
    """Restore into the empty server."""
    with other.app_context():
        put_back(path)


def assert_whole(other: Flask) -> tuple[int, int]:
    """Everything that a row names is there, to the byte; gives the operations and the photos."""
    with other.app_context():
        assert db.session.execute(sa.text("PRAGMA foreign_key_check")).all() == []
        received = db.session.scalars(sa.select(Photo).where(Photo.received_at.is_not(None))).all()
        for photo in received:
            data = object_store().get(photo_key(photo.contract_id, photo.sha256))
            assert len(data) == photo.bytes
        counts = [
            db.session.scalar(sa.select(sa.func.count()).select_from(model))
            for model in (OperationRow, Inspection, Photo)
        ]
        # One transaction made all three of each: none may be there without the others.
        assert len(set(counts)) == 1, counts
        return counts[0] or 0, len(received)


def test_a_backup_taken_while_phones_send_restores_whole(
    session_app: Flask,
    phone: Phone,
    march: Round,
    devices: list[Device],
    other_server: Flask,
    tmp_path: Path,
) -> None:
    work = [Sent(march, device, number) for number, device in enumerate(devices)]
    for sent in work[:5]:
        sent.push(phone)
        sent.put(phone)
    work[5].push(phone)
    waiting = iter(work[6:])

    def one_more(_text: str) -> None:
        """Between any two tables, and between the photos, another inspection and its photo come in."""
        with session_app.app_context():
            if (sent := next(waiting, None)) is not None:
                assert sent.push(phone) == "applied"
                assert sent.put(phone) == "stored"

    path = tmp_path / "roundbook.tar"
    write_backup(db.session(), object_store(), path, one_more, SECRETS)
    came = len(work) - len(list(waiting))
    assert came > 15
    restored(other_server, path)
    operations, photos = assert_whole(other_server)
    assert 6 <= operations < came
    assert photos == operations - 1


def test_after_an_older_backup_the_phone_gives_back_all_that_it_holds(
    phone: Phone,
    march: Round,
    devices: list[Device],
    engineer: User,
    other_server: Flask,
    tmp_path: Path,
) -> None:
    work = [Sent(march, device, number) for number, device in enumerate(devices[:4])]
    work[0].push(phone)
    work[0].put(phone)
    work[1].push(phone)
    path = tmp_path / "older.tar"
    taken(path)
    work[1].put(phone)
    for sent in work[2:]:
        sent.push(phone)
        sent.put(phone)
    before = phone.pull()

    restored(other_server, path)
    with other_server.app_context():
        again = Phone(signed_in_at(other_server, engineer))
        pulled = again.pull(before["head"], before["epoch"])
        assert pulled["epoch"] != before["epoch"]
        assert pulled["full"] is True

        photos, operations = zip(*(sent.held for sent in work), strict=True)
        asked = {"photos": list(photos), "operations": list(operations)}
        lacking = again.post("sync/missing", asked).get_json()
        assert lacking["missing_operations"] == [sent.operation["id"] for sent in work[2:]]
        assert lacking["missing_photos"] == [sent.line["id"] for sent in work[1:]]

        assert [sent.push(again) for sent in work] == ["duplicate"] * 2 + ["applied"] * 2
        assert [sent.put(again) for sent in work] == ["duplicate"] + ["stored"] * 3
        lacking = again.post("sync/missing", asked).get_json()
        assert (lacking["missing_operations"], lacking["missing_photos"]) == ([], [])
    assert assert_whole(other_server) == (4, 4)


def signed_in_at(other: Flask, user: User) -> FlaskClient:
    """A browser that has signed in at the restored server."""
    browser = other.test_client()
    body: dict[str, Any] = {"login": user.login, "password": factories.PASSWORD}
    assert browser.post("/api/session", json=body).status_code == 200
    return browser


def test_a_photo_that_rotted_in_the_backup_is_noticed_and_nothing_restored(
    phone: Phone, march: Round, devices: list[Device], other_server: Flask, tmp_path: Path
) -> None:
    sent = Sent(march, devices[0], 1)
    sent.push(phone)
    sent.put(phone)
    path = tmp_path / "roundbook.tar"
    taken(path)
    whole = bytearray(path.read_bytes())
    whole[whole.index(sent.data) + 50] ^= 0xFF
    path.write_bytes(whole)
    with pytest.raises(BackupError, match="damaged"):
        restored(other_server, path)
    with other_server.app_context():
        assert object_store().keys("") == []
        for table in Base.metadata.sorted_tables:
            if table.name != "server_state":
                count = sa.select(sa.func.count()).select_from(table)
                assert db.session.scalar(count) == 0, table.name
