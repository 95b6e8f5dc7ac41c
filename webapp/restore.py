"""A restore: a backup read back into an empty server, which begins a new epoch.

The file is read to its end and held against its hashes before anything is written, so that the person at
the terminal hears of everything that is wrong with it at once, and a bad file leaves no trace.
"""

from __future__ import annotations

import base64
import hashlib
import json
import lzma
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import current_app
from flask_migrate import upgrade
from sqlalchemy.orm import Session

from webapp.backup import (
    FORMAT,
    MANIFEST,
    NAMED_AT_MOST,
    OBJECTS,
    ROWS_AT_ONCE,
    TABLES,
    BackupError,
    Say,
    in_words,
    revision_of,
)
from webapp.db import Base, UtcDateTime, db, now_utc, unit_of_work
from webapp.storage import ObjectStore
from webapp.stored import is_whole, mark_lost, named_keys
from webapp.sync.services import new_epoch

_NOTHING = "Nothing was restored"
# What tarfile, and what it unpacks with, raise for a file that was cut or altered.
_BROKEN = (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError)
# A manifest's shape, and what one of before does not say.
_SHAPE = {
    "format": int,
    "revision": str,
    "tables": dict,
    "lacking": dict,
    "dropped": list,
    "secrets": dict,
}
_BEFORE: dict[str, Any] = {"tables": {}, "lacking": {}, "dropped": [], "secrets": {}}


@dataclass(frozen=True)
class Restored:
    """What a restore could not give back, by key, and which of the server's secrets are others.

    ``other_secrets`` is None when the backup is of before there were fingerprints.
    """

    lost: list[str]
    other_secrets: list[str] | None


@dataclass(frozen=True)
class _Contents:
    """A backup's file, looked through: the keys of the objects that are whole, and those that aren't."""

    manifest: dict[str, Any]
    whole: set[str]
    bad: set[str]


def restore_backup(
    store: ObjectStore,
    path: Path,
    say: Say,
    secrets: dict[str, str],
    *,
    accept_damaged: bool = False,
) -> Restored:
    """Fill an empty database and its store from ``path``, and begin a new epoch.

    A database without tables is given them first. When anything fails, the database stays empty and the
    store is as it was.

    :param secrets: this server's ``fingerprints``
    :param accept_damaged: go on without the objects that are lacking or damaged; see ``mark_lost``
    :raise BackupError: not a whole backup, another schema, the database is not empty, or an object is
        lacking and that was not accepted
    """
    with in_words(_NOTHING), _opened(path) as archive:
        manifest = _manifest(archive)
        _check_schema(manifest)
        _prepare_database()
        contents = _look_through(archive, manifest, say)
        before = {key for key, _ in store.keys("")}
        whole = contents.whole | {key for key in contents.bad & before if _has(store, key)}
        if contents.bad - whole and not accept_damaged:
            raise _lacking(contents.bad - whole)
        put: list[str] = []
        try:
            _put_objects(archive, store, contents.whole, put, say)
            with unit_of_work() as session:
                for table in Base.metadata.sorted_tables:
                    say(table.name)
                    _restore_table(session, archive, table)
                lost = named_keys(session) - whole
                if lost - set(manifest["dropped"]) and not accept_damaged:
                    raise _lacking(lost - set(manifest["dropped"]))
                mark_lost(session, lost, now_utc())
                new_epoch(session)
        except BaseException:
            # What lay there before is not ours to delete: the store may have outlived the database.
            for key in set(put) - before:
                with suppress(Exception):
                    store.delete(key)
            raise
    known = manifest["secrets"]
    others = [name for name, value in secrets.items() if known.get(name) != value]
    return Restored(sorted(lost), others if known else None)


def _lacking(keys: Iterable[str]) -> BackupError:
    names = sorted(keys)
    some = ", ".join(names[:NAMED_AT_MOST]) + (" …" if len(names) > NAMED_AT_MOST else "")
    return BackupError(
        f"Files that are lacking or damaged in this backup: {len(names)} ({some}). {_NOTHING}. "
        "Use another backup, or restore this one without them by --accept-damaged: their photos then "
        "count as not received, and phones that still hold them send them again."
    )


def _has(store: ObjectStore, key: str) -> bool:
    """Whether the store itself still holds an object that the backup lacks."""
    try:
        return is_whole(key, store.get(key))
    except OSError:
        return False


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    """The file as an archive; what is none, and what breaks off while it is read, is told apart."""
    begun = False
    try:
        with tarfile.open(path, "r") as archive:
            begun = True
            yield archive
    except _BROKEN:
        raise (_cut if begun else _foreign)(path) from None


def _foreign(path: Path) -> BackupError:
    return BackupError(
        f"{path} is no backup of Roundbook. {_NOTHING}. Name the file that `backup` wrote."
    )


def _cut(path: Path) -> BackupError:
    return BackupError(
        f"{path} is cut short or damaged. {_NOTHING}. Copy it again from where it was taken, or use "
        "another backup."
    )


def _manifest(archive: tarfile.TarFile) -> dict[str, Any]:
    """The list of contents."""
    path = Path(str(archive.name))
    names = archive.getnames()
    if MANIFEST not in names:
        # It is written last: a file that was cut between two members has lost it.
        ours = any(name.startswith((TABLES, OBJECTS)) for name in names)
        raise _cut(path) if ours else _foreign(path)
    try:
        manifest = _BEFORE | dict(json.load(_open(archive, MANIFEST)))
    except (TypeError, ValueError):
        manifest = {}
    if any(not isinstance(manifest.get(name), kind) for name, kind in _SHAPE.items()):
        raise _unreadable("Its list of contents (manifest.json)")
    return manifest


def _unreadable(what: str) -> BackupError:
    return BackupError(f"{what} is damaged or missing in this backup. {_NOTHING}. Use another one.")


def _check_schema(manifest: dict[str, Any]) -> None:
    ours = _newest_schema()
    if manifest["format"] != FORMAT or manifest["revision"] != ours:
        raise BackupError(
            f"The backup is of schema {manifest['revision']}, this version's is {ours}. {_NOTHING}. "
            "Restore with the version that made it, then upgrade."
        )


def _newest_schema() -> str | None:
    return ScriptDirectory(current_app.extensions["migrate"].directory).get_current_head()


def _prepare_database() -> None:
    """Give a database without tables its tables; refuse one of another schema, or with people in it."""
    session = db.session()
    try:
        revision = revision_of(session)
        session.rollback()
        if revision is None:
            upgrade()
            return
        user = Base.metadata.tables["user"]
        if revision != _newest_schema():
            raise BackupError(
                f"The database is of another version's schema, {revision}. {_NOTHING}. "
                "Restore into a new DATA_DIR or database."
            )
        if session.execute(sa.select(user.c.id).limit(1)).first() is not None:
            raise BackupError(
                f"The database is not empty. {_NOTHING}. Restore into a new DATA_DIR or database."
            )
    finally:
        session.rollback()


def _look_through(archive: tarfile.TarFile, manifest: dict[str, Any], say: Say) -> _Contents:
    """Hold everything in the file against its hash. :raise BackupError: a table is damaged"""
    say("checking the backup")
    tables = manifest["tables"]
    for table in Base.metadata.sorted_tables:
        digest = hashlib.sha256()
        for line in _lines(archive, table):
            digest.update(line)
        if tables and digest.hexdigest() != tables.get(table.name):
            raise _unreadable(f"The table {table.name}")
    whole: set[str] = set()
    bad = set(manifest["lacking"])
    for key, member in _objects(archive):
        (whole if is_whole(key, _open(archive, member).read()) else bad).add(key)
    return _Contents(manifest, whole, bad - whole)


def _objects(archive: tarfile.TarFile) -> Iterator[tuple[str, tarfile.TarInfo]]:
    for member in archive.getmembers():
        if member.isfile() and member.name.startswith(OBJECTS):
            yield member.name.removeprefix(OBJECTS), member


def _put_objects(
    archive: tarfile.TarFile, store: ObjectStore, whole: set[str], put: list[str], say: Say
) -> None:
    for key, member in _objects(archive):
        if key in whole:
            put.append(key)
            store.put(key, _open(archive, member).read())
            if len(put) % 200 == 0 or len(put) == len(whole):
                say(f"file {len(put)} of {len(whole)}")


def _restore_table(session: Session, archive: tarfile.TarFile, table: sa.Table) -> None:
    """What a row names of its own table is put in at the end: that may stand anywhere in the file."""
    session.execute(sa.delete(table))
    own = [key.parent.name for key in table.foreign_keys if key.column.table is table]
    named: list[dict[str, Any]] = []
    lines = iter(_lines(archive, table))
    while some := list(islice(lines, ROWS_AT_ONCE)):
        try:
            rows = [_row(table, line) for line in some]
        except (KeyError, TypeError, ValueError):
            raise _unreadable(f"The table {table.name}") from None
        for row in rows if own else ():
            held = {name: row[name] for name in own if row[name] is not None}
            if held:
                named.append({"of": row["id"], **held})
                row.update(dict.fromkeys(held))
        session.execute(sa.insert(table), rows)
    for held in named:
        session.execute(sa.update(table).where(table.c.id == held.pop("of")).values(held))
    _continue_numbers(session, table)


def _lines(archive: tarfile.TarFile, table: sa.Table) -> IO[bytes]:
    try:
        return _open(archive, f"{TABLES}{table.name}.jsonl")
    except KeyError:
        raise _unreadable(f"The table {table.name}") from None


def _row(table: sa.Table, line: bytes) -> dict[str, Any]:
    values = json.loads(line)
    return {c.name: _typed(c, values[c.name]) for c in table.columns}


def _typed(column: sa.Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(column.type, sa.LargeBinary):
        return base64.b64decode(value, validate=True)
    return date.fromisoformat(value) if isinstance(column.type, sa.Date) else value


def _continue_numbers(session: Session, table: sa.Table) -> None:
    """PostgreSQL counts ids by itself; it goes on after the highest that was restored."""
    if session.get_bind().dialect.name != "postgresql" or "id" not in table.columns:
        return
    highest = session.scalar(sa.select(sa.func.max(table.c.id)))
    sequence = sa.func.pg_get_serial_sequence(f'"{table.name}"', "id")
    if highest is not None:
        session.execute(sa.select(sa.func.setval(sequence, highest)))


def _open(archive: tarfile.TarFile, member: str | tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(member)
    if file is None:
        raise KeyError(member)
    return file
