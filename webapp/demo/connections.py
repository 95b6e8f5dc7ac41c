"""What other programs have to do with the demo: tokens, and a webhook whose other side was shut down.

No token's text is kept and the webhook is switched off: nothing of a demo calls anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.identity import tokens
from webapp.identity.models import ApiToken, Contract, User
from webapp.webhooks import services
from webapp.webhooks.models import WebhookDelivery

_TOKENS = (
    ("Excel 月报 / monthly sheet", ["rounds:read", "reports:read"], 366),
    ("工单系统 / ticket system", ["estate:read", "service:write"], 90),
    ("旧脚本 / old script", ["estate:write"], 30),
)
_FAULT = {
    "name": "F2",
    "kind": "fault",
    "title": "西湖厅没有声音",
    "state": "declared",
    "severity": 2,
}
_EVENTS = ["fault.declared", "case.step_taken", "quote.approved"]


def tell_of_connections(
    session: Session, contract: Contract, people: Mapping[str, int], now: datetime
) -> None:
    """Make the project manager's tokens, and a webhook with what it took and what it did not."""
    wang = session.get_one(User, people["wang"])
    rows = [_token(session, wang, contract, *one, now) for one in _TOKENS]
    rows[0].last_used_at = now - timedelta(hours=5)
    rows[2].revoked_at = now - timedelta(days=3)
    began = now - timedelta(days=6)
    hook = services.make_webhook(
        session,
        contract.id,
        wang.id,
        name="工单系统 / ticket system",
        address="https://tickets.example.com/hooks/roundbook",
        events=_EVENTS,
        now=began,
    )
    for days, status, answer in (
        (0, 200, "ok"),
        (1, 503, '{"error": "in maintenance"}'),
        (4, 503, ""),
    ):
        at = began + timedelta(days=days)
        data = {**_FAULT, "opened_at": at.isoformat()}
        services.emit(session, contract.id, "fault.declared", data, at)
        latest = sa.select(sa.func.max(WebhookDelivery.id)).filter_by(webhook_id=hook.id)
        tried = services.Tried(at, 180, status, "", answer)
        services.note_try(session, session.execute(latest).scalar_one(), tried)
    hook.rest_until = None


def _token(
    session: Session,
    maker: User,
    contract: Contract,
    name: str,
    scopes: list[str],
    days: int,
    now: datetime,
) -> ApiToken:
    made, _text = tokens.make_token(
        session,
        maker,
        name=name,
        scopes=scopes,
        contract_code=contract.code,
        expires_in_days=days,
        now=now - timedelta(days=20),
    )
    return made
