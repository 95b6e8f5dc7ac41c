"""An engineer handles a fault where there is no network, with a photo; the desk sees it with its times."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.e2e import phone_hand as hand
from tests.e2e.conftest import axe_violations, sign_in
from tests.e2e.desk_hand import Sender, uid
from tests.e2e.server import Server

Open = Callable[..., BrowserContext]
pytestmark = pytest.mark.slow


def sheet_of(page: Page, step: str) -> None:
    """Press the step that leads on."""
    page.get_by_role("button", name=step, exact=True).click()
    expect(page.get_by_role("dialog", name=step, exact=True)).to_be_visible()


def save(page: Page, step: str) -> None:
    """Save a step; the sheet closes once it is on the phone."""
    sheet = page.get_by_role("dialog", name=step, exact=True)
    sheet.get_by_role("button", name=step, exact=True).click()
    expect(sheet).to_be_hidden()


def test_a_fault_is_handled_without_a_network_and_seen_at_the_desk(
    demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    place = hand.todo(demo_server, "projector")
    wang = Sender.sign_in(playwright, demo_server.url, "wang")
    body = {"uid": uid(), "kind": "fault", "title": "投影偏色", "device_id": place.device_id}
    name = wang.post("cases", body)["name"]

    page = open_context(phone=True).new_page()
    hand.use_phone(page, demo_server, place.login)
    page.context.set_offline(True)
    page.get_by_role("link", name=re.compile("^服务单")).click()
    page.get_by_text("全部", exact=True).click()
    page.get_by_role("link", name=re.compile(f"{name} ")).click()
    assert axe_violations(page) == []
    sheet_of(page, "接手")
    save(page, "接手")
    sheet_of(page, "响应到位")
    page.get_by_role("button", name="输入编号").click()
    page.locator("dialog[open] input.code").fill(place.code)
    page.locator("dialog[open] input.code").press("Enter")
    expect(page.get_by_text("就在这台设备前")).to_be_visible()
    assert axe_violations(page) == []
    save(page, "响应到位")
    sheet_of(page, "报告原因")
    page.get_by_label("原因", exact=True).fill("色轮老化")
    page.get_by_label("解决方案", exact=True).fill("更换色轮")
    page.get_by_role("button", name="拍照", exact=True).click()
    camera = page.get_by_role("dialog", name=re.compile("^拍照"))
    camera.locator("input[type=file]").set_input_files(hand.picture("teal"))  # type: ignore[arg-type]
    expect(camera).to_contain_text("已存本机")
    camera.get_by_role("button", name="完成").click()
    # What was typed and taken outlives the page.
    page.reload()
    sheet_of(page, "报告原因")
    expect(page.get_by_label("原因", exact=True)).to_have_value("色轮老化")
    save(page, "报告原因")
    expect(page.locator("main")).to_contain_text("存在本机，待发送")
    captured = datetime.now(UTC)
    page.context.set_offline(False)
    hand.send_all(page, demo_server)

    case = wang.get(f"cases/{name}")
    line = case["timeline"][-1]
    assert (case["state"], case["owner"]) == ("explained", line["author"])
    assert datetime.fromisoformat(line["at"]) <= captured
    assert [(one["received"], one["unreadable"]) for one in line["files"]] == [(True, False)]
    assert case["timeline"][2]["given"]["proof"] == "on_device"

    desk = open_context(phone=False).new_page()
    sign_in(desk, demo_server, "wang")
    desk.goto(f"{demo_server.url}/desk/cases/{name}")
    story = desk.get_by_role("region", name="经过")
    expect(story).to_contain_text("色轮老化")
    expect(story.locator(".strip img")).to_have_count(1)
    story.locator("input[type=file]").last.set_input_files(hand.picture("tomato"))  # type: ignore[arg-type]
    expect(story.locator(".strip img")).to_have_count(2)
    story.get_by_role("button", name=re.compile("^查看照片")).first.click()
    expect(desk.locator("dialog[open] img").first).to_be_visible()
    assert axe_violations(desk) == []


def test_a_fault_is_declared_without_a_network_and_seen_at_the_desk(
    demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    place = hand.todo(demo_server, "codec")
    page = open_context(phone=True).new_page()
    hand.use_phone(page, demo_server, place.login)
    page.context.set_offline(True)
    page.get_by_role("link", name=re.compile("^服务单")).click()
    page.get_by_role("link", name="申报故障").click()
    button = page.get_by_role("button", name="申报故障")
    button.click()
    # What is wrong comes into sight, the first of it first.
    expect(page.get_by_text("请选择设备或会议室")).to_be_in_viewport(ratio=1)
    assert axe_violations(page) == []
    page.get_by_role("button", name="选择设备或会议室").click()
    finder = page.get_by_role("dialog", name="查找")
    finder.get_by_role("searchbox").fill(place.code)
    # It fills the phone: what is behind is neither seen nor read out.
    expect(page.locator("main")).to_be_hidden()
    assert axe_violations(page) == []
    finder.get_by_role("button", name=place.device).click()
    expect(page.locator("main")).to_contain_text(place.device)
    button.click()
    title = page.get_by_label("一句话说明")
    expect(title).to_be_focused()
    expect(title).to_be_in_viewport(ratio=1)
    title.fill("会议终端没有声音")
    captured = datetime.now(UTC)
    button.click()
    expect(page.locator("main")).to_contain_text("存在本机，待发送")
    saved = datetime.now(UTC)
    page.context.set_offline(False)
    hand.send_all(page, demo_server)

    wang = Sender.sign_in(playwright, demo_server.url, "wang")
    cases = wang.get("cases?kind=fault")["items"]
    [case] = [one for one in cases if one["title"] == "会议终端没有声音"]
    assert (case["state"], case["device_id"]) == ("declared", place.device_id)
    # Its clocks run from the moment on the phone, not from the moment of sending.
    assert abs(datetime.fromisoformat(case["opened_at"]) - captured) < timedelta(seconds=30)
    assert datetime.fromisoformat(case["opened_at"]) <= saved


def test_hours_are_logged_without_a_network_and_stand_in_the_ledger(
    demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    wang = Sender.sign_in(playwright, demo_server.url, "wang")
    began = datetime.now(UTC) - timedelta(hours=30)
    span = {"from_at": began.isoformat(), "to_at": (began + timedelta(hours=3)).isoformat()}
    body = {"uid": uid(), "kind": "after_hours", "title": "夜间直播"}
    name = wang.post("cases", {**body, "fields": {"occasion": "event", **span}})["name"]
    place = hand.todo(demo_server, "projector")
    page = open_context(phone=True).new_page()
    hand.use_phone(page, demo_server, place.login)
    page.context.set_offline(True)
    page.get_by_role("link", name=re.compile("^服务单")).click()
    page.get_by_text("全部", exact=True).click()
    page.get_by_role("link", name=re.compile(f"{name} ")).click()
    page.get_by_role("button", name="登记我的工时").click()
    sheet = page.get_by_role("dialog", name="登记我的工时")
    sheet.get_by_label("日期").fill(f"{datetime.now(UTC) - timedelta(days=3):%Y-%m-%d}")
    sheet.get_by_role("button", name="登记我的工时").click()
    expect(sheet.get_by_label("开始", exact=True)).to_be_focused()
    sheet.get_by_label("开始", exact=True).fill("01:00")
    sheet.get_by_label("结束", exact=True).fill("02:40")
    sheet.get_by_text("15 分钟").click()
    expect(sheet).to_contain_text("计 1.5 小时")
    assert axe_violations(page) == []
    # A begin outlives the page.
    page.reload()
    page.get_by_role("button", name="登记我的工时").click()
    expect(sheet.get_by_label("结束", exact=True)).to_have_value("02:40")
    sheet.get_by_role("button", name="登记我的工时").click()
    expect(page.locator("main")).to_contain_text("存在本机，待发送")
    assert axe_violations(page) == []
    page.context.set_offline(False)
    hand.send_all(page, demo_server)
    [line] = wang.get(f"cases/{name}/hours")["entries"]
    assert (line["hours"], line["state"]) == (1.5, "counted")
