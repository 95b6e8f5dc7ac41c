"""Extensions, built without an app and bound by ``create_app``."""

from __future__ import annotations

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate

login_manager = LoginManager()
# The cookie holds a token that the server knows and can revoke. A phone's address changes with every
# mast, so Flask-Login's watch over it would only write the cookie anew with each answer.
login_manager.session_protection = None
migrate = Migrate(compare_type=True, render_as_batch=True)
limiter = Limiter(key_func=get_remote_address, headers_enabled=False)
