"""Caps on how often one user asks, for the paths that phones take hundreds of times in a row.

Counted in this process, in a dictionary: flask-limiter, which guards the sign-in, starts a thread a
hit in its memory store, and took a fifth of a photo's time. With several processes each counts its
own, which caps all the same.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from webapp.api.http import signed_in
from webapp.errors import AppError

WINDOW_SECONDS = 60
View = TypeVar("View", bound=Callable[..., Any])
_lock = threading.Lock()
_counts: dict[tuple[str, int], int] = {}
_window = 0


def at_most(times: int) -> Callable[[View], View]:
    """Let a user call the view so many times a minute; after that 429 with Retry-After.

    :raise AppError: ``too_many_requests``, ``unauthenticated``
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def throttled(*args: Any, **kwargs: Any) -> Any:
            _count(view.__name__, signed_in().live.user_id, times)
            return view(*args, **kwargs)

        return cast(View, throttled)

    return decorate


def _count(name: str, user_id: int, times: int) -> None:
    global _window  # noqa: PLW0603 - the process's own counter
    now = time.monotonic()
    window = int(now // WINDOW_SECONDS)
    with _lock:
        if window != _window:
            _window = window
            _counts.clear()
        count = _counts[name, user_id] = _counts.get((name, user_id), 0) + 1
    if count > times:
        wait = WINDOW_SECONDS - int(now % WINDOW_SECONDS)
        raise AppError("too_many_requests", headers={"Retry-After": str(wait)})
