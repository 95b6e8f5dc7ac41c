"""The month's report from issued to confirmed, from both sides, as they do it (clauses 21 and 30 ∆)."""

from __future__ import annotations

import email
import email.policy
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import DESK, PHONE, axe_violations, sign_in
from tests.e2e.server import Server

Opener = Callable[..., BrowserContext]
# A report of a few rooms is made in seconds; a loaded machine takes its time.
PATIENT_MS = 120_000
WORDS = {
    "zh": {
        "issue": "出具报告",
        "send": "发送给客户",
        "issued": "已出具",
        "sent": "已发送",
        "confirmed": "客户于",
        "addresses": "收件地址",
        "name": "您的姓名",
        "comment": "意见",
        "send_comment": "提交意见",
        "confirm": "确认报告",
        "thanks": "已确认，谢谢",
        "read": "阅读全文",
        "correction": "出具更正",
        "name_missing": "请填写姓名",
    },
    "en": {
        "issue": "Issue the report",
        "send": "Send to the client",
        "issued": "Issued",
        "sent": "Sent",
        "confirmed": "Confirmed by the client",
        "addresses": "Addresses",
        "name": "Your name",
        "comment": "Comment",
        "send_comment": "Send the comment",
        "confirm": "Confirm the report",
        "thanks": "Confirmed, thank you",
        "read": "Read the report",
        "correction": "Issue a correction",
        "name_missing": "Please give your name",
    },
}


def speak(page: Page, language: str, theme: str) -> None:
    """Have the page in this language and theme from now on."""
    kept = f'{{"language": "{language}", "theme": "{theme}"}}'
    page.add_init_script(f"localStorage.setItem('roundbook.settings', '{kept}')")


def link_of(server: Server) -> str:
    """The link in the mail that the server has sent, as the client finds it."""
    folder, ends_at = server.data_dir / "mail", time.monotonic() + 60
    while time.monotonic() < ends_at:
        for path in folder.glob("*.eml") if folder.exists() else ():
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if message["To"] and "lead@client.example" in message["To"]:
                found = re.search(r"http://\S+/l/report/\S+", message.get_content())
                assert found, message.get_content()
                return found[0]
        time.sleep(0.2)
    raise AssertionError("no mail has come")


def wide_or_narrow(page: Page) -> list[str]:
    """What axe finds on a desk, and whether the page is wider than a phone on a phone."""
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    found = axe_violations(page)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    found += axe_violations(page)
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append(f"{page.url} is wider than a phone")
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize(("language", "theme"), [("zh", "light"), ("en", "dark")])
def test_a_report_is_issued_sent_read_and_confirmed(
    demo_server: Server, open_context: Opener, language: str, theme: str
) -> None:
    """The project manager issues last month's report; the client's lead reads and confirms it."""
    words = WORDS[language]
    desk = open_context(phone=False, theme=theme).new_page()
    desk.emulate_media(reduced_motion="reduce")
    speak(desk, language, theme)
    sign_in(desk, demo_server, "wang", "/desk/report")
    months = desk.get_by_role("combobox").first.locator("option")
    last_month = months.nth(1).get_attribute("value")
    desk.goto(f"{demo_server.url}/desk/report/{last_month}")

    # The preview is drawn from the very file, page by page.
    first_page = desk.locator("ol img").first
    expect(first_page).to_be_visible(timeout=PATIENT_MS)
    desk.wait_for_function("() => document.querySelector('ol img').naturalWidth > 800")
    assert wide_or_narrow(desk) == []

    desk.get_by_role("button", name=words["issue"]).click()
    sheet = desk.get_by_role("dialog")
    sheet.locator("textarea").fill("下月更换两只投影灯泡")
    sheet.get_by_role("button", name=words["issue"]).click()
    expect(desk.locator(".toast")).to_contain_text(f"DEMO-{last_month}")
    send = desk.get_by_role("button", name=words["send"])
    expect(send).to_be_enabled(timeout=PATIENT_MS)
    send.click()
    sheet.get_by_label(words["addresses"]).fill("lead@client.example")
    sheet.get_by_role("button", name=words["send"]).click()
    expect(desk.locator(".steps")).to_contain_text(words["sent"])

    # Without an account, on a phone.
    client = open_context(phone=True, theme=theme).new_page()
    client.emulate_media(reduced_motion="reduce")
    speak(client, language, theme)
    client.goto(link_of(demo_server))
    expect(client.get_by_text(f"DEMO-{last_month}")).to_be_visible()
    client.get_by_role("heading", name=words["read"]).scroll_into_view_if_needed()
    client.wait_for_function("() => document.querySelector('ol img').naturalWidth > 800")
    assert axe_violations(client) == []
    with client.expect_download() as download:
        client.get_by_role("link", name=re.compile("PDF")).click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")

    client.get_by_role("button", name=words["confirm"]).click()
    expect(client.get_by_text(words["name_missing"])).to_be_visible()
    client.get_by_label(words["name"]).fill("陈静")
    client.get_by_label(words["comment"]).fill("第二页的照片偏暗")
    client.get_by_role("button", name=words["send_comment"]).click()
    expect(client.locator(".said")).to_contain_text("第二页的照片偏暗")
    client.get_by_role("button", name=words["confirm"]).click()
    expect(client.locator(".toast").last).to_contain_text(words["thanks"])
    expect(client.get_by_role("button", name=words["confirm"])).to_have_count(0)

    desk.reload()
    expect(desk.locator(".steps")).to_contain_text(words["confirmed"])
    expect(desk.get_by_text("第二页的照片偏暗")).to_be_visible()
    assert wide_or_narrow(desk) == []


def test_a_link_that_was_cut_says_what_to_do(
    shared_demo_server: Server, open_context: Opener
) -> None:
    page = open_context(phone=True).new_page()
    page.goto(f"{shared_demo_server.url}/l/report/cut-off")
    expect(page.get_by_role("alert")).to_contain_text("链接无效")
    expect(page.get_by_role("alert")).to_contain_text("从邮件里完整打开")
    assert axe_violations(page) == []
