"""Work after the commit: rows written in the business transaction, claimed under a lease.

The row is the truth: a worker that is killed loses its lease, and another takes the job up. Embedded,
a thread of the web process works the queue; scaled out, ``worker:`` of the Procfile does.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Mapped, Session, mapped_column

from webapp import log, metrics
from webapp.db import Base, db, now_utc, unit_of_work

LEASE = timedelta(minutes=2)
IDLE_SECONDS = 2.0
TICK_SECONDS = 60.0
MAXIMUM_BACK_OFF = timedelta(hours=1)

Handler = Callable[[dict[str, Any]], None]
_handlers: dict[str, Handler] = {}
# The id of the job that this thread works on, and the worker's name.
_in_hand: ContextVar[tuple[int, str] | None] = ContextVar("job_in_hand", default=None)
_ticks: list[Callable[[datetime], None]] = []


class TryLater(Exception):
    """Raised by a handler for what is no fault of ours, such as a mail server that is down.

    The job is put back as after any failure, but no sooner than ``at``, and no traceback is logged.
    """

    def __init__(self, reason: str, *, at: datetime | None = None) -> None:
        super().__init__(reason)
        self.at = at


class Job(Base):
    """A piece of work; ``unique_key`` keeps the same work from being queued twice at once."""

    __tablename__ = "job"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    kind: Mapped[str] = mapped_column(sa.String(40))
    arguments: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    unique_key: Mapped[str | None] = mapped_column(sa.String(120), unique=True, default=None)
    not_before: Mapped[datetime] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str] = mapped_column(sa.String(80), default="")
    leased_until: Mapped[datetime | None] = mapped_column(default=None)
    last_error: Mapped[str] = mapped_column(sa.String(500), default="")


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that does jobs of ``kind``; it must bear being run twice."""

    def register(handler: Handler) -> Handler:
        _handlers[kind] = handler
        return handler

    return register


def every_minute(tick: Callable[[datetime], None]) -> Callable[[datetime], None]:
    """Register a function that a worker calls about once a minute; it must bear being run twice."""
    if tick not in _ticks:
        _ticks.append(tick)
    return tick


def enqueue(
    session: Session, kind: str, arguments: dict[str, Any], *, now: datetime, key: str | None = None
) -> None:
    """Queue a job in the running transaction; with ``key``, unless one of that key is waiting."""
    if key and session.scalar(sa.select(Job.id).where(Job.unique_key == key)) is not None:
        return
    session.add(Job(kind=kind, arguments=arguments, unique_key=key, not_before=now))


def work_once(worker: str) -> bool:
    """Claim and do one job; whether there was one."""
    claimed = _claim(worker)
    if claimed is None:
        return False
    job_id, kind, arguments = claimed
    in_hand = _in_hand.set((job_id, worker))
    try:
        _handlers[kind](arguments)
    except Exception as error:  # noqa: BLE001 - a job may fail in any way.
        db.session.rollback()
        if isinstance(error, TryLater):
            log.event("job_put_off", kind=kind, job=job_id, reason=str(error))
            metrics.count_job(kind, "later")
        else:
            metrics.count_job(kind, "failed")
            log.failure("job_failed", kind=kind, job=job_id)
        _put_back(job_id, worker, error)
        return True
    finally:
        _in_hand.reset(in_hand)
        db.session.remove()
    with unit_of_work() as session:
        session.execute(sa.delete(Job).where(Job.id == job_id, Job.worker == worker))
    metrics.count_job(kind, "done")
    return True


def keep_lease(session: Session, now: datetime) -> None:
    """A sign of life of the job in hand, in the running transaction: nobody else takes it up meanwhile.

    For work that may last longer than :data:`LEASE`; outside of a job it does nothing.
    """
    job = _in_hand.get()
    if job is not None:
        mine = sa.and_(Job.id == job[0], Job.worker == job[1])
        session.execute(sa.update(Job).where(mine).values(leased_until=now + LEASE))


def _claim(worker: str) -> tuple[int, str, dict[str, Any]] | None:
    now = now_utc()
    # A plain read first: an idle embedded worker shall not take the write lock every two seconds.
    due = sa.and_(Job.not_before <= now, sa.or_(Job.leased_until.is_(None), Job.leased_until < now))
    if db.session.scalar(sa.select(Job.id).where(due).limit(1)) is None:
        db.session.rollback()
        return None
    with unit_of_work() as session:
        statement = sa.select(Job).where(due).order_by(Job.not_before, Job.id).limit(1)
        job = session.scalar(statement.with_for_update(skip_locked=True))
        if job is None:
            return None
        job.worker, job.leased_until, job.attempts = worker, now + LEASE, job.attempts + 1
        return job.id, job.kind, dict(job.arguments)


def _put_back(job_id: int, worker: str, error: Exception) -> None:
    with unit_of_work() as session:
        job = session.get(Job, job_id)
        if job is None or job.worker != worker:
            return
        wait = min(timedelta(seconds=2 ** min(job.attempts, 12)), MAXIMUM_BACK_OFF)
        again = now_utc() + wait
        if isinstance(error, TryLater) and error.at is not None:
            again = max(again, error.at)
        job.worker, job.leased_until, job.not_before = "", None, again
        job.last_error = repr(error)[:500]


def work(app: Flask, stop: threading.Event) -> None:
    """Work the queue until ``stop`` is set: what is in hand then is finished, and nothing more begun."""
    worker = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    next_tick = now_utc()
    while not stop.is_set():
        with app.app_context():
            if now_utc() >= next_tick:
                next_tick = now_utc() + timedelta(seconds=TICK_SECONDS)
                run_ticks(now_utc(), stop)
            busy = not stop.is_set() and _safely(lambda: work_once(worker))
        if not busy:
            stop.wait(IDLE_SECONDS)


def run_ticks(now: datetime, stop: threading.Event | None = None) -> None:
    """Call every registered tick; one that fails doesn't keep the others from running."""
    for tick in _ticks:
        if stop is not None and stop.is_set():
            return
        _safely(lambda tick=tick: tick(now))  # type: ignore[misc]


def _safely(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception:  # noqa: BLE001 - the worker outlives whatever a tick or job does.
        log.failure("worker_error")
        return False
    finally:
        db.session.remove()


def start_in_process(app: Flask) -> threading.Thread:
    """The embedded default's worker: a thread of the web process, which ends with it."""
    thread = threading.Thread(target=work, args=(app, threading.Event()), daemon=True)
    thread.start()
    return thread
