"""A backup: database and photos together, in one file that either database can read.

The rows are read in one snapshot, then the objects that they name, which never change. Each object is
hashed while it is read: what is lost or damaged is named, and keeps nothing else from being saved.
``restore`` reads it back. The server's secrets are not in it, because a backup is a file that gets copied
about; fingerprints of them are, so that a restore can tell when they are others.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import hmac
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from webapp.db import Base
from webapp.storage import ObjectStore
from webapp.stored import INCOMING, described, is_whole, named_keys

FORMAT = 1
OBJECTS, DAMAGED, TABLES, MANIFEST = "objects/", "damaged/", "tables/", "manifest.json"
ROWS_AT_ONCE = 500
NAMED_AT_MOST = 5
Say = Callable[[str], None]


class BackupError(Exception):
    """Why a backup can't be taken or restored, as a sentence for the person at the terminal."""


@dataclass(frozen=True)
class Taken:
    """A backup as it was taken: where it lies, and what it lacks by key: ``missing``, ``unreadable`` or ``damaged``.

    ``words`` says of the first few what they are.
    """

    path: Path
    lacking: dict[str, str]
    words: list[str]


@dataclass
class _Writing:
    archive: tarfile.TarFile
    store: ObjectStore
    say: Say
    total: int
    done: int = 0
    lacking: dict[str, str] = field(default_factory=dict)


def fingerprints(secret_key: str, push_key: str) -> dict[str, str]:
    """What tells one secret from another and gives none away."""
    return {
        name: hmac.digest(secret.encode(), f"roundbook.backup.{name}".encode(), "sha256").hex()[:16]
        for name, secret in (("secret_key", secret_key), ("push_key", push_key))
    }


def write_backup(
    session: Session, store: ObjectStore, path: Path, say: Say, secrets: dict[str, str]
) -> Taken:
    """Write the whole server to ``path``; the file appears only when it is complete.

    One that lacks an object takes no earlier file's place, which may be the last that has it: it is
    written beside, with ``.lacking`` after its name.

    :param secrets: the server's ``fingerprints``
    :raise BackupError: it could not be written; nothing is left of it
    """
    temporary = path.with_name(path.name + ".part")
    try:
        with in_words(f"The backup could not be written to {path.parent}"):
            with tarfile.open(temporary, "w") as archive:
                lacking = _write(session, archive, store, path.parent, say, secrets)
            words = _words(session, lacking)
            if lacking and path.exists():
                path = path.with_name(path.name + ".lacking")
            _make_durable(temporary)
            temporary.rename(path)
            _make_durable(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return Taken(path, lacking, words)


@contextmanager
def in_words(failed: str) -> Iterator[None]:
    """Turn what the disk, the database or the object store refuses into one sentence."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        why = "The disk is full. Make room, and try again." if full else f"{error}."
        raise BackupError(f"{failed}: {why}") from error
    except StatementError as error:
        why = " ".join(str(error.orig).split())
        if "full" in why.lower() or "no space" in why.lower():
            why = "the disk is full. Make room, and try again"
        raise BackupError(f"{failed}; the database says: {why}.") from error
    except _object_store_error() as error:
        why = str(error).partition("\n")[0]
        raise BackupError(f"{failed}; the object store says: {why}.") from error


def _object_store_error() -> type[Exception]:
    # A server that keeps its files in a folder never loads what talks to the other store.
    from obstore.exceptions import BaseError

    return BaseError


def _write(
    session: Session,
    archive: tarfile.TarFile,
    store: ObjectStore,
    folder: Path,
    say: Say,
    secrets: dict[str, str],
) -> dict[str, str]:
    """Write everything; what is lacking of it."""
    _begin_snapshot(session)
    revision = _revision(session)
    keys = sorted(named_keys(session))
    writing = _Writing(archive, store, say, len(keys))
    # A mail's object goes once somebody has sorted it: before anything else that takes time.
    _add_objects(writing, [key for key in keys if key.startswith(INCOMING)])
    tables: dict[str, str] = {}
    for table in Base.metadata.sorted_tables:
        say(table.name)
        tables[table.name] = _add_table(session, archive, table, folder)
    session.rollback()
    _add_objects(writing, [key for key in keys if not key.startswith(INCOMING)])
    # What no row names any more was dropped while it was copied, by who may: no reason for alarm.
    still = named_keys(session) if writing.lacking else set()
    session.rollback()
    dropped = sorted(key for key in writing.lacking if key not in still)
    lacking = {key: why for key, why in writing.lacking.items() if key in still}
    manifest = {
        "format": FORMAT,
        "revision": revision,
        "objects": len(keys),
        "tables": tables,
        "lacking": lacking,
        "dropped": dropped,
        "secrets": secrets,
    }
    _add(archive, MANIFEST, json.dumps(manifest).encode())
    return lacking


def _add_objects(writing: _Writing, keys: list[str]) -> None:
    for key in keys:
        try:
            data = writing.store.get(key)
        except FileNotFoundError:
            writing.lacking[key] = "missing"
        except OSError:
            # A bad sector, say: the others can be read all the same.
            writing.lacking[key] = "unreadable"
        else:
            whole = is_whole(key, data)
            if not whole:
                writing.lacking[key] = "damaged"
            # A damaged one is kept apart: most of the picture may still be seen.
            _add(writing.archive, (OBJECTS if whole else DAMAGED) + key, data)
        writing.done += 1
        if writing.done % 200 == 0 or writing.done == writing.total:
            writing.say(f"file {writing.done} of {writing.total}")


def _words(session: Session, lacking: dict[str, str]) -> list[str]:
    some = sorted(lacking.items())[:NAMED_AT_MOST]
    words = [f"{key}: {why} ({described(session, key)})" for key, why in some]
    session.rollback()
    return words


def _add_table(session: Session, archive: tarfile.TarFile, table: sa.Table, folder: Path) -> str:
    """Add a table's rows, a line each, and give their SHA-256.

    They are on the disk and not in memory until their size is known.
    """
    # In the order of their ids: what a row names of its own table stands before it.
    rows = session.execute(
        sa.select(table).order_by(*table.primary_key), execution_options={"yield_per": ROWS_AT_ONCE}
    )
    digest = hashlib.sha256()
    with tempfile.TemporaryFile(dir=folder) as lines:
        for row in rows.mappings():
            line = _line(table, row).encode()
            digest.update(line)
            lines.write(line)
        member = tarfile.TarInfo(f"{TABLES}{table.name}.jsonl")
        member.size, member.mode = lines.tell(), 0o600
        lines.seek(0)
        archive.addfile(member, lines)
    return digest.hexdigest()


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
    """A value as JSON has it; bytes, as of a passkey, in Base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, date | datetime) else value


def _revision(session: Session) -> str:
    revision = revision_of(session)
    if revision is None:
        raise BackupError(
            "There is no server here to back up: the database has no tables. "
            "Are DATA_DIR and DATABASE_URL those of the server?"
        )
    return revision


def revision_of(session: Session) -> str | None:
    """The schema that the database has, or None when it has no tables yet."""
    if not sa.inspect(session.connection()).has_table("alembic_version"):
        return None
    version = sa.table("alembic_version", sa.column("version_num"))
    return session.execute(sa.select(version.c.version_num)).scalar()


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    member.mode = 0o600
    archive.addfile(member, io.BytesIO(data))
