"""Keeps a phone's database of the schema that is about to be released, with a full outbox.

    python -m tests.faults.freeze

The file is made once for each schema, before its release, and never again: every later version of
the app must open it and send what is in it.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from tests.e2e.server import Server
from tests.faults.conftest import Site, make_template
from tests.faults.engineer import NodePhone, build_phone, coded, photo_bytes

DATA = Path(__file__).parent / "data"


def freeze(folder: Path) -> Path:
    """Fill a phone and write its database down."""
    server = Server(make_template(folder / "data")).start()
    phone = NodePhone(build_phone(folder), f"http://127.0.0.1:{server.port}")
    try:
        phone.sign_in(Site(server).login("li"))
        assert phone.sync()["ok"]
        tasks = phone.ask("tasks")
        first = phone.save(tasks[0], photo_bytes(1), photo_bytes(2))
        phone.save(tasks[1], photo_bytes(3))
        for task in tasks[2:]:
            phone.save(task)
        phone.amend(first["uid"], "补充")
        phone.sign(tasks[0])
        [photo] = coded([photo_bytes(5)])
        fault = phone.ask("declare", task=tasks[1], title="没有画面", photos=[photo])
        phone.ask("step", uid=fault["uid"], draw=0)
        phone.ask("scan", code="22222222", device=1)
        [photo] = coded([photo_bytes(4)])
        phone.ask("photo", task=tasks[3], bytes=photo, remark="还没有完成")
        dump = phone.ask("dump")
    finally:
        phone.stop()
        server.stop()
    path = DATA / f"phone-schema-{dump['version'] // 10}.json"
    assert not path.exists(), f"{path.name} is frozen already"
    path.write_text(json.dumps(dump, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        print(freeze(Path(name)))  # noqa: T201
