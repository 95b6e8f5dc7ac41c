"""What a repair costs: the engineer writes it by keyboard, the client approves it on his phone by the link."""

from __future__ import annotations

import email
import email.policy
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.e2e.conftest import axe_violations, sign_in
from tests.e2e.desk_hand import Sender, uid
from tests.e2e.server import Server

Open = Callable[..., BrowserContext]


@dataclass(frozen=True)
class Words:
    """What the screens say."""

    write: str
    price: str
    send: str
    unsaved: str
    sent: str
    approve: str
    approved: str
    title: str


WORDS = {
    "zh-CN": Words(
        "编写费用申请",
        "未税单价",
        "发给客户",
        "有改动未保存",
        "待答复",
        "批准",
        "已批准",
        "费用申请报告",
    ),
    "en": Words(
        "Write an expense request",
        "Unit price",
        "Send to the client",
        "Unsaved changes",
        "Waiting",
        "Approve",
        "Approved",
        "Expense request",
    ),
}


def mailed_link(server: Server) -> str:
    """The link in the mail that the server has sent, as the client finds it."""
    folder, ends_at = server.data_dir / "mail", time.monotonic() + 60
    while time.monotonic() < ends_at:
        for path in sorted(folder.glob("*.eml")):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if "lead@client.example" not in str(message["To"]):
                continue
            found = re.search(r"http://\S+/l/quote/\S+", message.get_content())
            if found:
                return found[0]
        time.sleep(0.2)
    raise AssertionError("no mail has come")


def write(page: Page, words: Words) -> None:
    """Two lines, without the mouse but for the kind."""
    first = page.locator("[data-row='0']")
    first.locator("[data-field=text]").fill("电源板 / power board")
    first.locator("[data-field=quantity]").fill("2")
    first.locator("[data-field=unit_price]").fill("1，200.5")
    page.keyboard.press("Enter")
    second = page.locator("[data-row='1']")
    expect(second.locator("[data-field=text]")).to_be_focused()
    second.locator("[data-field=kind]").select_option("labour")
    second.locator("[data-field=text]").fill("更换 / replacement")
    second.locator("[data-field=rate]").select_option("engineer")
    second.locator("[data-field=quantity]").fill("1.5")
    second.locator("[data-field=tax_rate]").fill("6")
    # 2 × 1200.50 and 1.5 h × 180.00, with 6 % each.
    expect(page.locator(".gross dd")).to_have_text("CNY 2,831.26")
    expect(page.get_by_text(words.unsaved)).to_be_visible()
    assert axe_violations(page) == []
    page.keyboard.press("Control+s")
    expect(page.get_by_text(words.unsaved)).to_be_hidden()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_an_expense_request_is_written_by_keyboard_and_approved_on_a_phone(
    language: str, demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    words = WORDS[language]
    li = Sender.sign_in(playwright, demo_server.url, "li")
    fields = {"way": "paid", "origin": "domestic"}
    repair = {"uid": uid(), "kind": "repair", "title": "终端返厂", "fields": fields}
    case = li.post("cases", repair)["name"]

    desk = open_context(phone=False, language=language).new_page()
    # Whoever signs in gets his own language, unless this browser has been told another.
    kept = f'{{"language": "{language[:2]}", "theme": "system"}}'
    desk.add_init_script(f"localStorage.setItem('roundbook.settings', '{kept}')")
    sign_in(desk, demo_server, "li", f"/desk/cases?name={case}")
    desk.get_by_role("button", name=words.write).click()
    desk.wait_for_url(re.compile(r"/edit$"))
    write(desk, words)
    desk.get_by_role("button", name=words.send).click()
    sheet = desk.get_by_role("dialog")
    sheet.locator("textarea").first.fill("lead@client.example")
    sheet.get_by_role("button", name=words.send).click()
    desk.wait_for_url(re.compile(r"/desk/cases"))
    quotes = desk.locator("section.quotes article")
    expect(quotes).to_contain_text(words.sent)
    assert axe_violations(desk) == []

    phone = open_context(phone=True, language=language).new_page()
    phone.goto(mailed_link(demo_server))
    expect(phone.get_by_role("heading", level=1)).to_contain_text(words.title)
    expect(phone.locator(".total strong")).to_have_text("CNY 2,831.26")
    assert axe_violations(phone) == []
    phone.get_by_role("button", name=words.approve, exact=True).click()
    expect(phone.locator("input[name=name]")).to_be_focused()
    phone.locator("input[name=name]").fill("周敏")
    phone.get_by_role("button", name=words.approve, exact=True).click()
    expect(phone.locator("form")).to_be_hidden()
    expect(phone.locator("main")).to_contain_text("周敏")

    told = li.get(f"cases/{case}")
    assert (told["state"], [clock["name"] for clock in told["clocks"]]) == ("approved", ["repair"])
    desk.reload()
    expect(desk.locator("section.quotes article")).to_contain_text(words.approved)
