"""Extensions, built without an app and bound by ``create_app``."""

from __future__ import annotations

import flask_limiter
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from itsdangerous import URLSafeTimedSerializer


class Limiter(flask_limiter.Limiter):
    """Looks at the views alone that carry a limit, not at every request that has none."""

    def _check_request_limit(
        self, callable_name: str | None = None, in_middleware: bool = True
    ) -> None:
        # The decorated views ask by themselves; there is no limit on the whole app.
        if not in_middleware:
            super()._check_request_limit(callable_name, in_middleware)


class SignedCookies(SecureCookieSessionInterface):
    """Flask's own sessions, whose signer is built once for a secret key instead of at every request."""

    def __init__(self) -> None:
        self._signers: dict[object, URLSafeTimedSerializer | None] = {}

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """The signer of the app's secret key."""
        if app.secret_key not in self._signers:
            self._signers = {app.secret_key: super().get_signing_serializer(app)}
        return self._signers[app.secret_key]


login_manager = LoginManager()
# The cookie holds a token that the server knows and can revoke. A phone's address changes with every
# mast, so Flask-Login's watch over it would only write the cookie anew with each answer.
login_manager.session_protection = None
migrate = Migrate(compare_type=True, render_as_batch=True)
limiter = Limiter(key_func=get_remote_address, headers_enabled=False)
