"""Real browsers for the client's figures: a phone and a desk, slowed down, and their frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, CDPSession, Page, Playwright, sync_playwright

from bench.figures import CannotMeasure
from tools.find_browser import NONE_FOUND, find_or_install

# Without these Chromium looks for its maker's servers, which a closed network refuses.
QUIET = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
    "locale": "zh-CN",
    "timezone_id": "Asia/Shanghai",
}
DESK: dict[str, Any] = {
    "viewport": {"width": 1440, "height": 900},
    "locale": "zh-CN",
    "timezone_id": "Asia/Shanghai",
}
# The line "ready for offline" under the round's ring: the round is here and can be worked on.
USABLE_HOME = "main .ready"
SCROLL_PIXELS_A_SECOND = 3000
USES = 3
_NOTE_WHEN_USABLE = """
const seen = () => {
  const line = document.querySelector('%s');
  if (line?.getBoundingClientRect().height) window.usableAt = performance.now();
  else requestAnimationFrame(seen);
};
requestAnimationFrame(seen);
"""
_WATCH_FRAMES = """() => {
  window.frames_ms = [];
  window.watching = true;
  let last = performance.now();
  const next = () => {
    const now = performance.now();
    window.frames_ms.push(now - last);
    last = now;
    if (window.watching) requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
}"""


def browser_path() -> str:
    """:raise CannotMeasure: there is no browser here and none can be installed"""
    path = find_or_install()
    if path is None:
        raise CannotMeasure(NONE_FOUND)
    return path


@contextmanager
def opened(kind: dict[str, Any], profile: Path) -> Iterator[BrowserContext]:
    """A browser process of its own with a profile that outlives it."""
    path = browser_path()
    with sync_playwright() as driver:
        context = _launch(driver, path, kind, profile)
        try:
            yield context
        finally:
            context.close()


def _launch(driver: Playwright, path: str, kind: dict[str, Any], profile: Path) -> BrowserContext:
    context = driver.chromium.launch_persistent_context(
        profile, executable_path=path, args=QUIET, **kind
    )
    context.set_default_timeout(60_000)
    if kind is PHONE:  # A desk never comes to that line: looking for it would cost each frame.
        context.add_init_script(_NOTE_WHEN_USABLE % USABLE_HOME)
    return context


def give_cookie(context: BrowserContext, url: str, cookie: str) -> None:
    """Let the context be signed in with a ``name=value`` that the API gave."""
    name, _, value = cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": url}])


def usable_after_ms(page: Page) -> float:
    """Milliseconds from the navigation's start until the home could be worked with."""
    page.wait_for_function("() => window.usableAt !== undefined")
    return float(page.evaluate("() => window.usableAt"))


def slow_down(page: Page, rate: int) -> CDPSession:
    """Slow the page's processor down ``rate`` times."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": rate})
    return session


@contextmanager
def frames(page: Page) -> Iterator[list[float]]:
    """The milliseconds between all frames that the page drew meanwhile."""
    found: list[float] = []
    page.evaluate(_WATCH_FRAMES)
    yield found
    page.evaluate("() => { window.watching = false; }")
    found.extend(page.evaluate("() => window.frames_ms"))


def longest_frame(page: Page, use: Callable[[], None], again: Callable[[], None]) -> float:
    """The longest frame, in ms, of three uses: the best of them, as whatever else a machine does only
    ever adds. ``again`` goes back to where a use begins, and is not measured.
    """
    longest = []
    for _ in range(USES):
        with frames(page) as drawn:
            use()
        longest.append(max(drawn))
        again()
    return min(longest)


def scroll(session: CDPSession, x: int, y: int, pixels: int, *, touch: bool) -> None:
    """Scroll by a real gesture at a place of the page: a swipe, or the wheel."""
    session.send(
        "Input.synthesizeScrollGesture",
        {
            "x": x,
            "y": y,
            "yDistance": -pixels,
            "speed": SCROLL_PIXELS_A_SECOND,
            "gestureSourceType": "touch" if touch else "mouse",
            "preventFling": True,
        },
    )
