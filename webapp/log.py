"""Structured logs: one JSON object a line, a static event name with fields, the request's id in each."""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

request_id_var: ContextVar[str] = ContextVar("request_id", default="")
_logger = logging.getLogger("roundbook")


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        request_id = request_id_var.get()
        if request_id:
            line["request_id"] = request_id
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure() -> None:
    """Send the project's own events to standard error, once."""
    if _logger.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    _logger.addHandler(handler)
    _logger.setLevel(logging.INFO)
    _logger.propagate = False


def event(name: str, **fields: Any) -> None:
    """Log that something happened; ``name`` never varies, what varies stands in the fields."""
    _logger.info(name, extra={"fields": fields})


def failure(name: str, **fields: Any) -> None:
    """Log an unexpected error with its traceback."""
    _logger.error(name, extra={"fields": fields}, exc_info=sys.exc_info())
