"""The desk of who has no contract: on a new server, and after the last membership has ended."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import axe_violations, keep_settings, sign_in, sign_in_by_form
from tests.e2e.server import ROOT, Server

Open = Callable[..., BrowserContext]
REGISTER = ROOT / "tests/data/asset-register.xlsx"
SCREENS = (
    "/desk",
    "/desk/estate",
    "/desk/labels",
    "/desk/checklists",
    "/desk/cases",
    "/desk/hours",
)


def test_the_administrator_of_a_new_server_comes_from_nothing_to_his_register(
    new_server: Server, open_context: Open
) -> None:
    """He is told what to do first, makes his contract, and the desk goes on by itself."""
    page = open_context(phone=False).new_page()
    refused: list[str] = []
    page.on("response", lambda one: refused.append(one.url) if "//" in one.url[8:] else None)
    sign_in_by_form(page, new_server, "root")
    for path in SCREENS:
        page.goto(f"{new_server.url}{path}")
        expect(page.get_by_text("新建第一份合同")).to_be_visible()
    # The rail and the keys lead only to what is there without a contract.
    expect(page.get_by_role("navigation").get_by_role("link")).to_have_text(["人员", "对外连接"])
    assert axe_violations(page) == []

    page.keyboard.press("g")
    page.keyboard.press("m")
    expect(page.get_by_role("radio", name="全部合同")).to_be_checked()
    page.goto(f"{new_server.url}/desk")
    page.locator("main").get_by_role("link", name="新建合同").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("合同编号").fill("HQ")
    sheet.get_by_label("合同名称", exact=False).first.fill("总部会议室运维")
    sheet.get_by_role("button", name="新建合同").click()

    page.wait_for_url(re.compile("/desk/estate$"))
    expect(page.get_by_text("台账还是空的")).to_be_visible()
    expect(page.get_by_text("总部会议室运维").first).to_be_visible()
    expect(page.get_by_role("navigation").get_by_role("link", name="巡检看板")).to_be_visible()
    page.locator("#content").get_by_role("link", name="导入").click()
    page.set_input_files("input[type=file]", REGISTER)
    page.get_by_role("button", name="确认导入").click()
    expect(page.get_by_text(re.compile("已导入：新增")).first).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("b")
    expect(page.get_by_text("还没有巡检")).to_be_visible()
    assert refused == []


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh", "请项目经理或系统管理员把您加入合同。"),
        ("en", "Ask your project manager or an administrator to add you to a contract."),
    ],
)
def test_who_lost_his_last_membership_is_told_whom_to_ask(
    demo_server: Server, open_context: Open, language: str, said: str
) -> None:
    page = open_context(phone=False).new_page()
    sign_in(page, demo_server, "wang", "/desk/people")
    expect(page.get_by_role("row").nth(2)).to_be_visible()
    _end_all_memberships(open_context(phone=False).new_page(), demo_server, "wang")
    keep_settings(page, demo_server, language)
    for path in ("/desk", "/desk/people", "/desk/contract"):
        page.goto(f"{demo_server.url}{path}")
        expect(page.get_by_text(said)).to_be_visible()
    expect(page.locator("main").get_by_role("link")).to_have_count(0)
    assert axe_violations(page) == []
    page.goto(f"{demo_server.url}/desk/connections")
    expect(page.get_by_role("button", name=re.compile("令牌|token"))).to_be_visible()


def _end_all_memberships(page: Page, server: Server, login: str) -> None:
    sign_in(page, server, "admin")
    contracts = page.request.get(f"{server.url}/api/contracts").json()
    for code in [contract["code"] for contract in contracts]:
        base = f"{server.url}/api/contracts/{code}"
        members = page.request.get(f"{base}/members").json()
        if any(one["login"] == login for one in members):
            # A contract keeps somebody who manages it.
            page.request.post(f"{base}/members", data={"login": "admin", "role": "project_manager"})
            [member] = [one for one in members if one["login"] == login]
            assert page.request.delete(f"{base}/members/{member['id']}").ok
