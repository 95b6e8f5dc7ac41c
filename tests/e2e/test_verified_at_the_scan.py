"""A fault is closed between two rounds: at the next scan the engineer is told, and his inspection verifies it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Playwright, expect

from tests.e2e import phone_hand as hand
from tests.e2e.conftest import axe_violations
from tests.e2e.desk_hand import DISPLAY, Sender, uid
from tests.e2e.server import Server

Open = Callable[..., BrowserContext]


def test_what_was_closed_before_the_scan_is_told_at_it_and_verified_by_it(
    demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    place = hand.todo(demo_server, "display")
    wang = Sender.sign_in(playwright, demo_server.url, "wang")
    opening = {"uid": uid(), "kind": "fault", "title": "会议中黑屏", "device_id": place.device_id}
    name = wang.post("cases", {**opening, "severity": 3})["name"]
    for step, fields in (
        ("take_over", {}),
        ("solve", {"cause": "HDMI线松动", "solution": "重新插紧并扎线"}),
        ("close", {}),
    ):
        wang.post(f"cases/{name}/steps", {"uid": uid(), "step": step, "fields": fields})

    page = open_context(phone=True).new_page()
    hand.use_phone(page, demo_server, place.login)
    page.context.set_offline(True)
    # It waits for nobody, so it is in no list of what waits.
    page.goto(f"{demo_server.url}/cases")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("main")).not_to_contain_text(f"{name} 会议中黑屏")
    page.goto(f"{demo_server.url}/d/{place.code}")
    main = page.locator("main")
    expect(main).to_contain_text(f"{name} 已报修好，本次检查就是验证")
    expect(page.get_by_role("link", name=f"{name} 会议中黑屏")).to_contain_text("已关闭")
    assert axe_violations(page) == []
    hand.find_all_well(page, demo_server, DISPLAY)
    assert wang.get(f"cases/{name}")["verification"]["word"] == "verified"
    # Told once: whoever looks at the device again is not asked to verify it again.
    page.goto(f"{demo_server.url}/inspect/{place.id}")
    expect(page.locator(".done")).to_be_visible()
    expect(main).not_to_contain_text(f"{name} 会议中黑屏", timeout=20_000)
