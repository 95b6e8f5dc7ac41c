"""Real browsers against a real server: what the engineer and the supervisor do, as they do it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from tests.e2e import server as servers
from tests.e2e.server import Server
from tools.find_browser import shell_beside

PASSWORD = "roundbook-demo"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
# Without these Chromium looks for its maker's servers, which a closed network refuses.
QUIET = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
AXE = servers.ROOT / "webapp/pwa/client/node_modules/axe-core/axe.min.js"
# The rules of WCAG 2.2 A and AA, as axe names them.
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

# A colour on its way from one theme to the other is neither's.
LOOK = """async (runOnly) => {
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  const moving = document.getAnimations()
    .filter((one) => Number.isFinite(one.effect.getComputedTiming().endTime));
  await Promise.all(moving.map((one) => one.finished.catch(() => null)));
  const { violations } = await window.axe.run(document, { runOnly, resultTypes: ["violations"] });
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  return { violations, scheme: dark ? "dark" : "light" };
}"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


OPENED = pytest.StashKey[list[BrowserContext]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure tells what stood on each open page: some come once in thirty runs, and elsewhere."""
    report = yield
    if call.when == "call" and report.failed:
        for page in [page for context in item.stash.get(OPENED, []) for page in context.pages]:
            with suppress(Exception):
                text = page.locator("body").inner_text(timeout=2000)
                report.sections.append((f"page {page.url}", text))
    return report


@pytest.fixture(scope="session")
def browser(playwright: Playwright, browser_path: str) -> Iterator[Browser]:
    """One Chromium for the session, without a window where it can be; contexts keep the tests apart."""
    path = shell_beside(browser_path) or browser_path
    launched = playwright.chromium.launch(executable_path=path, args=QUIET)
    yield launched
    launched.close()


@pytest.fixture(scope="session")
def whole_browser(playwright: Playwright, browser_path: str) -> Iterator[Browser]:
    """Chromium as a person has it: with notices, background sync, and each shadow as it was kept."""
    launched = playwright.chromium.launch(executable_path=browser_path, args=QUIET)
    yield launched
    launched.close()


@pytest.fixture(scope="session")
def demo_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the demo contract, loaded once and copied by whoever needs one."""
    folder = tmp_path_factory.mktemp("demo")
    servers.prepare(folder, demo=True)
    return folder


@pytest.fixture
def demo_server(demo_template: Path, tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own with the demo contract, which it may change as it likes."""
    running = Server(servers.copy_of(demo_template, tmp_path / "data")).start()
    yield running
    # Nobody needs its data any more, and a polite end takes more than two seconds of each test.
    running.kill()


@pytest.fixture(scope="session")
def shared_demo_server(
    demo_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server with the demo contract for tests that only look."""
    folder = tmp_path_factory.mktemp("shared") / "data"
    running = Server(servers.copy_of(demo_template, folder)).start()
    yield running
    running.stop()


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Server]:
    """A server with nothing on it but its administrator, made as the README says."""
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    servers.prepare(data_dir, demo=False)
    env = os.environ | {"DATA_DIR": str(data_dir), "ADMINISTRATOR_PASSWORD": PASSWORD}
    make = ["people", "create-administrator", "root", "--name", "管理员"]
    command = [str(servers.BIN / "flask"), "--app", "webapp", *make]
    subprocess.run(command, cwd=servers.ROOT, env=env, check=True, capture_output=True, timeout=60)
    running = Server(data_dir).start()
    yield running
    running.stop()


@pytest.fixture
def open_context(
    browser: Browser, request: pytest.FixtureRequest
) -> Iterator[Callable[..., BrowserContext]]:
    """Opens a browser context; a console error or an exception in a page fails the test at its end.

    ``phone=True`` gives a touch screen of 390 by 844, otherwise a desk of 1440 by 900. A desk has no
    service worker unless it asks for one: installing all of the phone's files takes a second of each.
    ``whole=True`` opens it in the whole browser.
    """
    opened: list[BrowserContext] = []
    request.node.stash[OPENED] = opened
    complaints: list[str] = []

    def open_one(
        *,
        phone: bool,
        language: str = "zh-CN",
        theme: str = "light",
        whole: bool = False,
        **more: Any,
    ) -> Any:
        more.setdefault("service_workers", "allow" if phone else "block")
        of: Browser = request.getfixturevalue("whole_browser") if whole else browser
        context = of.new_context(
            viewport=PHONE if phone else DESK,  # type: ignore[arg-type]
            has_touch=phone,
            is_mobile=phone,
            locale=language,
            timezone_id="Asia/Shanghai",
            color_scheme=theme,  # type: ignore[arg-type]
            **more,
        )
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("console", lambda message: _note(message, complaints))
        opened.append(context)
        return context

    yield open_one
    for context in opened:
        context.close()
    assert complaints == []


def _note(message: Any, complaints: list[str]) -> None:
    # A refused or failed request is a matter of the test; broken code and policy are ours.
    if message.type == "error" and "Failed to load resource" not in message.text:
        complaints.append(message.text)


def sign_in(page: Page, server: Server, login: str, path: str = "/") -> None:
    """Be signed in as by the form, in the person's language, and go to ``path``.

    The form itself is a matter of ``test_smoke.py``: two screens less are drawn in each other test.
    """
    body = {"login": login, "password": PASSWORD, "device_name": "Linux · Chrome"}
    answer = page.context.request.post(f"{server.url}/api/session", data=body)
    assert answer.ok, answer.text()
    language = answer.json()["user"]["language"]
    if language:
        keep_settings(page, server, language)
    page.goto(f"{server.url}{path}")


def keep_settings(page: Page, server: Server, language: str) -> None:
    """Let the browser have kept a language, before the app is opened."""
    kept = json.dumps({"language": language, "theme": "system"})
    page.goto(f"{server.url}/healthz")
    page.evaluate("kept => localStorage.setItem('roundbook.settings', kept)", kept)


def sign_in_by_form(page: Page, server: Server, login: str) -> None:
    """Type name and password, as a person does."""
    page.goto(f"{server.url}/sign-in")
    page.locator("input[autocomplete=username]").fill(login)
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def axe_violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA, a line each; injected so that the CSP stays as it is.

    The screen is then put into the other theme, and its contrasts are looked at again: they are all
    that a theme can change.
    """
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = _look(page, {"type": "tag", "values": AXE_TAGS})
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    page.emulate_media(color_scheme="light" if dark else "dark")
    found += _look(page, {"type": "rule", "values": ["color-contrast"]})
    page.emulate_media(color_scheme="dark" if dark else "light")
    return found


def _look(page: Page, only: dict[str, Any]) -> list[str]:
    seen = page.viewport_size
    assert seen
    # What a phone's bars happen to cover is uncovered by a finger: as tall as the page, nothing is.
    whole = page.evaluate("document.documentElement.scrollHeight")
    is_taller = seen["width"] == PHONE["width"] and whole > seen["height"]
    if is_taller:
        page.set_viewport_size({"width": seen["width"], "height": whole})
    found = page.evaluate(LOOK, only)
    if is_taller:
        page.set_viewport_size(seen)
    return [
        f"{page.url} {found['scheme']} {rule['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
