"""The engineer's month: pull, no network, scan, inspect, finish, network, accepted (screens 1-8)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.e2e import phone_hand as hand
from tests.e2e.conftest import QUIET, sign_in
from tests.e2e.server import Server

Open = Callable[..., BrowserContext]
SYNC_MS = 20_000


@pytest.fixture
def phone(open_context: Open) -> BrowserContext:
    """A phone without a camera, as the tests' browser has none."""
    return open_context(phone=True)


@pytest.fixture
def scanning_phone(
    playwright: Playwright, browser_path: str, demo_server: Server, tmp_path: Path
) -> Iterator[tuple[Page, hand.Task]]:
    """A phone whose camera looks at the label of a codec that waits for its inspection."""
    task = hand.todo(demo_server, "codec")
    film = hand.camera_film(tmp_path / "camera.mjpeg", f"{demo_server.url}/d/{task.code}")
    camera = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]
    browser = playwright.chromium.launch(executable_path=browser_path, args=[*QUIET, *camera])
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, locale="zh-CN"
    )
    yield context.new_page(), task
    browser.close()


def test_a_scan_without_a_network_becomes_an_accepted_record(
    scanning_phone: tuple[Page, hand.Task], demo_server: Server
) -> None:
    page, task = scanning_phone
    hand.use_phone(page, demo_server, task.login)
    page.context.set_offline(True)

    page.goto(f"{demo_server.url}/scan?room={task.room_id}")
    found = page.locator("dialog[open]")
    expect(found).to_contain_text(task.device)
    expect(found).to_contain_text("待检")
    found.get_by_role("link", name="开始检查").click()

    page.get_by_role("button", name=re.compile("全部正常")).click()
    boot = hand.item(page, "boot")
    boot.get_by_text("告警", exact=True).click()
    boot.get_by_text("配置被改", exact=True).click()
    boot.get_by_role("button", name="需拍照").click()
    page.get_by_role("button", name="拍摄").click()
    expect(page.locator("dialog[open]")).to_contain_text("已存本机")
    page.locator("dialog[open]").get_by_role("button", name="完成").click()
    expect(boot.locator("img").last).to_be_visible()
    hand.item(page, "loss").locator("input").fill("0.2")
    hand.finish_as_it_is(page)
    expect(page.locator(".done")).to_contain_text("1 项异常")

    page.context.set_offline(False)
    page.goto(f"{demo_server.url}/sync")
    expect(page.locator("main")).to_contain_text("全部送达服务器", timeout=SYNC_MS)
    expect(page.locator("details").first).to_contain_text("服务器已收")
    [(verdict, code, bulk_ok, photos)] = hand.ask(
        demo_server,
        """
        SELECT verdict, scanned_code, bulk_ok, (SELECT count(*) FROM photo WHERE
        photo.inspection_id = inspection.id AND received_at IS NOT NULL)
        FROM inspection WHERE task_id = ?
        """,
        task.id,
    )
    assert (verdict, code, bulk_ok, photos) == ("abnormal", task.code, 1, 1)
    scans = hand.ask(demo_server, "SELECT result FROM scan WHERE code = ?", task.code)
    assert ("expected",) in scans


def test_all_ok_leaves_spot_checks_and_can_be_undone(
    phone: BrowserContext, demo_server: Server
) -> None:
    task = hand.todo(demo_server, "codec")
    page = phone.new_page()
    hand.use_phone(page, demo_server, task.login)
    hand.open_task(page, demo_server, task.id)
    page.get_by_role("button", name=re.compile("全部正常")).click()
    expect(page.locator(".spot")).to_have_count(1)
    filled = page.locator("article.normal").count()
    assert filled > 0
    page.get_by_role("button", name="撤销").click()
    expect(page.locator("article.normal")).to_have_count(0)


def bulk_of(server: Server, task: hand.Task) -> tuple[set[str], dict[str, int]]:
    """What the server says of the task's inspection: its flags, and which readings "all OK" gave."""
    [(inspection, flags)] = hand.ask(
        server, "SELECT id, flags FROM inspection WHERE task_id = ?", task.id
    )
    rows = hand.ask(server, "SELECT item, bulk FROM reading WHERE inspection_id = ?", inspection)
    return set(json.loads(flags)), dict(rows)


def test_a_spot_check_is_looked_at_by_its_photo_without_a_network(
    phone: BrowserContext, demo_server: Server
) -> None:
    task = hand.todo(demo_server, "codec")
    page = phone.new_page()
    hand.use_phone(page, demo_server, task.login)
    hand.open_task(page, demo_server, task.id)
    phone.set_offline(True)
    page.get_by_role("button", name=re.compile("全部正常")).click()
    drawn = page.locator(".spot")
    expect(drawn).to_have_count(1)
    expect(drawn).to_contain_text("抽查：请亲自看")
    expect(drawn).to_contain_text("拍一张照片")
    key = (drawn.get_attribute("id") or "").removeprefix("item-")
    page.get_by_role("button", name="完成", exact=True).click()
    sheet = page.locator("dialog[open]")
    expect(sheet).to_contain_text("抽查项还没看：可以留着，主管会看到")
    page.keyboard.press("Escape")
    drawn.locator("header button:has(svg)").last.click()
    hand.take(page, hand.picture())
    expect(drawn).to_have_count(0)
    expect(hand.item(page, key)).to_have_class(re.compile("normal"))
    hand.finish_as_it_is(page)
    phone.set_offline(False)
    hand.send_all(page, demo_server)
    flags, bulk = bulk_of(demo_server, task)
    assert "bulk_ok" in flags
    assert "spot_check_missing" not in flags
    assert bulk[key] == 1


def test_a_spot_check_that_is_left_is_told_to_the_supervisor(
    phone: BrowserContext, demo_server: Server, open_context: Open
) -> None:
    task = hand.todo(demo_server, "codec")
    page = phone.new_page()
    hand.use_phone(page, demo_server, task.login)
    hand.open_task(page, demo_server, task.id)
    page.get_by_role("button", name=re.compile("全部正常")).click()
    key = (page.locator(".spot").get_attribute("id") or "").removeprefix("item-")
    hand.finish_as_it_is(page)
    hand.send_all(page, demo_server)
    flags, bulk = bulk_of(demo_server, task)
    assert {"bulk_ok", "spot_check_missing"} <= flags
    assert key not in bulk
    desk = open_context(phone=False).new_page()
    sign_in(desk, demo_server, "wang")
    [(inspection,)] = hand.ask(demo_server, "SELECT id FROM inspection WHERE task_id = ?", task.id)
    desk.goto(f"{demo_server.url}/desk/inspections/{inspection}")
    expect(desk.get_by_text("抽查项没有看").first).to_be_visible()
    expect(desk.get_by_text(re.compile("：没有看$"))).to_have_count(1)
    expect(desk.get_by_text(re.compile("秒后提交"))).to_be_visible()
    expect(desk.get_by_text("一键填入").first).to_be_visible()


def test_an_anomaly_needs_its_reason_and_the_missing_ones_are_found(
    phone: BrowserContext, demo_server: Server
) -> None:
    task = hand.todo(demo_server, "codec")
    page = phone.new_page()
    hand.use_phone(page, demo_server, task.login)
    hand.open_task(page, demo_server, task.id)
    hand.item(page, "registration").get_by_text("异常", exact=True).click()
    page.get_by_role("button", name="完成", exact=True).click()
    sheet = page.locator("dialog[open]")
    expect(sheet).to_contain_text("注册：原因")
    sheet.get_by_role("button", name="去补上").click()
    expect(hand.item(page, "registration")).to_be_in_viewport()
    reason = hand.item(page, "registration").get_by_role("textbox", name="备注")
    reason.fill("交换机端口关闭")
    hand.finish_as_it_is(page)


def test_what_was_carried_over_is_answered_first(
    phone: BrowserContext, demo_server: Server
) -> None:
    task_id, number, login = hand.carried_over(demo_server)
    page = phone.new_page()
    hand.use_phone(page, demo_server, login)
    hand.open_task(page, demo_server, task_id)
    page.get_by_role("button", name="完成", exact=True).click()
    expect(page.locator("dialog[open]")).to_contain_text(f"回答遗留问题 #{number}")
    page.keyboard.press("Escape")
    for still in page.locator("article[id^=open-] label", has_text="已解决").all():
        still.click()
    hand.finish_as_it_is(page)
    hand.send_all(page, demo_server)
    answers = hand.ask(
        demo_server,
        """
        SELECT answer FROM open_item_answer JOIN open_item
        ON open_item.id = open_item_answer.open_item_id JOIN inspection
        ON inspection.id = open_item_answer.inspection_id
        WHERE open_item.number = ? AND inspection.task_id = ?
        """,
        number,
        task_id,
    )
    assert answers == [("solved",)]


def test_every_touch_survives_a_reload(phone: BrowserContext, demo_server: Server) -> None:
    task = hand.todo(demo_server, "codec")
    page = phone.new_page()
    hand.use_phone(page, demo_server, task.login)
    page.context.set_offline(True)
    hand.open_task(page, demo_server, task.id)
    hand.item(page, "registration").get_by_text("正常", exact=True).click()
    hand.item(page, "loss").locator("input").fill("0.4")
    hand.item(page, "boot").get_by_role("button", name=re.compile("^拍照")).click()
    hand.take(page, hand.picture())
    page.reload()
    expect(hand.item(page, "loss").locator("input")).to_have_value("0.4")
    checked = hand.item(page, "registration").get_by_role("radio", name="正常")
    expect(checked).to_be_checked()
    expect(
        hand.item(page, "boot").get_by_role("button", name=re.compile("查看照片"))
    ).to_be_visible()


def test_a_finished_inspection_is_undone_and_later_corrected(
    phone: BrowserContext, demo_server: Server
) -> None:
    task = hand.todo(demo_server, "codec")
    page = phone.new_page()
    hand.use_phone(page, demo_server, task.login)
    hand.open_task(page, demo_server, task.id)
    page.get_by_role("button", name=re.compile("全部正常")).click()
    hand.finish_as_it_is(page)
    page.locator(".toast", has_text="已存本机").get_by_role("button", name="撤销").click()
    expect(page.get_by_role("button", name="完成", exact=True)).to_be_visible()
    hand.finish_as_it_is(page)
    hand.send_all(page, demo_server)

    page.goto(f"{demo_server.url}/inspect/{task.id}")
    page.get_by_role("button", name="更正").click()
    hand.item(page, "loss").locator("input").fill("0.3")
    page.get_by_role("button", name="保存更正").click()
    page.locator("dialog[open] footer button").click()
    expect(page.locator(".done")).to_be_visible()
    hand.send_all(page, demo_server)
    revisions = hand.ask(demo_server, "SELECT revision FROM inspection WHERE task_id = ?", task.id)
    assert revisions == [(2,)]


def test_a_whole_room_is_not_testable_with_its_reason(
    phone: BrowserContext, demo_server: Server
) -> None:
    task = hand.todo(demo_server, "codec")
    page = phone.new_page()
    hand.use_phone(page, demo_server, task.login)
    page.context.set_offline(True)
    page.goto(f"{demo_server.url}/rooms/{task.room_id}")
    page.locator("main").get_by_role("button", name="整间未能检").click()
    sheet = page.locator("dialog[open]")
    sheet.get_by_role("button", name="记为未能检").click()
    expect(sheet.get_by_role("alert")).to_contain_text("请选一个原因")
    expect(sheet.get_by_role("alert")).to_be_in_viewport(ratio=1)
    sheet.get_by_text("会议占用", exact=True).click()
    sheet.get_by_role("button", name="记为未能检").click()
    expect(page.locator("main")).to_contain_text("此房间已完成")
    page.locator(".toast").get_by_role("button", name="撤销").click()
    expect(page.locator("main")).not_to_contain_text("此房间已完成")


def test_what_cannot_be_tested_is_done_with_and_not_asked_for_again(
    phone: BrowserContext, demo_server: Server
) -> None:
    task = hand.todo(demo_server, "codec")
    page = phone.new_page()
    hand.use_phone(page, demo_server, task.login)
    page.context.set_offline(True)
    hand.open_task(page, demo_server, task.id)
    page.get_by_role("button", name="更多").click()
    page.locator("[popover]").get_by_text("未能检", exact=True).click()
    sheet = page.locator("dialog[open]")
    sheet.get_by_text("会议占用", exact=True).click()
    sheet.locator("footer .button").last.click()
    expect(page.locator(".done")).to_contain_text("会议占用")
    expect(page.get_by_role("button", name="完成", exact=True)).to_have_count(0)
    page.locator(".toast").get_by_role("button", name="撤销").click()
    expect(page.get_by_role("button", name="完成", exact=True)).to_be_visible()


def test_a_new_problem_and_a_consumable_stand_on_what_was_done(
    phone: BrowserContext, demo_server: Server
) -> None:
    task = hand.todo(demo_server, "display")
    page = phone.new_page()
    hand.use_phone(page, demo_server, task.login)
    page.context.set_offline(True)
    hand.open_task(page, demo_server, task.id)
    hand.find_the_rest_well(page)
    page.get_by_role("button", name="记一个新问题").click()
    page.locator("dialog[open] textarea").fill("桌面插座松动")
    page.locator("dialog[open]").get_by_role("button", name="保存").click()
    page.get_by_role("button", name="完成", exact=True).click()
    expect(page.locator(".done, dialog[open] footer").first).to_be_visible()
    if page.locator("dialog[open]").is_visible():
        page.locator("dialog[open] footer button").click()
    expect(page.locator(".done h2")).to_have_text("检查项正常，另报 1 个新问题")
    expect(page.locator("dt", has_text="新问题")).to_contain_text("桌面插座松动")


def test_without_a_camera_there_are_other_ways(phone: BrowserContext, demo_server: Server) -> None:
    task = hand.todo(demo_server, "codec")
    page = phone.new_page()
    hand.use_phone(page, demo_server, task.login)
    page.goto(f"{demo_server.url}/scan")
    expect(page.locator("main")).to_contain_text("相机不可用")
    page.get_by_role("button", name="输入编号").click()
    page.get_by_label("标签编号").fill(task.code.lower())
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_contain_text(task.device)
    page.locator("dialog[open]").get_by_role("button", name="扫下一个").click()

    page.get_by_role("button", name="输入编号").click()
    page.get_by_label("标签编号").fill("D6GR34Z8")
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_contain_text("不是本合同的标签")
    page.locator("dialog[open]").get_by_role("button", name="扫下一个").click()

    page.get_by_role("button", name="查找设备").click()
    page.get_by_role("searchbox").fill(task.code)
    page.locator("dialog[open]").get_by_role("button", name=re.compile(task.device)).click()
    expect(page).to_have_url(re.compile(f"/inspect/{task.id}$"))


def test_a_label_opened_by_the_phones_own_camera(
    phone: BrowserContext, demo_server: Server
) -> None:
    task = hand.todo(demo_server, "codec")
    page = phone.new_page()
    hand.use_phone(page, demo_server, task.login)
    page.goto(f"{demo_server.url}/d/{task.code}")
    expect(page).to_have_url(re.compile(f"/inspect/{task.id}"))
    expect(page.locator("main")).to_contain_text("已扫描")
    page.goto(f"{demo_server.url}/d/XXXXXXXX")
    expect(page.locator("main")).to_contain_text("这不是有效的标签编号")


def test_signing_out_is_refused_while_something_is_unsent(
    phone: BrowserContext, demo_server: Server
) -> None:
    task = hand.todo(demo_server, "codec")
    page = phone.new_page()
    hand.use_phone(page, demo_server, task.login)
    page.context.set_offline(True)
    hand.open_task(page, demo_server, task.id)
    page.get_by_role("button", name=re.compile("全部正常")).click()
    hand.finish_as_it_is(page)
    page.goto(f"{demo_server.url}/me")
    page.get_by_role("button", name="退出登录").click()
    expect(page.locator("main")).to_contain_text("没有送达")
    page.get_by_role("link", name="去同步").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="保存救援文件").click()
    assert saved.value.suggested_filename.endswith(".zip")


@pytest.mark.attack(5)
def test_a_photo_that_was_sent_back_is_taken_again(
    phone: BrowserContext, open_context: Open, demo_server: Server
) -> None:
    task = hand.todo(demo_server, "codec")
    page = phone.new_page()
    hand.use_phone(page, demo_server, task.login)
    hand.open_task(page, demo_server, task.id)
    hand.item(page, "boot").get_by_text("正常", exact=True).click()
    hand.item(page, "boot").get_by_role("button", name="需拍照").click()
    hand.take(page, hand.picture())
    hand.finish_as_it_is(page)
    hand.send_all(page, demo_server)

    query = """
        SELECT photo.uid, sha256 FROM photo JOIN inspection ON inspection.id = photo.inspection_id
        WHERE inspection.task_id = ? AND photo.received_at IS NOT NULL AND NOT photo.withdrawn
        """
    [(first, sha256)] = hand.ask(demo_server, query, task.id)
    assert hand.says_where_it_was_taken(hand.picture()["buffer"])
    assert not hand.says_where_it_was_taken(hand.bytes_of(demo_server, sha256))
    desk = open_context(phone=False).new_page()
    sign_in(desk, demo_server, "wang")
    hand.send_back(desk, first, "看不清指示灯")
    page.get_by_role("button", name="更新巡检数据").click()
    page.goto(demo_server.url)
    page.locator("a[href*='returned=photo']").filter(has_text="看不清指示灯").click()
    expect(page.locator("main")).to_contain_text("看不清指示灯")
    # The way leads straight into the amendment; the card before it has the same button.
    expect(page.get_by_role("button", name="保存更正")).to_be_visible()
    page.locator(".returned").get_by_role("button", name="重拍", exact=True).click()
    hand.take(page, hand.picture("darkred"))
    page.get_by_role("button", name="保存更正").click()
    page.locator("dialog[open] footer button").click()
    expect(page.locator(".done")).to_be_visible()
    hand.send_all(page, demo_server)
    [(second, _)] = hand.ask(demo_server, query, task.id)
    assert second != first
