"""The browser's storage gives out, is cut off or is cleared; and the queue that stands still says so."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.phone_hand import finish_as_it_is
from tests.faults.chromium import Chromium, judge_at_rest
from tests.faults.oracle import judge
from tests.faults.proxy import Answer, Fault, Proxy

pytestmark = pytest.mark.browser
# Keeps a hand on every connection of the page, so that it can be closed under the app's feet.
HANDLES = """
window.handles = [];
const open = IDBFactory.prototype.open;
IDBFactory.prototype.open = function (...given) {
  const asked = open.apply(this, given);
  asked.addEventListener("success", () => window.handles.push(asked.result));
  return asked;
};
"""
CLOSE = """(said) => {
  for (const handle of window.handles.splice(0)) {
    handle.close();
    if (said) handle.dispatchEvent(new Event("close"));
  }
}"""


@pytest.mark.fault(23)
@pytest.mark.parametrize("said", [False, True], ids=["silently", "with-an-event"])
def test_23_a_lost_connection_to_the_database_costs_no_touch(li: Chromium, said: bool) -> None:
    """As WebKit loses it, with the page in the background."""
    li.page.add_init_script(HANDLES)
    task = li.tasks()[0]
    li.visit(f"/inspect/{task}")
    expect(li.page.get_by_role("button", name="完成", exact=True)).to_be_visible()
    li.page.evaluate(CLOSE, said)
    li.answer()
    li.page.evaluate(CLOSE, said)
    li.take_photo("tomato")
    li.page.evaluate(CLOSE, said)
    finish_as_it_is(li.page)
    li.page.evaluate(CLOSE, said)
    report = li.note_saved()
    assert [record["task_id"] for record in report["records"]] == [task]
    assert len(li.told.saved_photos) == 1
    judge_at_rest(li)


@pytest.mark.fault(24)
def test_24_storage_that_the_browser_cleared_is_told_and_work_goes_on(li: Chromium) -> None:
    first, second = li.tasks()[:2]
    li.inspect(first, photo="tomato")
    li.settle()
    told = li.told
    li.devtools().send(
        "Storage.clearDataForOrigin", {"origin": li.url, "storageTypes": "indexeddb"}
    )
    li.visit("/sync")
    expect(li.page.locator("main")).to_contain_text("清除过本机数据")
    judge([told], li.site.read())
    li.visit("/")
    expect(li.page.locator(".hero")).to_be_visible(timeout=20_000)
    li.inspect(second, photo="teal")
    judge_at_rest(li)


@pytest.mark.fault(39)
def test_39_signing_out_with_a_full_outbox_is_refused(li: Chromium) -> None:
    li.go_offline()
    li.inspect(li.tasks()[0], photo="tomato")
    li.page.goto(f"{li.url}/me")
    li.page.get_by_role("button", name="退出登录").click()
    expect(li.page.locator("main")).to_contain_text("没有送达")
    li.look()
    judge([li.told], li.site.read(), quiet=False)
    li.go_offline(False)
    judge_at_rest(li)
    li.page.goto(f"{li.url}/me")
    li.page.get_by_role("button", name="退出登录").click()
    li.page.wait_for_url(lambda url: "/sign-in" in url)
    judge([li.told], li.site.read())


@pytest.mark.fault(40)
def test_40_a_queue_that_stands_still_while_online_says_so(li: Chromium, network: Proxy) -> None:
    busy = Answer(503, {"Content-Type": "text/html"}, b"<h1>busy</h1>")
    network.add(Fault("sync/push", answer=busy, times=999))
    li.inspect(li.tasks()[0], photo="tomato")
    li.page.clock.install()
    li.visit("/sync")
    expect(li.page.locator("section.head")).to_contain_text("1 条记录")
    for _ in range(12):
        li.page.clock.run_for(60_000)
    expect(li.page.locator("main")).to_contain_text("队列好几分钟没有前进")
    li.look()
    judge([li.told], li.site.read(), quiet=False)
    network.heal()
    judge_at_rest(li)
