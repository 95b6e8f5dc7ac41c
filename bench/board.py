"""What the desk's live screens cost with ten years of rounds behind them, against one month, one year."""

from __future__ import annotations

import math
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bench.figures import Figure, measures
from bench.history import Past
from bench.phone import Phone
from bench.server import Running, serving

ONE_YEAR, TEN_YEARS = 12, 120
REPEATS, WARM = 30, 5
DATABASE = "roundbook.sqlite3"
FIGURES = "figures?months=12"


@measures
def ten_years(server: Running) -> Iterator[Figure]:
    """The board against one month of rounds, and a year's figures against one year of them.

    On copies of the measured database, of 2,000 devices with a round a month: one month, one year and
    ten years. They are asked in turns, so that whatever else the machine does meets all three.
    """
    site = server.contents.whole
    with tempfile.TemporaryDirectory(prefix="years-", dir=server.data_dir) as folder:
        month, year, decade = (Path(folder) / name for name in ("month", "year", "decade"))
        _copy(server.data_dir, decade)
        past = Past(decade / DATABASE, site.code)
        _copy(decade, month)
        past.grow(ONE_YEAR - 1)
        _copy(decade, year)
        past.grow(TEN_YEARS - 1)
        board = f"rounds/{_latest_month(decade / DATABASE, site.code)}/board"
        with serving(month) as first, serving(year) as second, serving(decade) as third:
            asked = [(first, board), (second, FIGURES), (third, board), (third, FIGURES)]
            one_month, one_year, *grown = _p95_in_turns(server, asked)
    yield Figure("board with ten years behind it, p95", grown[0], "ms", 1.5, one_month)
    yield Figure("a year's figures with ten years behind it, p95", grown[1], "ms", 1.5, one_year)


def _copy(data_dir: Path, folder: Path) -> None:
    """The database as it is now, be it open or not, and the key beside it."""
    folder.mkdir()
    for path in data_dir.iterdir():
        if path.is_file() and not path.name.startswith(DATABASE) and path.suffix != ".log":
            shutil.copy(path, folder)
    source, target = sqlite3.connect(data_dir / DATABASE), sqlite3.connect(folder / DATABASE)
    source.backup(target)
    source.close()
    target.close()


def _latest_month(database: Path, code: str) -> str:
    connection = sqlite3.connect(database)
    (month,) = connection.execute(
        "SELECT max(month) FROM round JOIN contract ON contract.id = contract_id WHERE code = ?",
        (code,),
    ).fetchone()
    connection.close()
    return str(month)


def _p95_in_turns(server: Running, asked: list[tuple[int, str]]) -> list[float]:
    """Milliseconds of the 95th percentile of each path of a server, by its port."""
    site = server.contents.whole
    phones = {
        port: Phone(replace(server, port=port), site.code, site.logins[0]) for port, _path in asked
    }
    times: list[list[float]] = [[] for _ in asked]
    for number in range(WARM + REPEATS):
        for found, (port, path) in zip(times, asked, strict=True):
            began = time.perf_counter()
            phones[port].ask("GET", path)
            if number >= WARM:
                found.append((time.perf_counter() - began) * 1000)
    return [_percentile(rows, 0.95) for rows in times]


def _percentile(rows: list[float], share: float) -> float:
    return sorted(rows)[math.ceil(share * len(rows)) - 1]
