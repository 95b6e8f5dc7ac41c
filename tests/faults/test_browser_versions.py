"""A new version of the app under an engineer's hands: its worker, and its schema of the phone's database."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright, expect

from tests.browsers import wait_until
from tests.e2e.phone_hand import finish_as_it_is
from tests.faults.chromium import Chromium, judge_at_rest
from tests.faults.conftest import Serve, Site
from tests.faults.oracle import judge
from tests.faults.proxy import Fault, Proxy
from tools.client import CLIENT

pytestmark = pytest.mark.browser
DATA = Path(__file__).parent / "data"
UPDATE_READY = "新版本已就绪"
LOOK_FOR_UPDATE = "() => navigator.serviceWorker.getRegistration().then((one) => one.update())"
# What a later version would do: a table and an index more. Dexie's numbers are ten times as high.
UPGRADE = """(version) => indexedDB.databases().then(([{name}]) => new Promise((done, failed) => {
  const asked = indexedDB.open(name, version);
  asked.onupgradeneeded = () => {
    asked.result.createObjectStore("later", {keyPath: "id"});
    asked.transaction.objectStore("photos").createIndex("taken_at", "taken_at");
  };
  asked.onerror = () => failed(asked.error);
  asked.onsuccess = () => { asked.result.close(); done(asked.result.version); };
}))"""
# An upgrade that empties what is unsent, and never comes to its end.
ENDLESS_UPGRADE = """() => indexedDB.databases().then(([{name}]) => new Promise((begun) => {
  const asked = indexedDB.open(name, 90);
  asked.onupgradeneeded = () => {
    const later = asked.result.createObjectStore("later", {keyPath: "id"});
    asked.result.deleteObjectStore("drafts");
    asked.transaction.objectStore("outbox").clear();
    asked.transaction.objectStore("blobs").clear();
    let id = 0;
    const more = () => { later.put({id: id++, text: "x".repeat(1000)}).onsuccess = more; };
    more();
    setTimeout(begun, 500);
  };
}))"""
RESTORE = """(dump) => new Promise((done, failed) => {
  const revive = (value) => {
    if (Array.isArray(value)) return value.map(revive);
    if (typeof value !== "object" || value === null) return value;
    if (value.$bytes !== undefined) return Uint8Array.from(atob(value.$bytes), (c) => c.charCodeAt(0)).buffer;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revive(inner)]));
  };
  const asked = indexedDB.open(dump.name, dump.version);
  asked.onupgradeneeded = () => {
    for (const [name, {keyPath, autoIncrement, indexes, rows}] of Object.entries(dump.stores)) {
      const store = asked.result.createObjectStore(name, {keyPath, autoIncrement});
      for (const one of indexes) store.createIndex(one.name, one.keyPath, one);
      for (const row of rows) store.put(revive(row));
    }
  };
  asked.onerror = () => failed(asked.error);
  asked.onsuccess = () => { asked.result.close(); done(); };
})"""


@pytest.mark.fault(18)
def test_18_a_new_worker_waits_until_the_engineer_agrees(li: Chromium, network: Proxy) -> None:
    first, second = li.tasks()[:2]
    li.inspect(first, photo="tomato")
    li.open_task(second)
    li.take_photo("teal")
    li.page.evaluate("() => { window.untouched = true; }")
    network.add(Fault("/sw.js", alter=lambda worker: worker + b"\n// a later version", times=9))
    li.page.evaluate(LOOK_FOR_UPDATE)
    expect(li.page.get_by_text(UPDATE_READY)).to_be_visible()
    assert li.page.evaluate("() => window.untouched")
    finish_as_it_is(li.page)
    assert li.page.evaluate("() => window.untouched")
    li.note_saved()
    # The old worker first ends what it is at, such as sending what was just saved.
    with li.page.expect_navigation(timeout=90_000):
        li.page.get_by_role("button", name="现在更新").click()
    wait_until(
        li.page,
        """async () => {
          const one = await navigator.serviceWorker.getRegistration();
          return !one.waiting && one.active !== null;
        }""",
    )
    judge_at_rest(li)


@pytest.mark.fault(18)
def test_18_a_worker_whose_install_breaks_off_is_installed_when_the_signal_is_back(
    playwright: Playwright, browser_path: str, tmp_path: Path, site: Site, network: Proxy
) -> None:
    network.add(broken := Fault("zxing_reader", reply_bytes=1000))
    phone = Chromium(playwright, browser_path, tmp_path / "profile", site, network)
    phone.sign_in()
    assert broken.met == 1
    phone.go_offline()
    phone.page.reload()
    expect(phone.page.locator(".hero")).to_be_visible()
    phone.stop()


@pytest.mark.fault(18)
def test_18_a_page_that_comes_while_a_new_version_is_installed_tells_of_it(
    li: Chromium, network: Proxy
) -> None:
    network.add(Fault("/sw.js", alter=lambda worker: worker + b"\n// a later version", times=9))
    network.add(Fault("/static/app/index.html", delay_seconds=4.0))
    li.page.evaluate(LOOK_FOR_UPDATE)
    li.page.reload()
    expect(li.page.get_by_text(UPDATE_READY)).to_be_visible()


@pytest.mark.fault(19)
def test_19_an_old_tab_lets_a_newer_schema_in_and_loses_nothing(li: Chromium) -> None:
    first, second = li.tasks()[:2]
    li.go_offline()
    li.inspect(first, photo="tomato")
    li.open_task(second)
    li.take_photo("teal")
    old = li.page
    newer = li.context.new_page()
    newer.goto(f"{li.url}/")
    assert newer.evaluate(UPGRADE, 90) == 90
    newer.close()
    expect(old.get_by_text(UPDATE_READY)).to_be_visible()
    finish_as_it_is(old)
    li.note_saved()
    assert len(li.told.saved) == 2
    li.go_offline(False)
    judge_at_rest(li)


def frozen() -> list[Path]:
    """The databases of the released schemas, each with a full outbox."""
    return sorted(DATA.glob("phone-schema-*.json"))


@pytest.mark.fault(20)
def test_20_every_schema_that_was_released_is_kept_here() -> None:
    source = (CLIENT / "src/db/schema.ts").read_text(encoding="utf-8")
    versions = {int(number) for number in re.findall(r"this\.version\((\d+)\)", source)}
    kept = {int(path.stem.rpartition("-")[2]) for path in frozen()}
    assert kept == versions, "freeze the schema: python -m tests.faults.freeze"


@pytest.mark.fault(20)
@pytest.mark.parametrize("path", frozen(), ids=lambda path: path.stem)
def test_20_an_upgrade_with_a_full_outbox_sends_all_of_it(
    path: Path, serve: Serve, playwright: Playwright, browser_path: str, tmp_path: Path
) -> None:
    site = serve()
    dump = json.loads(path.read_text(encoding="utf-8"))
    browser = Chromium(playwright, browser_path, tmp_path / "profile", site, site)
    try:
        browser.page.goto(f"{browser.url}/healthz")
        browser.page.evaluate(RESTORE, dump)
        report = browser.note_saved()
        assert {one["state"] for one in report["operations"]} == {"waiting"}
        kinds = [row["kind"] for row in dump["stores"]["outbox"]["rows"]]
        assert len(report["operations"]) == len(kinds) >= 5
        browser.settle()
        judge([browser.told], site.read())
        assert [draft["remark"] for draft in browser.look()["drafts"]] == ["还没有完成"]
        signed = site.ask("SELECT count(*) FROM sign_off WHERE voided_at IS NULL")
        assert signed == [(kinds.count("self_check"),)]
    finally:
        browser.stop()


@pytest.mark.fault(21)
def test_21_an_upgrade_that_dies_half_way_leaves_everything_as_it_was(li: Chromium) -> None:
    first, second = li.tasks()[:2]
    li.inspect(first, photo="tomato")
    li.open_task(second)
    li.take_photo("teal")
    before = li.look()
    li.page.goto(f"{li.url}/healthz")
    li.page.evaluate(ENDLESS_UPGRADE)
    li.kill()
    li.start_again()
    li.page.goto(f"{li.url}/healthz")
    after = li.look()
    assert same(after) == same(before)
    judge([li.told], li.site.read(), quiet=False)
    judge_at_rest(li)


def same(report: dict[str, Any]) -> list[Any]:
    """What may not have changed: a record may have been sent meanwhile."""
    operations = [(one["id"], one["hash"]) for one in report["operations"]]
    photos = [(photo["id"], photo["held"]) for photo in report["photos"]]
    return [operations, photos, report["drafts"]]
