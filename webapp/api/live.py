"""Answers that a screen asks for every few seconds: 304 as long as nothing has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from flask import Response, request


def answer_live(made_of: object, make: Callable[[], Response]) -> Response:
    """The answer that ``make`` makes, or 304 when the client has the one of the same ``made_of``.

    :param made_of: plain data; the answer may depend on nothing else
    """
    etag = hashlib.sha256(json.dumps(made_of, default=str).encode()).hexdigest()[:32]
    response = Response(status=304) if etag in request.if_none_match else make()
    response.set_etag(etag)
    response.headers["Cache-Control"] = "private, no-cache"
    return response
