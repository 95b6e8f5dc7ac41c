"""A mail becomes a case, its sender is asked whether it is solved; a call is taken while the caller speaks."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.e2e import server as servers
from tests.e2e.conftest import axe_violations, sign_in
from tests.e2e.desk_hand import Sender, uid
from tests.e2e.server import Server
from tests.inbox.letters import a_mail

Open = Callable[..., BrowserContext]
STRANGER = "someone@elsewhere.example"
WAIT_SECONDS = 60


@pytest.fixture
def mailed_server(demo_template: Path, tmp_path: Path) -> Iterator[Server]:
    """The demo's server, that finds two mails in its drop folder when it starts."""
    data = servers.copy_of(demo_template, tmp_path / "data")
    (data / "mail-in").mkdir()
    known = a_mail("摄像机不转", "遥控没有反应。", sender="周敏 <zhou@example.com>")
    unknown = a_mail("No picture", "Since noon.", sender=STRANGER, to="service+demo@example.com")
    for name, raw in (("1.eml", known), ("2.eml", unknown)):
        (data / "mail-in" / name).write_bytes(raw)
    running = Server(data).start()
    yield running
    running.kill()


def link_in_the_mail_to(data_dir: Path, address: str, subject: str) -> str:
    """The link in the mail with these words in its subject, once the worker has sent it."""
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        for file in sorted((data_dir / "mail").glob("*.eml")):
            mail = message_from_bytes(file.read_bytes(), policy=policy.default)
            if address in mail["To"] and subject in mail["Subject"]:
                [path] = re.findall(r"http://[^/\s]+(/f/\S+)", mail.get_content())
                return str(path)
        time.sleep(0.2)
    raise AssertionError(f"no mail to {address}: {subject}")


def wait_for_the_post(li: Sender) -> None:
    """The worker looks into the drop folder soon after it has begun."""
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        subjects = {row["subject"] for row in li.get("incoming-mails?state=all")["items"]}
        if {"摄像机不转", "No picture"} <= subjects:
            return
        time.sleep(0.2)
    raise AssertionError("the mails were not taken")


def sort_the_strangers_mail(page: Page, server: Server) -> str:
    """The supervisor makes a fault of it; its number."""
    sign_in(page, server, "wang", "/desk/mails")
    page.get_by_role("row", name=re.compile("No picture")).click()
    expect(page.get_by_role("heading", name="No picture")).to_be_visible()
    assert axe_violations(page) == []
    page.get_by_role("button", name="归入本合同").click()
    page.locator("form").get_by_role("button", name="归入本合同").click()
    became = page.get_by_text(re.compile(r"已成为 F\d+")).first
    expect(became).to_be_visible()
    [name] = re.findall(r"F\d+", became.inner_text())
    return str(name)


def solve(li: Sender, name: str) -> None:
    for step, fields in (("arrive", {}), ("solve", {"cause": "线松", "solution": "插紧并测试"})):
        li.post(f"cases/{name}/steps", {"uid": uid(), "step": step, "fields": fields})


def test_mails_are_answered_sorted_solved_and_judged_by_their_senders(
    mailed_server: Server, playwright: Playwright, open_context: Open
) -> None:
    li = Sender.sign_in(playwright, mailed_server.url, "li")
    wait_for_the_post(li)
    desk = open_context(phone=False, language="zh-CN").new_page()
    strangers = sort_the_strangers_mail(desk, mailed_server)
    mine = next(
        case["name"]
        for case in li.get("cases?source=mail&state=all")["items"]
        if case["title"] == "摄像机不转"
    )
    for name in (mine, strangers):
        solve(li, name)
    judge_in_chinese(open_context, mailed_server, mine)
    judge_in_english(open_context, mailed_server, strangers)
    assert li.get(f"cases/{mine}")["facts"]["rating"] == 5
    assert (li.get(f"cases/{mine}")["state"], li.get(f"cases/{strangers}")["state"]) == (
        "closed",
        "declared",
    )
    # What its sender thought stands on the case.
    desk.goto(f"{mailed_server.url}/desk/cases/{mine}")
    expect(desk.get_by_text("满意度").first).to_be_visible()


def judge_in_chinese(open_context: Open, server: Server, name: str) -> None:
    """He is content: the fault is closed with his rating."""
    page = open_context(phone=True, language="zh-CN").new_page()
    link = link_in_the_mail_to(server.data_dir, "zhou@example.com", f"{name}] 故障已处理")
    page.goto(f"{server.url}{link}")
    expect(page.get_by_role("heading", name="修好了吗？")).to_be_visible()
    assert axe_violations(page) == []
    page.get_by_text("5", exact=True).click()
    page.get_by_role("button", name="修好了").click()
    expect(page.get_by_text("谢谢您的答复。")).to_be_visible()
    expect(page.get_by_text("此故障已结束")).to_be_visible()


def judge_in_english(open_context: Open, server: Server, name: str) -> None:
    """It is not solved: he says why, and it is opened again."""
    page = open_context(phone=True, language="en").new_page()
    link = link_in_the_mail_to(server.data_dir, STRANGER, f"{name}] solved?")
    page.goto(f"{server.url}{link}")
    page.get_by_role("button", name="Not yet").click()
    expect(page.get_by_text("Please say what is still wrong")).to_be_visible()
    assert axe_violations(page) == []
    page.locator("textarea").fill("Black again")
    page.get_by_role("button", name="Not yet").click()
    expect(page.get_by_text("Opened again; an engineer will come back.")).to_be_visible()
    expect(page.locator("ul.said")).to_contain_text("Black again")


def test_a_call_is_a_case_before_the_caller_has_hung_up(
    demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    page = open_context(phone=False, language="zh-CN").new_page()
    sign_in(page, demo_server, "li", "/desk/cases")
    page.get_by_role("link", name="接听热线").click()
    page.get_by_label("来电人", exact=True).fill("周")
    page.get_by_role("list", name="已知联系人").get_by_text("周敏").first.click()
    expect(page.get_by_label("联系方式")).to_have_value("138 0000 0017")
    page.get_by_label("来电人怎么说").fill("三楼会议室没有声音")
    assert axe_violations(page) == []
    page.get_by_role("button", name="保存记录").click()
    expect(page.get_by_text(re.compile(r"已记录：F\d+"))).to_be_visible()
    expect(page.get_by_label("来电人怎么说")).to_have_value("")
    # The next one is a question, answered on the spot.
    page.get_by_text("技术咨询", exact=True).click()
    page.get_by_label("来电人", exact=True).fill("前台")
    page.get_by_label("来电人怎么说").fill("怎么切换双屏？")
    page.get_by_label("当场答复").fill("按面板上的双屏键。")
    page.get_by_role("button", name="保存记录").click()
    expect(page.get_by_text(re.compile(r"已记录：H\d+"))).to_be_visible()
    calls = Sender.sign_in(playwright, demo_server.url, "li").get("cases?source=hotline&state=all")
    states = {case["title"]: case["state"] for case in calls["items"]}
    assert (states["三楼会议室没有声音"], states["怎么切换双屏？"]) == ("declared", "answered")
