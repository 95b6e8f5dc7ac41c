"""What a phone says of others' work, and of how much is one's own."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from tests.e2e import phone_hand as hand
from tests.e2e.server import Server

Open = Callable[..., BrowserContext]


def test_a_device_that_was_inspected_elsewhere_says_by_whom(
    open_context: Open, shared_demo_server: Server
) -> None:
    [(task_id, login, name)] = hand.ask(
        shared_demo_server,
        """SELECT task.id, user.login, user.name FROM round_task AS task
        JOIN round ON round.id = task.round_id AND round.state = 'open'
        JOIN inspection ON inspection.task_id = task.id
        JOIN user ON user.id = inspection.author_id
        WHERE task.outcome = 'normal' AND user.login <> 'zhang' ORDER BY task.id LIMIT 1""",
    )
    for who, said in (("zhang", f"{name}已检查，"), (login, "你已检查，")):
        page = open_context(phone=True).new_page()
        hand.use_phone(page, shared_demo_server, who)
        page.goto(f"{shared_demo_server.url}/inspect/{task_id}")
        done = page.locator(".done")
        expect(done).to_contain_text(said)
        expect(done).to_contain_text(re.compile(r"\d\d:\d\d 送达。"))


def test_the_home_and_the_tab_count_the_open_items_that_the_list_begins_with(
    open_context: Open, shared_demo_server: Server
) -> None:
    page = open_context(phone=True).new_page()
    hand.use_phone(page, shared_demo_server, "li")
    row = page.get_by_role("link", name=re.compile(r"遗留问题 \d+ 项"))
    counted = re.search(r"遗留问题 (\d+) 项\s*其中我的 (\d+) 项", row.inner_text())
    assert counted, row.inner_text()
    whole, own = counted.groups()
    tab = page.get_by_role("navigation").get_by_role("link", name="遗留问题")
    expect(tab).to_contain_text(own)
    row.click()
    rows = page.locator("main li")
    expect(rows).to_have_count(int(own))
    page.get_by_role("radio", name="全部").check(force=True)
    expect(rows).to_have_count(int(whole))
    expect(tab).to_contain_text(own)
