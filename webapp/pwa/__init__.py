"""The face on the phone and the desk: shell, manifest, worker."""

from __future__ import annotations

from flask import Flask

from webapp.pwa import views


def register(app: Flask) -> None:
    """Bind the shell's addresses, the security headers, and the page of an unknown address."""
    app.register_blueprint(views.bp)
    # The last that is bound is asked first.
    app.after_request(views.add_security_headers)
    app.after_request(views.answer_unknown_address)
