"""Files that are made on request."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import IO

from flask import Response, send_file

_AT_ONCE_BYTES = 64 * 1024


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
