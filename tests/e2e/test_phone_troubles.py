"""What goes wrong around an engineer: no storage, a session that ended, a refusal, two contracts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Playwright, expect

from tests.e2e import phone_hand as hand
from tests.e2e import small_contract
from tests.e2e.conftest import PASSWORD, QUIET, axe_violations, sign_in
from tests.e2e.desk_hand import DISPLAY, Sender
from tests.e2e.server import Server
from tests.e2e.small_contract import SmallContract

Open = Callable[..., BrowserContext]
# As a private window does it: the request fails, and goes on failing until the mark is taken away.
NO_STORAGE = """
const open = IDBFactory.prototype.open;
IDBFactory.prototype.open = function (...given) {
  if (localStorage.getItem("private")) throw new DOMException("denied", "InvalidStateError");
  return open.apply(this, given);
};
"""
# As WebKit does it when it takes the connection away: the first reads of a page are ended.
READS_ENDED = """
window.ended = 0;
for (const kind of [IDBObjectStore, IDBIndex]) {
  const getAll = kind.prototype.getAll;
  kind.prototype.getAll = function (...given) {
    const request = getAll.apply(this, given);
    if (window.ended++ < 4) request.transaction.abort();
    return request;
  };
}
"""

# A transaction that never ends: as a page that was put to sleep in the middle of one.
HOLDS_TABLES = """
async () => {
  const [{ name }] = await indexedDB.databases();
  const opening = indexedDB.open(name);
  await new Promise((resolve) => { opening.onsuccess = resolve; });
  const meta = opening.result.transaction("meta", "readwrite").objectStore("meta");
  const hold = () => { meta.count().onsuccess = window.letGo ? null : hold; };
  hold();
}
"""


def inspect(page: Page, server: Server, task_id: int) -> None:
    """Inspect with all OK, and finish as it is."""
    hand.open_task(page, server, task_id)
    page.get_by_role("button", name=re.compile("全部正常")).click()
    hand.finish_as_it_is(page)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_browser_without_storage_is_told_at_once_and_work_begins_when_it_gives_some(
    language: str, open_context: Open, shared_demo_server: Server
) -> None:
    said = {"zh-CN": "现在无法在本机保存记录", "en": "Nothing can be saved on this phone"}
    page = open_context(phone=True, language=language).new_page()
    page.add_init_script(NO_STORAGE)
    page.goto(f"{shared_demo_server.url}/sign-in")
    page.evaluate("localStorage.setItem('private', 'yes')")
    sign_in(page, shared_demo_server, "zhang")
    kept = f'{{"language": "{language[:2]}", "theme": "system"}}'
    page.evaluate("kept => localStorage.setItem('roundbook.settings', kept)", kept)
    for path in ("/", "/scan", "/sync"):
        page.goto(shared_demo_server.url + path)
        expect(page.get_by_role("alert")).to_contain_text(said[language])
    assert axe_violations(page) == []
    page.goto(f"{shared_demo_server.url}/me")
    expect(page.get_by_role("radio", name="English")).to_be_attached()
    page.goto(shared_demo_server.url)
    expect(page.get_by_role("alert")).to_be_visible()
    page.evaluate("localStorage.removeItem('private')")
    expect(page.locator(".hero")).to_be_visible(timeout=20_000)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_storage_that_another_page_holds_is_told_and_work_begins_when_it_lets_go(
    language: str, open_context: Open, shared_demo_server: Server
) -> None:
    said = {"zh-CN": "请关闭其他页面", "en": "Close its other tabs"}
    context = open_context(phone=True, language=language)
    other = context.new_page()
    sign_in(other, shared_demo_server, "zhang")
    expect(other.locator(".hero")).to_be_visible()
    kept = f'{{"language": "{language[:2]}", "theme": "system"}}'
    other.evaluate("kept => localStorage.setItem('roundbook.settings', kept)", kept)
    other.goto(f"{shared_demo_server.url}/api/docs")
    other.evaluate(HOLDS_TABLES)
    page = context.new_page()
    page.goto(shared_demo_server.url)
    expect(page.get_by_role("alert")).to_contain_text(said[language], timeout=30_000)
    assert axe_violations(page) == []
    other.evaluate("window.letGo = true")
    expect(page.locator(".hero")).to_be_visible()


def test_a_screen_whose_reads_the_browser_has_ended_is_read_again(
    open_context: Open, shared_demo_server: Server
) -> None:
    page = open_context(phone=True).new_page()
    hand.use_phone(page, shared_demo_server, "zhang")
    page.context.set_offline(True)
    page.add_init_script(READS_ENDED)
    for path, there in (("/", ".hero"), ("/sync", "main h2"), ("/items", "main a")):
        page.goto(shared_demo_server.url + path)
        expect(page.locator(there).first).to_be_visible()
        assert page.evaluate("window.ended") > 4


def test_second_visits_stand_on_the_first_screen_by_date_without_a_network(
    open_context: Open, demo_server: Server, playwright: Playwright
) -> None:
    task = hand.todo(demo_server, "display")
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    sender = Sender.sign_in(playwright, demo_server.url, task.login)
    theirs = sender.waiting_task("codec")
    late = {"reason": "locked", "remark": "", "revisit_on": f"{today - timedelta(days=1)}"}
    sender.push("inspection", sender.payload(theirs, {}, exception=late))
    page = open_context(phone=True).new_page()
    hand.use_phone(page, demo_server, task.login)
    page.context.set_offline(True)
    hand.open_task(page, demo_server, task.id)
    page.locator("header .actions .button").first.click()
    page.locator(".menu").get_by_text("未能检", exact=True).click()
    sheet = page.locator("dialog[open]")
    sheet.get_by_text("会议占用", exact=True).click()
    sheet.get_by_text("选日期", exact=True).click()
    sheet.locator("input[type=date]").fill(f"{today}")
    sheet.get_by_role("button", name="记为未能检").click()
    expect(page.locator(".toast")).to_contain_text("已存本机")
    page.goto(demo_server.url)
    page.get_by_text("全部", exact=True).click()
    visits = page.get_by_role("region", name="再次到访").get_by_role("link")
    mine = visits.filter(has_text=task.device)
    expect(mine).to_contain_text("今天")
    shown = visits.all_inner_texts()
    late_ones = [place for place, text in enumerate(shown) if "已逾期" in text]
    assert late_ones == list(range(len(late_ones))) != []
    mine.click()
    expect(page).to_have_url(re.compile(f"/inspect/{task.id}$"))


def test_a_session_that_ended_asks_for_the_password_in_place_and_then_sends(
    open_context: Open, demo_server: Server, playwright: Playwright
) -> None:
    task = hand.todo(demo_server, "codec")
    page = open_context(phone=True).new_page()
    hand.use_phone(page, demo_server, task.login)
    page.context.set_offline(True)
    inspect(page, demo_server, task.id)
    elsewhere = playwright.request.new_context(base_url=demo_server.url)
    elsewhere.post("/api/session", data={"login": task.login, "password": PASSWORD})
    for row in elsewhere.get("/api/sessions").json():
        if not row["current"]:
            elsewhere.delete(f"/api/sessions/{row['id']}")

    page.context.set_offline(False)
    page.goto(f"{demo_server.url}/sync")
    main = page.locator("main")
    expect(main).to_contain_text("发送已暂停")
    expect(main).to_contain_text("1 条记录")
    page.get_by_label("密码").fill("not this one")
    page.get_by_role("button", name="登录并继续").click()
    expect(main).to_contain_text("用户名或密码不正确")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录并继续").click()
    expect(main).to_contain_text("全部送达服务器", timeout=20_000)
    assert hand.ask(demo_server, "SELECT count(*) FROM inspection WHERE task_id = ?", task.id) == [
        (1,)
    ]


def test_a_correction_that_came_too_late_is_with_the_supervisor_and_says_so(
    open_context: Open, demo_server: Server, playwright: Playwright
) -> None:
    task = hand.todo(demo_server, "display")
    page = open_context(phone=True).new_page()
    hand.use_phone(page, demo_server, task.login)
    inspect(page, demo_server, task.id)
    hand.send_all(page, demo_server)
    page.context.set_offline(True)
    hand_over(playwright, demo_server, task)

    page.goto(f"{demo_server.url}/inspect/{task.id}")
    page.get_by_role("button", name="更正").click()
    page.get_by_role("button", name="保存更正").click()
    page.locator("dialog[open] footer button").click()
    expect(page.locator(".done")).to_be_visible()
    page.context.set_offline(False)
    page.goto(f"{demo_server.url}/sync")
    record = page.locator("details").filter(has_text=task.device)
    expect(record).to_contain_text("在主管处待处理")
    expect(page.locator("main")).to_contain_text("1 条需要留意")
    page.goto(demo_server.url)
    expect(page.get_by_role("link").filter(has_text="有记录在主管处待处理")).to_be_visible()


def hand_over(playwright: Playwright, server: Server, task: hand.Task) -> None:
    """The same engineer corrects the record from another phone."""
    sender = Sender.sign_in(playwright, server.url, task.login)
    [(uid,)] = hand.ask(server, "SELECT uid FROM inspection WHERE task_id = ?", task.id)
    row = next(row for row in sender.pulled["rows"]["tasks"] if row["id"] == task.id)
    payload = sender.payload(row, DISPLAY) | {"uid": uid, "amends": 1}
    assert sender.push("amendment", payload)["result"] == "applied"


HELD_CONFLICTS = """
    SELECT count(*) FROM quarantined WHERE state = 'open' AND code = 'operation_conflict'
    """


def test_two_contents_under_one_id_are_both_kept_and_told(
    open_context: Open, demo_server: Server, playwright: Playwright
) -> None:
    task = hand.todo(demo_server, "display")
    page = open_context(phone=True).new_page()
    hand.use_phone(page, demo_server, task.login)
    page.context.set_offline(True)
    inspect(page, demo_server, task.id)
    operation = page.evaluate(
        """async () => {
          const { name } = (await indexedDB.databases()).find((one) => one.name.startsWith("roundbook-"));
          const database = await new Promise((done) => {
            indexedDB.open(name).onsuccess = (event) => done(event.target.result);
          });
          return new Promise((done) => {
            const asked = database.transaction("outbox").objectStore("outbox").getAll();
            asked.onsuccess = () => (database.close(), done(asked.result[0].id));
          });
        }"""
    )
    sender = Sender.sign_in(playwright, demo_server.url, task.login)
    row = next(row for row in sender.pulled["rows"]["tasks"] if row["id"] == task.id)
    assert sender.push("inspection", sender.payload(row, DISPLAY), operation)["result"] == "applied"

    page.context.set_offline(False)
    page.goto(f"{demo_server.url}/sync")
    record = page.locator("details").filter(has_text=task.device)
    expect(record).to_contain_text("两份都保留")
    record.locator("summary").click()
    expect(page.locator("main")).to_contain_text("1 条需要留意")
    [(held,)] = hand.ask(demo_server, HELD_CONFLICTS)
    assert held == 1


def test_two_contracts_on_one_phone_share_nothing(
    open_context: Open, demo_server: Server, playwright: Playwright
) -> None:
    task = hand.todo(demo_server, "codec")
    members = {task.login: "inspection_engineer", "wang": "project_manager"}
    SmallContract.make(playwright, demo_server.url, "OTHER", members)
    [(other_task,)] = hand.ask(
        demo_server,
        "SELECT task.id FROM round_task AS task JOIN device ON device.id = task.device_id "
        "WHERE device.name = ?",
        small_contract.DEVICES[0],
    )
    page = open_context(phone=True).new_page()
    hand.use_phone(page, demo_server, task.login)
    switch(page, demo_server, "OTHER")
    expect(page.locator("main")).to_contain_text("离线可用：2 台设备", timeout=20_000)
    switch(page, demo_server, "DEMO")
    expect(page.locator("main")).to_contain_text("离线可用：141 台设备")
    page.context.set_offline(True)
    inspect(page, demo_server, task.id)

    # Without a network the other contract is there too, and nothing of the first one is.
    switch(page, demo_server, "OTHER")
    expect(page.locator("main")).to_contain_text("离线可用：2 台设备")
    page.goto(f"{demo_server.url}/sync")
    expect(page.locator("main")).to_contain_text("本机还没有记录")
    page.goto(f"{demo_server.url}/inspect/{task.id}")
    expect(page.locator("main")).to_contain_text("本机没有这项任务")
    page.goto(f"{demo_server.url}/d/{task.code}")
    expect(page.locator("main")).to_contain_text("不是本合同的标签")
    page.goto(f"{demo_server.url}/me")
    page.get_by_role("button", name="退出登录").click()
    expect(page.locator("main")).to_contain_text("没有送达")

    inspect(page, demo_server, other_task)
    page.context.set_offline(False)
    for code in ("OTHER", "DEMO"):
        switch(page, demo_server, code)
        page.goto(f"{demo_server.url}/sync")
        expect(page.locator("main")).to_contain_text("全部送达服务器", timeout=20_000)
        expect(page.locator("details summary")).to_have_count(2)
    query = """
        SELECT contract.code FROM inspection JOIN contract
        ON contract.id = inspection.contract_id WHERE task_id = ?
        """
    assert hand.ask(demo_server, query, task.id) == [("DEMO",)]
    assert hand.ask(demo_server, query, other_task) == [("OTHER",)]


def switch(page: Page, server: Server, code: str) -> None:
    """Work on another contract, as Me offers it, and look at its round."""
    page.goto(f"{server.url}/me")
    page.get_by_role("button", name=re.compile(code)).click()
    page.goto(server.url)


def test_a_label_that_was_revoked_or_moved_says_so_when_it_is_scanned(
    open_context: Open, demo_server: Server
) -> None:
    task = hand.todo(demo_server, "codec")
    other = hand.todo(demo_server, "display")
    desk = open_context(phone=False).new_page()
    sign_in(desk, demo_server, "wang", f"/desk/labels?view=list&q={task.code}")
    phone = open_context(phone=True).new_page()
    hand.use_phone(phone, demo_server, task.login)

    act_on_label(desk, task.code, "关联到另一台")
    sheet = desk.get_by_role("dialog")
    sheet.get_by_role("searchbox").fill(other.code)
    sheet.get_by_role("button", name=re.compile(other.device)).click()
    sheet.get_by_role("button", name="关联到另一台").click()
    expect(desk.get_by_text("已重新关联")).to_be_visible()
    found = scan(phone, demo_server, task.code)
    expect(found).to_contain_text(other.device)

    act_on_label(desk, task.code, "作废")
    sheet.get_by_text("标签损坏", exact=True).click()
    sheet.get_by_role("button", name="作废", exact=True).click()
    expect(desk.get_by_role("row").filter(has_text="标签损坏")).to_contain_text("已作废")
    found = scan(phone, demo_server, task.code)
    expect(found).to_contain_text("标签已作废")
    expect(found).to_contain_text(f"原属：{other.device}")


def act_on_label(desk: Page, code: str, what: str) -> None:
    """Choose an action of a label's row."""
    row = desk.get_by_role("row").filter(has_text=code[:4])
    row.get_by_role("button").last.click()
    desk.locator(".menu").get_by_text(what, exact=True).click()


def scan(phone: Page, server: Server, code: str) -> Locator:
    """Update the register, and read the label by its code; gives what slides up."""
    phone.goto(f"{server.url}/sync")
    update = phone.get_by_role("button", name="更新巡检数据")
    with phone.expect_response(re.compile("/sync/pull")):
        update.click()
    expect(update).to_be_enabled()
    phone.goto(f"{server.url}/scan")
    phone.get_by_role("button", name="输入编号").click()
    phone.get_by_label("标签编号").fill(code)
    phone.keyboard.press("Enter")
    return phone.locator("dialog[open]")


def test_last_months_photo_lies_over_the_cameras_picture_on_demand(
    playwright: Playwright, browser_path: str, demo_server: Server
) -> None:
    rows = hand.ask(
        demo_server,
        """
        SELECT task.id, user.login, entry.key FROM round_task AS task
        JOIN round ON round.id = task.round_id JOIN user ON user.id = task.assignee_id
        JOIN json_each(json_extract(task.previous, '$.photos')) AS entry
        JOIN photo ON photo.uid = entry.value
        WHERE round.state = 'open' AND task.outcome = 'todo' LIMIT 1
        """,
    )
    task_id, login, item = rows[0]
    camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    browser = playwright.chromium.launch(executable_path=browser_path, args=[*QUIET, *camera])
    page = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, locale="zh-CN"
    ).new_page()
    try:
        hand.use_phone(page, demo_server, login)
        hand.open_task(page, demo_server, task_id)
        hand.item(page, item).get_by_role("button", name=re.compile("拍照")).first.click()
        dialog = page.locator("dialog[open]")
        ghost = dialog.locator("img.ghost")
        expect(dialog.get_by_role("button", name="拍摄")).to_be_enabled()
        expect(ghost).to_have_count(0)
        dialog.get_by_role("button", name="叠加上月").click(timeout=120_000)
        expect(ghost).to_be_visible()
        assert ghost.evaluate("image => image.complete && image.naturalWidth > 0")
        assert 0 < float(ghost.evaluate("image => getComputedStyle(image).opacity")) < 1
        dialog.get_by_role("button", name="拍摄").click()
        expect(dialog).to_contain_text("已存本机")
        expect(ghost).to_have_count(0)
    finally:
        browser.close()
