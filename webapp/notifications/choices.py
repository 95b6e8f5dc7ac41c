"""A person's choice of how he wants to hear of what he is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.notifications.choosing import GROUPS, STANDARD, Choice, choice_of
from webapp.notifications.models import NoticeChoice, Notification


def choice_for(session: Session, user_id: int) -> Choice:
    """What a person has chosen, or the standard."""
    row = session.get(NoticeChoice, user_id)
    return choice_of(vars(row)) if row else STANDARD


def plain(choice: Choice) -> dict[str, Any]:
    """A choice as its row and the API hold it, every group named."""
    return {
        "mail": {group: choice.by_mail(group) for group in GROUPS},
        "push": {group: choice.by_push(group) for group in GROUPS},
        "quiet_from": choice.quiet_from.strftime("%H:%M") if choice.quiet_from else None,
        "quiet_to": choice.quiet_to.strftime("%H:%M") if choice.quiet_to else None,
        "urgent_through": choice.urgent_through,
        "digest_every": choice.digest_every,
        "digest_weekday": choice.digest_weekday,
        "digest_hour": choice.digest_hour,
    }


def choose(
    session: Session, user_id: int, chosen: Mapping[str, Any], now: datetime
) -> dict[str, list[Any]]:
    """Keep what a person has chosen, whole; what differs, as ``{field: [before, after]}``."""
    row = session.get(NoticeChoice, user_id, with_for_update=True)
    before = plain(choice_of(vars(row)) if row else STANDARD)
    diff = {name: [old, chosen[name]] for name, old in before.items() if old != chosen[name]}
    if diff and row is None:
        row = NoticeChoice(user_id=user_id, changed_at=now)
        session.add(row)
    if diff and row is not None:
        for name in before:
            setattr(row, name, chosen[name])
        row.changed_at = now
    return diff


@dataclass(frozen=True, slots=True)
class Gathered:
    """One notice of a digest."""

    id: int
    kind: str
    details: Mapping[str, Any]
    path: str
    created_at: datetime
    read: bool


@dataclass(frozen=True, slots=True)
class WaitingSince:
    """Of one contract something waits for a person's digest, the oldest of it since then."""

    user_id: int
    contract_id: int
    since: datetime
    choice: Choice


def waiting(session: Session) -> list[WaitingSince]:
    """For whom something waits for his digest, by contract."""
    oldest = sa.func.min(Notification.created_at)
    rows = session.execute(
        sa.select(Notification.user_id, Notification.contract_id, oldest)
        .where(Notification.for_digest)
        .group_by(Notification.user_id, Notification.contract_id)
    ).all()
    people = {user_id for user_id, _, _ in rows}
    chosen: dict[int, Choice] = {}
    if people:
        known = session.scalars(sa.select(NoticeChoice).where(NoticeChoice.user_id.in_(people)))
        chosen = {row.user_id: choice_of(vars(row)) for row in known}
    return [
        WaitingSince(user_id, contract_id, since, chosen.get(user_id, STANDARD))
        for user_id, contract_id, since in rows
    ]


def gathered(session: Session, user_id: int) -> dict[int, list[Gathered]]:
    """What waits for a person's digest, by contract, the oldest first."""
    rows = session.scalars(
        sa.select(Notification)
        .where(Notification.for_digest, Notification.user_id == user_id)
        .order_by(Notification.id)
        .execution_options(populate_existing=True)
    )
    found: dict[int, list[Gathered]] = {}
    for row in rows:
        one = Gathered(
            row.id, row.kind, row.details, row.path, row.created_at, row.read_at is not None
        )
        found.setdefault(row.contract_id, []).append(one)
    return found


def note_gathered(session: Session, notification_ids: list[int]) -> None:
    """These have had their digest: none of them waits for another."""
    session.execute(
        sa.update(Notification)
        .where(Notification.id.in_(notification_ids))
        .values(for_digest=False)
    )
