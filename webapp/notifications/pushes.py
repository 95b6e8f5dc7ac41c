"""The browsers that take part in pushes, and what is on its way to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp import jobs
from webapp.db import Base
from webapp.errors import AppError
from webapp.notifications import webpush
from webapp.notifications.models import Notification, PushDelivery, PushSubscription
from webapp.notifications.rules import one_line
from webapp.notifications.webpush import Target

SEND_PUSH, TRY_PUSH = "send_push", "try_push"
# Nobody carries more; the oldest goes.
MOST_PER_PERSON = 10
_AUTH_BYTES = 16


def subscribe(
    session: Session,
    user_id: int,
    session_id: int,
    target: Target,
    now: datetime,
    *,
    private_hosts: bool = False,
) -> PushSubscription:
    """Have a browser take part, in the place of what its session or its address had before.

    :raise AppError: ``push_address_invalid``
    """
    _check(target, private_hosts)
    subscribed = PushSubscription.endpoint == target.endpoint
    session.execute(
        sa.delete(PushSubscription).where(
            sa.or_(subscribed, PushSubscription.session_id == session_id)
        )
    )
    kept = sa.select(PushSubscription.id).where(PushSubscription.user_id == user_id)
    oldest = session.scalars(kept.order_by(PushSubscription.id.desc())).all()[MOST_PER_PERSON - 1 :]
    session.execute(sa.delete(PushSubscription).where(PushSubscription.id.in_(oldest)))
    row = PushSubscription(
        user_id=user_id,
        session_id=session_id,
        endpoint=target.endpoint,
        p256dh=target.p256dh,
        auth=target.auth,
        created_at=now,
    )
    session.add(row)
    session.flush()  # the audit row names its id
    return row


def _check(target: Target, private_hosts: bool) -> None:
    reason = webpush.endpoint_problem(target.endpoint, private_hosts=private_hosts)
    try:
        webpush.public_point(target.p256dh)
        if len(webpush.decoded(target.auth)) != _AUTH_BYTES:
            reason = reason or "no secret of 16 bytes"
    except webpush.RefusedError as error:
        reason = reason or str(error)
    if reason:
        raise AppError("push_address_invalid", reason=reason)


def of_session(session: Session, session_id: int) -> PushSubscription | None:
    """What a session takes part with."""
    return session.scalar(
        sa.select(PushSubscription).where(PushSubscription.session_id == session_id)
    )


def end(session: Session, session_ids: Collection[int]) -> list[int]:
    """Have these sessions take no part any more; the ids of what ended."""
    statement = sa.delete(PushSubscription).where(PushSubscription.session_id.in_(session_ids))
    return list(session.scalars(statement.returning(PushSubscription.id)))


def push(
    session: Session, user_id: int, notification_id: int, now: datetime, *, urgent: bool
) -> None:
    """Have a notice pushed to a person's browsers, at ``now`` and once this transaction is committed."""
    nothing = sa.literal("")
    row = sa.select(
        sa.literal(notification_id),
        PushSubscription.id,
        sa.literal("waiting"),
        sa.literal(0),
        nothing,
    ).where(PushSubscription.user_id == user_id)
    columns = ["notification_id", "subscription_id", "state", "attempts", "last_error"]
    session.execute(sa.insert(PushDelivery).from_select(columns, row))
    arguments = {"notification_id": notification_id, "urgent": urgent}
    jobs.enqueue(session, SEND_PUSH, arguments, now=now)


@dataclass(frozen=True, slots=True)
class Pushed:
    """A notice to be pushed; ``read`` once its reader has seen it in the app."""

    contract_id: int
    user_id: int
    kind: str
    details: Mapping[str, Any]
    path: str
    created_at: datetime
    read: bool


def notice_of(session: Session, notification_id: int) -> Pushed | None:
    """The notice of an id."""
    row = session.get(Notification, notification_id)
    if row is None:
        return None
    return Pushed(
        row.contract_id,
        row.user_id,
        row.kind,
        row.details,
        row.path,
        row.created_at,
        row.read_at is not None,
    )


def waiting(session: Session, notification_id: int) -> list[tuple[int, int, Target]]:
    """Where a notice has still to go: delivery, subscription and target; to nobody who is signed out."""
    signed_in = Base.metadata.tables["user_session"].c
    rows = session.execute(
        sa.select(PushDelivery.id, PushSubscription)
        .join(PushSubscription, PushSubscription.id == PushDelivery.subscription_id)
        .join(signed_in.id.table, signed_in.id == PushSubscription.session_id)
        .where(
            PushDelivery.notification_id == notification_id,
            PushDelivery.state == "waiting",
            signed_in.revoked_at.is_(None),
        )
        .order_by(PushDelivery.id)
    )
    return [
        (delivery_id, row.id, Target(row.endpoint, row.p256dh, row.auth))
        for delivery_id, row in rows
    ]


def target_of(session: Session, subscription_id: int) -> Target | None:
    """Where a subscription leads to, while there is one."""
    row = session.get(PushSubscription, subscription_id)
    return Target(row.endpoint, row.p256dh, row.auth) if row else None


def note(
    session: Session,
    subscription_id: int,
    delivery_id: int | None,
    state: str,
    now: datetime,
    error: str = "",
) -> None:
    """How a try went: ``sent``, still ``waiting``, or ``failed`` or ``lapsed`` for good."""
    sent, error = state == "sent", one_line(error, 300)
    session.execute(
        sa.update(PushDelivery)
        .where(PushDelivery.id == delivery_id, PushDelivery.state == "waiting")
        .values(
            state=state,
            attempts=PushDelivery.attempts + 1,
            last_error=error,
            sent_at=now if sent else None,
        )
    )
    if state != "lapsed":
        last = {"last_error": error, **({"last_sent_at": now} if sent else {})}
        session.execute(
            sa.update(PushSubscription).where(PushSubscription.id == subscription_id).values(**last)
        )


def remove(session: Session, subscription_id: int) -> None:
    """The browser has ended it: nothing is pushed there any more."""
    session.execute(sa.delete(PushSubscription).where(PushSubscription.id == subscription_id))
