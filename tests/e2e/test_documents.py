"""A document from the press to a file that opens, made in the background; a failure is told, and then mended."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from playwright.sync_api import BrowserContext, Download, Page, Route, expect
from python_calamine import CalamineWorkbook

from tests.e2e.conftest import axe_violations
from tests.e2e.server import Server
from tests.e2e.test_desk_round import PATIENT_MS, supervisor

Open = Callable[..., BrowserContext]
ASKED_OR_LOOKED_AFTER = re.compile(r"/documents(/\d+)?$")
WORDS = {
    "zh": ("设备记录表", "PDF · 中文", "没能生成", "XLSX · English"),
    "en": ("Device record", "PDF · English", "It could not be made", "XLSX · 中文"),
}


def asked(page: Page, menu: str, kind: str) -> None:
    """Ask for a kind of file in the menu."""
    page.get_by_role("button", name=menu, exact=True).click()
    page.get_by_role("button", name=kind, exact=True).click()


def saved(page: Page, menu: str, kind: str) -> Download:
    """The file as it is saved by itself once it is made."""
    with page.expect_download(timeout=PATIENT_MS) as download:
        asked(page, menu, kind)
    return download.value


class Way:
    """What becomes of the requests for documents: one handler for the whole story.

    Handlers that come and go leave moments in which none is in force.
    """

    def __init__(self, page: Page) -> None:
        self.answer: dict[str, Any] | None = None
        self.cut = False
        page.route(ASKED_OR_LOOKED_AFTER, self.__handle)

    def __handle(self, route: Route) -> None:
        if self.cut:
            route.abort()
        elif self.answer is None:
            route.continue_()
        else:
            answer = route.fetch()
            route.fulfill(response=answer, json=answer.json() | self.answer)


def first_text(path: str | Path) -> str:
    """The text of a PDF's first page."""
    document = pypdfium2.PdfDocument(path)
    try:
        return str(document[0].get_textpage().get_text_bounded())
    finally:
        document.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_device_record_is_made_in_the_background_and_opens(
    language: str, shared_demo_server: Server, open_context: Open
) -> None:
    menu, pdf, not_made, xlsx = WORDS[language]
    path = "/desk/devices/1"
    page = supervisor(open_context, shared_demo_server, path, language=language)
    section = page.locator("section").filter(has=page.get_by_role("button", name=menu, exact=True))
    # A failure says so where it was asked for, and what is safe.
    way = Way(page)
    way.answer = {"state": "failed"}
    asked(page, menu, pdf)
    expect(section.get_by_role("alert")).to_contain_text(not_made)
    way.answer, way.cut = None, True
    with page.expect_event("requestfailed"):
        asked(page, menu, pdf)
    expect(section.get_by_role("alert")).to_contain_text(not_made)
    # How far it is stands beside it, and the file is saved as soon as it is there.
    way.answer, way.cut = {"state": "making", "done": 3, "total": 10}, False
    with page.expect_download(timeout=PATIENT_MS) as download:
        asked(page, menu, pdf)
        expect(section.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "3")
        expect(section.get_by_role("alert")).to_have_count(0)
        way.answer = None
    assert download.value.suggested_filename.endswith(".pdf")
    name = page.locator("#content h1").inner_text()
    assert name in first_text(download.value.path())
    expect(section.get_by_role("link", name=pdf)).to_be_visible()
    assert axe_violations(page) == []

    book = CalamineWorkbook.from_path(saved(page, menu, xlsx).path())
    cells = json.dumps(_cells(book), ensure_ascii=False)
    assert name in cells
    assert ("Device Record" if language == "zh" else "设备记录表") in cells


def _cells(book: Any) -> list[list[Any]]:
    rows: list[list[Any]] = book.get_sheet_by_index(0).to_python()
    return [[str(cell) for cell in row] for row in rows]
