"""Pictures: told by their bytes, measured before they are decoded, and shown only re-encoded.

Nothing here knows a database or a request. Pillow's bomb warning is an error in this process.
"""

from __future__ import annotations

import struct
import warnings
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps

from webapp.errors import AppError

MAXIMUM_PIXELS = 60_000_000
# A WebP's decoder holds every pixel four times over, and an empty one of a kilobyte asks for all.
MAXIMUM_WEBP_PIXELS = 30_000_000
FORMATS = ("JPEG", "PNG", "WEBP")
FULL_SIDE, THUMB_SIDE = 1600, 320
# At most so many of the 256 bits differ between a picture and its copy; another month's differ by 56.
SAME_PICTURE_BITS = 24
# Two racks of one make look much alike: of another device or room, a copy must be nearer than that.
SAME_ELSEWHERE_BITS = 18
# A lens cap or a white wall has hardly a bit set, and would look like every other one.
TELLING_BITS = 24

Image.MAX_IMAGE_PIXELS = MAXIMUM_PIXELS
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)

_FOREIGN = (b"%PDF", b"GIF8", b"PK\x03\x04", b"BM", b"II*\x00", b"MM\x00*", b"\x7fELF", b"MZ")


@dataclass(frozen=True)
class Picture:
    """What the first bytes say; ``readable`` is false for bytes that no decoder understands."""

    content_type: str
    width: int
    height: int
    readable: bool


@dataclass(frozen=True)
class Copies:
    """What is shown of a picture: upright, without position or other metadata, as JPEG."""

    full: bytes
    thumb: bytes
    perceptual_hash: str


def examine(data: bytes) -> Picture:
    """Tell what a photo is, from its bytes alone; its pixels are counted before any is decoded.

    Bytes of no kind at all are given as unreadable, because the caller keeps them as evidence.

    :raise AppError: ``photo_kind_unsupported`` for another kind of file, ``photo_too_many_pixels``
    """
    kind = _kind(data)
    if kind is None:
        if _is_foreign(data):
            raise AppError("photo_kind_unsupported")
        return Picture("application/octet-stream", 0, 0, readable=False)
    if kind == "webp":
        _refuse_too_many(*_webp_size(data), MAXIMUM_WEBP_PIXELS)
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise AppError("photo_too_many_pixels", maximum=MAXIMUM_PIXELS) from None
    except Exception:  # noqa: BLE001 - a decoder may raise anything at damaged bytes
        return Picture(f"image/{kind}", 0, 0, readable=False)
    _refuse_too_many(width, height)
    return Picture(f"image/{kind}", width, height, readable=True)


def _kind(data: bytes) -> str | None:
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return None


def _is_foreign(data: bytes) -> bool:
    head = data[:512].lstrip(b"\xef\xbb\xbf\x00 \t\r\n")
    return head.startswith((*_FOREIGN, b"<")) or data[4:8] == b"ftyp"


def _webp_size(data: bytes) -> tuple[int, int]:
    """The canvas of a WebP; its decoder would take the canvas's memory already when it is opened."""
    chunk, body = data[12:16], data[20:30]
    if len(body) < 10:
        return 0, 0
    if chunk == b"VP8X":
        width = int.from_bytes(body[4:7], "little") + 1
        return width, int.from_bytes(body[7:10], "little") + 1
    if chunk == b"VP8L":
        bits = struct.unpack("<I", body[1:5])[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack("<HH", body[6:10])
    return width & 0x3FFF, height & 0x3FFF


def _refuse_too_many(width: int, height: int, maximum: int = MAXIMUM_PIXELS) -> None:
    if width * height > maximum:
        raise AppError("photo_too_many_pixels", maximum=maximum)


def make_copies(data: bytes) -> Copies:
    """Decode once, and make what is shown of it. :raise AppError: ``photo_unreadable``"""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as probe:
            probe.verify()
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            image.draft("RGB", (FULL_SIDE, FULL_SIDE))
            small = _with_colours(image)
            # Made small before anything else: a copy of the whole may take a quarter of a gigabyte.
            small.thumbnail((FULL_SIDE, FULL_SIDE), Image.Resampling.LANCZOS)
            ImageOps.exif_transpose(small, in_place=True)
        upright = _on_white(small)
    except Exception as error:
        raise AppError("photo_unreadable") from error
    full = _jpeg(upright, 85)
    upright.thumbnail((THUMB_SIDE, THUMB_SIDE), Image.Resampling.LANCZOS)
    return Copies(full, _jpeg(upright, 80), perceptual_hash(upright))


def _with_colours(image: Image.Image) -> Image.Image:
    """The picture itself where its pixels can be mixed, as making it small does."""
    if "transparency" in image.info:
        return image.convert("RGBA")
    return image if image.mode in ("L", "LA", "RGB", "RGBA") else image.convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode not in ("RGBA", "LA", "PA") and "transparency" not in image.info:
        return image.convert("RGB")
    layered = image.convert("RGBA")
    ground = Image.new("RGB", layered.size, "white")
    ground.paste(layered, mask=layered.getchannel("A"))
    return ground


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = BytesIO()
    # A new picture of the pixels alone: no EXIF, no comment, no colour profile comes along.
    bare = Image.frombytes("RGB", image.size, image.tobytes())
    bare.save(out, "JPEG", quality=quality, progressive=True)
    return out.getvalue()


def perceptual_hash(image: Image.Image) -> str:
    """256 bits in hex: whether each of 16 × 16 places is brighter than its right neighbour."""
    pixels = image.convert("L").resize((17, 16), Image.Resampling.LANCZOS).tobytes()
    bits = 0
    for row in range(16):
        for column in range(16):
            place = row * 17 + column
            bits = bits << 1 | (pixels[place] > pixels[place + 1])
    return f"{bits:064x}"


def tells_enough(perceptual_hash: str) -> bool:
    """Whether a picture has enough structure to be told from another."""
    return TELLING_BITS <= int(perceptual_hash, 16).bit_count() <= 256 - TELLING_BITS


def distance(one: str, other: str) -> int:
    """In how many of 256 bits two perceptual hashes differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
