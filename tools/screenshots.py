"""Takes the pictures of the guides and the README anew: `make screenshots`.

A demo contract is loaded into a folder that is thrown away, the real server serves it, and a real
browser looks at it as an engineer on a phone and as a supervisor at the desk, in both languages.
"""

from __future__ import annotations

import io
import json
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tests.e2e.server import Server, prepare
from tools.find_browser import NONE_FOUND, find_or_install
from webapp.demo.pictures import draw_photo

IMAGES = Path(__file__).resolve().parent.parent / "docs/images"
LANGUAGES = {"zh": "zh-CN", "en": "en-GB"}
PASSWORD = "roundbook-demo"  # noqa: S105 - the demo's, printed in the README
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
LARGEST_BYTES = 150_000
COLOURS = 256
PAPER = (236, 240, 238)
GAP = 48
OVERVIEW_WIDTH = 1600
PATIENT_MS = 90_000
# How far below the top of the screen the item that matters stands, under the bars.
ABOVE = 150
# His own devices that wait for their inspection, the projectors, which have the most to read, first.
_TASKS = """
SELECT task.id, device.asset_number FROM round_task AS task
JOIN round ON round.id = task.round_id JOIN device ON device.id = task.device_id
JOIN user ON user.id = task.assignee_id
WHERE round.state = 'open' AND task.outcome = 'todo' AND user.login = ?
ORDER BY device.type <> 'projector', device.type <> 'display', task.id LIMIT 4
"""


@dataclass(frozen=True)
class Picture:
    """A screen, what must be in sight before it is taken, and whose screen it is."""

    name: str
    path: str
    seen: str
    login: str
    frame: str
    # What its person does before it is taken, so that it shows work and not an empty form.
    work: Callable[[Page, Server], None] | None = None

    @property
    def device(self) -> dict[str, Any]:
        return PHONE if self.frame == "phone" else DESK


def half_filled(page: Page, server: Server) -> None:
    """A projector of which most is normal, with a photo of its image; one of its inputs fails."""
    [(task, tag), *_] = _tasks(server, "zhang")
    _begin(page, server, task)
    image = page.locator("#item-image")
    image.locator("input").first.check(force=True)
    _take_photo(page, image, draw_photo("projector", "1080p", tag, "guide"))
    inputs = page.locator("#item-inputs")
    inputs.locator("label").nth(1).click()
    inputs.locator(".trouble label").first.click()
    top = image.bounding_box()
    page.mouse.wheel(0, (top["y"] if top else 0) - ABOVE)


def finished_offline(page: Page, server: Server) -> None:
    """Three inspections that were finished without a network, one of them with a photo."""
    page.context.set_offline(True)
    for number, (task, tag) in enumerate(_tasks(server, "zhang")[1:]):
        _begin(page, server, task)
        while (spots := page.locator("article.spot")).count() > 0:
            spots.first.locator("input").first.check(force=True)
        if number == 0:
            image = page.locator("#item-image")
            image.locator("input").first.check(force=True)
            _take_photo(page, image, draw_photo("projector", "1080p", tag, "guide"))
        page.locator(".actions .button.main").last.click()
        page.locator("dialog[open] footer button").click()
        page.locator(".done").wait_for()


def _begin(page: Page, server: Server, task: int) -> None:
    page.goto(f"{server.url}/inspect/{task}")
    page.locator(".all button").click()
    # The notice that offers to undo would stand before the screen.
    page.locator(".toast button").last.click()


def _take_photo(page: Page, item: Locator, jpeg: bytes) -> None:
    item.locator("header button").last.click()
    camera = page.locator("dialog[open]")
    photo = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": jpeg}
    camera.locator("input[type=file]").set_input_files(photo)  # type: ignore[arg-type]
    camera.locator(".controls.review .main").click()
    item.locator("img").last.wait_for()


PICTURES = (
    Picture("phone-home", "/", "main .ready", "zhang", "phone"),
    Picture("phone-inspect", "", "main fieldset", "zhang", "phone", half_filled),
    Picture("phone-sync", "/sync", "main details", "zhang", "phone", finished_offline),
    Picture("desk-board", "/desk", "main h2", "wang", "desk"),
    Picture("desk-photos", "/desk/photos", "main img", "wang", "desk"),
    Picture("desk-estate", "/desk/estate", "main tbody tr", "wang", "desk"),
)
NAMES = {f"{language}-{picture.name}.png" for language in LANGUAGES for picture in PICTURES}
NAMES |= {"overview.png"}


def main() -> int:
    """Take every picture; the exit code is 1 without a browser."""
    path = find_or_install()
    if path is None:
        print(NONE_FOUND, file=sys.stderr)
        return 1
    IMAGES.mkdir(exist_ok=True)
    with _demo() as server, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for language in LANGUAGES:
            for picture in PICTURES:
                shot = take(browser, server, picture, language)
                _save(shot, IMAGES / f"{language}-{picture.name}.png")
        browser.close()
    _save(overview(), IMAGES / "overview.png")
    return 0


@contextmanager
def _demo() -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        print("loading the demo contract …", flush=True)
        prepare(data_dir, demo=True)
        server = Server(data_dir).start()
        try:
            yield server
        finally:
            server.stop()


def take(browser: Browser, server: Server, picture: Picture, language: str) -> Image.Image:
    """Sign in as the picture's person, in the language, and take what he sees."""
    context = browser.new_context(
        **picture.device, locale=LANGUAGES[language], timezone_id="Asia/Shanghai"
    )
    page = context.new_page()
    _sign_in(page, server, picture, language)
    if picture.work:
        picture.work(page, server)
    if picture.path:
        page.goto(server.url + picture.path)
    page.locator(picture.seen).first.wait_for()
    _settle(page)
    shot = Image.open(io.BytesIO(page.screenshot()))
    context.close()
    return shot.convert("RGB")


def _sign_in(page: Page, server: Server, picture: Picture, language: str) -> None:
    page.goto(f"{server.url}/sign-in")
    page.locator("input[autocomplete=username]").fill(picture.login)
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "/sign-in" not in address)
    # The person's own language came with the sign-in; the picture's is put in its place.
    kept = json.dumps({"language": language, "theme": "light"})
    page.evaluate("kept => localStorage.setItem('roundbook.settings', kept)", kept)
    page.reload()
    if picture.frame == "phone":
        page.locator("main .ready").wait_for()
        page.wait_for_function(
            "() => navigator.serviceWorker.controller !== null", timeout=PATIENT_MS
        )


def _tasks(server: Server, login: str) -> list[tuple[int, str]]:
    with sqlite3.connect(server.data_dir / "roundbook.sqlite3") as database:
        return database.execute(_TASKS, (login,)).fetchall()


def _settle(page: Page) -> None:
    """Wait until nothing is loading, no picture is missing and nothing moves."""
    page.wait_for_load_state("networkidle")
    page.wait_for_function("() => [...document.images].every((image) => image.complete)")
    page.wait_for_timeout(1000)


def overview() -> Image.Image:
    """The phone's home and the round board side by side, from their own pictures."""
    phone = Image.open(IMAGES / "zh-phone-home.png").convert("RGB")
    board = Image.open(IMAGES / "zh-desk-board.png").convert("RGB")
    height = board.height
    phone = phone.resize(
        (round(phone.width * height / phone.height), height), Image.Resampling.LANCZOS
    )
    sheet = Image.new("RGB", (phone.width + board.width + 3 * GAP, height + 2 * GAP), PAPER)
    sheet.paste(phone, (GAP, GAP))
    sheet.paste(board, (phone.width + 2 * GAP, GAP))
    return _narrowed(sheet, OVERVIEW_WIDTH)


def _narrowed(image: Image.Image, width: int) -> Image.Image:
    if width >= image.width:
        return image
    size = (width, round(image.height * width / image.width))
    return image.resize(size, Image.Resampling.LANCZOS)


def _save(image: Image.Image, path: Path) -> None:
    """Write it with 256 colours, as narrow as it must be to stay under the largest size."""
    data = _png(image)
    while len(data) > LARGEST_BYTES:
        image = _narrowed(image, round(image.width * 0.9))
        data = _png(image)
    path.write_bytes(data)
    print(f"  {path.name}: {image.width} × {image.height}, {len(data) / 1000:.0f} KB", flush=True)


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    few = image.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(out, "PNG", optimize=True)
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main())
