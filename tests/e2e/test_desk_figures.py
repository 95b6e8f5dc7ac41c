"""The figures before a wide screen and a narrow one: read, as charts or as tables, and saved."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Playwright, expect

from tests.e2e import server as servers
from tests.e2e.conftest import axe_violations, sign_in
from tests.e2e.server import Server
from tests.e2e.small_contract import SmallContract

Open = Callable[..., BrowserContext]
NARROW = {"width": 390, "height": 844}
PATIENT_MS = 15_000


@pytest.fixture(scope="module")
def server(demo_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo contract with its twelve months."""
    folder = tmp_path_factory.mktemp("figures") / "data"
    running = Server(servers.copy_of(demo_template, folder)).start()
    yield running
    running.stop()


def supervisor(
    open_context: Open,
    server: Server,
    path: str = "/desk/figures",
    *,
    language: str = "zh",
    theme: str = "light",
    login: str = "wang",
    **more: Any,
) -> Page:
    """A supervisor before a screen whose figures are there."""
    page = open_context(phone=False, theme=theme, **more).new_page()
    sign_in(page, server, login)
    kept = json.dumps({"language": language, "theme": "system"})
    page.evaluate("kept => localStorage.setItem('roundbook.settings', kept)", kept)
    page.goto(f"{server.url}{path}")
    come_to_rest(page)
    return page


def come_to_rest(page: Page) -> None:
    expect(page.locator("#content h2").first).to_be_visible(timeout=PATIENT_MS)
    expect(page.locator("#content [role=status]:text-matches('正在打开|Opening')")).to_have_count(0)
    page.wait_for_load_state("networkidle")


def told(page: Page, path: str) -> Any:
    """What the server says, to the same person."""
    return page.evaluate("async path => (await fetch(path)).json()", f"/api/contracts/DEMO/{path}")


def figure(page: Page, name: str) -> Locator:
    return page.get_by_role("figure", name=name, exact=True)


def percent(share: dict[str, Any]) -> str:
    return f"{share['percent']:g}%"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_charts_and_tables_hold_to_wcag_aa(
    language: str, server: Server, open_context: Open
) -> None:
    page = supervisor(open_context, server, language=language)
    found = axe_violations(page)
    lamp = told(page, "forecast")["hours"][0]["device_id"]
    for path in ("/desk/figures?view=table", f"/desk/devices/{lamp}"):
        page.goto(server.url + path)
        come_to_rest(page)
        found += axe_violations(page)
    assert found == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_is_wider_than_a_narrow_screen(
    language: str, server: Server, open_context: Open
) -> None:
    page = supervisor(open_context, server, language=language)
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    for path in ("/desk/figures", "/desk/figures?view=table&months=24"):
        page.goto(server.url + path)
        come_to_rest(page)
        over = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, path


def test_the_figures_are_those_of_the_server_and_of_the_month(
    server: Server, open_context: Open
) -> None:
    page = supervisor(open_context, server)
    months = told(page, "figures")["months"]
    now, before = months[-1], months[-2]
    rate, able = figure(page, "合格率"), figure(page, "可用性")
    expect(rate.locator("strong")).to_have_text(percent(now["pass_rate"]))
    expect(able.locator("strong")).to_have_text(percent(now["availability"]))
    expect(page.get_by_text("巡检进行中")).to_be_visible()
    standing = figure(page, "遗留问题").locator("strong")
    expect(standing).to_have_text(str(now["open_items"]["standing"]))
    page.keyboard.press("[")
    expect(page).to_have_url(re.compile(rf"month={before['month']}"))
    expect(rate.locator("strong")).to_have_text(percent(before["pass_rate"]))
    expect(standing).to_have_text(str(before["open_items"]["standing"]))
    expect(page.get_by_text("巡检进行中")).to_have_count(0)
    # The room whose lamp is due can't hold a meeting, and leads to the open item that says so.
    (room,) = told(page, f"rounds/{before['month']}/figures")["rooms"]["disabled"]
    page.get_by_role("link", name=f"遗留问题 #{room['numbers'][0]}").first.click()
    # The link shows the item in the list of all, so its address is the list's a moment later.
    expect(page).to_have_url(re.compile(rf"/desk/open-items.*\b{room['numbers'][0]}\b"))


def test_each_chart_has_its_table_behind_it(server: Server, open_context: Open) -> None:
    page = supervisor(open_context, server)
    months = told(page, "figures")["months"]
    rate = figure(page, "合格率")
    drawn = rate.get_by_role("img")
    expect(drawn).to_have_attribute("aria-label", re.compile(percent(months[0]["pass_rate"])))
    rate.get_by_role("button", name="以表格显示：合格率").click()
    expect(drawn).to_have_count(0)
    rows = rate.locator("tbody tr")
    expect(rows).to_have_count(len(months))
    last = months[-1]["pass_rate"]
    cells = [percent(last), str(last["part"]), str(last["whole"])]
    expect(rows.first.locator("td")).to_have_text(cells)
    rate.get_by_role("button", name="以图显示：合格率").click()
    expect(drawn).to_be_visible()
    # All of them by one key, and a reload shows the same.
    page.keyboard.press("t")
    expect(page.locator("figure [role=region]")).to_have_count(5)
    page.reload()
    expect(page.locator("figure [role=region]")).to_have_count(5)
    types = figure(page, "各类设备状态").locator("tbody tr")
    figures = told(page, f"rounds/{months[-1]['month']}/figures")
    for row, line in zip(figures["types"], types.all(), strict=True):
        expect(line.locator("th")).to_have_text(row["zh"])
        numbers = [str(row[name]) for name in ("normal", "abnormal", "not_tested", "todo", "total")]
        expect(line.locator("td")).to_have_text([*numbers, percent(row["pass_rate"])])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chart_is_saved_as_a_picture_and_its_table_as_a_file(
    theme: str, server: Server, open_context: Open, tmp_path: Path
) -> None:
    page = supervisor(open_context, server, theme=theme)
    files: dict[str, bytes] = {}
    for name in ("各类设备状态", "合格率"):
        for choice in ("矢量图（SVG）", "图片（PNG）", "CSV", "Excel"):
            frame = figure(page, name)
            frame.get_by_role("button", name=f"保存：{name}").click()
            with page.expect_download() as saving:
                frame.locator(".menu:popover-open .item").filter(has_text=choice).click()
            saving.value.save_as(tmp_path / "saved")
            files[f"{name} {choice}"] = (tmp_path / "saved").read_bytes()
    drawing = files["各类设备状态 矢量图（SVG）"].decode()
    words = {text.text for text in ET.fromstring(drawing).iter("{http://www.w3.org/2000/svg}text")}
    assert {"各类设备状态", "投影机", "正常", "异常", "合格率"} <= words
    # It stands on its own, in daylight colours whatever the screen shows.
    assert "class=" not in drawing
    assert "var(" not in drawing
    assert "rgb(36, 122, 69)" in drawing
    assert files["合格率 图片（PNG）"].startswith(b"\x89PNG")
    assert files["合格率 CSV"].decode("utf-8-sig").startswith('"月份"')
    assert files["各类设备状态 Excel"].startswith(b"PK")


def test_a_repeat_offender_leads_to_its_device_and_a_lamp_to_its_forecast(
    server: Server, open_context: Open
) -> None:
    # One login is let in ten times a minute; the tests above have had theirs.
    page = supervisor(open_context, server, login="admin")
    worst = told(page, "repeat-offenders")[0]
    row = page.get_by_role("table", name="反复异常").locator("tbody tr").first
    expect(row).to_contain_text(worst["item_zh"])
    expect(row).to_contain_text(f"连续 {worst['in_a_row']} 个月")
    row.get_by_role("link", name=worst["device_name"]).click()
    expect(page).to_have_url(re.compile(rf"/desk/devices/{worst['device_id']}$"))
    page.go_back()
    come_to_rest(page)
    lamps = told(page, "forecast")["hours"]
    table = page.get_by_role("table", name="更换预测")
    expect(table.locator("tbody tr").first).to_contain_text("已到更换线")
    expected = next(lamp for lamp in lamps if lamp["state"] == "expected")
    year, month = expected["due_month"].split("-")
    table.get_by_role("link", name=expected["device_name"], exact=True).click()
    expect(page).to_have_url(re.compile(rf"/desk/devices/{expected['device_id']}$"))
    chart = figure(page, "灯泡时数")
    expect(chart).to_contain_text(f"预计更换: {year}年{int(month)}月")
    expect(chart.locator("path.ahead")).to_have_count(1)
    expect(chart.locator("rect.range")).to_have_count(1)
    chart.get_by_role("button", name="以表格显示：灯泡时数").click()
    expect(chart.locator("tbody tr")).to_have_count(len(expected["readings"]))


def test_a_contract_without_rounds_is_told_what_to_do(
    server: Server, playwright: Playwright, open_context: Open
) -> None:
    request = SmallContract("DEMO", playwright.request.new_context(base_url=server.url)).request
    who = {"login": "admin", "password": "roundbook-demo"}
    assert request.post("/api/session", data=who).ok
    new = {"code": "EMPTY", "name_zh": "新合同", "name_en": "New"}
    assert request.post("/api/contracts", data=new).ok
    page = open_context(phone=False).new_page()
    sign_in(page, server, "admin")
    page.evaluate("() => localStorage.setItem('roundbook.contract', '\"EMPTY\"')")
    page.goto(f"{server.url}/desk/figures")
    expect(page.get_by_text("还没有巡检")).to_be_visible(timeout=PATIENT_MS)
