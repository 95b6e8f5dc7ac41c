"""The suite's ground: a real database built by the migrations, a real folder, no network.

``TEST_DATABASE_URL``, ``TEST_OBJECT_STORE_URL`` and ``TEST_REDIS_URL`` choose PostgreSQL, an
S3-compatible store and Redis; without them the embedded default is tested. Commits are real; what a
test wrote is emptied after it.
"""

from __future__ import annotations

import gc
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa
from flask import Flask, g
from flask.testing import FlaskClient
from flask_migrate import upgrade

from tests import factories, promised
from tests.browsers import browser_path, playwright  # noqa: F401 - fixtures for every folder
from tests.tls import certificate, tls_files  # noqa: F401 - as above
from webapp import create_app
from webapp.config import Settings
from webapp.db import Base, db, unit_of_work
from webapp.extensions import limiter
from webapp.identity.models import Contract, User

KEPT_TABLES = {"server_state"}
NUMBERS_BEGIN_ANEW = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
"""
TRIGGERS = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"
# A busy machine is no failure, and a run in CI draws the same cases every time.
hypothesis.settings.register_profile(
    "roundbook", deadline=None, derandomize=bool(os.environ.get("CI"))
)
hypothesis.settings.load_profile("roundbook")


def pytest_configure(config: pytest.Config) -> None:
    """Count the tests of what is promised."""
    config.pluginmanager.register(promised.Promised())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is promised first. Of the scaled-out services only that is asked which asks them:
    once is enough for the rest."""
    items[:] = promised.first(items)
    if "TEST_DATABASE_URL" not in os.environ:
        return
    chosen = [item for item in items if "settings" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
    items[:] = chosen


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of the server under test."""
    data_dir = tmp_path_factory.mktemp("data")
    return Settings(
        data_dir=data_dir,
        database_url=os.environ.get("TEST_DATABASE_URL")
        or f"sqlite:///{data_dir / 'test.sqlite3'}",
        object_store_url=os.environ.get("TEST_OBJECT_STORE_URL", ""),
        redis_url=os.environ.get("TEST_REDIS_URL", ""),
        smtp_url="",
        base_url="http://localhost",
        secret_key=secrets.token_hex(16),
        secure_cookies=False,
        run_jobs_in_process=False,
    )


@pytest.fixture(scope="session")
def session_app(settings: Settings) -> Iterator[Flask]:
    """The app, with a database that the migrations have built."""
    app = create_app(settings, TESTING=True, PROPAGATE_UNEXPECTED=True)
    # Before the app's own, which ask who is signed in.
    app.before_request_funcs[None].insert(0, _forget_the_last_requests_user)
    with app.app_context():
        if settings.embedded:
            sa.event.listen(db.engine, "connect", _never_wait_for_the_disk)
        else:
            _empty_schema()
        upgrade(directory=str(Path(__file__).parent.parent / "migrations"))
    # As the server does: what it starts with is never walked through again.
    gc.collect()
    gc.freeze()
    # What pytest keeps of thousands of tests is walked through seldom: a seventh of the suite's time.
    gc.set_threshold(200_000, 50, 100)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _forget_the_last_requests_user() -> None:
    """A test's requests share its app context, and Flask-Login remembers the user in it."""
    g.pop("_login_user", None)


def _never_wait_for_the_disk(connection: sqlite3.Connection, _: object) -> None:
    """Thousands of tests commit tens of thousands of times; a power cut is no matter of theirs."""
    connection.execute("PRAGMA synchronous=OFF")


def _empty_schema() -> None:
    """Start from nothing on a PostgreSQL that an earlier run has used."""
    with db.engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))


@pytest.fixture
def app(session_app: Flask) -> Iterator[Flask]:
    """The app in an app context; afterwards every table is empty again."""
    limiter.reset()
    with session_app.app_context():
        yield session_app
        db.session.rollback()
        empty_tables()
        db.session.remove()


def empty_tables() -> None:
    """Empty every table but those that the server made for itself, by deleting what is there.

    On PostgreSQL too: TRUNCATE makes a new file of each table and index, which takes a tenth of a second.
    Rows come back in any order then, as they may in earnest: who wants one names it.
    """
    with unit_of_work() as session:
        filled = set(session.scalars(sa.text(_filled_statement())))
        if not filled:
            return
        tables = [t.name for t in reversed(Base.metadata.sorted_tables) if t.name in filled]
        deletes = [f'DELETE FROM "{name}"' for name in tables]
        if db.engine.dialect.name == "postgresql":
            # Triggers and foreign keys sleep; the suite's user is a superuser for it.
            session.execute(sa.text("SET LOCAL session_replication_role = replica"))
            session.execute(sa.text("; ".join(deletes)))
            session.execute(sa.text(NUMBERS_BEGIN_ANEW))
            return
        kept = [one for one in session.execute(sa.text(TRIGGERS)) if one.tbl_name in filled]
        drops = [f"DROP TRIGGER {name}" for name, _, _ in kept]
        for statement in [*drops, *deletes, *(sql for _, _, sql in kept)]:
            session.connection().exec_driver_sql(statement)


@cache
def _filled_statement() -> str:
    """Names the tables that hold a row."""
    names = [t.name for t in Base.metadata.sorted_tables if t.name not in KEPT_TABLES]
    return " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in names
    )


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that is not signed in."""
    return app.test_client()


@pytest.fixture
def contract(app: Flask) -> Contract:
    """A contract named HQ, without anything in it."""
    return factories.contract("HQ")


@pytest.fixture
def manager(contract: Contract) -> User:
    """The contract's project manager."""
    return factories.member(contract, "project_manager", login="manager", name="王建国")


@pytest.fixture
def engineer(contract: Contract) -> User:
    """An inspection engineer of the contract."""
    return factories.member(contract, "inspection_engineer", login="engineer", name="李明")


@pytest.fixture
def it_lead(contract: Contract) -> User:
    """The client's IT lead."""
    return factories.member(contract, "client_it_lead", login="itlead", name="陈静")


@pytest.fixture
def stranger(app: Flask) -> User:
    """The project manager of another contract on the same server."""
    other = factories.contract("OTHER")
    return factories.member(other, "project_manager", login="stranger", name="赵刚")


@pytest.fixture
def signed_in(app: Flask) -> Callable[[User], FlaskClient]:
    """Signs a user in as a browser does, and gives the browser."""

    def sign_in(user: User) -> FlaskClient:
        browser = app.test_client()
        answer = browser.post(
            "/api/session", json={"login": user.login, "password": factories.PASSWORD}
        )
        assert answer.status_code == 200, answer.get_json()
        return browser

    return sign_in


@pytest.fixture
def count_queries(app: Flask) -> Iterator[Callable[[], int]]:
    """Counts the statements, but for BEGIN, sent to the database since the last call."""
    statements: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)

    def count() -> int:
        number = len(statements)
        statements.clear()
        return number

    yield count
    sa.event.remove(db.engine, "before_cursor_execute", note)
