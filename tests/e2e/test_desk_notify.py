"""Ready for the 10th, the bell and the contract's settings, as a supervisor and an engineer use them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.e2e import phone_hand as hand
from tests.e2e.conftest import axe_violations, sign_in
from tests.e2e.desk_hand import Sender
from tests.e2e.server import Server
from tests.e2e.small_contract import present_month
from tests.e2e.test_desk_round import PATIENT_MS, settled, supervisor

Open = Callable[..., BrowserContext]
# What a list says when it has nothing of what was asked for.
EMPTY = re.compile("没有|这里没有内容|Nothing|No ")


def _ready(server: Server, playwright: Playwright) -> dict[str, Any]:
    sender = Sender.sign_in(playwright, server.url, "wang")
    answer: dict[str, Any] = sender.get(f"rounds/{present_month()}/ready")
    return answer


def test_one_click_leads_from_each_blocker_to_a_screen_that_lists_it(
    demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    rows = _ready(demo_server, playwright)["blockers"]
    kinds = {row["kind"] for row in rows}
    assert {"todo", "unsent", "pairs", "photos_unreviewed", "photos_returned"} <= kinds
    assert {"quarantine", "self_checks", "acceptance"} <= kinds
    page = supervisor(open_context, demo_server, "/desk/ready")
    for row in rows:
        link = page.locator(f"#content .owner a[href='{row['path']}']")
        expect(link.locator(".count")).to_have_text(f"{row['count']:,}")
        link.click()
        page.wait_for_url(lambda url, path=row["path"]: url.endswith(path))  # type: ignore[misc]
        heading = page.locator("#content h1")
        expect(heading).to_be_visible(timeout=PATIENT_MS)
        settled(page)
        assert not EMPTY.match(heading.inner_text()), row["path"]
        expect(page.locator("#content .empty")).to_have_count(0)
        page.go_back()
        expect(page.locator("#content .owner").first).to_be_visible(timeout=PATIENT_MS)


def test_the_boards_panel_says_the_same_and_leads_to_the_whole(
    shared_demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    rows = _ready(shared_demo_server, playwright)["blockers"]
    page = supervisor(open_context, shared_demo_server, "/desk")
    expect(page.locator("#content .owner a")).to_have_count(sum(bool(r["path"]) for r in rows))
    page.get_by_role("link", name="倒计时与全部").click()
    page.wait_for_url(re.compile("/desk/ready/"))
    expect(page.locator("#content .clock")).to_contain_text(re.compile("还剩|已逾期"))
    expect(page.locator("#content ol li")).to_have_count(5)


def test_the_screen_follows_the_round_by_itself(
    demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    page = supervisor(open_context, demo_server, "/desk/ready")
    held = page.locator("#content a[href='/desk/quarantine'] .count")
    expect(held).to_have_text("1")
    sender = Sender.sign_in(playwright, demo_server.url, "wang")
    row = sender.get("quarantine")["items"][0]
    sender.post(f"quarantine/{row['id']}/dismiss", {"remark": "重复"})
    expect(held).to_have_count(0, timeout=PATIENT_MS)


def test_mine_is_kept_in_the_address_and_may_be_nothing(
    shared_demo_server: Server, open_context: Open
) -> None:
    page = supervisor(open_context, shared_demo_server, "/desk/ready", login="zhou")
    page.get_by_text(re.compile("^我的")).click()
    page.wait_for_url(re.compile("whose=mine"))
    expect(page.get_by_text("你没有欠账")).to_be_visible()
    page.reload()
    expect(page.get_by_text("你没有欠账")).to_be_visible()
    page.get_by_role("button", name="看全部").click()
    expect(page.locator("#content .owner").first).to_be_visible()


def _tell(server: Server, login: str, kind: str = "report_confirmed") -> None:
    """A line that somebody was told just now."""
    with sqlite3.connect(server.data_dir / "roundbook.sqlite3") as database:
        database.execute(
            "INSERT INTO notification (contract_id, user_id, kind, details, path, escalated,"
            " unique_key, created_at) SELECT contract.id, user.id, ?, ?, '/desk/open-items', 1,"
            " 'e2e', '2026-01-01 00:00:00' FROM contract, user WHERE user.login = ?",
            (kind, '{"name": "周敏", "number": "DEMO-1"}', login),
        )


def test_the_bell_counts_leads_on_and_is_silent_once_all_is_read(
    demo_server: Server, open_context: Open
) -> None:
    _tell(demo_server, "wang")
    page = supervisor(open_context, demo_server, "/desk")
    bell = page.locator("aside a[href='/desk/notifications']")
    expect(bell.locator(".count")).to_be_visible(timeout=PATIENT_MS)
    before = int(re.sub(r"\D", "", bell.locator(".count").inner_text()))
    bell.click()
    line = page.locator("#content li", has_text="周敏 已确认 DEMO-1")
    expect(line).to_contain_text("升级")
    line.locator("button").click()
    page.wait_for_url(re.compile("/desk/open-items"))
    if before > 1:
        expect(bell.locator(".count")).to_contain_text(str(before - 1))
    bell.click()
    if before > 1:
        page.get_by_role("button", name="全部标为已读").click()
    expect(bell.locator(".count")).to_have_count(0)
    page.reload()
    expect(page.locator("#content li")).not_to_have_count(0)
    expect(page.locator("#content li.unread")).to_have_count(0)


def test_an_engineer_hears_on_his_phone_and_offline_is_told_so(
    demo_server: Server, open_context: Open
) -> None:
    login = hand.todo(demo_server, "codec").login
    _tell(demo_server, login, "remind")
    context = open_context(phone=True)
    page = context.new_page()
    hand.use_phone(page, demo_server, login, "zh")
    expect(page.get_by_text(re.compile("交报告前你还差 \\d+ 项"))).to_be_visible()
    page.get_by_role("link", name=re.compile("^通知，\\d+ 条未读")).click()
    expect(page.locator("#content li.unread").first).to_be_visible()
    assert axe_violations(page) == []
    page.goto(f"{demo_server.url}/me")
    expect(page.get_by_role("link", name=re.compile("^通知(?!方式)"))).to_contain_text("未读")
    context.set_offline(True)
    page.get_by_role("link", name=re.compile("^通知(?!方式)")).click()
    expect(page.locator("#content")).to_contain_text(re.compile("连接不上服务器"))


def test_the_settings_are_explained_checked_and_kept(
    demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    page = supervisor(open_context, demo_server, "/desk/contract")
    save = page.get_by_role("button", name="保存")
    expect(save).to_be_disabled()
    page.get_by_label("互检抽查比例").fill("120")
    save.click()
    expect(page.get_by_text("请填写 0 到 100")).to_be_visible()
    page.get_by_label("互检抽查比例").fill("12.5")
    page.get_by_label("时区").fill("Mars/Olympus")
    save.click()
    zone = page.get_by_label("时区")
    expect(zone).to_have_attribute("aria-invalid", "true")
    zone.fill("Asia/Shanghai")
    page.locator("label", has_text="两个人").click()
    page.locator("label", has_text="前 7 天").click()
    page.locator("label", has_text="后 2 天").click()
    page.locator("label", has_text="中英双语").click()
    save.click()
    expect(page.get_by_text("合同设置已保存")).to_be_visible()
    expect(save).to_be_disabled()
    session = Sender.sign_in(playwright, demo_server.url, "wang").request.get("/api/session").json()
    (contract,) = session["contracts"]
    assert contract["recheck_share"] == 0.125
    assert contract["acceptance_strictness"] == "two"
    assert (contract["remind_days_before"], contract["escalate_days_after"]) == ([7, 3, 1], [0])
    assert contract["report_language"] == "both"
    page.reload()
    expect(page.get_by_label("互检抽查比例")).to_have_value("12.5")


def test_who_does_not_manage_people_sees_no_settings(
    shared_demo_server: Server, open_context: Open
) -> None:
    page = supervisor(open_context, shared_demo_server, "/desk/contract", login="li")
    expect(page.locator("form")).to_have_count(0)
    expect(page.locator("aside a[href='/desk/contract']")).to_have_count(0)


def test_a_mails_address_opens_its_contract_and_keeps_nothing_of_it_in_the_bar(
    demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    admin = Sender.sign_in(playwright, demo_server.url, "admin")
    made = admin.request.post("/api/contracts", data={"code": "AAA", "name_zh": "另一份合同"})
    assert made.ok, made.text()
    page = open_context(phone=False).new_page()
    sign_in(page, demo_server, "admin")
    path = f"/desk/ready/{present_month()}"
    page.goto(f"{demo_server.url}{path}?contract=DEMO")
    expect(page.locator("#content .owner").first).to_be_visible(timeout=PATIENT_MS)
    assert urlsplit(page.url).query == ""
    page.goto(f"{demo_server.url}{path}?contract=AAA")
    expect(page.get_by_text("这个月没有巡检")).to_be_visible(timeout=PATIENT_MS)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_mails_are_listed_with_what_became_of_them(
    language: str, shared_demo_server: Server, open_context: Open
) -> None:
    page: Page = supervisor(
        open_context, shared_demo_server, "/desk/contract?view=mail", language=language
    )
    settled(page)
    expect(page.locator("#content")).to_contain_text("SMTP_URL")
    assert axe_violations(page) == []
