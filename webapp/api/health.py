"""``/healthz``: the process answers; ``/readyz``: so do the database and the store."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response, jsonify

from webapp import log
from webapp.db import db
from webapp.storage import object_store

bp = Blueprint("health", __name__)
_TABLE = "server_state"


@bp.get("/healthz")
def healthz() -> Response:
    """The process is alive."""
    return jsonify({"status": "ok"})


@bp.get("/readyz")
def readyz() -> tuple[Response, int]:
    """The database is migrated and reachable, and so is the store."""
    checks = {"database": _database_is_ready(), "files": _files_are_ready()}
    ready = all(checks.values())
    status = "ok" if ready else "unavailable"
    return jsonify({"status": status, "checks": checks}), 200 if ready else 503


def _database_is_ready() -> bool:
    try:
        db.session.execute(sa.select(sa.text("1")).select_from(sa.table(_TABLE)).limit(1)).all()
    except sa.exc.SQLAlchemyError:
        log.failure("database_not_ready")
        db.session.rollback()
        return False
    return True


def _files_are_ready() -> bool:
    try:
        object_store().check()
    except Exception:  # noqa: BLE001 - every store fails in its own way.
        log.failure("files_not_ready")
        return False
    return True
