"""Signing in and out, people and contracts."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.identity.contract_settings import as_plain, contract_settings
from webapp.identity.models import Contract, Membership, User, UserSession
from webapp.identity.rules import MINIMUM_PASSWORD_LENGTH, Access, is_name
from webapp.notifications import pushes

# The second of the recommendations for argon2id: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Verified when the login is unknown, so that an unknown login costs as long as a wrong password.
_nobodys_hash = _hasher.hash(secrets.token_hex(16))


@dataclass(frozen=True)
class SignIn:
    """A new session; ``token`` is known to the cookie alone, the database holds its hash."""

    user: User
    session: UserSession
    token: str


def hash_password(password: str) -> str:
    """The argon2id hash of a password. :raise AppError: ``password_too_short``"""
    if len(password) < MINIMUM_PASSWORD_LENGTH:
        raise AppError("password_too_short", minimum=MINIMUM_PASSWORD_LENGTH)
    return _hasher.hash(password)


def password_matches(password_hash: str, password: str) -> bool:
    """Whether the password is the one that was hashed."""
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def check_credentials(session: Session, login: str, password: str) -> User:
    """The user of a login and password, read outside any write transaction because it takes 25 ms.

    :raise AppError: ``sign_in_failed``, the same for an unknown login, a wrong password, a disabled user
    """
    user = session.scalar(sa.select(User).where(User.login == login.strip().lower()))
    matches = password_matches(user.password_hash if user else _nobodys_hash, password)
    if user is None or not matches or user.disabled_at is not None:
        raise AppError("sign_in_failed")
    return user


def start_session(
    session: Session, user_id: int, *, device_name: str, address: str, now: datetime
) -> SignIn:
    """Begin a new session for a user whose credentials were checked."""
    token = secrets.token_urlsafe(32)
    row = UserSession(
        user_id=user_id,
        token_hash=hash_token(token),
        device_name=device_name[:120],
        address=address,
        created_at=now,
        last_seen_at=now,
    )
    session.add(row)
    session.flush()  # the cookie needs the row's id
    user = session.get_one(User, user_id)
    audit.record(
        session,
        at=now,
        user_id=user_id,
        contract_id=None,
        action="sign_in",
        entity="session",
        entity_id=row.id,
    )
    return SignIn(user=user, session=row, token=token)


def hash_token(token: str) -> str:
    """What the database keeps of a session's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def revoke_session(session: Session, user_id: int, session_id: int, now: datetime) -> None:
    """End one of the user's own sessions. :raise AppError: ``not_found``"""
    row = session.get(UserSession, session_id)
    if row is None or row.user_id != user_id or row.revoked_at is not None:
        raise AppError("not_found")
    row.revoked_at = now
    pushes.end(session, [session_id])
    audit.record(
        session,
        at=now,
        user_id=user_id,
        contract_id=None,
        action="revoke",
        entity="session",
        entity_id=session_id,
    )


def revoke_all_sessions(
    session: Session, user_id: int, now: datetime, *, but: int | None = None
) -> None:
    """End the user's sessions, as a change of password or a disabled account asks for."""
    statement = sa.update(UserSession).where(
        UserSession.user_id == user_id, UserSession.revoked_at.is_(None)
    )
    if but is not None:
        statement = statement.where(UserSession.id != but)
    ended = session.scalars(statement.values(revoked_at=now).returning(UserSession.id))
    pushes.end(session, list(ended))


def change_password(
    session: Session, user_id: int, *, new_hash: str, session_id: int, now: datetime
) -> None:
    """Set a new password's hash, and end every other session of the user."""
    session.get_one(User, user_id).password_hash = new_hash
    revoke_all_sessions(session, user_id, now, but=session_id)
    audit.record(
        session,
        at=now,
        user_id=user_id,
        contract_id=None,
        action="change_password",
        entity="user",
        entity_id=user_id,
    )


def change_language(session: Session, user_id: int, language: str, now: datetime) -> None:
    """Set the language that a person reads, ``zh`` or ``en``."""
    user = session.get_one(User, user_id)
    before, user.language = user.language, language
    if before != language:
        audit.record(
            session,
            at=now,
            user_id=user_id,
            contract_id=None,
            action="change",
            entity="user",
            entity_id=user_id,
            diff={"language": [before, language]},
        )


def create_user(
    session: Session,
    *,
    login: str,
    password_hash: str,
    name: str,
    now: datetime,
    actor_id: int | None,
    name_en: str = "",
    phone: str = "",
    email: str = "",
    language: str = "zh",
    is_admin: bool = False,
) -> User:
    """Make a person. :raise AppError: ``login_taken``, ``invalid`` for who could never sign in"""
    login, name = login.strip().lower(), name.strip()
    wrong = [key for key, text in {"login": login, "name": name}.items() if not is_name(text)]
    if wrong:
        raise AppError("invalid", fields={key: ["length"] for key in wrong})
    if session.scalar(sa.select(User.id).where(User.login == login)) is not None:
        raise AppError("login_taken", fields={"login": ["login_taken"]})
    user = User(
        login=login,
        password_hash=password_hash,
        name=name,
        name_en=name_en,
        phone=phone,
        email=email,
        language=language,
        is_admin=is_admin,
        created_at=now,
    )
    _add_named(session, user, "login", "login_taken")
    audit.record(
        session,
        at=now,
        user_id=actor_id,
        contract_id=None,
        action="create",
        entity="user",
        entity_id=user.id,
        diff={"login": [None, login], "is_admin": [None, is_admin]},
    )
    return user


def create_contract(
    session: Session,
    *,
    code: str,
    name_zh: str,
    anchor_month: str,
    now: datetime,
    actor_id: int | None,
    **fields: object,
) -> Contract:
    """Make a contract; ``anchor_month`` is ``YYYY-MM``. :raise AppError: ``code_taken``"""
    if session.scalar(sa.select(Contract.id).where(Contract.code == code)) is not None:
        raise AppError("code_taken", fields={"code": ["code_taken"]})
    contract = Contract(
        code=code,
        name_zh=name_zh,
        anchor_month=anchor_month,
        created_at=now,
        **fields,  # type: ignore[arg-type]
    )
    _add_named(session, contract, "code", "code_taken")
    audit.record(
        session,
        at=now,
        user_id=actor_id,
        contract_id=contract.id,
        action="create",
        entity="contract",
        entity_id=contract.id,
        diff={"code": [None, code]},
    )
    return contract


def _add_named(session: Session, row: User | Contract, field: str, code: str) -> None:
    """Add what has a name of its own; the database says so where another took it at the same moment.

    The row has its id then. :raise AppError: ``code``
    """
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise AppError(code, fields={field: [code]}) from error


def add_member(
    session: Session,
    *,
    contract_id: int,
    user_id: int,
    role: str,
    now: datetime,
    actor_id: int | None,
) -> Membership:
    """Give a person a role in a contract; somebody who had left comes back.

    :raise AppError: ``already_member``
    """
    member = session.scalar(
        sa.select(Membership).where(
            Membership.contract_id == contract_id, Membership.user_id == user_id
        )
    )
    if member is not None and member.left_at is None:
        raise AppError("already_member")
    if member is None:
        member = Membership(contract_id=contract_id, user_id=user_id, role=role, joined_at=now)
        session.add(member)
    member.role, member.left_at = role, None
    session.flush()  # the audit row names the id
    _audit_member(session, member, "join", {"role": [None, role]}, now, actor_id)
    return member


def change_member(
    session: Session, access: Access, member_id: int, changes: dict[str, str], now: datetime
) -> None:
    """Change a member: ``changes`` may hold ``role``, and ``phone`` and ``email``, the person's everywhere.

    :raise AppError: ``not_found``, ``last_project_manager``
    """
    take_sequence(session, access.contract_id)  # two at once see each other's change
    member = _member(session, access, member_id)
    user = session.get_one(User, member.user_id)
    before = {"role": member.role, "phone": user.phone, "email": user.email}
    after = before | changes
    if member.role == "project_manager" and after["role"] != "project_manager":
        _refuse_if_last_project_manager(session, member)
    member.role, user.phone, user.email = after["role"], after["phone"], after["email"]
    diff = audit.differences(before, after)
    if diff:
        _audit_member(session, member, "change", diff, now, access.user_id)


def remove_member(session: Session, access: Access, member_id: int, now: datetime) -> None:
    """End a membership (clause 26: departure). :raise AppError: ``not_found``, ``last_project_manager``"""
    take_sequence(session, access.contract_id)  # two at once see each other's change
    member = _member(session, access, member_id)
    if member.role == "project_manager":
        _refuse_if_last_project_manager(session, member)
    member.left_at = now
    _audit_member(session, member, "leave", {"role": [member.role, None]}, now, access.user_id)


def change_user(
    session: Session,
    user_id: int,
    *,
    changes: dict[str, Any],
    new_hash: str | None,
    now: datetime,
    actor_id: int,
) -> None:
    """Change a person; a disabled one's sessions end at once, and so do they with a new password.

    ``changes`` may hold ``disabled``, ``name``, ``name_en``, ``phone``, ``email``.

    :raise AppError: ``not_found``, ``own_administration``
    """
    user = session.get(User, user_id)
    if user is None:
        raise AppError("not_found")
    if changes.get("disabled") and user_id == actor_id:
        raise AppError("own_administration")
    names = [name for name in ("name", "name_en", "phone", "email") if name in changes]
    diff = audit.differences(
        {name: getattr(user, name) for name in names}, {name: changes[name] for name in names}
    )
    for name in names:
        setattr(user, name, changes[name])
    if {"name", "name_en"} & diff.keys():
        _tell_phones_the_name(session, user_id)
    if "disabled" in changes:
        user.disabled_at = now if changes["disabled"] else None
        diff["disabled"] = [not changes["disabled"], changes["disabled"]]
    if new_hash:
        user.password_hash = new_hash
        diff["password"] = ["", "changed"]
    if new_hash or changes.get("disabled"):
        revoke_all_sessions(session, user_id, now)
    audit.record(
        session,
        at=now,
        user_id=actor_id,
        contract_id=None,
        action="change",
        entity="user",
        entity_id=user_id,
        diff=diff,
    )


def _tell_phones_the_name(session: Session, user_id: int) -> None:
    """Phones pull a person by his membership: it counts as changed when his name is."""
    of_user = sa.select(Membership).where(Membership.user_id == user_id)
    # In one order for everybody, because each contract's number is taken under a lock.
    for member in session.scalars(of_user.order_by(Membership.contract_id)):
        member.seq = take_sequence(session, member.contract_id)


def change_contract(
    session: Session, access: Access, changes: dict[str, Any], now: datetime
) -> None:
    """Change a contract's settings, such as its due day (clause 21 ∆), or how it is accepted."""
    contract = session.get_one(Contract, access.contract_id)
    settled = as_plain(contract_settings(contract.settings))
    before = {name: settled.get(name, getattr(contract, name, None)) for name in changes}
    more = {name: value for name, value in changes.items() if name in settled}
    for name, value in changes.items():
        if name not in more:
            setattr(contract, name, value)
    if more:
        contract.settings = {**contract.settings, **more}
    audit.record(
        session,
        at=now,
        user_id=access.user_id,
        contract_id=contract.id,
        action="change",
        entity="contract",
        entity_id=contract.id,
        diff=audit.differences(before, changes),
    )


def _member(session: Session, access: Access, member_id: int) -> Membership:
    member = session.get(Membership, member_id, populate_existing=True)
    if member is None or member.contract_id != access.contract_id or member.left_at is not None:
        raise AppError("not_found")
    return member


def _refuse_if_last_project_manager(session: Session, member: Membership) -> None:
    others = session.scalar(
        sa.select(sa.func.count()).where(
            Membership.contract_id == member.contract_id,
            Membership.role == "project_manager",
            Membership.left_at.is_(None),
            Membership.id != member.id,
        )
    )
    if not others:
        raise AppError("last_project_manager")


def _audit_member(
    session: Session,
    member: Membership,
    action: str,
    diff: dict[str, object],
    now: datetime,
    actor_id: int | None,
) -> None:
    audit.record(
        session,
        at=now,
        user_id=actor_id,
        contract_id=member.contract_id,
        action=action,
        entity="membership",
        entity_id=member.id,
        diff=diff,
    )
