"""Reading people, contracts and sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.identity.models import Contract, Membership, User, UserSession
from webapp.identity.rules import ADMINISTRATOR, Access, rights_of

# Long enough for a round without a network, short enough for a phone that was lost.
SESSION_LIFETIME = timedelta(days=60)

# Built once: every request asks these two, and building a statement costs more than running it.
_SESSION_OF_TOKEN = (
    sa.select(UserSession, User)
    .join(User, User.id == UserSession.user_id)
    .where(UserSession.token_hash == sa.bindparam("token_hash"))
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


def live_session(
    session: Session, token_hash: str, now: datetime
) -> tuple[UserSession, User] | None:
    """The session and user of a token, unless it was revoked, has expired, or the user is disabled."""
    row = session.execute(_SESSION_OF_TOKEN, {"token_hash": token_hash}).one_or_none()
    if row is None:
        return None
    signed_in, user = row
    expired = signed_in.created_at + SESSION_LIFETIME < now
    if signed_in.revoked_at is not None or user.disabled_at is not None or expired:
        return None
    return signed_in, user


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


def access_to(session: Session, user: User, session_id: int | None, code: str) -> Access | None:
    """The user's access to the contract of that code, or nothing when he has none."""
    parameters = {"user_id": user.id, "code": code}
    row = session.connection().execute(_ROLE_IN_CONTRACT, parameters).one_or_none()
    if row is None or (row.role is None and not user.is_admin):
        return None
    return Access(
        user_id=user.id,
        user_name=user.name,
        session_id=session_id,
        contract_id=row.id,
        contract_code=row.code,
        role=row.role or ADMINISTRATOR,
        rights=rights_of(row.role, is_admin=user.is_admin),
    )


def members(session: Session, contract_id: int) -> list[tuple[Membership, User]]:
    """The people of a contract, by role and name."""
    rows = session.execute(
        sa.select(Membership, User)
        .join(User, User.id == Membership.user_id)
        .where(Membership.contract_id == contract_id, Membership.left_at.is_(None))
        .order_by(Membership.role, User.name)
    )
    return [(member, user) for member, user in rows]
