"""Alembic's environment: the app's engine, the app's tables, one transaction for all."""

from __future__ import annotations

from alembic import context
from flask import current_app

from webapp.db import Base, UtcDateTime, unit_of_work


def render_item(_kind: str, item: object, _autogen_context: object) -> str | bool:
    """Write our time type as the plain one that it stores, so that migrations need not the app."""
    return "sa.DateTime(timezone=True)" if isinstance(item, UtcDateTime) else False


def run() -> None:
    """Run the migrations inside one unit of work, so that half an upgrade is none."""
    with unit_of_work() as session:
        context.configure(
            connection=session.connection(),
            target_metadata=Base.metadata,
            render_as_batch=True,
            compare_type=True,
            render_item=render_item,
            compare_server_default=False,
        )
        context.run_migrations()


if current_app:
    run()
