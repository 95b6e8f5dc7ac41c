"""Quotes and expense requests, each in versions, with their lines (clauses 22, 24, 34-36, 38)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base
from webapp.openings import Opened


class Quote(Opened, Base):
    """One version of a quote; ``number`` counts within the contract, and all its versions share it.

    A draft is written until it is sent; after that nothing of it changes but its state and the client's
    answer, and ``content``, of which ``content_sha256`` is the hash, is what every file of it is made of.
    ``revision`` counts a draft's savings, so that two who write at once don't lose each other's lines.
    Money is in hundredths. ``answer_via`` is link or account; ``wants_another`` is a decline that asks
    for another version, and leaves the case as it is. ``warned_at`` is when its end was told beforehand.
    """

    __tablename__ = "quote"
    __table_args__ = (
        sa.UniqueConstraint("contract_id", "number", "version"),
        sa.UniqueConstraint("contract_id", "uid"),
        sa.Index("ix_quote_state", "contract_id", "state"),
        sa.Index("ix_quote_valid", "state", "valid_until"),
        sa.CheckConstraint(
            "state IN ('draft', 'sent', 'approved', 'declined', 'superseded', 'expired')",
            name="state",
        ),
        sa.CheckConstraint("net >= 0 AND tax >= 0", name="amounts"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("service_case.id"), index=True)
    uid: Mapped[str] = mapped_column(sa.String(36))
    kind: Mapped[str] = mapped_column(sa.String(16))
    number: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(sa.String(16), default="draft")
    language: Mapped[str] = mapped_column(sa.String(8))
    currency: Mapped[str] = mapped_column(sa.String(3))
    valid_until: Mapped[date]
    remark: Mapped[str] = mapped_column(sa.Text, default="")
    net: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    tax: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    revision: Mapped[int] = mapped_column(default=1)
    content: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    content_sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    written_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    written_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    sent_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
    sent_at: Mapped[datetime | None] = mapped_column(default=None)
    sent_to: Mapped[str] = mapped_column(sa.Text, default="")
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    answer_name: Mapped[str] = mapped_column(sa.String(80), default="")
    answer_text: Mapped[str] = mapped_column(sa.Text, default="")
    answer_via: Mapped[str] = mapped_column(sa.String(16), default="")
    answer_address: Mapped[str] = mapped_column(sa.String(64), default="")
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
    wants_another: Mapped[bool] = mapped_column(default=False)
    warned_at: Mapped[datetime | None] = mapped_column(default=None)


class QuoteLine(Base):
    """One line of a quote, in the order of ``position``; labour names its rate of the rate card.

    ``quantity`` is in thousandths, ``unit_price`` in hundredths without tax, ``tax_rate`` in hundredths
    of a per cent.
    """

    __tablename__ = "quote_line"
    __table_args__ = (
        sa.UniqueConstraint("quote_id", "position"),
        sa.CheckConstraint("kind IN ('equipment', 'material', 'labour')", name="kind"),
        sa.CheckConstraint("quantity > 0 AND unit_price >= 0 AND tax_rate >= 0", name="figures"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    quote_id: Mapped[int] = mapped_column(sa.ForeignKey("quote.id"))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(sa.String(16))
    text: Mapped[str] = mapped_column(sa.String(200))
    detail: Mapped[str] = mapped_column(sa.String(200), default="")
    rate: Mapped[str] = mapped_column(sa.String(32), default="")
    quantity: Mapped[int] = mapped_column(sa.BigInteger)
    unit: Mapped[str] = mapped_column(sa.String(20), default="")
    unit_price: Mapped[int] = mapped_column(sa.BigInteger)
    tax_rate: Mapped[int]
