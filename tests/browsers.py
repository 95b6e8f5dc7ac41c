"""The one Chromium driver of a session, for every folder whose tests open a browser."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, expect, sync_playwright

from tools.find_browser import NONE_FOUND, find

PATIENCE_SECONDS = 15


@pytest.fixture(scope="session")
def browser_path() -> str:
    """A Chromium; without one the tests fail with a sentence, they are never skipped."""
    path = find()
    if path is None:
        pytest.fail(NONE_FOUND)
    return path


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver; two busy cores may take their time, so what is awaited may too."""
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    with sync_playwright() as driver:
        yield driver


def wait_until(page: Page, script: str, arg: Any = None) -> None:
    """Wait until an async function of the page comes to something true.

    Playwright's own ``wait_for_function`` takes the promise itself for true, and waits for nothing.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not page.evaluate(script, arg):
        assert time.monotonic() < deadline, f"never came true: {script}"
        page.wait_for_timeout(50)
