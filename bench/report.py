"""What the monthly report costs in each format: time, memory and size at 24, 200 and 1,000 rooms.

Each size is made in a process of its own, from the database to the bytes, as the worker makes it; memory
is that of the process and of those that it starts, together, at its highest.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench import estate
from bench.figures import Figure, measures
from bench.history import Past
from bench.server import ROOT, Running

SMALL, USUAL, LARGE = 24, 200, 1000
PHOTOS = 60
# What takes most of the memory comes last, or the others would be told what it left behind.
FORMATS = ("docx", "xlsx", "pdf")
MEGABYTE = 1_000_000
DATABASE = "roundbook.sqlite3"
LONGEST_SECONDS = 400


@measures
def monthly_report(server: Running) -> Iterator[Figure]:
    """The promise is for 200 rooms and 2,000 devices, and for 60 photos; the others tell how it grows."""
    with tempfile.TemporaryDirectory(prefix="report-", dir=server.data_dir) as folder:
        sites = {f"R{rooms}": rooms for rooms in (SMALL, USUAL, LARGE)}
        estate.seed_sites(Path(folder), sites)
        for code in sites:
            # Believable: every twentieth inspection is abnormal.
            Past(Path(folder) / DATABASE, code)
        usual, large = (_made(Path(folder), f"R{rooms}", FORMATS) for rooms in (USUAL, LARGE))
        small = _made(Path(folder), f"R{SMALL}", ("pdf",))
        pictured = _made(Path(folder), f"R{SMALL}", FORMATS, PHOTOS)
    yield Figure("report of 24 rooms: until it is a PDF", small["pdf"]["seconds"], "s", 60)
    for one in FORMATS:
        yield from _figures(one, usual[one], large[one], pictured[one])
    together = sum(usual[one]["seconds"] for one in FORMATS)
    yield Figure("report of 200 rooms: until it is there in every format", together, "s", 60)


def _figures(format: str, usual: Any, large: Any, pictured: Any) -> Iterator[Figure]:
    name = format.upper()
    yield Figure(f"report of 200 rooms: until it is a {name}", usual["seconds"], "s", 60)
    yield Figure(f"report of 200 rooms as {name}: memory", usual["megabytes"], "MB", 500)
    yield Figure(f"report of 200 rooms as {name}: size", usual["bytes"] / MEGABYTE, "MB", 10)
    weight = pictured["bytes"] / MEGABYTE
    yield Figure(f"report of 24 rooms with 60 photos as {name}: size", weight, "MB", 10)
    # Five times the rooms: time as they grow; memory less, since no format is whole in it.
    seconds, megabytes = large["seconds"], large["megabytes"]
    yield Figure(f"report of 1,000 rooms as {name}: time", seconds, "s", 7.5, usual["seconds"])
    yield Figure(f"report of 1,000 rooms as {name}: memory", megabytes, "MB", 3, usual["megabytes"])
    yield Figure(f"report of 1,000 rooms as {name}: size", large["bytes"] / MEGABYTE, "MB", 60)


def _made(data_dir: Path, code: str, formats: Sequence[str], photos: int = 0) -> Any:
    asked = (str(data_dir), code, str(photos), *formats)
    ran = subprocess.run(
        [sys.executable, "-m", "bench.report_child", *asked],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    return json.loads(ran.stdout.splitlines()[-1])


def past_month(data_dir: Path, code: str) -> str:
    """The month whose round was done."""
    connection = sqlite3.connect(data_dir / DATABASE)
    (month,) = connection.execute(
        "SELECT min(month) FROM round JOIN contract ON contract.id = contract_id WHERE code = ?",
        (code,),
    ).fetchone()
    connection.close()
    return str(month)
