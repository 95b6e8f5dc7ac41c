"""Links in a mail for who has no account: signed, for one purpose, and expiring (screens.md 18).

A link carries what it is for and nothing secret: whoever has it may do this one thing, until it
expires. It opens nothing else, and a new secret key ends all of them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from webapp.errors import AppError

Purpose = Literal["report", "fault", "quote"]
# From the 10th until the next month's report is there, and a holiday.
LIFETIME = timedelta(days=45)
LONGEST_TOKEN = 400


def token_for(secret_key: str, purpose: Purpose, subject_id: int) -> str:
    """What makes a link to ``subject_id`` (a report's id, say), for one purpose."""
    return _signer(secret_key, purpose).dumps(subject_id)


def path_for(secret_key: str, link_for: str) -> str:
    """The path of a link, whose purpose and subject are one text: ``fault:12``; empty for none."""
    purpose, _, subject = link_for.partition(":")
    if purpose != "fault" or not subject.isdecimal():
        return ""
    return f"/f/{token_for(secret_key, 'fault', int(subject))}"


def subject_of(secret_key: str, purpose: Purpose, token: str) -> int:
    """What a link leads to.

    :raise AppError: ``link_expired``; ``link_invalid`` when it was altered, cut, or is for another
        purpose
    """
    try:
        if len(token) > LONGEST_TOKEN:
            raise BadData("too long")
        subject = _signer(secret_key, purpose).loads(token, max_age=int(LIFETIME.total_seconds()))
    except SignatureExpired as error:
        raise AppError("link_expired") from error
    except BadData as error:
        raise AppError("link_invalid") from error
    if not isinstance(subject, int):
        raise AppError("link_invalid")
    return subject


def _signer(secret_key: str, purpose: Purpose) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_key, salt=f"roundbook.link.{purpose}")
