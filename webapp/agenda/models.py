"""The secret address of a person's calendar."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


class CalendarFeed(Base):
    """A person's calendar for his own calendar program; its address carries ``version``.

    The address is signed and stored nowhere; renewing it counts the version up, which ends the old one.
    """

    __tablename__ = "calendar_feed"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), unique=True)
    version: Mapped[int] = mapped_column(default=1)
    made_at: Mapped[datetime]
    off_at: Mapped[datetime | None] = mapped_column(default=None)
