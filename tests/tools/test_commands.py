"""The commands and the server as somebody starts them: what is wrong is one sentence, a bug its traceback."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from webapp.cli_failures import in_one_sentence
from webapp.db import db
from webapp.demo.cli import demo

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
SETUP_FIRST = "Run `flask --app webapp setup` first."


def started(*command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def flask(*command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return started("flask", "--app", "webapp", *command, **settings)


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that was printed, and nothing else."""
    assert (done.returncode, done.stdout) == (1, ""), done
    [line] = done.stderr.splitlines()
    assert line.startswith("Error: ")
    return line


def test_a_command_tells_a_wrong_setting_in_one_sentence(tmp_path: Path) -> None:
    there = {"DATA_DIR": str(tmp_path)}
    assert "OBJECT_STORE_URL: " in sentence(flask("setup", OBJECT_STORE_URL="foo", **there))
    assert "DATABASE_URL: " in sentence(flask("--help", DATABASE_URL="foo", **there))


@pytest.mark.parametrize(
    ("variable", "value"),
    [("TRUSTED_PROXIES", "yes"), ("TLS_CERTIFICATE", "/nowhere.pem"), ("OBJECT_STORE_URL", "foo")],
)
def test_the_server_tells_a_wrong_setting_in_one_sentence_and_ends(
    tmp_path: Path, variable: str, value: str
) -> None:
    done = started("gunicorn", DATA_DIR=str(tmp_path), PORT="18999", **{variable: value})
    assert f"{variable}: " in sentence(done)


def test_several_workers_and_a_folder_that_cannot_be_made_are_one_sentence_too(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    settings = {"DATA_DIR": str(tmp_path / "file"), "WEB_CONCURRENCY": "2", "PORT": "18999"}
    assert "DATA_DIR: " in sentence(started("gunicorn", **settings))


@pytest.mark.parametrize(
    "command",
    [
        ("demo",),
        ("people", "create-administrator", "root", "--name", "管理员", "--password", "roundbook"),
        ("sync", "rescue", str(ROOT / "README.md"), "--contract", "HQ"),
    ],
)
def test_what_needs_the_database_says_that_it_is_to_be_set_up(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    assert sentence(flask(*command, DATA_DIR=str(tmp_path))).endswith(SETUP_FIRST)


def test_what_cannot_be_reached_is_one_sentence(tmp_path: Path) -> None:
    nobody = {"DATA_DIR": str(tmp_path), "DATABASE_URL": "postgresql://u:Pa55@127.0.0.1:1/none"}
    told = sentence(flask("setup", **nobody))
    assert "can't be used" in told
    assert "Pa55" not in told
    assert SETUP_FIRST not in told
    mailbox = {"DATA_DIR": str(tmp_path), "IMAP_URL": "imap://u:p@127.0.0.1:1/INBOX"}
    assert "refused" in sentence(flask("mail", "receive", **mailbox)).lower()


def test_a_document_written_where_no_folder_is_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "nowhere/openapi.json"
    told = sentence(flask("openapi", "write", str(path), DATA_DIR=str(tmp_path)))
    assert str(path) in told


def test_a_bug_shows_its_traceback(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def asks_what_is_not_there() -> None:
        db.session.execute(db.text("SELECT nothing FROM nowhere"))

    def reads_what_was_not_shipped() -> None:
        (ROOT / "webapp/demo/nothing.xlsx").read_bytes()

    for bug in (asks_what_is_not_there, reads_what_was_not_shipped):
        monkeypatch.setattr(demo, "callback", lambda if_empty, bug=bug: bug())
        done = app.test_cli_runner().invoke(in_one_sentence(demo), [])
        assert done.exception is not None
        assert not isinstance(done.exception, SystemExit)


@pytest.mark.slow
def test_a_server_is_set_up_in_a_folder_of_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "巡检 100%41?x=1#y"
    there = {"DATA_DIR": str(folder)}
    assert flask("setup", **there).returncode == 0
    made = flask(
        "people",
        "create-administrator",
        "root",
        "--name",
        "管",
        ADMINISTRATOR_PASSWORD="roundbook",
        **there,
    )
    assert made.returncode == 0, made.stderr
    with sqlite3.connect(folder / "roundbook.sqlite3") as database:
        assert database.execute('SELECT login FROM "user"').fetchall() == [("root",)]
    database.close()
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    rest = flask("estate", "import", "tests/data/asset-register.xlsx", "--contract", "X", **there)
    assert "There is no contract with the code X." in sentence(rest)
