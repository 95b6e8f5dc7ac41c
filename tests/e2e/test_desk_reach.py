"""The desk by every way of looking at it: open sheets, both languages and themes, a narrow window."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.acceptance import over_http
from tests.e2e.conftest import DESK, PHONE, axe_violations, sign_in
from tests.e2e.desk_hand import DISPLAY, Sender, sign_the_round
from tests.e2e.server import Server
from tests.e2e.small_contract import SmallContract, present_month
from tests.e2e.test_desk_estate import SCREENS

Open = Callable[..., BrowserContext]


@dataclass(frozen=True)
class Sheet:
    """A side sheet, and the presses that open it, each the name in both languages."""

    path: str
    presses: tuple[tuple[str, str], ...]


SHEETS = (
    Sheet("/desk/estate?room_id=9", (("添加", "Add"), ("添加设备", "Add a device"))),
    Sheet("/desk/estate?room_id=9", (("添加", "Add"), ("添加房间", "Add a room"))),
    Sheet("/desk/devices/46", (("编辑", "Edit"),)),
    Sheet("/desk/people", (("添加人员", "Add a person"),)),
    Sheet("/desk/people?view=contracts", (("新建合同", "New contract"),)),
)
ALL_SCREENS = (
    *SCREENS,
    "/desk",
    "/desk/photos",
    "/desk/acceptance",
    "/desk/acceptance?state=voided",
    "/desk/open-items",
    "/desk/service-log",
    "/desk/knowledge",
    "/desk/people?view=team",
    "/desk/people?view=manuals",
    "/desk/service-log?view=month",
    "/desk/returns",
    "/desk/quarantine",
    "/desk/sync",
    "/desk/rescue",
    "/desk/ready",
    "/desk/notifications",
    "/desk/notifications/choice",
    "/desk/contract?view=mail",
)
# What can be pressed and lies outside the window, without a scroller of its own around it.
OUT_OF_REACH = """
() => [...document.querySelectorAll("button, a[href], input, select, textarea, summary")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
  .filter((one) => !one.closest(".visually-hidden, .skip, .toasts, [inert]")
    && !one.classList.contains("visually-hidden"))
  .filter((one) => {
    for (let up = one.parentElement; up; up = up.parentElement) {
      const flow = getComputedStyle(up).overflowX;
      if (flow === "auto" || flow === "scroll") return false;
    }
    return true;
  })
  .map((one) => ({ one, box: one.getBoundingClientRect() }))
  .filter(({ box }) => box.width > 0 && (box.left < -1 || box.right > innerWidth + 1))
  .map(({ one, box }) => `${one.outerHTML.slice(0, 120)} from ${box.left} to ${box.right}`)
"""
# What is cut off at the side on a whole desk, where nobody thinks of scrolling.
CUT_OFF = """
() => [...document.querySelectorAll("#content *")]
  .filter((one) => /auto|scroll/.test(getComputedStyle(one).overflowX))
  .filter((one) => one.clientWidth > 0 && one.scrollWidth > one.clientWidth + 1)
  .map((one) => `${one.className} cuts ${one.scrollWidth - one.clientWidth} px off`)
"""


def administrator(open_context: Open, server: Server, language: str) -> Page:
    """An administrator at the desk, in a language."""
    page = open_context(phone=False).new_page()
    page.emulate_media(reduced_motion="reduce")
    sign_in(page, server, "admin")
    kept = json.dumps({"language": language, "theme": "system"})
    page.evaluate("kept => localStorage.setItem('roundbook.settings', kept)", kept)
    return page


def come_to_rest(page: Page) -> None:
    """What the screen is for is there, and nothing is on its way."""
    expect(page.locator("#content h1")).to_be_visible()
    expect(page.locator("#content [aria-busy=true]")).to_have_count(0)
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_open_sheets_hold_to_wcag_aa(
    language: str, shared_demo_server: Server, open_context: Open
) -> None:
    page = administrator(open_context, shared_demo_server, language)
    found = []
    for sheet in SHEETS:
        page.goto(shared_demo_server.url + sheet.path)
        come_to_rest(page)
        for names in sheet.presses:
            name = names[0] if language == "zh" else names[1]
            page.get_by_role("button", name=name, exact=True).first.click()
        expect(page.locator("dialog[open]")).to_be_visible()
        found += axe_violations(page)
    page.goto(f"{shared_demo_server.url}/desk/labels?view=list")
    come_to_rest(page)
    for nth in range(2):
        page.locator("tbody tr").first.get_by_role("button").click()
        page.locator(".menu:popover-open .item").nth(nth).click()
        expect(page.locator("dialog[open]")).to_be_visible()
        found += axe_violations(page)
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
    assert found == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_narrow_window_scrolls_nowhere_sideways_and_leaves_nothing_out_of_reach(
    language: str, shared_demo_server: Server, open_context: Open
) -> None:
    page = administrator(open_context, shared_demo_server, language)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    wrong = []
    for path in ALL_SCREENS:
        page.goto(shared_demo_server.url + path)
        come_to_rest(page)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong.append(f"{path} is wider than the window")
        wrong += [f"{path} {one}" for one in page.evaluate(OUT_OF_REACH)]
        page.set_viewport_size(DESK)  # type: ignore[arg-type]
        wrong += [f"{path} {one}" for one in page.evaluate(CUT_OFF)]
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert wrong == []


def test_the_screen_that_is_open_stays_in_sight_in_the_desks_list(
    shared_demo_server: Server, open_context: Open
) -> None:
    """The list is longer than the window is high."""
    page = administrator(open_context, shared_demo_server, "en")
    for path in ("/desk/connections", "/desk"):
        page.goto(shared_demo_server.url + path)
        expect(page.locator("aside nav a[aria-current=page]")).to_be_in_viewport(ratio=1)


def test_a_round_is_accepted_takes_nothing_more_and_is_reopened(
    demo_server: Server, playwright: Playwright, open_context: Open
) -> None:
    members = {
        "zhang": "inspection_engineer",
        "liu": "backup_engineer",
        "wang": "project_manager",
    }
    SmallContract.make(playwright, demo_server.url, "OTHER", members)
    engineer = Sender.sign_in(playwright, demo_server.url, "zhang", "OTHER")
    tasks = engineer.pulled["rows"]["tasks"]
    for task in tasks:
        absent = {"reason": "occupied", "remark": "", "revisit_on": None}
        more = {} if task.get("device_id") else {"exception": absent}
        readings = DISPLAY if task.get("device_id") else {}
        payload = engineer.payload({"device_id": None, **task}, readings, **more)
        assert engineer.push("inspection", payload)["result"] == "applied"

    page = open_context(phone=False).new_page()
    sign_in(page, demo_server, "wang")
    page.evaluate("localStorage.setItem('roundbook.contract', JSON.stringify('OTHER'))")
    page.goto(f"{demo_server.url}/desk")
    page.get_by_role("button", name="完成巡检").click()
    expect(page.locator("main")).to_contain_text("巡检已完成")
    page.get_by_role("link", name="去终验").click()
    expect(page.locator("main")).to_contain_text("待自检的会议室")
    expect(page.get_by_role("button", name="终验通过")).to_be_disabled()
    over_http.self_check(engineer, present_month())
    colleague = Sender.sign_in(playwright, demo_server.url, "liu", "OTHER")
    over_http.peer_check(colleague, present_month())
    page.reload()
    sign_the_round(page)
    late = engineer.payload({"device_id": None, **tasks[0]}, DISPLAY)
    assert engineer.push("inspection", late)["code"] == "round_closed"

    page.goto(f"{demo_server.url}/desk")
    page.get_by_role("button", name="重新打开").click()
    expect(page.get_by_role("button", name="完成巡检")).to_be_visible()
    state = Sender.sign_in(playwright, demo_server.url, "wang", "OTHER").get("rounds")[0]
    assert (state["month"], state["state"]) == (present_month(), "open")
