"""The raw cost that sync is held against: what the same records and photos cost without a product."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import time
from pathlib import Path

from bench.estate import READINGS


def transactions(folder: Path, count: int) -> float:
    """Seconds for ``count`` SQLite transactions (WAL, FULL) of one row and seven."""
    path = folder / "raw.sqlite3"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE inspection (id INTEGER PRIMARY KEY, payload TEXT)")
    connection.execute("CREATE TABLE reading (id INTEGER PRIMARY KEY, of INTEGER, value TEXT)")
    began = time.perf_counter()
    for _ in range(count):
        connection.execute("BEGIN IMMEDIATE")
        cursor = connection.execute("INSERT INTO inspection (payload) VALUES (?)", ("x" * 500,))
        rows = [(cursor.lastrowid, "y" * 40)] * READINGS
        connection.executemany("INSERT INTO reading (of, value) VALUES (?, ?)", rows)
        connection.execute("COMMIT")
    seconds = time.perf_counter() - began
    connection.close()
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    return seconds


def files(folder: Path, photos: list[bytes]) -> float:
    """Seconds to write files one by one: fsynced, renamed, their folder fsynced."""
    target = folder / "raw-files"
    target.mkdir()
    began = time.perf_counter()
    for data in photos:
        path = target / secrets.token_hex(8)
        descriptor = os.open(f"{path}.part", os.O_WRONLY | os.O_CREAT)
        os.write(descriptor, data)
        os.fsync(descriptor)
        os.close(descriptor)
        Path(f"{path}.part").rename(path)
        descriptor = os.open(target, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    seconds = time.perf_counter() - began
    shutil.rmtree(target)
    return seconds
