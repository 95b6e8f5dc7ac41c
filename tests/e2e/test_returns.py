"""One answer is sent back, not the round: desk, phone, no network, desk again (feature 5)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.e2e import phone_hand as hand
from tests.e2e.conftest import axe_violations, sign_in
from tests.e2e.server import Server
from tests.e2e.test_phone_screens import check

Open = Callable[..., BrowserContext]
SYNC_MS = 20_000
WORDS = "丢包率读得太低,请插上网线重测"


@dataclass(frozen=True)
class Texts:
    """What the screens say in one language."""

    language: str
    send_back: str
    phrase: str
    form: str
    sent: str
    before: str
    correct: str
    undo: str
    refresh: re.Pattern[str]
    delivered: str
    changed: str
    close: str
    closed: str
    link: str
    answered_link: str
    all_ok: re.Pattern[str]
    finish: str


ZH = Texts(
    language="zh",
    send_back="退回：丢包率",
    phrase="读数与照片不符",
    form="退回给",
    sent="已退回给",
    before="退回前的答复：0.1%",
    correct="保存更正",
    undo="撤销",
    refresh=re.compile("立即发送|更新巡检数据"),
    delivered="全部送达服务器",
    changed="改动",
    close="了结",
    closed="已了结",
    link="读数已退回待答",
    answered_link="已答复待复看",
    all_ok=re.compile("全部正常"),
    finish="完成",
)
EN = Texts(
    language="en",
    send_back="Send back: Packet loss",
    phrase="The reading differs from the photo",
    form="Send back to",
    sent="Sent back to",
    before="Answer that was sent back: 0.1%",
    correct="Save the correction",
    undo="Undo",
    refresh=re.compile("Send now|Update"),
    delivered="",
    changed="What changed",
    close="Close",
    closed="Closed",
    link="Answers sent back, to be given again",
    answered_link="Answered, to be looked at again",
    all_ok=re.compile("All OK"),
    finish="Finish",
)


@pytest.fixture(params=[ZH, EN], ids=["zh", "en"])
def texts(request: pytest.FixtureRequest) -> Texts:
    chosen: Texts = request.param
    return chosen


def inspected(page: Page, server: Server, task: hand.Task, texts: Texts) -> None:
    """All is in order, with a packet loss of 0.1 per cent; and the server has it."""
    page.goto(f"{server.url}/inspect/{task.id}")
    page.get_by_role("button", name=texts.all_ok).click()
    hand.item(page, "loss").locator("input").fill("0.1")
    page.locator(".actions .button.main").last.click()
    page.locator("dialog[open] footer button").click()
    expect(page.locator(".done")).to_be_visible()
    until_delivered(page, server, task)


def until_delivered(page: Page, server: Server, task: hand.Task, revision: int = 1) -> None:
    """Send at once, and wait until the server has it."""
    page.goto(f"{server.url}/sync")
    page.locator("main .button.main, main .button").filter(has_text=SEND).first.click()
    query = "SELECT revision FROM inspection WHERE task_id = ?"
    for _ in range(100):
        if hand.ask(server, query, task.id) == [(revision,)]:
            return
        page.wait_for_timeout(200)
    raise AssertionError(hand.ask(server, query, task.id))


SEND = re.compile("立即发送|更新巡检数据|Send now|Update the round")


def supervisor(open_context: Open, server: Server, path: str, texts: Texts) -> Page:
    page = open_context(phone=False).new_page()
    sign_in(page, server, "wang")
    kept = json.dumps({"language": texts.language, "theme": "system"})
    page.evaluate("kept => localStorage.setItem('roundbook.settings', kept)", kept)
    page.goto(f"{server.url}{path}")
    expect(page.locator("#content h1")).to_be_visible(timeout=SYNC_MS)
    return page


def back_link(page: Page) -> Locator:
    """What was sent back, in the engineer's list."""
    return page.locator("a[href*='returned=answer']").filter(has_text=WORDS)


def test_one_answer_goes_back_is_amended_without_a_network_and_closed(
    open_context: Open, demo_server: Server, texts: Texts
) -> None:
    task = hand.todo(demo_server, "codec")
    page = open_context(phone=True).new_page()
    hand.use_phone(page, demo_server, task.login, texts.language)
    inspected(page, demo_server, task, texts)
    query = "SELECT id FROM inspection WHERE task_id = ?"
    [(inspection_id,)] = hand.ask(demo_server, query, task.id)

    # The supervisor sends one answer back: one press, words from the list and his own.
    desk = supervisor(open_context, demo_server, f"/desk/inspections/{inspection_id}", texts)
    desk.get_by_role("button", name=texts.send_back).click()
    form = desk.locator("dialog[open]")
    expect(form).to_contain_text(texts.form)
    form.locator("footer .main").click()
    expect(form.locator("textarea")).to_be_focused()  # not without words
    form.get_by_role("button", name=texts.phrase).click()
    expect(form.locator("textarea")).to_have_value(texts.phrase)
    form.locator("textarea").fill(WORDS)
    wrong = axe_violations(desk)
    form.locator("textarea").press("Control+Enter")
    expect(desk.locator(".toasts")).to_contain_text(texts.sent)
    expect(desk.locator("tr.back")).to_contain_text(WORDS)
    desk.goto(f"{demo_server.url}/desk")
    desk.get_by_role("link", name=texts.link).last.click()
    expect(desk.locator("tbody tr").filter(has_text=WORDS)).to_be_visible()

    # It lands on top of the engineer's list, and needs no network from then on.
    page.locator("main .button").filter(has_text=SEND).first.click()
    page.goto(demo_server.url)
    expect(back_link(page)).to_be_visible(timeout=SYNC_MS)
    page.context.set_offline(True)
    page.goto(demo_server.url)
    expect(back_link(page)).to_be_visible()
    first = page.locator("main h2").first.bounding_box()
    assert first
    assert page.locator(".hero").bounding_box()["y"] > first["y"]  # type: ignore[index]
    wrong += check(page)
    back_link(page).click()
    loss = hand.item(page, "loss")
    expect(loss).to_be_focused()
    expect(loss).to_be_in_viewport()
    expect(loss.locator(".returned")).to_contain_text(WORDS)
    expect(loss.locator(".returned")).to_contain_text(texts.before)
    wrong += check(page)
    # Finished as it is, it is asked whether that is meant.
    page.get_by_role("button", name=texts.correct).click()
    sheet = page.locator("dialog[open]")
    expect(sheet).to_contain_text(WORDS)
    wrong += check(page)
    page.keyboard.press("Escape")
    loss.locator("input").fill("0.4")
    page.get_by_role("button", name=texts.correct).click()
    if sheet.is_visible():
        sheet.locator("footer button").click()
    expect(page.locator(".done")).to_be_visible()

    # It has left the list at once; undone, it is there again.
    page.locator(".toasts").get_by_role("button", name=texts.undo).click()
    expect(loss.locator(".returned")).to_contain_text(WORDS)
    page.get_by_role("button", name=texts.correct).click()
    if sheet.is_visible():
        sheet.locator("footer button").click()
    expect(page.locator(".done")).to_be_visible()
    page.goto(demo_server.url)
    expect(page.locator(".hero")).to_be_visible()
    expect(back_link(page)).to_have_count(0)
    page.context.set_offline(False)
    until_delivered(page, demo_server, task, 2)

    # The desk shows it answered, with what was changed, and closes it.
    desk.goto(f"{demo_server.url}/desk")
    desk.get_by_role("link", name=texts.answered_link).last.click()
    desk.locator("tbody tr").filter(has_text=WORDS).click()
    detail = desk.locator("div.detail")
    expect(detail).to_contain_text(texts.changed)
    expect(detail.locator("del").first).to_have_text("0.1%")
    expect(detail.locator("ins").first).to_have_text("0.4%")
    wrong += axe_violations(desk)
    detail.get_by_role("button", name=texts.close, exact=True).click()
    expect(desk.locator(".toasts")).to_contain_text(texts.closed)
    expect(desk.locator("tbody tr").filter(has_text=WORDS)).to_have_count(0)
    desk.locator(".toasts").get_by_role("button", name=texts.undo).click()
    expect(desk.locator("tbody tr").filter(has_text=WORDS)).to_be_visible()
    [(state,)] = hand.ask(demo_server, "SELECT state FROM returned_answer WHERE remark = ?", WORDS)
    assert state == "open"
    assert wrong == []


def test_whoever_takes_the_room_over_answers_from_a_phone_that_never_held_the_record(
    open_context: Open, demo_server: Server
) -> None:
    task = hand.todo(demo_server, "codec")
    author = open_context(phone=True).new_page()
    hand.use_phone(author, demo_server, task.login)
    author.goto(f"{demo_server.url}/inspect/{task.id}")
    author.get_by_role("button", name=ZH.all_ok).click()
    hand.item(author, "boot").get_by_role("button", name=re.compile("拍")).first.click()
    hand.take(author, hand.picture())
    hand.finish_as_it_is(author)
    hand.send_all(author, demo_server)
    [(inspection_id, payload)] = hand.ask(
        demo_server,
        "SELECT inspection.id, payload FROM inspection JOIN inspection_revision AS revision"
        " ON revision.inspection_id = inspection.id WHERE task_id = ?",
        task.id,
    )
    backup = "zhao" if task.login != "zhao" else "chen"
    desk = supervisor(open_context, demo_server, "/desk", ZH)
    send(desk, f"inspections/{inspection_id}/returns", {"item": "loss", "remark": WORDS})
    give(desk, demo_server, task.room_id, backup)

    page = open_context(phone=True).new_page()
    hand.use_phone(page, demo_server, backup)
    expect(back_link(page)).to_be_visible(timeout=SYNC_MS)
    page.context.set_offline(True)
    back_link(page).click()
    loss = hand.item(page, "loss")
    expect(loss).to_be_in_viewport()
    loss.locator("input").fill("0.2")
    page.get_by_role("button", name="保存更正").click()
    if page.locator("dialog[open]").is_visible():
        page.locator("dialog[open] footer button").click()
    expect(page.locator(".done")).to_be_visible()
    page.context.set_offline(False)
    until_delivered(page, demo_server, task, 2)
    [(amended, author_id, kept)] = hand.ask(
        demo_server,
        "SELECT payload, (SELECT login FROM user WHERE user.id = revision.author_id), (SELECT"
        " count(*) FROM photo WHERE photo.inspection_id = revision.inspection_id AND NOT withdrawn)"
        " FROM inspection_revision AS revision WHERE inspection_id = ? AND number = 2",
        inspection_id,
    )
    assert author_id == backup
    first, second = json.loads(payload), json.loads(amended)
    assert (second["uid"], second["amends"], second["photos"]) == (first["uid"], 1, first["photos"])
    assert kept == len(first["photos"]) == 1
    others = [row for row in first["readings"] if row["item"] != "loss"]
    assert [row for row in second["readings"] if row["item"] != "loss"] == others


def send(desk: Page, path: str, body: dict[str, Any], method: str = "POST") -> None:
    """What the supervisor's page asks of the server."""
    status = desk.evaluate(
        """([path, body, method]) => fetch(`/api/contracts/DEMO/${path}`, {
          method, headers: {"Content-Type": "application/json"}, body: JSON.stringify(body),
        }).then((answer) => answer.status)""",
        [path, body, method],
    )
    assert status < 300, status


def give(desk: Page, server: Server, room_id: int, login: str) -> None:
    """The room is another's from now on."""
    [(user_id,)] = hand.ask(server, "SELECT id FROM user WHERE login = ?", login)
    [(month,)] = hand.ask(server, "SELECT month FROM round WHERE state = 'open'")
    body = {"rooms": [{"room_id": room_id, "assignee_id": user_id}]}
    send(desk, f"rounds/{month}/rooms", body, "PATCH")


def test_a_photo_stands_beside_its_answer_in_the_supervisors_list(
    open_context: Open, demo_server: Server
) -> None:
    """The demo's own: a photo of chen's was sent back, with a mark; he takes it again offline."""
    page = open_context(phone=True).new_page()
    hand.use_phone(page, demo_server, "chen")
    link = page.locator("a[href*='returned=photo']")
    expect(link).to_be_visible(timeout=SYNC_MS)
    expect(link.locator("img")).to_be_visible(timeout=SYNC_MS)
    page.context.set_offline(True)
    link.click()
    card = page.locator(".returned")
    expect(card.locator("img")).to_be_visible()
    expect(card.locator("svg ellipse").first).to_be_attached()
    card.get_by_role("button", name="重拍").click()
    # Called off, nothing is lost: the photo that was sent back is still there.
    page.keyboard.press("Escape")
    expect(card.locator("img")).to_be_visible()
    card.get_by_role("button", name="重拍").click()
    hand.take(page, hand.picture("darkred"))
    expect(card).to_have_count(0)
    page.get_by_role("button", name="保存更正").click()
    expect(page.locator(".done, dialog[open]").first).to_be_visible()
    if page.locator("dialog[open]").is_visible():
        page.locator("dialog[open] footer button").click()
    expect(page.locator(".done")).to_be_visible()
    page.goto(demo_server.url)
    expect(page.locator(".hero")).to_be_visible()
    expect(link).to_have_count(0)
    page.context.set_offline(False)
    hand.send_all(page, demo_server)

    desk = supervisor(open_context, demo_server, "/desk/returns?kind=photo", ZH)
    desk.locator("tbody tr").click()
    detail = desk.locator("div.detail")
    expect(detail.locator("figure")).to_have_count(2)
    expect(detail.locator("svg ellipse").first).to_be_attached()
    assert axe_violations(desk) == []
    detail.get_by_role("link", name="审核新照片").click()
    expect(desk.locator(".stage img").first).to_be_visible()
    desk.keyboard.press("a")
    expect(desk.locator(".toasts")).to_be_visible()
    desk.goto(f"{demo_server.url}/desk/returns?kind=photo&state=closed")
    expect(desk.locator("tbody tr")).to_have_count(1)
