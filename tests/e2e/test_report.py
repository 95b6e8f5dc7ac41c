"""The page behind a report's link: where it is of no use, and that who sent it sees it opened.

The month that leads to it is in test_month_to_report.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.e2e.conftest import axe_violations, sign_in
from tests.e2e.desk_hand import Sender
from tests.e2e.server import Server
from tests.e2e.test_month_to_report import link_of, speak, wide_or_narrow

Opener = Callable[..., BrowserContext]
PATIENT_SECONDS = 120
WORDS = {
    "zh": ("客户还没有打开", "客户首次打开：", "共 1 次"),
    "en": ("Not opened by the client yet", "Opened by the client: ", "1 time"),
}


def test_a_link_that_was_cut_says_what_to_do(
    shared_demo_server: Server, open_context: Opener
) -> None:
    page = open_context(phone=True).new_page()
    page.goto(f"{shared_demo_server.url}/l/report/cut-off")
    expect(page.get_by_role("alert")).to_contain_text("链接无效")
    expect(page.get_by_role("alert")).to_contain_text("从邮件里完整打开")
    assert axe_violations(page) == []


def sent_report(wang: Sender) -> dict[str, Any]:
    """The latest accepted month's report, issued and on its way to the client."""
    month = max(one["month"] for one in wang.get("rounds") if one["state"] == "accepted")
    report: dict[str, Any] = wang.post(f"rounds/{month}/report", {"language": "both"})
    until = time.monotonic() + PATIENT_SECONDS
    while time.monotonic() < until:
        files = wang.get(f"reports/{report['id']}")["files"]
        if any((one["format"], one["state"]) == ("pdf", "ready") for one in files):
            wang.post(f"reports/{report['id']}/send", {"to": ["lead@client.example"]})
            return report
        time.sleep(0.5)
    raise AssertionError("its file was not made")


def test_who_sent_a_report_sees_when_the_client_has_opened_it(
    demo_server: Server, playwright: Playwright, open_context: Opener
) -> None:
    report = sent_report(Sender.sign_in(playwright, demo_server.url, "wang"))
    link = urlsplit(link_of(demo_server))._replace(netloc=urlsplit(demo_server.url).netloc).geturl()
    desks = {language: open_context(phone=False).new_page() for language in WORDS}
    for language, desk in desks.items():
        speak(desk, language)
        sign_in(desk, demo_server, "wang", f"/desk/report/{report['month']}")
        expect(desk.locator(".steps")).to_contain_text(WORDS[language][0])
    # A mail's scanner looks behind the link, and so does who sent it: neither is the client.
    assert playwright.request.new_context().get(link).ok
    read_by(desks["zh"].context.new_page(), link, report["number"])
    desks["zh"].reload()
    expect(desks["zh"].locator(".steps")).to_contain_text(WORDS["zh"][0])

    client = open_context(phone=True).new_page()
    for _ in range(2):
        read_by(client, link, report["number"])
    for language, desk in desks.items():
        desk.reload()
        for words in WORDS[language][1:]:
            expect(desk.locator(".steps")).to_contain_text(words)
        assert wide_or_narrow(desk) == []


def read_by(page: Page, link: str, number: str) -> None:
    page.goto(link)
    expect(page.get_by_text(number).first).to_be_visible()
