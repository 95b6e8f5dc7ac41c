"""A sick engineer's work goes over with one press; a manual is approved, read, and who has not yet is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.e2e.conftest import axe_violations
from tests.e2e.server import Server
from tests.e2e.test_desk_round import supervisor

Open = Callable[..., BrowserContext]
WORDS = {
    "zh": ("交给 陈", "已交出", "批准第 2 版", "已阅读并理解", "未读"),
    "en": ("Hand over to Chen", "handed over", "Approve version 2", "Read and understood", "still"),
}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_stand_in_takes_over_and_manuals_are_read(
    language: str, demo_server: Server, open_context: Open
) -> None:
    hand_over, handed, approve, read, unread = WORDS[language]
    page = supervisor(open_context, demo_server, "/desk/people?view=team", language=language)
    page.get_by_role("button", name=hand_over).click()
    expect(page.locator("#content")).to_contain_text(handed)
    expect(page.get_by_role("button", name=hand_over)).to_have_count(0)
    assert axe_violations(page) == []

    page.goto(f"{demo_server.url}/desk/people?view=manuals")
    page.get_by_role("button", name=approve).click()
    expect(page.get_by_role("button", name=approve)).to_have_count(0)
    left = page.locator("#content section").filter(has_text=unread)
    expect(left).to_contain_text("6")
    left.get_by_role("button", name=read).click()
    expect(left).to_contain_text("5")
    assert axe_violations(page) == []
