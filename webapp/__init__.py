"""Roundbook: the monthly round of meeting rooms; ``create_app`` is the factory, nothing else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp import log, tables
from webapp.config import Settings, settings_or_exit
from webapp.db import db, engine_options, prepare_engine
from webapp.extensions import SignedCookies, limiter, login_manager, migrate
from webapp.mailboxes import mailbox_for
from webapp.notifications.mail import sender_for, transport_for
from webapp.notifications.webpush import Pusher, contact_of, kept_key
from webapp.storage import store_for


def create_app(settings: Settings | None = None, **overrides: Any) -> Flask:
    """Build the app from ``settings`` (by default the environment's); ``overrides`` are Flask's own."""
    settings = settings or settings_or_exit()
    log.configure()
    app = Flask(__name__, static_folder="static", static_url_path="/static")
    app.config.update(_flask_config(settings))
    app.config.update(overrides)
    app.extensions["settings"] = settings
    app.extensions["tables"] = tables.ALL
    app.extensions["object_store"] = store_for(settings.object_store_url, settings.data_dir)
    app.extensions["mail_transport"] = transport_for(settings.smtp_url, settings.data_dir)
    app.extensions["mail_sender"] = sender_for(
        settings.mail_from, settings.smtp_url, settings.base_url
    )
    app.extensions["mailbox"] = mailbox_for(settings.imap_url, settings.data_dir)
    app.extensions["pusher"] = Pusher(
        kept_key(settings.data_dir, settings.push_key),
        contact_of(settings.base_url, app.extensions["mail_sender"].address),
        private_hosts=settings.push_private_hosts,
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops)  # type: ignore[method-assign]
    _bind_extensions(app)
    _register_faces(app)
    _let_domains_listen()
    return app


def _flask_config(settings: Settings) -> dict[str, Any]:
    secure = settings.secure_cookies
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(settings.database_url),
        "SESSION_COOKIE_NAME": "__Host-roundbook" if secure else "roundbook",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": timedelta(days=60),
        # The session itself ends 60 days after the sign-in; a new cookie an answer would change nothing.
        "SESSION_REFRESH_EACH_REQUEST": False,
        # For JSON; the few views that take photos, batches and files have limits of their own.
        "MAX_CONTENT_LENGTH": settings.max_json_bytes,
        "RATELIMIT_STORAGE_URI": settings.redis_url or "memory://",
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": bool(settings.redis_url),
        # One that is there and says nothing is as good as none: nobody waits for it.
        "RATELIMIT_STORAGE_OPTIONS": (
            {"socket_connect_timeout": 1, "socket_timeout": 1} if settings.redis_url else {}
        ),
        "API_TITLE": "Roundbook",
        "API_VERSION": "1",
        "OPENAPI_VERSION": "3.1.0",
        "JSON_SORT_KEYS": False,
    }


def _bind_extensions(app: Flask) -> None:
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
    migrate.init_app(app, db, directory=_migrations_folder())
    app.session_interface = SignedCookies()
    login_manager.init_app(app)
    limiter.init_app(app)


def _migrations_folder() -> str:
    """Beside the package in the source tree, inside it in a wheel."""
    package = Path(__file__).parent
    inside = package / "migrations"
    return str(inside if inside.exists() else package.parent / "migrations")


def _register_faces(app: Flask) -> None:
    from webapp import background, cli, hooking, mailing, making, pushing, pwa, receiving
    from webapp.api import register as register_api

    register_api(app)
    pwa.register(app)
    cli.register(app)
    background.register()
    hooking.register()
    mailing.register()
    receiving.register()
    pushing.register()
    making.register()


def _let_domains_listen() -> None:
    """What stands above hears of changes below: a change of what was signed voids the signatures."""
    from webapp.acceptance import voiding

    voiding.register()
