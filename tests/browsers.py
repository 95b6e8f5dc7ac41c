"""The one Chromium driver of a session, for every folder whose tests open a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright, expect, sync_playwright

from tools.find_browser import NONE_FOUND, find


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
    expect.set_options(timeout=15_000)
    with sync_playwright() as driver:
        yield driver
