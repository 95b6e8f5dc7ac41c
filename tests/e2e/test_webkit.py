"""The engineer's whole way on WebKit, which iPhones have, and what WebKit alone does to a page.

Here it is WebKit as GTK builds it, driven over the W3C's protocol: no iPhone, but its engine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import phone_hand as hand
from tests.e2e.conftest import PASSWORD
from tests.e2e.server import Server
from tests.e2e.test_engines import ALL_OF, HAS_PICTURES, KEPT, judge
from tests.e2e.webdriver import ENTER, NONE_FOUND, WebKit, find_webkit, webkit_window

ROUND_IS_HERE = f"return ({ALL_OF})('tasks').then((tasks) => tasks.length > 0)"

# With its save under way when the page goes.
TOUCH_AND_LEAVE = """
for (const button of document.querySelectorAll("button"))
  if (button.innerText.startsWith("全部正常")) button.click();
setTimeout(() => { location.href = arguments[0]; }, arguments[1]);
"""


@pytest.fixture
def webkit(tmp_path: Path) -> Iterator[WebKit]:
    """A window of WebKit."""
    browser = find_webkit()
    if browser is None:
        pytest.skip(NONE_FOUND)
    folder = tmp_path / "webkit"
    folder.mkdir(mode=0o700)
    with webkit_window(browser, folder) as window:
        yield window


def button(text: str, within: str = "") -> str:
    """Where a button is whose name begins so."""
    named = f"(starts-with(normalize-space(), '{text}') or starts-with(@aria-label, '{text}'))"
    return f"{within}//button[{named}]"


def use_webkit_phone(window: WebKit, server: Server, login: str) -> None:
    """Sign in and wait until the round is on the phone, and the worker keeps the shell."""
    window.goto(f"{server.url}/sign-in")
    window.type("//input[@autocomplete='username']", login)
    window.type("//input[@type='password']", PASSWORD + ENTER)
    window.wait("return !location.pathname.startsWith('/sign-in')")
    settings = json.dumps({"language": "zh", "theme": "system"})
    window.run("localStorage.setItem('roundbook.settings', arguments[0])", settings)
    window.goto(f"{server.url}/")
    window.find("//*[contains(@class, 'hero')]")
    window.wait("return navigator.serviceWorker.controller !== null")
    window.wait(ROUND_IS_HERE)


def test_webkit_takes_an_inspection_without_a_network_to_the_server(
    webkit: WebKit, demo_server: Server, tmp_path: Path
) -> None:
    """The network is taken away by ending the server, for this driver knows no other way."""
    window, task = webkit, hand.todo(demo_server, "codec")
    picture = tmp_path / "photo.jpg"
    picture.write_bytes(hand.picture()["buffer"])
    use_webkit_phone(window, demo_server, task.login)
    window.wait(f"return {HAS_PICTURES}")
    demo_server.kill()
    window.goto(f"{demo_server.url}/inspect/{task.id}")
    window.click(button("全部正常"))
    window.click(button("拍照", "//*[@id='item-boot']"))
    window.choose("//dialog[@open]//input[@type='file']", picture)
    window.find("//dialog[@open]//*[contains(., '已存本机')]")
    window.click(button("完成", "//dialog[@open]"))
    window.ask("POST", "/refresh")
    window.find(button("查看照片", "//*[@id='item-boot']"))
    window.click(button("完成"))
    window.click("//dialog[@open]//footer//button")
    window.find("//*[contains(@class, 'done')]")
    demo_server.start()
    window.goto(f"{demo_server.url}/sync")
    window.click("//button[contains(., '立即发送') or contains(., '更新巡检数据')]")
    window.wait("return document.querySelector('main').innerText.includes('全部送达服务器')")
    judge(demo_server, task, window.run(f"return (async () => {{{KEPT}}})()"))


def test_a_page_that_is_left_in_the_middle_of_a_save_does_not_stop_the_next(
    webkit: WebKit, demo_server: Server
) -> None:
    """WebKit keeps a page that is left, with the locks of its open transactions: each page after
    it showed nothing until it was closed."""
    window, task = webkit, hand.todo(demo_server, "codec")
    use_webkit_phone(window, demo_server, task.login)
    page = f"{demo_server.url}/inspect/{task.id}"
    window.goto(page)
    for turn in range(3):
        window.find("//*[@id='item-boot']")
        window.run(TOUCH_AND_LEAVE, f"{page}?turn={turn}", turn * 5)
        window.wait("return location.search === arguments[0]", f"?turn={turn}")
    window.find("//*[@id='item-boot']")
