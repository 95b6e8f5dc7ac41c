"""Pictures for a document: photos made so small that sixty of them stay below ten megabytes.

A photo is looked at on a page, not searched for its pixels: the original stays in the store. What
comes in here is the product's own re-encoded copy, never what a phone sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageDraw

from webapp.reports.documents import PhotoBytes, Progress
from webapp.reports.shape import Anomaly, PhotoRef

# All photos of one file: beside them the annexes of 200 rooms take six megabytes in the PDF.
PHOTOS_BYTES = 3_600_000
MOST_BYTES, LEAST_BYTES = 150_000, 12_000
SIDES = (1000, 800, 640, 520, 420, 340, 280)
QUALITY = 74
INK = 20
Strokes = list[list[list[float]]]


@dataclass(frozen=True)
class Picture:
    """A picture's bytes with its size in pixels."""

    data: bytes
    width: int
    height: int


class Photos:
    """The photos of a report's anomalies, each made small once."""

    def __init__(self, photo: PhotoBytes, anomalies: Sequence[Anomaly], progress: Progress) -> None:
        self._photo, self._progress = photo, progress
        self._wanted = {ref["sha256"] for row in anomalies for ref in row["photos"]}
        self._most = budget(len(self._wanted))
        self._made: dict[str, Picture | None] = {}

    def picture(self, ref: PhotoRef) -> Picture | None:
        """A photo that can be shown, or None."""
        sha256 = ref["sha256"]
        if sha256 not in self._made:
            data = self._photo(sha256)
            self._made[sha256] = small(data, self._most) if data is not None else None
            self._progress("photos", len(self._made), len(self._wanted))
        return self._made[sha256]


def budget(photos: int) -> int:
    """How many bytes each of so many photos may take."""
    return max(LEAST_BYTES, min(MOST_BYTES, PHOTOS_BYTES // max(1, photos)))


def small(data: bytes, most_bytes: int) -> Picture | None:
    """A photo in at most so many bytes, as large as it can be; None for what is no picture."""
    try:
        with Image.open(BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
            image.draft("RGB", (SIDES[0], SIDES[0]))
            whole = image.convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombWarning, Image.DecompressionBombError):
        return None
    smallest = None
    for smallest in _sizes(whole):
        if len(smallest.data) <= most_bytes:
            break
    return smallest


def _sizes(image: Image.Image) -> Iterator[Picture]:
    for side in SIDES:
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        out = BytesIO()
        image.save(out, "JPEG", quality=QUALITY, dpi=(96, 96))
        yield Picture(out.getvalue(), *image.size)


def signature(strokes: Strokes, width: int = 360) -> Picture:
    """A signature drawn by hand: strokes of points in shares of a 3:1 box, as a small PNG."""
    height, twice = width // 3, 2
    image = Image.new("L", (width * twice, height * twice), 255)
    draw = ImageDraw.Draw(image)
    for stroke in strokes:
        points = [(x * width * twice, y * height * twice) for x, y in stroke]
        if len(points) > 1:
            draw.line(points, fill=INK, width=3 * twice, joint="curve")
    out = BytesIO()
    image.resize((width, height), Image.Resampling.BOX).save(
        out, "PNG", optimize=True, dpi=(96, 96)
    )
    return Picture(out.getvalue(), width, height)
