"""Draws photos that look like devices: the eye can tell types, rooms and months apart."""

from __future__ import annotations

import io
import math
import random
from functools import cache
from typing import Final

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont

SIZE: Final = (960, 720)
QUALITY: Final = 72
_WALLS = ((206, 202, 192), (188, 196, 200), (214, 208, 198), (178, 184, 186))


def draw_photo(
    device_type: str, caption: str, tag_text: str, seed: str, *, abnormal: bool = False
) -> bytes:
    """A JPEG showing a device of the type, with its asset tag; ``caption`` is what its display says.

    The tag chooses the wall, so that a room looks alike every month; the seed chooses the hand that
    held the camera, so that no two photos are the same.
    """
    rng = random.Random(seed)  # noqa: S311 - a picture, not a secret.
    picture = _wall(sum(tag_text.encode()) % len(_WALLS)).copy()
    draw = ImageDraw.Draw(picture)
    shift = (rng.randint(-110, 110), rng.randint(-70, 50))
    _DRAWERS.get(device_type, _rack)(draw, shift, caption, abnormal)
    tag = (shift[0] + 60, 640 + shift[1] // 2)
    draw.rectangle((*tag, tag[0] + 190, tag[1] + 46), fill=(250, 250, 246), outline=(90, 90, 90))
    draw.text((tag[0] + 10, tag[1] + 12), tag_text[:18], fill=(30, 30, 30), font=_font(20))
    picture = _held(picture, rng)
    picture = ImageEnhance.Brightness(picture).enhance(rng.uniform(0.72, 1.18))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _held(picture: Image.Image, rng: random.Random) -> Image.Image:
    """The picture as the hand held the camera: a little turned and nearer, so that no two are alike.

    Nearer by so much that the turn leaves no black corner.
    """
    turn = -math.radians(rng.uniform(-1.5, 1.5))
    nearer = rng.uniform(0.03, 0.16)
    left, top = SIZE[0] * nearer * rng.uniform(0.3, 0.7), SIZE[1] * nearer * rng.uniform(0.3, 0.7)
    across, down = left - SIZE[0] / 2, top - SIZE[1] / 2
    cos, sin = math.cos(turn), math.sin(turn)
    # Where each place of the new picture was in the old one: turned about the middle.
    matrix = (
        cos * (1 - nearer), sin * (1 - nearer), cos * across + sin * down + SIZE[0] / 2,
        -sin * (1 - nearer), cos * (1 - nearer), -sin * across + cos * down + SIZE[1] / 2,
    )  # fmt: skip
    return picture.transform(SIZE, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)


def with_comment(jpeg: bytes, comment: str) -> bytes:
    """The same picture as other bytes: a comment segment put after the start of the file."""
    text = comment.encode()
    return jpeg[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + jpeg[2:]


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


@cache
def _wall(index: int) -> Image.Image:
    """A wall with light falling from one side and a little grain, as a phone sees it."""
    width, height = SIZE
    base = Image.new("RGB", SIZE, _WALLS[index])
    light = (
        Image.linear_gradient("L").resize(SIZE).point([round(90 + v * 0.65) for v in range(256)])
    )
    shaded = Image.composite(base, Image.new("RGB", SIZE, (70, 72, 74)), light.rotate(90 * index))
    grain = Image.effect_noise((width // 2, height // 2), 18).resize(SIZE).convert("RGB")
    table = Image.blend(shaded, grain, 0.06)
    ImageDraw.Draw(table).rectangle((0, 590, width, height), fill=(122, 98, 76))
    return table.filter(ImageFilter.GaussianBlur(0.8))


def _box(
    draw: ImageDraw.ImageDraw,
    shift: tuple[int, int],
    box: tuple[int, int, int, int],
    fill: tuple[int, int, int],
    radius: int = 12,
) -> tuple[int, int, int, int]:
    x, y = shift
    moved = (box[0] + x, box[1] + y, box[2] + x, box[3] + y)
    draw.rounded_rectangle(moved, radius, fill=fill, outline=(40, 42, 44), width=3)
    return moved


def _projector(
    draw: ImageDraw.ImageDraw, shift: tuple[int, int], caption: str, abnormal: bool
) -> None:
    left, top, right, bottom = _box(draw, shift, (180, 250, 780, 520), (232, 232, 228), 26)
    draw.ellipse(
        (left + 60, top + 40, left + 250, top + 230), fill=(36, 38, 44), outline=(90, 90, 96)
    )
    draw.ellipse((left + 105, top + 85, left + 205, top + 185), fill=(86, 104, 140))
    draw.ellipse((left + 120, top + 95, left + 150, top + 125), fill=(210, 222, 240))
    for row in range(7):
        y = top + 60 + row * 18
        draw.line((left + 300, y, right - 150, y), fill=(150, 150, 146), width=5)
    _screen_text(draw, (left + 300, bottom - 70, right - 40, bottom - 24), caption, abnormal)


def _display(
    draw: ImageDraw.ImageDraw, shift: tuple[int, int], caption: str, abnormal: bool
) -> None:
    left, top, right, bottom = _box(draw, shift, (110, 110, 850, 530), (18, 20, 24), 8)
    for index, colour in enumerate(
        (
            (200, 200, 200),
            (190, 190, 30),
            (30, 180, 190),
            (40, 170, 60),
            (170, 40, 160),
            (190, 40, 40),
        )
    ):
        x = left + 16 + index * 118
        draw.rectangle((x, top + 16, x + 118, bottom - 70), fill=colour)
    if abnormal:
        draw.line((left + 300, top + 16, left + 300, bottom - 70), fill=(255, 255, 255), width=4)
    _screen_text(draw, (left + 16, bottom - 62, right - 16, bottom - 16), caption, abnormal)


def _puck(draw: ImageDraw.ImageDraw, shift: tuple[int, int], caption: str, abnormal: bool) -> None:
    left, top, _right, bottom = _box(draw, shift, (260, 300, 700, 500), (30, 32, 36), 24)
    light = (228, 60, 46) if abnormal else (246, 246, 250)
    draw.ellipse((left + 160, top + 40, left + 280, top + 160), outline=light, width=12)
    for index in range(3):
        x = left - 90 + index * 230
        draw.ellipse(
            (x, bottom + 20, x + 96, bottom + 116), fill=(52, 54, 60), outline=light, width=6
        )
    draw.text((left + 20, top + 14), caption, fill=(220, 220, 220), font=_font(24))


def _microphone(
    draw: ImageDraw.ImageDraw, shift: tuple[int, int], caption: str, abnormal: bool
) -> None:
    x, y = shift
    draw.line((480 + x, 520 + y, 520 + x, 250 + y), fill=(40, 40, 44), width=12)
    draw.ellipse(
        (470 + x, 150 + y, 570 + x, 290 + y), fill=(60, 62, 68), outline=(20, 20, 22), width=4
    )
    left, top, _right, _bottom = _box(draw, shift, (360, 510, 620, 590), (44, 46, 52), 18)
    light = (230, 70, 50) if abnormal else (60, 200, 110)
    draw.ellipse((left + 20, top + 28, left + 44, top + 52), fill=light)
    draw.text((left + 64, top + 26), caption, fill=(226, 226, 226), font=_font(26))


def _camera(
    draw: ImageDraw.ImageDraw, shift: tuple[int, int], caption: str, abnormal: bool
) -> None:
    left, top, _right, _bottom = _box(draw, shift, (340, 420, 640, 540), (224, 224, 222), 20)
    draw.ellipse(
        (left + 50, top - 180, left + 250, top + 20), fill=(44, 46, 50), outline=(20, 20, 20)
    )
    draw.ellipse((left + 100, top - 130, left + 200, top - 30), fill=(70, 84, 112))
    light = (230, 70, 50) if abnormal else (70, 200, 120)
    draw.ellipse((left + 24, top + 50, left + 44, top + 70), fill=light)
    draw.text((left + 64, top + 46), caption, fill=(40, 40, 40), font=_font(26))


def _rack(draw: ImageDraw.ImageDraw, shift: tuple[int, int], caption: str, abnormal: bool) -> None:
    for unit in range(4):
        top = 170 + unit * 104
        left, y, right, bottom = _box(draw, shift, (160, top, 800, top + 92), (46, 48, 54), 6)
        for port in range(9):
            x = left + 30 + port * 34
            draw.rectangle((x, y + 52, x + 22, y + 72), fill=(20, 20, 22))
        light = (232, 70, 48) if abnormal and unit == 1 else (70, 200, 120)
        draw.ellipse((right - 60, y + 20, right - 40, y + 40), fill=light)
        if unit == 1:
            _screen_text(draw, (left + 350, y + 14, right - 90, bottom - 14), caption, abnormal)


def _room(draw: ImageDraw.ImageDraw, shift: tuple[int, int], caption: str, abnormal: bool) -> None:
    left, top, right, _bottom = _box(draw, shift, (330, 120, 630, 300), (20, 22, 26), 6)
    draw.rectangle((left + 12, top + 12, right - 12, top + 168), fill=(54, 98, 140))
    draw.polygon(((180, 680), (360, 400), (600, 400), (800, 680)), fill=(146, 112, 82))
    for x in (230, 320, 610, 700):
        draw.ellipse((x, 470, x + 66, 560), fill=(58, 62, 70))
    if abnormal:
        draw.line((470, 400, 540, 560), fill=(20, 20, 20), width=6)
    draw.text((left + 24, top + 60), caption, fill=(236, 236, 236), font=_font(26))


def _screen_text(
    draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], caption: str, abnormal: bool
) -> None:
    draw.rectangle(box, fill=(16, 40, 32), outline=(10, 20, 16))
    colour = (255, 150, 120) if abnormal else (140, 240, 180)
    draw.text((box[0] + 12, box[1] + 8), caption, fill=colour, font=_font(30))


_DRAWERS = {
    "projector": _projector,
    "display": _display,
    "clickshare": _puck,
    "microphone": _microphone,
    "camera": _camera,
    "room": _room,
}
