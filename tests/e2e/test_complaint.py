"""A complaint by mail, answered at the desk, followed and judged by who made it, who has no account."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.e2e import server as servers
from tests.e2e.conftest import axe_violations, sign_in
from tests.e2e.desk_hand import Sender, uid
from tests.e2e.server import Server
from tests.e2e.test_mails_and_calls import WAIT_SECONDS, link_in_the_mail_to
from tests.inbox.letters import a_mail

Open = Callable[..., BrowserContext]
ZH, EN = "chen@elsewhere.example", "smith@elsewhere.example"
SUBJECTS = {ZH: "投诉：会前无人检查", EN: "Complaint: nobody came"}


@pytest.fixture
def complained_to(demo_template: Path, tmp_path: Path) -> Iterator[Server]:
    """The demo's server, that finds two strangers' complaints in its drop folder when it starts."""
    data = servers.copy_of(demo_template, tmp_path / "data")
    (data / "mail-in").mkdir()
    for address, text in ((ZH, "连续两次了。"), (EN, "We waited all morning.")):
        raw = a_mail(SUBJECTS[address], text, sender=address, to="service+demo@example.com")
        (data / "mail-in" / f"{address}.eml").write_bytes(raw)
    running = Server(data).start()
    yield running
    running.kill()


def mail_of(wang: Sender, address: str) -> int:
    """The mail of who complained, as it waits to be sorted."""
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        for mail in wang.get("incoming-mails?state=all")["items"]:
            if mail["subject"] == SUBJECTS[address]:
                return int(mail["id"])
        time.sleep(0.2)
    raise AssertionError("the mail was not taken")


def sort_at_the_desk(desk: Page, server: Server) -> str:
    """What says that it is a complaint is offered as one; its number."""
    sign_in(desk, server, "wang", "/desk/mails")
    desk.get_by_role("row", name=re.compile(SUBJECTS[ZH])).click()
    desk.get_by_role("button", name="归入本合同").click()
    form = desk.locator("form").filter(has=desk.get_by_role("button", name="归入本合同"))
    expect(form.locator("select").first).to_have_value("complaint")
    form.get_by_role("button", name="归入本合同").click()
    became = desk.get_by_text(re.compile(r"已成为 C\d+")).first
    expect(became).to_be_visible()
    [name] = re.findall(r"C\d+", became.inner_text())
    return str(name)


def answer(wang: Sender, name: str, words: str) -> None:
    """Acknowledged, looked into and answered."""
    for step, fields in (
        ("acknowledge", {"text": "ok"}),
        ("confirm", {"finding": "属实", "justified": "yes"}),
        ("answer", {"answer": words}),
    ):
        wang.post(f"cases/{name}/steps", {"uid": uid(), "step": step, "fields": fields})


def opened(open_context: Open, server: Server, address: str, subject: str, language: str) -> Page:
    """The page behind the link in a mail, on a phone."""
    page = open_context(phone=True, language=language).new_page()
    page.goto(server.url + link_in_the_mail_to(server.data_dir, address, subject))
    return page


def test_a_complaint_is_followed_in_chinese_answered_and_rated_once(
    complained_to: Server, playwright: Playwright, open_context: Open
) -> None:
    wang = Sender.sign_in(playwright, complained_to.url, "wang")
    mail_of(wang, ZH)
    desk = open_context(phone=False, language="zh-CN").new_page()
    name = sort_at_the_desk(desk, complained_to)
    page = opened(open_context, complained_to, ZH, f"{name}] 已收到您的投诉", "zh-CN")
    expect(page.get_by_role("heading", name=f"投诉 {name}")).to_be_visible()
    expect(page.locator("main")).to_contain_text("连续两次了。")
    expect(page.get_by_role("heading", name="我们的答复")).to_have_count(0)

    answer(wang, name, "已道歉。\n此后会前一小时必检。")
    page = opened(open_context, complained_to, ZH, f"{name}] 投诉已答复", "zh-CN")
    said = page.locator("section").filter(has=page.get_by_role("heading", name="我们的答复"))
    expect(said).to_contain_text("此后会前一小时必检。")
    expect(page.locator("main")).to_contain_text("已转交负责人")
    assert axe_violations(page) == []
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.get_by_role("heading", name="您对答复满意吗？")).to_be_visible()
    page.get_by_text("4", exact=True).click()
    page.get_by_role("button", name="满意，可以办结").click()
    expect(page.get_by_text("谢谢您的答复。")).to_be_visible()
    expect(page.get_by_text("此投诉已办结")).to_be_visible()
    told = wang.get(f"cases/{name}")
    assert (told["state"], told["facts"]["rating"]) == ("closed", 4)

    # The same page in another tab had not heard of it: it says so, and shows how it stands.
    other.get_by_label("想说的话").fill("还是没有人来")
    other.get_by_role("button", name="还没有解决").click()
    expect(other.get_by_text("它的状态刚刚变了")).to_be_visible()
    expect(other.get_by_text("此投诉已办结")).to_be_visible()
    expect(other.get_by_role("button", name="还没有解决")).to_have_count(0)
    # The link was used, and goes on to show what was answered.
    page.reload()
    expect(said).to_contain_text("已道歉。")
    expect(page.get_by_text("此投诉已办结")).to_be_visible()
    assert axe_violations(page) == []


def test_in_english_one_that_is_not_settled_is_answered_again(
    complained_to: Server, playwright: Playwright, open_context: Open
) -> None:
    wang = Sender.sign_in(playwright, complained_to.url, "wang")
    mail_id = mail_of(wang, EN)
    wang.post(f"incoming-mails/{mail_id}/assign", {"kind": "complaint"})
    name = next(
        case["name"]
        for case in wang.get("cases?source=mail&state=all")["items"]
        if case["title"] == SUBJECTS[EN]
    )
    answer(wang, name, "Somebody came at noon.")
    page = opened(open_context, complained_to, EN, f"{name}] answered.", "en")
    expect(page.get_by_role("heading", name=f"Complaint {name}")).to_be_visible()
    said = page.locator("section").filter(has=page.get_by_role("heading", name="Our answer"))
    expect(said).to_contain_text("Somebody came at noon.")
    assert axe_violations(page) == []
    page.get_by_role("button", name="No, it is not").click()
    expect(page.get_by_text("Please say what is still wrong")).to_be_visible()
    page.locator("textarea").fill("At noon it was over")
    page.get_by_role("button", name="No, it is not").click()
    expect(page.get_by_text("Opened again; we will get in touch with you.")).to_be_visible()
    expect(page.locator("ul.said")).to_contain_text("At noon it was over")
    expect(said).to_have_count(0)
    assert wang.get(f"cases/{name}")["state"] == "received"

    answer(wang, name, "We now check before every meeting.")
    page.reload()
    expect(said).to_contain_text("We now check before every meeting.")
    page.get_by_text("3", exact=True).click()
    page.get_by_role("button", name="Yes, it is settled").click()
    expect(page.get_by_text("This complaint is closed")).to_be_visible()
    assert wang.get(f"cases/{name}")["facts"]["rating"] == 3


@pytest.mark.parametrize(
    ("language", "title", "text"),
    [
        ("zh-CN", "链接无效", "从邮件里完整打开"),
        ("en", "This link does not work", "whole from the mail"),
    ],
)
def test_a_forged_link_says_what_to_do(
    language: str, title: str, text: str, shared_demo_server: Server, open_context: Open
) -> None:
    page = open_context(phone=True, language=language).new_page()
    page.goto(f"{shared_demo_server.url}/f/MQ.aaaaaa.forged-forged-forged")
    expect(page.get_by_role("alert")).to_contain_text(title)
    expect(page.get_by_role("alert")).to_contain_text(text)
    expect(page.locator("form, textarea")).to_have_count(0)
    assert axe_violations(page) == []
