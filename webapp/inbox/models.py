"""The mails that came to the service desk: what became of each, and which wait to be sorted (clauses 43, 46)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


class IncomingMail(Base):
    """A mail that came; ``uid`` is made of its ``Message-ID`` and its sender, so that it is taken once.

    ``taken`` became a case or a line of one, ``waiting`` is to be sorted by a supervisor, ``set_aside``
    is neither. ``reason`` says why it could not be taken by itself, ``remark`` why somebody has set it
    aside. ``contract_id`` is null while no contract is known: then it is before every supervisor.
    ``raw_key`` is where the message lies whole until it is sorted; ``pictures`` counts those in it.
    """

    __tablename__ = "incoming_mail"
    __table_args__ = (
        sa.CheckConstraint("state IN ('taken', 'waiting', 'set_aside')", name="state"),
        sa.Index("ix_incoming_mail_state", "state", "contract_id"),
        sa.Index("ix_incoming_mail_address", "address", "received_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    uid: Mapped[str] = mapped_column(sa.String(36), unique=True)
    contract_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contract.id"), default=None)
    state: Mapped[str] = mapped_column(sa.String(16))
    reason: Mapped[str] = mapped_column(sa.String(24), default="")
    address: Mapped[str] = mapped_column(sa.String(200))
    name: Mapped[str] = mapped_column(sa.String(80), default="")
    subject: Mapped[str] = mapped_column(sa.String(200), default="")
    text: Mapped[str] = mapped_column(sa.Text, default="")
    kind: Mapped[str] = mapped_column(sa.String(16), default="fault")
    pictures: Mapped[int] = mapped_column(default=0)
    raw_key: Mapped[str] = mapped_column(sa.String(120), default="")
    case_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("service_case.id"), default=None, index=True
    )
    event_id: Mapped[int | None] = mapped_column(sa.ForeignKey("case_event.id"), default=None)
    received_at: Mapped[datetime]
    remark: Mapped[str] = mapped_column(sa.String(400), default="")
    settled_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
    settled_at: Mapped[datetime | None] = mapped_column(default=None)
