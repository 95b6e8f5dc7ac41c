"""Files that are made on request."""

from __future__ import annotations

import io

from flask import Response, send_file


def sent_file(data: bytes, content_type: str, name: str, *, download: bool = True) -> Response:
    """A file as an answer: saved under ``name``, or shown; kept in no cache of a shared machine."""
    response = send_file(
        io.BytesIO(data), mimetype=content_type, as_attachment=download, download_name=name
    )
    response.headers["Cache-Control"] = "no-store"
    return response
