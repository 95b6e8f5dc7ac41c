"""What the client costs a phone: its shell, its start without a network, its frames, Lighthouse."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page

from bench import audits, browser
from bench.figures import Figure, measures
from bench.phone import sign_in
from bench.server import Running, load_demo, serving

COLD_STARTS = 5
SLOWER = 4
DEMO_LOGIN, DEMO_PASSWORD = "zhang", "roundbook-demo"
TYPED = "epson 3F"
LIGHTHOUSE_RUNS = 3
LIGHTHOUSE_SECONDS_A_PAGE = 40


@measures
def shell(server: Running) -> Iterator[Figure]:
    """JavaScript and CSS on the wire until a signed-in phone's home is usable, by gzip.

    Chromium takes Brotli too, which is smaller; gzip is what every phone and proxy takes. What the
    service worker fetches in the background for offline work is not counted.
    """
    with _signed_in(server, browser.PHONE) as (context, url):
        page = context.new_page()
        page.set_extra_http_headers({"Accept-Encoding": "gzip"})
        loaded = _watch_loaded(page)
        page.goto(url)
        browser.usable_after_ms(page)
        names = [address.rpartition("/")[2] for address in loaded]
        total = sum(loaded.values())
        desk = _desk_chunks(names)
    yield Figure(
        "shell: JavaScript and CSS before the home is usable, gzip", total / 1024, "KB", 150
    )
    yield Figure("the desk's chunks that a phone loads", desk, "chunks", 0)


def _watch_loaded(page: Page) -> dict[str, int]:
    """Bytes of the body on the wire of each script and style that the page itself loads."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    loaded: dict[str, int] = {}

    def note(event: dict[str, Any]) -> None:
        answer = event["response"]
        if answer["url"].endswith((".js", ".css")):
            loaded[answer["url"]] = int(answer["headers"]["Content-Length"])

    session.on("Network.responseReceived", note)
    return loaded


def _desk_chunks(names: list[str]) -> int:
    """How many of the loaded files are named after a file of the desk's screens."""
    folder = Path(__file__).parent.parent / "webapp/pwa/client/src/views/desk"
    phone = {file.stem for file in (folder.parent / "phone").rglob("*")}
    desk = {file.name.partition(".")[0] for file in folder.rglob("*.*")} - phone
    return sum(name.rpartition(".")[0][:-9] in desk for name in names)


@measures
def lighthouse(server: Running) -> Iterator[Figure]:
    """Lighthouse as a phone on the demo contract: the sign-in page, and a signed-in home."""
    with tempfile.TemporaryDirectory(prefix="demo-", dir=server.data_dir) as folder:
        load_demo(Path(folder))
        with serving(Path(folder)) as port:
            url = f"http://localhost:{port}"
            cookie = sign_in(server.host, port, DEMO_LOGIN, DEMO_PASSWORD)
            yield from _scores("sign-in", f"{url}/sign-in", {})
            yield from _scores("home", f"{url}/", {"Cookie": cookie})


def _scores(name: str, url: str, headers: dict[str, str]) -> Iterator[Figure]:
    scores = audits.scores(url, headers, LIGHTHOUSE_RUNS, LIGHTHOUSE_SECONDS_A_PAGE)
    for category, least in (("performance", 95), ("accessibility", 100), ("best-practices", 100)):
        title = f"Lighthouse mobile, {name}: {category.replace('-', ' ')}"
        yield Figure(title, scores[category], "points", least, at_least=True)


@measures
def cold_start(server: Running) -> Iterator[Figure]:
    """From the navigation to a usable home, in a new browser process and with the server gone."""
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder)
        with serving(server.data_dir) as port:
            url = f"http://localhost:{port}"
            with browser.opened(browser.PHONE, profile) as context:
                _sign_in_for_good(context, server, url)
        times = [_start_without_network(profile, url) for _ in range(COLD_STARTS)]
    yield Figure("cold start offline to a usable home", statistics.median(times) / 1000, "s", 1)


def _sign_in_for_good(context: BrowserContext, server: Running, url: str) -> None:
    browser.give_cookie(context, url, _cookie(server, 2))
    page = context.new_page()
    page.goto(url)
    browser.usable_after_ms(page)
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")


def _start_without_network(profile: Path, url: str) -> float:
    with browser.opened(browser.PHONE, profile) as context:
        page = context.new_page()
        page.goto(url)
        return browser.usable_after_ms(page)


@measures
def phone_lists(server: Running) -> Iterator[Figure]:
    """The home's 200 rooms scrolled and 2,000 devices searched letter by letter, on a slow phone."""
    with _signed_in(server, browser.PHONE) as (context, url):
        page = context.new_page()
        page.goto(url)
        _settle(page)
        session = browser.slow_down(page, SLOWER)

        def scroll_rooms() -> None:
            browser.scroll(session, 195, 600, 6000, touch=True)
            browser.scroll(session, 195, 300, -3000, touch=True)

        def find() -> None:
            _type(page, TYPED)
            browser.scroll(session, 195, 600, 2500, touch=True)

        scrolled = browser.longest_frame(page, scroll_rooms, partial(_to_the_top, page))
        page.locator("header button").first.click()
        page.locator("dialog input[type=search]").wait_for()
        page.wait_for_timeout(1000)
        typed = browser.longest_frame(page, find, partial(_take_back, page))
    yield _worst("phone: 200 rooms scrolled, 4 × slower: longest frame", scrolled)
    yield _worst("phone: 2,000 devices filtered and scrolled, 4 × slower: longest frame", typed)


@measures
def desk_list(server: Running) -> Iterator[Figure]:
    """The estate's table of 2,000 devices, by pages, filtered letter by letter and scrolled."""
    with _signed_in(server, browser.DESK) as (context, url):
        page = context.new_page()
        page.goto(f"{url}/desk/estate")
        page.locator("tbody tr").nth(40).wait_for(state="attached")
        session = browser.slow_down(page, SLOWER)

        def find() -> None:
            browser.scroll(session, 900, 600, 3000, touch=False)
            browser.scroll(session, 900, 600, -3000, touch=False)
            page.locator("input[type=search]").first.focus()
            _type(page, TYPED)
            page.wait_for_timeout(1500)

        found = browser.longest_frame(page, find, partial(_take_back, page))
    yield _worst("desk: 2,000 devices filtered and scrolled, 4 × slower: longest frame", found)


def _type(page: Page, text: str) -> None:
    for letter in text:
        page.keyboard.insert_text(letter)
        page.wait_for_timeout(120)
    page.wait_for_timeout(500)


def _take_back(page: Page) -> None:
    """Empty the field again, as before the first letter."""
    for _ in TYPED:
        page.keyboard.press("Backspace")
    page.wait_for_timeout(1500)


def _to_the_top(page: Page) -> None:
    page.evaluate("() => scrollTo(0, 0)")
    page.wait_for_timeout(500)


def _worst(name: str, longest: float) -> Figure:
    return Figure(name, longest, "ms", 50)


def _cookie(server: Running, number: int) -> str:
    return sign_in(server.host, server.port, server.contents.whole.logins[number])


def _settle(page: Page) -> None:
    """Wait until the round and the app's own files are on the phone: lists are used after that."""
    browser.usable_after_ms(page)
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    page.wait_for_timeout(2000)


@contextmanager
def _signed_in(server: Running, kind: dict[str, Any]) -> Iterator[tuple[BrowserContext, str]]:
    url = f"http://localhost:{server.port}"
    with tempfile.TemporaryDirectory() as profile, browser.opened(kind, Path(profile)) as context:
        browser.give_cookie(context, url, _cookie(server, 0))
        yield context, url
