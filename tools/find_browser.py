"""Finds a Chromium that runs here, and installs one where it can.

In this order: the variable CHROMIUM, the system's browsers, Playwright's own. `--install` then
asks Debian's packages and Playwright's download. Prints the path; without one it fails with a
sentence, because browser tests are never left out in silence.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.debian import install as install_packages

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
NONE_FOUND = (
    "The browser tests need a Chromium and none was found here. Install one (on Debian: "
    "sudo apt-get install chromium fonts-noto-cjk) or set CHROMIUM to its path.\n"
    "浏览器测试需要 Chromium，本机未找到。请安装（Debian：sudo apt-get install chromium "
    "fonts-noto-cjk），或将 CHROMIUM 设为其路径。"
)


def candidates() -> Iterator[str]:
    """Yield the places where a browser may be, the most wanted first."""
    named = os.environ.get("CHROMIUM")
    if named:
        yield named
        return
    for name in NAMES:
        path = shutil.which(name)
        if path:
            yield path
    home = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path("~/.cache/ms-playwright").expanduser()
    yield from map(str, sorted(Path(home).glob("chromium-*/chrome-linux*/chrome"), reverse=True))


def runs(path: str) -> bool:
    """Tell whether the browser answers; Ubuntu's is a stand-in that may not."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def find() -> str | None:
    """Return the path of the first browser that runs, or None."""
    return next(filter(runs, candidates()), None)


def shell_beside(browser: str) -> str | None:
    """Return the same engine without a window's trappings, where the system has it beside the browser.

    It draws the same pages at about two thirds of the cost.
    """
    path = Path(browser).with_name("chromium-headless-shell")
    return str(path) if runs(str(path)) else None


def find_or_install() -> str | None:
    """Return a browser's path, after installing one where this machine allows it."""
    found = find()
    if found or os.environ.get("CHROMIUM"):
        return found
    if install_packages("chromium", "fonts-noto-cjk"):
        install_packages("chromium-headless-shell")
    found = find()
    if found is None:
        print("Asking Playwright for its own Chromium …", file=sys.stderr, flush=True)
        subprocess.run(
            [sys.executable, "-m", "playwright", "install", "chromium"],
            stdout=sys.stderr,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        found = find()
    return found


def main(arguments: list[str]) -> int:
    """Print the path of a browser, or say what is missing."""
    found = find_or_install() if "--install" in arguments else find()
    if found is None:
        print(NONE_FOUND, file=sys.stderr)
        return 1
    print(found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
