"""The project manager holds a quality check and its action is closed; firmware is upgraded but for one device."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from tests.e2e.conftest import axe_violations
from tests.e2e.server import Server
from tests.e2e.test_desk_round import supervisor

Open = Callable[..., BrowserContext]


def test_a_check_is_held_and_its_action_closed(demo_server: Server, open_context: Open) -> None:
    page = supervisor(open_context, demo_server, "/desk/quality", language="zh")
    targets = page.get_by_role("list", name="目标")
    expect(targets.get_by_role("listitem")).to_have_count(8)
    page.get_by_role("button", name="设定目标").click()
    page.get_by_label("合格率（不低于 %）").fill("０")
    page.get_by_role("dialog").get_by_role("button", name="保存").click()
    expect(targets.get_by_role("listitem").filter(has_text="合格率")).to_contain_text("目标 ≥ 0%")
    assert axe_violations(page) == []

    page.get_by_role("group", name="目标或检查").get_by_text("定期检查").click()
    page.get_by_role("row").filter(has_text="季度质量检查").first.click()
    page.get_by_role("button", name="记录检查结果").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("响应及时率").fill("两次夜间超时")
    sheet.get_by_label("结论").fill("须整改")
    sheet.get_by_role("button", name="保存").click()
    detail = page.get_by_role("region", name="检查", exact=True)
    expect(detail).to_contain_text("两次夜间超时")
    detail.get_by_role("button", name="新增整改措施").click()
    sheet.get_by_label("整改内容").fill("夜间电话轮值表")
    sheet.get_by_label("负责人").select_option(label="李明")
    sheet.get_by_label("完成期限").fill("2030-01-31")
    sheet.get_by_role("button", name="保存").click()
    expect(detail).to_contain_text("整改中")
    assert axe_violations(page) == []
    detail.get_by_role("button", name="完成整改").click()
    sheet.get_by_label("做了什么").fill("已排班")
    sheet.get_by_role("button", name="保存").click()
    expect(detail).to_contain_text("已结束")


def test_an_upgrade_reaches_the_register_but_for_what_failed(
    demo_server: Server, open_context: Open
) -> None:
    page = supervisor(open_context, demo_server, "/desk/firmware?state=off", language="en")
    page.get_by_role("row").filter(has_text="CSE").first.click()
    model = page.get_by_role("region", name="Model")
    expect(model.get_by_text("Off the baseline").first).to_be_visible()
    before = model.get_by_text("Off the baseline").count()
    assert axe_violations(page) == []
    model.get_by_role("button", name=re.compile("Plan an upgrade of")).click()
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile("/desk/cases/U"))
    devices = page.get_by_role("region", name="Devices of the upgrade")
    devices.get_by_role("button", name=": more").first.click()
    devices.get_by_role("button", name="Upgrade failed").first.click()
    page.get_by_label("Why it failed").fill("stopped at 60%")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(devices).to_contain_text("stopped at 60%")
    assert axe_violations(page) == []
    page.get_by_role("button", name="Done", exact=True).click()
    page.get_by_role("dialog").get_by_label("What was done, in full").fill("one by one")
    page.get_by_role("dialog").get_by_role("button", name="Done", exact=True).click()
    expect(devices.get_by_text("Upgraded", exact=True).first).to_be_visible()
    page.goto(f"{demo_server.url}/desk/firmware?state=all&q=CSE")
    page.get_by_role("row").filter(has_text="CSE").first.click()
    expect(model).to_contain_text("1 failed")
    assert model.get_by_text("Off the baseline").count() < before
