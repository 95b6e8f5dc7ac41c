"""The browser's storage gives out, is cut off or is cleared; and the queue that stands still says so."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from playwright.sync_api import CDPSession, FilePayload, expect

from tests.e2e.phone_hand import finish_as_it_is
from tests.faults.chromium import SENT, Chromium, judge_at_rest
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
USAGE = "() => navigator.storage.estimate().then((told) => told.usage)"
ROOM_BYTES = 3_000_000
MOST_PHOTOS = 25


def limit(li: Chromium, tools: CDPSession, room: int | None) -> None:
    """Give the app so many bytes more than it has, or as many as it likes."""
    asked = {"origin": li.url}
    if room is not None:
        asked["quotaSize"] = li.page.evaluate(USAGE) + room
    tools.send("Storage.overrideQuotaForOrigin", asked)


def grainy() -> FilePayload:
    """A photo that no compression makes small."""
    stream = io.BytesIO()
    Image.effect_noise((1600, 1200), 80).convert("RGB").save(stream, "JPEG", quality=90)
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": stream.getvalue()}


def shoot(li: Chromium) -> bool:
    """Take a photo; whether the screen said that it is kept."""
    camera = li.page.locator("dialog[open]")
    camera.locator("input[type=file]").set_input_files(grainy())
    kept, full = camera.get_by_text("已存本机"), camera.get_by_text("没有保存：手机空间已满")
    expect(kept.or_(full).first).to_be_visible()
    return kept.is_visible()


@pytest.mark.fault(22)
def test_22_no_room_for_photo_n_is_said_and_costs_nothing_that_was_there(li: Chromium) -> None:
    # A running browser goes by what it last knew of the room; a new one asks.
    li.stop()
    li.start_again()
    li.page.goto(f"{li.url}/healthz")
    tools = li.devtools()
    limit(li, tools, ROOM_BYTES)
    li.open_task(li.tasks()[0])
    before = li.look()
    li.camera().click()
    while shoot(li):
        li.page.locator("dialog[open]").get_by_role("button", name="完成").click()
        before = li.look()
        assert len(before["photos"]) < MOST_PHOTOS, "the browser's storage has no end"
        li.camera().click()
    after = li.look()
    assert after["photos"] == before["photos"] != []
    assert after["drafts"] == before["drafts"]
    limit(li, tools, None)
    assert shoot(li)
    li.page.locator("dialog[open]").get_by_role("button", name="完成").click()
    finish_as_it_is(li.page)
    li.note_saved()
    assert len(li.told.saved_photos) == len(before["photos"]) + 1
    judge_at_rest(li)


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
    clear(li)
    told_of_the_loss(li)
    judge([told], li.site.read())
    li.visit("/")
    expect(li.page.locator(".hero")).to_be_visible(timeout=20_000)
    li.inspect(second, photo="teal")
    judge_at_rest(li)


@pytest.mark.fault(24)
def test_24_what_was_unsent_when_the_browser_cleared_it_is_claimed_as_sent_by_nobody(
    li: Chromium, network: Proxy
) -> None:
    sent, half, unsent = li.tasks()[:3]
    li.inspect(sent, photo="tomato")
    li.settle()
    network.add(Fault("/photos/", method="PUT", lost=True, times=999))
    li.inspect(half, photo="teal")
    li.visit("/sync")
    expect(li.page.locator("section.head")).to_contain_text("0 条记录、1 张照片")
    li.go_offline()
    li.inspect(unsent, photo="olive")
    li.look()
    told = li.told
    here = told.acknowledged_photos.items()
    lost, lost_photos = dict(told.held), dict(told.held_photos.items() - here)
    assert (len(lost), len(lost_photos)) == (1, 2)
    clear(li)
    li.go_offline(False)
    network.heal()
    told_of_the_loss(li)
    li.look()

    assert not lost.items() & told.acknowledged.items()
    assert not lost_photos.items() & told.acknowledged_photos.items()
    # It is lost, and no promise of ours; all else is there, and nothing is there by halves.
    for uid in lost:
        del told.saved[uid]
    for uid in lost_photos:
        del told.saved_photos[uid]
    judge([told], li.site.read())
    the_desk_misses(li, photos=1)

    li.inspect(unsent, photo="plum")
    judge_at_rest(li)
    the_desk_misses(li, photos=1)


def clear(li: Chromium) -> None:
    """As a browser does that runs out of room: all that the app keeps, but not what it wrote beside."""
    given = {"origin": li.url, "storageTypes": "indexeddb"}
    li.devtools().send("Storage.clearDataForOrigin", given)


def told_of_the_loss(li: Chromium) -> None:
    """The phone says on both screens that it was cleared, and of nothing that it is sent, until read."""
    for path in ("/", "/sync"):
        li.visit(path)
        main = li.page.locator("main")
        expect(main).to_contain_text("清除过本机数据，当时未送达的记录和照片已丢失")
        expect(main).not_to_contain_text(SENT)
    expect(li.page.locator("section.head h2")).to_have_text("本机数据被清除过")
    li.page.locator(".banner").get_by_role("button", name="关闭").click()
    expect(li.page.locator("section.head h2")).to_have_text(SENT)


def the_desk_misses(li: Chromium, *, photos: int) -> None:
    """The supervisor sees the phone that called last with something in hand, and what never came."""
    manager = li.site.wire("manager")
    _, holding, _ = manager.ask("GET", manager.url("phones?holding=true"))
    assert [row["unsent_photos"] for row in holding["items"]] == [photos]
    _, lacking, _ = manager.ask("GET", manager.url("missing-photos"))
    assert len(lacking["items"]) == 1


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
