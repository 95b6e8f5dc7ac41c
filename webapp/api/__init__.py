"""The HTTP face."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Bind every domain's blueprint to the app."""
    from webapp.api import (
        checklists,
        contracts,
        estate,
        health,
        http,
        inspections,
        labels,
        open_items,
        openapi,
        people,
        photos,
        quarantine,
        ready,
        rescue,
        returns,
        rounds,
        sessions,
        sync,
        sync_health,
    )

    api = openapi.DocumentedApi(app)
    http.install(app)  # After flask-smorest's own handlers, in whose place it puts ours.
    app.register_blueprint(health.bp)
    app.register_blueprint(openapi.bp)
    people_and_contracts = (sessions, contracts, people)
    work = (estate, labels, checklists, rounds, ready, inspections, returns, open_items, photos)
    for module in (*people_and_contracts, *work, sync, sync_health, quarantine, rescue):
        api.register_blueprint(module.bp)
    openapi.complete(api)
