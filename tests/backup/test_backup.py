"""A backup holds everything, and a restore gives it back, byte for byte, in a new epoch."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests import factories
from tests.backup.hand import put_back, taken
from tests.conftest import empty_tables
from webapp.backup import BackupError
from webapp.db import Base, db, now_utc, unit_of_work
from webapp.estate.models import Device
from webapp.identity.models import Contract, Passkey, User
from webapp.rounds.models import Inspection, Photo, Round, RoundTask
from webapp.storage import object_store, photo_key
from webapp.sync.services import ensure_epoch

PHOTO = b"\xff\xd8\xff the bytes of a photo \x00\xff"
SHA = hashlib.sha256(PHOTO).hexdigest()


def _everything() -> dict[str, list[Any]]:
    return {
        table.name: sorted(map(repr, db.session.execute(sa.select(table)).all()))
        for table in Base.metadata.sorted_tables
        if table.name != "server_state"
    }


def _epoch() -> str:
    state = Base.metadata.tables["server_state"]
    of_epoch = sa.select(state.c.value).where(state.c.key == "epoch")
    return str(db.session.execute(of_epoch).scalar_one())


@pytest.fixture
def backup(app: Flask, contract: Contract, engineer: User, tmp_path: Path) -> Path:
    """A backup of a contract with a device, an inspection and its photo, and of a passkey's bytes.

    The device stands in the place of one with a higher number: no order of rows is a file's promise.
    """
    room = factories.room(factories.building(contract))
    device = factories.device(room, register={"laser": True})
    other = factories.device(room)
    with unit_of_work() as session:
        session.get_one(Device, device.id).replaces_id = other.id
    with unit_of_work() as session:
        ensure_epoch(session)
        session.add(_passkey(engineer))
    _inspected(contract, engineer, device)
    object_store().put(photo_key(contract.id, SHA), PHOTO)
    path = tmp_path / "roundbook.tar"
    assert not taken(path).lacking
    return path


def _passkey(user: User) -> Passkey:
    return Passkey(
        user_id=user.id,
        credential_id=b"\x00\xff of a key",
        public_key=b"\xa5\x01\x02",
        sign_count=1,
        name="a key",
        created_at=now_utc(),
    )


def _inspected(contract: Contract, engineer: User, device: Any) -> None:
    from datetime import date

    from webapp.checklists.services import ensure_default

    now = now_utc()
    with unit_of_work() as session:
        checklist = ensure_default(session, contract.id, now=now)
        opened = Round(
            contract_id=contract.id,
            month="2026-11",
            due_on=date(2026, 11, 10),
            checklist_id=checklist.id,
            opened_at=now,
        )
        session.add(opened)
        session.flush()
        task = RoundTask(
            contract_id=contract.id, round_id=opened.id, room_id=device.room_id, device_id=device.id
        )
        session.add(task)
        session.flush()
        inspection = Inspection(
            contract_id=contract.id,
            uid="01890000-0000-7000-8000-000000000001",
            round_id=opened.id,
            task_id=task.id,
            room_id=device.room_id,
            device_id=device.id,
            author_id=engineer.id,
            checklist_number=1,
            verdict="normal",
            received_at=now,
        )
        session.add(inspection)
        session.flush()
        session.add(
            Photo(
                contract_id=contract.id,
                uid="01890000-0000-7000-8000-000000000002",
                inspection_id=inspection.id,
                sha256=SHA,
                bytes=len(PHOTO),
                received_at=now,
            )
        )


def test_a_restore_gives_back_every_row_and_every_byte(
    app: Flask, backup: Path, inside_other_server: Flask
) -> None:
    with app.app_context():
        before, old_epoch = _everything(), _epoch()
        db.session.rollback()
    put_back(backup)
    assert _everything() == before
    assert _epoch() != old_epoch
    contract_id = db.session.scalar(sa.select(Contract.id))
    assert contract_id is not None
    assert object_store().get(photo_key(contract_id, SHA)) == PHOTO


def test_work_goes_on_after_a_restore(backup: Path, inside_other_server: Flask) -> None:
    put_back(backup)
    factories.user("a-newcomer")


def test_a_server_in_use_is_not_overwritten(app: Flask, backup: Path) -> None:
    before = _everything()
    with pytest.raises(BackupError, match="not empty"):
        put_back(backup)
    assert _everything() == before


def test_a_server_that_lost_everything_gets_it_back_in_its_own_database_and_store(
    app: Flask, backup: Path
) -> None:
    before, store = _everything(), object_store()
    for key, _ in store.keys("photos/"):
        store.delete(key)
    empty_tables()
    assert put_back(backup).lost == []
    assert _everything() == before
    contract_id = db.session.scalars(sa.select(Contract.id)).one()
    assert store.get(photo_key(contract_id, SHA)) == PHOTO


def test_a_database_without_tables_is_given_them_first(
    app: Flask, backup: Path, bare_server: Flask
) -> None:
    before = _everything()
    db.session.rollback()
    with bare_server.app_context():
        put_back(backup)
        assert _everything() == before


# What ends with a key or a hash and names nothing in the store. A new column belongs here, or into
# webapp/stored.py, because what is not named there is in no backup.
NO_OBJECT = {
    "api_token.token_hash",
    "checklist_version.content_hash",
    "job.unique_key",
    "kept_photo.hash",
    "mail.unique_key",
    "notification.unique_key",
    "operation.hash",
    "passkey.public_key",
    "photo.perceptual_hash",
    "quarantined.hash",
    "quote.content_sha256",
    "server_state.key",
    "service_case.token_hash",
    "service_log_archive.sha256",
    "sign_off.content_sha256",
    "user.password_hash",
    "user_session.token_hash",
}
AN_OBJECT = {
    "case_file.sha256",
    "document.object_key",
    "document.sha256",
    "incoming_mail.raw_key",
    "kept_photo.sha256",
    "manual_version.sha256",
    "photo.sha256",
    "report.data_key",
    "report.data_sha256",
}


def test_of_every_column_that_could_name_an_object_it_is_known_whether_it_does() -> None:
    ends = ("key", "sha256", "hash", "object")
    columns = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.name.endswith(ends)
    }
    assert columns == NO_OBJECT | AN_OBJECT
