"""Commands that wrap services."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from flask_migrate import upgrade

from webapp import jobs as queue
from webapp import log, receiving
from webapp.api import openapi as openapi_api
from webapp.cases import field_steps
from webapp.cli_backup import backup, restore
from webapp.cli_estate import estate
from webapp.cli_failures import in_one_sentence
from webapp.cli_sync import sync
from webapp.db import now_utc, unit_of_work
from webapp.demo.cli import demo
from webapp.errors import AppError
from webapp.identity import services as identity


def register(app: Flask) -> None:
    """Bind the commands to ``flask --app webapp``."""
    for command in (openapi, setup, demo, estate, sync, jobs, mail, people, backup, restore):
        app.cli.add_command(in_one_sentence(command))


openapi = AppGroup("openapi", help="The API's document.")


@openapi.command("write")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
def write_openapi(path: Path) -> None:
    """Write the OpenAPI document to PATH."""
    openapi_api.write(path)
    click.echo(f"wrote {path}")


@openapi.command("write-steps")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
def write_field_steps(path: Path) -> None:
    """Write the steps of cases that phones take to PATH."""
    field_steps.write(path)
    click.echo(f"wrote {path}")


jobs = AppGroup("jobs", help="Work after the commit.")


@jobs.command("work")
def work_jobs() -> None:
    """Work the queue until the process is told to end (SIGTERM or Ctrl-C); the job in hand is finished."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    # Blocked before the thread begins, which inherits it: a signal then waits here and nowhere else.
    ending = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    stop = threading.Event()
    worker = threading.Thread(target=queue.work, args=(app, stop))
    worker.start()
    signal.sigwait(ending)
    stop.set()
    log.event("worker_ending")
    worker.join()


mail = AppGroup("mail", help="Mails that come to the service desk.")


@mail.command("receive")
def receive_mail() -> None:
    """Take in what waits in the mailbox now, as the worker does every minute."""
    receiving.receive_mail({})


@click.command("setup")
def setup() -> None:
    """Bring the database to this version's schema."""
    upgrade()


people = AppGroup("people", help="Who may sign in.")


@people.command("create-administrator")
@click.argument("login")
@click.option("--name", required=True, help="The name that others see.")
@click.password_option(envvar="ADMINISTRATOR_PASSWORD", help="Asked for when it is not given.")
def create_administrator(login: str, name: str, password: str) -> None:
    """Make the first person of a new server, who makes the contracts and their people."""
    try:
        password_hash = identity.hash_password(password)
        with unit_of_work() as session:
            identity.create_user(
                session,
                login=login,
                password_hash=password_hash,
                name=name,
                is_admin=True,
                now=now_utc(),
                actor_id=None,
            )
    except AppError as error:
        raise click.ClickException(_ADMINISTRATOR_REFUSED[error.code]) from None
    click.echo(f"{login} may sign in as an administrator now.")


_ADMINISTRATOR_REFUSED = {
    "invalid": "Login and name need 1 to 80 characters each. 登录名与姓名各需 1 至 80 个字符。",
    "login_taken": "This login is taken already. 该登录名已被使用。",
    "password_too_short": "The password needs 8 characters at least. 密码至少 8 个字符。",
}
