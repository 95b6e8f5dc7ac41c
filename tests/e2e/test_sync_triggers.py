"""What was saved goes, whoever is still alive to send it: the worker, a second tab, a fresh start."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.e2e import phone_hand as hand
from tests.e2e.conftest import QUIET, sign_in
from tests.e2e.server import Server

Open = Callable[..., BrowserContext]
WAIT_SECONDS = 30


def inspections_of(server: Server, task_id: int) -> int:
    [(count,)] = hand.ask(server, "SELECT count(*) FROM inspection WHERE task_id = ?", task_id)
    return int(count)


def wait_for_inspection(server: Server, task_id: int) -> None:
    ends_at = time.monotonic() + WAIT_SECONDS
    while inspections_of(server, task_id) == 0:
        assert time.monotonic() < ends_at, "the inspection did not arrive"
        time.sleep(0.2)


def inspect_offline(page: Page, server: Server, task: hand.Task) -> None:
    page.context.set_offline(True)
    hand.open_task(page, server, task.id)
    page.get_by_role("button", name=re.compile("全部正常")).click()
    hand.finish_as_it_is(page)


def test_the_worker_sends_when_no_page_is_left(open_context: Open, demo_server: Server) -> None:
    context = open_context(phone=True)
    task = hand.todo(demo_server, "codec")
    page = context.new_page()
    hand.use_phone(page, demo_server, task.login)
    inspect_offline(page, demo_server, task)
    context.new_page()
    page.close()
    assert inspections_of(demo_server, task.id) == 0
    context.set_offline(False)
    wait_for_inspection(demo_server, task.id)


def test_two_tabs_and_the_worker_send_it_once(open_context: Open, demo_server: Server) -> None:
    context = open_context(phone=True)
    task = hand.todo(demo_server, "codec")
    page = context.new_page()
    hand.use_phone(page, demo_server, task.login)
    other = context.new_page()
    other.goto(f"{demo_server.url}/sync")
    inspect_offline(page, demo_server, task)
    expect(other.locator("main")).to_contain_text("1 条记录")
    pushes: list[str] = []
    context.on("request", lambda sent: pushes.append(sent.url) if "/push" in sent.url else None)
    context.set_offline(False)
    expect(other.locator("main")).to_contain_text("全部送达服务器", timeout=WAIT_SECONDS * 1000)
    assert inspections_of(demo_server, task.id) == 1
    assert len(pushes) <= 1


def test_a_browser_killed_right_after_saved_has_lost_nothing(
    playwright: Playwright, browser_path: str, demo_server: Server, tmp_path: Path
) -> None:
    task = hand.todo(demo_server, "codec")
    profile = tmp_path / "profile"

    def launch() -> BrowserContext:
        return playwright.chromium.launch_persistent_context(
            str(profile), executable_path=browser_path, args=QUIET, locale="zh-CN"
        )

    context = launch()
    page = context.pages[0]
    hand.use_phone(page, demo_server, task.login)
    inspect_offline(page, demo_server, task)
    _kill(profile)
    again = launch()
    try:
        page = again.pages[0]
        page.goto(f"{demo_server.url}/sync")
        password = page.locator("input[type=password]").first
        expect(password.or_(page.locator("section.head"))).to_be_visible()
        # A browser writes cookies to its disk only every half minute: the password may be wanted.
        if password.is_visible():
            sign_in(page, demo_server, task.login, "/sync")
        expect(page.locator("main")).to_contain_text("全部送达服务器", timeout=WAIT_SECONDS * 1000)
        assert inspections_of(demo_server, task.id) == 1
    finally:
        again.close()


def _kill(profile: Path) -> None:
    """Power cut for the browser of this profile alone: its main process, told by its own lock."""
    pid = int(str((profile / "SingletonLock").readlink()).rsplit("-", 1)[1])
    os.kill(pid, signal.SIGKILL)
    subprocess.run(["tail", f"--pid={pid}", "-f", "/dev/null"], check=True, timeout=10)
    (profile / "SingletonLock").unlink(missing_ok=True)
