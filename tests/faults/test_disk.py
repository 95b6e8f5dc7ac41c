"""The server's disk: full, locked, cut off from its power, or put back to what it was weeks ago."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.server import BIN, GUNICORN, ROOT, Server, copy_of
from tests.faults import shim
from tests.faults.conftest import Connect, OpenPhone, Site
from tests.faults.engineer import photo_bytes
from tests.faults.oracle import judge, read_folder
from tests.faults.power import Call, Disk, read_calls, traced
from tools.run_tests import FORBIDDEN

SMALL_DISK = "size=6m"
FREE_BYTES = 150_000
PLENTY_BYTES = 1 << 40
MAY_TRACE = ["strace", "-o", "/dev/null", "true"]


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What stands before a server's disk where nothing else is allowed."""
    return shim.build(tmp_path_factory.mktemp("shim"))


@dataclass
class SmallDisk:
    """A disk that can be filled: a small file system, or a folder whose server is told it is one."""

    folder: Path
    room: Path | None = None
    settings: dict[str, str] = field(default_factory=dict)

    def fill(self, free: int) -> None:
        """Leave only so many bytes free."""
        if self.room:
            shim.give_room(self.room, free)
            return
        space = os.statvfs(self.folder)
        size = space.f_bavail * space.f_frsize - free
        with (self.folder / f"filler-{free}").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)

    def empty(self) -> None:
        """Give the room back."""
        if self.room:
            shim.give_room(self.room, PLENTY_BYTES)
        for filler in self.folder.glob("filler-*"):
            filler.unlink()


@pytest.fixture(params=["mounted", "preloaded"])
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk]:
    """A file system of a few megabytes; and, everywhere, a library that answers as a full one does."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if request.param == "preloaded":
        room = tmp_path / "room"
        shim.give_room(room, PLENTY_BYTES)
        library = request.getfixturevalue("library")
        yield SmallDisk(folder, room, shim.bounded(library, folder, room))
        return
    mount = ["mount", "-t", "tmpfs", "-o", SMALL_DISK, "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip(FORBIDDEN + "mounting a small file system; the fault is played by a library")
    yield SmallDisk(folder)
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def files_of(disk: Path) -> set[str]:
    return {path.name for path in (disk / "data/files").rglob("*") if path.is_file()}


@pytest.mark.fault(31)
def test_31_a_full_disk_takes_no_half_of_anything(
    template: Path, small_disk: SmallDisk, open_phone: OpenPhone
) -> None:
    data_dir = copy_of(template, small_disk.folder / "data")
    server = Server(data_dir, settings=small_disk.settings).start()
    try:
        site = Site(server)
        phone = open_phone(site)
        tasks = phone.ask("tasks")
        for task in tasks[:3]:
            phone.save(task, photo_bytes(task, 200_000))
        small_disk.fill(FREE_BYTES)
        failure = phone.sync()["failure"]
        assert (failure["status"], failure["code"]) == (507, "disk_full")
        phone.look()
        judge([phone.told], site.read(), quiet=False)
        assert files_of(small_disk.folder) == set(site.read().photos.values())
        small_disk.fill(0)
        phone.save(tasks[3], photo_bytes(4))
        assert phone.sync()["failure"]["status"] == 507
        phone.look()
        judge([phone.told], site.read(), quiet=False)
        small_disk.empty()
        phone.settle()
        judge([phone.told], site.read())
    finally:
        server.kill()


@dataclass
class Watched:
    """A server whose calls are written down, and how to read them."""

    server: Server
    calls: Callable[[], list[Call]]


def may_trace() -> None:
    """Leave the test out where no process may be traced."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed here (on Debian: apt-get install strace)")
    if subprocess.run(MAY_TRACE, capture_output=True, check=False).returncode:
        pytest.skip(FORBIDDEN + "tracing a process; the fault is played by a library")


@pytest.fixture(params=["traced", "preloaded"])
def watched(request: pytest.FixtureRequest, template: Path, tmp_path: Path) -> Iterator[Watched]:
    """By strace; and, everywhere, by a library that tells what passes through it."""
    server = Server(copy_of(template, tmp_path / "data"))
    trace = tmp_path / "trace"
    if request.param == "traced":
        may_trace()
        server.command = traced(GUNICORN, trace)
        yield Watched(server.start(), lambda: read_calls(trace))
    else:
        library = request.getfixturevalue("library")
        server.settings |= shim.recording(library, server.data_dir, trace)
        yield Watched(server.start(), lambda: shim.read_recorded(trace))
    server.kill()


@pytest.mark.fault(33)
def test_33_what_was_acknowledged_survives_a_power_cut(
    template: Path, tmp_path: Path, watched: Watched, open_phone: OpenPhone
) -> None:
    server = watched.server
    phone = open_phone(Site(server))
    tasks = phone.ask("tasks")
    for task in tasks[:3]:
        phone.save(task, photo_bytes(task))
    assert phone.sync()["ok"]
    cut_at = time.time()
    phone.look()
    server.kill()
    assert len(phone.told.acknowledged) == len(phone.told.acknowledged_photos) == 3
    calls = watched.calls()
    disk = Disk.of(template, server.data_dir)
    for call in calls:
        if call.at < cut_at:
            disk.play(call)
    judge([phone.told], read_folder(disk.after_the_cut(tmp_path / "after")))
    nothing_is_left_without_the_last_sync(Disk.of(template, server.data_dir), calls, tmp_path)


def nothing_is_left_without_the_last_sync(disk: Disk, calls: list[Call], tmp_path: Path) -> None:
    """The simulation has teeth: a server that never synced its log would have lost everything."""
    for call in calls:
        if call.name not in ("fsync", "fdatasync"):
            disk.play(call)
    found = read_folder(disk.after_the_cut(tmp_path / "without"))
    assert found.operations == found.photos == {}


AT_A_PLACE = ("pwrite64", "ftruncate")
CHANGES = """
import os, pathlib, sqlite3, sys
root = pathlib.Path(sys.argv[1])
file = os.open(root / "写", os.O_RDWR | os.O_CREAT)
os.write(file, b"one\\ntwo" * 1000)
os.pwrite(file, bytes(range(256)), 5)
os.ftruncate(file, 3000)
os.fsync(file)
os.close(file)
os.replace(root / "写", root / "written")
folder = os.open(root, os.O_RDONLY)
os.fsync(folder)
with sqlite3.connect(root / "rows") as database:
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE t AS SELECT 1")
database.close()
os.unlink(root / "written")
"""


def test_the_library_tells_what_strace_tells(tmp_path: Path, library: Path) -> None:
    may_trace()
    root = tmp_path / "root"
    root.mkdir()
    told = shim.recording(library, root, tmp_path / "told")
    program = [sys.executable, "-c", CHANGES, str(root)]
    command = traced(program, tmp_path / "trace")
    subprocess.run(command, check=True, timeout=60, env={**os.environ, **told})

    def below(calls: list[Call]) -> list[tuple[object, ...]]:
        """What changed the folder, without the parts that a call of its kind has not got."""
        return [
            (
                call.name,
                call.path,
                call.data,
                call.name in AT_A_PLACE and call.number,
                call.name == "rename" and call.other,
            )
            for call in calls
            if root in (call.path, *call.path.parents)
        ]

    traced_calls = below(read_calls(tmp_path / "trace"))
    assert below(shim.read_recorded(tmp_path / "told")) == traced_calls
    assert {"write", "pwrite64", "ftruncate", "fsync", "fdatasync", "rename", "unlink"} == {
        call[0] for call in traced_calls
    }


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
