"""A file that is no good backup is refused with one sentence that says what to do, and leaves no trace."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.backup.hand import flask, put_back, taken
from webapp.backup import BackupError
from webapp.db import Base, db
from webapp.identity.models import Contract, User
from webapp.storage import object_store

Members = dict[str, bytes]
Change = Callable[[Members], None]


@pytest.fixture
def backup(contract: Contract, engineer: User, tmp_path: Path) -> Path:
    """A backup of a contract with an engineer."""
    path = tmp_path / "roundbook.tar"
    taken(path)
    return path


def changed(path: Path, change: Change) -> None:
    """Write the file anew, with other members."""
    with tarfile.open(path) as archive:
        members = {one.name: archive.extractfile(one).read() for one in archive}  # type: ignore[union-attr]
    change(members)
    with tarfile.open(path, "w") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def manifest(data: bytes) -> Change:
    return lambda members: members.update({"manifest.json": data})


def manifest_without(*names: str, **others: object) -> Change:
    def change(members: Members) -> None:
        of = {**json.loads(members["manifest.json"]), **others}
        members["manifest.json"] = json.dumps(
            {name: value for name, value in of.items() if name not in names}
        ).encode()

    return change


def without_table(members: Members) -> None:
    del members["tables/user.jsonl"]


def cut_line(members: Members) -> None:
    members["tables/user.jsonl"] = members["tables/user.jsonl"][:-20]


def cut_line_unnoticed(members: Members) -> None:
    """As in a backup of before there were hashes of tables."""
    cut_line(members)
    manifest_without("tables")(members)


def other_column(members: Members) -> None:
    members["tables/user.jsonl"] = b'{"id": 1}\n'
    manifest_without("tables")(members)


def changed_letter(members: Members) -> None:
    members["tables/user.jsonl"] = members["tables/user.jsonl"].replace(b"engineer", b"Engineer")


def object_that_leaves_the_store(members: Members) -> None:
    members["objects/../../secret_key"] = b"mine"


DAMAGED = {
    "a table is missing": (without_table, "The table user is damaged or missing"),
    "a table's line is cut": (cut_line, "The table user is damaged or missing"),
    "a line is cut in a backup of before": (cut_line_unnoticed, "The table user is damaged"),
    "a column is missing": (other_column, "The table user is damaged"),
    "a letter has changed": (changed_letter, "The table user is damaged"),
    "the manifest is a list": (manifest(b"[]"), r"Its list of contents \(manifest.json\)"),
    "the manifest is no JSON": (manifest(b"{"), r"Its list of contents \(manifest.json\)"),
    "the manifest is no text": (manifest(b"\xff\xfe"), r"Its list of contents \(manifest.json\)"),
    "the manifest lacks a word": (manifest_without("revision"), "Its list of contents"),
    "the manifest has another shape": (manifest_without(lacking=3), "Its list of contents"),
    "another schema": (manifest_without(revision="0001"), "Restore with the version that made it"),
    "another format": (manifest_without(format=9), "Restore with the version that made it"),
    "a hostile name": (object_that_leaves_the_store, r"lacking or damaged.*secret_key"),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_a_damaged_backup_is_refused_in_one_sentence(
    backup: Path, bare_server: Flask, what: str
) -> None:
    change, sentence = DAMAGED[what]
    changed(backup, change)
    assert_refused(bare_server, backup, sentence)


def cut(data: bytes) -> bytes:
    return data[: len(data) // 3]


def cut_between_two_members(data: bytes) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return data[: archive.getmembers()[-1].offset]


FILES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut": (cut, "is cut short or damaged"),
    "cut between two members": (cut_between_two_members, "is cut short or damaged"),
    "packed and cut": (lambda data: gzip.compress(data)[:-2000], "is cut short or damaged"),
    "a text": (lambda _: b"Dear colleagues, " * 100, "is no backup of Roundbook"),
    "empty": (lambda _: b"", "is no backup of Roundbook"),
    "another archive": (lambda _: other_archive(), "is no backup of Roundbook"),
}


def other_archive() -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("holiday.jpg"))
    return whole.getvalue()


@pytest.mark.parametrize("what", FILES)
def test_a_cut_or_foreign_file_is_refused_in_one_sentence(
    backup: Path, bare_server: Flask, what: str
) -> None:
    make, sentence = FILES[what]
    backup.write_bytes(make(backup.read_bytes()))
    assert_refused(bare_server, backup, sentence)


def assert_refused(server: Flask, path: Path, sentence: str) -> None:
    """The command says so and no more, nobody is in the database, nothing in the store."""
    with server.app_context():
        with pytest.raises(BackupError, match=sentence):
            put_back(path)
        db.session.rollback()
        if sa.inspect(db.engine).has_table("user"):
            for table in Base.metadata.sorted_tables:
                if table.name != "server_state":
                    count = sa.select(sa.func.count()).select_from(table)
                    assert db.session.scalar(count) == 0, table.name
        assert object_store().keys("") == []
        db.session.rollback()
    code, _, complaint = flask(server, "restore", str(path))
    assert code == 1
    [line] = [line for line in complaint.splitlines() if "Error" in line]
    assert "Nothing was restored. " in line


def test_a_server_without_tables_has_nothing_to_back_up(bare_server: Flask, tmp_path: Path) -> None:
    path = tmp_path / "roundbook.tar"
    code, _, complaint = flask(bare_server, "backup", str(path))
    assert (code, "Are DATA_DIR and DATABASE_URL those of the server?" in complaint) == (1, True)
    assert list(tmp_path.glob("roundbook*")) == []


def test_a_folder_that_is_not_there_is_named(app: Flask, tmp_path: Path) -> None:
    code, _, complaint = flask(app, "backup", str(tmp_path / "gone" / "roundbook.tar"))
    assert (code, f"could not be written to {tmp_path / 'gone'}" in complaint) == (1, True)
