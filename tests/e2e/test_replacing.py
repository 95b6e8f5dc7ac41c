"""A broken display is replaced on the spot, without a network; the register, the label and the round follow,
and the next inspection verifies it. The engineer reads Chinese, the client English."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.e2e import phone_hand as hand
from tests.e2e.conftest import axe_violations, sign_in
from tests.e2e.desk_hand import DISPLAY, Sender, uid
from tests.e2e.server import Server

Open = Callable[..., BrowserContext]


def approved(wang: Sender, zhou: Sender, device_id: int) -> str:
    """A repair of the device that the client has approved: a new one it shall be."""
    opening = {"uid": uid(), "kind": "repair", "title": "显示屏主板烧毁", "device_id": device_id}
    name: str = wang.post("cases", {**opening, "fields": {"way": "replacement"}})["name"]
    zhou.post(f"cases/{name}/steps", {"uid": uid(), "step": "approve", "fields": {}})
    return name


def at_desk(page: Page, server: Server, login: str, name: str, language: str) -> None:
    """Open a case at the desk."""
    sign_in(page, server, login)
    page.evaluate(
        "language => localStorage.setItem('roundbook.settings',"
        " JSON.stringify({ language, theme: 'system' }))",
        language,
    )
    page.goto(f"{server.url}/desk/cases/{name}")


def test_a_device_is_replaced_without_a_network_and_verified_by_the_next_inspection(
    demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    place = hand.todo(demo_server, "display")
    wang = Sender.sign_in(playwright, demo_server.url, "wang")
    zhou = Sender.sign_in(playwright, demo_server.url, "zhou")
    name = approved(wang, zhou, place.device_id)

    page = open_context(phone=True).new_page()
    hand.use_phone(page, demo_server, place.login)
    page.context.set_offline(True)
    page.goto(f"{demo_server.url}/inspect/{place.id}")
    page.get_by_role("link", name=re.compile(f"{name} ")).click()
    page.get_by_role("button", name="更换为新设备").click()
    sheet = page.get_by_role("dialog", name="更换为新设备")
    # The old one's label is moved over.
    sheet.get_by_role("button", name="输入编号").click()
    page.locator("dialog[open] input.code").fill(place.code)
    page.locator("dialog[open] input.code").press("Enter")
    expect(sheet).to_contain_text("旧设备的标签将移到新设备")
    sheet.get_by_label("序列号").fill("XN-2026-0007")
    sheet.get_by_label("保修期至").fill("2029-11-30")
    assert axe_violations(page) == []
    sheet.get_by_role("button", name="更换为新设备", exact=True).click()
    expect(sheet).to_contain_text("请填写")
    # It lay below what was in sight.
    expect(sheet.get_by_label("处理", exact=True)).to_be_focused()
    expect(sheet.get_by_text("请填写")).to_be_in_viewport(ratio=1)
    sheet.get_by_label("处理", exact=True).fill("换上新机，四路输入正常")
    sheet.get_by_role("button", name="更换为新设备", exact=True).click()
    expect(sheet).to_be_hidden()
    expect(page.locator("main")).to_contain_text("已投用")

    # In the same visit, the phone does not know the new one yet: what he sees now is of that.
    page.goto(f"{demo_server.url}/inspect/{place.id}")
    expect(page.locator("main")).to_contain_text(f"{name} 已报修好")
    assert axe_violations(page) == []
    hand.find_all_well(page, demo_server, DISPLAY)

    case = wang.get(f"cases/{name}")
    new = wang.get(f"devices/{case['new_device']['id']}")
    assert (new["serial"], new["label"], new["room_id"]) == (
        "XN-2026-0007",
        place.code,
        place.room_id,
    )
    assert wang.get(f"devices/{place.device_id}")["retired"]
    verification = case["verification"]
    assert (case["state"], verification["word"]) == ("in_service", "verified")
    found = wang.get(f"inspections/{verification['inspection_id']}")
    assert found["device_id"] == new["id"]

    # The old one's task is gone from the phone, and the label opens the new one's, which is done.
    page.goto(f"{demo_server.url}/inspect/{place.id}")
    expect(page.locator("main")).to_contain_text("本机没有这项任务", timeout=20_000)
    page.goto(f"{demo_server.url}/d/{place.code}")
    expect(page.locator(".done")).to_contain_text("正常")
    expect(page.locator("main")).to_contain_text("2029年11月30日")
    assert axe_violations(page) == []

    for login, language, words in (
        ("wang", "zh", ["已更换为", "下次检查已验证正常"]),
        ("zhou", "en", ["Replaced by", "Verified at the next inspection"]),
    ):
        desk = open_context(phone=False).new_page()
        at_desk(desk, demo_server, login, name, language)
        detail = desk.locator("div.detail")
        for text in words:
            expect(detail).to_contain_text(text)
        assert axe_violations(desk) == []
        detail.get_by_role("link", name=re.compile("XN-2026-0007")).click()
        expect(desk.locator("main")).to_contain_text("XN-2026-0007")
        expect(desk.locator("main")).to_contain_text("Replaces" if language == "en" else "替换了")
        desk.goto(f"{demo_server.url}/desk/inspections/{verification['inspection_id']}")
        told = "Verifies" if language == "en" else "验证的服务单"
        expect(desk.get_by_role("heading", name=told)).to_be_visible()
        expect(desk.get_by_role("link", name=re.compile(f"{name} "))).to_be_visible()
        assert axe_violations(desk) == []
