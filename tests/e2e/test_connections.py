"""A token is made and a program declares a fault with it; a webhook tells of it; the calendar has an address."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar
from playwright.sync_api import BrowserContext, expect

from tests.e2e import server as servers
from tests.e2e.conftest import axe_violations
from tests.e2e.server import Server
from tests.e2e.test_desk_round import supervisor
from tests.rounds import made
from tests.webhooks.receiver import Receiver

Open = Callable[..., BrowserContext]
WORDS = {
    "zh": ("新建令牌", "名称", "读写", "生成", "新建推送", "地址", "保存", "发送测试", "已收下", "生成地址"),
    "en": ("New token", "Name", "Read and write", "Make it", "New webhook", "Address", "Save", "Send a test",
           "Taken", "Make an address"),
}  # fmt: skip


def declared_by(server: Server, token: str, title: str) -> None:
    """A program declares a fault with the token alone."""
    [contract, *_] = asked(server, token, "/api/contracts")
    body = {"uid": made.uid(), "kind": "fault", "title": title}
    assert asked(server, token, f"/api/contracts/{contract['code']}/cases", body)["title"] == title


def asked(server: Server, token: str, path: str, body: object = None) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = json.dumps(body).encode() if body else None
    with urllib.request.urlopen(urllib.request.Request(server.url + path, data, headers)) as answer:
        return json.load(answer)


def told_of(receiver: Receiver, kind: str) -> list[str]:
    """The titles of what the other program was told of this kind, once it was told any."""
    ends_at = time.monotonic() + 15
    while True:
        events = [json.loads(one.body) for one in receiver.received]
        titles = [one["data"]["title"] for one in events if one["type"] == kind]
        if titles or time.monotonic() > ends_at:
            return titles
        time.sleep(0.1)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_others_read_write_are_told_and_see_the_calendar(
    language: str, demo_template: Path, tmp_path: Path, open_context: Open
) -> None:
    new, name, write, make, hook, address, save, test, taken, calendar = WORDS[language]
    with Receiver() as receiver:
        folder = servers.copy_of(demo_template, tmp_path / "data")
        server = Server(folder, settings={"WEBHOOK_HOSTS": receiver.host}).start()
        try:
            page = supervisor(open_context, server, "/desk/connections", language=language)
            page.get_by_role("button", name=new).first.click()
            page.get_by_label(name, exact=False).first.fill("Excel")
            assert axe_violations(page) == []
            page.get_by_role("radio", name=re.compile(rf"^{write}$")).nth(2).check(force=True)
            page.get_by_role("button", name=make, exact=True).click()
            token = page.locator("input[readonly]").input_value()
            assert axe_violations(page) == []

            page.goto(f"{server.url}/desk/connections?view=webhooks")
            page.get_by_role("button", name=hook).first.click()
            page.get_by_label(name, exact=False).first.fill("工单系统")
            page.get_by_label(address, exact=False).first.fill(receiver.address)
            assert axe_violations(page) == []
            page.get_by_role("button", name=save, exact=True).click()
            made_now = page.locator("#content section").filter(has_text=receiver.address)
            made_now.get_by_role("button", name=test).click()
            sheet = page.get_by_role("dialog")
            expect(sheet).to_contain_text(taken, timeout=15_000)
            assert axe_violations(page) == []
            declared_by(server, token, "会议终端没有声音")
            assert "会议终端没有声音" in told_of(receiver, "fault.declared")

            page.goto(f"{server.url}/desk/connections?view=calendar")
            page.get_by_role("button", name=calendar).click()
            with urllib.request.urlopen(page.locator("input[readonly]").input_value()) as answer:
                found = Calendar.from_ical(answer.read())
            assert isinstance(found, Calendar)
            assert found.events
            assert axe_violations(page) == []
        finally:
            server.kill()
