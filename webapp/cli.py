"""Commands that wrap services."""

from __future__ import annotations

import threading
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from flask_migrate import upgrade

from webapp import jobs as queue
from webapp.api import openapi as openapi_api
from webapp.cli_estate import estate
from webapp.demo.cli import demo


def register(app: Flask) -> None:
    """Bind the commands to ``flask --app webapp``."""
    app.cli.add_command(openapi)
    app.cli.add_command(setup)
    app.cli.add_command(demo)
    app.cli.add_command(estate)
    app.cli.add_command(jobs)


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
