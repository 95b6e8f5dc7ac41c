"""What the person at the terminal does: take a backup, and put one back."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from webapp.backup import Taken, fingerprints, write_backup
from webapp.db import db
from webapp.restore import Restored, restore_backup
from webapp.storage import object_store

SECRETS = fingerprints("a secret", "a push key")


def quiet(_text: str) -> None:
    """Say nothing."""


def taken(path: Path) -> Taken:
    """Take a backup of the server whose app context this is."""
    return write_backup(db.session(), object_store(), path, quiet, SECRETS)


def put_back(path: Path, *, accept_damaged: bool = False) -> Restored:
    """Restore into the server whose app context this is."""
    return restore_backup(object_store(), path, quiet, SECRETS, accept_damaged=accept_damaged)


def flask(app: Flask, *words: str) -> tuple[int, str, str]:
    """``flask --app webapp WORDS``: the exit code, what it said, and what it complained of."""
    # A context of its own, as a command has: the test's session would see what it saw before.
    with app.app_context():
        done = app.test_cli_runner().invoke(args=list(words))
        db.session.remove()
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr
