"""A real server of the product for browsers: gunicorn, SQLite and a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from tools.ports import free_port

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
MOST_MOVES = 3
# What gunicorn says of it, and then gives up.
PORT_TAKEN = "Connection in use"


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
            subprocess.run(flask, cwd=ROOT, env=env, check=True, capture_output=True, timeout=120)


@dataclass
class Server:
    """One server process group; ``stop`` is polite, ``kill`` is a power cut for the process.

    ``port`` 0 stands for a free one; ``settings`` are further environment variables; ``command``
    serves in place of plain gunicorn.
    """

    data_dir: Path
    port: int = 0
    settings: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=lambda: [str(BIN / "gunicorn")])
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self._may_move = not self.port
        self.port = self.port or free_port()

    @property
    def url(self) -> str:
        """Its address. ``localhost`` counts as a secure origin, so camera and worker are there."""
        return f"http://localhost:{self.port}"

    def start(self) -> Server:
        """Start it and wait until it answers; on another port when a stranger has taken its own.

        Once it has answered it stays where its clients look for it.
        """
        for _ in range(MOST_MOVES):
            self._spawn()
            if self._answers():
                self._may_move = False
                return self
            if not (self._may_move and PORT_TAKEN in self.log()):
                break
            self.port = free_port()
        raise OSError(self.log()[-4000:])

    def _spawn(self) -> None:
        log = (self.data_dir / "server.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=_environment(self.data_dir, self.port) | self.settings,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _answers(self) -> bool:
        """Wait until it does; False when it has ended before.

        :raise TimeoutError: it runs, and says nothing
        """
        assert self.process
        ends_at = time.monotonic() + 30
        while time.monotonic() < ends_at:
            if self.process.poll() is not None:
                return False
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2):
                    return True
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise TimeoutError(self.log()[-4000:])

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
        except ProcessLookupError:
            pass  # It had ended by itself.
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=20)
        self.process = None

    def log(self) -> str:
        """What it has said so far."""
        return (self.data_dir / "server.log").read_text(encoding="utf-8", errors="replace")


def copy_of(template: Path, to: Path) -> Path:
    """A data folder of its own, with what the template holds."""
    shutil.copytree(template, to)
    return to
