"""The face on the phone and the desk: shell, manifest, worker."""

from __future__ import annotations

from flask import Flask

from webapp.pwa import views


def register(app: Flask) -> None:
    """Bind the shell's addresses and the security headers."""
    app.register_blueprint(views.bp)
    app.after_request(views.add_security_headers)
