"""The HTTP face."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Bind every domain's blueprint to the app."""
    from webapp.api import (
        checklists,
        estate,
        health,
        http,
        identity,
        inspections,
        labels,
        open_items,
        openapi,
        photos,
        quarantine,
        rescue,
        rounds,
        sync,
        sync_health,
    )

    api = openapi.DocumentedApi(app)
    http.install(app)  # After flask-smorest's own handlers, in whose place it puts ours.
    app.register_blueprint(health.bp)
    app.register_blueprint(openapi.bp)
    domains = (identity, estate, labels, checklists, rounds, inspections, open_items)
    for module in (*domains, sync, photos, quarantine, rescue, sync_health):
        api.register_blueprint(module.bp)
    openapi.complete(api)
