"""The demo's half-done month, taken to a report that the client has confirmed, by hand (issue 4)."""

from __future__ import annotations

import email
import email.policy
import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.acceptance import over_http
from tests.e2e import phone_hand as hand
from tests.e2e.conftest import DESK, PHONE, axe_violations, sign_in
from tests.e2e.desk_hand import Sender
from tests.e2e.server import Server
from tests.e2e.small_contract import present_month

Opener = Callable[..., BrowserContext]
Words = dict[str, str]
# A report of a few rooms is made in seconds; a loaded machine takes its time.
PATIENT_MS = 120_000
ENGINEERS = ("li", "zhang", "liu", "chen", "zhao")
WORDS = {
    "zh": {
        "accept_normal": "通过所示全部正常的",
        "pick": "的为准",
        "finish": "完成巡检",
        "close": "了结",
        "choose_all": "全选",
        "sign_self": "自检签字",
        "sign_peer": "互检签字",
        "accept": "终验通过",
        "nothing_blocks": "这个月没有什么挡着了",
        "closed": "这个月已了结",
        "issue": "出具报告",
        "send": "发送给客户",
        "issued": "已出具",
        "sent": "已发送",
        "confirmed": "客户于",
        "addresses": "收件地址",
        "name": "您的姓名",
        "comment": "意见",
        "send_comment": "提交意见",
        "confirm": "确认报告",
        "thanks": "已确认，谢谢",
        "read": "阅读全文",
        "correction": "出具更正",
        "name_missing": "请填写姓名",
    },
    "en": {
        "accept_normal": "Accept all shown that are normal",
        "pick": "Let ",
        "finish": "Finish the round",
        "close": "Close",
        "choose_all": "Choose all",
        "sign_self": "Sign the self-check",
        "sign_peer": "Sign the peer check",
        "accept": "Accept the round",
        "nothing_blocks": "Nothing blocks this month any more",
        "closed": "This month is closed",
        "issue": "Issue the report",
        "send": "Send to the client",
        "issued": "Issued",
        "sent": "Sent",
        "confirmed": "Confirmed by the client",
        "addresses": "Addresses",
        "name": "Your name",
        "comment": "Comment",
        "send_comment": "Send the comment",
        "confirm": "Confirm the report",
        "thanks": "Confirmed, thank you",
        "read": "Read the report",
        "correction": "Issue a correction",
        "name_missing": "Please give your name",
    },
}


def speak(page: Page, language: str) -> None:
    """Have the page in this language from now on."""
    kept = f'{{"language": "{language}", "theme": "system"}}'
    page.add_init_script(f"localStorage.setItem('roundbook.settings', '{kept}')")


def link_of(server: Server) -> str:
    """The link in the mail that the server has sent, as the client finds it."""
    folder, ends_at = server.data_dir / "mail", time.monotonic() + 60
    while time.monotonic() < ends_at:
        for path in folder.glob("*.eml") if folder.exists() else ():
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if message["To"] and "lead@client.example" in message["To"]:
                found = re.search(r"http://\S+/l/report/\S+", message.get_content())
                assert found, message.get_content()
                return found[0]
        time.sleep(0.2)
    raise AssertionError("no mail has come")


def wide_or_narrow(page: Page) -> list[str]:
    """What axe finds on a desk, and whether the page is wider than a phone on a phone."""
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    found = axe_violations(page)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    found += axe_violations(page)
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append(f"{page.url} is wider than a phone")
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize(("language", "theme"), [("zh", "light"), ("en", "dark")])
def test_the_half_done_month_becomes_a_confirmed_report(
    demo_server: Server, playwright: Playwright, open_context: Opener, language: str, theme: str
) -> None:
    words, month = WORDS[language], present_month()

    def page_of(login: str | None, path: str = "/", *, phone: bool = False) -> Page:
        page = open_context(phone=phone, theme=theme).new_page()
        page.emulate_media(reduced_motion="reduce")
        speak(page, language)
        if login:
            sign_in(page, demo_server, login, path)
        return page

    team = {
        login: Sender.sign_in(playwright, demo_server.url, login) for login in (*ENGINEERS, "wang")
    }
    the_rest_is_sent(team, demo_server)
    desk = page_of("wang", f"/desk/photos?month={month}&review=returned")
    review_the_photos(desk, demo_server, team["wang"], words, month)
    decide_and_finish(desk, demo_server, words, month)
    sign_the_rooms(page_of, team, words, month)
    accept_the_month(desk, demo_server, words, month)
    issue_and_send(desk, demo_server, words, month)
    client = page_of(None, phone=True)
    the_client_confirms(client, demo_server, words, month)
    desk.goto(f"{demo_server.url}/desk/report/{month}")
    expect(desk.locator(".steps")).to_contain_text(words["confirmed"])
    expect(desk.get_by_text("第二页的照片偏暗")).to_be_visible()
    assert wide_or_narrow(desk) == []
    desk.goto(f"{demo_server.url}/desk/ready/{month}")
    expect(desk.locator("main")).to_contain_text(words["closed"])


def the_rest_is_sent(team: dict[str, Sender], server: Server) -> None:
    """What is left is occupied, and the answer that was sent back is given; as phones send it."""
    for login in ENGINEERS:
        sender = team[login]
        [(user_id,)] = hand.ask(server, "SELECT id FROM user WHERE login = ?", login)
        query = (
            "SELECT task.id FROM round_task AS task JOIN round ON round.id = task.round_id"
            " WHERE round.month = ? AND task.outcome = 'todo' AND task.assignee_id = ? AND NOT task.removed"
        )
        waiting = {row[0] for row in hand.ask(server, query, present_month(), user_id)}
        for task in sender.pulled["rows"]["tasks"]:
            if task["id"] in waiting:
                absent = {"reason": "occupied", "remark": "", "revisit_on": None}
                payload = sender.payload({"device_id": None, **task}, {}, exception=absent)
                assert sender.push("inspection", payload)["result"] == "applied"
    [(text, revision)] = hand.ask(
        server,
        "SELECT payload, inspection.revision FROM returned_answer JOIN inspection ON inspection.id ="
        " returned_answer.inspection_id JOIN inspection_revision AS kept ON kept.inspection_id ="
        " inspection.id AND kept.number = inspection.revision WHERE closed_at IS NULL"
        " AND returned_answer.revision = inspection.revision",
    )
    payload = json.loads(text) | {"amends": revision}
    for reading in payload["readings"]:
        if reading["item"] == "count":
            reading["remark"] = "又数了一遍"
    assert team["zhang"].push("amendment", payload)["result"] == "applied"


def review_the_photos(
    desk: Page, server: Server, manager: Sender, words: Words, month: str
) -> None:
    """The one that was sent back will do after all; the normal ones at once, the rest by the key."""
    for review in ("returned", "none"):
        desk.goto(f"{server.url}/desk/photos?month={month}&review={review}")
        if review == "none":
            with desk.expect_response(re.compile("/photos/review$")):
                desk.get_by_role("button", name=words["accept_normal"]).click()
            desk.goto(f"{server.url}/desk/photos?month={month}&review={review}")
        count = int(manager.get(f"photos?month={month}&review={review}&page_size=1")["total"])
        assert count > 0
        desk.locator("[data-index='0']").click()
        expect(desk.locator(".stage img").last).to_be_visible()
        for _ in range(count):
            with desk.expect_response(re.compile("/review$")) as answer:
                desk.keyboard.press("a")
            assert answer.value.ok
    assert manager.get(f"photos?month={month}&review=none&page_size=1")["total"] == 0


def decide_and_finish(desk: Page, server: Server, words: Words, month: str) -> None:
    """The pair is decided, the answer closed, the round finished."""
    query = (
        "SELECT min(inspection.id) FROM inspection JOIN round ON round.id = inspection.round_id"
        " WHERE round.month = ? AND device_id IS NOT NULL GROUP BY task_id"
        " HAVING count(*) > 1 AND sum(choice = 'picked') = 0"
    )
    for (inspection_id,) in hand.ask(server, query, month):
        desk.goto(f"{server.url}/desk/inspections/{inspection_id}")
        desk.get_by_role("button", name=re.compile(words["pick"])).first.click()
        expect(desk.locator("th.counts")).to_be_visible()
    desk.goto(f"{server.url}/desk/returns?month={month}&kind=answer&state=answered")
    rows = desk.locator("tbody tr")
    waiting = len(hand.ask(server, "SELECT 1 FROM returned_answer WHERE closed_at IS NULL"))
    for left in range(waiting, 0, -1):
        expect(rows).to_have_count(left)
        rows.first.click()
        detail = desk.locator("div.detail")
        detail.get_by_role("button", name=words["close"], exact=True).click()
    expect(rows).to_have_count(0)
    desk.goto(f"{server.url}/desk")
    desk.get_by_role("button", name=words["finish"]).click()
    expect(desk.get_by_role("button", name=words["finish"])).to_have_count(0)


def sign_the_rooms(
    page_of: Callable[..., Page], team: dict[str, Sender], words: Words, month: str
) -> None:
    """One engineer and one colleague sign by hand, all of their rooms at one press; the others likewise."""
    page = page_of("zhang", f"/desk/acceptance/{month}?state=mine_self")
    sign_all_shown(page, words["choose_all"], words["sign_self"])
    for login in ENGINEERS:
        over_http.self_check(team[login], month)
    over_http.look_again(team["zhang"], month)
    page.goto(page.url.split("?")[0] + "?state=mine_check")
    sign_all_shown(page, words["choose_all"], words["sign_peer"])
    for login in ENGINEERS:
        over_http.peer_check(team[login], month)


def sign_all_shown(page: Page, choose: str, sign: str) -> None:
    """Choose all the rooms that are shown and sign them together."""
    page.get_by_role("button", name=re.compile(choose)).click()
    page.locator(".bar").get_by_role("button", name=re.compile(sign)).click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name=sign, exact=True).click()
    expect(page.locator(".line input[type=checkbox]")).to_have_count(0)


def accept_the_month(desk: Page, server: Server, words: Words, month: str) -> None:
    """The project manager, who has inspected and signed nothing."""
    desk.goto(f"{server.url}/desk/acceptance/{month}")
    desk.get_by_role("button", name=words["accept"]).click()
    desk.get_by_role("dialog").get_by_role("button", name=words["accept"]).click()
    expect(desk.get_by_role("button", name=words["accept"])).to_have_count(0)


def issue_and_send(desk: Page, server: Server, words: Words, month: str) -> None:
    """The report is issued from what is previewed, and nothing blocks the month any more."""
    desk.goto(f"{server.url}/desk/report/{month}")
    # The preview is drawn from the very file, page by page.
    first_page = desk.locator("ol img").first
    expect(first_page).to_be_visible(timeout=PATIENT_MS)
    desk.wait_for_function("() => document.querySelector('ol img').naturalWidth > 800")
    assert wide_or_narrow(desk) == []

    desk.get_by_role("button", name=words["issue"]).click()
    sheet = desk.get_by_role("dialog")
    sheet.locator("textarea").fill("下月更换两只投影灯泡")
    sheet.get_by_role("button", name=words["issue"]).click()
    expect(desk.locator(".toast")).to_contain_text(f"DEMO-{month}")
    send = desk.get_by_role("button", name=words["send"])
    expect(send).to_be_enabled(timeout=PATIENT_MS)
    send.click()
    sheet.get_by_label(words["addresses"]).fill("lead@client.example")
    sheet.get_by_role("button", name=words["send"]).click()
    expect(desk.locator(".steps")).to_contain_text(words["sent"])
    desk.goto(f"{server.url}/desk/ready/{month}")
    expect(desk.locator("main")).to_contain_text(words["nothing_blocks"])


def the_client_confirms(client: Page, server: Server, words: Words, month: str) -> None:
    """Without an account, on a phone, by the link in the mail."""
    client.goto(link_of(server))
    expect(client.get_by_text(f"DEMO-{month}")).to_be_visible()
    client.get_by_role("heading", name=words["read"]).scroll_into_view_if_needed()
    client.wait_for_function("() => document.querySelector('ol img').naturalWidth > 800")
    assert axe_violations(client) == []
    with client.expect_download() as download:
        client.get_by_role("link", name=re.compile("PDF")).click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")

    client.get_by_role("button", name=words["confirm"]).click()
    expect(client.get_by_text(words["name_missing"])).to_be_visible()
    client.get_by_label(words["name"]).fill("陈静")
    client.get_by_label(words["comment"]).fill("第二页的照片偏暗")
    client.get_by_role("button", name=words["send_comment"]).click()
    expect(client.locator(".said")).to_contain_text("第二页的照片偏暗")
    client.get_by_role("button", name=words["confirm"]).click()
    expect(client.locator(".toast").last).to_contain_text(words["thanks"])
    expect(client.get_by_role("button", name=words["confirm"])).to_have_count(0)
