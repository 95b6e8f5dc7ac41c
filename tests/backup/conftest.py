"""Another server with nothing in it, to restore into."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
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
