"""The engineer's whole way on an engine that is not Chromium: Firefox. WebKit: `test_webkit.py`.

Pull the round, lose the network, inspect with a photo, reload, finish, get the network back, send. What
no test drives here is named in docs/reliability.md.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.e2e import phone_hand as hand
from tests.e2e.conftest import PHONE
from tests.e2e.server import Server

# A table of the phone's database, read beside the app.
ALL_OF = """async (store) => {
  const [{ name }] = (await indexedDB.databases()).filter((one) => /roundbook/i.test(one.name));
  const opened = await new Promise((done, failed) => {
    const asked = indexedDB.open(name);
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  const rows = await new Promise((done, failed) => {
    const asked = opened.transaction(store).objectStore(store).getAll();
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  opened.close();
  return rows;
}"""
# What the phone keeps of its photos: each one's hash as it was taken, and what kind of thing it is.
KEPT = (
    f"const all = {ALL_OF};"
    """
  const [photos, blobs] = [await all("photos"), await all("blobs")];
  const kind = (id) => Object.prototype.toString.call(blobs.find((one) => one.id === id)?.buf);
  return photos.map(({ id, sha256, bytes, state }) => ({ id, sha256, bytes, state, kind: kind(id) }));
"""
)
# Last month's pictures have come, more than one answer's: each engine takes the form apart by itself.
HAS_PICTURES = f"""({ALL_OF})("thumbs").then((thumbs) => thumbs.filter(
  ({{ source, absent, buf }}) => source === "server" && !absent && new Uint8Array(buf)[0] === 0xff,
).length > 16)"""


def judge(server: Server, task: hand.Task, kept: list[dict[str, Any]]) -> None:
    """One record, and its photo on the server's disk, byte for byte as the phone had hashed it."""
    [(revision, photos)] = hand.ask(
        server,
        """SELECT revision, (SELECT count(*) FROM photo WHERE photo.inspection_id = inspection.id
        AND received_at IS NOT NULL) FROM inspection WHERE task_id = ?""",
        task.id,
    )
    assert (revision, photos) == (1, 1)
    [photo] = kept
    assert (photo["state"], photo["kind"]) == ("sent", "[object ArrayBuffer]")
    data = hand.bytes_of(server, photo["sha256"])
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (photo["sha256"], photo["bytes"])
    assert not hand.says_where_it_was_taken(data)


@pytest.fixture
def firefox_page(playwright: Playwright) -> Iterator[Page]:
    """A page of the system's Firefox."""
    path = shutil.which("firefox-esr") or shutil.which("firefox")
    if path is None:
        pytest.skip("Firefox is not installed here (on Debian: apt-get install firefox-esr)")
    browser = playwright.firefox.launch(channel="moz-firefox", executable_path=path)
    context = browser.new_context(
        viewport=PHONE,  # type: ignore[arg-type]
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    yield context.new_page()
    browser.close()


@pytest.mark.attack(5)
def test_firefox_takes_an_inspection_without_a_network_to_the_server(
    firefox_page: Page, demo_server: Server
) -> None:
    page, task = firefox_page, hand.todo(demo_server, "codec")
    hand.use_phone(page, demo_server, task.login)
    page.wait_for_function(f"() => {HAS_PICTURES}")
    page.context.set_offline(True)
    hand.open_task(page, demo_server, task.id)
    page.get_by_role("button", name=re.compile("全部正常")).click()
    hand.item(page, "boot").get_by_role("button", name=re.compile("^拍照")).click()
    hand.take(page, hand.picture())
    page.reload()
    seen = hand.item(page, "boot").get_by_role("button", name=re.compile("查看照片"))
    expect(seen).to_be_visible()
    hand.finish_as_it_is(page)
    page.context.set_offline(False)
    hand.send_all(page, demo_server)
    judge(demo_server, task, page.evaluate(f"async () => {{{KEPT}}}"))
