"""Whoever stands before a silent room scans the label: three touches, a number, and a link to follow."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Playwright, expect

from tests.e2e import phone_hand as hand
from tests.e2e.conftest import axe_violations
from tests.e2e.desk_hand import Sender, uid
from tests.e2e.server import Server

Open = Callable[..., BrowserContext]
WORDS = {
    "zh-CN": ("没有声音", "姓名", "报障", "已收到，谢谢", "查看进展", "补充说明", "发送"),
    "en": (
        "No sound",
        "Name",
        "Report",
        "We have it, thank you",
        "See how it stands",
        "Add words",
        "Send",
    ),
}


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_somebody_without_an_account_reports_and_follows_a_fault(
    language: str, demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    label = hand.todo(demo_server, "display")
    page = open_context(phone=True, language=language).new_page()
    page.goto(f"{demo_server.url}/d/{label.code}")
    page.wait_for_url(re.compile(rf"/d/{label.code}/report$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(label.device)
    assert axe_violations(page) == []

    page.get_by_text(WORDS[language][0], exact=True).click()
    page.locator("textarea").fill("三点有会 / meeting at three")
    page.context.set_offline(True)
    page.locator("form button[type=submit]").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.context.set_offline(False)
    page.reload()
    expect(page.locator("textarea")).to_have_value("三点有会 / meeting at three")
    page.locator("form button[type=submit]").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(WORDS[language][3])
    number = page.locator(".number strong").inner_text()
    assert re.fullmatch(r"F\d+", number)
    assert axe_violations(page) == []

    page.get_by_role("link", name=WORDS[language][4]).click()
    page.wait_for_url(re.compile(r"/f/"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(number)
    page.locator("textarea").fill("现在全黑了 / all black now")
    page.locator("form button[type=submit]").click()
    expect(page.locator("ul.said")).to_contain_text("all black now")
    page.locator("input[type=file]").set_input_files(hand.picture("teal"))  # type: ignore[arg-type]
    expect(page.locator(".strip img")).to_have_count(1)
    assert axe_violations(page) == []

    case = Sender.sign_in(playwright, demo_server.url, "li").get(f"cases/{number}")
    assert (case["source"], case["state"], case["device_name"]) == (
        "label",
        "declared",
        label.device,
    )
    assert "all black now" in json.dumps(case["timeline"], ensure_ascii=False)


def test_who_says_it_is_solved_can_still_say_how_it_was(
    demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    label = hand.todo(demo_server, "display")
    page = open_context(phone=True).new_page()
    page.goto(f"{demo_server.url}/d/{label.code}/report")
    page.get_by_text(WORDS["zh-CN"][0], exact=True).click()
    page.locator("form button[type=submit]").click()
    number = page.locator(".number strong").inner_text()
    page.get_by_role("link", name=WORDS["zh-CN"][4]).click()
    page.wait_for_url(re.compile(r"/f/"))
    li = Sender.sign_in(playwright, demo_server.url, "li")
    for step, fields in (("arrive", {}), ("solve", {"cause": "线松", "solution": "插紧并测试"})):
        li.post(f"cases/{number}/steps", {"uid": uid(), "step": step, "fields": fields})
    page.reload()
    page.get_by_role("button", name="修好了").click()
    expect(page.get_by_role("button", name="修好了")).to_have_count(0)
    page.get_by_text("5", exact=True).click()
    page.locator("textarea").fill("很快")
    page.get_by_role("button", name="发送").click()
    expect(page.get_by_text("此故障已结束")).to_be_visible()
    case = li.get(f"cases/{number}")
    assert (case["state"], case["facts"]["rating"]) == ("closed", 5)
    assert "很快" in json.dumps(case["timeline"], ensure_ascii=False)


def test_a_code_that_is_no_label_says_what_to_do(demo_server: Server, open_context: Open) -> None:
    page = open_context(phone=True).new_page()
    page.route("**/api/links/label/**", lambda route: route.continue_())
    page.goto(f"{demo_server.url}/d/BCDF2GH7/report")
    expect(page.get_by_role("alert")).to_contain_text("没有这张标签")
    assert axe_violations(page) == []
