"""Files that are made on request."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from typing import IO, Any

from flask import Response, request, send_file

_AT_ONCE_BYTES = 64 * 1024
_BINARY = {"schema": {"type": "string", "format": "binary"}}
PICTURE: dict[int, dict[str, Any]] = {
    200: {"description": "OK", "content": {"image/jpeg": _BINARY}}
}


def sent_file(
    data: bytes | IO[bytes], content_type: str, name: str, *, download: bool = True
) -> Response:
    """A file as an answer: saved under ``name``, or shown; kept in no cache of a shared machine.

    An open file is read as it is sent, and closed when that is done.
    """
    body = io.BytesIO(data) if isinstance(data, bytes) else data
    length = body.seek(0, os.SEEK_END)
    body.seek(0)
    # An empty one tells the headers; the body is ours, because the server's may outlive its file.
    response = send_file(
        io.BytesIO(), mimetype=content_type, as_attachment=download, download_name=name
    )
    response.response = _read(body)
    response.direct_passthrough = False
    response.call_on_close(body.close)
    response.content_length = length
    response.headers["Cache-Control"] = "no-store"
    return response


def _read(body: IO[bytes]) -> Iterator[bytes]:
    with body:
        while part := body.read(_AT_ONCE_BYTES):
            yield part


def picture(sha256: str, size: str, copy: Callable[[], bytes]) -> Response:
    """A re-encoded copy of a picture, which ``copy`` makes where the browser has none.

    A browser may keep it but must ask each time: on a shared phone the next user is not let in,
    and who may see it is answered by 304 without a byte of the picture.
    """
    etag = f"{sha256}-{size}"
    if etag in request.if_none_match:
        response = Response(status=304)
    else:
        response = Response(copy(), mimetype="image/jpeg")
        response.headers["Content-Disposition"] = f'inline; filename="{sha256[:16]}.jpg"'
    response.set_etag(etag)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
