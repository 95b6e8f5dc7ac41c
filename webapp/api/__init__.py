"""The HTTP face."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Bind every domain's blueprint to the app."""
    from webapp.api import (
        acceptance,
        agenda,
        calls,
        case_files,
        cases,
        checklists,
        contracts,
        documents,
        estate,
        figure_files,
        figures,
        health,
        hours,
        http,
        inbox,
        inspections,
        knowledge,
        labels,
        links,
        mails,
        manuals,
        metrics,
        notices,
        notifications,
        open_items,
        openapi,
        people,
        photo_files,
        photos,
        quarantine,
        quote_links,
        quote_settings,
        quotes,
        ready,
        reported,
        reports,
        rescue,
        returns,
        rounds,
        service_log,
        service_terms,
        sessions,
        spares,
        sync,
        sync_health,
        team,
        tokens,
        webhooks,
    )

    api = openapi.DocumentedApi(app)
    http.install(app)  # After flask-smorest's own handlers, in whose place it puts ours.
    app.register_blueprint(health.bp)
    app.register_blueprint(metrics.bp)
    app.register_blueprint(openapi.bp)
    modules = (
        sessions,
        contracts,
        people,
        notifications,
        notices,
        estate,
        labels,
        checklists,
        rounds,
        ready,
        acceptance,
        inspections,
        returns,
        open_items,
        case_files,
        cases,
        calls,
        inbox,
        service_log,
        knowledge,
        quotes,
        quote_settings,
        quote_links,
        team,
        manuals,
        service_terms,
        hours,
        spares,
        photos,
        photo_files,
        figure_files,
        figures,
        documents,
        reported,
        reports,
        links,
        mails,
        sync,
        sync_health,
        quarantine,
        rescue,
        tokens,
        webhooks,
        agenda,
    )
    for module in modules:
        api.register_blueprint(module.bp)
    openapi.complete(api)
