"""What a thousand photos cost their reviewer: the grid's first paint, its frames, and those of → → →."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, CDPSession, Page

from bench import browser, photo_estate
from bench.figures import Figure, measures
from bench.phone import sign_in
from bench.server import Running, serving

SLOWER = 4
STEPS = 15
# A quick reviewer looks at a photo this long.
STEP_MS = 350
_PAINTED = """() => {
  const tiles = [...document.querySelectorAll('[data-index] img')];
  const seen = tiles.filter((one) => {
    const box = one.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  });
  return seen.length > 3 && seen.every((one) => one.complete && one.naturalWidth > 0);
}"""


@measures
def photo_review(server: Running) -> Iterator[Figure]:
    """The desk's review of 1,000 photos, then the same on a phone; both on a slow processor."""
    with tempfile.TemporaryDirectory(prefix="photos-", dir=server.data_dir) as folder:
        data_dir = Path(folder)
        photo_estate.seed(data_dir)
        with serving(data_dir) as port:
            cookie = sign_in(server.host, port, photo_estate.LOGIN)
            yield from _at_the_desk(f"http://localhost:{port}", cookie)
            yield from _on_a_phone(f"http://localhost:{port}", cookie)


def _at_the_desk(url: str, cookie: str) -> Iterator[Figure]:
    with _reviewer(browser.DESK, url, cookie) as (context, page):
        page.goto(f"{url}/desk/photos")
        page.wait_for_function(_PAINTED)
        page.wait_for_timeout(1500)
        # The second time, as on every day but the first: the app itself is in the browser's cache.
        session = browser.slow_down(page, SLOWER)
        page.goto("about:blank")
        page.goto(f"{url}/desk/photos", wait_until="commit")
        page.wait_for_function(_PAINTED)
        painted = float(page.evaluate("() => performance.now()"))
        # A desk is no phone: frames are counted at its own speed.
        browser.slow_down(page, 1)
        page.wait_for_timeout(2000)
        scrolled = browser.longest_frame(
            page, partial(_scroll, session), partial(_to_the_top, page)
        )
        page.locator("[data-index]").first.click()
        page.locator(".stage img").last.wait_for()
        page.wait_for_timeout(2000)
        stepped = browser.longest_frame(page, partial(_step, page), lambda: None)
        heap = _heap_mb(context, page)
    yield Figure("photos: 1,000 in the grid, 4 × slower: first paint", painted / 1000, "s", 6)
    yield Figure("photos: grid scrolled: longest frame", scrolled, "ms", 50)
    yield Figure("photos: → → →: longest frame", stepped, "ms", 50)
    yield Figure("photos: the page's heap after all that", heap, "MB", 60)


def _scroll(session: CDPSession) -> None:
    browser.scroll(session, 900, 600, 12_000, touch=False)
    browser.scroll(session, 900, 600, -6_000, touch=False)


def _to_the_top(page: Page) -> None:
    page.evaluate("() => document.querySelector('[data-index]').closest('.box').scrollTo(0, 0)")
    page.wait_for_timeout(1000)


def _step(page: Page) -> None:
    for _ in range(STEPS):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(STEP_MS)


def _heap_mb(context: BrowserContext, page: Page) -> float:
    session = context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    return float(used) / 1024 / 1024


def _on_a_phone(url: str, cookie: str) -> Iterator[Figure]:
    with _reviewer(browser.PHONE, url, cookie) as (_context, page):
        page.goto(f"{url}/desk/photos")
        page.wait_for_function(_PAINTED)
        page.wait_for_timeout(2000)
        session = browser.slow_down(page, SLOWER)

        def scroll() -> None:
            browser.scroll(session, 195, 600, 9_000, touch=True)
            browser.scroll(session, 195, 300, -9_000, touch=True)

        scrolled = browser.longest_frame(page, scroll, lambda: None)
    yield Figure("photos on a phone: grid scrolled, 4 × slower: longest frame", scrolled, "ms", 50)


@contextmanager
def _reviewer(kind: dict[str, Any], url: str, cookie: str) -> Iterator[tuple[BrowserContext, Page]]:
    with tempfile.TemporaryDirectory() as profile, browser.opened(kind, Path(profile)) as context:
        browser.give_cookie(context, url, cookie)
        yield context, context.new_page()
