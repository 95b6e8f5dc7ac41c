"""A month by hand on a new server, from the client's register to the open item of the next month."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typst
import zxingcpp
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.acceptance import over_http
from tests.e2e import phone_hand as hand
from tests.e2e import server as servers
from tests.e2e.conftest import PASSWORD, sign_in
from tests.e2e.desk_hand import Sender, sign_the_round
from tests.e2e.server import Server
from tests.e2e.small_contract import present_month

Open = Callable[..., BrowserContext]
REGISTER = servers.ROOT / "tests/data/asset-register.xlsx"
CONTRACT = "/api/contracts/ACME"
MEMBERS = (
    ("boss", "王建国", "project_manager"),
    ("walker", "张伟", "inspection_engineer"),
    ("partner", "陈静", "backup_engineer"),
)
# What a sheet of labels is rendered with, and what is left around a label that is cut out of it.
SHEET_PPI = 200
AROUND_PIXELS = 40
SYNC_MS = 30_000


def _make_contract(page: Page, server: Server) -> None:
    """The administrator's part; the desk's own forms for it have their own tests."""
    sign_in(page, server, "root")
    answer = page.request.post(
        f"{server.url}/api/contracts", data={"code": "ACME", "name_zh": "视频会议室运维"}
    )
    assert answer.ok, answer.text()
    for login, name, role in MEMBERS:
        body = {"login": login, "name": name, "role": role, "password": PASSWORD}
        answer = page.request.post(f"{server.url}{CONTRACT}/members", data=body)
        assert answer.ok, answer.text()


@dataclass(frozen=True)
class Device:
    """What the month is about: a projector of the register."""

    id: int
    room_id: int
    name: str
    code: str


def test_a_month_from_the_register_to_the_open_item_of_the_next(
    new_server: Server, open_context: Open, playwright: Playwright, tmp_path: Path
) -> None:
    _make_contract(open_context(phone=False).new_page(), new_server)
    desk = open_context(phone=False).new_page()
    sign_in(desk, new_server, "boss", "/desk/estate/import")
    import_the_register(desk)
    device = first_projector(new_server)
    label = print_labels(desk, new_server, device, tmp_path)
    open_the_round(desk, new_server)

    phone = open_context(phone=True).new_page()
    hand.use_phone(phone, new_server, "walker")
    inspect_without_a_network(phone, new_server, device, label)
    # It appears on the board by itself, and its open item has the number 1 for life.
    expect(desk.get_by_text("1 台异常")).to_be_visible(timeout=SYNC_MS)
    hand.send_all(phone, new_server)
    review_the_photo(desk, new_server, device)
    desk.goto(f"{new_server.url}/desk/open-items")
    expect(desk.locator("tbody tr")).to_have_count(1)
    expect(desk.locator("tbody tr")).to_contain_text(["#1"])

    the_rest_is_occupied(playwright, new_server)
    accept_the_round(desk, new_server, playwright)
    answer = desk.request.post(f"{new_server.url}{CONTRACT}/rounds", data={"month": _next_month()})
    assert answer.ok, answer.text()
    solve_what_was_carried_over(phone, new_server, device)
    assert hand.ask(new_server, "SELECT number, state, closed_month FROM open_item") == [
        (1, "solved", _next_month())
    ]


def import_the_register(desk: Page) -> None:
    """The client's file, looked at first."""
    desk.set_input_files("input[type=file]", REGISTER)
    expect(desk.get_by_text("将新增 140 台，更新 0 台")).to_be_visible()
    desk.get_by_role("button", name="确认导入").click()
    expect(desk.get_by_text("已导入：新增 140 台，更新 0 台")).to_be_visible()


def first_projector(server: Server) -> Device:
    [row] = hand.ask(
        server,
        "SELECT device.id, room_id, name, code FROM device JOIN label "
        "ON label.device_id = device.id WHERE type = 'projector' ORDER BY device.id LIMIT 1",
    )
    return Device(*row)


def print_labels(desk: Page, server: Server, device: Device, folder: Path) -> dict[str, Any]:
    """The sheet of the device's room as a PDF; gives a photo of the device's label on it."""
    desk.goto(f"{server.url}/desk/labels?room_id={device.room_id}")
    make = desk.get_by_role("button", name="生成 PDF")
    expect(make).to_be_enabled()
    with desk.expect_download() as download:
        make.click()
    download.value.save_as(folder / "labels.pdf")
    sheet = first_page(folder, "labels.pdf")
    labels = {read.text: read.position for read in zxingcpp.read_barcodes(sheet)}
    in_the_room = "SELECT count(*) FROM device WHERE room_id = ?"
    assert [(len(labels),)] == hand.ask(server, in_the_room, device.room_id)
    [place] = [place for text, place in labels.items() if text.endswith(f"/d/{device.code}")]
    corners = (place.top_left, place.top_right, place.bottom_left, place.bottom_right)
    across, down = [corner.x for corner in corners], [corner.y for corner in corners]
    cut = sheet.crop(
        (
            min(across) - AROUND_PIXELS,
            min(down) - AROUND_PIXELS,
            max(across) + AROUND_PIXELS,
            max(down) + AROUND_PIXELS,
        )
    )
    stream = io.BytesIO()
    cut.save(stream, "JPEG", quality=90)
    return {"name": "label.jpg", "mimeType": "image/jpeg", "buffer": stream.getvalue()}


def first_page(folder: Path, name: str) -> Image.Image:
    """A PDF's first page as paper would show it: typst lays it on a page and renders that."""
    around = folder / "around.typ"
    page_of_its_size = "#set page(width: auto, height: auto, margin: 0pt, fill: white)"
    around.write_text(f'{page_of_its_size}\n#image("{name}")', encoding="utf-8")
    page = typst.compile(around, root=folder, format="png", ppi=SHEET_PPI)
    return Image.open(io.BytesIO(page)).convert("RGB")


def open_the_round(desk: Page, server: Server) -> None:
    desk.goto(f"{server.url}/desk")
    desk.get_by_role("button", name=re.compile("打开.*巡检")).first.click()
    # 140 devices, and 24 rooms of which each is looked at as a whole.
    expect(desk.get_by_text("/ 164")).to_be_visible()


def inspect_without_a_network(
    phone: Page, server: Server, device: Device, label: dict[str, Any]
) -> None:
    """By its label: the projector is dim, and a photo shows it."""
    phone.context.set_offline(True)
    phone.goto(f"{server.url}/scan")
    phone.locator("main input[type=file]").set_input_files(label)  # type: ignore[arg-type]
    found = phone.locator("dialog[open]")
    expect(found).to_contain_text(device.name)
    found.get_by_role("link", name="开始检查").click()
    phone.get_by_role("button", name=re.compile("全部正常")).click()
    image = hand.item(phone, "image")
    image.get_by_text("偏暗", exact=True).click()
    image.get_by_text("灯泡老化", exact=True).click()
    image.get_by_role("button", name=re.compile("^(拍照|需拍照)")).first.click()
    hand.take(phone, hand.picture())
    hand.item(phone, "lamp_hours").locator("input").fill("1200")
    hand.finish_as_it_is(phone)
    assert hand.ask(server, "SELECT count(*) FROM inspection") == [(0,)]
    phone.context.set_offline(False)


def review_the_photo(desk: Page, server: Server, device: Device) -> None:
    """The supervisor looks at it beside its reading, and takes it."""
    desk.goto(f"{server.url}/desk/photos")
    desk.locator("[data-index='0']").click()
    expect(desk.locator(".stage img").last).to_be_visible()
    expect(desk.get_by_label("照片信息")).to_contain_text(device.name)
    with desk.expect_response(re.compile("/review$")) as answer:
        desk.keyboard.press("a")
    assert answer.value.ok
    assert hand.ask(server, "SELECT review FROM photo") == [("accepted",)]


def the_rest_is_occupied(playwright: Playwright, server: Server) -> None:
    """All else could not be tested, as his phone sends it: by hand it would be the same 163 times."""
    walker = Sender.sign_in(playwright, server.url, "walker", "ACME")
    for task in walker.pulled["rows"]["tasks"]:
        if task.get("outcome", "todo") == "todo":
            absent = {"reason": "occupied", "remark": "", "revisit_on": None}
            payload = walker.payload({"device_id": None, **task}, {}, exception=absent)
            assert walker.push("inspection", payload)["result"] == "applied"


def accept_the_round(desk: Page, server: Server, playwright: Playwright) -> None:
    """Each room signed by who inspected it and by a colleague, then the round by the manager."""
    desk.goto(f"{server.url}/desk")
    desk.get_by_role("button", name="完成巡检").click()
    expect(desk.locator("main")).to_contain_text("巡检已完成")
    over_http.self_check(Sender.sign_in(playwright, server.url, "walker", "ACME"), present_month())
    over_http.peer_check(Sender.sign_in(playwright, server.url, "partner", "ACME"), present_month())
    desk.get_by_role("link", name="去终验").click()
    sign_the_round(desk)


def solve_what_was_carried_over(phone: Page, server: Server, device: Device) -> None:
    """Next month's round has it with its number and its age; the lamp was replaced meanwhile."""
    [(task_id,)] = hand.ask(
        server,
        "SELECT task.id FROM round_task AS task JOIN round ON round.id = task.round_id "
        "WHERE task.device_id = ? AND round.month = ?",
        device.id,
        _next_month(),
    )
    hand.send_all(phone, server)
    phone.goto(server.url)
    expect(phone.get_by_role("banner")).to_contain_text(f"{int(_next_month()[5:])}月巡检")
    hand.open_task(phone, server, task_id)
    carried = phone.locator("main")
    expect(carried).to_contain_text("#1")
    expect(carried).to_contain_text("画面")
    carried.get_by_text("已解决", exact=True).first.click()
    phone.get_by_role("button", name=re.compile("全部正常")).click()
    hand.item(phone, "lamp_hours").locator("input").fill("1320")
    hand.finish_as_it_is(phone)
    hand.send_all(phone, server)


def _next_month() -> str:
    year, month = (int(part) for part in present_month().split("-"))
    return f"{year + month // 12:04d}-{month % 12 + 1:02d}"
