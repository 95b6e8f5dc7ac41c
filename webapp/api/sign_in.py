"""Other ways to sign in than by a password: which there are, and OpenID Connect."""

from __future__ import annotations

import hmac
import time
from typing import Any
from urllib.parse import urlencode

import marshmallow as ma
from flask import Response, redirect, request
from flask import session as cookie
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from webapp import oidc
from webapp.api.http import Schema, blueprint, settings, sign_in_cookie
from webapp.api.passkeys import site
from webapp.db import db, now_utc, unit_of_work
from webapp.errors import AppError
from webapp.extensions import limiter
from webapp.identity import external, services
from webapp.identity.models import User

bp = blueprint("sign_in", "Which ways to sign in there are, and OpenID Connect")
# So long somebody may take at the issuer's.
_PATIENCE_SECONDS = 900
_KEPT = "oidc"


class OidcWaySchema(ma.Schema):
    """The button's name."""

    name = fields.String(required=True)


class WaysSchema(ma.Schema):
    """The ways to sign in beside a password; ``oidc`` is null where there is none."""

    passkeys = fields.Boolean(required=True)

    oidc = fields.Nested(OidcWaySchema, required=True, allow_none=True)


class BeginArgs(Schema):
    """Where to go afterwards, and what to call the session."""

    next = fields.String(load_default="/", validate=validate.Length(max=500))
    device_name = fields.String(load_default="", validate=validate.Length(max=120))


class CallbackArgs(ma.Schema):
    """What the issuer sends the browser back with; whatever else it sends is left alone."""

    class Meta:
        """Other issuers add fields of their own."""

        unknown = ma.EXCLUDE

    code = fields.String(load_default="", validate=validate.Length(max=4000))
    state = fields.String(load_default="", validate=validate.Length(max=200))
    error = fields.String(load_default="", validate=validate.Length(max=200))


@bp.get("/api/sign-in")
@bp.response(200, WaysSchema)
def show_ways() -> dict[str, Any]:
    """Which ways to sign in there are."""
    name = settings().oidc_name or "OpenID Connect"
    return {
        "passkeys": site() is not None,
        "oidc": {"name": name} if settings().oidc_issuer else None,
    }


@bp.get("/api/sign-in/oidc")
@limiter.limit("30 per minute")
@bp.arguments(BeginArgs, location="query")
@bp.response(302)
def begin_oidc(args: dict[str, Any]) -> Any:
    """Send the browser to the issuer."""
    if not settings().oidc_issuer:
        raise AppError("not_found")
    try:
        begun = oidc.begin(settings())
    except AppError as error:
        return _back_to_sign_in(error.code, args["next"])
    cookie[_KEPT] = {
        "state": begun.state,
        "nonce": begun.nonce,
        "verifier": begun.verifier,
        "next": args["next"],
        "device_name": args["device_name"],
        "at": int(time.time()),
    }
    return redirect(begun.address)


@bp.get("/api/sign-in/oidc/callback")
@limiter.limit("30 per minute")
@bp.arguments(CallbackArgs, location="query")
@bp.response(302)
def finish_oidc(args: dict[str, Any]) -> Any:
    """Take the browser back from the issuer: a new session, or the sign-in with what went wrong."""
    if not settings().oidc_issuer:
        raise AppError("not_found")
    kept = cookie.pop(_KEPT, None)
    next_path = kept.get("next", "/") if isinstance(kept, dict) else "/"
    try:
        user_id = _who_came_back(args, kept)
    except AppError as error:
        return _back_to_sign_in(error.code, next_path, **error.details)
    with unit_of_work() as session:
        started = services.start_session(
            session,
            user_id,
            device_name=kept["device_name"],
            address=request.remote_addr or "",
            now=now_utc(),
        )
    sign_in_cookie(started.token)
    return redirect(_local(next_path))


def _who_came_back(args: dict[str, Any], kept: Any) -> int:
    """Whom the issuer vouches for. :raise AppError: ``oidc_…``"""
    if args["error"]:
        raise AppError("oidc_denied")
    is_ours = isinstance(kept, dict) and hmac.compare_digest(
        kept["state"].encode(), args["state"].encode()
    )
    if not is_ours or time.time() - kept["at"] > _PATIENCE_SECONDS or not args["code"]:
        raise AppError("oidc_failed")
    stated = oidc.finish(settings(), args["code"], kept["verifier"], kept["nonce"])
    issuer = settings().oidc_issuer
    found = external.person_of(db.session(), issuer, stated.subject)
    if found is not None:
        return found.id
    if external.is_bound(db.session(), issuer, stated.subject):
        raise AppError("oidc_unknown", subject=stated.subject)
    with unit_of_work() as session:
        user = _matched(session, stated) or _created(session, stated)
        if user is None:
            raise AppError("oidc_unknown", subject=stated.subject)
        external.bind(session, issuer, user.id, stated.subject, actor_id=user.id, now=now_utc())
        return user.id


def _matched(session: Session, stated: oidc.Stated) -> User | None:
    if not (settings().oidc_match_email and stated.email and stated.email_verified):
        return None
    return external.person_with_address(session, settings().oidc_issuer, stated.email)


def _created(session: Session, stated: oidc.Stated) -> User | None:
    if not settings().oidc_creates_people:
        return None
    email = stated.email if stated.email_verified else ""
    return external.create_person(
        session, login=stated.login, name=stated.name, email=email[:200], now=now_utc()
    )


def _back_to_sign_in(code: str, next_path: str, **details: Any) -> Response:
    query = {"problem": code, "next": _local(next_path), **details}
    answer: Any = redirect(f"/sign-in?{urlencode(query)}")
    return answer  # type: ignore[no-any-return]


def _local(path: str) -> str:
    """A path of our own, as the client's router takes it: nobody is sent elsewhere from here."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if plain and all(32 < ord(one) < 127 for one in path) and "\\" not in path else "/"
