"""The server starts, a person signs in, and the first screen is there without a complaint."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.e2e.conftest import PASSWORD, axe_violations, sign_in, sign_in_by_form
from tests.e2e.server import Server

Open = Callable[..., BrowserContext]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_signing_in_is_accessible(
    language: str, shared_demo_server: Server, open_context: Open
) -> None:
    page = open_context(phone=True, language=language).new_page()
    page.goto(f"{shared_demo_server.url}/sign-in")
    expect(page.locator("input[type=password]")).to_be_visible()
    assert axe_violations(page) == []


# Only the phone's database has this in its code.
HOLDS_THE_DATABASE = """async () => {
  const loaded = performance.getEntriesByType("resource").map((one) => one.name);
  const scripts = loaded.filter((name) => name.endsWith(".js") && !name.endsWith("/sw.js"));
  const texts = await Promise.all(scripts.map(async (name) => (await fetch(name)).text()));
  return [scripts.length > 0, texts.some((text) => text.includes("indexedDB"))];
}"""


@pytest.mark.parametrize(
    ("login", "path", "holds"),
    [
        (None, "/", False),
        (None, "/sign-in", False),
        (None, "/d/BCDF2GH7/report", False),
        ("wang", "/desk/estate", False),
        ("zhang", "/", True),
    ],
)
def test_only_a_phones_screens_load_the_phones_database(
    login: str | None, path: str, holds: bool, shared_demo_server: Server, open_context: Open
) -> None:
    page = open_context(phone=login == "zhang", service_workers="block").new_page()
    if login:
        sign_in(page, shared_demo_server, login)
    page.goto(f"{shared_demo_server.url}{path}")
    page.locator("main h1, h1").first.wait_for(state="attached")
    page.wait_for_load_state("networkidle")
    assert page.evaluate(HOLDS_THE_DATABASE) == [True, holds]


def test_a_wrong_password_says_what_to_do(shared_demo_server: Server, open_context: Open) -> None:
    page = open_context(phone=True).new_page()
    page.goto(f"{shared_demo_server.url}/sign-in")
    page.locator("input[autocomplete=username]").fill("zhang")
    page.locator("input[type=password]").fill("not the password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    assert axe_violations(page) == []


def test_the_engineer_sees_the_months_round(shared_demo_server: Server, open_context: Open) -> None:
    page = open_context(phone=True).new_page()
    sign_in_by_form(page, shared_demo_server, "zhang")
    expect(page.get_by_role("heading", level=1)).to_contain_text("巡检")


def test_a_language_that_was_pressed_at_the_sign_in_goes_with_the_person(
    demo_server: Server, open_context: Open
) -> None:
    page = open_context(phone=True).new_page()
    page.goto(f"{demo_server.url}/sign-in")
    page.get_by_role("button", name="English").click()
    page.locator("input[autocomplete=username]").fill("zhang")
    page.locator("input[type=password]").fill(PASSWORD)
    with page.expect_response(lambda answer: answer.request.method == "PATCH") as told:
        page.get_by_role("button", name="Sign in", exact=True).click()
    assert told.value.ok
    expect(page.locator("html")).to_have_attribute("lang", "en")
    another = open_context(phone=True).new_page()
    sign_in_by_form(another, demo_server, "zhang")
    expect(another.locator("html")).to_have_attribute("lang", "en")
