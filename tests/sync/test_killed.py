"""The real server, killed again and again while a phone sends: what it acknowledged is there after."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import upgrade

from tests import factories
from tests.rounds import made
from tests.sync.phone import inspection, picture, slot
from webapp import create_app
from webapp.config import settings_from_env
from webapp.db import db
from webapp.rounds.models import Inspection, InspectionRevision, Photo
from webapp.storage import object_store, photo_key
from webapp.sync.models import Operation

ROOT = Path(__file__).parent.parent.parent
KILLS, OPERATIONS, PHOTOS = 4, 60, 20
ACKNOWLEDGED = {"applied", "duplicate"}


@dataclass
class Site:
    """A server's data, the command that serves it, and what a phone has to send."""

    app: Flask
    data_dir: Path
    port: int
    operations: list[dict[str, Any]]
    photos: dict[str, bytes]
    process: subprocess.Popen[bytes] | None = None
    cookie: str = ""
    acknowledged: set[str] = field(default_factory=set)

    def start(self) -> None:
        """Start the server in a group of its own, and wait until it answers."""
        environment = {
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(self.data_dir),
            "PORT": str(self.port),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for _ in range(200):
            try:
                status, _, _ = self.ask("GET", "/healthz")
            except OSError:
                time.sleep(0.1)
                continue
            assert status == 200
            return
        raise AssertionError("the server doesn't answer")

    def kill(self) -> None:
        """End the server as a power cut would end its processes."""
        assert self.process
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {"Cookie": self.cookie, **headers})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            connection.close()

    def sign_in(self, login: str) -> None:
        body = json.dumps({"login": login, "password": factories.PASSWORD}).encode()
        status, _, headers = self.ask(
            "POST", "/api/session", body, **{"Content-Type": "application/json"}
        )
        assert status == 200
        self.cookie = str(headers["Set-Cookie"]).partition(";")[0]

    def push(self, operations: list[dict[str, Any]]) -> None:
        body = {"envelope": 1, "phone_id": "p", "operations": operations}
        status, data, _ = self.ask(
            "POST",
            "/api/contracts/HQ/sync/push",
            json.dumps(body).encode(),
            **{"Content-Type": "application/json"},
        )
        assert status == 200, data
        for row in json.loads(data)["results"]:
            assert row["result"] in ACKNOWLEDGED, row
            self.acknowledged.add(row["id"])

    def put(self, uid: str) -> None:
        data = self.photos[uid]
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        status, answer, _ = self.ask(
            "PUT",
            f"/api/contracts/HQ/photos/{uid}",
            data,
            **{"Repr-Digest": f"sha-256=:{digest}:", "Content-Type": "image/jpeg"},
        )
        if status == 409:  # its inspection has not come yet
            return
        assert status == 200, answer
        self.acknowledged.add(uid)

    def send_what_is_left(self, shuffle: random.Random) -> None:
        """One turn of a phone's sender: batches in any order, then the photos."""
        left = [one for one in self.operations if one["id"] not in self.acknowledged]
        shuffle.shuffle(left)
        while left:
            size = shuffle.randint(1, 12)
            batch, left = left[:size], left[size:]
            self.push(batch)
        for uid in self.photos:
            if uid not in self.acknowledged:
                self.put(uid)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """An embedded server of its own, with an open round and a phone full of work."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = create_app(settings_from_env({"DATA_DIR": str(tmp_path), "PORT": str(port)}))
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        contract = factories.contract("HQ")
        factories.member(contract, "inspection_engineer", login="engineer")
        made.checklist(contract)
        room = factories.room(factories.building(contract))
        devices = [factories.device(room, name=f"投影{number}") for number in range(10)]
        march = made.opened(contract)
        operations, photos = [], {}
        for number in range(OPERATIONS):
            lines = []
            if number < PHOTOS:
                data = picture(number)
                lines = [slot(data, "image")]
                photos[lines[0]["id"]] = data
            visit = made.visit(march, devices[number % 10], photos=lines)
            operations.append(inspection(visit))
        db.session.remove()
    found = Site(app, tmp_path, port, operations, photos)
    found.start()
    found.sign_in("engineer")
    yield found
    assert found.process
    if found.process.poll() is None:
        found.kill()
    with app.app_context():
        db.engine.dispose()


@pytest.mark.slow
def test_killed_again_and_again_nothing_is_lost_and_nothing_is_twice(site: Site) -> None:
    chance = random.Random(7)
    for _ in range(KILLS):
        killer = threading.Timer(chance.uniform(0.02, 0.25), site.kill)
        killer.start()
        with contextlib.suppress(OSError, http.client.HTTPException):
            site.send_what_is_left(chance)
        killer.join()
        site.start()
    site.send_what_is_left(chance)
    assert site.acknowledged == {one["id"] for one in site.operations} | set(site.photos)
    site.acknowledged.clear()
    site.send_what_is_left(chance)  # all over again: everything is a duplicate
    site.kill()
    with site.app.app_context():
        for model in (Operation, Inspection, InspectionRevision):
            assert db.session.scalar(sa.select(sa.func.count()).select_from(model)) == OPERATIONS
        rows = db.session.scalars(sa.select(Photo)).all()
        assert {row.uid for row in rows} == set(site.photos)
        for row in rows:
            assert row.received_at is not None
            stored = object_store().get(photo_key(row.contract_id, row.sha256))
            assert stored == site.photos[row.uid]
        db.session.remove()
