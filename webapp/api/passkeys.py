"""Passkeys over HTTP: made and removed by who is signed in, and signing in with one."""

from __future__ import annotations

import ipaddress
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import marshmallow as ma
from flask import request
from flask import session as cookie
from marshmallow import fields, validate

from webapp.api.http import Schema, blueprint, settings, sign_in_cookie, signed_in
from webapp.api.sessions import MeSchema, me_of
from webapp.db import db, now_utc, unit_of_work
from webapp.errors import AppError
from webapp.extensions import limiter
from webapp.identity import passkeys, services
from webapp.identity.models import Passkey

bp = blueprint("passkeys", "Passkeys: signing in by a key on one's own device")
# So long a challenge may wait for its answer.
_PATIENCE_SECONDS = 300


class OptionsSchema(ma.Schema):
    """What the browser's own call takes, as its JSON (WebAuthn)."""

    options = fields.Dict(keys=fields.String(), required=True)


class RegisterSchema(Schema):
    """The browser's answer, and what the passkey is called."""

    credential = fields.Dict(keys=fields.String(), required=True)
    name = fields.String(load_default="", validate=validate.Length(max=120))


class PasskeySignInSchema(Schema):
    """The browser's answer, and what the session is called."""

    credential = fields.Dict(keys=fields.String(), required=True)
    device_name = fields.String(load_default="", validate=validate.Length(max=120))


class PasskeySchema(ma.Schema):
    """One of the actor's passkeys."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    last_used_at = fields.AwareDateTime(required=True, allow_none=True)


class PasskeysSchema(ma.Schema):
    """The actor's passkeys; ``possible`` says whether this server's address can have any."""

    possible = fields.Boolean(required=True)
    passkeys = fields.List(fields.Nested(PasskeySchema), required=True)


def site() -> passkeys.Site | None:
    """This server as browsers know it; none where its address is a number, which no passkey binds to."""
    parts = urlsplit(settings().base_url)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        is_safe = parts.scheme == "https" or host == "localhost"
        return passkeys.Site(host, f"{parts.scheme}://{parts.netloc}") if is_safe else None
    return None


def _site() -> passkeys.Site:
    found = site()
    if found is None:
        raise AppError("passkey_not_here")
    return found


@bp.get("/api/passkeys")
@bp.response(200, PasskeysSchema)
def list_passkeys() -> dict[str, Any]:
    """The actor's passkeys."""
    rows = passkeys.passkeys_of(db.session(), signed_in().live.user_id)
    return {"possible": site() is not None, "passkeys": [_out(row) for row in rows]}


@bp.post("/api/passkeys/options")
@limiter.limit("30 per minute")
@bp.response(200, OptionsSchema)
def begin_passkey() -> dict[str, Any]:
    """What the browser needs to make a passkey."""
    user = signed_in().user
    handle = passkeys.handle_of(settings().secret_key, user.id)
    asked = passkeys.ask_to_register(db.session(), _site(), user, handle)
    _keep("register", asked.challenge)
    return {"options": asked.options}


@bp.post("/api/passkeys")
@limiter.limit("30 per minute")
@bp.arguments(RegisterSchema)
@bp.response(201, PasskeySchema)
def make_passkey(body: dict[str, Any]) -> dict[str, Any]:
    """Keep the passkey that the browser made."""
    user_id = signed_in().live.user_id
    made = passkeys.check_registration(_site(), _kept("register")[0], body["credential"])
    with unit_of_work() as session:
        row = passkeys.store_passkey(session, user_id, made, body["name"], now_utc())
    return _out(row)


@bp.delete("/api/passkeys/<int:passkey_id>")
@bp.response(204)
def remove_passkey(passkey_id: int) -> None:
    """Remove one of the actor's passkeys; it signs nobody in any more."""
    user_id = signed_in().live.user_id
    with unit_of_work() as session:
        passkeys.remove_passkey(session, user_id, passkey_id, now_utc())


@bp.post("/api/session/passkey/options")
@limiter.limit("30 per minute")
@bp.response(200, OptionsSchema)
def begin_passkey_sign_in() -> dict[str, Any]:
    """What the browser needs to sign somebody in."""
    asked = passkeys.ask_to_sign_in(_site())
    _keep("sign_in", asked.challenge)
    return {"options": asked.options}


@bp.post("/api/session/passkey")
@limiter.limit("30 per minute")
@bp.arguments(PasskeySignInSchema)
@bp.response(200, MeSchema)
def sign_in_by_passkey(body: dict[str, Any]) -> dict[str, Any]:
    """Sign in with a passkey: a new session, and its cookie."""
    challenge, made_at = _kept("sign_in")
    row, sign_count = passkeys.check_sign_in(
        db.session(), _site(), challenge, made_at, body["credential"]
    )
    user_id, passkey_id, now = row.user_id, row.id, now_utc()
    with unit_of_work() as session:
        passkeys.note_sign_in(session, passkey_id, sign_count, now)
        started = services.start_session(
            session,
            user_id,
            device_name=body["device_name"],
            address=request.remote_addr or "",
            now=now,
        )
    sign_in_cookie(started.token)
    return me_of(started.user, started.session.id, started.session.device_name)


def _keep(what: str, challenge: bytes) -> None:
    """Keep a challenge in the signed cookie of the browser that asked for it."""
    from webauthn.helpers import bytes_to_base64url

    cookie[f"passkey_{what}"] = [bytes_to_base64url(challenge), time.time()]


def _kept(what: str) -> tuple[bytes, datetime]:
    """The challenge and when it was made. :raise AppError: ``passkey_refused``: there is none, or an old one"""
    from webauthn.helpers import base64url_to_bytes

    challenge, at = cookie.pop(f"passkey_{what}", None) or ("", 0)
    if not challenge or time.time() - at > _PATIENCE_SECONDS:
        raise AppError("passkey_refused")
    return base64url_to_bytes(challenge), datetime.fromtimestamp(at, UTC)


def _out(row: Passkey) -> dict[str, Any]:
    names = ("id", "name", "created_at", "last_used_at")
    return {name: getattr(row, name) for name in names}
