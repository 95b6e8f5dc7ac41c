"""The product's own way of serving, with one SIGKILL at a named point: gunicorn's settings for tests.

The product knows nothing of it. The points are events that SQLAlchemy and Python give to everybody,
and the object store's own interface. FAULT_POINT names the point, FAULT_PATH a part of the path of
the request that dies there, FAULT_MARK a file that is made at the first death: there is no second,
so that the worker which gunicorn starts in its place works on.

- ``before_commit``: the push has done all its work, and its transaction is not yet committed
- ``after_commit``: it is committed, and nobody has been answered
- ``before_rename``: a photo's bytes lie under their temporary name
- ``after_file``: the photo's file is durable, its row is not written
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import has_request_context, request
from sqlalchemy.orm import Session

_OURS = runpy.run_path(str(Path(__file__).parents[2] / "gunicorn.conf.py"))
globals().update({name: value for name, value in _OURS.items() if not name.startswith("_")})
_POINT, _PATH = os.environ["FAULT_POINT"], os.environ["FAULT_PATH"]


def _reached(point: str) -> None:
    """Die here, if this is the point, the request, and the first time."""
    if point != _POINT or not has_request_context() or _PATH not in request.full_path:
        return
    try:
        os.close(os.open(os.environ["FAULT_MARK"], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def _hear(event: str, _arguments: tuple[Any, ...]) -> None:
    if event == "os.rename":
        _reached("before_rename")


def post_worker_init(worker: Any) -> None:
    """Watch the points in this worker, then go on as the product does."""
    sa.event.listen(Session, "before_commit", lambda _session: _reached("before_commit"))
    sa.event.listen(Session, "after_commit", lambda _session: _reached("after_commit"))
    sys.addaudithook(_hear)
    store = worker.wsgi.extensions["object_store"]
    put = store.put

    def put_and_die(key: str, data: bytes) -> None:
        put(key, data)
        _reached("after_file")

    store.put = put_and_die
    _OURS["post_worker_init"](worker)
