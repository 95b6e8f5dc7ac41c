"""What Prometheus is told: by whom it may be asked, what it counts, and that many workers count as one."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.server import GUNICORN, Server, prepare
from tests.rounds import made
from webapp import jobs
from webapp.db import db, now_utc, unit_of_work
from webapp.identity.models import User

SignIn = Callable[[User], FlaskClient]
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    """Every sample by its name and labels, as Prometheus' own parser reads them."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(found: Samples, name: str, **labels: str) -> float:
    return found.get((name, frozenset(labels.items())), 0.0)


def scrape(client: FlaskClient) -> Samples:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    return samples(answer.text)


@pytest.fixture
def with_token(app: Flask) -> Iterator[str]:
    """The server's setting names a token."""
    kept = app.extensions["settings"]
    app.extensions["settings"] = replace(kept, metrics_token="a-long-token")
    yield "a-long-token"
    app.extensions["settings"] = kept


def test_requests_are_counted_by_their_template(client: FlaskClient, manager: User) -> None:
    labels = {"method": "GET", "route": "/api/contracts/<contract_code>/rooms"}
    before = scrape(client)
    for code in ("HQ", "NOWHERE", "x" * 30):
        client.get(f"/api/contracts/{code}/rooms")
    after = scrape(client)
    name = "roundbook_requests_total"
    assert (
        value(after, name, **labels, status="401") - value(before, name, **labels, status="401")
        == 3
    )
    name = "roundbook_request_seconds_count"
    assert value(after, name, **labels) - value(before, name, **labels) == 3


def test_what_waits_is_told(client: FlaskClient, manager: User, signed_in: SignIn) -> None:
    boss = signed_in(manager)
    body = {"uid": made.uid(), "kind": "fault", "title": "没有声音", "severity": 1}
    assert boss.post("/api/contracts/HQ/cases", json=body).status_code == 201
    with unit_of_work() as session:
        jobs.enqueue(session, "nothing", {}, now=now_utc())
    found = scrape(client)
    assert value(found, "roundbook_faults_open", severity="1") == 1
    assert value(found, "roundbook_faults_open", severity="2") == 0
    assert value(found, "roundbook_jobs_waiting", kind="nothing") == 1
    assert ("roundbook_mails_waiting", frozenset()) in found
    assert ("roundbook_webhooks_waiting", frozenset()) in found


def test_jobs_are_counted_by_what_came_of_them(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(jobs._handlers, "counted", lambda _: None)
    with unit_of_work() as session:
        jobs.enqueue(session, "counted", {}, now=now_utc())
    assert jobs.work_once("worker")
    assert value(scrape(client), "roundbook_jobs_total", kind="counted", result="done") == 1


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_through_a_proxy_or_from_elsewhere_there_is_nothing(
    header: str, client: FlaskClient
) -> None:
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 404
    from_elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert client.get("/metrics", environ_overrides=from_elsewhere).status_code == 404


def test_with_a_token_it_takes_the_token_from_anywhere(
    client: FlaskClient, with_token: str
) -> None:
    assert client.get("/metrics").status_code == 404
    for wrong in ("Bearer", "Bearer a-long-toke", "Bearer 令牌".encode().decode("latin-1")):
        assert client.get("/metrics", headers={"Authorization": wrong}).status_code == 404
    right = {"Authorization": f"Bearer {with_token}", "X-Forwarded-For": "192.0.2.7"}
    assert client.get("/metrics", headers=right).status_code == 200


def test_no_count_reads_a_table_through(app: Flask, client: FlaskClient) -> None:
    """Each of its statements goes by an index, or over a table that holds only what waits."""
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL chooses by the tables' sizes")
    asked: list[tuple[str, object]] = []

    def note(
        _c: object, _cursor: object, statement: str, parameters: object, *_rest: object
    ) -> None:
        asked.append((statement, parameters))

    sa.event.listen(db.engine, "before_cursor_execute", note)
    scrape(client)
    sa.event.remove(db.engine, "before_cursor_execute", note)
    with db.engine.connect() as connection:
        for statement, parameters in [one for one in asked if one[0].startswith("SELECT")]:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
            for line in plan.all():
                if "SCAN" in line.detail and "INDEX" not in line.detail:
                    assert line.detail.split()[1] == "job", line.detail


@pytest.mark.slow
def test_two_workers_count_as_one_server(tmp_path: Path) -> None:
    prepare(tmp_path, demo=False)
    # Of its own, because the counters are made when they are imported.
    server = Server(tmp_path, settings={"WEB_CONCURRENCY": "2"}, command=GUNICORN).start()
    try:
        asked = 40
        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda _: _status(f"{server.url}/healthz"), range(asked)))
        assert statuses == [200] * asked
        counts = set()
        for _ in range(6):
            with urllib.request.urlopen(f"{server.url}/metrics") as answer:
                found = samples(answer.read().decode())
            labels = {"method": "GET", "route": "/healthz", "status": "200"}
            counts.add(value(found, "roundbook_requests_total", **labels))
        assert counts == {asked}
    finally:
        server.stop()
    assert list((tmp_path / "metrics").glob("counter_*.db"))


def _status(url: str) -> int:
    with urllib.request.urlopen(url) as answer:
        status: int = answer.status
        return status
