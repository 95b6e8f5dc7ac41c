"""A solved fault becomes an article, and the next such fault is offered it; the client finds it too."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Playwright, expect

from tests.e2e.conftest import axe_violations
from tests.e2e.desk_hand import Sender, uid
from tests.e2e.server import Server
from tests.e2e.test_desk_round import supervisor

Open = Callable[..., BrowserContext]
WORDS = {
    "zh": ("存为知识", "保存", "可能有用", "用上了，关联"),
    "en": ("Keep as an article", "Save", "may help", "It helped: link it"),
}


def _fault(sender: Sender, title: str) -> str:
    case = sender.post("cases", {"uid": uid(), "kind": "fault", "title": title})
    name: str = case["name"]
    return name


def _step(sender: Sender, name: str, step: str, **fields: str) -> None:
    sender.post(f"cases/{name}/steps", {"uid": uid(), "step": step, "fields": fields})


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_was_learned_is_offered_to_the_next(
    language: str, demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    make, save, may_help, link = WORDS[language]
    sender = Sender.sign_in(playwright, demo_server.url, "li")
    solved, next_one = _fault(sender, "触摸屏失灵漂移"), _fault(sender, "大厅触摸屏漂移")
    _step(sender, solved, "take_over")
    _step(sender, solved, "solve", cause="校准丢失", solution="重新校准四点")
    page = supervisor(
        open_context, demo_server, f"/desk/cases/{solved}", login="li", language=language
    )
    page.get_by_role("button", name=make).click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name=save).click()
    article = page.locator("#content details").filter(has_text="触摸屏失灵漂移")
    expect(article).to_be_visible()

    page.goto(f"{demo_server.url}/desk/cases/{next_one}")
    offered = page.locator("#content details").filter(has_text=may_help)
    offered.locator("summary").click()
    expect(offered).to_contain_text("重新校准四点")
    assert axe_violations(page) == []
    offered.get_by_role("button", name=link).click()
    expect(page.locator("#content details").filter(has_text=may_help)).to_have_count(0)

    client = supervisor(
        open_context, demo_server, "/desk/knowledge?q=触摸屏漂移", login="zhou", language=language
    )
    client.locator("#content table").get_by_text("触摸屏失灵漂移").click()
    client.wait_for_url(re.compile("number="))
    expect(client.locator("#content article")).to_contain_text("重新校准四点")
    assert axe_violations(client) == []
