"""WebKit as GTK builds it, driven over the W3C's WebDriver protocol: what a test needs, no more."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.server import free_port

NONE_FOUND = (
    "WebKit is not installed here (on Debian: apt-get install webkit2gtk-driver xvfb xauth)"
)
# The protocol's name of an element in JSON, and of the Enter key.
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
ENTER = "\ue007"
_START_SECONDS, _WAIT_SECONDS, _ANSWER_SECONDS = 20, 30, 60
_BROWSERS = ("webkit2gtk-4.1", "webkit2gtk-4.0", "webkitgtk-6.0")


def find_webkit() -> str | None:
    """The path of the small browser that WebKitGTK brings, when all it needs is installed."""
    needed = ("WebKitWebDriver", "xvfb-run")
    paths = [Path("/usr/lib").glob(f"*/{name}/MiniBrowser") for name in _BROWSERS]
    found = next((str(path) for some in paths for path in some), None)
    return found if found and all(map(shutil.which, needed)) else None


class WebDriverError(Exception):
    """What the driver answered in place of a value."""


@dataclass
class WebKit:
    """One browser window."""

    port: int
    session: str = ""

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One command of the protocol. :raise WebDriverError:"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_ANSWER_SECONDS)
        try:
            data = None if method != "POST" else json.dumps(body or {})
            connection.request(method, f"{self.session}{path}", data)
            answer = connection.getresponse()
            value = json.loads(answer.read())["value"]
        finally:
            connection.close()
        if answer.status != 200:
            raise WebDriverError(f"{value['error']}: {value['message']}")
        return value

    def begin(self, browser: str) -> None:
        """Open the window."""
        options = {"binary": browser, "args": ["--automation"]}
        wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        self.session = (
            f"/session/{self.ask('POST', '/session', {'capabilities': wanted})['sessionId']}"
        )
        self.ask("POST", "/window/rect", {"width": 420, "height": 900})

    def goto(self, url: str) -> None:
        """Load a page."""
        self.ask("POST", "/url", {"url": url})

    def run(self, script: str, *arguments: Any) -> Any:
        """The value of a script's ``return``; promises are awaited."""
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def find(self, xpath: str, *, visible: bool = True) -> str:
        """The path of the first such element that is visible, once there is one."""
        ends_at = time.monotonic() + _WAIT_SECONDS
        while True:
            given = {"using": "xpath", "value": xpath}
            for element in self.ask("POST", "/elements", given):
                path = f"/element/{element[_ELEMENT]}"
                with contextlib.suppress(WebDriverError):
                    if not visible or self.ask("GET", f"{path}/displayed"):
                        return path
            if time.monotonic() > ends_at:
                raise TimeoutError(f"{xpath} is not to be seen: {self.text()}")
            time.sleep(0.1)

    def click(self, xpath: str) -> None:
        """Click on it, once it is there and stands still."""
        ends_at = time.monotonic() + _WAIT_SECONDS
        while True:
            try:
                return self.ask("POST", f"{self.find(xpath)}/click")
            except WebDriverError:
                if time.monotonic() > ends_at:
                    raise
                time.sleep(0.1)

    def type(self, xpath: str, text: str) -> None:
        """Type into it."""
        self.ask("POST", f"{self.find(xpath)}/value", {"text": text})

    def choose(self, xpath: str, path: Path) -> None:
        """Give a file's input, which pages hide behind a button, this file."""
        self.ask("POST", f"{self.find(xpath, visible=False)}/value", {"text": str(path)})

    def wait(self, script: str, *arguments: Any) -> Any:
        """The script's value, once it is true."""
        ends_at = time.monotonic() + _WAIT_SECONDS
        while not (value := self.run(script, *arguments)):
            if time.monotonic() > ends_at:
                raise TimeoutError(f"{script}: {self.text()}")
            time.sleep(0.1)
        return value

    def text(self) -> str:
        """What the page says."""
        return str(self.run("return document.body.innerText"))[:2000]


@contextlib.contextmanager
def webkit_window(browser: str, folder: Path) -> Iterator[WebKit]:
    """A window of a WebKit with nothing in its store, on a screen of its own; ended afterwards."""
    window = WebKit(free_port())
    log = (folder / "webkit.log").open("wb")
    env = {**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    # Containers have no user namespaces for WebKit's sandbox, nor a graphics card.
    env |= {"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1", "LIBGL_ALWAYS_SOFTWARE": "1"}
    command = ["xvfb-run", "-a", "WebKitWebDriver", f"--port={window.port}"]
    with log:
        driver = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait_for(window, folder / "webkit.log")
        window.begin(browser)
        yield window
    finally:
        with contextlib.suppress(OSError, WebDriverError):
            window.ask("DELETE", "")
        with contextlib.suppress(ProcessLookupError):
            os.killpg(driver.pid, signal.SIGKILL)
        driver.wait(10)


def _wait_for(window: WebKit, log: Path) -> None:
    ends_at = time.monotonic() + _START_SECONDS
    while True:
        try:
            return window.ask("GET", "/status")
        except OSError:
            if time.monotonic() > ends_at:
                raise TimeoutError(log.read_text(errors="replace")[-2000:]) from None
            time.sleep(0.1)
