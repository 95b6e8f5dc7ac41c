"""Reading people, contracts and sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.identity.models import Contract, Membership, User, UserSession
from webapp.identity.rules import ADMINISTRATOR, Access, Right, rights_of
from webapp.notifications.choosing import choice_of
from webapp.notifications.models import NoticeChoice, PushSubscription
from webapp.notifications.rules import Recipient

# Long enough for a round without a network, short enough for a phone that was lost.
SESSION_LIFETIME = timedelta(days=60)

# Built once: every request asks these two, and building a statement costs more than running it.
_signed_in, _user = UserSession.__table__.c, User.__table__.c
_SESSION_OF_TOKEN = (
    sa.select(
        _signed_in.id,
        _signed_in.created_at,
        _signed_in.last_seen_at,
        _user.id,
        _user.name,
        _user.is_admin,
    )
    .join_from(UserSession.__table__, User.__table__, _user.id == _signed_in.user_id)
    .where(
        _signed_in.token_hash == sa.bindparam("token_hash"),
        _signed_in.revoked_at.is_(None),
        _user.disabled_at.is_(None),
    )
)
_contract, _member = Contract.__table__.c, Membership.__table__.c
_ROLE_IN_CONTRACT = (
    sa.select(_contract.id, _contract.code, _member.role)
    .outerjoin_from(
        Contract.__table__,
        Membership.__table__,
        sa.and_(
            _member.contract_id == _contract.id,
            _member.user_id == sa.bindparam("user_id"),
            _member.left_at.is_(None),
        ),
    )
    .where(_contract.code == sa.bindparam("code"))
)


@dataclass(frozen=True)
class LiveSession:
    """A session that counts, and of its user what every request asks for; an API token has no session."""

    session_id: int | None
    last_seen_at: datetime
    user_id: int
    user_name: str
    is_admin: bool


def live_session(session: Session, token_hash: str, now: datetime) -> LiveSession | None:
    """The session of a token, unless it was revoked, has expired, or the user is disabled."""
    parameters = {"token_hash": token_hash}
    row = session.connection().execute(_SESSION_OF_TOKEN, parameters).one_or_none()
    if row is None:
        return None
    session_id, created_at, last_seen_at, user_id, name, is_admin = row
    if created_at + SESSION_LIFETIME < now:
        return None
    return LiveSession(session_id, last_seen_at, user_id, name, is_admin)


def sessions_of(session: Session, user_id: int) -> Sequence[UserSession]:
    """The user's living sessions, the latest first."""
    return session.scalars(
        sa.select(UserSession)
        .where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None))
        .order_by(UserSession.last_seen_at.desc())
    ).all()


def contracts_of(session: Session, user: User) -> list[tuple[Contract, str]]:
    """The contracts that a person sees, with his role; an administrator sees all."""
    roles = {
        row.contract_id: row.role
        for row in session.scalars(
            sa.select(Membership).where(Membership.user_id == user.id, Membership.left_at.is_(None))
        )
    }
    statement = sa.select(Contract).order_by(Contract.code)
    if not user.is_admin:
        statement = statement.where(Contract.id.in_(roles))
    return [(row, roles.get(row.id, ADMINISTRATOR)) for row in session.scalars(statement)]


def access_to(session: Session, actor: LiveSession, code: str) -> Access | None:
    """The actor's access to the contract of that code, or nothing when he has none."""
    parameters = {"user_id": actor.user_id, "code": code}
    row = session.connection().execute(_ROLE_IN_CONTRACT, parameters).one_or_none()
    if row is None or (row.role is None and not actor.is_admin):
        return None
    return Access(
        user_id=actor.user_id,
        user_name=actor.user_name,
        session_id=actor.session_id,
        contract_id=row.id,
        contract_code=row.code,
        role=row.role or ADMINISTRATOR,
        rights=rights_of(row.role, is_admin=actor.is_admin),
    )


def members(session: Session, contract_id: int) -> list[tuple[Membership, User]]:
    """The people of a contract, by name: nobody moves under the hand that gives him another role."""
    rows = session.execute(
        sa.select(Membership, User)
        .join(User, User.id == Membership.user_id)
        .where(Membership.contract_id == contract_id, Membership.left_at.is_(None))
        .order_by(User.name, Membership.id)
    )
    return [(member, user) for member, user in rows]


@dataclass(frozen=True)
class Reachable:
    """Somebody who can be told things of a contract: a member with his rights, or an administrator.

    ``rights`` are those of his role: an administrator who is no member has none here.
    """

    recipient: Recipient
    role: str | None
    rights: frozenset[Right]
    is_admin: bool


def reachable(session: Session, contract_id: int) -> list[Reachable]:
    """Who can be told things of a contract, and how each wants to hear of them.

    Nobody who has left or can't sign in any more. One statement.
    """
    of_contract = sa.and_(
        Membership.user_id == User.id,
        Membership.contract_id == contract_id,
        Membership.left_at.is_(None),
    )
    pushed = sa.exists().where(PushSubscription.user_id == User.id)
    rows = session.execute(
        sa.select(User, Membership.role, Contract, NoticeChoice, pushed)
        .select_from(User)
        .join(Contract, Contract.id == contract_id)
        .outerjoin(Membership, of_contract)
        .outerjoin(NoticeChoice, NoticeChoice.user_id == User.id)
        .where(User.disabled_at.is_(None), sa.or_(Membership.id.is_not(None), User.is_admin))
        .order_by(User.id)
    )
    return [
        Reachable(
            _recipient(user, contract, choice, has_push),
            role,
            rights_of(role, is_admin=False),
            user.is_admin,
        )
        for user, role, contract, choice, has_push in rows
    ]


def _recipient(
    user: User, contract: Contract, choice: NoticeChoice | None, has_push: bool
) -> Recipient:
    english = user.language == "en"
    return Recipient(
        user_id=user.id,
        name=_name_for(user),
        email=user.email,
        language=user.language,
        choice=choice_of(vars(choice) if choice else None),
        zone=contract.time_zone,
        contract=(contract.name_en or contract.name_zh) if english else contract.name_zh,
        has_push=has_push,
    )


def english_name(session: Session, user_id: int | None) -> str:
    """What a person is called in English; empty where nobody has said so, or for who has no account."""
    user = session.get(User, user_id) if user_id is not None else None
    return user.name_en if user else ""


def _name_for(user: User) -> str:
    """A person's name in the language that he reads."""
    return (user.name_en or user.name) if user.language == "en" else user.name
