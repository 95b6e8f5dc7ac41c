"""API tokens: made by a person at the desk, shown once, kept as a hash (issue 5, point 13)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.errors import AppError
from webapp.identity.models import ApiToken, Contract, User
from webapp.identity.queries import LiveSession, contracts_of
from webapp.identity.services import hash_token
from webapp.identity.token_rules import LONGEST_DAYS, MOST_TOKENS, PREFIX_LENGTH, SCOPES, token_of

# How exactly "last used" is known: a write for each request would cost more than the request.
USED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class LiveToken:
    """A token that counts, and its maker as every request asks for him."""

    token_id: int
    scopes: frozenset[str]
    contract_code: str | None
    last_used_at: datetime | None
    maker: LiveSession


def live_token(session: Session, token: str, now: datetime) -> LiveToken | None:
    """The token of that text, unless it was revoked, has expired, or its maker is disabled."""
    statement = (
        sa.select(ApiToken, User, Contract.code)
        .join(User, User.id == ApiToken.user_id)
        .outerjoin(Contract, Contract.id == ApiToken.contract_id)
        .where(
            ApiToken.token_hash == hash_token(token),
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at > now,
            User.disabled_at.is_(None),
        )
    )
    found = session.execute(statement).one_or_none()
    if found is None:
        return None
    row, user, code = found
    maker = LiveSession(None, now, user.id, user.name, user.is_admin)
    return LiveToken(row.id, frozenset(row.scopes), code, row.last_used_at, maker)


def tokens_of(session: Session, user_id: int) -> list[tuple[ApiToken, str | None]]:
    """A person's tokens with the code of the contract that they are limited to, the newest first."""
    rows = session.execute(
        sa.select(ApiToken, Contract.code)
        .outerjoin(Contract, Contract.id == ApiToken.contract_id)
        .where(ApiToken.user_id == user_id)
        .order_by(ApiToken.id.desc())
    )
    return [(row, code) for row, code in rows]


def make_token(
    session: Session,
    user: User,
    *,
    name: str,
    scopes: Sequence[str],
    contract_code: str | None,
    expires_in_days: int,
    now: datetime,
) -> tuple[ApiToken, str]:
    """A new token of a person's, and its text, which nobody can read again.

    :raise AppError: ``invalid``, ``not_found`` for a contract that isn't his, ``too_many_tokens``
    """
    if not scopes or not set(scopes) <= set(SCOPES) or not 1 <= expires_in_days <= LONGEST_DAYS:
        raise AppError("invalid")
    contract_id = _own_contract(session, user, contract_code)
    living = sa.and_(
        ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > now
    )
    if (session.scalar(sa.select(sa.func.count()).where(living)) or 0) >= MOST_TOKENS:
        raise AppError("too_many_tokens", most=MOST_TOKENS)
    text = token_of(secrets.token_urlsafe(32))
    row = ApiToken(
        user_id=user.id,
        contract_id=contract_id,
        name=name,
        prefix=text[:PREFIX_LENGTH],
        token_hash=hash_token(text),
        scopes=sorted(set(scopes), key=SCOPES.index),
        created_at=now,
        expires_at=now + timedelta(days=expires_in_days),
    )
    session.add(row)
    session.flush()  # the audit row names the id
    first = {"name": name, "scopes": row.scopes, "expires_at": row.expires_at.isoformat()}
    _audit(session, row, "create", audit.first_values(first), now)
    return row, text


def _own_contract(session: Session, user: User, code: str | None) -> int | None:
    if code is None:
        return None
    own = {contract.code: contract.id for contract, _ in contracts_of(session, user)}
    if code not in own:
        raise AppError("not_found")
    return own[code]


def revoke_token(session: Session, user_id: int, token_id: int, now: datetime) -> None:
    """End one of the person's own tokens. :raise AppError: ``not_found``"""
    row = session.get(ApiToken, token_id)
    if row is None or row.user_id != user_id or row.revoked_at is not None:
        raise AppError("not_found")
    row.revoked_at = now
    _audit(session, row, "revoke", {"revoked_at": [None, now.isoformat()]}, now)


def note_use(session: Session, token_id: int, now: datetime) -> None:
    """Note that a token was used."""
    session.execute(sa.update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=now))


def _audit(
    session: Session, row: ApiToken, action: str, diff: dict[str, object], now: datetime
) -> None:
    audit.record(
        session,
        at=now,
        user_id=row.user_id,
        contract_id=row.contract_id,
        action=action,
        entity="api_token",
        entity_id=row.id,
        diff=diff,
    )
