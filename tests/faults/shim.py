"""A library before the server's disk (`disk.c`), for machines that allow neither tracing nor mounting.

The server is the product's, word for word: its calls of the C library pass through ours first, which
writes down what it changed on the disk, or says that the disk is full. It needs a C compiler alone.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from tests.faults.power import Call

_SOURCE = Path(__file__).with_name("disk.c")
_ROOM = struct.Struct("=q")
_FIELDS = 6


def build(folder: Path) -> Path:
    """The library, compiled for this machine."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        pytest.skip("there is no C compiler here (on Debian: apt-get install gcc libc6-dev)")
    library = folder / "disk.so"
    command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(_SOURCE), "-ldl"]
    subprocess.run(command, check=True, timeout=60)
    return library


def recording(library: Path, root: Path, calls: Path) -> dict[str, str]:
    """What a program's environment needs so that its calls below ``root`` are written down."""
    return {"LD_PRELOAD": str(library), "DISK_ROOT": str(root), "DISK_CALLS": str(calls)}


def bounded(library: Path, root: Path, room: Path) -> dict[str, str]:
    """What it needs so that ``root`` has room for as many bytes as the file ``room`` says."""
    return {"LD_PRELOAD": str(library), "DISK_ROOT": str(root), "DISK_FREE": str(room)}


def give_room(room: Path, size: int) -> None:
    """Let the files grow by so many bytes from now on; programs that run see it at once."""
    with room.open("r+b" if room.exists() else "xb") as file:
        file.write(_ROOM.pack(size))


def read_recorded(calls: Path) -> list[Call]:
    """All calls that succeeded, in the order in which they returned."""
    data = calls.read_bytes()
    found = []
    at = 0
    while at < len(data):
        end = data.index(b"\n", at)
        words = data[at:end].decode().split()
        assert len(words) == _FIELDS, f"a call was written down by halves: {words}"
        sizes = [int(word) for word in words[3:]]
        parts = []
        at = end + 1
        for size in sizes:
            parts.append(data[at : at + size])
            at += size
        path, other = Path(parts[0].decode()), Path(parts[1].decode()) if parts[1] else None
        found.append(Call(float(words[0]), words[1], path, parts[2], int(words[2]), other))
    assert at == len(data), "the last call was written down by halves"
    return sorted(found, key=lambda call: call.at)
