"""Commands that wrap services."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup
from flask_migrate import upgrade

from webapp.api import openapi as openapi_api


def register(app: Flask) -> None:
    """Bind the commands to ``flask --app webapp``."""
    app.cli.add_command(openapi)
    app.cli.add_command(setup)


openapi = AppGroup("openapi", help="The API's document.")


@openapi.command("write")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
def write_openapi(path: Path) -> None:
    """Write the OpenAPI document to PATH."""
    openapi_api.write(path)
    click.echo(f"wrote {path}")


@click.command("setup")
def setup() -> None:
    """Bring the database to this version's schema."""
    upgrade()
