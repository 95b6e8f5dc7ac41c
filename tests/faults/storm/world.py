"""The server of a storm with its database and store, on SQLite or scaled out; it can be hurt."""

from __future__ import annotations

import os
import secrets
import signal
import sqlite3
import subprocess
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import Flask
from flask_migrate import upgrade

from tests import factories
from tests.cases import made as cases
from tests.e2e.server import BIN, ROOT, Server, free_port
from tests.faults import oracle
from tests.faults.proxy import Fault, Proxy
from tests.rounds import made
from webapp import create_app
from webapp.config import settings_from_env
from webapp.db import db, now_utc
from webapp.rounds.rules import month_of
from webapp.storage import store_for

CONTRACT = "STORM"
ROOMS, DEVICES_A_ROOM = 4, 10


@dataclass
class World:
    """One server behind one port, whatever becomes of it.

    ``postgres`` is the address of a PostgreSQL in which databases may be made, ``store_url`` of an
    S3-compatible store; where they are empty the embedded default is used. ``restored`` counts the
    backups that were put back.
    """

    folder: Path
    postgres: str = ""
    store_url: str = ""
    restored: int = 0
    databases: list[str] = field(default_factory=list)
    store_network: Proxy | None = None
    secret: str = field(default_factory=lambda: secrets.token_hex(16))

    def build(self, people: int) -> None:
        """A contract with a manager, so many engineers, and a round; then the server."""
        if self.store_url:
            self.store_network = Proxy(urlsplit(self.store_url).port or 80).start()
        self.server = self._new_server()
        with self._app().app_context():
            upgrade(directory=str(ROOT / "migrations"))
            make_contract(people)
            db.engine.dispose()
        self.server.start()

    def _new_server(self) -> Server:
        data_dir = self.folder / f"data{self.restored}"
        data_dir.mkdir()
        settings = {"SECRET_KEY": self.secret}
        if self.postgres:
            settings |= {"DATABASE_URL": self._new_database(), "WEB_CONCURRENCY": "2"}
        if self.store_network:
            parts = urlsplit(self.store_url)
            through = parts.netloc.replace(f":{parts.port}", f":{self.store_network.port}")
            settings["OBJECT_STORE_URL"] = parts._replace(netloc=through).geturl()
        port = self.server.port if self.restored else free_port()
        return Server(data_dir, port, settings)

    def _new_database(self) -> str:
        name = f"storm_{secrets.token_hex(6)}"
        self._administer(f'CREATE DATABASE "{name}"')
        self.databases.append(name)
        return urlsplit(self.postgres)._replace(path=f"/{name}").geturl()

    def _administer(self, statement: str) -> None:
        engine = sa.create_engine(self.postgres, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(statement))
        engine.dispose()

    @property
    def database_url(self) -> str:
        """Where its database is."""
        embedded = f"sqlite:///{self.server.data_dir / 'roundbook.sqlite3'}"
        return self.server.settings.get("DATABASE_URL", embedded)

    def _app(self) -> Flask:
        data_dir = str(self.server.data_dir)
        return create_app(settings_from_env({"DATA_DIR": data_dir, **self.server.settings}))

    def read(self) -> oracle.Server:
        """What it holds, read behind its back; its store's network plays no part in it."""
        store = store_for(self.store_url, self.server.data_dir)
        return oracle.read_server(self.database_url, store, CONTRACT)

    def kill_server(self, down_seconds: float) -> None:
        """SIGKILL to every process of it; after a while it is started again."""
        self.server.kill()
        time.sleep(down_seconds)
        self.server.start()

    def restart_server(self) -> None:
        """As an upgrade does: asked to stop, and started again."""
        self.server.stop()
        self.server.start()

    def kill_worker(self, number: int) -> None:
        """SIGKILL to one of the processes that answer; gunicorn puts another in its place."""
        assert self.server.process
        pid = self.server.process.pid
        workers = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        if workers:
            os.kill(int(workers[number % len(workers)]), signal.SIGKILL)

    def pause_server(self, seconds: float) -> None:
        """Nothing of it runs for a while, and every connection stays open."""
        assert self.server.process
        os.killpg(self.server.process.pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.killpg(self.server.process.pid, signal.SIGCONT)

    def new_secret(self) -> None:
        """The session secret is rotated: everybody has to sign in anew."""
        self.secret = self.server.settings["SECRET_KEY"] = secrets.token_hex(16)
        self.restart_server()

    def break_database(self, seconds: float) -> None:
        """PostgreSQL ends all connections; SQLite is locked by somebody else for a while."""
        if self.postgres:
            name = self.databases[-1]
            self._administer(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                f"WHERE datname = '{name}' AND pid <> pg_backend_pid()"
            )
            return
        path = self.server.data_dir / "roundbook.sqlite3"
        other = sqlite3.connect(path, isolation_level=None, timeout=30)
        other.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        other.execute("ROLLBACK")
        other.close()

    def break_store(self, times: int) -> None:
        """The network to the object store loses requests, and replies."""
        if self.store_network:
            self.store_network.add(Fault(lost=True, times=times))
            self.store_network.add(Fault(reply_lost=True, times=times))

    def heal(self) -> None:
        """Nothing is broken any more."""
        if self.store_network:
            self.store_network.heal()

    def backup(self) -> None:
        """Take a backup while everybody works."""
        self._command("backup", str(self._archive))

    def restore(self) -> None:
        """Lose the server as it is; put the last backup into an empty place, behind the same port."""
        self.server.kill()
        self.restored += 1
        self.server = self._new_server()
        self._command("setup")
        self._command("restore", str(self._archive))
        self.server.start()

    @property
    def _archive(self) -> Path:
        return self.folder / "backup.tar"

    def _command(self, *words: str) -> None:
        env = {"PATH": os.environ["PATH"], "DATA_DIR": str(self.server.data_dir)}
        done = subprocess.run(
            [str(BIN / "flask"), "--app", "webapp", *words],
            cwd=ROOT,
            env=env | self.server.settings,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, f"{words[0]} failed: {done.stderr[-2000:]}"

    def end(self) -> None:
        """Stop everything that was started."""
        if hasattr(self, "server"):
            self.server.kill()
        if self.store_network:
            self.store_network.stop()
        for name in self.databases:
            self._administer(f'DROP DATABASE "{name}" WITH (FORCE)')


def login(number: int) -> str:
    """The login of an engineer, by his number."""
    return f"e{number}"


def make_contract(people: int) -> None:
    """A contract in this month's round; in an app context."""
    contract = factories.contract(CONTRACT)
    manager = factories.member(contract, "project_manager", login="manager")
    for number in range(people):
        factories.member(contract, "inspection_engineer", login=login(number))
    made.checklist(contract)
    building = factories.building(contract)
    for room_number in range(ROOMS):
        room = factories.room(building, f"会议室{room_number}")
        for number in range(DEVICES_A_ROOM):
            register = {"rated_lamp_hours": 3000}
            factories.device(room, name=f"投影机{room_number}-{number}", register=register)
    made.opened(contract, month_of(now_utc().date()))
    author = cases.author(contract, manager, "project_manager")
    night = {
        "from_at": now_utc().isoformat(),
        "to_at": (now_utc() + timedelta(hours=4)).isoformat(),
    }
    cases.opened(
        contract, author, "after_hours", now=now_utc(), fields={"occasion": "event", **night}
    )
    db.session.remove()
