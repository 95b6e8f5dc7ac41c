"""Jobs: queued with the change, done once, taken up again when a worker dies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from webapp import jobs
from webapp.db import db, now_utc, unit_of_work
from webapp.jobs import Job


@pytest.fixture
def done() -> Iterator[list[dict[str, object]]]:
    """The arguments of the jobs of kind ``note`` that were done; ``fail`` always falls over."""
    seen: list[dict[str, object]] = []

    def fall_over(_arguments: dict[str, object]) -> None:
        raise RuntimeError("this job can't be done")

    jobs.handles("note")(seen.append)
    jobs.handles("fail")(fall_over)
    yield seen
    del jobs._handlers["note"], jobs._handlers["fail"]


def _queue(kind: str, number: int = 1, key: str | None = None) -> None:
    with unit_of_work() as session:
        jobs.enqueue(session, kind, {"n": number}, now=now_utc(), key=key)


def _waiting() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Job)) or 0


def test_a_job_is_done_once_and_gone(app: Flask, done: list) -> None:
    _queue("note", 7)
    assert jobs.work_once("a")
    assert not jobs.work_once("a")
    assert (done, _waiting()) == ([{"n": 7}], 0)


def test_a_change_that_is_rolled_back_queues_nothing(app: Flask, done: list) -> None:
    def queue_and_fail() -> None:
        with unit_of_work() as session:
            jobs.enqueue(session, "note", {}, now=now_utc())
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        queue_and_fail()
    assert not jobs.work_once("a")


def test_the_same_key_waits_once(app: Flask, done: list) -> None:
    _queue("note", key="photo 1")
    _queue("note", key="photo 1")
    assert _waiting() == 1


def test_a_failed_job_is_kept_and_tried_later(app: Flask, done: list) -> None:
    _queue("fail")
    assert jobs.work_once("a")
    assert not jobs.work_once("a")
    row = db.session.scalars(sa.select(Job)).one()
    assert (row.attempts, row.worker) == (1, "")
    assert row.not_before > now_utc()
    assert "can't be done" in row.last_error


def test_a_job_under_lease_is_left_alone_until_the_lease_ends(app: Flask, done: list) -> None:
    _queue("note")
    assert jobs._claim("a worker that is killed now") is not None
    assert not jobs.work_once("b")
    with unit_of_work() as session:
        session.execute(sa.update(Job).values(leased_until=now_utc() - timedelta(seconds=1)))
    assert jobs.work_once("b")
    assert (len(done), _waiting()) == (1, 0)


def test_a_job_that_asks_for_later_is_tried_no_sooner_and_logs_no_fault(
    app: Flask, done: list, caplog: pytest.LogCaptureFixture
) -> None:
    until = now_utc() + timedelta(minutes=7)

    def not_now(_arguments: dict[str, object]) -> None:
        raise jobs.TryLater("the mail server is down", at=until)

    jobs.handles("later")(not_now)
    try:
        _queue("later")
        assert jobs.work_once("a")
    finally:
        del jobs._handlers["later"]
    row = db.session.scalars(sa.select(Job)).one()
    assert (row.attempts, row.worker, row.not_before) == (1, "", until)
    assert "the mail server is down" in row.last_error
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
