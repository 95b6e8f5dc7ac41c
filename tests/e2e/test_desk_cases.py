"""The service desk: what the round found becomes a fault, and each end leads to the other (clauses 6, 8, 38)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import axe_violations, sign_in
from tests.e2e.server import Server

Open = Callable[..., BrowserContext]
WORDS = {
    "zh": {"declare": "报故障", "new": "新建服务单", "item": "遗留问题 #", "cases": "相关服务单"},
    "en": {
        "declare": "Declare a fault",
        "new": "New case",
        "item": "Open item #",
        "cases": "Its cases",
    },
}


def case_shown(page: Page) -> str:
    """The name of the case that is open; its list may already have written it into its own address."""
    page.wait_for_url(re.compile(r"/desk/cases\b.*F\d+"))
    found = re.search(r"F\d+", page.url)
    assert found
    expect(page.locator("div.detail h2")).to_be_visible()
    return found[0]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_open_item_becomes_a_fault_and_each_leads_to_the_other(
    demo_server: Server, open_context: Open, language: str
) -> None:
    words = WORDS[language]
    page = open_context(phone=False).new_page()
    page.emulate_media(reduced_motion="reduce")
    sign_in(page, demo_server, "wang")
    kept = json.dumps({"language": language, "theme": "system"})
    page.evaluate("kept => localStorage.setItem('roundbook.settings', kept)", kept)
    page.goto(f"{demo_server.url}/desk/open-items")
    page.locator("tbody tr").first.click()
    detail = page.locator("div.detail")
    number = detail.locator("header p").first.inner_text()
    detail.get_by_role("button", name=words["declare"]).click()
    sheet = page.get_by_role("dialog")
    assert axe_violations(page) == []
    sheet.get_by_role("button", name=words["new"]).click()
    name = case_shown(page)
    page.get_by_role("link", name=f"{words['item']}{number.lstrip('#')}").click()
    page.wait_for_url(re.compile("/desk/open-items"))
    cases = page.get_by_role("region", name=words["cases"])
    expect(cases.get_by_role("link", name=re.compile(rf"\b{name}\b"))).to_be_visible()
    assert axe_violations(page) == []
    cases.get_by_role("link", name=re.compile(rf"\b{name}\b")).click()
    assert case_shown(page) == name


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_the_client_begins_with_what_waits_for_his_word(
    demo_server: Server, open_context: Open, phone: bool
) -> None:
    page = open_context(phone=phone).new_page()
    page.emulate_media(reduced_motion="reduce")
    sign_in(page, demo_server, "zhou")
    page.wait_for_url(re.compile("/desk/overview$"))
    waiting = page.get_by_role("region", name=re.compile("等您确认"))
    quoted = waiting.get_by_role("link", name=re.compile("已报价")).first
    expect(quoted).to_be_visible()
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    title = quoted.locator("strong").inner_text()
    quoted.click()
    page.get_by_role("button", name="批准", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="批准", exact=True).click()
    expect(page.locator("#content")).to_contain_text("已批准")
    page.goto(f"{demo_server.url}/desk/overview")
    expect(waiting).to_be_visible()
    expect(page.get_by_role("region", name="进行中").get_by_role("link").first).to_be_visible()
    expect(waiting.get_by_text(title)).to_have_count(0)
