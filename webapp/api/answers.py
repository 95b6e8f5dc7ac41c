"""How an error is answered: problem+json, by what went wrong (RFC 9457)."""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress
from itertools import islice
from typing import Any, cast

from flask import Flask, Response, current_app, g, jsonify, request
from sqlalchemy.exc import DataError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import ClientDisconnected, HTTPException

from webapp import log
from webapp.db import db
from webapp.errors import AppError, problem
from webapp.extensions import limiter
from webapp.storage import StoreAwayError

# Nobody mends more at once; a body of a thousand wrong fields gets no answer of a thousand lines.
_MOST_FIELDS_NAMED = 50
_HTTP_CODES = {
    400: "invalid",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "not_json",
    422: "invalid",
    429: "too_many_requests",
}


def install(app: Flask) -> None:
    """Bind the answers to whatever a view can raise."""
    app.register_error_handler(AppError, answer_error)
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(OperationalError, _answer_database_error)
    app.register_error_handler(InterfaceError, _answer_database_error)
    app.register_error_handler(PoolTimeoutError, _answer_away)
    app.register_error_handler(StoreAwayError, _answer_away)
    app.register_error_handler(DataError, _answer_unstorable)
    app.register_error_handler(OverflowError, _answer_unstorable)
    app.register_error_handler(UnicodeEncodeError, _answer_unstorable)
    app.register_error_handler(Exception, _answer_unexpected)


def answer_error(error: AppError) -> Response:
    """An error as problem+json."""
    response = jsonify(problem(error, g.get("request_id", "")))
    response.status_code = error.status
    response.content_type = "application/problem+json"
    response.headers.update(error.headers)
    return response


def _answer_http_error(error: HTTPException) -> Response:
    if isinstance(error, ClientDisconnected):
        # Half a body says nothing about the whole: it is asked for again, never refused for good.
        return answer_error(AppError("busy", headers={"Retry-After": "1"}))
    data = getattr(error, "data", None) or {}
    status = error.code or 500
    if status < 400 or status not in _HTTP_CODES:
        return cast(Response, error.get_response()) if status < 500 else _answer_unexpected(error)
    fields = _flat(data.get("messages") or {})
    answer = AppError(_HTTP_CODES[status], fields=dict(islice(fields.items(), _MOST_FIELDS_NAMED)))
    response = answer_error(answer)
    if status == 429:
        response.headers["Retry-After"] = str(_seconds_to_wait())
    for name, value in getattr(error, "get_headers", list)():
        if name in ("Retry-After", "Allow"):
            response.headers[name] = value
    return response


def _seconds_to_wait() -> int:
    """Until the limit that was hit lets somebody through again."""
    hit = limiter.current_limit
    return max(1, round(hit.reset_at - time.time())) if hit else 60


def _flat(messages: Any, path: str = "") -> dict[str, list[str]]:
    """marshmallow's nested messages as ``{"readings.0.item": ["…"]}``."""
    if isinstance(messages, list):
        return {path or "body": [str(message) for message in messages]}
    flat: dict[str, list[str]] = {}
    if isinstance(messages, dict):
        for key, value in messages.items():
            # The first level only names the place (json, query), which tells the user nothing.
            below = str(key) if path else ""
            inner = f"{path}.{below}".strip(".") if path else ("" if key in _PLACES else str(key))
            flat.update(_flat(value, inner))
    return flat


_PLACES = ("json", "query", "form", "files", "headers")


# What PostgreSQL says when it is not the request's fault: two that waited for each other, locks, a
# shutdown, too many at once, a broken connection.
_NOT_THE_REQUESTS = ("40", "55P03", "57P", "53300", "08")


def _answer_database_error(error: OperationalError | InterfaceError) -> Response:
    text = str(error.orig).lower()
    if "full" in text or "no space" in text:
        db.session.rollback()
        return answer_error(AppError("disk_full"))
    return _answer_away(error) if _is_away(error) else _answer_unexpected(error)


def _is_away(error: OperationalError | InterfaceError) -> bool:
    """Whether the same may be asked again: the database is locked, away, or broke it off."""
    original = error.orig
    if isinstance(original, sqlite3.Error):
        return "locked" in str(original).lower()
    # Who could not connect at all has no state to tell.
    state = getattr(original, "sqlstate", None)
    return error.connection_invalidated or not state or state.startswith(_NOT_THE_REQUESTS)


def _answer_away(error: Exception) -> Response:
    """The phone takes it for a failed request, not for a record that is bad, and comes again."""
    with suppress(SQLAlchemyError):
        db.session.rollback()
    log.event("busy", path=request.path, why=type(getattr(error, "orig", error)).__name__)
    return answer_error(AppError("busy", headers={"Retry-After": "2"}))


def _answer_unstorable(_error: Exception) -> Response:
    """A value that no column can hold: a NUL in a text, half a letter, a number beyond all numbers."""
    db.session.rollback()
    return answer_error(AppError("invalid"))


def _answer_unexpected(error: Exception) -> Response:
    if isinstance(error, RecursionError):
        # JSON nested thousands deep: no request of ours looks so.
        return answer_error(AppError("invalid"))
    if current_app.config.get("PROPAGATE_UNEXPECTED"):
        raise error
    if isinstance(error, OSError) and error.errno == 28:
        return answer_error(AppError("disk_full"))
    log.failure("unexpected_error", path=request.path)
    return answer_error(AppError("unexpected"))
