"""Who somebody is elsewhere: an account that an issuer of OpenID Connect vouches for."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.errors import AppError
from webapp.identity.models import ExternalIdentity, User
from webapp.identity.services import create_user

# No hash is so short: nobody signs in by a password who has none.
_NO_PASSWORD = "!"  # noqa: S105 - it says that there is none
_NOT_IN_A_LOGIN = re.compile(r"[^a-z0-9._-]+")


def person_of(session: Session, issuer: str, subject: str) -> User | None:
    """The person to whom an account elsewhere is bound; nobody who is disabled."""
    return session.scalar(
        sa.select(User)
        .join(ExternalIdentity, ExternalIdentity.user_id == User.id)
        .where(
            ExternalIdentity.issuer == issuer,
            ExternalIdentity.subject == subject,
            User.disabled_at.is_(None),
        )
    )


def is_bound(session: Session, issuer: str, subject: str) -> bool:
    """Whether an account elsewhere is bound to anybody, also to somebody who is disabled."""
    bound = sa.select(ExternalIdentity.id).filter_by(issuer=issuer, subject=subject)
    return session.scalar(bound) is not None


def person_with_address(session: Session, issuer: str, email: str) -> User | None:
    """The one person of an e-mail address who may be known by it.

    No administrator, whose address others may change; nobody who is bound to another account already;
    and nobody at all where two have the address.
    """
    rows = session.scalars(
        sa.select(User)
        .where(sa.func.lower(User.email) == email.lower(), User.disabled_at.is_(None))
        .limit(2)
    ).all()
    if len(rows) != 1 or rows[0].is_admin or subject_of(session, issuer, rows[0].id):
        return None
    return rows[0]


def subject_of(session: Session, issuer: str, user_id: int) -> str | None:
    """The account elsewhere that a person is bound to."""
    bound = sa.select(ExternalIdentity.subject).filter_by(issuer=issuer, user_id=user_id)
    return session.scalar(bound)


def subjects(session: Session, issuer: str) -> dict[int, str]:
    """The accounts elsewhere of everybody, by person."""
    rows = session.execute(
        sa.select(ExternalIdentity.user_id, ExternalIdentity.subject).filter_by(issuer=issuer)
    )
    return {user_id: subject for user_id, subject in rows}  # noqa: C416 - typed


def bind(
    session: Session,
    issuer: str,
    user_id: int,
    subject: str,
    *,
    actor_id: int | None,
    now: datetime,
) -> None:
    """Bind a person to an account elsewhere; an empty subject takes it back.

    :raise AppError: ``subject_taken`` when it is bound to somebody else
    """
    row = session.scalar(sa.select(ExternalIdentity).filter_by(issuer=issuer, user_id=user_id))
    before = row.subject if row else ""
    if before == subject:
        return
    holder = session.scalar(
        sa.select(ExternalIdentity.user_id).filter_by(issuer=issuer, subject=subject)
    )
    if subject and holder is not None:
        raise AppError("subject_taken", fields={"oidc_subject": ["subject_taken"]})
    if row is not None:
        session.delete(row)
        session.flush()  # the same issuer and person may stand there once
    if subject:
        session.add(ExternalIdentity(user_id=user_id, issuer=issuer, subject=subject, bound_at=now))
    audit.record(
        session,
        at=now,
        user_id=actor_id,
        contract_id=None,
        action="bind",
        entity="user",
        entity_id=user_id,
        diff={"oidc_subject": [before, subject]},
    )


def create_person(session: Session, *, login: str, name: str, email: str, now: datetime) -> User:
    """Somebody new whom the issuer vouches for: without a password, and without any contract."""
    wanted = _NOT_IN_A_LOGIN.sub("", login.lower())[:60] or "person"
    taken = session.scalar(sa.select(User.id).where(User.login == wanted)) is not None
    return create_user(
        session,
        login=f"{wanted}-{secrets.token_hex(3)}" if taken else wanted,
        password_hash=_NO_PASSWORD,
        name=name.strip() or wanted,
        email=email,
        now=now,
        actor_id=None,
    )
