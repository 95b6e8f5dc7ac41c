"""A contract's members, and everybody on the server, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import marshmallow as ma
import sqlalchemy as sa
from marshmallow import fields, validate

from webapp.api.http import CONTRACT, Schema, administrator, blueprint, require
from webapp.api.http import settings as server_settings
from webapp.api.listing import file_views, server_file_views
from webapp.db import db, now_utc, unit_of_work
from webapp.errors import AppError
from webapp.identity import external, queries, services
from webapp.identity.lists import MEMBERS, USERS
from webapp.identity.models import User
from webapp.identity.rules import LONGEST_NAME, ROLES, Access, is_phone_number
from webapp.notifications.rules import is_address

bp = blueprint("people", "Members of a contract, and people")


def _phone_number(value: str) -> None:
    if value and not is_phone_number(value):
        raise ma.ValidationError("invalid_phone")


def _email_address(value: str) -> None:
    if value and not is_address(value):
        raise ma.ValidationError("address_invalid")


_EMAIL: list[Callable[[str], object]] = [validate.Length(max=200), _email_address]
_PHONE: list[Callable[[str], object]] = [validate.Length(max=40), _phone_number]


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

    login = fields.String(required=True, validate=validate.Length(1, LONGEST_NAME))
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    name = fields.String(validate=validate.Length(1, LONGEST_NAME))
    name_en = fields.String(load_default="", validate=validate.Length(max=LONGEST_NAME))
    phone = fields.String(load_default="", validate=_PHONE)
    email = fields.String(load_default="", validate=_EMAIL)
    password = fields.String(validate=validate.Length(1, 1000))
    language = fields.String(load_default="zh", validate=validate.OneOf(["zh", "en"]))


class MemberPatchSchema(Schema):
    """What changes of a member: his role, or how he is reached."""

    role = fields.String(validate=validate.OneOf(ROLES))
    phone = fields.String(validate=_PHONE)
    email = fields.String(validate=_EMAIL)


class UserAdminSchema(UserSchema):
    """A person as an administrator sees him."""

    disabled = fields.Boolean(required=True)
    oidc_subject = fields.String(required=True, allow_none=True)


class UserPatchSchema(Schema):
    """What an administrator changes of a person."""

    disabled = fields.Boolean()
    new_password = fields.String(validate=validate.Length(1, 1000))
    name = fields.String(validate=validate.Length(1, LONGEST_NAME))
    name_en = fields.String(validate=validate.Length(max=LONGEST_NAME))
    phone = fields.String(validate=_PHONE)
    email = fields.String(validate=_EMAIL)
    oidc_subject = fields.String(validate=validate.Length(max=255))


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


@bp.get(f"{CONTRACT}/members")
@bp.response(200, MemberSchema(many=True))
def list_members(contract_code: str) -> list[dict[str, Any]]:
    """The contract's people (clause 25)."""
    return _members(require("view", contract_code))


def _members(access: Access) -> list[dict[str, Any]]:
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


file_views(bp, "members", MEMBERS, Schema, _members)


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
        language=body["language"],
        now=now_utc(),
        actor_id=actor_id,
    ).id


@bp.patch(f"{CONTRACT}/members/<int:member_id>")
@bp.arguments(MemberPatchSchema)
@bp.response(204)
def change_member(body: dict[str, Any], contract_code: str, member_id: int) -> None:
    """Change a member's role, or how he is reached."""
    access = require("manage_people", contract_code)
    with unit_of_work() as session:
        services.change_member(session, access, member_id, body, now_utc())


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
    return _users()


def _users() -> list[dict[str, Any]]:
    administrator()
    bound = external.subjects(db.session(), server_settings().oidc_issuer)
    rows = db.session.scalars(sa.select(User).order_by(User.login))
    return [{**user_out(row), "oidc_subject": bound.get(row.id)} for row in rows]


server_file_views(bp, "/api/users", USERS, _users)


@bp.patch("/api/users/<int:user_id>")
@bp.arguments(UserPatchSchema)
@bp.response(204)
def change_user(body: dict[str, Any], user_id: int) -> None:
    """Disable a person, or give him a new password (administrator)."""
    actor = administrator()
    new_hash = services.hash_password(body["new_password"]) if "new_password" in body else None
    subject, by, now = body.pop("oidc_subject", None), actor.user.id, now_utc()
    with unit_of_work() as session:
        services.change_user(
            session, user_id, changes=body, new_hash=new_hash, now=now, actor_id=by
        )
        if subject is not None:
            issuer = server_settings().oidc_issuer
            external.bind(session, issuer, user_id, subject.strip(), actor_id=by, now=now)
