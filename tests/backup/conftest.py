"""Other servers with nothing in them, to restore into."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import upgrade

from webapp import create_app
from webapp.config import Settings
from webapp.db import db


@pytest.fixture
def other_server(tmp_path: Path, settings: Settings) -> Iterator[Flask]:
    """An empty server on SQLite and a folder; a backup of either database fits."""
    folder = tmp_path / "other"
    folder.mkdir()
    made = replace(
        settings,
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'other.sqlite3'}",
        object_store_url="",
        redis_url="",
        secret_key="other",
    )
    other = create_app(made, TESTING=True, PROPAGATE_UNEXPECTED=True)
    with other.app_context():
        upgrade(directory=str(Path(__file__).parents[2] / "migrations"))
    yield other
    with other.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def inside_other_server(other_server: Flask) -> Iterator[Flask]:
    """The empty server, in an app context."""
    with other_server.app_context():
        yield other_server


@pytest.fixture
def bare_server(tmp_path: Path, settings: Settings) -> Iterator[Flask]:
    """A server as one is after its first start, without any tables: on PostgreSQL where the suite is."""
    folder = tmp_path / "bare"
    folder.mkdir()
    name = f"bare_{secrets.token_hex(6)}"
    url = f"sqlite:///{folder / 'bare.sqlite3'}"
    if not settings.embedded:
        administer(settings, f'CREATE DATABASE "{name}"')
        url = urlsplit(settings.database_url)._replace(path=f"/{name}").geturl()
    made = replace(settings, data_dir=folder, database_url=url, object_store_url="", redis_url="")
    bare = create_app(made, TESTING=True, PROPAGATE_UNEXPECTED=True)
    yield bare
    with bare.app_context():
        db.session.remove()
        db.engine.dispose()
    if not settings.embedded:
        administer(settings, f'DROP DATABASE "{name}" WITH (FORCE)')


def administer(settings: Settings, statement: str) -> None:
    """Have the database's server make or drop a database."""
    engine = sa.create_engine(settings.database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()
