"""A change that is done ends in the register: a device is added and one retired out of it, in Chinese; the client reads
it in English."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.e2e.conftest import axe_violations, sign_in
from tests.e2e.desk_hand import Sender, uid
from tests.e2e.server import Server
from webapp.db import now_utc

Open = Callable[..., BrowserContext]


def executed(wang: Sender, zhou: Sender, room_id: int, title: str) -> str:
    """A change that is approved, planned and done; its name."""
    opening = {"uid": uid(), "kind": "change", "title": title, "room_id": room_id}
    name: str = zhou.post("cases", {**opening, "fields": {"category": "installation"}})["name"]
    evening = {
        "from_at": (now_utc() - timedelta(hours=5)).isoformat(),
        "to_at": (now_utc() - timedelta(hours=3)).isoformat(),
    }
    for who, step, fields in (
        (wang, "quote", {}),
        (zhou, "approve", {}),
        (wang, "plan", evening),
        (wang, "execute", {"done": "已安装并测试"}),
    ):
        who.post(f"cases/{name}/steps", {"uid": uid(), "step": step, "fields": fields})
    return name


def at_desk(page: Page, server: Server, login: str, path: str, language: str) -> None:
    """Open a page of the desk in a language."""
    page.emulate_media(reduced_motion="reduce")
    sign_in(page, server, login)
    page.evaluate(
        "language => localStorage.setItem('roundbook.settings',"
        " JSON.stringify({ language, theme: 'system' }))",
        language,
    )
    page.goto(f"{server.url}{path}")


def test_a_change_ends_in_the_register(
    demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    wang = Sender.sign_in(playwright, demo_server.url, "wang")
    zhou = Sender.sign_in(playwright, demo_server.url, "zhou")
    old = wang.get("devices?type=display")["items"][0]
    name = executed(wang, zhou, old["room_id"], "更换并加装电视")
    kept = executed(wang, zhou, old["room_id"], "调整一键散会")

    page = open_context(phone=False).new_page()
    at_desk(page, demo_server, "wang", "/desk/cases?unregistered=true", "zh")
    page.get_by_role("row", name=re.compile(rf"{name}\b.*台账未更新")).click()
    register = page.locator("div.detail").get_by_role("region", name="台账")
    expect(register).to_contain_text("台账还没有更新")
    assert axe_violations(page) == []

    # A device is added with the change's room filled in.
    register.get_by_role("button", name="添加设备").click()
    sheet = page.get_by_role("dialog", name="添加设备")
    expect(sheet.get_by_label("房间")).to_have_value(str(old["room_id"]))
    sheet.get_by_label("类型").select_option("display")
    sheet.get_by_label("设备名称").fill("返看电视")
    assert axe_violations(page) == []
    sheet.get_by_role("button", name="保存").click()
    expect(sheet).to_be_hidden()
    expect(register.get_by_role("link", name="返看电视")).to_be_visible()
    expect(register).not_to_contain_text("台账还没有更新")
    expect(register.get_by_role("button", name="无需更改")).to_have_count(0)

    # The old one is retired for the change: the register says for what, and leads back.
    register.get_by_role("link", name="更改或停用设备").click()
    expect(page.locator("#content")).to_contain_text(f"为 {name} 更改台账")
    assert axe_violations(page) == []
    page.get_by_role("link", name=old["name"], exact=True).first.click()
    expect(page.locator("#content")).to_contain_text(f"为 {name} 更改台账")
    page.get_by_role("button", name="停用", exact=True).click()
    expect(page.get_by_role("button", name="恢复使用")).to_be_visible()
    page.get_by_role("link", name=f"回到 {name}").click()
    expect(register.get_by_role("listitem").filter(has_text=old["name"])).to_contain_text("已停用")
    told = [line["step"] for line in wang.get(f"cases/{name}")["timeline"]]
    assert told[-2:] == ["device_added", "device_retired"]

    # Of the other one there is nothing to change, and why.
    page.goto(f"{demo_server.url}/desk/cases/{kept}")
    register.get_by_role("button", name="无需更改").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("说明").fill("只改了中控程序")
    sheet.get_by_role("button", name="台账无需更改").click()
    expect(register).to_contain_text("台账无需更改")
    assert axe_violations(page) == []

    # The client accepts it and reads in English what became of it.
    client = open_context(phone=False).new_page()
    at_desk(client, demo_server, "zhou", f"/desk/cases/{name}", "en")
    register = client.locator("div.detail").get_by_role("region", name="Register")
    expect(register.get_by_role("listitem").filter(has_text="返看电视")).to_contain_text("added")
    expect(register.get_by_role("button")).to_have_count(0)
    expect(client.locator("div.detail")).to_contain_text("Register: device retired")
    assert axe_violations(client) == []
    register.get_by_role("link", name="返看电视").click()
    cases = client.get_by_role("region", name="Its cases")
    expect(cases.get_by_role("link", name=re.compile(rf"\b{name}\b"))).to_be_visible()
