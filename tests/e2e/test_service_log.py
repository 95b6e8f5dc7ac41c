"""The on-site engineer's day on a phone's window, finished by hand and signed; read at the desk, archived."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.e2e.conftest import PHONE, axe_violations
from tests.e2e.server import Server
from tests.e2e.test_desk_round import supervisor

Open = Callable[..., BrowserContext]
WORDS = {
    "zh": (
        "新增记录",
        "工作内容",
        "保存",
        "签署当日",
        "已于",
        "撤回签署",
        "存档本月",
        "第 1 次存档",
    ),
    "en": (
        "New entry",
        "What was done",
        "Save",
        "Sign the day",
        "Signed on",
        "Take the signature back",
        "Archive this month",
        "Archive 1",
    ),
}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_day_is_written_signed_and_archived_with_its_month(
    language: str, demo_server: Server, open_context: Open
) -> None:
    new, done, save, sign, signed, take_back, archive, first = WORDS[language]
    page = supervisor(open_context, demo_server, "/desk/service-log", login="li", language=language)
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    # What the system knows stands there already: the fault that he took today.
    expect(page.locator("#content li").first).to_be_visible()
    page.get_by_role("button", name=new).click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label(done).fill("更换话筒电池 / batteries")
    sheet.get_by_role("button", name=save).click()
    expect(page.locator("#content li.own").filter(has_text="batteries")).to_be_visible()
    assert axe_violations(page) == []
    page.get_by_role("button", name=sign).click()
    sheet.get_by_role("button", name=sign).click()
    expect(page.locator("#content")).to_contain_text(signed)
    expect(page.get_by_role("button", name=new)).to_have_count(0)
    expect(page.get_by_role("button", name=take_back)).to_be_visible()

    desk = supervisor(open_context, demo_server, "/desk/service-log?view=month", language=language)
    desk.get_by_role("button", name=archive).click()
    expect(desk.locator("#content")).to_contain_text(first)
    assert axe_violations(desk) == []
