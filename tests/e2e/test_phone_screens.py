"""Every screen of the phone, in both languages and themes: WCAG 2.2 AA, and nothing torn or cut."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e import phone_hand as hand
from tests.e2e.conftest import PHONE, axe_violations
from tests.e2e.server import Server

Open = Callable[..., BrowserContext]
ALL_OK = {"zh-CN": "全部正常", "en": "All OK"}
ANNOTATE = {"zh-CN": "标注", "en": "Mark"}
PASSWORD = {"zh-CN": "更改密码", "en": "Change the password"}
FAULTY = {"zh-CN": "异常", "en": "Fault"}
SMALLEST_TARGET = 44
# Things to press that are smaller than a fingertip, but for links inside a text.
SMALL_TARGETS = """
(smallest) => [...document.querySelectorAll("button, summary, label, a[href]")]
  .filter((one) => one.checkVisibility() && !one.closest(".toasts") && !one.classList.contains("skip"))
  .map((one) => ({ one, box: one.getBoundingClientRect() }))
  .filter(({ one, box }) => box.width > 1 && (box.height < smallest || box.width < smallest)
    && !(one.tagName === "LABEL" && !one.querySelector("input")))
  .map(({ one, box }) => `${one.outerHTML.slice(0, 120)} ${box.width}x${box.height}`)
"""


def check(page: Page) -> list[str]:
    """What is wrong with the screen, shown whole: a row that is half under a bar isn't a small one."""
    page.wait_for_timeout(250)
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": PHONE["width"], "height": max(PHONE["height"], height)})
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    torn = [f"{page.url} is {wide} px too wide"] if wide > 0 else []
    small = page.evaluate(SMALL_TARGETS, SMALLEST_TARGET)
    found = axe_violations(page) + torn + [f"{page.url} {target}" for target in small]
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    return found


@pytest.fixture(params=["zh-CN", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(language: str, open_context: Open, shared_demo_server: Server) -> Page:
    """A phone of the engineer to whom work is left."""
    page = open_context(phone=True, language=language).new_page()
    page.emulate_media(reduced_motion="reduce")
    login = hand.todo(shared_demo_server, "codec").login
    hand.use_phone(page, shared_demo_server, login, language[:2])
    return page


def test_the_lists(page: Page, shared_demo_server: Server) -> None:
    task = hand.todo(shared_demo_server, "codec")
    wrong = check(page)
    found = (f"/rooms/{task.room_id}", "/items", "/sync", "/me", "/notifications", "/scan")
    for path in (*found, "/rooms/999999", "/d/XXXXXXXX", "/no/such/page"):
        page.goto(shared_demo_server.url + path)
        expect(page.locator("main")).to_be_visible()
        page.wait_for_load_state("networkidle")
        wrong += check(page)
    assert wrong == []


def test_an_inspection(page: Page, language: str, shared_demo_server: Server) -> None:
    task_id, _, _ = hand.carried_over(shared_demo_server)
    task = hand.todo(shared_demo_server, "codec")
    page.goto(f"{shared_demo_server.url}/inspect/{task_id}")
    expect(page.locator("article").first).to_be_visible()
    wrong = check(page)
    page.goto(f"{shared_demo_server.url}/inspect/{task.id}")
    page.get_by_role("button", name=re.compile(ALL_OK[language])).click()
    page.locator("#item-registration label").last.click()
    hand.item(page, "delay").locator("input").fill("900")
    wrong += check(page)
    page.locator(".actions .button.main").last.click()
    expect(page.locator("dialog[open]")).to_be_visible()
    wrong += check(page)
    assert wrong == []


def test_the_sheets(page: Page, language: str, shared_demo_server: Server) -> None:
    task = hand.todo(shared_demo_server, "codec")
    page.goto(f"{shared_demo_server.url}/inspect/{task.id}")
    wrong = []
    more = page.locator("header .actions .button").first
    expect(more).to_be_visible()
    more.click()
    page.locator(".menu .item").first.click()
    wrong += check(page)
    page.keyboard.press("Escape")
    page.locator(".add button").last.click()
    wrong += check(page)
    page.keyboard.press("Escape")
    hand.item(page, "boot").locator("header button").last.click()
    camera = page.locator("dialog[open]")
    expect(camera).to_be_visible()
    wrong += check(page)
    camera.locator("input[type=file]").set_input_files(hand.picture())  # type: ignore[arg-type]
    expect(camera.locator(".review")).to_be_visible()
    wrong += check(page)
    camera.get_by_role("button", name=ANNOTATE[language], exact=True).click()
    expect(camera.locator("canvas")).to_be_visible()
    wrong += check(page)
    page.keyboard.press("Escape")
    page.goto(f"{shared_demo_server.url}/me")
    page.get_by_role("button", name=PASSWORD[language]).click()
    expect(page.locator("dialog[open]")).to_be_visible()
    wrong += check(page)
    page.goto(f"{shared_demo_server.url}/scan")
    for way in range(2):
        page.locator(".ways button").nth(way).click()
        expect(page.locator("dialog[open]")).to_be_visible()
        wrong += check(page)
        page.keyboard.press("Escape")
    assert wrong == []


def test_a_narrow_phone_at_the_largest_text(open_context: Open, shared_demo_server: Server) -> None:
    task = hand.todo(shared_demo_server, "codec")
    page = open_context(phone=True, language="en").new_page()
    page.set_viewport_size({"width": 320, "height": 568})
    hand.use_phone(page, shared_demo_server, task.login, "en")
    wide = {}
    for path in ("/", f"/rooms/{task.room_id}", f"/inspect/{task.id}", "/items", "/sync", "/me"):
        page.goto(shared_demo_server.url + path)
        expect(page.locator("main")).to_be_visible()
        page.evaluate("document.documentElement.style.fontSize = '20px'")
        page.wait_for_timeout(300)
        wide[path] = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert {path: over for path, over in wide.items() if over > 0} == {}
