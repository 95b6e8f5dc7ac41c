"""The commands of the guide, as a person types them: on a new DATA_DIR, on a full disk, with other keys."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.backup.hand import taken
from tests.e2e.server import BIN, ROOT
from tests.faults import shim
from tests.faults.conftest import app_on
from tests.inbox.letters import STRANGER, a_mail
from tests.inbox.test_taking import take
from webapp.db import db
from webapp.identity.models import Contract, User
from webapp.storage import object_store

pytestmark = pytest.mark.slow
PLENTY_BYTES, FEW_BYTES = 500_000_000, 600_000
APART = "Keep DATA_DIR/secret_key and DATA_DIR/push_key"


@pytest.fixture
def backup(app: Flask, contract: Contract, engineer: User, tmp_path: Path) -> Path:
    """A backup of another server, whose keys are others, with a mail of a megabyte."""
    attachment = random.Random(1).randbytes(1_000_000)
    take(a_mail(sender=f"Someone <{STRANGER}>", pictures=(attachment,)))
    path = tmp_path / "roundbook.tar"
    taken(path)
    return path


def command(data_dir: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run it as its own program, with nothing but a DATA_DIR in its environment."""
    return subprocess.run(
        [str(BIN / "flask"), "--app", "webapp", *words],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(data_dir), **settings},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def sentences(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What it complained of, without the server's own log."""
    assert "Traceback" not in done.stderr, done.stderr
    return [line for line in done.stderr.splitlines() if line.startswith(("Error", "Warning"))]


def people_of(data_dir: Path) -> list[str]:
    with app_on(data_dir).app_context():
        logins = db.session.scalars(sa.select(User.login)).all()
        db.session.remove()
        db.engine.dispose()
    return list(logins)


def test_one_command_restores_into_a_new_data_dir(backup: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    done = command(new, "restore", str(backup))
    assert (done.returncode, people_of(new)) == (0, ["engineer"])
    assert done.stdout.splitlines()[-1].startswith(APART)


def test_other_keys_are_told_of_and_what_stops_working_until_they_are_put_back(
    backup: Path, tmp_path: Path
) -> None:
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    command(first, "restore", str(backup))
    path = tmp_path / "of-first.tar"
    done = command(first, "backup", str(path))
    assert (done.returncode, sentences(done)) == (0, [])
    assert done.stdout.splitlines()[-1].startswith(APART)
    for name in ("secret_key", "push_key"):
        kept = (first / name).read_bytes()
        assert kept.strip() not in path.read_bytes(), f"{name} is in the backup"

    done = command(second, "restore", str(path))
    assert done.returncode == 0
    secret, push = sentences(done)
    assert "secret_key is not the one" in secret
    assert "links in mails that were sent" in secret
    assert "webhooks" in secret
    assert "push_key is not the one" in push
    assert done.stdout.splitlines()[-1].startswith(APART)

    third.mkdir()
    for name in ("secret_key", "push_key"):
        shutil.copy(first / name, third / name)
    done = command(third, "restore", str(path))
    assert (done.returncode, sentences(done)) == (0, [])
    assert APART not in done.stdout


class Disk:
    """A folder whose programs are told how much room there is."""

    def __init__(self, folder: Path, library: Path) -> None:
        self.folder, self._room = folder, folder.with_name("room")
        folder.mkdir()
        self.give(PLENTY_BYTES)
        self.settings = shim.bounded(library, folder, self._room)

    def give(self, size: int) -> None:
        shim.give_room(self._room, size)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path / "disk", shim.build(tmp_path))


def test_a_full_disk_ends_a_backup_in_one_sentence_and_leaves_nothing(
    backup: Path, tmp_path: Path, disk: Disk
) -> None:
    data_dir, path = tmp_path / "data", disk.folder / "next.tar"
    command(data_dir, "restore", str(backup))
    disk.give(FEW_BYTES)
    done = command(data_dir, "backup", str(path), **disk.settings)
    [sentence] = sentences(done)
    assert (done.returncode, "The disk is full. Make room" in sentence) == (1, True)
    assert list(disk.folder.iterdir()) == []
    disk.give(PLENTY_BYTES)
    assert command(data_dir, "backup", str(path), **disk.settings).returncode == 0
    assert list(disk.folder.iterdir()) == [path]


@pytest.mark.parametrize("room", [FEW_BYTES, 2_500_000])
def test_a_full_disk_ends_a_restore_in_one_sentence_and_restores_nothing(
    backup: Path, disk: Disk, room: int
) -> None:
    """While the tables are made, or with the mail's megabyte."""
    data_dir = disk.folder / "data"
    disk.give(room)
    done = command(data_dir, "restore", str(backup), **disk.settings)
    [sentence] = sentences(done)
    assert done.returncode == 1
    assert "Nothing was restored" in sentence
    assert "the disk is full. make room" in sentence.lower()
    assert [path for path in (data_dir / "files").rglob("*") if path.is_file()] == []
    disk.give(PLENTY_BYTES)
    assert command(data_dir, "restore", str(backup), **disk.settings).returncode == 0
    assert people_of(data_dir) == ["engineer"]
    with app_on(data_dir).app_context():
        assert len(object_store().keys("incoming/")) == 1
        db.engine.dispose()
