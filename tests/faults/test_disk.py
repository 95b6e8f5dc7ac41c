"""The server's disk: full, locked, cut off from its power, or put back to what it was weeks ago."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.server import BIN, ROOT, Server, copy_of
from tests.faults.conftest import Connect, OpenPhone, Site
from tests.faults.engineer import NodePhone, photo_bytes
from tests.faults.oracle import judge, read_folder
from tests.faults.power import Disk, read_calls, traced
from tools.run_tests import FORBIDDEN

SMALL_DISK = "size=6m"
FREE_BYTES = 150_000
SHARED_MEMORY = Path("/dev/shm")
MOST_TO_FILL_BYTES = 256 * 1024 * 1024
MAY_TRACE = ["strace", "-o", "/dev/null", "true"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes; where none may be mounted, a container's small /dev/shm."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", SMALL_DISK, "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode == 0:
        yield folder
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        return
    if shutil.disk_usage(SHARED_MEMORY).free > MOST_TO_FILL_BYTES:
        pytest.skip(FORBIDDEN + "mounting a small file system, and /dev/shm is a large one")
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY) as name:
        yield Path(name)


def fill(disk: Path, free: int) -> None:
    """Leave only so many bytes free."""
    space = os.statvfs(disk)
    size = space.f_bavail * space.f_frsize - free
    with (disk / f"filler-{free}").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)


def files_of(disk: Path) -> set[str]:
    return {path.name for path in (disk / "data/files").rglob("*") if path.is_file()}


@pytest.mark.fault(31)
def test_31_a_full_disk_takes_no_half_of_anything(
    template: Path, small_disk: Path, open_phone: OpenPhone
) -> None:
    server = Server(copy_of(template, small_disk / "data")).start()
    try:
        site = Site(server)
        phone = open_phone(site)
        tasks = phone.ask("tasks")
        for task in tasks[:3]:
            phone.save(task, photo_bytes(task, 200_000))
        fill(small_disk, FREE_BYTES)
        failure = phone.sync()["failure"]
        assert (failure["status"], failure["code"]) == (507, "disk_full")
        phone.look()
        judge([phone.told], site.read(), quiet=False)
        assert files_of(small_disk) == set(site.read().photos.values())
        fill(small_disk, 0)
        phone.save(tasks[3], photo_bytes(4))
        assert phone.sync()["failure"]["status"] == 507
        phone.look()
        judge([phone.told], site.read(), quiet=False)
        for filler in small_disk.glob("filler-*"):
            filler.unlink()
        phone.settle()
        judge([phone.told], site.read())
    finally:
        server.kill()


@pytest.mark.fault(33)
def test_33_what_was_acknowledged_survives_a_power_cut(
    template: Path, tmp_path: Path, open_phone: OpenPhone
) -> None:
    if not shutil.which("strace"):
        pytest.skip("strace is not installed here (on Debian: apt-get install strace)")
    if subprocess.run(MAY_TRACE, check=False).returncode:
        pytest.skip(FORBIDDEN + "tracing a process")
    server = Server(copy_of(template, tmp_path / "data"))
    server.command = traced([str(BIN / "gunicorn")], tmp_path / "trace")
    server.start()
    try:
        phone = open_phone(Site(server))
        tasks = phone.ask("tasks")
        for task in tasks[:3]:
            phone.save(task, photo_bytes(task))
        assert phone.sync()["ok"]
        cut_at = time.time()
        phone.look()
    finally:
        server.kill()
    assert len(phone.told.acknowledged) == len(phone.told.acknowledged_photos) == 3
    calls = [call for call in read_calls(tmp_path / "trace") if call.at < cut_at]
    disk = Disk.of(template, server.data_dir)
    for call in calls:
        disk.play(call)
    judge([phone.told], read_folder(disk.after_the_cut(tmp_path / "after")))
    lost_without_the_last_sync(template, server.data_dir, tmp_path, phone)


def lost_without_the_last_sync(
    template: Path, data_dir: Path, tmp_path: Path, phone: NodePhone
) -> None:
    """The simulation has teeth: a server that never synced its log would have lost everything."""
    disk = Disk.of(template, data_dir)
    for call in read_calls(tmp_path / "trace"):
        if call.name not in ("fsync", "fdatasync"):
            disk.play(call)
    found = read_folder(disk.after_the_cut(tmp_path / "without"))
    assert found.operations == found.photos == {}


@pytest.mark.fault(34)
def test_34_a_locked_database_asks_to_come_later(
    template: Path, tmp_path: Path, open_phone: OpenPhone
) -> None:
    server = Server(copy_of(template, tmp_path / "data")).start()
    try:
        site = Site(server)
        phone = open_phone(site)
        phone.save(phone.ask("tasks")[0], photo_bytes(1))
        other = sqlite3.connect(server.data_dir / "roundbook.sqlite3", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        failure = phone.sync()["failure"]
        assert (failure["status"], failure["code"]) == (503, "busy")
        assert failure["wait_seconds"] > 0
        phone.look()
        judge([phone.told], site.read(), quiet=False)
        other.execute("ROLLBACK")
        other.close()
        phone.settle()
        judge([phone.told], site.read())
    finally:
        server.kill()


def command(data_dir: Path, *words: str) -> None:
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(data_dir)}
    flask = [str(BIN / "flask"), "--app", "webapp", *words]
    subprocess.run(flask, cwd=ROOT, env=environment, check=True, capture_output=True, timeout=120)


@pytest.mark.fault(35)
def test_35_an_older_backup_is_restored_and_the_phones_give_back_what_it_lacks(
    template: Path, tmp_path: Path, open_phone: OpenPhone, connect: Connect
) -> None:
    server = Server(copy_of(template, tmp_path / "data")).start()
    site = Site(server)
    network = connect(site)
    phones = [open_phone(site, name, network) for name in ("li", "wang")]
    for number, phone in enumerate(phones):
        phone.save(phone.ask("tasks")[number], photo_bytes(number))
        phone.settle()
    backup = tmp_path / "roundbook.tar"
    command(server.data_dir, "backup", str(backup))
    for number, phone in enumerate(phones, 2):
        saved = phone.save(phone.ask("tasks")[number], photo_bytes(number), photo_bytes(-number))
        phone.settle()
        phone.amend(saved["uid"], "备份之后")
        phone.settle()
    server.kill()
    restored = Server(tmp_path / "restored")
    restored.data_dir.mkdir()
    command(restored.data_dir, "setup")
    command(restored.data_dir, "restore", str(backup))
    restored.settings["SECRET_KEY"] = (server.data_dir / "secret_key").read_text().strip()
    restored.start()
    try:
        network.upstream = restored.port
        assert len(Site(restored).read().operations) == 2
        for phone in phones:
            phone.save(phone.ask("tasks")[5])
            phone.settle()
        judge([phone.told for phone in phones], Site(restored).read())
    finally:
        restored.kill()
