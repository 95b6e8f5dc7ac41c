"""Commands that wrap services."""

from __future__ import annotations

import tarfile
import threading
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from flask_migrate import upgrade

from webapp import jobs as queue
from webapp.api import openapi as openapi_api
from webapp.backup import BackupError, restore_backup, write_backup
from webapp.cli_estate import estate
from webapp.db import db, unit_of_work
from webapp.demo.cli import demo
from webapp.storage import object_store


def register(app: Flask) -> None:
    """Bind the commands to ``flask --app webapp``."""
    app.cli.add_command(openapi)
    app.cli.add_command(setup)
    app.cli.add_command(demo)
    app.cli.add_command(estate)
    app.cli.add_command(jobs)
    app.cli.add_command(backup)
    app.cli.add_command(restore)


openapi = AppGroup("openapi", help="The API's document.")


@openapi.command("write")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
def write_openapi(path: Path) -> None:
    """Write the OpenAPI document to PATH."""
    openapi_api.write(path)
    click.echo(f"wrote {path}")


jobs = AppGroup("jobs", help="Work after the commit.")


@jobs.command("work")
def work_jobs() -> None:
    """Work the queue until the process is ended."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    queue.work(app, threading.Event())


@click.command("setup")
def setup() -> None:
    """Bring the database to this version's schema."""
    upgrade()


@click.command("backup")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
def backup(path: Path) -> None:
    """Write database and photos, together, to PATH (a tar file)."""
    write_backup(db.session(), object_store(), path, click.echo)
    click.echo(f"backup written: {path}")


@click.command("restore")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def restore(path: Path) -> None:
    """Fill an empty server from PATH; phones will offer again what they still hold."""
    try:
        with unit_of_work() as session:
            restore_backup(session, object_store(), path, click.echo)
    except (BackupError, tarfile.TarError) as error:
        raise click.ClickException(str(error)) from None
    click.echo("restored; a new epoch has begun")
