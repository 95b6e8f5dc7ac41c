"""The product as it is served, among clients of ill will: gunicorn, SQLite and a folder of its own."""

from __future__ import annotations

import http.client
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask_migrate import upgrade

from tests import factories
from tests.e2e.server import GUNICORN, ROOT, Server
from tests.rounds import made
from tests.security.world import PICTURE, World, build
from tests.sync.phone import digest, inspection, slot
from webapp import create_app
from webapp.config import settings_from_env
from webapp.db import db

Answer = tuple[int, dict[str, str], bytes]
# Nothing here waits for ever, whatever the server does.
PATIENCE_SECONDS = 60


@dataclass
class Site:
    """A server with one contract, and the cookies of those who come to it."""

    server: Server
    world: World
    cookies: dict[str, str]

    def ask(
        self, method: str, path: str, body: Any = None, actor: str = "", **headers: str
    ) -> Answer:
        """One request of a well-behaved client."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.server.port, timeout=PATIENCE_SECONDS
        )
        sent = {"Cookie": self.cookies.get(actor, ""), "Content-Type": "application/json"}
        try:
            connection.request(method, path, body, {**sent, **headers})
            answer = connection.getresponse()
            return answer.status, dict(answer.headers.items()), answer.read()
        finally:
            connection.close()

    def in_contract(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A request of the inspection engineer's."""
        url = f"/api/contracts/{self.world.code}/{path}"
        return self.ask(method, url, body, "inspection_engineer", **headers)

    def connect(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.server.port), PATIENCE_SECONDS)

    def head(self, method: str, path: str, actor: str = "", **headers: str) -> bytes:
        """The head of a request, to be sent as slowly as one likes."""
        lines = [f"{method} /api/contracts/{self.world.code}/{path} HTTP/1.1", "Host: localhost"]
        lines += [f"Cookie: {self.cookies[actor]}"] if actor else []
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode()

    def send_as_a_phone(self) -> None:
        """A round's work goes through: a record, its photo, and a pull, each at the first try."""
        line = slot(PICTURE, "image")
        payload = made.visit(
            self.world.names["round"], self.world.names["second_device"], photos=[line]
        )
        body = {"envelope": 1, "phone_id": "p", "operations": [inspection(payload)]}
        status, _, data = self.in_contract("POST", "sync/push", json.dumps(body))
        assert (status, json.loads(data)["results"][0]["result"]) == (200, "applied"), data
        status, _, data = self.in_contract(
            "PUT", f"photos/{line['id']}", PICTURE, **{"Repr-Digest": digest(PICTURE)}
        )
        assert (status, json.loads(data)["result"]) == (200, "stored"), data
        assert self.in_contract("GET", "sync/pull?cursor=0")[0] == 200

    def peak_megabytes(self) -> float:
        """The most memory that the server's processes have had, added up."""
        assert self.server.process
        return sum(_kilobytes(pid, "VmHWM") for pid in _group(self.server.process.pid)) / 1024


def _group(leader: int) -> list[int]:
    """The processes of a group."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if os.getpgid(int(entry.name)) == leader:
                found.append(int(entry.name))
        except ProcessLookupError:
            continue
    return found


def _kilobytes(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


@contextmanager
def served(folder: Path) -> Iterator[Site]:
    """The site, with an open round in it."""
    app = create_app(settings_from_env({"DATA_DIR": str(folder)}), PROPAGATE_UNEXPECTED=True)
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        world = build(app, "HQ", factories.user("root", is_admin=True))
        cookies = {}
        for actor in world.people:
            found = world.browser(actor).get_cookie("roundbook")
            assert found
            cookies[actor] = f"roundbook={found.value}"
        for row in (world.contract, world.names["round"], world.names["second_device"]):
            db.session.refresh(row)  # whole, because it is used without this session
        db.session.remove()
    server = Server(folder, command=GUNICORN).start()
    try:
        yield Site(server, world, cookies)
    finally:
        server.stop()
