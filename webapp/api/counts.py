"""Counting how often somebody asks, in this process, in a dictionary.

flask-limiter, which guards the sign-in, starts a thread a hit in its memory store, and took a fifth
of a photo's time. With several processes each counts its own, which caps all the same.
"""

from __future__ import annotations

import threading
import time

from webapp.errors import AppError

WINDOW_SECONDS = 60
_lock = threading.Lock()
_counts: dict[tuple[str, int], int] = {}
_window = 0


def count(name: str, who: int, times: int) -> None:
    """One more of ``name`` by ``who``, at most ``times`` a minute.

    :raise AppError: ``too_many_requests`` with Retry-After
    """
    global _window  # noqa: PLW0603 - the process's own counter
    now = time.monotonic()
    window = int(now // WINDOW_SECONDS)
    with _lock:
        if window != _window:
            _window = window
            _counts.clear()
        so_far = _counts[name, who] = _counts.get((name, who), 0) + 1
    if so_far > times:
        wait = WINDOW_SECONDS - int(now % WINDOW_SECONDS)
        raise AppError("too_many_requests", headers={"Retry-After": str(wait)})
