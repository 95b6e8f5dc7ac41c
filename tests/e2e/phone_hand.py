"""What the phone's tests do by hand, and what they look up behind the server's back."""

from __future__ import annotations

import io
import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import qrcode
from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import keep_settings, sign_in
from tests.e2e.server import Server

EMPTY_FRAMES = 15
LABEL_FRAMES = 40
MAKER, MAKER_TAG, GPS_TAG = "SecretMaker", 0x010F, 0x8825


@dataclass(frozen=True)
class Task:
    """A task of this month's round that nobody has done, with the label on its device."""

    id: int
    room_id: int
    device_id: int
    device: str
    code: str
    login: str


def ask(server: Server, query: str, *values: Any) -> list[Any]:
    """Read the server's database, as an auditor would."""
    with sqlite3.connect(server.data_dir / "roundbook.sqlite3") as database:
        return database.execute(query, values).fetchall()


def todo(server: Server, kind: str) -> Task:
    """A device of a kind that waits for its inspection and carries no open item."""
    rows = ask(
        server,
        """
        SELECT task.id, task.room_id, device.id, device.name, label.code, user.login
        FROM round_task AS task JOIN round ON round.id = task.round_id
        JOIN device ON device.id = task.device_id JOIN user ON user.id = task.assignee_id
        JOIN label ON label.device_id = device.id AND label.revoked_at IS NULL
        WHERE round.state = 'open' AND task.outcome = 'todo' AND device.type = ?
        AND NOT EXISTS (
            SELECT 1 FROM open_item WHERE open_item.device_id = device.id AND open_item.state = 'open'
        )
        ORDER BY round.month DESC, task.id LIMIT 1
        """,
        kind,
    )
    return Task(*rows[0])


def carried_over(server: Server) -> tuple[int, int, str]:
    """A waiting task whose device carries an open item: its id, the item's number, the login."""
    rows = ask(
        server,
        """
        SELECT task.id, open_item.number, user.login
        FROM round_task AS task JOIN round ON round.id = task.round_id
        JOIN user ON user.id = task.assignee_id
        JOIN open_item ON open_item.device_id = task.device_id AND open_item.state = 'open'
        WHERE round.state = 'open' AND task.outcome = 'todo' ORDER BY open_item.number LIMIT 1
        """,
    )
    task_id, number, login = rows[0]
    return task_id, number, login


def use_phone(page: Page, server: Server, login: str, language: str = "zh") -> None:
    """Sign in and wait until the round is on the phone, and the worker keeps the shell."""
    sign_in(page, server, login, "/healthz")
    keep_settings(page, server, language)
    page.goto(f"{server.url}/")
    expect(page.locator(".hero")).to_be_visible(timeout=20_000)
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")


def open_task(page: Page, server: Server, task_id: int) -> None:
    """Open the inspection of a task."""
    page.goto(f"{server.url}/inspect/{task_id}")
    expect(page.get_by_role("button", name="完成", exact=True)).to_be_visible()


def find_all_well(page: Page, server: Server, keys: Iterable[str]) -> None:
    """Give these items of the open checklist their first option, finish, and send by the network that is back."""
    for key in keys:
        item(page, key).locator("label").first.click()
    finish_as_it_is(page)
    page.context.set_offline(False)
    send_all(page, server)


def find_the_rest_well(page: Page) -> None:
    """Say "all OK", and give what that leaves to the hand its first option."""
    page.get_by_role("button", name=re.compile("全部正常")).click()
    expect(page.locator("article.normal").first).to_be_visible()
    for name in page.locator("article[id^=item-]:not(.normal)").evaluate_all(
        "all => all.map((one) => one.id)"
    ):
        option = page.locator(f"#{name} label:has(input)")
        if option.count():
            option.first.click()


def finish_as_it_is(page: Page) -> None:
    """Finish, leaving open what may be left open."""
    page.get_by_role("button", name="完成", exact=True).click()
    sheet = page.locator("dialog[open]")
    sheet.locator("footer button").click()
    expect(page.locator(".done")).to_be_visible()


def send_all(page: Page, server: Server) -> None:
    """Send at once, and wait until the server has everything; the phone may have done so already."""
    page.goto(f"{server.url}/sync")
    page.get_by_role("button", name=re.compile("立即发送|更新巡检数据")).click()
    expect(page.locator("main")).to_contain_text("全部送达服务器", timeout=20_000)


def take(page: Page, photo: dict[str, Any]) -> None:
    """Take a photo with the system's camera, and keep it."""
    camera = page.locator("dialog[open]")
    camera.locator("input[type=file]").set_input_files(photo)  # type: ignore[arg-type]
    expect(camera).to_contain_text("已存本机")
    camera.get_by_role("button", name="完成").click()


def send_back(desk: Page, photo: str, remark: str) -> None:
    """The supervisor sends a photo back; by the API, from his own page."""
    status = desk.evaluate(
        """([photo, remark]) => fetch(`/api/contracts/DEMO/photos/${photo}/review`, {
          method: "POST",
          headers: {"Content-Type": "application/json"},
          body: JSON.stringify({state: "returned", remark, marks: []}),
        }).then((answer) => answer.status)""",
        [photo, remark],
    )
    assert status < 300, status


def item(page: Page, key: str) -> Locator:
    """An item of the checklist."""
    return page.locator(f"#item-{key}")


def picture(colour: str = "steelblue") -> dict[str, Any]:
    """A photo as the system's camera would hand it over: it tells where it was taken."""
    image = Image.new("RGB", (2400, 1800), colour)
    ImageDraw.Draw(image).ellipse((400, 300, 1500, 1400), fill="white")
    exif = Image.Exif()
    exif[MAKER_TAG] = MAKER
    exif.get_ifd(GPS_TAG).update({1: "N", 2: (31.0, 14.0, 6.0), 3: "E", 4: (121.0, 28.0, 9.0)})
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=90, exif=exif)
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": stream.getvalue()}


def says_where_it_was_taken(data: bytes) -> bool:
    """Whether a photo still has anything of what ``picture`` put beside its pixels."""
    exif = Image.open(io.BytesIO(data)).getexif()
    return bool(exif) or bool(exif.get_ifd(GPS_TAG)) or MAKER.encode() in data or b"Exif" in data


def bytes_of(server: Server, sha256: str) -> bytes:
    """A photo's bytes on the server's disk."""
    [path] = (server.data_dir / "files/photos").rglob(sha256)
    return path.read_bytes()


def camera_film(path: Path, url: str) -> Path:
    """A film for Chromium's fake camera: an empty wall, then the label in the hand."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_Q, border=4, box_size=8)
    code.add_data(url)
    label = code.make_image().get_image().convert("RGB")
    wall = Image.new("RGB", (640, 480), (120, 120, 120))
    shot = wall.copy()
    shot.paste(label, ((640 - label.width) // 2, (480 - label.height) // 2))
    frames = [_jpeg(wall)] * EMPTY_FRAMES + [_jpeg(shot)] * LABEL_FRAMES
    path.write_bytes(b"".join(frames))
    return path


def _jpeg(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=90)
    return stream.getvalue()
