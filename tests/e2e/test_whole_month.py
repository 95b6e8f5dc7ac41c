"""A month by hand on a new server, both faces at once, and the month after it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e import phone_hand as hand
from tests.e2e import server as servers
from tests.e2e.conftest import PASSWORD, sign_in
from tests.e2e.server import Server

Open = Callable[..., BrowserContext]
REGISTER = servers.ROOT / "tests/data/asset-register.xlsx"
CONTRACT = "/api/contracts/ACME"


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Server]:
    """A server with nothing on it but its administrator, made as the README says."""
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    servers.prepare(data_dir, demo=False)
    _flask(data_dir, "people", "create-administrator", "root", "--name", "管理员")
    running = Server(data_dir).start()
    yield running
    running.stop()


def _flask(data_dir: Path, *arguments: str) -> None:
    env = os.environ | {"DATA_DIR": str(data_dir), "ADMINISTRATOR_PASSWORD": PASSWORD}
    command = [str(servers.BIN / "flask"), "--app", "webapp", *arguments]
    subprocess.run(command, cwd=servers.ROOT, env=env, check=True, capture_output=True, timeout=60)


def _make_contract(page: Page, server: Server) -> None:
    """The administrator's part; the desk's own forms for it have their own tests."""
    sign_in(page, server, "root")
    answer = page.request.post(
        f"{server.url}/api/contracts", data={"code": "ACME", "name_zh": "视频会议室运维"}
    )
    assert answer.ok, answer.text()
    for login, name, role in (
        ("boss", "王建国", "project_manager"),
        ("walker", "张伟", "inspection_engineer"),
    ):
        body = {"login": login, "name": name, "role": role, "password": PASSWORD}
        answer = page.request.post(f"{server.url}{CONTRACT}/members", data=body)
        assert answer.ok, answer.text()


def _next_month() -> str:
    today = datetime.now(ZoneInfo("Asia/Shanghai"))
    number = today.year * 12 + today.month
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def test_a_month_from_the_register_to_the_open_item_of_the_next(
    new_server: Server, open_context: Open
) -> None:
    _make_contract(open_context(phone=False).new_page(), new_server)
    _flask(new_server.data_dir, "estate", "import", str(REGISTER), "--contract", "ACME")

    # The supervisor opens the month's round.
    desk = open_context(phone=False).new_page()
    sign_in(desk, new_server, "boss", "/desk")
    desk.get_by_role("button", name=re.compile("打开.*巡检")).first.click()
    expect(desk.get_by_text("/ 164")).to_be_visible()

    # The engineer inspects a projector with no network, and finds it dim.
    phone = open_context(phone=True).new_page()
    hand.use_phone(phone, new_server, "walker")
    [(task_id,)] = hand.ask(
        new_server,
        "SELECT task.id FROM round_task AS task JOIN device ON device.id = task.device_id "
        "WHERE device.type = 'projector' ORDER BY task.id LIMIT 1",
    )
    phone.context.set_offline(True)
    hand.open_task(phone, new_server, task_id)
    phone.get_by_role("button", name=re.compile("全部正常")).click()
    image = hand.item(phone, "image")
    image.get_by_text("偏暗", exact=True).click()
    image.get_by_text("灯泡老化", exact=True).click()
    hand.item(phone, "lamp_hours").locator("input").fill("1200")
    hand.finish_as_it_is(phone)
    assert hand.ask(new_server, "SELECT count(*) FROM inspection") == [(0,)]
    phone.context.set_offline(False)

    # It appears on the board by itself, and its open item has the number 1 for life.
    expect(desk.get_by_text("1 台异常")).to_be_visible(timeout=30_000)
    desk.goto(f"{new_server.url}/desk/open-items")
    expect(desk.locator("main")).to_contain_text("画面")

    # Next month's round carries it over, with its number and its age.
    answer = desk.request.post(f"{new_server.url}{CONTRACT}/rounds", data={"month": _next_month()})
    assert answer.ok, answer.text()
    [(next_task,)] = hand.ask(
        new_server,
        "SELECT later.id FROM round_task AS later JOIN round_task AS earlier "
        "ON earlier.device_id = later.device_id WHERE earlier.id = ? AND later.id <> earlier.id",
        task_id,
    )
    phone.goto(f"{new_server.url}/sync")
    phone.wait_for_timeout(500)
    phone.reload()
    expect(phone.locator("main")).to_contain_text("全部送达服务器", timeout=20_000)
    hand.open_task(phone, new_server, next_task)
    carried = phone.locator("main")
    expect(carried).to_contain_text("#1")
    expect(carried).to_contain_text("画面")
    carried.get_by_text("已解决", exact=True).first.click()
    phone.get_by_role("button", name=re.compile("全部正常")).click()
    hand.item(phone, "lamp_hours").locator("input").fill("1320")
    hand.finish_as_it_is(phone)
    phone.goto(f"{new_server.url}/sync")
    expect(phone.locator("main")).to_contain_text("全部送达服务器", timeout=20_000)
    assert hand.ask(new_server, "SELECT number, state, closed_month FROM open_item") == [
        (1, "solved", _next_month())
    ]
