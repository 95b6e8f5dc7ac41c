"""Two rounds open at once: the late one is finished from the phone before the next one comes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.e2e import phone_hand as hand
from tests.e2e.conftest import axe_violations, sign_in
from tests.e2e.desk_hand import Sender
from tests.e2e.server import Server
from tests.e2e.small_contract import DEVICES, ROOM, SmallContract, present_month

Open = Callable[..., BrowserContext]
CODE = "OTHER"
MEMBERS = {"zhang": "inspection_engineer", "wang": "project_manager"}
STILL_TO_DO = """SELECT task.id FROM round_task AS task JOIN round ON round.id = task.round_id
JOIN contract ON contract.id = round.contract_id
WHERE contract.code = ? AND round.month = ? AND task.outcome = 'todo'"""


def late_month() -> str:
    """The month before this one, whose round nobody has finished."""
    return f"{date.fromisoformat(f'{present_month()}-01') - timedelta(days=1):%Y-%m}"


def name_of(month: str) -> str:
    return f"{int(month[5:])}月"


@pytest.fixture
def small(demo_server: Server, playwright: Playwright) -> SmallContract:
    """A contract with last month's round open beside this month's, all but a device of it done."""
    made: SmallContract = SmallContract.make(playwright, demo_server.url, CODE, MEMBERS)
    made.post("rounds", {"month": late_month()})
    engineer = Sender.sign_in(playwright, demo_server.url, "zhang", CODE)
    rows = engineer.pulled["rows"]
    [late] = [row["id"] for row in rows["rounds"] if row["month"] == late_month()]
    [last] = [row["id"] for row in rows["devices"] if row["name"] == DEVICES[1]]
    for task in rows["tasks"]:
        if task["round_id"] == late and task.get("device_id") != last:
            absent = {"reason": "occupied", "remark": "", "revisit_on": None}
            payload = engineer.payload({"device_id": None, **task}, {}, exception=absent)
            assert engineer.push("inspection", payload)["result"] == "applied"
    return made


def round_of(page: Page, month: str) -> None:
    """The home is of this month's round."""
    expect(page.get_by_role("banner")).to_contain_text(f"{name_of(month)}巡检", timeout=20_000)


def finish_the_last_device(page: Page) -> None:
    """From the home, by hand, and the room's signature with it."""
    page.get_by_role("link", name=re.compile(ROOM)).click()
    expect(page.get_by_role("banner")).to_contain_text(f"{name_of(late_month())}巡检 · 分公司大楼")
    page.get_by_role("link", name=f"下一台：{DEVICES[1]}").click()
    expect(page.get_by_role("banner")).to_contain_text(f"{name_of(late_month())}巡检 · 分公司大楼")
    page.get_by_role("button", name=re.compile("全部正常")).click()
    hand.finish_as_it_is(page)
    page.get_by_role("link", name="回到房间").click()
    page.get_by_role("button", name="自检签字").click()
    page.get_by_role("dialog").get_by_role("button", name="自检签字").click()
    # The screen stays with what was signed; it is the home that goes on.
    expect(page.locator("main")).to_contain_text("自检：你已签字")
    expect(page.get_by_role("banner")).to_contain_text(f"{name_of(late_month())}巡检")


def test_the_rest_of_a_late_round_comes_first_and_then_the_next_one(
    demo_server: Server, small: SmallContract, open_context: Open
) -> None:
    phone = open_context(phone=True).new_page()
    sign_in(phone, demo_server, "zhang")
    phone.evaluate("code => localStorage.setItem('roundbook.contract', JSON.stringify(code))", CODE)
    phone.goto(demo_server.url)
    phone.wait_for_function("() => navigator.serviceWorker.controller !== null")
    round_of(phone, late_month())
    late = phone.get_by_role("radio", name=f"{name_of(late_month())} · 余 1 项")
    present = phone.get_by_role("radio", name=f"{name_of(present_month())} · 余 3 项")
    expect(late).to_be_checked()
    assert axe_violations(phone) == []

    phone.context.set_offline(True)
    present.check(force=True)
    round_of(phone, present_month())
    expect(phone.locator(".hero")).to_contain_text("/ 3")
    late.check(force=True)
    round_of(phone, late_month())
    finish_the_last_device(phone)
    phone.goto(demo_server.url)
    round_of(phone, present_month())
    expect(present).to_be_checked()
    expect(phone.get_by_role("radio", name=name_of(late_month()), exact=True)).to_be_visible()

    phone.context.set_offline(False)
    hand.send_all(phone, demo_server)
    assert hand.ask(demo_server, STILL_TO_DO, CODE, late_month()) == []
    small.post(f"rounds/{late_month()}/finish", {})
    hand.send_all(phone, demo_server)
    phone.goto(demo_server.url)
    round_of(phone, present_month())
    expect(phone.get_by_role("radio", name=re.compile("月"))).to_have_count(0)
