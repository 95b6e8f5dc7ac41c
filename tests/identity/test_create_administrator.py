"""A new server gets its first person from the command line."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from webapp.db import db
from webapp.identity.models import User

COMMAND = ["people", "create-administrator", "root", "--name", "系统管理员"]


def test_the_first_administrator_signs_in(app: Flask, client: FlaskClient) -> None:
    made = app.test_cli_runner().invoke(args=[*COMMAND, "--password", factories.PASSWORD])
    assert made.exit_code == 0, made.output
    body = {"login": "root", "password": factories.PASSWORD}
    answer = client.post("/api/session", json=body)
    assert answer.get_json()["user"]["is_admin"] is True


def test_a_short_password_and_a_taken_login_are_refused(app: Flask) -> None:
    runner = app.test_cli_runner()
    short = runner.invoke(args=[*COMMAND, "--password", "short"])
    assert (short.exit_code, "8" in short.output) == (1, True)
    factories.user("root")
    taken = runner.invoke(args=[*COMMAND, "--password", factories.PASSWORD])
    assert (taken.exit_code, "taken" in taken.output) == (1, True)


@pytest.mark.parametrize(
    ("login", "name"),
    [("", "管"), ("   ", "管"), ("x" * 81, "管"), ("root", " "), ("root", "名" * 81)],
)
def test_nobody_is_made_who_could_never_sign_in(app: Flask, login: str, name: str) -> None:
    command = ["people", "create-administrator", login, "--name", name]
    made = app.test_cli_runner().invoke(args=[*command, "--password", factories.PASSWORD])
    assert (made.exit_code, made.output.count("\n")) == (1, 1)
    assert "1 to 80 characters" in made.output
    assert db.session.query(User).count() == 0
