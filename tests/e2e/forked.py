"""gunicorn without the start of Python: forked from a process that has loaded the product once.

Loading it takes two seconds of a core, and a browser suite starts more than a hundred servers. The
child is a group of its own with the environment that it is given, and from there on `gunicorn` as
the command line starts it. Who watches or replaces the command itself starts that instead.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.e2e.loaded"])


class ForkedServer:
    """A running gunicorn: ``pid`` is its group's too."""

    def __init__(self, environment: dict[str, str], folder: Path, log: Path) -> None:
        self._process = _FORKS.Process(target=_serve, args=(environment, folder, log))
        self._process.start()
        assert self._process.pid
        self.pid: int = self._process.pid

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code. :raise subprocess.TimeoutExpired: while it runs on"""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("gunicorn", timeout or 0)
        return self._process.exitcode


def _serve(environment: dict[str, str], folder: Path, log: Path) -> None:
    from gunicorn.app.wsgiapp import run

    os.setsid()
    with log.open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["gunicorn"]
    run()
