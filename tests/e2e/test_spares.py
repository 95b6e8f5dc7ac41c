"""A spare part is used on a device, and a loaner goes out for longer by the client's consent: both sides."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta

from playwright.sync_api import BrowserContext, expect

from tests.e2e.conftest import axe_violations, sign_in
from tests.e2e.server import Server

Open = Callable[..., BrowserContext]


def test_a_part_is_used_and_a_loaner_is_agreed_to_and_comes_back(
    demo_server: Server, open_context: Open
) -> None:
    phone = open_context(phone=True).new_page()
    sign_in(phone, demo_server, "li", "/desk/spares")
    phone.get_by_role("row").filter(has_text="功放保险管").click()
    expect(phone.locator(".stock")).to_contain_text("19")
    phone.get_by_role("button", name="登记出入库").click()
    form = phone.get_by_role("dialog")
    form.get_by_label("数量").fill("2")
    form.get_by_role("button", name="登记出入库").click()
    expect(form.get_by_text("请写明用于哪张服务单或哪台设备")).to_be_visible()
    assert axe_violations(phone) == []
    form.get_by_label("用于服务单").fill("f1")
    form.get_by_role("button", name="登记出入库").click()
    expect(phone.locator(".stock")).to_contain_text("17")
    expect(phone.get_by_role("link", name="F1")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390

    client = open_context(phone=False).new_page()
    sign_in(client, demo_server, "zhou")
    kept = json.dumps({"language": "en", "theme": "system"})
    client.evaluate("kept => localStorage.setItem('roundbook.settings', kept)", kept)
    client.goto(f"{demo_server.url}/desk/loans")
    client.get_by_role("row").filter(has_text="PTZ-12").first.click()
    expect(client.get_by_role("button", name="It is back")).to_have_count(0)
    client.get_by_role("button", name="Agree to a longer term").click()
    agreed = client.get_by_role("dialog")
    until = date.today() + timedelta(days=14)  # noqa: DTZ011 - far from any midnight
    agreed.get_by_label("Until").fill(until.isoformat())
    agreed.get_by_role("button", name="Agree to a longer term").click()
    expect(client.get_by_text("Longer term agreed by")).to_be_visible()
    assert axe_violations(client) == []

    phone.goto(f"{demo_server.url}/desk/loans")
    phone.get_by_role("row").filter(has_text="PTZ-12").first.click()
    expect(phone.get_by_text("甲方同意延期")).to_be_visible()
    phone.get_by_role("button", name="登记归还").click()
    expect(phone.get_by_role("button", name="登记归还")).to_have_count(0)
