"""Caps on how often one user asks, for the paths that phones take hundreds of times in a row."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from webapp.api.counts import count
from webapp.api.http import signed_in

View = TypeVar("View", bound=Callable[..., Any])


def at_most(times: int) -> Callable[[View], View]:
    """Let a user call the view so many times a minute; after that 429 with Retry-After.

    :raise AppError: ``too_many_requests``, ``unauthenticated``
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def throttled(*args: Any, **kwargs: Any) -> Any:
            count(view.__name__, signed_in().live.user_id, times)
            return view(*args, **kwargs)

        return cast(View, throttled)

    return decorate
