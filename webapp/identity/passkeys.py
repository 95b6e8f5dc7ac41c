"""Passkeys: a key on a person's own device in place of a password (WebAuthn), checked by py_webauthn."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.errors import AppError
from webapp.identity.models import Passkey, User

MOST_PASSKEYS = 20
# Also of an authenticator that was made in a hurry: nobody has a longer one.
LONGEST_ID_BYTES = 1023


@dataclass(frozen=True, slots=True)
class Site:
    """Whose passkeys they are: the host's name and the origin, as browsers bind them."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What the browser is asked, as its own JSON, and the challenge that its answer has to sign."""

    options: dict[str, Any]
    challenge: bytes


@dataclass(frozen=True, slots=True)
class Registered:
    """A new key, checked and not yet stored."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: list[str]


def passkeys_of(session: Session, user_id: int) -> Sequence[Passkey]:
    """A person's passkeys, the newest first."""
    return session.scalars(
        sa.select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id.desc())
    ).all()


def handle_of(secret_key: str, user_id: int) -> bytes:
    """What an authenticator knows a person by: it tells nothing of him, and is the same for ever."""
    return hmac.digest(secret_key.encode(), f"roundbook.passkey.{user_id}".encode(), hashlib.sha256)


def ask_to_register(session: Session, site: Site, user: User, handle: bytes) -> Asked:
    """What a browser is asked to make a passkey. :raise AppError: ``too_many_passkeys``"""
    import webauthn
    from webauthn.helpers import structs

    there = passkeys_of(session, user.id)
    if len(there) >= MOST_PASSKEYS:
        raise AppError("too_many_passkeys", most=MOST_PASSKEYS)
    made = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name="Roundbook",
        user_id=handle,
        user_name=user.login,
        user_display_name=user.name,
        # It signs in by itself: found without a login, and only by its owner's finger, face or PIN.
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            structs.PublicKeyCredentialDescriptor(id=row.credential_id) for row in there
        ],
    )
    return Asked(json.loads(webauthn.options_to_json(made)), made.challenge)


def check_registration(site: Site, challenge: bytes, answer: dict[str, Any]) -> Registered:
    """Check what a browser made. :raise AppError: ``passkey_refused``"""
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        checked = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise AppError("passkey_refused") from error
    if len(checked.credential_id) > LONGEST_ID_BYTES:
        raise AppError("passkey_refused")
    told = answer.get("response", {}).get("transports", [])
    transports = [one for one in told if isinstance(one, str) and len(one) <= 20][:10]
    return Registered(
        checked.credential_id, checked.credential_public_key, checked.sign_count, transports
    )


def store_passkey(
    session: Session, user_id: int, made: Registered, name: str, now: datetime
) -> Passkey:
    """Keep a passkey that was checked. :raise AppError: ``passkey_refused`` when it is known already"""
    known = sa.select(Passkey.id).where(Passkey.credential_id == made.credential_id)
    if session.scalar(known) is not None:
        raise AppError("passkey_refused")
    row = Passkey(
        user_id=user_id,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        transports=made.transports,
        name=name,
        created_at=now,
    )
    session.add(row)
    session.flush()  # the audit row names the id
    _audit(session, row, "create", {"name": [None, name]}, now)
    return row


def remove_passkey(session: Session, user_id: int, passkey_id: int, now: datetime) -> None:
    """Remove one of the person's own passkeys. :raise AppError: ``not_found``"""
    row = session.get(Passkey, passkey_id)
    if row is None or row.user_id != user_id:
        raise AppError("not_found")
    _audit(session, row, "remove", {"name": [row.name, None]}, now)
    session.delete(row)


def ask_to_sign_in(site: Site) -> Asked:
    """What a browser is asked to sign somebody in: any passkey of this site, whosever it is."""
    import webauthn
    from webauthn.helpers import structs

    made = webauthn.generate_authentication_options(
        rp_id=site.host, user_verification=structs.UserVerificationRequirement.REQUIRED
    )
    return Asked(json.loads(webauthn.options_to_json(made)), made.challenge)


def check_sign_in(
    session: Session, site: Site, challenge: bytes, made_at: datetime, answer: dict[str, Any]
) -> tuple[Passkey, int]:
    """The passkey that signed the challenge, and its new counter.

    A challenge lies in the browser's cookie alone, so whoever copied both could send them again: one
    that is older than the passkey's last use is not taken.

    :raise AppError: ``sign_in_failed``, the same for an unknown one, a wrong signature, a counter that
        went back (a copied key), an answer sent twice, a disabled person
    """
    import webauthn
    from webauthn.helpers import base64url_to_bytes
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        found = session.execute(
            sa.select(Passkey, User.disabled_at)
            .join(User, User.id == Passkey.user_id)
            .where(Passkey.credential_id == base64url_to_bytes(str(answer.get("id", ""))))
        ).one_or_none()
        if found is None or found.disabled_at is not None:
            raise AppError("sign_in_failed")
        row: Passkey = found.Passkey
        if row.last_used_at is not None and row.last_used_at >= made_at:
            raise AppError("sign_in_failed")
        checked = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise AppError("sign_in_failed") from error
    return row, checked.new_sign_count


def note_sign_in(session: Session, passkey_id: int, sign_count: int, now: datetime) -> None:
    """Note that a passkey was used."""
    used = sa.update(Passkey).where(Passkey.id == passkey_id)
    session.execute(used.values(sign_count=sign_count, last_used_at=now))


def _audit(
    session: Session, row: Passkey, action: str, diff: dict[str, Any], now: datetime
) -> None:
    audit.record(
        session,
        at=now,
        user_id=row.user_id,
        contract_id=None,
        action=action,
        entity="passkey",
        entity_id=row.id,
        diff=diff,
    )
