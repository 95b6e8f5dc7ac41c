"""Which events there are, how one is signed, and when an address is given up. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

EVENTS: tuple[str, ...] = (
    "fault.declared",
    "case.opened",
    "case.step_taken",
    "round.due",
    "round.accepted",
    "report.issued",
    "report.confirmed",
    "quote.sent",
    "quote.approved",
    "quote.declined",
)
TEST = "test"
MOST_HOOKS = 20
ANSWER_LENGTH = 500
# So long an address may fail before it is switched off, and an event may wait for it.
GIVEN_UP_AFTER = timedelta(days=3)
# One event finds out that the address is down; the others needn't each wait for it to time out.
REST = timedelta(seconds=30)
# What was sent is kept so long.
KEPT_FOR = timedelta(days=30)
# After a renewal the secret before still signs, until the other side has the new one.
OLD_SECRET_SIGNS = timedelta(days=1)
GONE = 410


def secret_of(secret_key: str, salt: str) -> bytes:
    """The 32 bytes that sign for an address: the server's own secret and the salt make them."""
    return hmac.digest(secret_key.encode(), f"roundbook.webhook.{salt}".encode(), hashlib.sha256)


def shown_secret(secret: bytes) -> str:
    """The secret as Standard Webhooks write it."""
    return "whsec_" + base64.b64encode(secret).decode()


def headers_of(uid: str, body: bytes, secrets: Sequence[bytes], now: datetime) -> dict[str, str]:
    """The headers of one try (Standard Webhooks): its time is signed too, so that none can be replayed."""
    seconds = str(int(now.timestamp()))
    signed = b".".join((uid.encode(), seconds.encode(), body))
    signatures = (hmac.digest(secret, signed, hashlib.sha256) for secret in secrets)
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Roundbook-Webhooks/1",
        "webhook-id": uid,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(
            "v1," + base64.b64encode(signature).decode() for signature in signatures
        ),
    }


def is_taken(status: int | None) -> bool:
    """Whether an answer says that the event was taken; a redirect is none."""
    return status is not None and 200 <= status < 300


def is_given_up(since: datetime | None, now: datetime) -> bool:
    """Whether an address has failed for too long, or an event has waited for it."""
    return since is not None and now - since >= GIVEN_UP_AFTER
