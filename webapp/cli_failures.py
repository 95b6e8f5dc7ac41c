"""What keeps a command from its work and is no bug, in one sentence: everything else keeps its traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any

import click
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from webapp.db import db
from webapp.jobs import TryLater

_PACKAGE = Path(__file__).parent
_SETUP = "setup"


def in_one_sentence(command: click.Command) -> click.Command:
    """The command, or the group with all below it, that tells in one sentence what it could not do."""
    told, invoke = copy(command), command.invoke

    def invoke_and_tell(ctx: click.Context) -> Any:
        with _told(is_setup=command.name == _SETUP):
            return invoke(ctx)

    told.invoke = invoke_and_tell  # type: ignore[method-assign]
    return told


@contextmanager
def _told(*, is_setup: bool) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        db.session.rollback()
        problem = _problem_of_the_database(_reason(error), is_setup=is_setup)
        if not problem:
            raise
        raise click.ClickException(problem) from None
    except TryLater as error:
        raise click.ClickException(f"This can't be done now: {error}") from None
    except OSError as error:
        # A file of whoever asks, or the disk; one of our own that is missing is a bug.
        if error.filename is None or _PACKAGE in Path(error.filename).absolute().parents:
            raise
        raise click.ClickException(f"{error.filename}: {error.strerror}.") from None


def _problem_of_the_database(reason: str, *, is_setup: bool) -> str:
    """What is wrong with the database itself, which is asked; nothing where the command has a bug."""
    where = db.engine.url.render_as_string(hide_password=True)
    try:
        with db.engine.connect() as connection:
            now_at = set(MigrationContext.configure(connection).get_current_heads())
    except SQLAlchemyError as error:
        return f"The database {where} can't be used ({_reason(error)})."
    if is_setup or now_at == set(_newest()):
        return ""
    return f"The database {where} can't be used ({reason}). Run `flask --app webapp setup` first."


def _newest() -> list[str]:
    config = current_app.extensions["migrate"].migrate.get_config()
    return ScriptDirectory.from_config(config).get_heads()


def _reason(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]
