"""A backup holds everything, and a restore gives it back, byte for byte, in a new epoch."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import upgrade

from tests import factories
from webapp import create_app
from webapp.backup import BackupError, restore_backup, write_backup
from webapp.config import Settings
from webapp.db import Base, db, now_utc, unit_of_work
from webapp.identity.models import Contract, User
from webapp.rounds.models import Inspection, Photo, Round, RoundTask
from webapp.storage import object_store, photo_key
from webapp.sync.services import ensure_epoch

PHOTO = b"\xff\xd8\xff the bytes of a photo \x00\xff"
SHA = hashlib.sha256(PHOTO).hexdigest()


def _quiet(_text: str) -> None:
    pass


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
    """A backup of a contract with a device, an inspection and its photo."""
    device = factories.device(
        factories.room(factories.building(contract)), register={"laser": True}
    )
    with unit_of_work() as session:
        ensure_epoch(session)
    _inspected(contract, engineer, device)
    object_store().put(photo_key(contract.id, SHA), PHOTO)
    path = tmp_path / "roundbook.tar"
    write_backup(db.session(), object_store(), path, _quiet)
    return path


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


@pytest.fixture
def empty_server(tmp_path: Path, settings: Settings) -> Any:
    """Another server on SQLite with nothing in it; a backup of either database fits."""
    folder = tmp_path / "other"
    folder.mkdir()
    made = Settings(
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'other.sqlite3'}",
        object_store_url="",
        redis_url="",
        smtp_url="",
        base_url="http://localhost",
        secret_key="other",
        secure_cookies=False,
        run_jobs_in_process=False,
    )
    other = create_app(made)
    with other.app_context():
        upgrade(directory=str(Path(__file__).parents[2] / "migrations"))
        yield other
        db.session.remove()
        db.engine.dispose()


def test_a_restore_gives_back_every_row_and_every_byte(
    app: Flask, backup: Path, empty_server: Flask
) -> None:
    with app.app_context():
        before, old_epoch = _everything(), _epoch()
        db.session.rollback()
    with unit_of_work() as session:
        restore_backup(session, object_store(), backup, _quiet)
    assert _everything() == before
    assert _epoch() != old_epoch
    contract_id = db.session.scalar(sa.select(Contract.id))
    assert contract_id is not None
    assert object_store().get(photo_key(contract_id, SHA)) == PHOTO


def test_work_goes_on_after_a_restore(backup: Path, empty_server: Flask) -> None:
    with unit_of_work() as session:
        restore_backup(session, object_store(), backup, _quiet)
    factories.user("a-newcomer")


def test_a_server_in_use_is_not_overwritten(app: Flask, backup: Path) -> None:
    before = _everything()
    with pytest.raises(BackupError, match="not empty"), unit_of_work() as session:
        restore_backup(session, object_store(), backup, _quiet)
    assert _everything() == before


def test_a_cut_or_foreign_file_restores_nothing(backup: Path, empty_server: Flask) -> None:
    cut = backup.with_name("cut.tar")
    cut.write_bytes(backup.read_bytes()[: backup.stat().st_size // 3])
    foreign = backup.with_name("foreign.tar")
    with tarfile.open(foreign, "w"):
        pass
    for path in (cut, foreign):
        with pytest.raises((BackupError, tarfile.TarError)), unit_of_work() as session:
            restore_backup(session, object_store(), path, _quiet)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(User)) == 0


def test_a_photo_missing_from_the_file_is_noticed(backup: Path, empty_server: Flask) -> None:
    poorer = backup.with_name("poorer.tar")
    with tarfile.open(backup) as whole, tarfile.open(poorer, "w") as archive:
        for member in whole:
            if not member.name.startswith("objects/"):
                archive.addfile(member, whole.extractfile(member))
    with pytest.raises(BackupError, match="missing"), unit_of_work() as session:
        restore_backup(session, object_store(), poorer, _quiet)
