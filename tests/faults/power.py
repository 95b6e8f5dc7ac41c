"""A power cut, played from a trace of the server's own system calls.

What is simulated: a disk that keeps nothing but what was asked to be kept. Every write, rename,
deletion and fsync of the server is recorded, by strace or, where nothing may be traced, by the
library of `shim.py`. The disk after the cut is what was there before, with a file's bytes as they
were at its last finished fsync (or fdatasync), and a folder's names as they were at the folder's
last fsync. All later writes are lost, however long ago they were made: worse than any real disk,
which writes back by itself after a while.

What is not: a disk that lies about its fsync, or that tears a sector that was synced before.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_CALLS = "write,pwrite64,writev,pwritev,fsync,fdatasync,rename,renameat2,unlink,ftruncate"
_LINE = re.compile(r"(\d+\.\d+) (\w+)\((.*)\) += (-?\d+).* <(\d+\.\d+)>$")
_FD = re.compile(r"\d+<([^>]*)>")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def traced(command: list[str], folder: Path) -> list[str]:
    """The command under strace, which writes a file for each thread into ``folder``."""
    folder.mkdir()
    strace = ["strace", "-ff", "--seccomp-bpf", "-qq", "-ttt", "-T", "-y", "-xx", "-s", "1000000"]
    return [*strace, "-e", f"trace={_CALLS}", "-o", str(folder / "calls"), *command]


@dataclass(frozen=True)
class Call:
    """One finished system call: when it returned, what it was, on which file."""

    at: float
    name: str
    path: Path
    data: bytes = b""
    number: int | None = None
    other: Path | None = None


def read_calls(folder: Path) -> list[Call]:
    """All calls that succeeded, in the order in which they returned."""
    lines = (line for file in folder.iterdir() for line in file.read_text().splitlines())
    return sorted((call for line in lines for call in _call(line)), key=lambda call: call.at)


def _call(line: str) -> Iterator[Call]:
    match = _LINE.match(line)
    if not match or match[4].startswith("-"):
        return
    began, name, arguments, _, lasted = match.groups()
    at = float(began) + float(lasted)
    texts = [bytes.fromhex(text.replace("\\x", "")) for text in _TEXT.findall(arguments)]
    if name in ("rename", "renameat2", "unlink"):
        paths = [Path(text.decode()) for text in texts]
        yield Call(at, name.removesuffix("at2"), paths[0], other=paths[-1])
        return
    on = _FD.match(arguments)
    if on:
        last = arguments.rpartition(", ")[2]
        number = int(last) if last.isdigit() else None
        yield Call(at, name, Path(_plain(on[1])), b"".join(texts), number)


def _plain(path: str) -> str:
    codes = re.sub(
        rb"\\x([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), path.encode()
    )
    return codes.decode()


@dataclass
class _File:
    now: bytearray
    safe: bytes


@dataclass
class Disk:
    """A folder as programs see it, and as it is on the disk."""

    root: Path
    names: dict[Path, _File] = field(default_factory=dict)
    safe_names: dict[Path, _File] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path, root: Path) -> Disk:
        """The files of ``folder``, all of them safe, as if they lay in ``root``."""
        disk = cls(root)
        for path in folder.rglob("*"):
            if path.is_file():
                data = path.read_bytes()
                disk.names[root / path.relative_to(folder)] = _File(bytearray(data), data)
        disk.safe_names = dict(disk.names)
        return disk

    def play(self, call: Call) -> None:
        """Let a call happen."""
        if self.root not in (call.path, *call.path.parents):
            return
        if call.name in ("fsync", "fdatasync"):
            self._sync(call.path)
        elif call.name == "rename":
            assert call.other
            self.names[call.other] = self.names.pop(call.path)
        elif call.name == "unlink":
            self.names.pop(call.path, None)
        else:
            self._write(call)

    def _write(self, call: Call) -> None:
        assert call.name in ("write", "pwrite64", "ftruncate"), call.name
        file = self.names.setdefault(call.path, _File(bytearray(), b""))
        if call.name == "ftruncate":
            del file.now[call.number or 0 :]
            return
        start = len(file.now) if call.name == "write" else call.number or 0
        file.now.extend(bytes(max(0, start - len(file.now))))
        file.now[start : start + len(call.data)] = call.data

    def _sync(self, path: Path) -> None:
        if path in self.names:
            self.names[path].safe = bytes(self.names[path].now)
            return
        kept = {name: file for name, file in self.safe_names.items() if name.parent != path}
        here = {name: file for name, file in self.names.items() if name.parent == path}
        self.safe_names = kept | here

    def after_the_cut(self, folder: Path) -> Path:
        """Write what the disk has kept into ``folder``."""
        shutil.rmtree(folder, ignore_errors=True)
        for name, file in self.safe_names.items():
            path = folder / name.relative_to(self.root)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.safe)
        return folder
