"""Servers, a network that lies, and phones; a contract has a manager, three engineers, a dozen devices."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from playwright.sync_api import Playwright

from tests import factories
from tests.e2e.server import BIN, ROOT, Server, copy_of
from tests.faults import oracle
from tests.faults.chromium import Chromium
from tests.faults.engineer import NodePhone, WirePhone, build_phone
from tests.faults.proxy import Proxy
from tests.rounds import made
from webapp import create_app
from webapp.config import settings_from_env
from webapp.db import db, now_utc
from webapp.rounds.rules import month_of

DEVICES = 12
PEOPLE = {
    "li": "inspection_engineer",
    "wang": "inspection_engineer",
    "zhou": "backup_engineer",
    "manager": "project_manager",
}
_numbers = count(1)


@dataclass
class Site:
    """A contract on a server."""

    server: Server
    contract: str = "HQ"

    @property
    def port(self) -> int:
        """Where its server listens."""
        return self.server.port

    def login(self, name: str) -> str:
        """The login of one of its people."""
        return f"{name}.{self.contract}".lower()

    def read(self) -> oracle.Server:
        """What the server holds of it, read behind its back."""
        return oracle.read_folder(self.server.data_dir, self.contract)

    def wire(self, name: str = "li") -> WirePhone:
        """A plain client that has signed in; ``admin`` is the server's own."""
        phone = WirePhone(self.port, self.contract)
        phone.sign_in(name if name == "admin" else self.login(name))
        return phone

    def ask(self, query: str, **values: Any) -> list[Any]:
        """Read its database, as an auditor would; ``:contract`` is the contract's code."""
        with sqlite3.connect(self.server.data_dir / "roundbook.sqlite3") as database:
            rows = database.execute(query, {"contract": self.contract, **values}).fetchall()
        database.close()
        return rows


OpenPhone = Callable[..., NodePhone]
Serve = Callable[..., Site]
Connect = Callable[[Site], Proxy]


def make_contract(code: str) -> None:
    """A contract with people, devices, and this month's round; in an app context."""
    contract = factories.contract(code)
    for name, role in PEOPLE.items():
        factories.member(contract, role, login=f"{name}.{code}")
    made.checklist(contract)
    room = factories.room(factories.building(contract))
    for number in range(DEVICES):
        factories.device(room, "codec", name=f"会议终端{number}")
    made.opened(contract, month_of(now_utc().date()))
    db.session.remove()


def app_on(folder: Path) -> Flask:
    """The app on a server's folder, to prepare what a test needs."""
    return create_app(settings_from_env({"DATA_DIR": str(folder)}))


def make_template(folder: Path) -> Path:
    """A server's folder with the contract HQ, and an administrator beside it."""
    with app_on(folder).app_context():
        upgrade(directory=str(ROOT / "migrations"))
        factories.user("admin", is_admin=True)
        make_contract("HQ")
        db.engine.dispose()
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each of these starts processes: none belongs to the fast run."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one contract, to be copied."""
    return make_template(tmp_path_factory.mktemp("faults"))


@pytest.fixture
def serve(template: Path, tmp_path: Path) -> Iterator[Serve]:
    """Starts a server of the test's own; at ``point`` a worker is killed on ``path``, once."""
    started: list[Server] = []

    def start(*, point: str = "", path: str = "", **settings: str) -> Site:
        folder = tmp_path / "data"
        if not folder.exists():
            copy_of(template, folder)
        server = Server(folder, settings=settings)
        if point:
            conf = str(Path(__file__).with_name("killing.py"))
            server.command = [str(BIN / "gunicorn"), "-c", conf]
            mark = str(tmp_path / "killed")
            server.settings |= {"FAULT_POINT": point, "FAULT_PATH": path, "FAULT_MARK": mark}
        started.append(server.start())
        return Site(server)

    yield start
    for server in started:
        server.kill()


@pytest.fixture(scope="session")
def shared(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that leave the server alone."""
    server = Server(copy_of(template, tmp_path_factory.mktemp("shared") / "data"))
    server.settings["TRUSTED_PROXIES"] = "1"
    server.start()
    yield server
    server.stop()


@pytest.fixture
def site(shared: Server) -> Site:
    """A contract of the test's own on the shared server."""
    code = f"C{next(_numbers)}"
    with app_on(shared.data_dir).app_context():
        make_contract(code)
        db.engine.dispose()
    return Site(shared, code)


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Puts a network between phones and a server."""
    proxies: list[Proxy] = []

    def start(site: Site) -> Proxy:
        proxies.append(Proxy(site.port).start())
        return proxies[-1]

    yield start
    for proxy in proxies:
        proxy.stop()


@pytest.fixture
def network(site: Site, connect: Connect) -> Proxy:
    """The network between the phones and the shared server."""
    return connect(site)


@pytest.fixture(scope="session")
def phone_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client's own code as a program for Node."""
    return build_phone(tmp_path_factory.mktemp("phone"))


@pytest.fixture
def open_phone(phone_script: Path) -> Iterator[OpenPhone]:
    """Signs an engineer in on a phone of his own, and pulls the round onto it."""
    phones: list[NodePhone] = []

    def open_one(site: Site, name: str = "li", network: Proxy | None = None) -> NodePhone:
        port = network.port if network else site.port
        phone = NodePhone(phone_script, f"http://127.0.0.1:{port}")
        phones.append(phone)
        phone.sign_in(site.login(name))
        assert phone.sync()["ok"]
        return phone

    yield open_one
    for phone in phones:
        phone.stop()


@pytest.fixture
def phone(open_phone: OpenPhone, site: Site, network: Proxy) -> NodePhone:
    """Li's phone, on the network."""
    return open_phone(site, network=network)


@pytest.fixture
def li(
    playwright: Playwright, browser_path: str, tmp_path: Path, site: Site, network: Proxy
) -> Iterator[Chromium]:
    """Li's browser, signed in, with the round on it."""
    browser = Chromium(playwright, browser_path, tmp_path / "profile", site, network)
    browser.sign_in()
    yield browser
    browser.stop()
