"""The page behind a report's link where the link is of no use; its month is in test_month_to_report."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from tests.e2e.conftest import axe_violations
from tests.e2e.server import Server

Opener = Callable[..., BrowserContext]


def test_a_link_that_was_cut_says_what_to_do(
    shared_demo_server: Server, open_context: Opener
) -> None:
    page = open_context(phone=True).new_page()
    page.goto(f"{shared_demo_server.url}/l/report/cut-off")
    expect(page.get_by_role("alert")).to_contain_text("链接无效")
    expect(page.get_by_role("alert")).to_contain_text("从邮件里完整打开")
    assert axe_violations(page) == []
