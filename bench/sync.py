"""One phone syncs a month's work; eight phones at once."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from typing import Any

from PIL import Image

from bench import raw
from bench.estate import Place, Site, inspection, items, photo_line
from bench.figures import Figure, measures
from bench.phone import Phone, envelope
from bench.server import Running

INSPECTIONS, PHOTOS, PHOTO_BYTES = 400, 200, 300_000
# As the client sends: so many records a push, and so many photos at once.
BATCH, UPLOADS_AT_ONCE, PHONES = 100, 4, 8
# So many photos go in one body once answers come this quickly.
PHOTOS_A_BODY, QUICK_SECONDS = 8, 0.5
REPEATS = 5
# Its id, its SHA-256 in hex, its bytes.
Photo = tuple[str, str, bytes]


@measures
def one_phone(server: Running) -> Iterator[Figure]:
    """400 inspections of 7 readings and 200 photos of 300 KB, against their raw cost.

    The best of five runs each, taken in turns: whatever else a machine does only ever adds.
    """
    site = server.contents.fresh
    phone = Phone(server, site.code, site.logins[0])
    ours: list[tuple[float, float]] = []
    bare: list[float] = []
    for repeat in range(REPEATS):
        places = site.places[repeat * INSPECTIONS : (repeat + 1) * INSPECTIONS]
        envelopes, photos = _months_work(site, places, repeat)
        ours.append(_sync(phone, envelopes, photos))
        datas = [data for *_, data in photos]
        bare.append(
            raw.transactions(server.data_dir, INSPECTIONS) + raw.files(server.data_dir, datas)
        )
    total = min(pushing + uploading for pushing, uploading in ours)
    baseline = min(bare)
    yield Figure(
        "one phone: 400 inspections and 200 photos of 300 KB", total, "s", 3, baseline=baseline
    )


def _months_work(site: Site, places: list[Place], seed: int) -> tuple[list[bytes], list[Photo]]:
    payloads: list[dict[str, Any]] = []
    photos: list[Photo] = []
    for number, place in enumerate(places):
        lines = []
        if number * PHOTOS // INSPECTIONS < (number + 1) * PHOTOS // INSPECTIONS:
            data = _photo(seed * INSPECTIONS + number)
            lines = [photo_line(data, items(place)[0]["key"])]
            photos.append((lines[0]["id"], lines[0]["sha256"], data))
        payloads.append(inspection(site.round_id, place, lines))
    return [envelope(payloads[n : n + BATCH]) for n in range(0, len(payloads), BATCH)], photos


_noise: list[bytes] = []


def _photo(number: int) -> bytes:
    """A real JPEG of 300 KB; a few bytes after its end make each another."""
    if not _noise:
        out = BytesIO()
        Image.effect_noise((820, 620), 90).convert("RGB").save(out, "JPEG", quality=80)
        _noise.append(out.getvalue()[:PHOTO_BYTES])
    tail = f"{number:016d}".encode()
    filler = (
        bytes(PHOTO_BYTES - len(_noise[0]) - len(tail)) if len(_noise[0]) < PHOTO_BYTES else b""
    )
    return (_noise[0] + filler)[: PHOTO_BYTES - len(tail)] + tail


def _sync(phone: Phone, envelopes: list[bytes], photos: list[Photo]) -> tuple[float, float]:
    """Seconds for the inspections, and for the photos after them, as a phone sends."""
    began = time.perf_counter()
    applied = sum(phone.push(one) for one in envelopes)
    pushed = time.perf_counter()
    if applied != INSPECTIONS:
        raise RuntimeError(f"only {applied} of {INSPECTIONS} inspections were applied")
    queue = deque(photos)
    connections = [phone.another_connection() for _ in range(UPLOADS_AT_ONCE)]
    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        list(pool.map(partial(_upload, queue), connections))
    print(f"  inspections {pushed - began:.2f} s, photos {time.perf_counter() - pushed:.2f} s")
    return pushed - began, time.perf_counter() - pushed


def _upload(queue: deque[Photo], phone: Phone) -> None:
    """Send from the queue until it is empty: one, and twice as many after each quick answer."""
    many = 1
    while some := [queue.popleft() for _ in range(min(many, len(queue)))]:
        began = time.perf_counter()
        if len(some) == 1:
            phone.put(*some[0])
        else:
            phone.put_several(some)
        if time.perf_counter() - began < QUICK_SECONDS:
            many = min(2 * many, PHOTOS_A_BODY)


@measures
def eight_phones(server: Running) -> Iterator[Figure]:
    """Eight phones push at once, 1,000 inspections in all, twice; nothing may be refused."""
    site = server.contents.whole
    phones = [Phone(server, site.code, login) for login in site.logins]
    half = len(site.places) // 2
    best = max(
        _at_once(phones, site, site.places[:half]), _at_once(phones, site, site.places[half:])
    )
    yield Figure("eight phones at once", best, "inspections/s", 500, at_least=True)


def _at_once(phones: list[Phone], site: Site, places: list[Place]) -> float:
    """Inspections a second, from the first byte sent to the last answer."""
    payloads = [inspection(site.round_id, place, []) for place in places]
    queues = [payloads[number::PHONES] for number in range(PHONES)]
    envelopes = [[envelope(q[n : n + BATCH]) for n in range(0, len(q), BATCH)] for q in queues]

    def send(pair: tuple[Phone, list[bytes]]) -> int:
        phone, batches = pair
        return sum(map(phone.push, batches))

    began = time.perf_counter()
    with ThreadPoolExecutor(PHONES) as pool:
        applied = sum(pool.map(send, zip(phones, envelopes, strict=True)))
    seconds = time.perf_counter() - began
    if applied != len(places):
        raise RuntimeError(f"only {applied} of {len(places)} inspections were applied")
    return applied / seconds
