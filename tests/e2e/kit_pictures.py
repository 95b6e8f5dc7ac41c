"""The page of all parts (/kit) as pictures, the same on every machine; run as a module to take them anew.

`python -m tests.e2e.kit_pictures` writes them to `tests/e2e/kit`; look at them before they are kept.
docs/decisions/kit-pictures.md tells why they are so small.
"""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path

from PIL import Image, ImageChops, ImageFilter
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.e2e.conftest import DESK, QUIET
from tests.e2e.server import Server, prepare
from tools.find_browser import NONE_FOUND, find
from webapp.estate.label_font import font_path

FOLDER = Path(__file__).parent / "kit"
LANGUAGES = ("zh", "en")
LOOKS = [(language, theme) for language in LANGUAGES for theme in ("light", "dark")]
# How many of the screen's pixels, in each direction, become one: what a machine draws its own way,
# the edges of letters and curves, is smaller than that.
REDUCED_BY = 3
BLUR_PIXELS = 1
# Levels of 255 from which on a pixel counts as another.
LOUD = 28
FONT_PATH = "/kit-font.otf"
# The shipped font in place of the machine's. The list of icons grows with each screen: it is left out.
_SAME_EVERYWHERE = """
async (path) => {
  const font = new FontFace("Kit", `url(${path})`);
  document.fonts.add(await font.load());
  const rules = new CSSStyleSheet();
  rules.replaceSync("* { font-family: Kit !important; } .icons { display: none !important; }");
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, rules];
  await document.fonts.ready;
}
"""


def open_kit(context: BrowserContext, url: str, language: str, theme: str) -> Page:
    """The page, at rest, in a language and a theme."""
    page = context.new_page()
    page.emulate_media(reduced_motion="reduce")
    kept = json.dumps(json.dumps({"language": language, "theme": theme}))
    page.add_init_script(f"localStorage.setItem('roundbook.settings', {kept})")
    # Without the bottom bar, which would stand before the parts.
    page.goto(f"{url}/kit?bare")
    expect(page.locator("main tbody tr").first).to_be_visible()
    return page


def picture_of(page: Page) -> Image.Image:
    """The whole page, reduced."""
    page.route(f"**{FONT_PATH}", lambda route: route.fulfill(path=font_path()))
    page.evaluate(_SAME_EVERYWHERE, FONT_PATH)
    png = page.screenshot(full_page=True, animations="disabled", caret="hide")
    return Image.open(io.BytesIO(png)).convert("RGB").reduce(REDUCED_BY)


def kept_picture(language: str, theme: str) -> Path:
    """Where the picture of a look is kept."""
    return FOLDER / f"{language}-{theme}.webp"


def loud_pixels(seen: Image.Image, kept: Image.Image) -> Image.Image:
    """Where two pictures of one size differ by more than how a machine draws: white on black."""
    blurred = [one.filter(ImageFilter.GaussianBlur(BLUR_PIXELS)) for one in (seen, kept)]
    strongest = Image.new("L", seen.size)
    for channel in ImageChops.difference(*blurred).split():
        strongest = ImageChops.lighter(strongest, channel)
    return strongest.point(lambda level: 255 if level > LOUD else 0)


def take_all(browser: Browser, url: str) -> None:
    """Take every picture anew."""
    for language, theme in LOOKS:
        context = browser.new_context(viewport=DESK, service_workers="block")  # type: ignore[arg-type]
        seen = picture_of(open_kit(context, url, language, theme))
        seen.save(kept_picture(language, theme), lossless=True, quality=100, method=6)
        context.close()


def main() -> None:
    """A server without anything on it is enough: the page is open to all."""
    path = find()
    if path is None:
        raise SystemExit(NONE_FOUND)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        prepare(Path(folder), demo=False)
        server = Server(Path(folder)).start()
        browser = driver.chromium.launch(executable_path=path, args=QUIET)
        try:
            take_all(browser, server.url)
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
