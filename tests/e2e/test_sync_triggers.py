"""What was saved goes, though no page is left to send it; see tests/faults for tabs and kills."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page

from tests.e2e import phone_hand as hand
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
    context = open_context(phone=True, whole=True)
    task = hand.todo(demo_server, "codec")
    page = context.new_page()
    hand.use_phone(page, demo_server, task.login)
    inspect_offline(page, demo_server, task)
    context.new_page()
    page.close()
    assert inspections_of(demo_server, task.id) == 0
    context.set_offline(False)
    wait_for_inspection(demo_server, task.id)
