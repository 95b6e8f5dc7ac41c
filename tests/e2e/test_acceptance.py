"""Three people sign a room: on a phone without a network, at 390 pixels after a second look, at the desk."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.e2e import phone_hand as hand
from tests.e2e.conftest import axe_violations, sign_in
from tests.e2e.desk_hand import Sender
from tests.e2e.server import Server
from tests.e2e.small_contract import DEVICES, ROOM, SmallContract, present_month

Open = Callable[..., BrowserContext]
CODE = "OTHER"
MEMBERS = {
    "zhang": "inspection_engineer",
    "liu": "backup_engineer",
    "wang": "project_manager",
}
TASKS = """SELECT task.id, task.room_id FROM round_task AS task
JOIN contract ON contract.id = task.contract_id WHERE contract.code = ? ORDER BY task.id"""
SAID = """SELECT revision.payload FROM inspection_revision AS revision
JOIN inspection ON inspection.id = revision.inspection_id JOIN round_task AS task ON task.id = task_id
JOIN device ON device.id = task.device_id WHERE device.name = ?"""
SIGNED = """SELECT level, user.login, json_array_length(strokes) > 0, signed_name, voided_at IS NULL
FROM sign_off JOIN user ON user.id = user_id JOIN contract ON contract.id = contract_id
WHERE contract.code = ? ORDER BY sign_off.id"""


@pytest.fixture
def small(demo_server: Server, playwright: Playwright) -> SmallContract:
    """A contract of one room, whose client wants signatures drawn."""
    made: SmallContract = SmallContract.make(playwright, demo_server.url, CODE, MEMBERS)
    answer = made.request.patch(f"/api/contracts/{CODE}", data={"drawn_signatures": True})
    assert answer.ok, answer.text()
    return made


def enter(page: Page, server: Server, login: str) -> None:
    """Sign in, and work on the small contract."""
    sign_in(page, server, login)
    page.evaluate("code => localStorage.setItem('roundbook.contract', JSON.stringify(code))", CODE)


def draw(page: Page) -> None:
    """Write something like a name on the pad, with whatever points."""
    pad = page.get_by_role("dialog").locator(".paper svg")
    box = pad.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.6)
    page.mouse.down()
    for step in range(1, 13):
        across = 0.2 + step * 0.05
        page.mouse.move(
            box["x"] + box["width"] * across,
            box["y"] + box["height"] * (0.3 if step % 2 else 0.7),
        )
    page.mouse.up()
    expect(page.get_by_role("dialog")).to_contain_text("已签名")


def inspect_all(page: Page, server: Server, tasks: list[Any]) -> None:
    for task_id, _room_id in tasks:
        hand.open_task(page, server, task_id)
        page.get_by_role("button", name=re.compile("全部正常")).click()
        hand.finish_as_it_is(page)


def sign_on_the_phone(page: Page, server: Server, room_id: int) -> None:
    """Without a network: nothing is signed without a stroke, and "saved" is said once it is."""
    page.goto(f"{server.url}/rooms/{room_id}")
    page.get_by_role("button", name="自检签字").click()
    sheet = page.get_by_role("dialog")
    expect(sheet).to_contain_text("3 项")
    sheet.get_by_role("button", name="自检签字").click()
    expect(sheet).to_contain_text("请先手写签名")
    draw(page)
    sheet.get_by_role("button", name="自检签字").click()
    main = page.locator("main")
    expect(main).to_contain_text("自检：你已签字")
    expect(main).to_contain_text("已签，存在本机")
    assert axe_violations(page) == []


def look_again_and_sign(page: Page, server: Server, room_id: int) -> None:
    """The colleague has a phone alone: he looks at what was drawn, and types his name."""
    page.goto(f"{server.url}/desk/acceptance/{present_month()}?state=mine_check")
    page.get_by_role("button", name=re.compile(ROOM)).click()
    main = page.locator("main")
    main.get_by_role("button", name="复核", exact=True).click()
    confirm = main.get_by_role("button", name="相符，通过")
    sign = main.get_by_role("button", name="互检签字")
    expect(confirm).to_be_visible()
    assert axe_violations(page) == []
    room = f"/api/contracts/{CODE}/rounds/{present_month()}/sample?room_id={room_id}"
    tasks = page.request.get(server.url + room).json()["tasks"]
    for _task in [task for task in tasks if task["why"]]:
        with page.expect_response(re.compile("/rechecks")):
            confirm.click()
        expect(confirm.or_(sign).first).to_be_enabled()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    sign.click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="改为输入姓名").click()
    sheet.get_by_label("姓名").fill("刘洋")
    sheet.get_by_role("button", name="互检签字").click()
    expect(sheet).to_have_count(0)
    expect(main).to_contain_text("刘洋")


def accept(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/desk/rounds/{present_month()}")
    page.get_by_role("button", name="完成巡检").click()
    page.get_by_role("link", name="去终验").click()
    expect(page.locator("main")).to_contain_text("全部齐全，可以终验")
    page.get_by_role("button", name="终验通过").click()
    draw(page)
    page.get_by_role("dialog").get_by_role("button", name="终验通过").click()
    expect(page.locator("main")).to_contain_text("已终验")
    expect(page.locator("main").get_by_role("img", name="王建国 的签名").first).to_be_visible()
    assert axe_violations(page) == []


def amend(server: Server, playwright: Playwright) -> None:
    """The engineer corrects a reading, as his phone sends it."""
    [(text,)] = hand.ask(server, SAID, DEVICES[0])
    payload = json.loads(text)
    # "All OK" may have left it to the hand, and then nothing was said of it.
    others = [reading for reading in payload["readings"] if reading["item"] != "panel"]
    line = {"item": "panel", "value": "line", "verdict": "abnormal", "remark": "左侧一条亮线"}
    payload["readings"] = [*others, line]
    sender = Sender.sign_in(playwright, server.url, "zhang", CODE)
    assert sender.push("amendment", payload | {"amends": 1})["result"] == "applied"


def test_an_engineer_signs_a_colleague_looks_again_and_the_manager_accepts(
    demo_server: Server, small: SmallContract, playwright: Playwright, open_context: Open
) -> None:
    tasks = hand.ask(demo_server, TASKS, CODE)
    room_id = tasks[0][1]
    phone = open_context(phone=True).new_page()
    enter(phone, demo_server, "zhang")
    phone.goto(demo_server.url)
    expect(phone.locator(".hero")).to_be_visible(timeout=20_000)
    phone.wait_for_function("() => navigator.serviceWorker.controller !== null")

    phone.context.set_offline(True)
    inspect_all(phone, demo_server, tasks)
    sign_on_the_phone(phone, demo_server, room_id)
    assert hand.ask(demo_server, SIGNED, CODE) == []
    phone.context.set_offline(False)
    expect(phone.locator("main")).to_contain_text("服务器已签收", timeout=30_000)

    colleague = open_context(phone=True).new_page()
    enter(colleague, demo_server, "liu")
    look_again_and_sign(colleague, demo_server, room_id)

    desk = open_context(phone=False).new_page()
    enter(desk, demo_server, "wang")
    accept(desk, demo_server)
    assert hand.ask(demo_server, SIGNED, CODE) == [
        ("self_check", "zhang", 1, "", 1),
        ("peer_check", "liu", 0, "刘洋", 1),
        ("final", "wang", 1, "", 1),
    ]

    # Reopened, the round takes a correction; what was signed over the old reading no longer holds.
    desk.goto(f"{demo_server.url}/desk/rounds/{present_month()}")
    desk.get_by_role("button", name="重新打开").click()
    expect(desk.get_by_role("button", name="完成巡检")).to_be_visible()
    amend(demo_server, playwright)
    assert [row[4] for row in hand.ask(demo_server, SIGNED, CODE)] == [0, 0, 0]

    desk.goto(f"{demo_server.url}/desk/acceptance/{present_month()}?state=voided")
    desk.get_by_role("button", name=re.compile(ROOM)).click()
    changed = desk.get_by_role("region", name="复核", exact=True)
    for told in ("张伟 的签字已失效", "电视 甲", "更正", "亮线", "第 1 版 → 第 2 版", "张伟 更改"):
        expect(changed).to_contain_text(told)
    assert axe_violations(desk) == []

    phone.goto(f"{demo_server.url}/sync")
    phone.get_by_role("button", name=re.compile("更新巡检数据|立即发送")).click()
    phone.goto(f"{demo_server.url}/rooms/{room_id}")
    expect(phone.locator("main")).to_contain_text("你的自检签字已失效", timeout=20_000)
    expect(phone.locator("main")).to_contain_text("电视 甲 的记录被更正")
    expect(phone.get_by_role("button", name="重新自检签字")).to_be_visible()
    assert axe_violations(phone) == []
