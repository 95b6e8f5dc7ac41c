"""The project manager settles what the contract grants its clocks, and its calendar (clauses 38-42, 48)."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import PHONE, axe_violations, sign_in
from tests.e2e.server import Server

Open = Callable[..., BrowserContext]
WORDS = {
    "zh": {
        "response": "响应到位",
        "amount": "时限",
        "differs": "各故障级别不同",
        "first": "1 级",
        "save": "保存",
        "saved": "时限与日历已保存",
        "saturday": "星期六",
        "hours_wrong": "请写成 9:00-12:00",
        "back": "恢复标准",
        "spring": "春节",
    },
    "en": {
        "response": "Response on site",
        "amount": "Term",
        "differs": "Differs by severity",
        "first": "Severity 1",
        "save": "Save",
        "saved": "Clocks and calendar saved",
        "saturday": "Saturday",
        "hours_wrong": "Write 9:00-12:00",
        "back": "Back to the standard",
        "spring": "Spring Festival",
    },
}


def settings_page(open_context: Open, server: Server, language: str) -> Page:
    page = open_context(phone=False).new_page()
    page.emulate_media(reduced_motion="reduce")
    sign_in(page, server, "wang")
    kept = json.dumps({"language": language, "theme": "system"})
    page.evaluate("kept => localStorage.setItem('roundbook.settings', kept)", kept)
    page.goto(f"{server.url}/desk/contract?view=terms")
    return page


@pytest.mark.parametrize("language", ["zh", "en"])
def test_terms_and_calendar_are_settled_and_taken_back(
    demo_server: Server, open_context: Open, language: str
) -> None:
    words = WORDS[language]
    page = settings_page(open_context, demo_server, language)
    response = page.get_by_role("group", name=words["response"])
    amount = response.get_by_label(words["amount"], exact=True)
    expect(amount).to_have_value("1")
    expect(page.locator("#content")).to_contain_text(words["spring"])
    assert axe_violations(page) == []

    saturday = page.get_by_label(words["saturday"])
    saturday.fill("whenever")
    amount.fill("2")
    response.get_by_label(words["differs"]).check()
    response.get_by_label(words["first"]).fill("0.5")
    page.get_by_role("button", name=words["save"], exact=True).click()
    expect(page.get_by_text(words["hours_wrong"]).last).to_be_visible()
    expect(saturday).to_be_focused()
    saturday.fill("9-12")
    page.get_by_role("button", name=words["save"], exact=True).click()
    expect(page.locator(".toast")).to_contain_text(words["saved"])

    page.reload()
    expect(saturday).to_have_value("09:00-12:00")
    expect(amount).to_have_value("2")
    expect(response.get_by_label(words["first"])).to_have_value("0.5")
    response.get_by_role("button", name=words["back"]).click()
    expect(amount).to_have_value("1")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
