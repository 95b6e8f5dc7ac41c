"""Whether the client has opened what he was sent by a signed link: when first, when last, how often.

Nothing of the reader himself is kept, neither his address nor his computer: the link alone is counted.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, MappedAsDataclass, Session, mapped_column

# Who looks again so soon, perhaps because his phone had slept, is still at the same reading.
SAME_READING = timedelta(minutes=10)


class Opened(MappedAsDataclass, kw_only=True):
    """What is sent by a link, and the readings of it; ``openings`` counts them."""

    id: Any
    first_opened_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    last_opened_at: Mapped[datetime | None] = mapped_column(default=None, init=False)
    openings: Mapped[int] = mapped_column(default=0, init=False)


def is_another_reading(sent: Opened, now: datetime) -> bool:
    """Whether an opening is one to be counted: most are the same reading going on."""
    return sent.last_opened_at is None or sent.last_opened_at <= now - SAME_READING


def count_opening(session: Session, sent: Opened, now: datetime) -> None:
    """Count a reading; of two that come at once, one."""
    kind = type(sent)
    statement = (
        sa.update(kind)
        .where(
            kind.id == sent.id,
            sa.or_(kind.last_opened_at.is_(None), kind.last_opened_at <= now - SAME_READING),
        )
        .values(
            first_opened_at=sa.func.coalesce(kind.first_opened_at, now),
            last_opened_at=now,
            openings=kind.openings + 1,
        )
    )
    session.execute(statement)


def openings_of(sent: Opened) -> dict[str, Any]:
    """The readings as plain data, for who sent it."""
    return {
        "count": sent.openings,
        "first_at": sent.first_opened_at,
        "last_at": sent.last_opened_at,
    }
