"""A phone as a real browser: a profile on the disk that outlives the browser that used it."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import BrowserContext, CDPSession, Locator, Page, Playwright, expect

from tests import factories
from tests.e2e.conftest import PHONE, QUIET
from tests.e2e.phone_hand import finish_as_it_is, item, picture, take
from tests.faults.oracle import Told, judge
from tests.faults.proxy import Proxy

if TYPE_CHECKING:
    from tests.faults.conftest import Site

SENT = "全部送达服务器"
SETTINGS = '{"language": "zh", "theme": "system"}'
# What is on the disk, read from IndexedDB itself; the bytes are hashed anew.
REPORT = """async (user) => {
  const names = (await indexedDB.databases()).map((one) => one.name);
  const name = names.find((one) => one.startsWith(`roundbook-${user}`));
  if (!name) return {operations: [], photos: [], records: [], drafts: []};
  const db = await new Promise((done, failed) => {
    const asked = indexedDB.open(name);
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  const all = (store) => new Promise((done, failed) => {
    const asked = db.transaction(store).objectStore(store).getAll();
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  const hex = (buf) => [...new Uint8Array(buf)].map((b) => b.toString(16).padStart(2, "0")).join("");
  const bytes = new Map();
  for (const {id, buf} of await all("blobs")) {
    bytes.set(id, hex(await crypto.subtle.digest("SHA-256", buf)));
  }
  const operations = (await all("outbox")).map(({id, hash, uid, state}) => ({id, hash, uid, state}));
  const photos = (await all("photos")).map(({id, uid, sha256, state}) => {
    return {id, uid, sha256, state, held: bytes.get(id) ?? null};
  });
  const records = (await all("records")).map(({uid, task_id, state}) => ({uid, task_id, state}));
  const drafts = (await all("drafts")).map(({task_id, answers, photo_ids, remark}) => {
    return {task_id, answers, photo_ids, remark};
  });
  db.close();
  return {operations, photos, records, drafts};
}"""


class Chromium:
    """One engineer's browser on a profile of its own; ``told`` is what its screen has said."""

    def __init__(
        self, playwright: Playwright, path: str, profile: Path, site: Site, address: Site | Proxy
    ) -> None:
        self.told = Told()
        self.site = site
        self.offline = False
        self.url = f"http://localhost:{address.port}"
        self._playwright, self._path, self._profile = playwright, path, profile
        self.context = self._launch()

    def _launch(self) -> BrowserContext:
        return self._playwright.chromium.launch_persistent_context(
            str(self._profile),
            executable_path=self._path,
            args=QUIET,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            viewport=PHONE,  # type: ignore[arg-type]
            has_touch=True,
            is_mobile=True,
        )

    @property
    def page(self) -> Page:
        """The tab in front."""
        return self.context.pages[-1]

    def sign_in(self, name: str = "li") -> None:
        """Sign in, and wait until the round is on the phone and the worker keeps the shell."""
        self.page.goto(f"{self.url}/sign-in")
        self.page.evaluate("kept => localStorage.setItem('roundbook.settings', kept)", SETTINGS)
        self.page.reload()
        self.give_password(name)
        expect(self.page.locator(".hero")).to_be_visible(timeout=20_000)
        self.page.wait_for_function("() => navigator.serviceWorker.controller !== null")

    def give_password(self, name: str = "li") -> None:
        """Fill the form of the page that is open."""
        self.page.locator("input[autocomplete=username]").fill(self.site.login(name))
        self.page.locator("input[type=password]").fill(factories.PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def visit(self, path: str) -> None:
        """Open a page of the app; give the password where it is asked for.

        A browser writes cookies and the like to its disk only now and then: one that was killed may
        have forgotten who was signed in.
        """
        if not self.offline:
            self._ensure_session()
        self.page.goto(f"{self.url}{path}")
        expect(self.page.locator("main#content")).to_be_visible()

    def _ensure_session(self) -> None:
        self.page.goto(f"{self.url}/healthz")
        asked = "() => fetch('/api/session').then((answer) => answer.status, () => 0)"
        if self.page.evaluate(asked) != 401:
            return
        self.page.goto(self.url)
        link = self.page.get_by_role("link", name="登录", exact=True)
        expect(link.or_(self.page.locator("input[type=password]")).first).to_be_visible()
        if link.is_visible():
            link.click()
        self.give_password()

    def go_offline(self, offline: bool = True) -> None:
        """Take the network away from the browser, or give it back."""
        self.offline = offline
        self.context.set_offline(offline)

    def tasks(self) -> list[int]:
        """The tasks of the contract's devices."""
        rows = self.site.ask(
            """SELECT task.id FROM round_task AS task JOIN contract ON contract.id = contract_id
            WHERE code = :contract AND device_id IS NOT NULL ORDER BY task.id"""
        )
        return [row[0] for row in rows]

    def open_task(self, task: int) -> None:
        """Open the inspection of a task, and answer one item of it."""
        self.visit(f"/inspect/{task}")
        expect(self.page.get_by_role("button", name="完成", exact=True)).to_be_visible()
        self.answer()

    def answer(self) -> None:
        """Answer one item of the inspection that is open."""
        item(self.page, "registration").get_by_text("正常", exact=True).click()

    def take_photo(self, colour: str = "steelblue") -> None:
        """Take a photo with the system's camera; the screen says that it is kept."""
        self.camera().click()
        take(self.page, picture(colour))

    def camera(self) -> Locator:
        """The button that opens the camera."""
        return item(self.page, "boot").get_by_role("button", name="拍照").first

    def inspect(self, task: int, *, photo: str = "") -> None:
        """Inspect and finish; the screen says "saved"."""
        self.open_task(task)
        if photo:
            self.take_photo(photo)
        finish_as_it_is(self.page)
        self.note_saved()

    def note_saved(self) -> dict[str, Any]:
        """Note all that is in the outbox as something that the screen said "saved" of."""
        report = self.look()
        self.told.saved |= {one["id"]: one["hash"] for one in report["operations"]}
        # A case's photo hangs on what was done with it, which is an operation and no record.
        done = {one["uid"] for one in (*report["records"], *report["operations"])}
        # What is in the draft of an amendment is not in the outbox.
        own = [p for p in report["photos"] if p["uid"] in done and p["state"] != "draft"]
        self.told.saved_photos |= {photo["id"]: photo["sha256"] for photo in own}
        return report

    def look(self, user: str = "") -> dict[str, Any]:
        """What is on the disk, behind the app's back."""
        report: dict[str, Any] = self.page.evaluate(REPORT, user)
        self.told.look(report)
        return report

    def settle(self) -> dict[str, Any]:
        """Press the button, and wait until the screen says that everything is delivered."""
        self.visit("/sync")
        self.page.locator("main button").filter(has_text="立即发送").or_(
            self.page.locator("main button").filter(has_text="更新巡检数据")
        ).first.click()
        expect(self.page.locator("main")).to_contain_text(SENT, timeout=30_000)
        return self.look()

    def devtools(self) -> CDPSession:
        """The browser's own tools, for what no page can do."""
        return self.context.new_cdp_session(self.page)

    def kill(self) -> None:
        """Power cut for the browser of this profile alone: its main process, told by its own lock."""
        lock = self._profile / "SingletonLock"
        pid = int(str(lock.readlink()).rsplit("-", 1)[1])
        os.kill(pid, signal.SIGKILL)
        subprocess.run(["tail", f"--pid={pid}", "-f", "/dev/null"], check=True, timeout=10)
        lock.unlink(missing_ok=True)

    def start_again(self) -> None:
        """Start the browser anew on the same disk."""
        self.context = self._launch()
        self.offline = False

    def stop(self) -> None:
        """Close it."""
        self.context.close()


def judge_at_rest(li: Chromium) -> None:
    """Send everything; then the server has all of it, once, byte for byte."""
    li.settle()
    judge([li.told], li.site.read())
