"""Every part in every state (/kit): WCAG 2.2 AA, nothing torn, and it looks as it was seen and kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, expect

from tests.e2e import kit_pictures as kit
from tests.e2e.conftest import axe_violations
from tests.e2e.server import Server

Open = Callable[..., BrowserContext]
# An icon that is gone is more than this; what another machine drew never came to one pixel.
FEW_PIXELS = 5
OVERLAYS = (("自下而上", "From below"), ("自右而左", "From the side"))
look = pytest.mark.parametrize(("language", "theme"), kit.LOOKS)


@look
@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
def test_every_part_holds_to_wcag_aa(
    open_context: Open, shared_demo_server: Server, phone: bool, language: str, theme: str
) -> None:
    page = kit.open_kit(open_context(phone=phone), shared_demo_server.url, language, theme)
    found = axe_violations(page)
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("it is wider than the window")
    opened = page.locator("dialog[open]")
    for names in OVERLAYS:
        page.get_by_role("button", name=names[kit.LANGUAGES.index(language)]).click()
        expect(opened).to_be_visible()
        found += axe_violations(page)
        page.keyboard.press("Escape")
        expect(opened).to_have_count(0)
    page.locator("main img").first.click()
    expect(opened).to_be_visible()
    found += axe_violations(page)
    assert found == []


@look
def test_every_part_looks_as_it_was_kept(
    open_context: Open, shared_demo_server: Server, tmp_path: Path, language: str, theme: str
) -> None:
    context = open_context(phone=False, whole=True)
    page = kit.open_kit(context, shared_demo_server.url, language, theme)
    seen = kit.picture_of(page)
    kept = Image.open(kit.kept_picture(language, theme)).convert("RGB")
    seen.save(tmp_path / "seen.png")
    advice = f"Look at {tmp_path}; if it is meant so, `python -m tests.e2e.kit_pictures` keeps it."
    assert seen.size == kept.size, advice
    loud = kit.loud_pixels(seen, kept)
    loud.save(tmp_path / "differs.png")
    assert loud.histogram()[255] <= FEW_PIXELS, f"{loud.getbbox()} differs. {advice}"
