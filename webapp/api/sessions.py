"""Signing in and out, a person's sessions device by device, and what he changes of himself."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import request
from marshmallow import fields, validate

from webapp.api.contracts import ContractAccessSchema, contract_out
from webapp.api.http import Schema, SignedIn, blueprint, sign_in_cookie, sign_out_cookie, signed_in
from webapp.api.people import UserSchema, user_out
from webapp.db import db, now_utc, unit_of_work
from webapp.errors import AppError
from webapp.extensions import limiter
from webapp.identity import queries, services
from webapp.identity.models import User
from webapp.identity.rules import LONGEST_NAME

bp = blueprint("sessions", "Sign-in and sessions")


class SignInSchema(Schema):
    """A login and its password; ``device_name`` names the session in the user's list."""

    login = fields.String(required=True, validate=validate.Length(1, LONGEST_NAME))
    password = fields.String(required=True, validate=validate.Length(1, 1000))
    device_name = fields.String(load_default="", validate=validate.Length(max=120))


class SessionRefSchema(ma.Schema):
    """The session itself."""

    id = fields.Integer(required=True)
    device_name = fields.String(required=True)


class MeSchema(ma.Schema):
    """Who is signed in, and where he may work."""

    user = fields.Nested(UserSchema, required=True)
    contracts = fields.List(fields.Nested(ContractAccessSchema), required=True)
    session = fields.Nested(SessionRefSchema, required=True)


class SessionSchema(ma.Schema):
    """One of the user's sessions; ``current`` is the one that asks."""

    id = fields.Integer(required=True)
    device_name = fields.String(required=True)
    address = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    last_seen_at = fields.AwareDateTime(required=True)
    current = fields.Boolean(required=True)


class MePatchSchema(Schema):
    """What a person changes of himself; a new password needs the old one."""

    language = fields.String(validate=validate.OneOf(["zh", "en"]))
    password = fields.String(validate=validate.Length(1, 1000))
    new_password = fields.String(validate=validate.Length(1, 1000))


def me_of(user: User, session_id: int, device_name: str) -> dict[str, Any]:
    """Who is signed in, as plain data."""
    return {
        "user": user_out(user),
        "contracts": [
            contract_out(row, role, user) for row, role in queries.contracts_of(db.session(), user)
        ],
        "session": {"id": session_id, "device_name": device_name},
    }


def _guess_key() -> str:
    body = request.get_json(silent=True)
    login = body.get("login", "") if isinstance(body, dict) else ""
    return f"login:{str(login).strip().lower()[:80]}"


@bp.post("/api/session")
@limiter.limit("30 per minute")
@limiter.limit("10 per minute", key_func=_guess_key)
@bp.arguments(SignInSchema)
@bp.response(200, MeSchema)
def sign_in(body: dict[str, Any]) -> dict[str, Any]:
    """Sign in: a new session, and its cookie."""
    user = services.check_credentials(db.session(), body["login"], body["password"])
    with unit_of_work() as session:
        started = services.start_session(
            session,
            user.id,
            device_name=body["device_name"],
            address=request.remote_addr or "",
            now=now_utc(),
        )
    sign_in_cookie(started.token)
    return me_of(started.user, started.session.id, started.session.device_name)


@bp.get("/api/session")
@bp.response(200, MeSchema)
def show_session() -> dict[str, Any]:
    """Who is signed in."""
    actor = signed_in()
    sessions = {row.id: row for row in queries.sessions_of(db.session(), actor.user.id)}
    return me_of(actor.user, actor.session_id, sessions[actor.session_id].device_name)


@bp.delete("/api/session")
@bp.response(204)
def sign_out() -> None:
    """Sign out: the session ends on the server too."""
    actor = signed_in()
    with unit_of_work() as session:
        services.revoke_session(session, actor.user.id, actor.session_id, now_utc())
    sign_out_cookie()


@bp.get("/api/sessions")
@bp.response(200, SessionSchema(many=True))
def list_sessions() -> list[dict[str, Any]]:
    """The user's living sessions, device by device."""
    actor = signed_in()
    return [
        {
            "id": row.id,
            "device_name": row.device_name,
            "address": row.address,
            "created_at": row.created_at,
            "last_seen_at": row.last_seen_at,
            "current": row.id == actor.session_id,
        }
        for row in queries.sessions_of(db.session(), actor.user.id)
    ]


@bp.delete("/api/sessions/<int:session_id>")
@bp.response(204)
def revoke_session(session_id: int) -> None:
    """End one of the user's own sessions, such as that of a lost phone."""
    actor = signed_in()
    with unit_of_work() as session:
        services.revoke_session(session, actor.user.id, session_id, now_utc())


@bp.patch("/api/me")
@limiter.limit("30 per minute")
@bp.arguments(MePatchSchema)
@bp.response(204)
def change_me(body: dict[str, Any]) -> None:
    """Change one's language or password; a new password ends one's other sessions."""
    actor = signed_in()
    new_hash = _new_password_hash(actor, body)
    with unit_of_work() as session:
        if "language" in body:
            services.change_language(session, actor.user.id, body["language"], now_utc())
        if new_hash:
            services.change_password(
                session,
                actor.user.id,
                new_hash=new_hash,
                session_id=actor.session_id,
                now=now_utc(),
            )


def _new_password_hash(actor: SignedIn, body: dict[str, Any]) -> str | None:
    if "new_password" not in body:
        return None
    if not services.password_matches(actor.user.password_hash, body.get("password", "")):
        raise AppError("password_wrong", fields={"password": ["password_wrong"]})
    return services.hash_password(body["new_password"])
