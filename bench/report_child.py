"""``python -m bench.report_child DATA_DIR CODE PHOTOS FORMAT…``: make one report, tell what it cost."""

from __future__ import annotations

import io
import json
import sys
import threading
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from PIL import Image, ImageChops, ImageDraw

from bench.report import past_month
from webapp import create_app
from webapp.config import settings_from_env
from webapp.db import db, now_utc
from webapp.identity.models import Contract
from webapp.reports.content import report_content
from webapp.reports.documents import Source, maker_of


class Memory:
    """The resident memory of this process and of those that it started, looked at now and then."""

    def __init__(self) -> None:
        self.highest_kilobytes = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.03):
            self.highest_kilobytes = max(self.highest_kilobytes, _resident())


def _resident() -> int:
    own = Path("/proc/self")
    children = [
        pid for task in own.glob("task/*/children") for pid in task.read_text("utf-8").split()
    ]
    return _kilobytes(own) + sum(_kilobytes(Path("/proc") / pid) for pid in children)


def _kilobytes(process: Path) -> int:
    try:
        status = (process / "status").read_text("utf-8")
    except OSError:
        return 0
    _before, found, after = status.partition("VmRSS:")
    return int(after.split()[0]) if found else 0


@cache
def _grain() -> Image.Image:
    return Image.effect_noise((1600, 1200), 24).convert("RGB")


def _photo(sha256: str) -> bytes:
    """A picture as a phone takes it, with grain; another for each name."""
    image = ImageChops.offset(_grain(), 7 * int(sha256 or "0"))
    ImageDraw.Draw(image).rectangle((300, 300, 1200, 900), fill=(60, 90, 80))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return file.getvalue()


def _with_photos(content: Any, count: int) -> None:
    """So many photos beside the first anomalies, round and round."""
    rows = content["anomalies"]
    for row in rows:
        row["photos"] = []
    for number in range(count):
        one = {"uid": f"p{number}", "sha256": str(number), "width": 1600, "height": 1200}
        rows[number % len(rows)]["photos"].append(one)


def main(data_dir: Path, code: str, photos: int, formats: Sequence[str]) -> dict[str, Any]:
    """From the database to the bytes, in each format; the reading is counted to each."""
    app = create_app(settings_from_env({"DATA_DIR": str(data_dir)}))
    month = past_month(data_dir, code)
    with app.app_context(), Memory() as memory:
        contract_id = db.session.execute(
            sa.select(Contract.id).where(Contract.code == code)
        ).scalar_one()
        began = time.perf_counter()
        content: Any = report_content(db.session(), contract_id, month, now_utc())
        db.session.remove()
        _with_photos(content, photos)
        read_seconds = time.perf_counter() - began
    reading = memory.highest_kilobytes
    return {one: _made(one, content, read_seconds, reading) for one in formats}


def _made(format: str, content: Any, read_seconds: float, reading_kilobytes: int) -> dict[str, Any]:
    with Memory() as memory:
        began = time.perf_counter()
        made = maker_of("report", format)(Source(content, "zh", _photo, lambda *_: None))
        seconds = time.perf_counter() - began
    return {
        "seconds": read_seconds + seconds,
        "megabytes": max(reading_kilobytes, memory.highest_kilobytes) / 1024,
        "bytes": len(made.data),
        "pages": made.pages,
        "anomalies": len(content["anomalies"]),
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4:])))
