"""Reading a contract's webhooks, and what they were sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.webhooks.models import Webhook, WebhookAttempt, WebhookDelivery


def webhooks_of(session: Session, contract_id: int) -> Sequence[Webhook]:
    """The contract's webhooks, by name."""
    return session.scalars(
        sa.select(Webhook)
        .where(Webhook.contract_id == contract_id)
        .order_by(Webhook.name, Webhook.id)
    ).all()


def has_webhooks(session: Session, contract_id: int) -> bool:
    """Whether a contract has any; looked at without the write lock."""
    there = sa.select(Webhook.id).where(Webhook.contract_id == contract_id).limit(1)
    return session.scalar(there) is not None


def deliveries_of(hook_id: int) -> sa.Select[WebhookDelivery]:
    """What a webhook was sent, the latest first."""
    return (
        sa.select(WebhookDelivery)
        .where(WebhookDelivery.webhook_id == hook_id)
        .order_by(WebhookDelivery.id.desc())
    )


def attempts_of(session: Session, delivery_ids: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """Every try of some deliveries, the latest first, as plain data."""
    rows = session.scalars(
        sa.select(WebhookAttempt)
        .where(WebhookAttempt.delivery_id.in_(list(delivery_ids)))
        .order_by(WebhookAttempt.id.desc())
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.delivery_id, []).append(
            {
                "at": row.at,
                "milliseconds": row.milliseconds,
                "status": row.status,
                "reason": row.reason,
                "answer": row.answer,
            }
        )
    return found
