"""The real server, as ``make run`` serves it, on a database of its own that is thrown away."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import estate

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Running:
    """A server that answers, the folder of its data, and what is in its database."""

    host: str
    port: int
    data_dir: Path
    contents: estate.Contents


@contextmanager
def running() -> Iterator[Running]:
    """Seed a database, serve it, and end both afterwards."""
    # Beside the real data, so that the disk measured is the disk that will be used.
    (ROOT / "var").mkdir(exist_ok=True)
    data_dir = Path(tempfile.mkdtemp(prefix="bench-", dir=ROOT / "var"))
    try:
        print("seeding: two contracts of 2,000 devices …", flush=True)
        contents = estate.seed(data_dir)
        with serving(data_dir) as port:
            yield Running("127.0.0.1", port, data_dir, contents)
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)


@contextmanager
def serving(data_dir: Path) -> Iterator[int]:
    """Serve the data by gunicorn in the embedded default, and give its port."""
    port = _free_port()
    with (data_dir / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn"],
            cwd=ROOT,
            env=_environment(data_dir, port),
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until_it_answers(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def load_demo(data_dir: Path) -> None:
    """Make a database with the demo contract in a folder."""
    for command in ("setup", "demo"):
        subprocess.run(
            [sys.executable, "-m", "flask", "--app", "webapp", command],
            cwd=ROOT,
            env=_environment(data_dir, 8000),
            check=True,
            capture_output=True,
            timeout=120,
        )


def _environment(data_dir: Path, port: int) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "DATA_DIR": str(data_dir), "HOST": "127.0.0.1", "PORT": str(port)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_it_answers(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server doesn't answer")
