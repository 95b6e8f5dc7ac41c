"""The supervisor's month before a wide screen: board, photos, inspections, open items, held records."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Download, Page, Playwright, expect
from python_calamine import CalamineWorkbook

from tests.e2e import desk_hand
from tests.e2e import server as servers
from tests.e2e.conftest import axe_violations, sign_in
from tests.e2e.desk_hand import DISPLAY, Sender, Sent
from tests.e2e.server import Server

Open = Callable[..., BrowserContext]
PATIENT_MS = 15_000
NARROW = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def desk_server(demo_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo contract, for tests that change different things of it."""
    folder = tmp_path_factory.mktemp("desk") / "data"
    running = Server(servers.copy_of(demo_template, folder)).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def pair(desk_server: Server, playwright: Playwright) -> Sent:
    """A device that two engineers have inspected, and one of them twice."""
    return desk_hand.send_a_pair(playwright, desk_server.url)


def supervisor(
    open_context: Open,
    server: Server,
    path: str,
    *,
    login: str = "wang",
    language: str = "zh",
    **more: Any,
) -> Page:
    """A supervisor before the desk's screen at ``path``."""
    page = open_context(phone=False, **more).new_page()
    sign_in(page, server, login)
    kept = json.dumps({"language": language, "theme": "system"})
    page.evaluate("kept => localStorage.setItem('roundbook.settings', kept)", kept)
    page.goto(f"{server.url}{path}")
    expect(page.locator("#content h1")).to_be_visible(timeout=PATIENT_MS)
    return page


def settled(page: Page) -> None:
    """Nothing is on its way any more: no loading line, and the pictures in sight are there."""
    expect(page.locator("#content [role=status]:text-matches('正在打开|Opening')")).to_have_count(0)
    page.wait_for_load_state("networkidle")


def held_row(server: Server, playwright: Playwright, uid: str) -> dict[str, Any]:
    """The held record of an inspection, as the server tells it."""
    rows = Sender.sign_in(playwright, server.url, "wang").get("quarantine?state=all")["items"]
    return next(row for row in rows if row["inspection_uid"] == uid)


SCREENS: list[tuple[str, str | None]] = [
    ("/desk", None),
    ("/desk", "[data-room]"),
    ("/desk/photos", None),
    ("/desk/photos?only=abnormal", "[data-index='0']"),
    ("/desk/open-items", "tbody tr"),
    ("/desk/inspections/{pair}", None),
    ("/desk/returns", "tbody tr"),
    ("/desk/quarantine", "tbody tr"),
    ("/desk/ready", None),
    ("/desk/notifications", None),
    ("/desk/contract", None),
    ("/desk/contract?view=mail", None),
]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_screen_is_accessible(
    language: str,
    desk_server: Server,
    pair: Sent,
    playwright: Playwright,
    open_context: Open,
) -> None:
    desk_hand.send_a_faulty_one(playwright, desk_server.url)
    page = supervisor(open_context, desk_server, "/desk", language=language)
    found: list[str] = []
    for path, press in SCREENS:
        page.goto(desk_server.url + path.format(pair=pair.inspection_id))
        if press:
            page.locator(press).first.click()
        settled(page)
        found += axe_violations(page)
    page.goto(f"{desk_server.url}/desk/photos")
    page.locator("[data-index='0']").click()
    expect(page.locator(".stage img").last).to_be_visible()
    settled(page)
    page.keyboard.press("m")
    expect(page.locator("#content textarea")).to_be_visible()
    found += axe_violations(page)
    page.keyboard.press("Escape")
    page.locator("#content h1").click()
    page.keyboard.press("?")
    expect(page.locator("dialog[open] kbd").first).to_be_visible()
    found += axe_violations(page)
    assert found == []


def test_nothing_is_wider_than_a_narrow_screen(
    desk_server: Server, pair: Sent, open_context: Open
) -> None:
    page = supervisor(open_context, desk_server, "/desk", language="en")
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    for path, press in SCREENS[:-1]:
        page.goto(desk_server.url + path.format(pair=pair.inspection_id))
        if press:
            page.locator(press).first.click()
        settled(page)
        over = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, path


def test_the_board_follows_the_round_by_itself(
    demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    page = supervisor(open_context, demo_server, "/desk")
    sender = Sender.sign_in(playwright, demo_server.url, "zhang")
    task = sender.waiting_task("display")
    tile = page.locator(f"[data-room='{task['room_id']}']")
    before = tile.locator(".done").inner_text()
    result = sender.push("inspection", sender.payload(task, DISPLAY))
    assert result["result"] == "applied"
    expect(tile.locator(".done")).not_to_have_text(before, timeout=PATIENT_MS)


def test_a_room_shows_its_devices_and_leads_to_their_inspections(
    desk_server: Server, pair: Sent, open_context: Open
) -> None:
    page = supervisor(open_context, desk_server, "/desk")
    first = page.locator("[data-room]").first
    first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-room]").nth(1)).to_be_focused()
    page.locator(f"[data-room='{pair.task['room_id']}']").press("Enter")
    device = page.get_by_role("link").filter(has_text="份记录待裁定")
    expect(device).to_be_visible()
    device.click()
    expect(page).to_have_url(re.compile(r"/desk/inspections/\d+$"))
    expect(page.get_by_role("table", name="同一设备的两份记录")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(rf"/desk\?room={pair.task['room_id']}$"))


def test_rooms_are_assigned_to_a_backup_and_given_back(
    demo_server: Server, open_context: Open
) -> None:
    page = supervisor(open_context, demo_server, "/desk")
    tiles = page.locator("[data-room]")
    expect(tiles.first).to_be_visible()
    page.keyboard.press("s")
    before = [tiles.nth(number).locator(".who").inner_text() for number in range(2)]
    for number in range(2):
        tiles.nth(number).click()
    bar = page.get_by_role("region", name="分配房间")
    bar.get_by_role("combobox").select_option(label="赵磊 · 备份工程师")
    bar.get_by_role("button", name="分配", exact=True).click()
    for number in range(2):
        expect(tiles.nth(number).locator(".who")).to_have_text("赵磊")
    page.get_by_role("button", name="撤销").click()
    for number, name in enumerate(before):
        expect(tiles.nth(number).locator(".who")).to_have_text(name)


def test_an_unfinished_round_says_what_is_missing(desk_server: Server, open_context: Open) -> None:
    page = supervisor(open_context, desk_server, "/desk", language="en")
    page.get_by_role("button", name="Finish the round").click()
    expect(page.locator(".missing")).to_contain_text("Inspections to do")
    expect(page.get_by_role("heading", name="What blocks the report")).to_be_visible()


def photo_of(page: Page) -> str:
    """The uid of the photo that is looked at, from the address."""
    found = re.search(r"photo=([0-9a-f-]{36})", page.url)
    assert found
    return found[1]


def test_photos_are_reviewed_by_the_keyboard(
    demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    page = supervisor(open_context, demo_server, "/desk/photos")
    server_says = Sender.sign_in(playwright, demo_server.url, "wang")
    page.locator("[data-index='0']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(".stage img").last).to_be_visible()
    accepted = photo_of(page)
    with page.expect_response(re.compile("/review$")) as answer:
        page.keyboard.press("a")
    assert answer.value.ok
    page.wait_for_function("uid => !location.search.includes(uid)", arg=accepted)
    assert server_says.get(f"photos/{accepted}")["review"] == "accepted"
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_label("照片信息")).to_contain_text("已通过")
    with page.expect_response(re.compile("/review$")):
        page.get_by_role("button", name="撤销").click()
    assert server_says.get(f"photos/{accepted}")["review"] == "none"
    page.keyboard.press("z")
    expect(page.get_by_role("button", name="放大或还原")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("c")
    expect(page.get_by_role("slider", name="与上月对比")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[data-index='1']")).to_be_visible()


def test_a_photo_goes_back_with_a_remark_and_a_mark(
    demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    page = supervisor(open_context, demo_server, "/desk/photos")
    page.locator("[data-index='0']").click()
    expect(page.locator(".stage img").last).to_be_visible()
    page.wait_for_load_state("networkidle")
    uid = photo_of(page)
    page.keyboard.press("m")
    box = page.locator(".stage svg").bounding_box()
    assert box
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 90, middle[1] - 60, steps=4)
    page.mouse.up()
    page.locator("fieldset label", has_text="文字").click()
    page.get_by_label("标注文字").fill("看这里")
    page.get_by_role("button", name="添加到照片中央").click()
    page.get_by_role("button", name="看不清读数").click()
    with page.expect_response(re.compile("/review$")) as answer:
        page.get_by_role("button", name="退回", exact=True).click()
    assert answer.value.ok
    said = Sender.sign_in(playwright, demo_server.url, "wang").get(f"photos/{uid}")
    assert (said["review"], said["review_remark"]) == ("returned", "看不清读数")
    kinds = [mark["kind"] for mark in said["review_marks"]]
    assert kinds == ["arrow", "text"]
    start, end = said["review_marks"][0]["points"]
    assert abs(start[0] - 0.5) < 0.02
    assert end[0] > start[0]
    assert end[1] < start[1]


def test_the_grid_holds_only_what_is_in_sight(desk_server: Server, open_context: Open) -> None:
    page = supervisor(open_context, desk_server, "/desk/photos?month=all")
    expect(page.locator("[data-index='0']")).to_be_visible()
    total = int(re.sub(r"\D", "", page.locator(".filters .results").inner_text()))
    assert total > 300
    assert page.locator("[data-index]").count() < 60
    page.locator("[data-index='0']").focus()
    page.keyboard.press("End")
    last = page.locator(f"[data-index='{total - 1}']")
    expect(last).to_be_visible(timeout=PATIENT_MS)
    assert page.locator("[data-index]").count() < 60


def test_two_records_of_a_device_lie_side_by_side_and_one_is_picked(
    desk_server: Server, pair: Sent, open_context: Open
) -> None:
    page = supervisor(open_context, desk_server, f"/desk/inspections/{pair.inspection_id}")
    table = page.get_by_role("table", name="同一设备的两份记录")
    expect(table.locator("tr.differs")).to_have_count(2)
    expect(page.locator("del").first).to_have_text("正常")
    expect(page.locator("ins").first).to_have_text("异常")
    page.get_by_role("button", name="以刘洋的为准").click()
    expect(table.locator("th.counts")).to_contain_text("刘洋")
    expect(page.get_by_role("button", name="以刘洋的为准")).to_be_disabled()
    # What the other alone had found is off the list, and its story says why.
    page.goto(f"{desk_server.url}/desk/open-items?state=withdrawn&sort=-number")
    page.locator("tbody tr").first.click()
    story = page.get_by_role("region", name="经过")
    expect(story).to_contain_text("两份记录已选定一份")
    expect(story).to_contain_text("未采用：已选定另一份记录")


def test_an_open_item_gets_an_owner_and_a_due_date(
    demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    page = supervisor(open_context, demo_server, "/desk/open-items")
    page.locator("tbody tr").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"number=\d+"))
    number = page.url.split("number=")[1]
    detail = page.get_by_role("region", name="遗留问题详情")
    before = detail.get_by_label("期限").input_value()
    detail.get_by_label("负责人").select_option(label="李明")
    detail.get_by_label("期限").fill("2027-03-31")
    detail.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存")).to_be_visible()
    item = Sender.sign_in(playwright, demo_server.url, "wang").get(f"open-items/{number}")
    assert (item["owner"], item["due_on"]) == ("李明", "2027-03-31")
    page.get_by_role("button", name="撤销").click()
    expect(detail.get_by_label("期限")).to_have_value(before)
    page.locator("#content h1").click()
    page.keyboard.press("j")
    expect(page).not_to_have_url(re.compile(f"number={number}$"))


def saved(page: Page, kind: str) -> Download:
    """The list as a file of this kind, by the button that every list has."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
        page.get_by_role("link", name=kind).click()
    return download.value


def test_a_list_is_sorted_both_ways_counted_and_saved(
    shared_demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    page = supervisor(open_context, shared_demo_server, "/desk/open-items", language="en")
    tabs = page.get_by_role("radiogroup").or_(page.get_by_role("group", name="State"))
    counted = {
        name: int(re.sub(r"\D", "", tabs.get_by_text(re.compile(rf"^{name} \d+$")).inner_text()))
        for name in ("Open", "Solved", "Withdrawn", "All")
    }
    assert counted["All"] == counted["Open"] + counted["Solved"] + counted["Withdrawn"]
    assert min(counted.values()) > 0
    says = Sender.sign_in(playwright, shared_demo_server.url, "wang")
    open_items = says.get("open-items?state=open&page_size=200")["items"]
    numbers = [item["number"] for item in open_items]
    assert len(numbers) == counted["Open"]
    head = page.get_by_role("columnheader", name="Number")
    first = page.locator("tbody tr td").first
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(first).to_have_text(f"#{min(numbers)}")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    expect(first).to_have_text(f"#{max(numbers)}")
    lines = Path(saved(page, "CSV").path()).read_text("utf-8-sig").splitlines()
    assert lines[0].startswith('"Number","State","Severity"')
    assert len(lines) == counted["Open"] + 1
    download = saved(page, "Excel (XLSX)")
    assert download.suggested_filename == "DEMO-open-items.xlsx"
    book = CalamineWorkbook.from_path(download.path())
    assert book.sheet_names == ["Open items"]
    rows = book.get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[1:]] == sorted(numbers, reverse=True)


def test_a_supervisor_withdraws_an_open_item_and_puts_it_back(
    demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    page = supervisor(open_context, demo_server, "/desk/open-items")
    expect(page.locator("tbody tr").first).to_be_visible()
    page.keyboard.press("j")
    page.wait_for_url(re.compile(r"number=\d+"))
    number = page.url.split("number=")[1]
    detail = page.get_by_role("region", name="遗留问题详情")
    detail.get_by_role("button", name="撤回").click()
    expect(detail.get_by_text("主管操作")).to_be_visible()
    says = Sender.sign_in(playwright, demo_server.url, "wang")
    assert says.get(f"open-items/{number}")["state"] == "withdrawn"
    detail.get_by_role("button", name="恢复为未解决").click()
    expect(detail.get_by_role("button", name="撤回")).to_be_visible()
    assert says.get(f"open-items/{number}")["state"] == "open"
    page.locator("#content h1").click()
    page.keyboard.press("Escape")
    expect(detail).to_have_count(0)


def test_a_held_record_is_mended_and_applied(
    demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    payload = desk_hand.send_a_faulty_one(playwright, demo_server.url)
    page = supervisor(open_context, demo_server, "/desk/quarantine")
    page.locator("tbody tr").first.click()
    expect(page.get_by_role("heading", name="检查表中没有这一项")).to_be_visible()
    page.get_by_role("button", name="修改后采用").click()
    area = page.locator("textarea")
    area.fill("{")
    expect(page.get_by_text("不是有效的 JSON")).to_be_visible()
    area.fill(json.dumps({**payload, "readings": payload["readings"][:1]}))
    page.get_by_role("button", name="采用修改后的内容").click()
    expect(page.get_by_text("记录已采用")).to_be_visible()
    assert held_row(demo_server, playwright, payload["uid"])["state"] == "applied"
    # One is left: the demo's own.
    expect(page.locator("nav a[href*=quarantine] .count")).to_have_text("1")
    expect(page.get_by_role("radio", name="已采用 1")).to_be_visible()


def test_a_held_record_is_dismissed_with_a_reason_and_applied_after_all(
    demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    payload = desk_hand.send_a_faulty_one(playwright, demo_server.url)
    page = supervisor(open_context, demo_server, "/desk/quarantine")
    # This one, and the demo's own.
    expect(page.locator("nav a[href*=quarantine] .count")).to_have_text("2")
    page.locator("tbody tr").first.click()
    page.get_by_role("button", name="不采用").click()
    page.get_by_label("为什么不采用").fill("演练数据")
    page.get_by_role("button", name="不采用").last.click()
    expect(page.get_by_text("已标为不采用")).to_be_visible()
    row = held_row(demo_server, playwright, payload["uid"])
    assert (row["state"], row["remark"]) == ("dismissed", "演练数据")
    # It was none: what was set aside is taken after all.
    page.get_by_text("不采用 1").click()
    page.locator("tbody tr").first.click()
    expect(page.get_by_role("button", name="仍然采用")).to_be_visible()
    expect(page.get_by_role("button", name="不采用", exact=True)).to_have_count(0)
    page.get_by_role("button", name="修改后采用").click()
    page.locator("textarea").fill(json.dumps({**payload, "readings": payload["readings"][:1]}))
    page.get_by_role("button", name="采用修改后的内容").click()
    expect(page.get_by_text("记录已采用")).to_be_visible()
    row = held_row(demo_server, playwright, payload["uid"])
    assert (row["state"], row["remark"]) == ("applied", "")


def test_the_keys_are_told_and_can_be_switched_off(desk_server: Server, open_context: Open) -> None:
    page = supervisor(open_context, desk_server, "/desk")
    page.keyboard.press("g")
    page.keyboard.press("o")
    expect(page).to_have_url(re.compile("/desk/open-items$"))
    expect(page.locator("tbody tr").first).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("gb?")
    expect(page.get_by_role("searchbox")).to_have_value("gb?")
    page.locator("#content h1").click()
    page.keyboard.press("?")
    sheet = page.locator("dialog[open]")
    sheet.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("b")
    expect(page).to_have_url(re.compile("/desk/open-items"))


def test_the_clients_lead_looks_and_changes_nothing(
    desk_server: Server, open_context: Open
) -> None:
    page = supervisor(open_context, desk_server, "/desk", login="zhou")
    expect(page.locator("[data-room]").first).to_be_visible()
    expect(page.get_by_role("button", name="分配房间")).to_have_count(0)
    expect(page.get_by_role("link", name="待处理记录")).to_have_count(0)
    page.goto(f"{desk_server.url}/desk/photos")
    page.locator("[data-index='0']").click()
    expect(page.locator(".stage img").last).to_be_visible()
    expect(page.get_by_role("button", name="通过", exact=True)).to_have_count(0)


def test_a_lost_network_is_said_and_made_up_for(desk_server: Server, open_context: Open) -> None:
    page = supervisor(open_context, desk_server, "/desk")
    page.route("**/open-items?*", lambda route: route.abort())
    page.goto(f"{desk_server.url}/desk/open-items")
    expect(page.get_by_role("alert")).to_contain_text("没有读到数据")
    page.unroute("**/open-items?*")
    page.get_by_role("button", name="重试").click()
    expect(page.locator("tbody tr").first).to_be_visible()
