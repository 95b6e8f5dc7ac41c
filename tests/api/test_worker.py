"""The worker as a process of its own: told to end, it leaves nothing half done and nothing leased."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import upgrade

from tests.api.slow_jobs import create_app
from webapp import create_app as create_product
from webapp import jobs
from webapp.config import settings_from_env
from webapp.db import db, now_utc, unit_of_work
from webapp.jobs import Job

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60


@pytest.fixture
def slow_app(tmp_path: Path) -> Iterator[Flask]:
    """The product on a database of its own, which the worker's process opens too."""
    app = create_product(settings_from_env({"DATA_DIR": str(tmp_path)}))
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def worker(slow_app: Flask, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """``flask jobs work``, which knows the kind ``slow``; its log is the file ``log``."""
    app = f"{create_app.__module__}:create_app"
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", app, "jobs", "work"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path)},
            stderr=log,
        )
    yield process
    process.kill()
    process.wait(PATIENCE_SECONDS)


def _wait_for(found: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not found():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.05)


def _queue_is_empty() -> bool:
    db.session.rollback()  # a snapshot would never see what the other process does
    return db.session.scalar(sa.select(sa.func.count()).select_from(Job)) == 0


@pytest.mark.parametrize("told_by", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_told_to_end_finishes_its_job_and_takes_no_other(
    told_by: signal.Signals, worker: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    with unit_of_work() as session:
        for number in (1, 2):
            jobs.enqueue(session, "slow", {"n": number, "folder": str(tmp_path)}, now=now_utc())
    _wait_for((tmp_path / "begun-1").exists)
    worker.send_signal(told_by)
    # Sent is not yet heard: the job must not end before.
    _wait_for(lambda: b'"worker_ending"' in (tmp_path / "log").read_bytes())
    (tmp_path / "end").touch()
    assert worker.wait(PATIENCE_SECONDS) == 0
    assert (tmp_path / "done-1").exists()
    assert not (tmp_path / "begun-2").exists()
    left = db.session.scalars(sa.select(Job)).one()
    assert (left.arguments["n"], left.worker, left.leased_until, left.attempts) == (2, "", None, 0)


def test_an_idle_worker_ends_when_it_is_told_to(
    worker: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    with unit_of_work() as session:
        jobs.enqueue(session, "slow", {"n": 1, "folder": str(tmp_path)}, now=now_utc())
    (tmp_path / "end").touch()
    _wait_for(_queue_is_empty)
    worker.terminate()
    assert worker.wait(PATIENCE_SECONDS) == 0
