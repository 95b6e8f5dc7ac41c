"""Signing in, sessions, people and contracts over HTTP."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

import marshmallow as ma
import sqlalchemy as sa
from flask import request
from marshmallow import fields, validate

from webapp.api.http import (
    CONTRACT,
    Schema,
    SignedIn,
    administrator,
    blueprint,
    require,
    sign_in_cookie,
    sign_out_cookie,
    signed_in,
)
from webapp.checklists.services import ensure_default
from webapp.db import db, now_utc, unit_of_work
from webapp.errors import AppError
from webapp.extensions import limiter
from webapp.identity import queries, services
from webapp.identity.models import Contract, User
from webapp.identity.rules import ROLES, rights_of

bp = blueprint("identity", "Sign-in, sessions, people, contracts")
_MONTH = validate.Regexp(r"^\d{4}-(0[1-9]|1[0-2])$", error="invalid_month")
_CODE = validate.Regexp(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$", error="invalid_code")


class SignInSchema(Schema):
    """A login and its password; ``device_name`` names the session in the user's list."""

    login = fields.String(required=True, validate=validate.Length(1, 80))
    password = fields.String(required=True, validate=validate.Length(1, 1000))
    device_name = fields.String(load_default="", validate=validate.Length(max=120))


class UserSchema(ma.Schema):
    """A person as he sees himself."""

    id = fields.Integer(required=True)
    login = fields.String(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    phone = fields.String(required=True)
    email = fields.String(required=True)
    language = fields.String(required=True)
    is_admin = fields.Boolean(required=True)


class ContractAccessSchema(ma.Schema):
    """A contract with the actor's role and rights in it."""

    id = fields.Integer(required=True)
    code = fields.String(required=True)
    name_zh = fields.String(required=True)
    name_en = fields.String(required=True)
    client_zh = fields.String(required=True)
    client_en = fields.String(required=True)
    time_zone = fields.String(required=True)
    due_day = fields.Integer(required=True)
    opens_day = fields.Integer(required=True, allow_none=True)
    anchor_month = fields.String(required=True)
    role = fields.String(required=True)
    rights = fields.List(fields.String(), required=True)


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


class MemberSchema(ma.Schema):
    """A member of the contract."""

    id = fields.Integer(required=True)
    user_id = fields.Integer(required=True)
    login = fields.String(required=True)
    name = fields.String(required=True)
    name_en = fields.String(required=True)
    phone = fields.String(required=True)
    email = fields.String(required=True)
    role = fields.String(required=True)
    joined_at = fields.AwareDateTime(required=True)
    disabled = fields.Boolean(required=True)


class MemberCreateSchema(Schema):
    """A new member: somebody known by ``login``, or a new person with a first password."""

    login = fields.String(required=True, validate=validate.Length(1, 80))
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    name = fields.String(validate=validate.Length(1, 80))
    name_en = fields.String(load_default="", validate=validate.Length(max=80))
    phone = fields.String(load_default="", validate=validate.Length(max=40))
    email = fields.String(load_default="", validate=validate.Length(max=200))
    password = fields.String(validate=validate.Length(1, 1000))


class MemberPatchSchema(Schema):
    """A member's new role."""

    role = fields.String(required=True, validate=validate.OneOf(ROLES))


class UserAdminSchema(UserSchema):
    """A person as an administrator sees him."""

    disabled = fields.Boolean(required=True)


class UserPatchSchema(Schema):
    """What an administrator changes of a person."""

    disabled = fields.Boolean()
    new_password = fields.String(validate=validate.Length(1, 1000))
    name = fields.String(validate=validate.Length(1, 80))
    name_en = fields.String(validate=validate.Length(max=80))
    phone = fields.String(validate=validate.Length(max=40))
    email = fields.String(validate=validate.Length(max=200))


def _known_time_zone(value: str) -> None:
    if value not in available_timezones():
        raise ma.ValidationError("unknown_time_zone")


class ContractWriteSchema(Schema):
    """A contract's settings; ``due_day`` and ``opens_day`` are days of the month."""

    name_zh = fields.String(validate=validate.Length(1, 200))
    name_en = fields.String(validate=validate.Length(max=200))
    client_zh = fields.String(validate=validate.Length(max=200))
    client_en = fields.String(validate=validate.Length(max=200))
    time_zone = fields.String(validate=_known_time_zone)
    due_day = fields.Integer(validate=validate.Range(1, 28))
    opens_day = fields.Integer(validate=validate.Range(1, 28), allow_none=True)
    anchor_month = fields.String(validate=_MONTH)


class ContractCreateSchema(ContractWriteSchema):
    """A new contract."""

    code = fields.String(required=True, validate=_CODE)
    name_zh = fields.String(required=True, validate=validate.Length(1, 200))


def user_out(user: User) -> dict[str, Any]:
    """A person as plain data."""
    return {
        "id": user.id,
        "login": user.login,
        "name": user.name,
        "name_en": user.name_en,
        "phone": user.phone,
        "email": user.email,
        "language": user.language,
        "is_admin": user.is_admin,
        "disabled": user.disabled_at is not None,
    }


def _contract_out(contract: Contract, role: str, user: User) -> dict[str, Any]:
    return {
        "id": contract.id,
        "code": contract.code,
        "name_zh": contract.name_zh,
        "name_en": contract.name_en,
        "client_zh": contract.client_zh,
        "client_en": contract.client_en,
        "time_zone": contract.time_zone,
        "due_day": contract.due_day,
        "opens_day": contract.opens_day,
        "anchor_month": contract.anchor_month,
        "role": role,
        "rights": sorted(rights_of(role, is_admin=user.is_admin)),
    }


def _me(user: User, session_id: int, device_name: str) -> dict[str, Any]:
    return {
        "user": user_out(user),
        "contracts": [
            _contract_out(row, role, user) for row, role in queries.contracts_of(db.session(), user)
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
    return _me(started.user, started.session.id, started.session.device_name)


@bp.get("/api/session")
@bp.response(200, MeSchema)
def show_session() -> dict[str, Any]:
    """Who is signed in."""
    actor = signed_in()
    sessions = {row.id: row for row in queries.sessions_of(db.session(), actor.user.id)}
    return _me(actor.user, actor.session_id, sessions[actor.session_id].device_name)


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
            session.get_one(User, actor.user.id).language = body["language"]
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


@bp.get("/api/contracts")
@bp.response(200, ContractAccessSchema(many=True))
def list_contracts() -> list[dict[str, Any]]:
    """The contracts that the actor sees."""
    user = signed_in().user
    return [
        _contract_out(row, role, user) for row, role in queries.contracts_of(db.session(), user)
    ]


@bp.post("/api/contracts")
@bp.arguments(ContractCreateSchema)
@bp.response(201, ContractAccessSchema)
def create_contract(body: dict[str, Any]) -> dict[str, Any]:
    """Make a contract (administrator)."""
    actor = administrator()
    now = now_utc()
    body.setdefault("anchor_month", now.strftime("%Y-%m"))
    with unit_of_work() as session:
        contract = services.create_contract(session, now=now, actor_id=actor.user.id, **body)
        # A round can be opened at once, with the checklists that the product ships.
        ensure_default(session, contract.id, now=now, actor_id=actor.user.id)
    return _contract_out(contract, "administrator", actor.user)


@bp.patch(CONTRACT)
@bp.arguments(ContractWriteSchema)
@bp.response(204)
def change_contract(body: dict[str, Any], contract_code: str) -> None:
    """Change the contract's settings."""
    access = require("manage_people", contract_code)
    with unit_of_work() as session:
        services.change_contract(session, access, body, now_utc())


@bp.get(f"{CONTRACT}/members")
@bp.response(200, MemberSchema(many=True))
def list_members(contract_code: str) -> list[dict[str, Any]]:
    """The contract's people (clause 25)."""
    access = require("view", contract_code)
    return [
        {
            "id": member.id,
            "user_id": user.id,
            "login": user.login,
            "name": user.name,
            "name_en": user.name_en,
            "phone": user.phone,
            "email": user.email,
            "role": member.role,
            "joined_at": member.joined_at,
            "disabled": user.disabled_at is not None,
        }
        for member, user in queries.members(db.session(), access.contract_id)
    ]


@bp.post(f"{CONTRACT}/members")
@bp.arguments(MemberCreateSchema)
@bp.response(204)
def add_member(body: dict[str, Any], contract_code: str) -> None:
    """Take somebody into the contract; a new person gets an account with a first password."""
    access = require("manage_people", contract_code)
    login = body["login"].strip().lower()
    known = db.session.scalar(sa.select(User.id).where(User.login == login))
    password_hash = None if known else _first_password_hash(body)
    with unit_of_work() as session:
        user_id = known or _new_person(session, body, password_hash or "", access.user_id)
        services.add_member(
            session,
            contract_id=access.contract_id,
            user_id=user_id,
            role=body["role"],
            now=now_utc(),
            actor_id=access.user_id,
        )


def _first_password_hash(body: dict[str, Any]) -> str:
    missing = {name: ["required"] for name in ("name", "password") if not body.get(name)}
    if missing:
        raise AppError("invalid", fields=missing)
    return services.hash_password(body["password"])


def _new_person(session: Any, body: dict[str, Any], password_hash: str, actor_id: int) -> int:
    return services.create_user(
        session,
        login=body["login"],
        password_hash=password_hash,
        name=body["name"],
        name_en=body["name_en"],
        phone=body["phone"],
        email=body["email"],
        now=now_utc(),
        actor_id=actor_id,
    ).id


@bp.patch(f"{CONTRACT}/members/<int:member_id>")
@bp.arguments(MemberPatchSchema)
@bp.response(204)
def change_member(body: dict[str, Any], contract_code: str, member_id: int) -> None:
    """Change a member's role."""
    access = require("manage_people", contract_code)
    with unit_of_work() as session:
        services.change_role(session, access, member_id, body["role"], now_utc())


@bp.delete(f"{CONTRACT}/members/<int:member_id>")
@bp.response(204)
def remove_member(contract_code: str, member_id: int) -> None:
    """End a membership."""
    access = require("manage_people", contract_code)
    with unit_of_work() as session:
        services.remove_member(session, access, member_id, now_utc())


@bp.get("/api/users")
@bp.response(200, UserAdminSchema(many=True))
def list_users() -> list[dict[str, Any]]:
    """Everybody on this server (administrator)."""
    administrator()
    return [user_out(row) for row in db.session.scalars(sa.select(User).order_by(User.login))]


@bp.patch("/api/users/<int:user_id>")
@bp.arguments(UserPatchSchema)
@bp.response(204)
def change_user(body: dict[str, Any], user_id: int) -> None:
    """Disable a person, or give him a new password (administrator)."""
    actor = administrator()
    new_hash = services.hash_password(body["new_password"]) if "new_password" in body else None
    with unit_of_work() as session:
        services.change_user(
            session, user_id, changes=body, new_hash=new_hash, now=now_utc(), actor_id=actor.user.id
        )
