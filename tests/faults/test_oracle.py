"""The judge can be told nothing: whatever a server had lost, doubled or altered, it finds."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import Site
from tests.faults.engineer import photo_bytes, told_of
from tests.faults.oracle import Told, judge, read_folder
from tests.faults.test_records import visit
from tests.rounds import made
from tests.sync.phone import inspection, operation, slot


@pytest.fixture
def told(site: Site) -> Told:
    """What a phone was told of an inspection with a photo, an ill record and a scan."""
    wire, data = site.wire(), photo_bytes(1)
    line = slot(data)
    scan = {"uid": made.uid(), "code": "BCDF2GH7"}
    sent = [
        inspection(visit(site, photos=[line])),
        inspection(visit(site, 1, device_id=999_999)),
        operation("scan", scan),
    ]
    assert wire.results(*sent) == ["applied", "quarantined", "applied"]
    assert wire.put(line["id"], data)[0] == 200
    return told_of(sent, {line["id"]: data})


def execute(statement: str) -> Callable[[Path], None]:
    """Do this to the database, behind the server's back."""

    def do(folder: Path) -> None:
        with sqlite3.connect(folder / "roundbook.sqlite3") as database:
            assert database.execute(statement).rowcount
        database.close()

    return do


def spoil_the_photo(folder: Path) -> None:
    for path in (folder / "files/photos").rglob("?" * 64):
        path.write_bytes(path.read_bytes()[:-1] + b"!")


def lose_the_photo(folder: Path) -> None:
    for path in (folder / "files/photos").rglob("?" * 64):
        path.unlink()


COLUMNS = "inspection_id, number + 1000, author_id, operation_id, payload, received_at"
NAMES = "inspection_id, number, author_id, operation_id, payload, received_at"


@pytest.mark.parametrize(
    "harm",
    [
        execute("DELETE FROM operation"),
        execute("UPDATE operation SET hash = replace(hash, '0', '1')"),
        execute("DELETE FROM inspection_revision"),
        execute("UPDATE inspection_revision SET payload = payload || ' '"),
        execute(
            f"INSERT INTO inspection_revision ({NAMES}) SELECT {COLUMNS} FROM inspection_revision"
        ),
        execute("DELETE FROM quarantined"),
        execute("UPDATE quarantined SET payload = payload || ' '"),
        execute("DELETE FROM scan"),
        execute("UPDATE photo SET received_at = NULL"),
        spoil_the_photo,
        lose_the_photo,
    ],
    ids=[
        "answers lost",
        "other answers",
        "record lost",
        "record altered",
        "record twice",
        "ill record lost",
        "ill record altered",
        "scan lost",
        "photo never came",
        "photo altered",
        "photo lost",
    ],
)
def test_the_judge_finds(
    harm: Callable[[Path], None], told: Told, site: Site, tmp_path: Path
) -> None:
    judge([told], site.read())
    folder = Path(shutil.copytree(site.server.data_dir, tmp_path / "copy"))
    judge([told], read_folder(folder, site.contract))
    harm(folder)
    with pytest.raises(AssertionError):
        judge([told], read_folder(folder, site.contract))
