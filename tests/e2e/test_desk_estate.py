"""The supervisor's estate at the desk: register, labels, checklists, people (issue 2, point 9)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e import server as servers
from tests.e2e.conftest import DESK, PHONE, axe_violations, sign_in
from tests.e2e.server import ROOT, Server

UNTIDY = ROOT / "tests/data/asset-register-untidy.xlsx"
SCREENS = (
    "/desk/estate",
    "/desk/estate?room_id=9",
    "/desk/estate/import",
    "/desk/devices/46",
    "/desk/labels",
    "/desk/labels?view=list",
    "/desk/checklists",
    "/desk/checklists/1",
    "/desk/people",
    "/desk/contract",
    "/desk/people?view=users",
    "/desk/people?view=contracts",
)
Opener = Callable[..., BrowserContext]


@pytest.fixture(scope="module")
def desk_server(demo_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests of this file, each of which changes things of its own."""
    folder = tmp_path_factory.mktemp("desk_estate") / "data"
    running = Server(servers.copy_of(demo_template, folder)).start()
    yield running
    running.stop()


def test_a_new_contract_takes_in_the_untidy_register_once(
    desk_server: Server, open_context: Opener, tmp_path: Path
) -> None:
    """Preview, a line per problem, confirm; the same file again changes nothing."""
    page = open_context(phone=False).new_page()
    sign_in(page, desk_server, "admin", "/desk/people?view=contracts")
    _make_contract(page)
    expect(page.get_by_text("台账还是空的")).to_be_visible()
    page.locator("#content").get_by_role("link", name="导入").click()

    broken = tmp_path / "register.xlsx"
    broken.write_bytes(b"PK\x03\x04 cut off on its way")
    page.set_input_files("input[type=file]", broken)
    expect(page.get_by_role("alert")).to_contain_text("另存为")

    page.set_input_files("input[type=file]", UNTIDY)
    expect(page.get_by_text("将新增 123 台，更新 0 台")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="ZC-2023-00033")
    expect(row).to_contain_text("128")
    expect(row).to_contain_text("资产编号")
    expect(row).to_contain_text("本行不导入")
    page.get_by_role("button", name="确认导入").click()
    expect(page.get_by_text("已导入：新增 123 台，更新 0 台")).to_be_visible()

    page.get_by_role("button", name="换一个文件").click()
    page.set_input_files("input[type=file]", UNTIDY)
    expect(page.get_by_text("没有要更改的：台账与文件一致")).to_be_visible()
    expect(page.get_by_role("button", name="确认导入")).to_have_count(0)


def _make_contract(page: Page) -> None:
    page.get_by_role("button", name="新建合同").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="新建合同").click()
    expect(sheet.get_by_label("合同编号")).to_have_attribute("aria-invalid", "true")
    sheet.get_by_label("合同编号").fill("E2E-1")
    sheet.get_by_label("合同名称", exact=False).first.fill("分公司会议室运维")
    sheet.get_by_role("button", name="新建合同").click()
    page.get_by_role("row").filter(has_text="E2E-1").get_by_role("button", name="打开").click()


def test_a_device_is_added_changed_and_retired_with_undo(
    desk_server: Server, open_context: Opener
) -> None:
    """A refusal names the field and loses nothing; what is retired comes back by one press."""
    page = open_context(phone=False).new_page()
    sign_in(page, desk_server, "wang", "/desk/estate?room_id=9")
    page.get_by_role("button", name="添加", exact=True).click()
    page.get_by_role("button", name="添加设备").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("类型").select_option("projector")
    sheet.get_by_label("设备名称").fill("备用投影机")
    sheet.get_by_label("资产编号").fill("ZC-2018-00046")
    sheet.get_by_label("灯泡额定时数").fill("３０００")
    sheet.get_by_role("button", name="保存").click()
    expect(sheet.get_by_text("此资产编号已被使用。").first).to_be_visible()
    expect(sheet.get_by_label("设备名称")).to_have_value("备用投影机")
    sheet.get_by_label("资产编号").fill("ZC-2026-99999")
    sheet.get_by_role("button", name="保存").click()

    page.get_by_role("link", name="备用投影机").click()
    expect(page.get_by_role("heading", level=1, name="备用投影机")).to_be_visible()
    expect(page.get_by_text("3000", exact=True)).to_be_visible()
    page.get_by_role("button", name="停用").click()
    page.get_by_role("button", name="撤销").click()
    expect(page.get_by_text("“备用投影机”已恢复使用")).to_be_visible()


def test_a_sheet_of_labels_is_drawn_and_made(desk_server: Server, open_context: Opener) -> None:
    """A grid that does not fit says so at its field; the sheet of a room comes as a PDF."""
    page = open_context(phone=False).new_page()
    sign_in(page, desk_server, "wang", "/desk/labels?room_id=9")
    make = page.get_by_role("button", name="生成 PDF")
    expect(make).to_be_enabled()
    expect(page.locator("main")).to_contain_text("手机的相机打不开标签上的网址")
    page.get_by_label("规格").select_option("custom")
    page.get_by_label("标签宽 mm").fill("90")
    expect(page.get_by_text("排出纸外，请减少数量或尺寸")).to_be_visible()
    expect(make).to_be_disabled()
    page.get_by_label("列数").fill("2")
    page.get_by_label("从第几格开始").fill("3")
    expect(page.locator("figure svg g.gone")).to_have_count(2)
    with page.expect_download() as download:
        make.click()
    assert download.value.suggested_filename == "DEMO-labels.pdf"
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")


def test_a_checklist_is_edited_and_published(desk_server: Server, open_context: Opener) -> None:
    """A draft saves itself, shows its problems at the place, yields to nobody, and is then locked."""
    page = open_context(phone=False).new_page()
    sign_in(page, desk_server, "wang", "/desk/checklists")
    page.get_by_role("button", name="新建草稿").click()
    page.wait_for_url(re.compile(r"/desk/checklists/\d+$"))
    number = int(page.url.rsplit("/", 1)[1])
    publish = page.get_by_role("button", name="发布", exact=True)

    page.get_by_role("button", name=re.compile("^灯泡时数")).click()
    form = page.get_by_role("region", name="项目内容")
    form.get_by_label("中文").fill("")
    expect(form.get_by_text("请填写")).to_be_visible()
    expect(publish).to_be_disabled()
    form.get_by_label("中文").fill("灯泡使用时数")
    form.get_by_label("故障级别", exact=False).first.select_option("1")
    expect(page.get_by_text("已保存", exact=True)).to_be_visible()

    _save_behind_the_back(page, number)
    form.get_by_label("依据").fill("厂家手册")
    expect(page.get_by_text("别人也改了这份草稿")).to_be_visible()
    page.get_by_role("button", name="用我的覆盖").click()
    expect(page.get_by_text("已保存", exact=True)).to_be_visible()

    publish.click()
    page.get_by_role("dialog").get_by_role("button", name="发布，不再更改").click()
    expect(page.get_by_text("此版本已锁定")).to_be_visible()
    expect(form.get_by_label("中文")).to_be_disabled()
    page.goto(f"{desk_server.url}/desk/checklists/{number}?compare=1")
    expect(page.get_by_role("listitem").filter(has_text="灯泡使用时数").first).to_be_visible()


def _save_behind_the_back(page: Page, number: int) -> None:
    """Another editor saves the same draft."""
    status = page.evaluate(
        """async number => {
            const path = `/api/contracts/DEMO/checklists/${number}`;
            const {content} = await (await fetch(path)).json();
            content.types[0].items[0].zh = "开机";
            const answer = await fetch(path, {
                method: "PATCH",
                headers: {"Content-Type": "application/json"},
                body: JSON.stringify({content}),
            });
            return answer.status;
        }""",
        number,
    )
    assert status == 200


def test_a_person_joins_is_changed_and_leaves(desk_server: Server, open_context: Opener) -> None:
    """A new person with a first password; role (with undo) and telephone change; the membership ends."""
    page = open_context(phone=False).new_page()
    sign_in(page, desk_server, "wang", "/desk/people")
    page.get_by_role("button", name="添加人员").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="添加人员").click()
    expect(sheet.get_by_text("请填写").first).to_be_visible()
    sheet.get_by_label("用户名").fill("sun")
    sheet.get_by_label("姓名", exact=True).fill("孙丽")
    sheet.get_by_label("电话").fill("13800000000")
    sheet.get_by_role("button", name="生成一个").click()
    sheet.get_by_role("button", name="添加人员").click()

    row = page.get_by_role("row").filter(has_text="孙丽")
    expect(row).to_contain_text("13800000000")
    role = row.get_by_role("combobox")
    role.select_option("backup_engineer")
    page.get_by_role("button", name="撤销").click()
    expect(role).to_have_value("inspection_engineer")
    more = row.get_by_role("button", name="孙丽 的操作")
    more.click()
    row.get_by_role("button", name="改联系方式").click()
    phone = page.get_by_role("dialog").get_by_label("电话")
    phone.fill("明天再问")
    page.get_by_role("dialog").get_by_role("button", name="保存").click()
    expect(page.get_by_role("dialog")).to_contain_text("不是电话号码")
    phone.fill("138 0000 0042")
    page.get_by_role("dialog").get_by_role("button", name="保存").click()
    expect(row).to_contain_text("138 0000 0042")
    more.click()
    row.get_by_role("button", name="移出合同").click()
    page.get_by_role("dialog").get_by_role("button", name="移出合同").click()
    expect(row).to_have_count(0)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_screen_holds_to_wcag_aa(
    shared_demo_server: Server, open_context: Opener, language: str
) -> None:
    """Each screen in both languages and themes; on 390 px nothing pushes the page sideways."""
    page = open_context(phone=False).new_page()
    # A colour on its way from one state to the next is no colour to judge.
    page.emulate_media(reduced_motion="reduce")
    sign_in(page, shared_demo_server, "admin")
    kept = f'{{"language": "{language}", "theme": "system"}}'
    page.evaluate("kept => localStorage.setItem('roundbook.settings', kept)", kept)
    found = []
    for path in SCREENS:
        page.set_viewport_size(DESK)  # type: ignore[arg-type]
        page.goto(f"{shared_demo_server.url}{path}")
        page.locator("#content :is(table, form, figure, dl, label)").first.wait_for()
        expect(page.locator("#content [aria-busy=true]")).to_have_count(0)
        found += axe_violations(page)
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{path} is wider than a phone")
    assert found == []
