"""``flask estate import``: the report that others build on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.estate.files import DATA
from webapp.db import db
from webapp.estate.models import Device, Room
from webapp.identity.models import Contract

ROOT = Path(__file__).parents[2]
TIDY = str(DATA / "asset-register.xlsx")
UNTIDY = str(DATA / "asset-register-untidy.xlsx")


def run(app: Flask, *args: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["estate", "import", *args])
    return result.exit_code, result.output


def test_an_import_and_the_same_again(app: Flask, contract: Contract) -> None:
    code, output = run(app, UNTIDY, "--contract", "HQ", "--json")
    report = json.loads(output)
    assert code == 0
    counts = ("rooms", "devices", "created", "updated")
    assert [report[key] for key in counts] == [18, 123, 123, 0]
    assert {"row", "column", "code", "message", "severity"} <= report["problems"][0].keys()
    assert [p["row"] for p in report["problems"] if p["severity"] == "error"] == [*range(128, 133)]
    again = json.loads(run(app, UNTIDY, "--contract", "HQ", "--json")[1])
    assert [again[key] for key in counts] == [18, 123, 0, 0]
    assert again["problems"] == report["problems"]


def test_a_dry_run_compares_with_the_contract_as_it_is(
    app: Flask, contract: Contract, tmp_path: Path
) -> None:
    run(app, UNTIDY, "--contract", "HQ", "--json")
    counts = ("created", "updated")
    same = json.loads(run(app, UNTIDY, "--contract", "HQ", "--dry-run", "--json")[1])
    assert [same[key] for key in counts] == [0, 0]

    known = db.session.scalars(sa.select(Device).order_by(Device.id)).first()
    assert known is not None
    room = db.session.get(Room, known.room_id)
    assert room is not None
    register = tmp_path / "register.csv"
    register.write_text(
        "会议室,设备名称,设备类型,资产编号,品牌\n"
        f"{room.name_zh},{known.name},{known.type},{known.asset_number},改了的品牌\n"
        "新会议室,新的电视,电视,ZC-NEW-1,某品牌\n",
        encoding="utf-8",
    )
    asked = (str(register), "--contract", "HQ", "--json")
    before = json.loads(run(app, *asked, "--dry-run")[1])
    assert [before[key] for key in counts] == [1, 1]
    assert json.loads(run(app, *asked, "--dry-run")[1]) == before
    assert json.loads(run(app, *asked)[1]) == before


def test_a_dry_run_says_that_there_was_nothing_to_compare_with(
    app: Flask, contract: Contract
) -> None:
    assert run(app, TIDY, "--contract", "NONE", "--dry-run")[1].endswith(
        "Compared with an empty contract: NONE can't be read, or isn't made.\n"
    )


def test_for_people(app: Flask, contract: Contract) -> None:
    code, output = run(app, UNTIDY, "--contract", "HQ", "--language", "en")
    assert code == 0
    assert output.startswith("123 devices in 18 rooms\n")
    assert "✗ row 131, 会议室: the room is missing; this row is left out" in output
    assert output.endswith("123 created, 0 updated, 0 unchanged, 5 problems that leave a row out\n")


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ((TIDY, "--contract", "NONE"), "There is no contract with the code NONE."),
        (("/nowhere.xlsx", "--contract", "HQ"), "/nowhere.xlsx can't be opened"),
        ((__file__, "--contract", "HQ"), "No row with known column names"),
        ((sys.executable, "--contract", "HQ"), "The file"),
    ],
)
def test_refusals_are_one_clear_sentence(
    app: Flask, contract: Contract, args: tuple[str, ...], sentence: str
) -> None:
    code, output = run(app, *args)
    assert code == 1
    assert output.startswith(f"Error: {sentence}")
    assert output.count("\n") == 1


@pytest.mark.parametrize("file", [TIDY, UNTIDY])
def test_a_dry_run_needs_neither_contract_nor_database(tmp_path: Path, file: str) -> None:
    environment = {
        **os.environ,
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    }
    command = [sys.executable, "-m", "flask", "--app", "webapp", "estate", "import", file]
    result = subprocess.run(
        [*command, "--contract", "ANY", "--dry-run", "--json"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    report = json.loads(result.stdout)
    expected = (24, 140, 140) if file == TIDY else (18, 123, 123)
    assert (report["rooms"], report["devices"], report["created"]) == expected
    assert report["updated"] == 0


@pytest.mark.parametrize("is_there", [False, True])
def test_a_dry_run_leaves_no_database_behind(tmp_path: Path, is_there: bool) -> None:
    database = tmp_path / "roundbook.sqlite3"
    if is_there:
        database.touch()  # as a set-up that was broken off leaves it: without a table
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": ""}
    command = [sys.executable, "-m", "flask", "--app", "webapp", "estate", "import", TIDY]
    result = subprocess.run(
        [*command, "--contract", "ANY", "--dry-run", "--json"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(result.stdout)["created"] == 140
    assert database.exists() is is_there


def test_a_database_that_is_not_set_up_is_named(tmp_path: Path) -> None:
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": ""}
    result = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "webapp", "estate", "import", TIDY, "--contract", "X"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert "Run `flask --app webapp setup` first." in result.stderr
