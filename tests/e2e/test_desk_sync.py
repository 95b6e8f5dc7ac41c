"""The supervisor sees how the phones are, and brings in what a phone could not send (screens 7, 9)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e import phone_hand as hand
from tests.e2e.conftest import axe_violations, sign_in
from tests.e2e.server import Server
from tests.sync.rescue_files import Rescue

Open = Callable[..., BrowserContext]


@pytest.fixture
def desk(open_context: Open, demo_server: Server) -> Page:
    """The supervisor's desk."""
    page = open_context(phone=False).new_page()
    sign_in(page, demo_server, "wang", "/desk/sync")
    return page


def saved_on_a_phone(page: Page, server: Server, task: hand.Task, folder: Path) -> Path:
    """An engineer inspects without a network, with a photo, and saves the rescue file."""
    hand.use_phone(page, server, task.login)
    page.context.set_offline(True)
    hand.open_task(page, server, task.id)
    page.get_by_role("button", name=re.compile("全部正常")).click()
    hand.item(page, "boot").get_by_role("button", name=re.compile("^拍照")).click()
    hand.take(page, hand.picture())
    hand.finish_as_it_is(page)
    page.goto(f"{server.url}/sync")
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("救援文件")).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def bring(desk: Page, server: Server, path: Path) -> None:
    desk.goto(f"{server.url}/desk/rescue")
    desk.locator("input[type=file]").set_input_files(path)


def test_a_phones_rescue_file_is_looked_into_loaded_and_later_a_duplicate(
    desk: Page, open_context: Open, demo_server: Server, tmp_path: Path
) -> None:
    task = hand.todo(demo_server, "codec")
    phone = open_context(phone=True).new_page()
    path = saved_on_a_phone(phone, demo_server, task, tmp_path)

    bring(desk, demo_server, path)
    main = desk.locator("main")
    expect(main).to_contain_text("将载入 1 条记录、1 张照片")
    expect(main).to_contain_text(task.device)
    assert axe_violations(desk) == []
    assert hand.ask(demo_server, "SELECT id FROM audit_row WHERE entity = 'rescue_file'") == []
    main.get_by_role("button", name="载入", exact=True).click()
    expect(main).to_contain_text("已载入 1 条记录、1 张照片")

    of_task = """
        SELECT user.login, count(photo.id), count(photo.received_at)
        FROM inspection JOIN user ON user.id = inspection.author_id
        LEFT JOIN photo ON photo.inspection_id = inspection.id
        WHERE inspection.task_id = ? GROUP BY inspection.id, user.login
    """
    assert hand.ask(demo_server, of_task, task.id) == [(task.login, 1, 1)]
    trail = "SELECT DISTINCT user.login FROM audit_row JOIN user ON user.id = audit_row.user_id "
    assert hand.ask(demo_server, f"{trail} WHERE entity = 'rescue_file'") == [("wang",)]

    bring(desk, demo_server, path)
    expect(main).to_contain_text("没有需要载入的")

    phone.context.set_offline(False)
    phone.goto(f"{demo_server.url}/sync")
    expect(phone.locator("main")).to_contain_text("全部送达服务器", timeout=20_000)
    assert hand.ask(demo_server, of_task, task.id) == [(task.login, 1, 1)]


def test_a_file_that_is_none_says_so_and_can_be_followed_by_another(
    desk: Page, demo_server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "holiday.zip"
    path.write_bytes(b"not an archive")
    bring(desk, demo_server, path)
    expect(desk.get_by_role("alert").or_(desk.locator(".banner"))).to_contain_text(
        "不是完整的救援文件"
    )
    path.write_bytes(Rescue(1, contract="ELSEWHERE").pack())
    desk.locator("input[type=file]").set_input_files(path)
    expect(desk.locator("main")).to_contain_text("属于另一份合同（ELSEWHERE）")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_phones_and_missing_photos_can_be_read_by_everybody(
    open_context: Open, shared_demo_server: Server, language: str
) -> None:
    page = open_context(phone=False).new_page()
    sign_in(page, shared_demo_server, "wang")
    kept = json.dumps({"language": language, "theme": "system"})
    page.evaluate("kept => localStorage.setItem('roundbook.settings', kept)", kept)
    page.goto(f"{shared_demo_server.url}/desk/sync")
    rows = page.locator("tbody tr")
    expect(rows.first).to_contain_text(re.compile("4 条记录、9 张照片|4 records, 9 photos"))
    assert axe_violations(page) == []
    page.get_by_text(re.compile("^(没到的照片|Missing photos)$")).click()
    expect(page).to_have_url(re.compile("show=missing"))
    expect(page.locator("main")).to_contain_text(re.compile("照片都到齐了|Every photo is here"))
    assert axe_violations(page) == []
    page.goto(f"{shared_demo_server.url}/desk/rescue")
    expect(page.locator("input[type=file]")).to_be_attached()
    assert axe_violations(page) == []
