"""A real server of the product for browsers: gunicorn, SQLite and a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.forked import ForkedServer
from webapp import create_app, jobs
from webapp.background import make_photo_copies
from webapp.config import settings_from_env
from webapp.db import db, now_utc
from webapp.desk import photo_copies

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
GUNICORN = [str(BIN / "gunicorn")]


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(data_dir: Path, port: int) -> dict[str, str]:
    unwanted = ("DATABASE_URL", "OBJECT_STORE_URL", "REDIS_URL", "BASE_URL", "WEB_CONCURRENCY")
    env = {name: value for name, value in os.environ.items() if name not in unwanted}
    return env | {"DATA_DIR": str(data_dir), "HOST": "127.0.0.1", "PORT": str(port)}


def prepare(data_dir: Path, *, demo: bool) -> None:
    """Migrate a new database in ``data_dir``, and load the demo contract into it."""
    env = _environment(data_dir, 8000)
    for command in (["setup"], ["demo"] if demo else []):
        if command:
            flask = [str(BIN / "flask"), "--app", "webapp", *command]
            subprocess.run(flask, cwd=ROOT, env=env, check=True, capture_output=True, timeout=300)
    if demo:
        _do_what_waits(env)


def _do_what_waits(env: dict[str, str]) -> None:
    """Make the photos' copies and the documents: each copied server would make all anew, beside its test."""
    app = create_app(settings_from_env(env))
    with app.app_context():
        while photo_copies.without_copies(db.session(), 1):
            db.session.rollback()
            make_photo_copies(now_utc())
        while jobs.work_once("template"):
            pass
        db.session.remove()
        db.engine.dispose()


def started(command: list[str], environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """A process group of its own that runs ``command``, its output at the end of ``log``."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )


@dataclass
class Server:
    """One server process group; ``stop`` is polite, ``kill`` is a power cut for the process.

    ``settings`` are further environment variables; ``command`` serves in place of gunicorn that is
    forked from a loaded process.
    """

    data_dir: Path
    port: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)
    process: subprocess.Popen[bytes] | ForkedServer | None = None

    @property
    def url(self) -> str:
        """Its address. ``localhost`` counts as a secure origin, so camera and worker are there."""
        return f"http://localhost:{self.port}"

    def start(self) -> Server:
        """Start it and wait until it answers."""
        environment = _environment(self.data_dir, self.port) | self.settings
        log = self.data_dir / "server.log"
        # A library is preloaded by a new program alone.
        command = self.command or (GUNICORN if "LD_PRELOAD" in environment else [])
        if command:
            self.process = started(command, environment, log)
        else:
            self.process = ForkedServer(environment, ROOT, log)
        self._wait_until_ready()
        return self

    def _wait_until_ready(self) -> None:
        ends_at = time.monotonic() + 30
        while time.monotonic() < ends_at:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise TimeoutError((self.data_dir / "server.log").read_text()[-4000:])

    def stop(self) -> None:
        """End it and wait."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it without warning."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, how)
            self.process.wait(timeout=20)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=20)
        self.process = None

    def log(self) -> str:
        """What it has said so far."""
        return (self.data_dir / "server.log").read_text(encoding="utf-8", errors="replace")


def copy_of(template: Path, to: Path) -> Path:
    """A data folder of its own, with what the template holds.

    Photos are never written in place: both folders may name the same bytes.
    """
    photos = str(template / "files")

    def copy(source: str, target: str) -> None:
        if source.startswith(photos):
            os.link(source, target)
        else:
            shutil.copy2(source, target)

    shutil.copytree(template, to, copy_function=copy)
    return to
