"""The one ledger of hours from both sides: logged on a phone's browser, read by the client, voided with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import BrowserContext, expect

from tests.e2e.conftest import axe_violations, sign_in
from tests.e2e.server import Server

Open = Callable[..., BrowserContext]


def test_hours_are_logged_on_a_phone_and_read_by_the_client(
    demo_server: Server, open_context: Open
) -> None:
    phone = open_context(phone=True).new_page()
    sign_in(phone, demo_server, "zhang", "/desk/hours")
    left = phone.locator(".left")
    expect(left).to_contain_text("/ 80.0 小时")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert axe_violations(phone) == []
    phone.get_by_role("button", name="登记工时").first.click()
    form = phone.get_by_role("dialog")
    form.get_by_label("服务单").select_option(index=1)
    yesterday = datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(days=1)
    form.get_by_label("日期").fill(f"{yesterday:%Y-%m-%d}")
    form.get_by_label("开始").fill("01:00")
    form.get_by_label("结束").fill("02:40")
    form.get_by_text("15 分钟").click()
    form.get_by_label("说明").fill("夜里试机")
    expect(form.get_by_role("status")).to_contain_text("计 1.5 小时")
    assert axe_violations(phone) == []
    form.get_by_role("button", name="登记工时").click()
    expect(phone.get_by_role("row").filter(has_text="张伟").first).to_contain_text("1.5")

    client = open_context(phone=False, language="en").new_page()
    sign_in(client, demo_server, "zhou")
    kept = json.dumps({"language": "en", "theme": "system"})
    client.evaluate("kept => localStorage.setItem('roundbook.settings', kept)", kept)
    client.goto(f"{demo_server.url}/desk/hours")
    expect(client.get_by_role("heading", level=1)).to_have_text("After hours")
    line = client.get_by_role("row").filter(has_text="Zhang Wei").first
    expect(line).to_contain_text("1.5")
    expect(client.get_by_role("button", name="Log hours")).to_have_count(0)
    line.click()
    expect(client.get_by_text("夜里试机")).to_be_visible()
    expect(client.get_by_role("button", name="Void")).to_have_count(0)
    assert axe_violations(client) == []
    before = client.locator(".left").inner_text()

    phone.get_by_role("row").filter(has_text="张伟").first.click()
    phone.get_by_role("button", name="冲销").click()
    reason = phone.get_by_role("dialog")
    reason.get_by_label("原因").fill("记错了人")
    reason.get_by_role("button", name="冲销").click()
    expect(phone.get_by_text("已被第").first).to_be_visible()

    client.reload()
    expect(client.get_by_text("Voided by line").first).to_be_visible()
    expect(client.locator(".left")).not_to_have_text(before)


def test_hours_that_come_after_the_confirming_say_so_to_the_client(
    demo_server: Server, open_context: Open
) -> None:
    desk = open_context(phone=False).new_page()
    sign_in(desk, demo_server, "li", "/desk/hours")
    cases = f"{demo_server.url}/api/contracts/DEMO/cases?kind=after_hours&stage=confirmed"
    name = desk.request.get(cases).json()["items"][0]["name"]
    desk.goto(f"{demo_server.url}/desk/cases/{name}")
    desk.get_by_role("button", name="登记工时").click()
    form = desk.get_by_role("dialog")
    day = datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(days=1)
    form.get_by_label("日期").fill(f"{day:%Y-%m-%d}")
    form.get_by_label("开始").fill("03:00")
    form.get_by_label("结束").fill("04:00")
    form.get_by_role("button", name="登记工时").click()
    expect(desk.get_by_text("客户确认后登记").first).to_be_visible()

    client = open_context(phone=True).new_page()
    sign_in(client, demo_server, "zhou", f"/desk/cases/{name}")
    expect(client.get_by_text("客户确认后登记").first).to_be_visible()
    assert client.evaluate("document.documentElement.scrollWidth") <= 390
    assert axe_violations(client) == []
