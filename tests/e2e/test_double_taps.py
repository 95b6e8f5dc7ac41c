"""A double tap does one thing: what lies beneath, or comes next, is left alone; single ones stay quick."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Playwright, expect

from tests.e2e import phone_hand as hand
from tests.e2e.desk_hand import DISPLAY, Sender
from tests.e2e.server import Server
from tests.e2e.test_photo_reviewers import opened, photo_of, reviewer, waiting
from tests.e2e.test_returns import ZH, supervisor

Open = Callable[..., BrowserContext]
BETWEEN_MS = 150


def tap_twice(page: Page, button: Locator) -> None:
    """Two taps of a finger on one place, as a nervous hand does it."""
    box = button.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.touchscreen.tap(x, y)
    page.wait_for_timeout(BETWEEN_MS)
    page.touchscreen.tap(x + 3, y - 2)
    page.wait_for_timeout(500)


@pytest.fixture
def inspecting(open_context: Open, demo_server: Server) -> Page:
    """An engineer's phone on a device of which all is answered: one tap finishes it."""
    page = open_context(phone=True).new_page()
    task = hand.todo(demo_server, "display")
    hand.use_phone(page, demo_server, task.login)
    page.context.set_offline(True)
    hand.open_task(page, demo_server, task.id)
    hand.find_the_rest_well(page)
    return page


def finish(page: Page) -> Locator:
    return page.locator(".actions .button.main").last


def test_a_double_tap_on_a_photo_or_a_new_problem_finishes_no_inspection(inspecting: Page) -> None:
    page = inspecting
    page.get_by_role("button", name="拍照").last.click()
    camera = page.locator("dialog[open]")
    camera.locator("input[type=file]").set_input_files(hand.picture())  # type: ignore[arg-type]
    expect(camera).to_contain_text("已存本机")
    tap_twice(page, camera.get_by_role("button", name="完成"))
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator(".done")).to_have_count(0)

    page.get_by_role("button", name="记一个新问题").click()
    sheet = page.locator("dialog[open]")
    sheet.locator("textarea").fill("桌面插座松动")
    tap_twice(page, sheet.get_by_role("button", name="保存"))
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator(".done")).to_have_count(0)

    # One tap more is meant; and it doesn't go on to the next device by itself.
    address = page.url
    tap_twice(page, finish(page))
    expect(page.locator(".done, dialog[open]").first).to_be_visible()
    assert page.url == address


def test_a_double_click_accepts_one_photo_and_keys_stay_quick(
    demo_server: Server, open_context: Open, playwright: Playwright
) -> None:
    says = Sender.sign_in(playwright, demo_server.url, "wang")
    page = reviewer(open_context, demo_server, "wang", "/desk/photos?review=none")
    first, second, third = (photo["uid"] for photo in waiting(says)[:3])
    assert opened(page, 0) == first
    with page.expect_response(re.compile("/review$")):
        page.get_by_role("button", name="通过", exact=True).dblclick()
    page.wait_for_timeout(600)
    assert photo_of(page) == second
    reviews = [says.get(f"photos/{uid}")["review"] for uid in (first, second)]
    assert reviews == ["accepted", "none"]
    page.keyboard.press("a")
    page.keyboard.press("a")
    page.wait_for_timeout(600)
    reviews = [says.get(f"photos/{uid}")["review"] for uid in (second, third)]
    assert reviews == ["accepted", "accepted"]


def test_a_double_click_closes_what_was_sent_back_once_and_opens_a_sheet_to_stay(
    demo_server: Server, open_context: Open, playwright: Playwright
) -> None:
    li, zhang = (Sender.sign_in(playwright, demo_server.url, who) for who in ("wang", "zhang"))
    task = zhang.waiting_task("display")
    said: dict[str, Any] = zhang.payload(task, DISPLAY)
    zhang.push("inspection", said)
    number = zhang.inspection_id(said["uid"], task)
    li.post(f"inspections/{number}/returns", {"item": "sound", "remark": "请再听一次"})
    zhang.push("amendment", said | {"remark": "听过了", "amends": 1})

    page = supervisor(open_context, demo_server, "/desk/returns", ZH)
    steps: list[int] = []
    page.on("response", lambda one: steps.append(one.status) if "/close" in one.url else None)
    page.locator("tbody tr").filter(has_text="请再听一次").click()
    page.get_by_role("button", name="再次退回").dblclick()
    sheet = page.locator("dialog[open]")
    page.wait_for_timeout(600)
    expect(sheet).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("div.detail").get_by_role("button", name="了结", exact=True).dblclick()
    expect(page.locator(".toasts")).to_contain_text("已了结")
    page.wait_for_timeout(600)
    expect(page.locator(".toast.bad")).to_have_count(0)
    assert steps == [200]
