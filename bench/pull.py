"""What a phone pulls: a whole round of 2,000 devices, and nothing new."""

from __future__ import annotations

import gzip
import json
import statistics
import time
from collections.abc import Iterator

from bench.figures import Figure, measures
from bench.phone import Phone
from bench.server import Running

REPEATS = 50


@measures
def first_pull(server: Running) -> Iterator[Figure]:
    """The bytes of a first pull, as they go over the wire; the round is half done."""
    site = server.contents.whole
    phone = Phone(server, site.code, site.logins[0])
    began = time.perf_counter()
    body, headers = phone.ask("GET", "sync/pull?cursor=0")
    seconds = time.perf_counter() - began
    whole = json.loads(gzip.decompress(body))
    devices = len(whole["rows"]["devices"])
    if devices != len(site.places):
        raise RuntimeError(f"{devices} devices were pulled, not {len(site.places)}")
    size = len(body) + len(str(headers))
    yield Figure("first pull of a round with 2,000 devices, compressed", size / 1024, "KB", 400)
    yield Figure("first pull of a round with 2,000 devices", seconds, "s", 2)
    yield from _nothing_new(phone, whole["head"], whole["epoch"])


def _nothing_new(phone: Phone, head: int, epoch: str) -> Iterator[Figure]:
    times, size = [], 0
    for _ in range(REPEATS):
        began = time.perf_counter()
        body, headers = phone.ask("GET", f"sync/pull?cursor={head}&epoch={epoch}")
        times.append((time.perf_counter() - began) * 1000)
        size = max(size, len(body) + len(str(headers)))
    yield Figure("later pull with nothing new, with its headers", size / 1024, "KB", 1)
    # The whole way there and back, so the server's own share is smaller still.
    yield Figure("later pull with nothing new", statistics.median(times), "ms", 10)
