"""The desk when something goes wrong: a request that fails, a colleague at the same thing, a session that ends."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, Route, expect

from tests.e2e import server as servers
from tests.e2e.conftest import PASSWORD, axe_violations, sign_in
from tests.e2e.desk_hand import Sender, uid
from tests.e2e.server import Server

Open = Callable[..., BrowserContext]


@pytest.fixture(scope="module")
def desk_server(demo_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests of this file, each of which changes things of its own."""
    folder = tmp_path_factory.mktemp("desk_troubles") / "data"
    running = Server(servers.copy_of(demo_template, folder)).start()
    yield running
    running.stop()


@pytest.mark.parametrize("screen", ["", "/report", "/acceptance", "/ready", "/figures", "/photos"])
def test_rounds_that_could_not_be_read_are_not_said_to_be_none(
    screen: str, desk_server: Server, open_context: Open
) -> None:
    page = open_context(phone=False).new_page()
    down = True

    def answer(route: Route) -> None:
        if down:
            route.fulfill(status=502, body="bad gateway", content_type="text/html")
        else:
            route.continue_()

    page.route(re.compile(r"/api/contracts/DEMO/rounds$"), answer)
    sign_in(page, desk_server, "wang", f"/desk{screen}")
    expect(page.get_by_role("alert").get_by_text("没有读到数据")).to_be_visible()
    expect(page.get_by_role("alert").get_by_role("button", name="重试")).to_be_visible()
    expect(page.get_by_text(re.compile("还没有巡检|打开.*巡检$"))).to_have_count(0)
    down = False
    # It is asked again without a press.
    expect(page.get_by_role("combobox", name="月份")).to_be_visible(timeout=12_000)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_two_who_change_the_same_device_both_keep_their_change(
    desk_server: Server, open_context: Open, playwright: Playwright
) -> None:
    page = open_context(phone=False).new_page()
    sign_in(page, desk_server, "wang", "/desk/devices/46")
    page.get_by_role("button", name="编辑", exact=True).click()
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_label("序列号")).to_be_visible()
    colleague = Sender.sign_in(playwright, desk_server.url, "admin")
    theirs = {"name": "同事改过的名称", "maker": "同事的品牌", "warranty_until": "2031-05-06"}
    address = f"{desk_server.url}/api/contracts/DEMO/devices/46"
    assert colleague.request.patch(address, data=theirs).ok
    sheet.get_by_label("序列号").fill("SN-MINE-46")
    sheet.get_by_role("button", name="保存").click()
    expect(page.get_by_role("heading", name="同事改过的名称")).to_be_visible()
    device = colleague.get("devices/46")
    assert {key: device[key] for key in theirs} == theirs
    assert device["serial"] == "SN-MINE-46"


def test_two_who_change_a_contracts_settings_both_keep_their_change(
    desk_server: Server, open_context: Open, playwright: Playwright
) -> None:
    page = open_context(phone=False).new_page()
    sign_in(page, desk_server, "wang", "/desk/contract")
    name = page.get_by_label("甲方", exact=False).first
    expect(name).to_be_visible()
    colleague = Sender.sign_in(playwright, desk_server.url, "admin")
    address = f"{desk_server.url}/api/contracts/DEMO"
    assert colleague.request.patch(address, data={"fast_bulk_seconds": 33}).ok
    name.fill("西湖集团")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("合同设置已保存")).to_be_visible()
    [contract, *_] = colleague.request.get(f"{desk_server.url}/api/contracts").json()
    assert (contract["client_zh"], contract["fast_bulk_seconds"]) == ("西湖集团", 33)


def _fault(hand: Sender, title: str) -> str:
    made = hand.post(
        "cases",
        {
            "uid": uid(),
            "kind": "fault",
            "title": title,
            "severity": 3,
            "device_id": 46,
            "fields": {},
        },
    )
    name: str = made["name"]
    return name


def test_who_was_slower_to_take_a_case_sees_who_has_it(
    desk_server: Server, open_context: Open, playwright: Playwright
) -> None:
    quicker = Sender.sign_in(playwright, desk_server.url, "zhang")
    name = _fault(quicker, "画面闪")
    page = open_context(phone=False).new_page()
    sign_in(page, desk_server, "wang", f"/desk/cases?state=all&name={name}")
    detail = page.locator("div.detail")
    detail.get_by_role("button", name="接手", exact=True).click()
    quicker.post(f"cases/{name}/steps", {"uid": uid(), "step": "take_over", "fields": {}})
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="接手", exact=True).click()
    expect(sheet.get_by_text("没有保存")).to_be_visible()
    sheet.get_by_role("button", name="取消").click()
    expect(detail.get_by_text("已接手").first).to_be_visible()
    expect(detail.get_by_role("button", name="接手", exact=True)).to_have_count(0)


def test_what_came_out_of_a_case_stands_in_it_at_once(
    desk_server: Server, open_context: Open, playwright: Playwright
) -> None:
    name = _fault(Sender.sign_in(playwright, desk_server.url, "zhang"), "主板烧了")
    page = open_context(phone=False).new_page()
    sign_in(page, desk_server, "wang", f"/desk/cases?state=all&name={name}")
    detail = page.locator("div.detail")
    expect(detail.get_by_role("heading", name="主板烧了")).to_be_visible()

    # A menu is closed by Esc before the case is.
    detail.get_by_role("button", name="由此新建").click()
    expect(page.get_by_role("button", name="维修", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="维修", exact=True)).to_be_hidden()
    expect(detail.get_by_role("heading", name="主板烧了")).to_be_visible()

    detail.get_by_role("button", name="由此新建").click()
    page.get_by_role("button", name="维修", exact=True).click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("方式").select_option(label="更换新设备")
    sheet.get_by_role("button", name="新建服务单").click()
    expect(detail.get_by_role("link", name=re.compile(r"^R\d+ 主板烧了"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(detail).to_have_count(0)


def _end_sessions(playwright: Playwright, server: Server, login: str) -> None:
    """As somebody does who has lost a laptop: from another device."""
    other = playwright.request.new_context(base_url=server.url)
    body: dict[str, Any] = {"login": login, "password": PASSWORD, "device_name": "elsewhere"}
    assert other.post("/api/session", data=body).ok
    for one in other.get("/api/sessions").json():
        if not one["current"]:
            assert other.delete(f"/api/sessions/{one['id']}").ok


@pytest.mark.parametrize(("language", "theme"), [("zh-CN", "light"), ("en", "dark")])
def test_a_session_that_ends_in_a_form_takes_nothing_of_what_was_typed(
    language: str, theme: str, demo_server: Server, open_context: Open, playwright: Playwright
) -> None:
    words = WORDS[language]
    page = open_context(phone=False, language=language, theme=theme).new_page()
    _open_form(page, demo_server, language)
    form = page.get_by_role("dialog", name=words["add"])
    serial = f"SN-{language}"
    form.get_by_label(words["type"]).select_option("projector")
    form.get_by_label(words["name"]).fill("备用投影机")
    form.get_by_label(words["serial"]).fill(serial)
    _end_sessions(playwright, demo_server, "wang")
    form.get_by_role("button", name=words["save"]).click()

    asked = page.get_by_role("dialog", name=re.compile(words["again"]))
    expect(asked).to_be_visible()
    assert axe_violations(page) == []
    asked.get_by_label(words["password"]).fill("wrong")
    page.keyboard.press("Enter")
    expect(asked.get_by_role("alert")).to_be_visible()
    asked.get_by_label(words["password"]).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(asked).to_be_hidden()
    expect(form.get_by_role("alert")).to_contain_text(words["once_more"])
    expect(form.get_by_label(words["serial"])).to_have_value(serial)
    form.get_by_role("button", name=words["save"]).click()
    expect(form).to_be_hidden()
    found = page.request.get(f"{demo_server.url}/api/contracts/DEMO/devices?q={serial}").json()
    assert found["total"] == 1


WORDS = {
    "zh-CN": {
        "add": "添加设备",
        "type": "类型",
        "name": "设备名称",
        "serial": "序列号",
        "save": "保存",
        "again": "请重新登录",
        "password": "密码",
        "once_more": "请再保存一次",
    },
    "en": {
        "add": "Add a device",
        "type": "Type",
        "name": "Device name",
        "serial": "Serial number",
        "save": "Save",
        "again": "please sign in again",
        "password": "Password",
        "once_more": "please save once more",
    },
}


def _open_form(page: Page, server: Server, language: str) -> None:
    sign_in(page, server, "wang", "/healthz")
    kept = f'{{"language":"{language[:2]}","theme":"system"}}'
    page.evaluate("kept => localStorage.setItem('roundbook.settings', kept)", kept)
    page.goto(f"{server.url}/desk/estate?room_id=9")
    page.get_by_role("button", name=re.compile("^(添加|Add)$")).click()
    page.get_by_role("button", name=WORDS[language]["add"]).click()


def test_a_session_that_ended_while_reading_is_taken_up_from_the_notice_above(
    demo_server: Server, open_context: Open, playwright: Playwright
) -> None:
    """The desk has nothing to send later and offers no work offline; what failed is read again by itself."""
    page = open_context(phone=False).new_page()
    sign_in(page, demo_server, "wang", "/desk/open-items")
    expect(page.locator("tbody tr").first).to_be_visible()
    _end_sessions(playwright, demo_server, "wang")
    page.get_by_role("navigation").get_by_role("link", name="服务单").click()
    notice = page.get_by_role("status").filter(has_text="登录已过期")
    expect(notice).to_contain_text("页面上填写的内容还在")
    expect(page.get_by_text("本机")).to_have_count(0)
    notice.get_by_role("button", name="登录").click()
    page.get_by_role("dialog").get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr").first).to_be_visible()
    expect(notice).to_have_count(0)

    stranger = open_context(phone=False).new_page()
    stranger.goto(f"{demo_server.url}/desk/cases")
    expect(stranger.get_by_role("button", name="登录")).to_be_visible()
    expect(stranger.get_by_text(re.compile("离线|没有信号"))).to_have_count(0)
