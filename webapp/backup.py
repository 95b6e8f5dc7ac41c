"""Backup and restore: database and photos together, in one file that either database can read.

The rows are read in one snapshot, then the objects that they name, which never change. A restored
server begins a new epoch, so that every phone offers again what it still holds.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.models import CaseFile
from webapp.db import Base, UtcDateTime
from webapp.reports.models import Document, Report
from webapp.rounds.models import Photo
from webapp.storage import ObjectStore, photo_key
from webapp.sync.models import KeptPhoto
from webapp.sync.services import new_epoch
from webapp.team.manuals import manual_key
from webapp.team.models import Manual, ManualVersion

FORMAT = 1
ROWS_AT_ONCE = 500
Say = Callable[[str], None]


class BackupError(Exception):
    """Why a backup can't be taken or restored, as a sentence for the person at the terminal."""


def write_backup(session: Session, store: ObjectStore, path: Path, say: Say) -> None:
    """Write the whole server to ``path``; the file appears only when it is complete."""
    temporary = path.with_name(path.name + ".part")
    with tarfile.open(temporary, "w") as archive:
        _begin_snapshot(session)
        for table in Base.metadata.sorted_tables:
            say(table.name)
            _add_table(session, archive, table, path.parent)
        keys = sorted({*_photo_keys(session), *_document_keys(session)})
        manifest = {"format": FORMAT, "revision": _revision(session), "objects": len(keys)}
        session.rollback()
        for number, key in enumerate(keys, 1):
            _add(archive, f"objects/{key}", store.get(key))
            if number % 200 == 0 or number == len(keys):
                say(f"file {number} of {len(keys)}")
        _add(archive, "manifest.json", json.dumps(manifest).encode())
    _make_durable(temporary)
    temporary.rename(path)
    _make_durable(path.parent)


def restore_backup(session: Session, store: ObjectStore, path: Path, say: Say) -> None:
    """Fill an empty, migrated database and its store from ``path``, and begin a new epoch.

    The caller's transaction holds it all: when anything fails, the database stays empty.

    :raise BackupError: not empty, another schema, not a whole backup, or a photo in it is damaged
    """
    with tarfile.open(path, "r") as archive:
        _check(session, archive)
        for member in archive:
            if member.name.startswith("objects/"):
                key = member.name.removeprefix("objects/")
                store.put(key, _checked(key, _bytes_of(archive, member)))
        for table in Base.metadata.sorted_tables:
            say(table.name)
            _restore_table(session, archive, table)
    new_epoch(session)


def _checked(key: str, data: bytes) -> bytes:
    """The bytes of a photo or document, whose key ends with the SHA-256 that they must have."""
    if hashlib.sha256(data).hexdigest() != key.rpartition("/")[2]:
        raise BackupError(f"A file in this backup is damaged: {key}. Take another backup.")
    return data


def _add_table(session: Session, archive: tarfile.TarFile, table: sa.Table, folder: Path) -> None:
    """Add a table's rows, a line each; on the disk and not in memory until their size is known."""
    rows = session.execute(sa.select(table), execution_options={"yield_per": ROWS_AT_ONCE})
    with tempfile.TemporaryFile(dir=folder) as lines:
        for row in rows.mappings():
            lines.write(_line(table, row).encode())
        member = tarfile.TarInfo(f"tables/{table.name}.jsonl")
        member.size, member.mode = lines.tell(), 0o600
        lines.seek(0)
        archive.addfile(member, lines)


def _make_durable(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _begin_snapshot(session: Session) -> None:
    """One view of the data for all tables; SQLite's readers have it by themselves."""
    session.rollback()
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def _line(table: sa.Table, row: Any) -> str:
    values = {c.name: _plain(row[c.key]) for c in table.columns}
    return json.dumps(values, ensure_ascii=False) + "\n"


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


def _typed(column: sa.Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, UtcDateTime):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(column.type, sa.Date) else value


def _photo_keys(session: Session) -> Iterator[str]:
    for of in (Photo, CaseFile, KeptPhoto):
        received = sa.select(of.contract_id, of.sha256).where(of.received_at.is_not(None))
        for contract_id, sha256 in session.execute(received):
            yield photo_key(contract_id, sha256)


def _document_keys(session: Session) -> Iterator[str]:
    """Documents that are made, the frozen data of issued reports, and manuals."""
    yield from session.scalars(sa.select(Document.object_key).where(Document.state == "ready"))
    yield from session.scalars(sa.select(Report.data_key))
    manuals = sa.select(Manual.contract_id, ManualVersion.sha256).join(
        ManualVersion, ManualVersion.manual_id == Manual.id
    )
    for contract_id, sha256 in session.execute(manuals):
        yield manual_key(contract_id, sha256)


def _revision(session: Session) -> str:
    version = sa.table("alembic_version", sa.column("version_num"))
    return str(session.execute(sa.select(version.c.version_num)).scalar_one())


def _check(session: Session, archive: tarfile.TarFile) -> None:
    try:
        manifest = json.load(_open(archive, "manifest.json"))
    except KeyError:
        raise BackupError("This file is not a whole Roundbook backup.") from None
    if manifest["format"] != FORMAT or manifest["revision"] != _revision(session):
        raise BackupError(
            f"The backup is of schema {manifest['revision']}, this server's is {_revision(session)}. "
            "Restore with the version that made it, then upgrade."
        )
    objects = sum(member.name.startswith("objects/") for member in archive.getmembers())
    if objects != manifest["objects"]:
        raise BackupError("Photos are missing from this backup.")
    user = Base.metadata.tables["user"]
    if session.execute(sa.select(user.c.id).limit(1)).first() is not None:
        raise BackupError("The database is not empty. Restore into a new DATA_DIR or database.")


def _restore_table(session: Session, archive: tarfile.TarFile, table: sa.Table) -> None:
    session.execute(sa.delete(table))
    lines = iter(_open(archive, f"tables/{table.name}.jsonl"))
    while some := list(islice(lines, ROWS_AT_ONCE)):
        session.execute(sa.insert(table), [_row(table, line) for line in some])
    _continue_numbers(session, table)


def _row(table: sa.Table, line: bytes) -> dict[str, Any]:
    values = json.loads(line)
    return {c.name: _typed(c, values[c.name]) for c in table.columns}


def _continue_numbers(session: Session, table: sa.Table) -> None:
    """PostgreSQL counts ids by itself; it goes on after the highest that was restored."""
    if session.get_bind().dialect.name != "postgresql" or "id" not in table.columns:
        return
    highest = session.scalar(sa.select(sa.func.max(table.c.id)))
    sequence = sa.func.pg_get_serial_sequence(f'"{table.name}"', "id")
    if highest is not None:
        session.execute(sa.select(sa.func.setval(sequence, highest)))


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    member.mode = 0o600
    archive.addfile(member, io.BytesIO(data))


def _open(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    file = archive.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file


def _bytes_of(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    return _open(archive, member.name).read()
