"""Every part in every state (/kit): WCAG 2.2 AA, nothing torn, and it looks as it was seen and kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Locator, expect

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


def middle(part: Locator) -> float:
    """How far down the middle of a part stands."""
    box = part.bounding_box()
    assert box
    return box["y"] + box["height"] / 2


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
def test_a_short_notice_keeps_to_one_line_and_a_long_one_its_ends_together(
    open_context: Open, shared_demo_server: Server, phone: bool
) -> None:
    page = kit.open_kit(open_context(phone=phone), shared_demo_server.url, "zh", "light")
    page.get_by_role("button", name="提示与撤销").click()
    toast = page.locator(".toast")
    sign, words = toast.locator("svg").first, toast.locator(".text > span")
    action, close = toast.locator(".action"), toast.locator(".close")
    for text in ("已了结", "Saved"):
        words.evaluate("(one, text) => { one.textContent = text; }", text)
        places = [middle(part) for part in (sign, words, action, close)]
        assert max(places) - min(places) < 2, (text, places)
    words.evaluate("one => { one.textContent = '已存本机：指挥中心会议终端 '.repeat(4); }")
    box = toast.bounding_box()
    assert box
    assert box["width"] <= page.evaluate("innerWidth") - 24
    assert abs(middle(sign) - middle(words)) < 2
    assert abs(middle(action) - middle(close)) < 2


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
